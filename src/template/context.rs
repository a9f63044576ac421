//! The names for templates, and hints for names that are not set.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Value;

use super::functions;
use super::spelling::{self, SpelledScalar};
use super::values::{self, MissingName};
use crate::document::rendered_text::find_reserved;
use crate::document::source::{SourceId, SourceSpan};
use crate::document::tree::{Node, NodeKey, NodeKind, Scalar};
use crate::lookup::LookupTable;

/// The names for what a definition belongs to.
pub(super) const OWNER_NAMES: &[&str] = &["service", "task", "schedule"];

/// The names for templates.
#[derive(Clone, Debug, Default)]
pub struct TemplateContext {
    nodes: BTreeMap<String, Node>,
    /// The paths that are stand-ins for undefined names, which have been reported.
    missing: Vec<Vec<String>>,
    /// The hints for names that could be defined and are not.
    missing_name_hints: BTreeMap<String, String>,
    /// What templates look up.
    lookups: LookupTable,
}

impl TemplateContext {
    /// Sets the table from which templates take what they look up.
    pub fn set_lookups(&mut self, lookups: LookupTable) {
        self.lookups = lookups;
        self.set_missing_name_hint("aws", "its values are `aws.account` and `aws.region`");
    }

    /// Returns the table from which templates take what they look up.
    pub fn lookups(&self) -> &LookupTable {
        &self.lookups
    }

    /// Defines a name such as `vars.subnets`, whose value depends on look-ups without an answer, as a placeholder.
    pub fn add_placeholder(&mut self, name: &str) {
        self.add_missing_name(name);
    }

    /// Sets a name. A value with a reserved character stays undefined, because it could imitate a token.
    pub fn set(&mut self, name: &str, value: &serde_json::Value) {
        let nowhere = SourceSpan::new(SourceId::from_index(0), 0..0);
        self.set_node(name, &Node::from_value(value, nowhere));
    }

    /// Sets a name to a value of the manifest, whose scalars keep their spelling.
    pub fn set_node(&mut self, name: &str, node: &Node) {
        let Some(node) = without_reserved_characters(node) else {
            return self
                .set_missing_name_hint(name, "its value contains a reserved character (U+E000 to U+E003)");
        };
        self.nodes.insert(name.to_owned(), node);
        self.missing_name_hints.remove(name);
    }

    /// Sets the hint for templates that use a name which is not set.
    pub fn set_missing_name_hint(&mut self, name: &str, hint: &str) {
        self.missing_name_hints.insert(name.to_owned(), hint.to_owned());
    }

    /// Returns the values of the names. The scalars for which `is_spelled` returns true keep their spelling; its argument is
    /// the index in [`TemplateContext::spelled_scalars`].
    pub(super) fn values(&self, is_spelled: &dyn Fn(usize) -> bool) -> BTreeMap<String, Value> {
        let mut next = 0;
        let mut names: BTreeMap<String, Value> = BTreeMap::new();
        for (name, node) in &self.nodes {
            names.insert(name.clone(), spelling::template_value(node, &mut next, is_spelled));
        }
        names.entry("aws".to_owned()).or_insert_with(|| functions::aws_names(&self.lookups));
        for path in &self.missing {
            let Some((first, rest)) = path.split_first() else { continue };
            let value = names.get(first).cloned().unwrap_or(Value::UNDEFINED);
            names.insert(first.clone(), values::with_missing_name(value, rest));
        }
        names
    }

    /// Returns the scalars whose text in templates would differ from their spelling.
    pub(super) fn spelled_scalars(&self) -> Vec<SpelledScalar> {
        let mut found = Vec::new();
        self.nodes.iter().for_each(|(name, node)| spelling::collect_spelled(name, node, &mut found));
        found
    }

    /// Defines a name such as `vars.log_level` as a stand-in for an undefined value; returns whether that is possible.
    pub(super) fn add_missing_name(&mut self, name: &str) -> bool {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        let is_path = path.iter().all(|part| values::is_identifier(part));
        let is_new = !self.is_missing(name);
        if is_path && is_new && self.can_be_extended(&path) {
            self.missing.push(path);
            return true;
        }
        false
    }

    /// Returns whether a name, or one before it in its path, is a stand-in for an undefined value.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        let path: Vec<&str> = name.split('.').collect();
        self.missing
            .iter()
            .any(|missing| path.starts_with(&missing.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// Returns whether a path is absent, and everything before its last name is absent or a mapping.
    fn can_be_extended(&self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        let Some(mut node) = self.nodes.get(first) else { return true };
        for name in rest {
            if !matches!(node.kind, NodeKind::Map(_)) {
                return false;
            }
            let Some(next) = node.get(name) else { return true };
            node = next;
        }
        false
    }

    /// Returns whether a name such as `vars.log_level` is defined.
    pub(super) fn is_defined(&self, name: &str) -> bool {
        let mut path = name.split('.');
        let Some(mut node) = path.next().and_then(|first| self.nodes.get(first)) else { return false };
        for part in path {
            let Some(next) = node.get(part) else { return false };
            node = next;
        }
        true
    }

    /// Returns whether the first name of an expression such as `vars.log_level` is defined or could be.
    pub(super) fn is_known_root(&self, expression: &str) -> bool {
        let first = expression.split(['.', '[']).next().unwrap_or_default();
        self.nodes.contains_key(first) || self.missing_name_hints.contains_key(first)
    }

    /// Sets what a definition belongs to, such as `service`, or nothing; the name is one of [`OWNER_NAMES`].
    pub(super) fn set_owner(&mut self, owner: Option<(&str, &serde_json::Value)>) {
        for name in OWNER_NAMES {
            self.nodes.remove(*name);
        }
        let Some((name, value)) = owner else { return };
        let nowhere = SourceSpan::new(SourceId::from_index(0), 0..0);
        if let Some(node) = without_reserved_characters(&Node::from_value(value, nowhere)) {
            self.nodes.insert(name.to_owned(), node);
        }
    }

    /// Returns the first names that are defined or placeholders, for another language than that of templates.
    pub fn root_names(&self) -> Vec<String> {
        let missing = self.missing.iter().filter_map(|path| path.first());
        self.nodes.keys().chain(missing).cloned().collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Returns the value of a first name, with what is not known yet as undefined.
    pub fn root_value(&self, name: &str) -> Option<Node> {
        let of_name = self.missing.iter().filter(|path| path.first().is_some_and(|first| first == name));
        let known = self.nodes.get(name).cloned();
        of_name.fold(known, |value, path| Some(with_undefined(value, path.get(1..).unwrap_or_default())))
    }

    /// Returns whether a name stands for a value that is not known yet.
    pub fn has_missing_names(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Returns the hint for a name that could be defined and is not.
    pub fn missing_hint(&self, name: &str) -> Option<String> {
        self.missing_name_hints.get(name).cloned()
    }

    /// Returns the value of a first name.
    pub(super) fn root(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// Returns the first names that are defined.
    pub(super) fn roots(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// Returns the hint for a name that could be defined and is not.
    pub(super) fn missing_name_hint(&self, name: &str) -> Option<&String> {
        self.missing_name_hints.get(name)
    }

    /// Returns the members of a first name, such as `vars.log_level`, with those that could be defined and are not.
    pub(super) fn member_paths(&self, root: &str) -> Vec<String> {
        let defined = self.nodes.get(root).map(Node::entries).unwrap_or_default();
        let defined = defined.iter().map(|(key, _)| format!("{root}.{}", key.name));
        let begin = format!("{root}.");
        let missing = self.missing_name_hints.keys().filter(|name| name.starts_with(&begin)).cloned();
        defined.chain(missing).collect::<BTreeSet<String>>().into_iter().collect()
    }
}

impl MissingName {
    /// Returns the value of this stand-in.
    pub(super) fn value() -> Value {
        Value::from_object(MissingName)
    }
}

/// Returns a value with an undefined one at a path of keys.
fn with_undefined(value: Option<Node>, path: &[String]) -> Node {
    let span = SourceSpan::new(SourceId::from_index(0), 0..0);
    let Some((first, rest)) = path.split_first() else { return Node { kind: NodeKind::Undefined, span } };
    let mut entries = match value.map(|value| value.kind) {
        Some(NodeKind::Map(entries)) => entries,
        _ => Vec::new(),
    };
    let known = entries.iter().position(|(key, _)| key.name == *first).map(|at| entries.remove(at).1);
    entries.push((NodeKey { name: first.clone(), span }, with_undefined(known, rest)));
    Node { kind: NodeKind::Map(entries), span }
}

/// Returns a value without the entries that contain a reserved character, or `None` for a text that contains one.
fn without_reserved_characters(node: &Node) -> Option<Node> {
    let kind = match &node.kind {
        NodeKind::Scalar(Scalar::String(text)) if find_reserved(text).is_some() => return None,
        NodeKind::Seq(items) => {
            NodeKind::Seq(items.iter().map(without_reserved_characters).collect::<Option<_>>()?)
        }
        NodeKind::Map(entries) => NodeKind::Map(
            entries
                .iter()
                .filter_map(|(key, node)| Some((key.clone(), without_reserved_characters(node)?)))
                .collect(),
        ),
        kind => kind.clone(),
    };
    Some(Node { kind, span: node.span })
}
