//! The model of the ECS API: the shapes of its requests, from the generated `ecs-model.json`.
//!
//! `scripts/generate-model.py` writes that file from the public service model. It is parsed once, when the first
//! document is read.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// The kind of a document, which determines the shape of its top level.
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

    /// Returns the name of the shape in which ECS describes such a document.
    pub fn described(self) -> &'static str {
        match self {
            Root::TaskDefinition => "TaskDefinition",
            Root::Service => "Service",
            // ECS describes nothing that a task could be run from.
            Root::RunTask => "RunTaskRequest",
        }
    }

    /// Returns the name of such a document for messages.
    pub fn noun(self) -> &'static str {
        match self {
            Root::TaskDefinition => "task definition",
            Root::Service => "service",
            Root::RunTask => "RunTask request",
        }
    }
}

/// One shape of the model, as JSON Schema writes it.
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

/// A shape, resolved to what the reader of documents needs.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    Structure(&'a Schema),
    /// A list; the name of its item's shape.
    List(&'a str),
    /// A map with keys chosen by the user; the name of its value's shape.
    Map(&'a str),
    String(&'a Schema),
    Integer(&'a Schema),
    Number,
    Boolean,
    /// Any value: the API takes a JSON document here.
    Any,
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "$defs")]
    shapes: BTreeMap<String, Schema>,
}

/// The shapes of the ECS API, by name.
#[derive(Debug)]
pub struct Model {
    shapes: BTreeMap<String, Schema>,
}

/// Returns the model that is compiled into this build.
pub fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        let file: Result<File, _> = serde_json::from_str(include_str!("ecs-model.json"));
        // The file is compiled in, and a test parses it, so parsing cannot fail in a build that passed its tests.
        Model { shapes: file.map(|file| file.shapes).unwrap_or_default() }
    })
}

impl Schema {
    /// Returns the name of the shape that this schema refers to.
    pub fn target(&self) -> Option<&str> {
        self.reference.as_deref()?.strip_prefix("#/$defs/")
    }
}

impl Model {
    /// Returns the named shape, or [`Shape::Any`] for a name that the model does not have.
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

    /// Returns the name of the shape of a structure's member.
    pub fn member(&self, structure: &str, member: &str) -> Option<&str> {
        self.shapes.get(structure)?.properties.get(member)?.target()
    }

    /// Returns the names of a structure's members.
    pub fn members(&self, structure: &str) -> impl Iterator<Item = &str> {
        self.shapes.get(structure).into_iter().flat_map(|schema| schema.properties.keys().map(String::as_str))
    }

    /// Returns whether ECS returns this member of a document but does not accept it.
    pub fn is_read_only(&self, root: Root, member: &str) -> bool {
        self.member(root.described(), member).is_some() && self.member(root.shape(), member).is_none()
    }

    /// Returns the path of another structure of a `root` document that has a member of that name, such as
    /// `` `containerDefinitions[]` ``.
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

    /// Returns the structures in a structure: key, shape, and `[]` for a list of structures.
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

/// Returns the member that a key stands for.
///
/// The key may be spelled in `snake_case` or `PascalCase`; any other difference in case is an unknown key.
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
