//! Owns the documents that layers of files and mappings make, each file parsed once.

use std::collections::BTreeMap;

use crate::document::layer;
use crate::document::model::Root;
use crate::document::problem::{Problem, Problems, did_you_mean};
use crate::document::read::{Reader, complete};
use crate::document::tree::{self, Node};
use crate::manifest::{Layer, Manifest};
use crate::template::{Engine, Mode};

/// Holds the document that layers make.
pub(super) struct Layered {
    pub(super) node: Node,
    /// Whether every layer was read, and none had an error.
    pub(super) sound: bool,
}

/// Holds the definition files that were parsed, so that one shared by many services is parsed once.
pub(super) struct Files {
    pub(super) engine: Engine,
    pub(super) trees: BTreeMap<String, Option<Node>>,
}

impl Files {
    /// Returns the document that layers make.
    pub(super) fn document(
        &mut self,
        layers: &[Layer],
        root: Root,
        manifest: &Manifest,
        problems: &mut Problems,
    ) -> Option<Layered> {
        // The manifest gives a service its name.
        self.document_given(layers, root, &["serviceName"], manifest, problems)
    }

    /// Returns the document that layers make, whose members in `given` come from elsewhere.
    pub(super) fn document_given(
        &mut self,
        layers: &[Layer],
        root: Root,
        given: &[&str],
        manifest: &Manifest,
        problems: &mut Problems,
    ) -> Option<Layered> {
        let mut found = Problems::default();
        let mut merged: Option<Node> = None;
        let mut whole = true;
        for layer in layers {
            let tree = match layer {
                Layer::Inline(node) => Some(node.clone()),
                Layer::File(path) => self.tree(&path.value, manifest, &mut found),
            };
            let Some(tree) = tree else {
                whole = false;
                continue;
            };
            let read = Reader::new(root, &manifest.allow_unknown, &mut found).document(&tree);
            merged = Some(match merged {
                None => read,
                Some(base) => laid_over(base, read, root, &mut found),
            });
        }
        let merged = merged.map(|merged| layer::without_nulls(merged, root.shape()));
        // A layer that could not be read may hold what seems to be missing.
        if let Some(merged) = merged.as_ref().filter(|_| whole) {
            complete(merged, root, given, &mut found);
        }
        let sound = whole && !found.any_error();
        problems.extend(found);
        merged.map(|node| Layered { node, sound })
    }

    /// Returns the tree of a file; problems are reported the first time only.
    pub(super) fn tree(&mut self, name: &str, manifest: &Manifest, problems: &mut Problems) -> Option<Node> {
        if let Some(known) = self.trees.get(name) {
            return known.clone();
        }
        // A file that could not be read was reported by the loader.
        let id = *manifest.templates.get(name)?;
        let (text, found) = self.engine.render(name, &manifest.sources, Mode::Strict);
        problems.extend(found);
        let node = text.and_then(|text| tree::parse(&text).map_err(|found| problems.extend(found)).ok());
        let empty = node.as_ref().filter(|node| node.is_null());
        if empty.is_some() {
            let path = &manifest.sources.get(id).name;
            problems.push(Problem::error(empty.map(|node| node.span), format!("`{path}` is empty")));
        }
        let node = node.filter(|node| !node.is_null());
        self.trees.insert(name.to_owned(), node.clone());
        node
    }
}

/// Returns a layer laid over those below, with warnings of what it does not do.
fn laid_over(base: Node, over: Node, root: Root, problems: &mut Problems) -> Node {
    let containers =
        |node: &Node| node.get("containerDefinitions").map(|list| list.items().to_vec()).unwrap_or_default();
    let name = |container: &Node| container.get("name").and_then(Node::text).map(str::to_owned);
    let known: Vec<String> = containers(&base).iter().filter_map(name).collect();
    for container in containers(&over).iter().filter(|container| container.get("image").is_none()) {
        let Some(missing) = name(container).filter(|name| !known.contains(name)) else { continue };
        let message = format!("no layer below has a container `{missing}`, and this one gives it no image");
        let hint = did_you_mean(&missing, known.iter().map(String::as_str));
        let at = container.get("name").map_or(container.span, |name| name.span);
        problems.push(Problem::warning(at, message).hint(hint));
    }
    let (span, before) = (over.span, base.to_value());
    let merged = layer::merge(base, over, root.shape());
    if merged.to_value() == before && !merged.any_unknown() {
        problems.push(Problem::warning(span, "this layer changes nothing"));
    }
    merged
}
