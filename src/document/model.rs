//! Owns ECS's model: the shapes of what ECS takes, from the generated `ecs-model.json`.
//!
//! `scripts/generate-model.py` writes that file from the public service model. The model
//! is read once, when the first document is.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// Names a shape that a whole document has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The input of RegisterTaskDefinition.
    TaskDefinition,
    /// The input of CreateService.
    Service,
    /// The input of RunTask.
    RunTask,
}

impl Root {
    /// Returns the name of the shape in the model.
    pub fn shape(self) -> &'static str {
        match self {
            Root::TaskDefinition => "RegisterTaskDefinitionRequest",
            Root::Service => "CreateServiceRequest",
            Root::RunTask => "RunTaskRequest",
        }
    }

    /// Returns the name of the shape in which ECS gives such a document back.
    pub fn described(self) -> &'static str {
        match self {
            Root::TaskDefinition => "TaskDefinition",
            Root::Service => "Service",
            // Nothing is given back that a task could be run from.
            Root::RunTask => "RunTaskRequest",
        }
    }

    /// Returns what people call such a document.
    pub fn noun(self) -> &'static str {
        match self {
            Root::TaskDefinition => "task definition",
            Root::Service => "service",
            Root::RunTask => "run of a task",
        }
    }
}

/// Holds one shape of the model, as JSON Schema writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Type>,
    #[serde(default)]
    pub properties: BTreeMap<String, Schema>,
    #[serde(default)]
    pub required: Vec<String>,
    #[serde(rename = "enum", default)]
    pub values: Vec<String>,
    items: Option<Box<Schema>>,
    additional_properties: Option<Additional>,
    pub max_properties: Option<usize>,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Type {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Additional {
    Refused(#[allow(dead_code, reason = "only its being there counts")] bool),
    Map(Box<Schema>),
}

/// Says what a shape is, as a reader of documents needs it.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    Structure(&'a Schema),
    /// The name of the item's shape, for the rules that depend on it.
    List(&'a str),
    /// A map whose keys are the user's own; the name of the value's shape.
    Map(&'a str),
    String(&'a Schema),
    Integer(&'a Schema),
    Number,
    Boolean,
    /// Anything: ECS takes a JSON document here.
    Any,
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "$defs")]
    shapes: BTreeMap<String, Schema>,
}

/// Holds the model.
#[derive(Debug)]
pub struct Model {
    shapes: BTreeMap<String, Schema>,
}

/// Returns the model that this build carries.
pub fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        let file: Result<File, _> = serde_json::from_str(include_str!("ecs-model.json"));
        // The file is part of the build, and a test reads it: it parses in every build that passed.
        Model { shapes: file.map(|file| file.shapes).unwrap_or_default() }
    })
}

impl Schema {
    /// Returns the name of the shape that a member refers to.
    pub fn target(&self) -> Option<&str> {
        self.reference.as_deref()?.strip_prefix("#/$defs/")
    }
}

impl Model {
    /// Returns what the named shape is; a name that the model does not have is [`Shape::Any`].
    pub fn shape(&self, name: &str) -> Shape<'_> {
        let Some(schema) = self.shapes.get(name) else { return Shape::Any };
        match (schema.kind, &schema.items, &schema.additional_properties) {
            (Some(Type::Array), Some(items), _) => Shape::List(items.target().unwrap_or_default()),
            (Some(Type::Object), _, Some(Additional::Map(value))) => {
                Shape::Map(value.target().unwrap_or_default())
            }
            (Some(Type::Object), ..) => Shape::Structure(schema),
            (Some(Type::String), ..) => Shape::String(schema),
            (Some(Type::Integer), ..) => Shape::Integer(schema),
            (Some(Type::Number), ..) => Shape::Number,
            (Some(Type::Boolean), ..) => Shape::Boolean,
            _ => Shape::Any,
        }
    }

    /// Returns the shape's name of a structure's member.
    pub fn member(&self, structure: &str, member: &str) -> Option<&str> {
        self.shapes.get(structure)?.properties.get(member)?.target()
    }

    /// Returns the names of a structure's members.
    pub fn members(&self, structure: &str) -> impl Iterator<Item = &str> {
        self.shapes.get(structure).into_iter().flat_map(|schema| schema.properties.keys().map(String::as_str))
    }

    /// Returns whether ECS gives this member of a document back but does not take it.
    pub fn is_read_only(&self, root: Root, member: &str) -> bool {
        self.member(root.described(), member).is_some() && self.member(root.shape(), member).is_none()
    }

    /// Returns the path at which a document of `root` takes a member of that name, outside `structure`.
    pub fn where_else(&self, root: Root, structure: &str, member: &str) -> Option<String> {
        let mut seen = vec![root.shape()];
        let mut queue = std::collections::VecDeque::from([(root.shape(), String::new())]);
        while let Some((name, path)) = queue.pop_front() {
            if name != structure && self.member(name, member).is_some() {
                return Some(if path.is_empty() {
                    format!("the {}", root.noun())
                } else {
                    format!("`{path}`")
                });
            }
            for (key, target, suffix) in self.nested(name) {
                if !seen.contains(&target) {
                    seen.push(target);
                    let dot = if path.is_empty() { "" } else { "." };
                    queue.push_back((target, format!("{path}{dot}{key}{suffix}")));
                }
            }
        }
        None
    }

    /// Returns the structures that a structure holds: key, shape, and `[]` where it is a list of them.
    fn nested(&self, structure: &str) -> Vec<(&str, &str, &str)> {
        let Some(schema) = self.shapes.get(structure) else { return Vec::new() };
        let members = schema.properties.iter();
        members
            .filter_map(|(key, member)| {
                let target = member.target()?;
                match self.shape(target) {
                    Shape::Structure(_) => Some((key.as_str(), target, "")),
                    Shape::List(item) => Some((key.as_str(), item, "[]")),
                    _ => None,
                }
            })
            .collect()
    }
}

/// Returns the member that a key means.
///
/// `snake_case` and `PascalCase` are understood; a key in any other case is not the member's.
pub fn member_of<'a>(schema: &'a Schema, key: &str) -> Option<&'a str> {
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
        for root in [Root::TaskDefinition, Root::Service] {
            assert!(matches!(model().shape(root.shape()), Shape::Structure(_)), "{root:?}");
            assert!(matches!(model().shape(root.described()), Shape::Structure(_)), "{root:?}");
        }
        assert!(matches!(model().shape("DockerLabelsMap"), Shape::Map("String")));
    }

    #[test]
    fn read_only_members_are_those_that_ecs_only_gives() {
        let read_only: Vec<_> = model()
            .members("TaskDefinition")
            .filter(|name| model().is_read_only(Root::TaskDefinition, name))
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
    fn foreign_spellings_are_understood_and_near_misses_are_not() {
        let Shape::Structure(container) = model().shape("ContainerDefinition") else { panic!("a structure") };
        assert_eq!(member_of(container, "portMappings"), Some("portMappings"));
        assert_eq!(member_of(container, "port_mappings"), Some("portMappings"));
        assert_eq!(member_of(container, "PortMappings"), Some("portMappings"));
        assert_eq!(member_of(container, "portmappings"), None);
    }

    #[test]
    fn a_member_at_the_wrong_level_is_found() {
        let found =
            model().where_else(Root::TaskDefinition, Root::TaskDefinition.shape(), "readonlyRootFilesystem");
        assert_eq!(found.as_deref(), Some("`containerDefinitions[]`"));
    }
}
