//! Watches one-off tasks: polls ECS until each has stopped.
//!
//! Never changes anything in AWS. An error that may pass is retried; the caller decides for how long.

use std::time::{Duration, Instant};

use tokio::sync::watch::Sender;

use super::pace::{self, Rhythm};
use crate::aws::error::Meaning;
use crate::aws::types::{Task, TaskStatus};
use crate::aws::{ApiError, Aws};
use crate::diagnose::{self, Diagnosis, diagnose};
use judge::{Deciding, End, Seen, judge};

pub mod judge;

/// Where a watch of tasks reports what it observes.
pub trait TaskReporter {
    /// Reports a status of a task that is new, `seconds` after the task was started; `several` where the run has more
    /// than one task.
    fn task_progress(&self, key: &str, task: &Task, several: bool, seconds: f64);
}

/// How a run of one-off tasks ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskEnding {
    /// By itself, with this exit code: the first that is not 0, of several tasks and containers.
    Exited { code: i64 },
    /// It never ran, or was stopped from outside, and has no exit code.
    FailedWithoutCode { reason: String },
    /// The timeout has passed: whether it was seen to stop.
    TimedOut { stopped: bool },
    /// The run was interrupted: whether it was seen to stop.
    Interrupted { stopped: bool },
    /// It was started, and was not to be waited for.
    NotWaited,
    /// It can no longer be watched, and continues.
    Lost { error: String },
}

/// The result of a run: of all its tasks together, and of each.
#[derive(Clone, Debug)]
pub struct TaskEnd {
    pub key: String,
    pub cluster: String,
    /// `family:revision`.
    pub revision: String,
    pub ending: TaskEnding,
    pub tasks: Vec<TaskFacts>,
    /// ECS has accepted a request to stop it.
    pub told_to_stop: bool,
    /// How many tasks of the same call were not started, and why: each reason once.
    pub missing: usize,
    pub not_started: Vec<String>,
    pub diagnosis: Option<Diagnosis>,
    pub elapsed: Duration,
}

/// What is known of one task of a run.
#[derive(Clone, Debug)]
pub struct TaskFacts {
    pub arn: String,
    /// At the last poll.
    pub status: TaskStatus,
    /// `None`: it was not seen to end.
    pub end: Option<End>,
}

impl TaskFacts {
    /// Returns the id: the last part of the ARN.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}

impl TaskEnd {
    /// Returns whether every task succeeded; one that was not to be waited for counts as succeeded.
    pub fn is_success(&self) -> bool {
        let good = matches!(self.ending, TaskEnding::Exited { code: 0 } | TaskEnding::NotWaited);
        good && self.missing == 0
    }
}

/// How a watch of tasks ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Watched {
    /// Every task has stopped.
    Ended(Vec<End>),
    /// The watch cannot continue; the tasks do.
    Lost { error: String },
}

/// A watch over the tasks of one run.
pub struct TaskWatch<'a> {
    aws: &'a Aws,
    report: &'a dyn TaskReporter,
    key: &'a str,
    cluster: &'a str,
    deciding: Deciding,
    poll: Option<Duration>,
    started: Instant,
    changed: Instant,
    looks: u32,
    seen: Vec<Seen>,
    /// Since when each task is absent from the answers.
    absent: Vec<Option<Instant>>,
}

impl<'a> TaskWatch<'a> {
    /// Returns a watch over tasks as RunTask returned them. `poll` is a fixed time between polls; without it the
    /// time adapts.
    pub fn new(
        (key, cluster): (&'a str, &'a str),
        tasks: &[Task],
        deciding: Deciding,
        poll: Option<Duration>,
        (aws, report): (&'a Aws, &'a dyn TaskReporter),
    ) -> TaskWatch<'a> {
        let now = Instant::now();
        let seen = tasks.iter().map(|task| Seen { task: task.clone(), absent: 0.0 }).collect();
        TaskWatch {
            aws,
            report,
            key,
            cluster,
            deciding,
            poll,
            started: now,
            changed: now,
            looks: 0,
            seen,
            absent: vec![None; tasks.len()],
        }
    }

    /// Returns how the tasks ended, once all have; sends the tasks to `tell` at every poll.
    pub async fn to_the_end(mut self, tell: &Sender<Vec<Task>>) -> Watched {
        loop {
            tokio::time::sleep(self.pause()).await;
            self.looks += 1;
            let arns: Vec<String> = self.seen.iter().map(|seen| seen.task.task_arn.clone()).collect();
            match self.aws.tasks(self.cluster, &arns).await {
                Ok(tasks) => self.take_in(tasks),
                Err(error) if is_final(&error) => {
                    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                    return Watched::Lost { error: format!("{error}{hint}") };
                }
                Err(error) => tracing::info!("still watching the tasks after: {error}"),
            }
            tell.send_replace(self.seen.iter().map(|seen| seen.task.clone()).collect());
            if let Some(ends) = judge(&self.deciding, &self.seen) {
                return Watched::Ended(ends);
            }
        }
    }

    /// Adds the tasks of an answer, and reports what is new.
    fn take_in(&mut self, tasks: Vec<Task>) {
        let several = self.seen.len() > 1;
        for (seen, absent) in self.seen.iter_mut().zip(&mut self.absent) {
            let Some(found) = tasks.iter().find(|task| task.task_arn == seen.task.task_arn) else {
                seen.absent = absent.get_or_insert_with(Instant::now).elapsed().as_secs_f64();
                continue;
            };
            let new = found.last_status != seen.task.last_status;
            *seen = Seen { task: found.clone(), absent: 0.0 };
            *absent = None;
            if new {
                self.changed = Instant::now();
                let seconds = self.started.elapsed().as_secs_f64();
                self.report.task_progress(self.key, found, several, seconds);
            }
        }
    }

    fn pause(&self) -> Duration {
        let near_end = self.seen.iter().all(|seen| {
            use TaskStatus::{Deactivating, Deprovisioning, Stopped, Stopping};
            matches!(seen.task.last_status, Deactivating | Stopping | Deprovisioning | Stopped)
        });
        let rhythm = Rhythm {
            elapsed: self.started.elapsed(),
            looks: self.looks,
            still: self.changed.elapsed(),
            near_end,
        };
        self.poll.unwrap_or_else(|| pace::pause(&rhythm))
    }
}

/// Returns whether no later poll can succeed.
fn is_final(error: &ApiError) -> bool {
    use Meaning::{Denied, Expired, NoCredentials, Unsupported};
    matches!(error.meaning, Denied | Expired | NoCredentials | Unsupported)
}

/// Returns the diagnosis of the tasks that did not succeed; `None` where all did.
pub fn explained(tasks: &[Task], ends: &[End]) -> Option<Diagnosis> {
    let pairs = tasks.iter().zip(ends);
    let failed: Vec<Task> =
        pairs.filter(|(_, end)| !end.is_success()).map(|(task, _)| task.clone()).collect();
    if failed.is_empty() {
        return None;
    }
    diagnose(&diagnose::Seen { stopped: &failed, ..diagnose::Seen::default() })
}
