//! The layers of a definition: files and mappings, merged in their order when the definition is rendered.

use super::fields::{FieldReader, LocatedValue};
use crate::document::problem::{Problem, Problems};
use crate::document::tree::{Node, NodeKind};

/// One layer of a definition.
#[derive(Clone, Debug)]
pub enum Layer {
    /// A file, relative to the manifest.
    File(LocatedValue<String>),
    /// A mapping in the manifest itself.
    Inline(Node),
}

impl Layer {
    /// Returns what the layer is called in messages: its file, or the manifest.
    pub fn name(&self) -> String {
        match self {
            Layer::File(path) => format!("`{}`", path.value),
            Layer::Inline(_) => "the manifest".to_owned(),
        }
    }
}

/// Reads the layers of a document: a path, a mapping, or a list of these.
pub(super) fn layers(fields: &FieldReader<'_>, name: &str, problems: &mut Problems) -> Vec<Layer> {
    let Some(node) = fields.get(name) else { return Vec::new() };
    let items = match &node.kind {
        NodeKind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut layers = Vec::new();
    for item in items {
        match (&item.kind, item.text()) {
            (NodeKind::Map(_), _) => layers.push(Layer::Inline(item.clone())),
            (NodeKind::Undefined, _) => {}
            (_, Some(path)) if !path.is_empty() => {
                layers.push(Layer::File(LocatedValue { value: path.to_owned(), span: item.span }));
            }
            _ => {
                let message = format!(
                    "`{name}` must be a path, a mapping, or a list of these, found {}",
                    item.describe()
                );
                problems.push(Problem::error(item.span, message).path(fields.member_path(name)));
            }
        }
    }
    layers
}
