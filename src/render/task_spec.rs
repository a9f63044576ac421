//! Renders what tasks run: their definitions, and the members of their `RunTask` requests.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::definition_files::{DefinitionOwner, MergedDocument};
use super::task_checks::{KnownServices, TaskDocuments, check_task};
use super::{DefinitionFiles, DefinitionSource};
use crate::document::model::DocumentKind;
use crate::document::problem::{Problem, Problems};
use crate::document::source::SourceSpan;
use crate::lint;
use crate::manifest::Manifest;
use crate::manifest::task_spec::{ManifestOverrides, TaskSpec};
use crate::manifest::tasks::ManifestTask;

/// The members of `RunTask` that cannot be set in `run_task`, and what sets them.
const RESERVED_MEMBERS: &[(&str, &str)] = &[
    ("taskDefinition", "`like:` or `task_definition:`"),
    ("cluster", "`cluster:`"),
    ("count", "`count:`"),
    ("clientToken", "ecsail"),
    ("startedBy", "ecsail"),
    ("overrides", "`overrides:`, or `container:`, `command:`, `environment:`, `cpu:` and `memory:`"),
];

/// A desired one-off task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DesiredTask {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    pub spec: DesiredTaskSpec,
    pub timeout: Option<Duration>,
}

/// What a task runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DesiredTaskSpec {
    /// The key of the service whose members are used for those that are not set here.
    pub like: Option<String>,
    /// `None` to use the definition of the `like` service.
    pub definition: Option<DefinitionSource>,
    /// `None` to use the cluster of the `like` service.
    pub cluster: Option<String>,
    /// The members of the `RunTask` request, without those that ecsail sets.
    pub run_task_members: Map<String, Value>,
    pub overrides: ManifestOverrides,
    pub count: u32,
}

/// Renders the tasks of a manifest.
pub(super) fn render_tasks(
    manifest: &Manifest,
    known: KnownServices<'_>,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Vec<DesiredTask> {
    let task = |task: &ManifestTask| {
        let ignore = [manifest.ignore.as_slice(), &task.ignore].concat();
        files.set_owner(DefinitionOwner { name: "task", value: json!({ "key": task.key }) });
        let context = TaskContext { name: &task.key, ignore: &ignore, input: None, known };
        let work = render_task_spec(&task.spec, &context, manifest, files, problems)?;
        Some(DesiredTask { key: task.key.clone(), spec: work, timeout: task.timeout })
    };
    manifest.tasks.iter().filter_map(task).collect()
}

/// What a task is rendered and checked with.
#[derive(Clone, Copy)]
pub(super) struct TaskContext<'a> {
    /// Its name in messages.
    pub(super) name: &'a str,
    pub(super) ignore: &'a [String],
    /// The input of a schedule target, which replaces the overrides of the manifest.
    pub(super) input: Option<(&'a str, SourceSpan)>,
    pub(super) known: KnownServices<'a>,
}

/// Renders what a task runs.
pub(super) fn render_task_spec(
    work: &TaskSpec,
    context: &TaskContext<'_>,
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<DesiredTaskSpec> {
    let written = if work.task_definition.is_empty() {
        None
    } else {
        Some(files.merge_layers(&work.task_definition, DocumentKind::TaskDefinition, manifest, problems)?)
    };
    if let Some(written) = written.as_ref().filter(|written| written.is_valid) {
        lint::check_task_definition(&written.node, context.ignore, problems);
    }
    let run_task = render_run_task(work, manifest, files, problems);
    let overrides = render_overrides(work, manifest, files, problems)?;
    let readable = written.as_ref().is_none_or(|written| written.is_valid);
    if readable && run_task.as_ref().is_none_or(|run_task| run_task.is_valid) {
        let documents = TaskDocuments {
            overrides: &overrides,
            spec: work,
            definition: written.as_ref().map(|written| &written.node),
            run_task: run_task.as_ref().map(|run_task| &run_task.node),
            input: context.input,
        };
        check_task(&documents, context.known, context.ignore, problems);
    }
    let cluster = work.cluster.clone().or_else(|| match work.like {
        Some(_) => None,
        None => manifest.cluster.clone(),
    });
    if cluster.is_none() && work.like.is_none() {
        let hint = "set one with `cluster:` in the manifest, or `--cluster`".to_owned();
        let message = format!("task `{}` has no cluster", context.name);
        problems.push(Problem::error(work.span, message).hint(hint));
    }
    let run_task_members = match (work.run_task.is_empty(), run_task.map(|run_task| run_task.node.to_value()))
    {
        (true, _) => Map::new(),
        (false, Some(Value::Object(members))) => members,
        (false, _) => return None,
    };
    Some(DesiredTaskSpec {
        like: work.like.as_ref().map(|like| like.value.clone()),
        definition: definition_source(work, written),
        cluster,
        run_task_members,
        overrides,
        count: work.count,
    })
}

fn definition_source(work: &TaskSpec, written: Option<MergedDocument>) -> Option<DefinitionSource> {
    match (&work.registered, written) {
        (Some(named), _) => Some(DefinitionSource::Registered(named.value.clone())),
        (None, written) => Some(DefinitionSource::Rendered(written?.node.to_value())),
    }
}

/// Returns the overrides of a task; `None` if their document cannot be read.
fn render_overrides(
    work: &TaskSpec,
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<ManifestOverrides> {
    if work.override_document.is_empty() {
        return Some(work.overrides.clone());
    }
    let (layers, kind) = (&work.override_document, DocumentKind::TaskOverride);
    let Value::Object(members) = files.merge_layers(layers, kind, manifest, problems)?.node.to_value() else {
        return None;
    };
    Some(ManifestOverrides { members, ..work.overrides.clone() })
}

/// Returns the document of a task's `RunTask` request, if the manifest has one that can be read.
fn render_run_task(
    work: &TaskSpec,
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<MergedDocument> {
    if work.run_task.is_empty() {
        return None;
    }
    let written = files.merge_layers_without(
        &work.run_task,
        DocumentKind::RunTask,
        &["taskDefinition"],
        manifest,
        problems,
    )?;
    for (member, decides) in RESERVED_MEMBERS {
        let Some(found) = written.node.get(member) else { continue };
        let problem = Problem::error(found.span, format!("`{member}` cannot be set here")).path(*member);
        problems.push(problem.hint(format!("it is set by {decides}")));
    }
    Some(written)
}
