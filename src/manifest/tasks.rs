//! Reads the `tasks` of the manifest: one-off tasks.

use std::time::Duration;

use super::fields::FieldReader;
use super::ignore::ignored;
use super::task_spec::{self, TASK_SPEC_KEYS, TaskSpec};
use crate::document::problem::Problems;

/// The keys of a task in addition to those of its specification.
const TASK_ONLY_KEYS: &[&str] = &["timeout", "ignore"];

/// Returns the keys of a task.
pub fn task_keys() -> Vec<&'static str> {
    [TASK_SPEC_KEYS, TASK_ONLY_KEYS].concat()
}

/// A task of the manifest.
#[derive(Clone, Debug)]
pub struct ManifestTask {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    pub spec: TaskSpec,
    pub timeout: Option<Duration>,
    pub ignore: Vec<String>,
}

/// Reads the tasks.
pub(super) fn read_tasks(fields: &FieldReader<'_>, problems: &mut Problems) -> Vec<ManifestTask> {
    let mut tasks = Vec::new();
    for (key, node) in fields.entries("tasks", problems) {
        let fields = FieldReader::new(node, &format!("tasks.{}", key.name), &task_keys(), &[], problems);
        tasks.push(ManifestTask {
            key: key.name.clone(),
            spec: task_spec::read_task_spec(&fields, key.span, problems),
            timeout: fields.duration("timeout", problems),
            ignore: ignored(&fields, problems),
        });
    }
    tasks
}
