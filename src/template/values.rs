//! Converts between the engine's values and the nodes of documents, and defines the stand-in for an undefined name.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Enumerator, Object, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::spelling::SpelledValue;
use crate::document::rendered_text::{TOKEN_END, TOKEN_START};
use crate::document::source::{SourceId, SourceSpan};
use crate::document::tree::{Node, NodeKey, NodeKind};

/// A stand-in for an undefined name that has been reported, with which the rest of a template is rendered.
///
/// Every use of it gives the stand-in again, and its text is the token of an undefined value.
#[derive(Debug)]
pub(super) struct MissingName;

/// The index of the value to which the text of a [`MissingName`] refers.
pub(super) const MISSING_TOKEN: usize = 0;

impl Object for MissingName {
    fn get_value(self: &Arc<Self>, _key: &Value) -> Option<Value> {
        Some(Value::from_dyn_object(DynObject::new(Arc::clone(self))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, _arguments: &[Value]) -> Result<Value, Error> {
        Ok(MissingName::value())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        _method: &str,
        _arguments: &[Value],
    ) -> Result<Value, Error> {
        Ok(MissingName::value())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TOKEN_START}{MISSING_TOKEN}{TOKEN_END}")
    }
}

/// Returns whether a text is a name of the template language.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(|next| next.is_alphanumeric() || next == '_')
}

/// Returns a mapping with a stand-in at a path of keys; anything else that is on the path is replaced.
pub(super) fn with_missing_name(value: Value, path: &[String]) -> Value {
    let Some((name, rest)) = path.split_first() else { return MissingName::value() };
    let mut entries: Vec<(Value, Value)> = Vec::new();
    if value.kind() == ValueKind::Map && value.downcast_object_ref::<MissingName>().is_none() {
        for key in value.try_iter().into_iter().flatten() {
            let item = value.get_item(&key).unwrap_or(Value::UNDEFINED);
            entries.push((key, item));
        }
    }
    let inner = entries.iter().position(|(key, _)| key.as_str() == Some(name));
    let before = inner.map_or(Value::UNDEFINED, |at| entries.remove(at).1);
    entries.push((Value::from(name.as_str()), with_missing_name(before, rest)));
    Value::from_pairs(entries)
}

/// Returns the node of a value; its spans have no meaning.
///
/// # Errors
/// A value that no document can contain, such as a macro.
pub(super) fn node_from_value(value: &Value) -> Result<Node, Error> {
    node_at_depth(value, 0)
}

/// The most lists and mappings that may stand in each other: YAML has as many at most (`serde-saphyr`), and more would overflow the
/// stack.
const MAX_DEPTH: usize = 128;

fn node_at_depth(value: &Value, depth: usize) -> Result<Node, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::InvalidOperation, "lists and mappings are nested too deeply"));
    }
    let span = SourceSpan::new(SourceId::from_index(0), 0..0);
    let kind = match value.kind() {
        ValueKind::Undefined => NodeKind::Undefined,
        ValueKind::None => NodeKind::Null,
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Result<Vec<Node>, Error> =
                value.try_iter()?.checked().map(|item| node_at_depth(&item?, depth + 1)).collect();
            NodeKind::Seq(items?)
        }
        ValueKind::Map if value.downcast_object_ref::<MissingName>().is_some() => NodeKind::Undefined,
        ValueKind::Map => NodeKind::Map(map_entries(value, span, depth)?),
        ValueKind::Plain => match value.downcast_object_ref::<SpelledValue>() {
            Some(spelled) => NodeKind::Scalar(spelled.scalar.clone()),
            None => return plain_node(value, span),
        },
        _ => return plain_node(value, span),
    };
    Ok(Node { kind, span })
}

fn map_entries(value: &Value, span: SourceSpan, depth: usize) -> Result<Vec<(NodeKey, Node)>, Error> {
    let mut entries = Vec::new();
    for key in value.try_iter()?.checked() {
        let key = key?;
        let node = node_at_depth(&key, depth + 1)?;
        let name = node.text().map(str::to_owned).ok_or_else(no_document_value)?;
        entries.push((NodeKey { name, span }, node_at_depth(&value.get_item(&key)?, depth + 1)?));
    }
    Ok(entries)
}

fn plain_node(value: &Value, span: SourceSpan) -> Result<Node, Error> {
    let value = serde_json::to_value(value).map_err(|_| no_document_value())?;
    Ok(Node::from_value(&value, span))
}

fn no_document_value() -> Error {
    Error::new(ErrorKind::BadSerialization, "the value cannot be part of a document")
}

/// Returns the JSON text of a node, in which numbers are spelled as they were written, where JSON has such a number.
pub(super) fn json_text(node: &Node) -> String {
    match &node.kind {
        NodeKind::Seq(items) => format!("[{}]", items.iter().map(json_text).collect::<Vec<_>>().join(",")),
        NodeKind::Map(entries) => {
            let entry = |(key, value): &(NodeKey, Node)| {
                format!("{}:{}", serde_json::Value::from(key.name.as_str()), json_text(value))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
        }
        NodeKind::Scalar(crate::document::tree::Scalar::Number(_, text))
            if serde_json::from_str::<serde_json::Number>(text).is_ok() =>
        {
            text.clone()
        }
        _ => node.to_value().to_string(),
    }
}
