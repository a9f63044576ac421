//! Reads a mapping of the manifest member by member, and reports unknown keys and values of the wrong type.

use std::time::Duration;

use clap::ValueEnum;

use crate::document::problem::{Problem, Problems, did_you_mean};
use crate::document::source::SourceSpan;
use crate::document::tree::{Node, NodeKey, NodeKind, Scalar};
use crate::duration;

/// A value and its source span.
#[derive(Clone, Debug, PartialEq)]
pub struct LocatedValue<T> {
    pub value: T,
    pub span: SourceSpan,
}

/// A mapping of the manifest whose members are being read.
pub struct FieldReader<'a> {
    node: &'a Node,
    path: String,
}

impl<'a> FieldReader<'a> {
    /// Returns a reader of `node`, after reporting the keys that are not in `known`.
    ///
    /// Keys in `later` are reported as not supported by this version.
    pub fn new(
        node: &'a Node,
        path: &str,
        known: &[&str],
        later: &[&str],
        problems: &mut Problems,
    ) -> FieldReader<'a> {
        if !matches!(node.kind, NodeKind::Map(_) | NodeKind::Null | NodeKind::Undefined) {
            let what = if path.is_empty() { "the manifest".to_owned() } else { format!("`{path}`") };
            let message = format!("{what} must be a mapping, found {}", node.describe());
            problems.push(Problem::error(node.span, message).path(path));
        }
        for (key, _) in node.entries().iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            // `x-…` keys hold YAML anchors, as in Compose files.
            if path.is_empty() && key.name.starts_with("x-") {
                continue;
            }
            problems.push(unknown_key_problem(key, path, known, later));
        }
        FieldReader { node, path: path.to_owned() }
    }

    /// Returns the path of a member.
    pub fn member_path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Returns a member, unless it is absent or `null`.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.node.get(name).filter(|node| !node.is_null())
    }

    /// Returns the text of a scalar member, and reports any other value.
    pub fn text(&self, name: &str, problems: &mut Problems) -> Option<LocatedValue<String>> {
        let node = self.get(name)?;
        if node.is_undefined() {
            return None;
        }
        let Some(text) = node.text().filter(|text| !text.is_empty()) else {
            self.report_mismatch(name, node, "a string", problems);
            return None;
        };
        Some(LocatedValue { value: text.to_owned(), span: node.span })
    }

    /// Returns a member that is `true` or `false`.
    pub fn boolean(&self, name: &str, problems: &mut Problems) -> Option<bool> {
        let text = self.text(name, problems)?;
        if let Some(NodeKind::Scalar(Scalar::Bool(value, _))) = self.get(name).map(|node| &node.kind) {
            return Some(*value);
        }
        match text.value.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                let message = format!("`{name}` must be `true` or `false`, found `{other}`");
                problems.push(Problem::error(text.span, message).path(self.member_path(name)));
                None
            }
        }
    }

    /// Returns a duration member, such as `15m` or `1h30m`.
    pub fn duration(&self, name: &str, problems: &mut Problems) -> Option<Duration> {
        let text = self.text(name, problems)?;
        if let Some(duration) = duration::parse(&text.value) {
            Some(duration)
        } else {
            let message = format!("`{}` is not a duration", text.value);
            let problem = Problem::error(text.span, message).path(self.member_path(name));
            problems.push(problem.hint("write it as `90s`, `15m` or `1h30m`".to_owned()));
            None
        }
    }

    /// Returns a member that takes one of a fixed set of values.
    pub fn enum_value<T: ValueEnum>(&self, name: &str, problems: &mut Problems) -> Option<T> {
        let text = self.text(name, problems)?;
        let found = T::from_str(&text.value, false).ok();
        if found.is_none() {
            let values = T::value_variants().iter().filter_map(T::to_possible_value);
            let values: Vec<String> = values.map(|value| format!("`{}`", value.get_name())).collect();
            let message = format!("`{name}` must be {}, found `{}`", values.join(" or "), text.value);
            problems.push(Problem::error(text.span, message).path(self.member_path(name)));
        }
        found
    }

    /// Returns the entries of a mapping member, or an empty slice if it is absent.
    pub fn entries(&self, name: &str, problems: &mut Problems) -> &'a [(NodeKey, Node)] {
        let Some(node) = self.get(name) else { return &[] };
        if !matches!(node.kind, NodeKind::Map(_) | NodeKind::Undefined) {
            self.report_mismatch(name, node, "a mapping", problems);
        }
        node.entries()
    }

    /// Returns the scalar items of a list member as texts.
    pub fn text_list(&self, name: &str, problems: &mut Problems) -> Vec<String> {
        let Some(node) = self.get(name) else { return Vec::new() };
        if !matches!(node.kind, NodeKind::Seq(_) | NodeKind::Undefined) {
            self.report_mismatch(name, node, "a list", problems);
        }
        node.items().iter().filter_map(Node::text).map(str::to_owned).collect()
    }

    /// Returns the names of a member that is a name or a list of names, without duplicates.
    pub fn name_list(&self, name: &str, problems: &mut Problems) -> Vec<LocatedValue<String>> {
        let Some(node) = self.get(name) else { return Vec::new() };
        let items = match &node.kind {
            NodeKind::Seq(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut names: Vec<LocatedValue<String>> = Vec::new();
        for item in items.iter().filter(|item| !item.is_undefined()) {
            match item.text().filter(|text| !text.is_empty()) {
                Some(text) if names.iter().any(|known| known.value == text) => {}
                Some(text) => names.push(LocatedValue { value: text.to_owned(), span: item.span }),
                None => self.report_mismatch(name, item, "a name or a list of names", problems),
            }
        }
        names
    }

    fn report_mismatch(&self, name: &str, node: &Node, expected: &str, problems: &mut Problems) {
        let message = format!("`{name}` must be {expected}, found {}", node.describe());
        let problem = Problem::error(node.span, message).label(format!("expected {expected}"));
        let hint = node.unquoted_text_hint().map(str::to_owned);
        problems.push(problem.path(self.member_path(name)).hint(hint));
    }
}

fn unknown_key_problem(key: &NodeKey, path: &str, known: &[&str], later: &[&str]) -> Problem {
    let full = if path.is_empty() {
        key.display_name().to_owned()
    } else {
        format!("{path}.{}", key.display_name())
    };
    if later.contains(&key.name.as_str()) {
        let message = format!("`{}` is not supported by this version of ecsail", key.name);
        return Problem::error(key.span, message).path(full);
    }
    let hint = did_you_mean(&key.name, known.iter().copied());
    let hint = hint.unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
    Problem::error(key.span, format!("unknown key `{}`", key.display_name())).path(full).hint(hint)
}
