//! Reads the log lines of given tasks while they run, and after they stopped, up to the last line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch::Receiver;

use super::reporter::TailReporter;
use super::sources::{Map, Wanted, sources};
use super::{Channel, POLL, Reading, Tail};
use crate::aws::Aws;
use crate::aws::types::{Task, TaskDefinition, TaskStatus};
use crate::diagnose::stream::group_of;
use crate::error::Failure;

/// How long before the creation of a task its first line may be dated, by its own clock, in milliseconds.
const EARLY: i64 = 60_000;
/// After how many rounds without a line, once the containers have ended, no more are expected, and the most rounds
/// after the stop: the log driver delivers late.
const QUIET: u32 = 5;
const AT_MOST: u32 = 20;

/// The tasks whose lines are read, and how these are reported.
#[derive(Clone, Debug)]
pub struct Following {
    pub cluster: String,
    /// The name that commands use for the run.
    pub key: String,
    /// Only the lines of this container.
    pub container: Option<String>,
    /// The lines are the answer, or part of the story with these secrets masked.
    pub channel: Channel,
}

impl<'a> Tail<'a> {
    /// Returns a reader of the lines of tasks of one definition, without open sources.
    pub fn of_tasks(
        following: Following,
        definition: &TaskDefinition,
        tasks: &[Task],
        aws: &'a Aws,
        report: &'a dyn TailReporter,
    ) -> Tail<'a> {
        let created = tasks.iter().map(|task| task.created_at.0).fold(f64::INFINITY, f64::min);
        let since = if created.is_finite() { (created * 1000.0) as i64 - EARLY } else { 0 };
        let Following { cluster, key, container, channel } = following;
        let prefixed = tasks.len() > 1 || container.is_none() && readable(&definition.document) > 1;
        let reading = Reading {
            cluster,
            name: key.clone(),
            key,
            wanted: Wanted { container, task: None },
            pattern: None,
            since,
            limit: None,
        };
        let definitions = BTreeMap::from([(definition.arn.clone(), definition.document.clone())]);
        Tail { definitions, channel, prefixed, ..Tail::new(reading, aws, report) }
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
            self.open_those_that_ran(&tasks);
            let was_silent = self.one_round().await?;
            // Their network is removed for a while after that; what they wrote is already on its way.
            let written = over || tasks.iter().all(has_written);
            quiet = if written && was_silent { quiet + 1 } else { 0 };
            late += u32::from(over);
            let nothing_more = self.open.is_empty() || quiet >= QUIET || late >= AT_MOST;
            if over && (nothing_more || self.report.is_output_closed()) {
                return Ok(());
            }
            tokio::time::sleep(poll.unwrap_or(POLL)).await;
        }
    }

    /// Opens the streams of tasks whose containers ran; before that they do not exist, nor may their log group.
    fn open_those_that_ran(&mut self, tasks: &[Task]) {
        let ran = |task: &&Task| {
            let exited = || task.containers.iter().any(|container| container.exit_code.is_some());
            task.started_at.0 > 0.0 || task.last_status == TaskStatus::Running || exited()
        };
        let maps: Vec<_> = tasks.iter().filter(ran).flat_map(|task| self.map_of(task, tasks)).collect();
        if !maps.is_empty() {
            self.reopen(maps);
            self.say_unreadable();
        }
    }

    fn map_of(&self, task: &Task, tasks: &[Task]) -> Option<Map> {
        let wanted = Wanted { task: Some(task.id().to_owned()), ..self.reading.wanted.clone() };
        let (arn, document) = self.definitions.iter().next()?;
        Some(sources(arn, document, tasks, &wanted))
    }

    /// Reads all sources once, and returns whether there was no line; after an error that may pass that is not
    /// known: `false`.
    async fn one_round(&mut self) -> Result<bool, Failure> {
        let round = self.round(None).await;
        let unknown = round.failed.iter().any(|(_, error)| error.may_pass());
        for (source, error) in round.failed {
            self.ride_out(&source, error)?;
        }
        Ok(round.shown == 0 && !unknown)
    }
}

/// Returns how many containers of a definition write lines that can be read.
fn readable(definition: &Value) -> usize {
    let all = definition["containerDefinitions"].as_array().into_iter().flatten();
    all.filter(|container| matches!(group_of(container), Some(Ok(_)))).count()
}

/// Returns whether the containers of a task have ended, so that they write no more lines.
fn has_written(task: &Task) -> bool {
    matches!(task.last_status, TaskStatus::Deprovisioning | TaskStatus::Stopped)
}
