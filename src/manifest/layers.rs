//! The layers of a definition: files and mappings, merged in their order when the definition is rendered.

use super::fields::{Fields, Located};
use crate::document::problem::{Problem, Problems};
use crate::document::tree::{Kind, Node};

/// One layer of a definition.
#[derive(Clone, Debug)]
pub enum Layer {
    /// A file, relative to the manifest.
    File(Located<String>),
    /// A mapping in the manifest itself.
    Inline(Node),
}

/// Reads the layers of a document: a path, a mapping, or a list of these.
pub(super) fn layers(fields: &Fields<'_>, name: &str, problems: &mut Problems) -> Vec<Layer> {
    let Some(node) = fields.get(name) else { return Vec::new() };
    let items = match &node.kind {
        Kind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut layers = Vec::new();
    for item in items {
        match (&item.kind, item.text()) {
            (Kind::Map(_), _) => layers.push(Layer::Inline(item.clone())),
            (Kind::Unknown, _) => {}
            (_, Some(path)) if !path.is_empty() => {
                layers.push(Layer::File(Located { value: path.to_owned(), span: item.span }));
            }
            _ => {
                let message = format!(
                    "`{name}` must be a path, a mapping, or a list of these, found {}",
                    item.describe()
                );
                problems.push(Problem::error(item.span, message).path(fields.path(name)));
            }
        }
    }
    layers
}
