//! Renders what tasks run: their definitions, and the members of their `RunTask` requests.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{DefinitionFiles, DefinitionSource};
use crate::document::model::DocumentKind;
use crate::document::problem::{Problem, Problems};
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
    ("overrides", "`container:`, `command:`, `environment:`, `cpu:` and `memory:`"),
];

/// A desired one-off task.
#[derive(Clone, Debug)]
pub struct DesiredTask {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    pub spec: DesiredTaskSpec,
    pub timeout: Option<Duration>,
}

/// What a task runs.
#[derive(Clone, Debug, Default)]
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
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Vec<DesiredTask> {
    let task = |task: &ManifestTask| {
        let ignore = [manifest.ignore.as_slice(), &task.ignore].concat();
        let work = render_task_spec(&task.spec, &task.key, &ignore, manifest, files, problems)?;
        Some(DesiredTask { key: task.key.clone(), spec: work, timeout: task.timeout })
    };
    manifest.tasks.iter().filter_map(task).collect()
}

/// Renders what a task runs; `name` is its name in messages.
pub(super) fn render_task_spec(
    work: &TaskSpec,
    name: &str,
    ignore: &[String],
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<DesiredTaskSpec> {
    let definition = if work.task_definition.is_empty() {
        None
    } else {
        let written =
            files.merge_layers(&work.task_definition, DocumentKind::TaskDefinition, manifest, problems)?;
        if written.is_valid {
            lint::check_task_definition(&written.node, ignore, problems);
        }
        Some(DefinitionSource::Rendered(written.node.to_value()))
    };
    let cluster = work.cluster.clone().or_else(|| match work.like {
        Some(_) => None,
        None => manifest.cluster.clone(),
    });
    if cluster.is_none() && work.like.is_none() {
        let hint = "set one with `cluster:` in the manifest, or `--cluster`".to_owned();
        problems.push(Problem::error(work.span, format!("task `{name}` has no cluster")).hint(hint));
    }
    Some(DesiredTaskSpec {
        like: work.like.as_ref().map(|like| like.value.clone()),
        definition,
        cluster,
        run_task_members: render_run_task_members(work, manifest, files, problems)?,
        overrides: work.overrides.clone(),
        count: work.count,
    })
}

fn render_run_task_members(
    work: &TaskSpec,
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<Map<String, Value>> {
    if work.run_task.is_empty() {
        return Some(Map::new());
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
    match written.node.to_value() {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
