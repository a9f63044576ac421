//! Merges layers from files and inline mappings into documents. Each file is parsed once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::container_images::with_container_images;
use crate::document::hidden_values::hidden_value_warnings;
use crate::document::layer;
use crate::document::model::DocumentKind;
use crate::document::problem::{Problem, Problems, did_you_mean};
use crate::document::reader::DocumentReader;
use crate::document::required::check_required;
use crate::document::tree::{self, Node};
use crate::manifest::{Layer, Manifest};
use crate::template::{TemplateEngine, UndefinedNames};

/// The document that results from merging layers.
pub(super) struct MergedDocument {
    pub(super) node: Node,
    /// Whether every layer was read without an error.
    pub(super) is_valid: bool,
}

/// What a definition belongs to, for its templates: the name, such as `service`, and the value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DefinitionOwner {
    pub(super) name: &'static str,
    pub(super) value: Value,
}

/// The definition files that have been parsed, so that one that several services share is parsed once; one that uses what it
/// belongs to is parsed for each.
pub(super) struct DefinitionFiles {
    engine: TemplateEngine,
    owner: Option<DefinitionOwner>,
    trees: BTreeMap<String, Option<Node>>,
    /// The trees of files that use the owner, for the current one.
    owned_trees: BTreeMap<String, Option<Node>>,
}

impl DefinitionFiles {
    pub(super) fn new(manifest: &Manifest) -> DefinitionFiles {
        DefinitionFiles {
            engine: TemplateEngine::new(manifest.context.clone(), &manifest.templates, &manifest.sources),
            owner: None,
            trees: BTreeMap::new(),
            owned_trees: BTreeMap::new(),
        }
    }

    /// Sets what the definitions belong to that are merged from now on.
    pub(super) fn set_owner(&mut self, owner: DefinitionOwner) {
        if self.owner.as_ref() == Some(&owner) {
            return;
        }
        self.engine.set_owner(Some((owner.name, &owner.value)));
        self.owner = Some(owner);
        self.owned_trees.clear();
    }

    /// Returns the document that results from merging layers.
    pub(super) fn merge_layers(
        &mut self,
        layers: &[Layer],
        root: DocumentKind,
        manifest: &Manifest,
        problems: &mut Problems,
    ) -> Option<MergedDocument> {
        // The name of a service is set in the manifest.
        self.merge_layers_without(layers, root, &["serviceName"], manifest, problems)
    }

    /// Returns the document that results from merging layers; the members in `given` are set elsewhere and not required.
    pub(super) fn merge_layers_without(
        &mut self,
        layers: &[Layer],
        root: DocumentKind,
        given: &[&str],
        manifest: &Manifest,
        problems: &mut Problems,
    ) -> Option<MergedDocument> {
        let mut found = Problems::default();
        let mut merged: Option<Node> = None;
        let mut whole = true;
        for layer in layers {
            let tree = match layer {
                Layer::Inline(node) => Some(node.clone()),
                Layer::File(path) => self.file_tree(&path.value, manifest, &mut found),
            };
            let Some(tree) = tree else {
                whole = false;
                continue;
            };
            let read = DocumentReader::new(root, &manifest.allow_unknown, &mut found).read_document(&tree);
            merged = Some(match merged {
                None => read,
                Some(base) => merge_layer(base, read, root, &mut found),
            });
        }
        let merged = merged.map(|merged| layer::remove_nulls(merged, root.input_shape()));
        let merged = merged.map(|merged| match root {
            DocumentKind::TaskDefinition => with_container_images(merged, manifest, &mut found),
            _ => merged,
        });
        // A layer that could not be read may contain a required member.
        if let Some(merged) = merged.as_ref().filter(|_| whole) {
            check_required(merged, root, given, &mut found);
        }
        self.engine.context().add_member_hints(&mut found, &manifest.sources);
        let sound = whole && !found.has_errors();
        problems.extend(found);
        merged.map(|node| MergedDocument { node, is_valid: sound })
    }

    /// Returns the tree of a file, and reports its problems the first time.
    pub(super) fn file_tree(
        &mut self,
        name: &str,
        manifest: &Manifest,
        problems: &mut Problems,
    ) -> Option<Node> {
        if let Some(known) = self.trees.get(name).or_else(|| self.owned_trees.get(name)) {
            return known.clone();
        }
        // The loader has reported a file that could not be read.
        let id = *manifest.templates.get(name)?;
        let (text, found) = self.engine.render(name, &manifest.sources, UndefinedNames::Strict);
        problems.extend(found);
        let node = text.and_then(|text| tree::parse(&text).map_err(|found| problems.extend(found)).ok());
        problems.extend(node.iter().flat_map(|node| hidden_value_warnings(node, &manifest.sources)));
        let empty = node.as_ref().filter(|node| node.is_null());
        if empty.is_some() {
            let path = &manifest.sources.get(id).name;
            problems.push(Problem::error(empty.map(|node| node.span), format!("`{path}` is empty")));
        }
        let node = node.filter(|node| !node.is_null());
        let is_owned = self.engine.may_use_owner(name, &manifest.sources);
        let trees = if is_owned { &mut self.owned_trees } else { &mut self.trees };
        trees.insert(name.to_owned(), node.clone());
        node
    }
}

/// Merges a layer into the lower layers, and warns about a layer without effect and a container without an image.
fn merge_layer(base: Node, over: Node, root: DocumentKind, problems: &mut Problems) -> Node {
    let containers =
        |node: &Node| node.get("containerDefinitions").map(|list| list.items().to_vec()).unwrap_or_default();
    let name = |container: &Node| container.get("name").and_then(Node::text).map(str::to_owned);
    let known: Vec<String> = containers(&base).iter().filter_map(name).collect();
    for container in containers(&over).iter().filter(|container| container.get("image").is_none()) {
        let Some(missing) = name(container).filter(|name| !known.contains(name)) else { continue };
        let message =
            format!("container `{missing}` has no image in this layer, and no lower layer has the container");
        let hint = did_you_mean(&missing, known.iter().map(String::as_str));
        let at = container.get("name").map_or(container.span, |name| name.span);
        problems.push(Problem::warning(at, message).hint(hint));
    }
    let (span, before) = (over.span, base.to_value());
    let merged = layer::merge(base, over, root.input_shape());
    if merged.to_value() == before && !merged.has_undefined() {
        problems.push(Problem::warning(span, "this layer changes nothing"));
    }
    merged
}
