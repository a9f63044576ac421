//! Renders what tasks run: their definitions, and the members of their RunTask requests.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Definition, Files};
use crate::document::model::Root;
use crate::document::problem::{Problem, Problems};
use crate::lint;
use crate::manifest::Manifest;
use crate::manifest::tasks::Task;
use crate::manifest::work::{Overrides, Work};

/// The members of RunTask that cannot be set in `run_task`, and what sets them.
const DECIDED: &[(&str, &str)] = &[
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
    pub work: DesiredWork,
    pub timeout: Option<Duration>,
}

/// What a task runs.
#[derive(Clone, Debug, Default)]
pub struct DesiredWork {
    /// The key of the service whose members are used for those that are not set here.
    pub like: Option<String>,
    /// `None` to use the definition of the `like` service.
    pub definition: Option<Definition>,
    /// `None` to use the cluster of the `like` service.
    pub cluster: Option<String>,
    /// The members of the RunTask request, without those that ecsail sets.
    pub members: Map<String, Value>,
    pub overrides: Overrides,
    pub count: u32,
}

/// Renders the tasks of a manifest.
pub(super) fn tasks(manifest: &Manifest, files: &mut Files, problems: &mut Problems) -> Vec<DesiredTask> {
    let task = |task: &Task| {
        let ignore = [manifest.ignore.as_slice(), &task.ignore].concat();
        let work = desired(&task.work, &task.key, &ignore, manifest, files, problems)?;
        Some(DesiredTask { key: task.key.clone(), work, timeout: task.timeout })
    };
    manifest.tasks.iter().filter_map(task).collect()
}

/// Renders what a task runs; `name` is its name in messages.
pub(super) fn desired(
    work: &Work,
    name: &str,
    ignore: &[String],
    manifest: &Manifest,
    files: &mut Files,
    problems: &mut Problems,
) -> Option<DesiredWork> {
    let definition = match work.task_definition.is_empty() {
        true => None,
        false => {
            let written = files.document(&work.task_definition, Root::TaskDefinition, manifest, problems)?;
            if written.sound {
                lint::task_definition(&written.node, ignore, problems);
            }
            Some(Definition::Rendered(written.node.to_value()))
        }
    };
    let cluster = work.cluster.clone().or_else(|| match work.like {
        Some(_) => None,
        None => manifest.cluster.clone(),
    });
    if cluster.is_none() && work.like.is_none() {
        let hint = "set one with `cluster:` in the manifest, or `--cluster`".to_owned();
        problems.push(Problem::error(work.span, format!("task `{name}` has no cluster")).hint(hint));
    }
    Some(DesiredWork {
        like: work.like.as_ref().map(|like| like.value.clone()),
        definition,
        cluster,
        members: members(work, manifest, files, problems)?,
        overrides: work.overrides.clone(),
        count: work.count,
    })
}

fn members(
    work: &Work,
    manifest: &Manifest,
    files: &mut Files,
    problems: &mut Problems,
) -> Option<Map<String, Value>> {
    if work.run_task.is_empty() {
        return Some(Map::new());
    }
    let written =
        files.document_given(&work.run_task, Root::RunTask, &["taskDefinition"], manifest, problems)?;
    for (member, decides) in DECIDED {
        let Some(found) = written.node.get(member) else { continue };
        let problem = Problem::error(found.span, format!("`{member}` cannot be set here")).path(*member);
        problems.push(problem.hint(format!("it is set by {decides}")));
    }
    match written.node.to_value() {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
