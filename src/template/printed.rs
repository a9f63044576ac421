//! The values that a template has printed: what the tokens in its text stand for.

use minijinja::{Error, ErrorKind, Value};

use super::markers::strip_markers;
use super::values::{MissingName, node_from_value};
use crate::document::rendered_text::{RenderedPart, RenderedText, find_reserved};
use crate::document::source::{SourceId, SourceSpan};
use crate::document::tree::{Node, NodeKey, NodeKind, Scalar};

/// The maximum total size in bytes of the values that one template prints. ECS allows definitions of 64 KiB.
const MAX_PRINTED_BYTES: usize = 8 << 20;

/// The error of an undefined value inside a list or mapping.
pub(super) const UNDEFINED_PART: &str = "a part of this value is not defined";

/// The values that a template has printed so far, and their total size.
pub(super) struct PrintedValues {
    values: Vec<Node>,
    size: usize,
}

impl Default for PrintedValues {
    /// Returns the value of names that have been reported as undefined, to which their texts refer.
    fn default() -> PrintedValues {
        let nowhere = SourceSpan::new(SourceId::from_index(0), 0..0);
        PrintedValues { values: vec![Node { kind: NodeKind::Undefined, span: nowhere }], size: 0 }
    }
}

impl PrintedValues {
    /// Adds a value and returns its index. If `is_strict`, an undefined value inside it is an error.
    pub(super) fn push(&mut self, value: &Value, is_strict: bool) -> Result<usize, Error> {
        if value.downcast_object_ref::<MissingName>().is_some() {
            return Ok(super::values::MISSING_TOKEN);
        }
        // The size of a text is checked before it is copied.
        if self.size + value.as_str().map_or(0, str::len) > MAX_PRINTED_BYTES {
            return Err(too_large());
        }
        let node = node_from_value(value)?;
        if is_strict && has_engine_undefined(value) {
            return Err(Error::new(ErrorKind::UndefinedError, UNDEFINED_PART));
        }
        self.size += node_size(&node);
        if self.size > MAX_PRINTED_BYTES {
            return Err(too_large());
        }
        self.values.push(node);
        Ok(self.values.len() - 1)
    }

    /// Returns the values with the tokens and markers in them replaced.
    ///
    /// A value contains tokens if an expression joins the output of a macro into it. Tokens are numbered in the order in
    /// which they are printed, so a value contains only tokens of earlier values.
    pub(super) fn into_values(self, id: SourceId) -> Vec<Node> {
        let mut done = RenderedText {
            text: String::new(),
            values: Vec::with_capacity(self.values.len()),
            anchors: Vec::new(),
        };
        for mut node in self.values {
            resolve(&mut node, &done, id);
            done.values.push(node);
        }
        done.values
    }
}

fn too_large() -> Error {
    Error::new(ErrorKind::OutOfFuel, "its values are larger than 8 MiB in total")
}

/// Returns whether a list or mapping contains a value of a name that is not defined and has not been reported.
fn has_engine_undefined(value: &Value) -> bool {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::Seq => value.try_iter().is_ok_and(|mut items| items.any(|item| is_undefined_part(&item))),
        ValueKind::Map if value.downcast_object_ref::<MissingName>().is_none() => {
            value.try_iter().is_ok_and(|mut keys| {
                keys.any(|key| value.get_item(&key).is_ok_and(|item| is_undefined_part(&item)))
            })
        }
        _ => false,
    }
}

fn is_undefined_part(value: &Value) -> bool {
    value.is_undefined() || has_engine_undefined(value)
}

/// Returns the approximate size of a value in bytes.
fn node_size(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Scalar(Scalar::String(text)) => text.len(),
        NodeKind::Seq(items) => items.iter().map(|item| 8 + node_size(item)).sum(),
        NodeKind::Map(entries) => {
            entries.iter().map(|(key, value)| key.name.len() + 8 + node_size(value)).sum()
        }
        _ => 8,
    }
}

fn resolve(node: &mut Node, earlier: &RenderedText, id: SourceId) {
    match &mut node.kind {
        NodeKind::Scalar(Scalar::String(text)) if find_reserved(text).is_some() => {
            match resolve_text(text, earlier, id) {
                Some(resolved) => *text = resolved,
                None => node.kind = NodeKind::Undefined,
            }
        }
        NodeKind::Seq(items) => items.iter_mut().for_each(|item| resolve(item, earlier, id)),
        NodeKind::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            resolve_key(key, earlier, id);
            resolve(value, earlier, id);
        }),
        _ => {}
    }
}

fn resolve_key(key: &mut NodeKey, earlier: &RenderedText, id: SourceId) {
    if find_reserved(&key.name).is_some() {
        key.name = resolve_text(&key.name, earlier, id).unwrap_or_default();
    }
}

/// Returns a text with its tokens replaced, or `None` if one of them is an undefined value.
fn resolve_text(text: &str, earlier: &RenderedText, id: SourceId) -> Option<String> {
    let stripped = strip_markers(text, id).0;
    let Some(parts) = earlier.parts(&stripped) else { return Some(stripped) };
    let mut resolved = String::new();
    for part in parts {
        match part {
            RenderedPart::Literal(literal) => resolved.push_str(literal),
            RenderedPart::Bound(node) if node.is_undefined() => return None,
            RenderedPart::Bound(node) => match node.text() {
                Some(text) => resolved.push_str(text),
                None => resolved.push_str(&node.to_value().to_string()),
            },
        }
    }
    Some(resolved)
}
