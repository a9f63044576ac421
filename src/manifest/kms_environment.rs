//! Values `${BASE64}` of environment variables that are ciphertexts of KMS: an error, unless the manifest has
//! `kms_environment: decrypt`. Then they are looked up like what templates ask for, and each is a warning.

use clap::ValueEnum;

use crate::document::problem::{Problem, Problems};
use crate::document::source::SourceSpan;
use crate::document::tree::{Node, NodeKey, NodeKind};
use crate::lookup::{Lookup, LookupTable};
use crate::secret_store::ciphertext_in;

/// What becomes of ciphertexts in `environment`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KmsEnvironment {
    /// They are errors.
    #[default]
    Refuse,
    /// They are decrypted into plain values, as genova and `ecs_deployer` did.
    Decrypt,
    /// They stay as they are, for a command that reads them and registers nothing.
    #[value(skip)]
    Keep,
}

/// What is needed to resolve ciphertexts.
#[derive(Clone, Copy, Debug)]
pub struct CiphertextScope<'a> {
    pub mode: KmsEnvironment,
    pub lookups: &'a LookupTable,
}

impl CiphertextScope<'_> {
    /// Returns a document with the ciphertexts of its environment variables resolved.
    pub fn resolve(self, node: Node, problems: &mut Problems) -> Node {
        if self.mode == KmsEnvironment::Keep {
            return node;
        }
        let span = node.span;
        match node.kind {
            NodeKind::Map(entries) => {
                let resolved = entries.into_iter().map(|(key, value)| {
                    let value = match key.name.as_str() {
                        "environment" => self.resolve_environment(value, problems),
                        _ => self.resolve(value, problems),
                    };
                    (key, value)
                });
                Node { kind: NodeKind::Map(resolved.collect()), span }
            }
            NodeKind::Seq(items) => {
                let resolved = items.into_iter().map(|item| self.resolve(item, problems));
                Node { kind: NodeKind::Seq(resolved.collect()), span }
            }
            kind => Node { kind, span },
        }
    }

    /// Returns the tree of a manifest with those of the overrides of tasks and schedules resolved. Its definitions are resolved
    /// when their layers are merged, as an upper layer may replace a value.
    pub(super) fn resolve_overrides(self, root: Node, problems: &mut Problems) -> Node {
        let NodeKind::Map(entries) = root.kind else { return root };
        let resolved = entries.into_iter().map(|(key, value)| {
            let is_own = ["tasks", "schedules"].contains(&key.name.as_str());
            let value = if is_own { self.without_documents(value, problems) } else { value };
            (key, value)
        });
        Node { kind: NodeKind::Map(resolved.collect()), span: root.span }
    }

    fn without_documents(self, node: Node, problems: &mut Problems) -> Node {
        let span = node.span;
        match node.kind {
            NodeKind::Map(entries) => {
                let resolved = entries.into_iter().map(|(key, value)| {
                    let value = match key.name.as_str() {
                        "task_definition" | "run_task" | "input" => value,
                        "environment" => self.resolve_environment(value, problems),
                        _ => self.without_documents(value, problems),
                    };
                    (key, value)
                });
                Node { kind: NodeKind::Map(resolved.collect()), span }
            }
            NodeKind::Seq(items) => {
                let resolved = items.into_iter().map(|item| self.without_documents(item, problems));
                Node { kind: NodeKind::Seq(resolved.collect()), span }
            }
            kind => Node { kind, span },
        }
    }

    /// Resolves the values of variables, which are a mapping or a list of names and values.
    fn resolve_environment(self, node: Node, problems: &mut Problems) -> Node {
        let span = node.span;
        match node.kind {
            NodeKind::Map(entries) => {
                let resolved = entries.into_iter().map(|(key, value)| {
                    let value = self.resolve_value(&key.name, key.span, value, problems);
                    (key, value)
                });
                Node { kind: NodeKind::Map(resolved.collect()), span }
            }
            NodeKind::Seq(items) => {
                let resolved = items.into_iter().map(|item| self.resolve_pair(item, problems));
                Node { kind: NodeKind::Seq(resolved.collect()), span }
            }
            kind => Node { kind, span },
        }
    }

    fn resolve_pair(self, pair: Node, problems: &mut Problems) -> Node {
        let name = pair.get("name");
        let (name, at) = (
            name.and_then(Node::text).unwrap_or_default().to_owned(),
            name.map_or(pair.span, |name| name.span),
        );
        let span = pair.span;
        let NodeKind::Map(entries) = pair.kind else { return pair };
        let resolved = entries.into_iter().map(|(key, value): (NodeKey, Node)| {
            let value =
                if key.name == "value" { self.resolve_value(&name, at, value, problems) } else { value };
            (key, value)
        });
        Node { kind: NodeKind::Map(resolved.collect()), span }
    }

    fn resolve_value(self, name: &str, name_span: SourceSpan, value: Node, problems: &mut Problems) -> Node {
        let Some(ciphertext) = value.text().and_then(ciphertext_in) else { return value };
        // What an expression gave is not repeated.
        let variable = if name_span.from_expression { "VARIABLE" } else { name };
        let shown = if name_span.from_expression { "a variable".to_owned() } else { format!("`{name}`") };
        let way_out = format!("move it into a secret with `ecsail secret from-kms {variable} NAME`");
        if self.mode == KmsEnvironment::Refuse {
            let message = format!(
                "the value of {shown} is a ciphertext of KMS, and the container would get it undecrypted"
            );
            let hint = format!("{way_out}, or decrypt it at each deploy with `kms_environment: decrypt`");
            problems.push(Problem::error(value.span, message).hint(hint));
            return value;
        }
        let message = format!(
            "the value of {shown} is decrypted into plain `environment`: who may describe the task definition reads it"
        );
        problems.push(Problem::warning(value.span, message).hint(way_out));
        match self.lookups.answer(&Lookup::Ciphertext(ciphertext)) {
            Some(Ok(plain)) => {
                let span = SourceSpan { from_expression: true, ..value.span };
                Node::string(plain.as_str().unwrap_or_default(), span)
            }
            Some(Err(failure)) => {
                problems.push(failure.problem(value.span));
                value
            }
            None => value,
        }
    }
}
