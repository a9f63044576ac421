//! Parses YAML and JSON into a tree in which each value has a span in the user's file.
//!
//! Bound values (see [`super::rendered_text`]) are inserted after parsing, so that no value can change the structure. This
//! module is independent of ECS.

use serde_json::{Number, Value};

use super::problem::Problem;
use super::rendered_text::RenderedText;
use super::source::SourceSpan;

mod bind;
mod raw_node;
mod syntax;
mod syntax_messages;

/// A value and its source span.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: NodeKind,
    pub span: SourceSpan,
}

/// The value of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    Null,
    /// A boolean, a number or a string.
    Scalar(Scalar),
    Seq(Vec<Node>),
    Map(Vec<(NodeKey, Node)>),
    /// The value of an undefined expression, which has been reported; it causes no further problems.
    Undefined,
}

/// A scalar. Numbers and booleans keep their spelling, so that `1.10` is still `1.10` as a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Bool(bool, String),
    Number(Number, String),
    String(String),
}

/// A key and its source span.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeKey {
    pub name: String,
    pub span: SourceSpan,
}

impl NodeKey {
    /// Returns the key for messages; a key that an expression produced is shown as `{{ … }}`.
    pub fn display_name(&self) -> &str {
        if self.span.from_expression { "{{ … }}" } else { &self.name }
    }
}

impl Node {
    /// Returns the value of a map entry, or `None` if there is no such entry or the node is not a map.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Returns the entries of a map, or an empty slice for any other node.
    pub fn entries(&self) -> &[(NodeKey, Node)] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the items of a list, or an empty slice for any other node.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::Seq(items) => items,
            _ => &[],
        }
    }

    /// Returns the text of a string, or of a boolean or number as it was spelled.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar(Scalar::Bool(_, text) | Scalar::Number(_, text) | Scalar::String(text)) => {
                Some(text)
            }
            _ => None,
        }
    }

    /// Returns whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.kind == NodeKind::Null
    }

    /// Returns whether this is the value of an undefined expression.
    pub fn is_undefined(&self) -> bool {
        self.kind == NodeKind::Undefined
    }

    /// Returns whether this tree contains the value of an undefined expression.
    pub fn has_undefined(&self) -> bool {
        match &self.kind {
            NodeKind::Undefined => true,
            NodeKind::Seq(items) => items.iter().any(Node::has_undefined),
            NodeKind::Map(entries) => entries.iter().any(|(_, node)| node.has_undefined()),
            _ => false,
        }
    }

    /// Returns a description for messages, such as ``the string `web` `` or `a list`.
    ///
    /// The value of an expression is not included, because it may be a secret.
    pub fn describe(&self) -> String {
        match &self.kind {
            NodeKind::Scalar(_) if self.span.from_expression => "the value of `{{ … }}`".to_owned(),
            NodeKind::Null => "`null`".to_owned(),
            NodeKind::Scalar(Scalar::Bool(_, text)) => format!("the boolean `{text}`"),
            NodeKind::Scalar(Scalar::Number(_, text)) => format!("the number `{text}`"),
            NodeKind::Scalar(Scalar::String(text)) => format!("the string {}", quote_shortened(text)),
            NodeKind::Seq(_) => "a list".to_owned(),
            NodeKind::Map(_) => "a mapping".to_owned(),
            NodeKind::Undefined => "an undefined value".to_owned(),
        }
    }

    /// Returns the hint for a mapping that stands where a text belongs: YAML reads `a: b` and `a:` as mappings.
    pub fn unquoted_text_hint(&self) -> Option<&'static str> {
        match self.entries() {
            [(_, value)] if value.is_null() => Some("put a value that ends in `:` in quotes"),
            [(_, value)] if value.text().is_some() => Some("put a value that contains `: ` in quotes"),
            _ => None,
        }
    }

    /// Returns the numbers that JSON cannot spell, so that their value would change: those with leading zeros, and integers
    /// beyond 64 bits.
    pub fn numbers_without_json(&self) -> Vec<&Node> {
        match &self.kind {
            NodeKind::Scalar(Scalar::Number(number, text)) => {
                let digits = text.trim_start_matches(['-', '+']);
                let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                if is_integer && number.is_f64() { vec![self] } else { Vec::new() }
            }
            NodeKind::Seq(items) => items.iter().flat_map(Node::numbers_without_json).collect(),
            NodeKind::Map(entries) => {
                entries.iter().flat_map(|(_, node)| node.numbers_without_json()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the value without spans; an unknown value becomes `null`.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null | NodeKind::Undefined => Value::Null,
            NodeKind::Scalar(Scalar::Bool(value, _)) => Value::Bool(*value),
            NodeKind::Scalar(Scalar::Number(value, _)) => Value::Number(value.clone()),
            NodeKind::Scalar(Scalar::String(value)) => Value::String(value.clone()),
            NodeKind::Seq(items) => items.iter().map(Node::to_value).collect(),
            NodeKind::Map(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.to_value())).collect())
            }
        }
    }

    /// Returns the tree of a JSON value, with the same span for every node.
    pub fn from_value(value: &Value, span: SourceSpan) -> Node {
        let kind = match value {
            Value::Null => NodeKind::Null,
            Value::Bool(value) => NodeKind::Scalar(Scalar::Bool(*value, value.to_string())),
            Value::Number(value) => NodeKind::Scalar(Scalar::Number(value.clone(), value.to_string())),
            Value::String(value) => NodeKind::Scalar(Scalar::String(value.clone())),
            Value::Array(items) => {
                NodeKind::Seq(items.iter().map(|item| Node::from_value(item, span)).collect())
            }
            Value::Object(entries) => NodeKind::Map(
                entries
                    .iter()
                    .map(|(name, value)| {
                        (NodeKey { name: name.clone(), span }, Node::from_value(value, span))
                    })
                    .collect(),
            ),
        };
        Node { kind, span }
    }

    /// Returns the same tree with another span for every node.
    pub fn with_span(&self, span: SourceSpan) -> Node {
        let kind = match &self.kind {
            NodeKind::Seq(items) => NodeKind::Seq(items.iter().map(|item| item.with_span(span)).collect()),
            NodeKind::Map(entries) => NodeKind::Map(
                entries
                    .iter()
                    .map(|(key, node)| (NodeKey { name: key.name.clone(), span }, node.with_span(span)))
                    .collect(),
            ),
            kind => kind.clone(),
        };
        Node { kind, span }
    }

    /// Returns a string node.
    pub fn string(text: impl Into<String>, span: SourceSpan) -> Node {
        Node { kind: NodeKind::Scalar(Scalar::String(text.into())), span }
    }
}

/// Returns a string in backticks, shortened to 60 characters of its first line.
fn quote_shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("`{}…`", &line[..at]),
        None if line.len() < text.len() => format!("`{line}…`"),
        None => format!("`{line}`"),
    }
}

/// Returns the tree of a YAML or JSON text; an empty text is `null`.
///
/// # Errors
/// Syntax errors, duplicate keys, unknown tags, a second document, or more than 100,000 nodes.
pub fn parse(text: &RenderedText) -> Result<Node, Vec<Problem>> {
    let raw = raw_node::parse_raw(&text.text).map_err(|error| syntax::syntax_problems(&error, text))?;
    let mut problems = Vec::new();
    let node = bind::bind_node(raw, text, &mut problems);
    if problems.is_empty() { Ok(node) } else { Err(problems) }
}

#[cfg(test)]
mod tests;
