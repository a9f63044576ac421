//! Values of a file as those of a draft. Pure.

use serde_json::Value;

use super::go_text::GoText;
use crate::document::tree::{Node, NodeKind, Scalar};
use crate::template::go_call::GoFunctions;

/// Returns a value with expressions in place of tags; a tag without a translation stays as it is written.
pub fn draft_value(node: &Node, go: &GoText, functions: &GoFunctions) -> Value {
    let text = |text: &str| go.value(text, functions).unwrap_or_else(|_| go.original(text));
    match &node.kind {
        NodeKind::Scalar(Scalar::String(value)) => Value::String(text(value)),
        NodeKind::Seq(items) => items.iter().map(|item| draft_value(item, go, functions)).collect(),
        NodeKind::Map(entries) => Value::Object(
            entries.iter().map(|(key, node)| (text(&key.name), draft_value(node, go, functions))).collect(),
        ),
        _ => node.to_value(),
    }
}
