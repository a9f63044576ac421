//! Reads the `tasks` of the manifest: one-off tasks.

use std::time::Duration;

use super::fields::Fields;
use super::ignore::ignored;
use super::work::{self, WORK_KEYS, Work};
use crate::document::problem::Problems;

/// The keys of a task in addition to those of its specification.
const OWN_KEYS: &[&str] = &["timeout", "ignore"];

/// Returns the keys of a task.
pub fn keys() -> Vec<&'static str> {
    [WORK_KEYS, OWN_KEYS].concat()
}

/// A task of the manifest.
#[derive(Clone, Debug)]
pub struct Task {
    /// The key in the manifest, which is its name in commands.
    pub key: String,
    pub work: Work,
    pub timeout: Option<Duration>,
    pub ignore: Vec<String>,
}

/// Reads the tasks.
pub(super) fn read(fields: &Fields<'_>, problems: &mut Problems) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (key, node) in fields.entries("tasks", problems) {
        let fields = Fields::new(node, &format!("tasks.{}", key.name), &keys(), &[], problems);
        tasks.push(Task {
            key: key.name.clone(),
            work: work::read(&fields, key.span, problems),
            timeout: fields.duration("timeout", problems),
            ignore: ignored(&fields, problems),
        });
    }
    tasks
}
