//! The model of the ECS API: the shapes of its requests, from the generated `ecs-model.json`, and those of Application
//! Auto Scaling, from `autoscaling-model.json`.
//!
//! `scripts/generate-model.py` writes these files from the public service models. They are parsed once, when the first
//! document is read.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// The kind of a document, which determines the shape of its top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// The input of `RegisterTaskDefinition`.
    TaskDefinition,
    /// The input of `CreateService`.
    Service,
    /// The input of `CreateExpressGatewayService`.
    Express,
    /// The input of `RunTask`.
    RunTask,
    /// The `overrides` of `RunTask`.
    TaskOverride,
    /// The input of `PutScalingPolicy`.
    ScalingPolicy,
    /// The input of `PutScheduledAction`.
    ScheduledAction,
}

impl DocumentKind {
    /// Returns the name of the shape in the model.
    pub fn input_shape(self) -> &'static str {
        match self {
            DocumentKind::TaskDefinition => "RegisterTaskDefinitionRequest",
            DocumentKind::Service => "CreateServiceRequest",
            DocumentKind::Express => "CreateExpressGatewayServiceRequest",
            DocumentKind::RunTask => "RunTaskRequest",
            DocumentKind::TaskOverride => "TaskOverride",
            DocumentKind::ScalingPolicy => "PutScalingPolicyRequest",
            DocumentKind::ScheduledAction => "PutScheduledActionRequest",
        }
    }

    /// Returns the name of the shape in which ECS describes such a document.
    pub fn described_shape(self) -> &'static str {
        match self {
            DocumentKind::TaskDefinition => "TaskDefinition",
            DocumentKind::Service => "Service",
            DocumentKind::Express => "ExpressGatewayServiceConfiguration",
            // ECS describes nothing that a task could be run from.
            DocumentKind::RunTask => "RunTaskRequest",
            DocumentKind::TaskOverride => "TaskOverride",
            DocumentKind::ScalingPolicy => "ScalingPolicy",
            DocumentKind::ScheduledAction => "ScheduledAction",
        }
    }

    /// Returns the name of such a document for messages.
    pub fn noun(self) -> &'static str {
        match self {
            DocumentKind::TaskDefinition => "task definition",
            DocumentKind::Service => "service",
            DocumentKind::Express => "Express service",
            DocumentKind::RunTask => "RunTask request",
            DocumentKind::TaskOverride => "task override",
            DocumentKind::ScalingPolicy => "scaling policy",
            DocumentKind::ScheduledAction => "scheduled action",
        }
    }

    /// Returns the AWS service that takes such a document, for messages.
    pub fn service(self) -> &'static str {
        match self {
            DocumentKind::TaskDefinition
            | DocumentKind::Service
            | DocumentKind::Express
            | DocumentKind::RunTask
            | DocumentKind::TaskOverride => "ECS",
            DocumentKind::ScalingPolicy | DocumentKind::ScheduledAction => "Application Auto Scaling",
        }
    }
}

/// One shape of the model, as JSON Schema writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShapeSchema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: Option<JsonType>,
    #[serde(default)]
    pub properties: BTreeMap<String, ShapeSchema>,
    #[serde(default)]
    pub required: Vec<String>,
    #[serde(rename = "enum", default)]
    pub values: Vec<String>,
    items: Option<Box<ShapeSchema>>,
    additional_properties: Option<AdditionalProperties>,
    pub max_properties: Option<usize>,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum JsonType {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum AdditionalProperties {
    Refused(#[allow(dead_code, reason = "only its being there counts")] bool),
    Map(Box<ShapeSchema>),
}

/// A shape, resolved to what the reader of documents needs.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    Structure(&'a ShapeSchema),
    /// A list; the name of its item's shape.
    List(&'a str),
    /// A map with keys chosen by the user; the name of its value's shape.
    Map(&'a str),
    String(&'a ShapeSchema),
    Integer(&'a ShapeSchema),
    Number,
    Boolean,
    /// Any value: the API takes a JSON document here.
    Any,
}

#[derive(Debug, Deserialize)]
struct ModelFile {
    #[serde(rename = "$defs")]
    shapes: BTreeMap<String, ShapeSchema>,
}

/// The shapes of the APIs, by name.
#[derive(Debug)]
pub struct EcsModel {
    shapes: BTreeMap<String, ShapeSchema>,
}

/// Returns the model that is compiled into this build.
pub fn model() -> &'static EcsModel {
    static MODEL: OnceLock<EcsModel> = OnceLock::new();
    MODEL.get_or_init(|| {
        let files = [include_str!("ecs-model.json"), include_str!("autoscaling-model.json")];
        // The files are compiled in, and a test parses them, so parsing cannot fail in a build that passed its tests.
        let files = files.iter().filter_map(|file| serde_json::from_str::<ModelFile>(file).ok());
        EcsModel { shapes: files.flat_map(|file| file.shapes).collect() }
    })
}

impl ShapeSchema {
    /// Returns the name of the shape that this schema refers to.
    pub fn target_shape(&self) -> Option<&str> {
        self.reference.as_deref()?.strip_prefix("#/$defs/")
    }
}

impl EcsModel {
    /// Returns the named shape, or [`Shape::Any`] for a name that the model does not have.
    pub fn shape(&self, name: &str) -> Shape<'_> {
        let Some(schema) = self.shapes.get(name) else { return Shape::Any };
        match (schema.kind, &schema.items, &schema.additional_properties) {
            (Some(JsonType::Array), Some(items), _) => Shape::List(items.target_shape().unwrap_or_default()),
            (Some(JsonType::Object), _, Some(AdditionalProperties::Map(value))) => {
                Shape::Map(value.target_shape().unwrap_or_default())
            }
            (Some(JsonType::Object), ..) => Shape::Structure(schema),
            (Some(JsonType::String), ..) => Shape::String(schema),
            (Some(JsonType::Integer), ..) => Shape::Integer(schema),
            (Some(JsonType::Number), ..) => Shape::Number,
            (Some(JsonType::Boolean), ..) => Shape::Boolean,
            _ => Shape::Any,
        }
    }

    /// Returns the name of the shape of a structure's member.
    pub fn member_shape(&self, structure: &str, member: &str) -> Option<&str> {
        self.shapes.get(structure)?.properties.get(member)?.target_shape()
    }

    /// Returns the names of a structure's members.
    pub fn member_names(&self, structure: &str) -> impl Iterator<Item = &str> {
        self.shapes.get(structure).into_iter().flat_map(|schema| schema.properties.keys().map(String::as_str))
    }

    /// Returns whether ECS returns this member of a document but does not accept it.
    pub fn is_read_only(&self, root: DocumentKind, member: &str) -> bool {
        self.member_shape(root.described_shape(), member).is_some()
            && self.member_shape(root.input_shape(), member).is_none()
    }

    /// Returns the path of another structure of a `root` document that has a member of that name, such as
    /// `` `containerDefinitions[]` ``.
    pub fn find_member_elsewhere(&self, root: DocumentKind, structure: &str, member: &str) -> Option<String> {
        let mut seen = vec![root.input_shape()];
        let mut queue = std::collections::VecDeque::from([(root.input_shape(), String::new())]);
        while let Some((name, path)) = queue.pop_front() {
            if name != structure && self.member_shape(name, member).is_some() {
                return Some(if path.is_empty() {
                    format!("the {}", root.noun())
                } else {
                    format!("`{path}`")
                });
            }
            for (key, target, suffix) in self.nested_structures(name) {
                if !seen.contains(&target) {
                    seen.push(target);
                    let dot = if path.is_empty() { "" } else { "." };
                    queue.push_back((target, format!("{path}{dot}{key}{suffix}")));
                }
            }
        }
        None
    }

    /// Returns the structures in a structure: key, shape, and `[]` for a list of structures.
    fn nested_structures(&self, structure: &str) -> Vec<(&str, &str, &str)> {
        let Some(schema) = self.shapes.get(structure) else { return Vec::new() };
        let members = schema.properties.iter();
        members
            .filter_map(|(key, member)| {
                let target = member.target_shape()?;
                match self.shape(target) {
                    Shape::Structure(_) => Some((key.as_str(), target, "")),
                    Shape::List(item) => Some((key.as_str(), item, "[]")),
                    _ => None,
                }
            })
            .collect()
    }
}

/// Returns the member that a key stands for.
///
/// The key may be spelled in `snake_case` or `PascalCase`; any other difference in case is an unknown key.
pub fn resolve_member<'a>(schema: &'a ShapeSchema, key: &str) -> Option<&'a str> {
    if let Some((name, _)) = schema.properties.get_key_value(key) {
        return Some(name);
    }
    let pascal = key.starts_with(char::is_uppercase) && !key.contains('_');
    let snake = key.contains('_') && !key.contains(char::is_uppercase);
    if !pascal && !snake {
        return None;
    }
    let folded = key.replace('_', "");
    schema.properties.keys().find(|name| name.eq_ignore_ascii_case(&folded)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_file_has_the_shapes_that_are_sent() {
        for root in [
            DocumentKind::TaskDefinition,
            DocumentKind::Service,
            DocumentKind::Express,
            DocumentKind::ScalingPolicy,
            DocumentKind::ScheduledAction,
        ] {
            assert!(matches!(model().shape(root.input_shape()), Shape::Structure(_)), "{root:?}");
            assert!(matches!(model().shape(root.described_shape()), Shape::Structure(_)), "{root:?}");
        }
        assert!(matches!(model().shape("DockerLabelsMap"), Shape::Map("String")));
    }

    #[test]
    fn no_shape_is_in_both_files() {
        let names = |file: &str| -> Vec<String> {
            serde_json::from_str::<ModelFile>(file).expect("it parses").shapes.into_keys().collect()
        };
        let ecs = names(include_str!("ecs-model.json"));
        let both: Vec<String> = names(include_str!("autoscaling-model.json"))
            .into_iter()
            .filter(|name| ecs.contains(name))
            .collect();
        assert!(both.is_empty(), "{both:?}");
    }

    #[test]
    fn read_only_members_are_those_that_ecs_only_returns() {
        let read_only: Vec<_> = model()
            .member_names("TaskDefinition")
            .filter(|name| model().is_read_only(DocumentKind::TaskDefinition, name))
            .collect();
        assert_eq!(
            read_only,
            [
                "compatibilities",
                "deleteRequestedAt",
                "deregisteredAt",
                "registeredAt",
                "registeredBy",
                "requiresAttributes",
                "revision",
                "status",
                "taskDefinitionArn"
            ]
        );
    }

    #[test]
    fn snake_and_pascal_case_are_accepted_and_other_cases_are_not() {
        let Shape::Structure(container) = model().shape("ContainerDefinition") else { panic!("a structure") };
        assert_eq!(resolve_member(container, "portMappings"), Some("portMappings"));
        assert_eq!(resolve_member(container, "port_mappings"), Some("portMappings"));
        assert_eq!(resolve_member(container, "PortMappings"), Some("portMappings"));
        assert_eq!(resolve_member(container, "portmappings"), None);
    }

    #[test]
    fn a_member_of_another_structure_is_found() {
        let found = model().find_member_elsewhere(
            DocumentKind::TaskDefinition,
            DocumentKind::TaskDefinition.input_shape(),
            "readonlyRootFilesystem",
        );
        assert_eq!(found.as_deref(), Some("`containerDefinitions[]`"));
    }
}
