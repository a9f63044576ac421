//! Reads the log lines of given tasks while they run, and after they stopped, up to the last line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch::Receiver;

use super::reporter::TailReporter;
use super::sources::{DefinitionSources, LogFilter, find_sources};
use super::{LogDestination, LogRequest, LogTail, READ_INTERVAL};
use crate::aws::Aws;
use crate::aws::types::{Task, TaskDefinition, TaskStatus};
use crate::diagnose::stream::log_group_of;
use crate::error::Failure;

/// How long before the creation of a task its first line may be dated, by its own clock, in milliseconds.
const MAX_EARLY_MS: i64 = 60_000;
/// After how many rounds without a line, once the containers have ended, no more are expected, and the most rounds
/// after the stop: the log driver delivers late.
const QUIET_ROUNDS: u32 = 5;
const MAX_ROUNDS_AFTER_STOP: u32 = 20;

/// The tasks whose lines are read, and how these are reported.
#[derive(Clone, Debug)]
pub struct TaskLogRequest {
    pub cluster: String,
    /// The name that commands use for the run.
    pub key: String,
    /// Only the lines of this container.
    pub container: Option<String>,
    /// The lines are the answer, or part of the story with these secrets masked.
    pub destination: LogDestination,
}

impl<'a> LogTail<'a> {
    /// Returns a reader of the lines of tasks of one definition, without open sources.
    pub fn of_tasks(
        following: TaskLogRequest,
        definition: &TaskDefinition,
        tasks: &[Task],
        aws: &'a Aws,
        report: &'a dyn TailReporter,
    ) -> LogTail<'a> {
        let created = tasks.iter().map(|task| task.created_at.0).fold(f64::INFINITY, f64::min);
        let since = if created.is_finite() { (created * 1000.0) as i64 - MAX_EARLY_MS } else { 0 };
        let TaskLogRequest { cluster, key, container, destination: channel } = following;
        let prefixed =
            tasks.len() > 1 || container.is_none() && readable_containers(&definition.document) > 1;
        let reading = LogRequest {
            cluster,
            name: key.clone(),
            key,
            filter: LogFilter { container, task: None },
            pattern: None,
            since,
            limit: None,
            is_masked: false,
        };
        let definitions = BTreeMap::from([(definition.arn.clone(), definition.document.clone())]);
        LogTail {
            definitions,
            destination: channel,
            is_prefixed: prefixed,
            ..LogTail::new(reading, aws, report)
        }
    }

    /// Reports the lines of the tasks as they arrive, and late ones after their containers have ended.
    ///
    /// `seen` has the tasks of the last poll; its sender is dropped once they have stopped.
    ///
    /// # Errors
    /// The credentials have expired.
    pub async fn follow_tasks(
        mut self,
        mut seen: Receiver<Vec<Task>>,
        poll: Option<Duration>,
    ) -> Result<(), Failure> {
        let (mut late, mut quiet) = (0, 0);
        loop {
            // Checked before the lines are read: what was written until then is in them.
            let over = seen.has_changed().is_err();
            let tasks = seen.borrow_and_update().clone();
            self.open_started_tasks(&tasks);
            let was_silent = self.read_quiet_round().await?;
            // Their network is removed for a while after that; what they wrote is already on its way.
            let written = over || tasks.iter().all(has_stopped_writing);
            quiet = if written && was_silent { quiet + 1 } else { 0 };
            late += u32::from(over);
            let nothing_more =
                self.readers.is_empty() || quiet >= QUIET_ROUNDS || late >= MAX_ROUNDS_AFTER_STOP;
            if over && (nothing_more || self.reporter.is_output_closed()) {
                return Ok(());
            }
            tokio::time::sleep(poll.unwrap_or(READ_INTERVAL)).await;
        }
    }

    /// Opens the streams of tasks whose containers ran; before that they do not exist, nor may their log group.
    fn open_started_tasks(&mut self, tasks: &[Task]) {
        let ran = |task: &&Task| {
            let exited = || task.containers.iter().any(|container| container.exit_code.is_some());
            task.started_at.0 > 0.0 || task.last_status == TaskStatus::Running || exited()
        };
        let maps: Vec<_> =
            tasks.iter().filter(ran).filter_map(|task| self.sources_of_task(task, tasks)).collect();
        if !maps.is_empty() {
            self.update_sources(maps);
            self.note_unreadable();
        }
    }

    fn sources_of_task(&self, task: &Task, tasks: &[Task]) -> Option<DefinitionSources> {
        let wanted = LogFilter { task: Some(task.id().to_owned()), ..self.request.filter.clone() };
        let (arn, document) = self.definitions.iter().next()?;
        Some(find_sources(arn, document, tasks, &wanted))
    }

    /// Reads all sources once, and returns whether there was no line; after an error that may pass that is not
    /// known: `false`.
    async fn read_quiet_round(&mut self) -> Result<bool, Failure> {
        let round = self.read_round(None).await;
        let unknown = round.failed.iter().any(|(_, error)| error.is_retryable());
        for (source, error) in round.failed {
            self.continue_after(&source, error)?;
        }
        Ok(round.shown == 0 && !unknown)
    }
}

/// Returns how many containers of a definition write lines that can be read.
fn readable_containers(definition: &Value) -> usize {
    let all = definition["containerDefinitions"].as_array().into_iter().flatten();
    all.filter(|container| matches!(log_group_of(container), Some(Ok(_)))).count()
}

/// Returns whether the containers of a task have ended, so that they write no more lines.
fn has_stopped_writing(task: &Task) -> bool {
    matches!(task.last_status, TaskStatus::Deprovisioning | TaskStatus::Stopped)
}
