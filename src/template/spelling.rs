//! Keeps the spelling of booleans and numbers in templates: `1.10` in the manifest stays `1.10` wherever it becomes text.
//!
//! Such a scalar is an object for the engine, whose text is its spelling. The engine cannot calculate with objects, so each
//! template is rendered with the plain values too. A scalar for which the two differ in anything but its own text is used as a
//! number: it stays a plain value, and is reported if its spelling would be lost.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Object, ObjectRepr};

use crate::document::problem::Problem;
use crate::document::rendered_text::RenderedText;
use crate::document::source::SourceSpan;
use crate::document::tree::{Node, NodeKey, NodeKind, Scalar};

/// A boolean or number whose text in the engine is not its spelling.
#[derive(Clone, Debug)]
pub(super) struct SpelledScalar {
    /// The path in the context, such as `vars.release`.
    path: String,
    span: SourceSpan,
    spelled: String,
    /// The text of the plain value in the engine.
    engine_text: String,
    /// The text of the plain value in a document.
    plain: String,
    is_number: bool,
}

/// A scalar with its spelling, as the engine has it.
#[derive(Debug)]
pub(super) struct SpelledValue {
    pub(super) scalar: Scalar,
}

impl SpelledValue {
    fn text(&self) -> &str {
        match &self.scalar {
            Scalar::Bool(_, text) | Scalar::Number(_, text) | Scalar::String(text) => text,
        }
    }

    fn number(&self) -> f64 {
        match &self.scalar {
            Scalar::Bool(value, _) => f64::from(u8::from(*value)),
            Scalar::Number(number, _) => number.as_f64().unwrap_or_default(),
            Scalar::String(_) => 0.0,
        }
    }
}

impl Object for SpelledValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.number() != 0.0
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        self.number().partial_cmp(&other.downcast_ref::<SpelledValue>()?.number())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Returns the engine's value of a node. `next` is the index of the next scalar that could keep its spelling.
pub(super) fn template_value(node: &Node, next: &mut usize, is_spelled: &dyn Fn(usize) -> bool) -> Value {
    match &node.kind {
        NodeKind::Null => Value::from(()),
        NodeKind::Undefined => Value::UNDEFINED,
        NodeKind::Scalar(scalar) => {
            let plain = plain_value(scalar);
            if !loses_spelling(scalar, &plain) {
                return plain;
            }
            *next += 1;
            if is_spelled(*next - 1) {
                Value::from_object(SpelledValue { scalar: scalar.clone() })
            } else {
                plain
            }
        }
        NodeKind::Seq(items) => {
            items.iter().map(|item| template_value(item, next, is_spelled)).collect::<Vec<Value>>().into()
        }
        NodeKind::Map(entries) => Value::from_pairs(
            entries.iter().map(|(key, node)| (key.name.clone(), template_value(node, next, is_spelled))),
        ),
    }
}

/// Adds the scalars of a node that [`template_value`] can keep in their spelling, in its order.
pub(super) fn collect_spelled(path: &str, node: &Node, found: &mut Vec<SpelledScalar>) {
    match &node.kind {
        NodeKind::Scalar(scalar) => {
            let value = plain_value(scalar);
            if loses_spelling(scalar, &value) {
                found.push(SpelledScalar {
                    path: path.to_owned(),
                    span: node.span,
                    spelled: node.text().unwrap_or_default().to_owned(),
                    engine_text: value.to_string(),
                    plain: node.to_value().to_string(),
                    is_number: matches!(scalar, Scalar::Number(..)),
                });
            }
        }
        NodeKind::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_spelled(&format!("{path}[{index}]"), item, found);
            }
        }
        NodeKind::Map(entries) => {
            for (key, node) in entries {
                collect_spelled(&format!("{path}.{}", key.name), node, found);
            }
        }
        NodeKind::Null | NodeKind::Undefined => {}
    }
}

fn plain_value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Bool(value, _) => Value::from(*value),
        Scalar::Number(number, _) => Value::from(minijinja::value::Serde(number)),
        Scalar::String(text) => Value::from(text.as_str()),
    }
}

/// Returns whether a plain value of the engine has another text than the scalar, or another in a document.
fn loses_spelling(scalar: &Scalar, plain: &Value) -> bool {
    match scalar {
        Scalar::String(_) => false,
        Scalar::Bool(..) => true,
        Scalar::Number(number, text) => plain.to_string() != *text || number.to_string() != *text,
    }
}

/// Returns whether two renderings of a template differ in nothing but the text of the scalars.
pub(super) fn agree(plain: &RenderedText, kept: &RenderedText, scalars: &[SpelledScalar]) -> bool {
    plain.values.len() == kept.values.len()
        && plain.anchors.len() == kept.anchors.len()
        && agree_text(&plain.text, &kept.text, scalars)
        && plain.values.iter().zip(&kept.values).all(|(plain, kept)| agree_node(plain, kept, scalars))
}

fn agree_node(plain: &Node, kept: &Node, scalars: &[SpelledScalar]) -> bool {
    match (&plain.kind, &kept.kind) {
        (NodeKind::Scalar(Scalar::String(plain)), NodeKind::Scalar(Scalar::String(kept))) => {
            agree_text(plain, kept, scalars)
        }
        (NodeKind::Seq(plain), NodeKind::Seq(kept)) => {
            plain.len() == kept.len()
                && plain.iter().zip(kept).all(|(plain, kept)| agree_node(plain, kept, scalars))
        }
        (NodeKind::Map(plain), NodeKind::Map(kept)) => {
            plain.len() == kept.len()
                && plain.iter().zip(kept).all(|(plain, kept)| agree_entry(plain, kept, scalars))
        }
        _ => plain.to_value() == kept.to_value(),
    }
}

fn agree_entry(plain: &(NodeKey, Node), kept: &(NodeKey, Node), scalars: &[SpelledScalar]) -> bool {
    agree_text(&plain.0.name, &kept.0.name, scalars) && agree_node(&plain.1, &kept.1, scalars)
}

/// Returns whether two texts are equal once every spelling is replaced by the engine's text of the scalar.
fn agree_text(plain: &str, kept: &str, scalars: &[SpelledScalar]) -> bool {
    if plain == kept {
        return true;
    }
    let same = |text: &str| {
        scalars
            .iter()
            .fold(text.to_owned(), |text, scalar| text.replace(&scalar.spelled, &scalar.engine_text))
    };
    same(plain) == same(kept)
}

/// Returns the problem of a scalar that a template uses as a number or boolean, so that its spelling is lost.
pub(super) fn lost_spelling(scalar: &SpelledScalar, template: &str) -> Option<Problem> {
    if scalar.spelled == scalar.plain {
        return None;
    }
    let SpelledScalar { path, spelled, plain, .. } = scalar;
    let noun = if scalar.is_number { "number" } else { "boolean" };
    let message =
        format!("`{template}` uses `{path}` as a {noun}, so that `{spelled}` would become `{plain}`");
    let hint = format!("put it in quotes if it is text; write `{plain}` if it is a {noun}");
    // A boolean is compared with `true` often, and rarely becomes text.
    let problem = if scalar.is_number {
        Problem::error(scalar.span, message)
    } else {
        Problem::warning(scalar.span, message)
    };
    Some(problem.hint(hint))
}
