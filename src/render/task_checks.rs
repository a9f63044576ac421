//! Checks what tasks and schedule targets run, with the definition that they run where the manifest has it.

use serde_json::Value;

use super::overrides::override_members;
use super::{DefinitionSource, DesiredService};
use crate::document::problem::Problems;
use crate::document::source::SourceSpan;
use crate::document::tree::{Node, NodeKind};
use crate::lint::document_view::TaskDefinitionView;
use crate::lint::{self, TaskRunView};
use crate::manifest::task_spec::{ManifestOverrides, TaskSpec};

/// The services whose definitions tasks may use.
#[derive(Clone, Copy)]
pub(super) struct KnownServices<'a> {
    pub(super) services: &'a [DesiredService],
    pub(super) like_services: &'a [DesiredService],
}

impl<'a> KnownServices<'a> {
    /// Returns the document of the definition of a service, if the manifest has it.
    fn definition(&self, key: &str) -> Option<&'a Value> {
        let service = self.services.iter().chain(self.like_services).find(|service| service.key == key)?;
        match &service.definition {
            DefinitionSource::Rendered(document) => Some(document),
            _ => None,
        }
    }
}

/// What a task or a schedule target runs, with its documents as trees.
#[derive(Clone, Copy)]
pub(super) struct TaskDocuments<'a> {
    pub(super) spec: &'a TaskSpec,
    pub(super) overrides: &'a ManifestOverrides,
    /// The definition of its own.
    pub(super) definition: Option<&'a Node>,
    /// The members of its `RunTask` request.
    pub(super) run_task: Option<&'a Node>,
    /// The input of a schedule target, in place of the overrides of the manifest.
    pub(super) input: Option<(&'a str, SourceSpan)>,
}

/// Runs the checks of one-off tasks.
pub(super) fn check_task(
    documents: &TaskDocuments<'_>,
    known: KnownServices<'_>,
    ignore: &[String],
    problems: &mut Problems,
) {
    let Some(span) = documents.spec.span else { return };
    let like = documents.spec.like.as_ref();
    let borrowed =
        like.and_then(|like| known.definition(&like.value)).map(|document| Node::from_value(document, span));
    let definition = documents.definition.or(borrowed.as_ref());
    let overrides = match documents.input {
        Some((input, span)) => input_overrides(input, span),
        None => {
            manifest_overrides(documents.overrides, definition).map(|value| Node::from_value(&value, span))
        }
    };
    let empty = Node { kind: NodeKind::Map(Vec::new()), span };
    let run = TaskRunView {
        node: documents.run_task.unwrap_or(&empty),
        overrides: overrides.as_ref(),
        task_definition: definition.map(TaskDefinitionView::new),
        is_like_service: like.is_some(),
    };
    lint::check_task_run(&run, ignore, problems);
}

/// Returns the overrides of a task as `RunTask` takes them. Without a known definition, the container has no name.
fn manifest_overrides(overrides: &ManifestOverrides, definition: Option<&Node>) -> Option<Value> {
    let named = overrides.container.as_deref();
    let first = definition.and_then(first_container);
    override_members(overrides, named.or(first).or(Some(""))).ok().flatten()
}

/// Returns the container that overrides apply to if none is named: the first essential one, else the first.
fn first_container(definition: &Node) -> Option<&str> {
    let containers = definition.get("containerDefinitions")?.items();
    let essential = |container: &&Node| container.get("essential").and_then(Node::text) != Some("false");
    let container = containers.iter().find(essential).or_else(|| containers.first())?;
    container.get("name")?.text()
}

/// Returns an input as overrides, if it is an object.
fn input_overrides(input: &str, span: SourceSpan) -> Option<Node> {
    let value: Value = serde_json::from_str(input).ok()?;
    value.is_object().then(|| Node::from_value(&value, span))
}
