//! Access to a document for the checks: containers by name, and members. An undefined expression counts neither as a
//! value nor as a missing member.

use crate::document::shape_facts::CREATE_ONLY_MEMBERS;
use crate::document::tree::{Node, NodeKind, Scalar};

/// The maximum number of containers that are checked one by one. ECS allows ten, and another check reports the number.
const MAX_CHECKED_CONTAINERS: usize = 100;

/// A task definition for the checks.
#[derive(Debug)]
pub struct TaskDefinitionView<'a> {
    pub node: &'a Node,
    pub containers: Vec<ContainerView<'a>>,
    /// Whether the names of all containers are known, so that a reference to another name is an error.
    pub is_complete: bool,
}

/// A service for the checks, and its task definition if it is known.
#[derive(Debug)]
pub struct ServiceView<'a> {
    pub node: &'a Node,
    pub task_definition: Option<TaskDefinitionView<'a>>,
}

/// One container of a task definition.
#[derive(Clone, Copy, Debug)]
pub struct ContainerView<'a> {
    pub node: &'a Node,
    index: usize,
}

impl<'a> ServiceView<'a> {
    /// Returns a member that only a complete service has: of any other document, what is absent is taken from what runs.
    pub fn complete_service_member(&self) -> Option<&'a Node> {
        CREATE_ONLY_MEMBERS.iter().find_map(|member| self.node.get(member))
    }
}

impl<'a> TaskDefinitionView<'a> {
    /// Returns the view of a task definition.
    pub fn new(node: &'a Node) -> TaskDefinitionView<'a> {
        let list = node.get("containerDefinitions");
        let items = list.map(Node::items).unwrap_or_default();
        let known = |node: &Node| !node.is_undefined() && !node.get("name").is_some_and(Node::is_undefined);
        let containers =
            items.iter().take(MAX_CHECKED_CONTAINERS).enumerate().filter(|(_, node)| !node.is_undefined());
        TaskDefinitionView {
            node,
            containers: containers.map(|(index, node)| ContainerView { node, index }).collect(),
            is_complete: list.is_some_and(|list| !list.is_undefined())
                && items.len() <= MAX_CHECKED_CONTAINERS
                && items.iter().all(known),
        }
    }

    /// Returns the container of that name.
    pub fn container(&self, name: &str) -> Option<&ContainerView<'a>> {
        self.containers.iter().find(|container| container.name() == Some(name))
    }

    /// Returns whether `requiresCompatibilities` contains `FARGATE`.
    pub fn requires_fargate(&self) -> bool {
        member_items(self.node, "requiresCompatibilities").iter().any(|kind| kind.text() == Some("FARGATE"))
    }

    /// Returns the network mode, or `None` if its expression is undefined.
    pub fn network_mode(&self) -> Option<&'a str> {
        match self.node.get("networkMode") {
            // RegisterTaskDefinition.networkMode: the default is bridge.
            None => Some("bridge").filter(|_| !self.node.is_undefined()),
            Some(node) => node.text(),
        }
    }

    /// Returns the port mappings of all containers with their containers and paths.
    pub fn port_mappings(&self) -> impl Iterator<Item = (&ContainerView<'a>, &'a Node, String)> {
        self.containers.iter().flat_map(|container| {
            let path = container.member_path("portMappings");
            let mappings = member_items(container.node, "portMappings").iter().enumerate();
            mappings.map(move |(index, node)| (container, node, format!("{path}[{index}]")))
        })
    }

    /// Returns whether the task runs on Windows, or `None` if an expression is undefined.
    pub fn runs_windows(&self) -> Option<bool> {
        let Some(platform) = self.node.get("runtimePlatform") else { return Some(false) };
        match platform.get("operatingSystemFamily") {
            None => Some(false).filter(|_| !platform.is_undefined()),
            Some(family) => family.text().map(|family| family.starts_with("WINDOWS")),
        }
    }
}

impl<'a> ContainerView<'a> {
    /// Returns the name of the container.
    pub fn name(&self) -> Option<&'a str> {
        member_text(self.node, "name").filter(|name| !name.is_empty())
    }

    /// Returns the name of the container, unless an expression produced it.
    fn literal_name(&self) -> Option<&'a str> {
        let name = self.node.get("name").filter(|name| !name.span.from_expression)?;
        name.text().filter(|name| !name.is_empty())
    }

    /// Returns the container for messages: ``container `web` ``.
    pub fn label(&self) -> String {
        match self.literal_name() {
            Some(name) => format!("container `{name}`"),
            None => format!("container {}", self.index + 1),
        }
    }

    /// Returns the path of a member of the container, or of the container itself if `member` is empty.
    pub fn member_path(&self, member: &str) -> String {
        let name = self.literal_name().map_or_else(|| self.index.to_string(), str::to_owned);
        let dot = if member.is_empty() { "" } else { "." };
        format!("containerDefinitions[{name}]{dot}{member}")
    }
}

/// Returns whether a mapping has no such member. An undefined value is not a mapping, so this is `false` for it.
pub fn is_absent(node: &Node, name: &str) -> bool {
    matches!(node.kind, NodeKind::Map(_)) && node.get(name).is_none()
}

/// Returns whether a mapping has no such member, or an empty one.
pub fn is_absent_or_empty(node: &Node, name: &str) -> bool {
    is_absent(node, name) || member_text(node, name) == Some("")
}

/// Returns the text of a member.
pub fn member_text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name)?.text()
}

/// Returns the number of a member.
pub fn member_integer(node: &Node, name: &str) -> Option<i64> {
    as_integer(node.get(name)?)
}

/// Returns a whole number.
pub fn as_integer(node: &Node) -> Option<i64> {
    match &node.kind {
        NodeKind::Scalar(Scalar::Number(number, _)) => number.as_i64(),
        _ => None,
    }
}

/// Returns whether a member is `true`.
pub fn is_true(node: &Node, name: &str) -> bool {
    matches!(node.get(name).map(|node| &node.kind), Some(NodeKind::Scalar(Scalar::Bool(true, _))))
}

/// Returns whether a list member has items that are known.
pub fn has_items(node: &Node, name: &str) -> bool {
    !member_items(node, name).is_empty()
}

/// Returns the items of a list member.
pub fn member_items<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}

/// Returns whether a value is set: API output contains empty lists, `false` and 0 for members that are not.
pub fn is_set(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Null | NodeKind::Undefined => false,
        NodeKind::Scalar(Scalar::Bool(value, _)) => *value,
        NodeKind::Scalar(Scalar::Number(number, _)) => number.as_f64() != Some(0.0),
        NodeKind::Scalar(Scalar::String(text)) => !text.is_empty(),
        NodeKind::Seq(items) => !items.is_empty(),
        NodeKind::Map(entries) => !entries.is_empty(),
    }
}

/// Returns a scalar in backticks for messages; the value of an expression is shown as `{{ … }}`.
pub fn quoted_scalar(node: &Node) -> String {
    match node.text() {
        Some(text) if !node.span.from_expression => format!("`{text}`"),
        _ => "`{{ … }}`".to_owned(),
    }
}

/// Returns a list for messages: `` `a`, `b` and `c` ``.
pub fn quoted_list<T: std::fmt::Display>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => quoted.join(""),
    }
}
