//! Access to a document for the checks: containers by name, and members. An undefined expression counts neither as a
//! value nor as a missing member.

use crate::document::tree::{Kind, Node, Scalar};

/// The maximum number of containers that are checked one by one. ECS allows ten, and another check reports the number.
const MOST: usize = 100;

/// A task definition for the checks.
#[derive(Debug)]
pub struct Task<'a> {
    pub node: &'a Node,
    pub containers: Vec<Container<'a>>,
    /// Whether the names of all containers are known, so that a reference to another name is an error.
    pub whole: bool,
}

/// A service for the checks, and its task definition if it is known.
#[derive(Debug)]
pub struct Service<'a> {
    pub node: &'a Node,
    pub task: Option<Task<'a>>,
}

/// One container of a task definition.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    pub node: &'a Node,
    index: usize,
}

impl<'a> Task<'a> {
    /// Returns the view of a task definition.
    pub fn new(node: &'a Node) -> Task<'a> {
        let list = node.get("containerDefinitions");
        let items = list.map(Node::items).unwrap_or_default();
        let known = |node: &Node| !node.is_unknown() && !node.get("name").is_some_and(Node::is_unknown);
        let containers = items.iter().take(MOST).enumerate().filter(|(_, node)| !node.is_unknown());
        Task {
            node,
            containers: containers.map(|(index, node)| Container { node, index }).collect(),
            whole: list.is_some_and(|list| !list.is_unknown())
                && items.len() <= MOST
                && items.iter().all(known),
        }
    }

    /// Returns the container of that name.
    pub fn container(&self, name: &str) -> Option<&Container<'a>> {
        self.containers.iter().find(|container| container.name() == Some(name))
    }

    /// Returns whether `requiresCompatibilities` contains `FARGATE`.
    pub fn fargate(&self) -> bool {
        items(self.node, "requiresCompatibilities").iter().any(|kind| kind.text() == Some("FARGATE"))
    }

    /// Returns the network mode, or `None` if its expression is undefined.
    pub fn network_mode(&self) -> Option<&'a str> {
        match self.node.get("networkMode") {
            // RegisterTaskDefinition.networkMode: the default is bridge.
            None => Some("bridge").filter(|_| !self.node.is_unknown()),
            Some(node) => node.text(),
        }
    }

    /// Returns whether the task runs on Windows, or `None` if an expression is undefined.
    pub fn windows(&self) -> Option<bool> {
        let Some(platform) = self.node.get("runtimePlatform") else { return Some(false) };
        match platform.get("operatingSystemFamily") {
            None => Some(false).filter(|_| !platform.is_unknown()),
            Some(family) => family.text().map(|family| family.starts_with("WINDOWS")),
        }
    }
}

impl<'a> Container<'a> {
    /// Returns the name of the container.
    pub fn name(&self) -> Option<&'a str> {
        text(self.node, "name").filter(|name| !name.is_empty())
    }

    /// Returns the name of the container, unless an expression produced it.
    fn spelled(&self) -> Option<&'a str> {
        let name = self.node.get("name").filter(|name| !name.span.expression)?;
        name.text().filter(|name| !name.is_empty())
    }

    /// Returns the container for messages: ``container `web` ``.
    pub fn shown(&self) -> String {
        match self.spelled() {
            Some(name) => format!("container `{name}`"),
            None => format!("container {}", self.index + 1),
        }
    }

    /// Returns the path of a member of the container, or of the container itself if `member` is empty.
    pub fn path(&self, member: &str) -> String {
        let name = self.spelled().map_or_else(|| self.index.to_string(), str::to_owned);
        let dot = if member.is_empty() { "" } else { "." };
        format!("containerDefinitions[{name}]{dot}{member}")
    }
}

/// Returns whether a mapping has no such member. An undefined value is not a mapping, so this is `false` for it.
pub fn absent(node: &Node, name: &str) -> bool {
    matches!(node.kind, Kind::Map(_)) && node.get(name).is_none()
}

/// Returns whether a mapping has no such member, or an empty one.
pub fn empty(node: &Node, name: &str) -> bool {
    absent(node, name) || text(node, name) == Some("")
}

/// Returns the text of a member.
pub fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name)?.text()
}

/// Returns the number of a member.
pub fn integer(node: &Node, name: &str) -> Option<i64> {
    number(node.get(name)?)
}

/// Returns a whole number.
pub fn number(node: &Node) -> Option<i64> {
    match &node.kind {
        Kind::Scalar(Scalar::Number(number, _)) => number.as_i64(),
        _ => None,
    }
}

/// Returns the items of a list member.
pub fn items<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}

/// Returns whether a value is set: API output contains empty lists, `false` and 0 for members that are not.
pub fn is_set(node: &Node) -> bool {
    match &node.kind {
        Kind::Null | Kind::Unknown => false,
        Kind::Scalar(Scalar::Bool(value, _)) => *value,
        Kind::Scalar(Scalar::Number(number, _)) => number.as_f64() != Some(0.0),
        Kind::Scalar(Scalar::String(text)) => !text.is_empty(),
        Kind::Seq(items) => !items.is_empty(),
        Kind::Map(entries) => !entries.is_empty(),
    }
}

/// Returns a scalar in backticks for messages; the value of an expression is shown as `{{ … }}`.
pub fn shown(node: &Node) -> String {
    match node.text() {
        Some(text) if !node.span.expression => format!("`{text}`"),
        _ => "`{{ … }}`".to_owned(),
    }
}

/// Returns a list for messages: `` `a`, `b` and `c` ``.
pub fn listed<T: std::fmt::Display>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => quoted.join(""),
    }
}
