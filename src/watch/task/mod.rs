//! Watches one-off tasks: polls ECS until each has stopped.
//!
//! Never changes anything in AWS. An error that may pass is retried; the caller decides for how long.

use std::time::{Duration, Instant};

use tokio::sync::watch::Sender;

use super::MAX_UNCHANGED_REPORTS;
use super::heartbeat::Heartbeat;
use super::poll_interval::{self, PollHistory};
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{Task, TaskStatus};
use crate::aws::{ApiError, Aws};
use crate::diagnose::{self, Diagnosis, diagnose};
use judge::{DecidingContainers, ObservedTask, TaskOutcome, judge};

pub mod judge;

/// Where a watch of tasks reports what it observes.
pub trait TaskReporter {
    /// Reports a status of a task that is new, `seconds` after the task was started; `several` where the run has more
    /// than one task.
    fn task_progress(&self, key: &str, task: &Task, several: bool, seconds: f64);
    /// Reports a task whose status has not changed for a minute.
    fn task_unchanged(&self, key: &str, task: &Task, several: bool, seconds: f64);
}

/// How a run of one-off tasks ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskRunOutcome {
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
pub struct TaskRunResult {
    pub key: String,
    pub cluster: String,
    /// `family:revision`.
    pub revision: String,
    pub outcome: TaskRunOutcome,
    pub tasks: Vec<TaskResult>,
    /// ECS has accepted a request to stop it.
    pub is_stop_accepted: bool,
    /// How many tasks of the same call were not started, and why: each reason once.
    pub not_started_count: usize,
    pub not_started_reasons: Vec<String>,
    pub diagnosis: Option<Diagnosis>,
    pub elapsed: Duration,
}

/// What is known of one task of a run.
#[derive(Clone, Debug)]
pub struct TaskResult {
    pub arn: String,
    /// At the last poll.
    pub status: TaskStatus,
    /// `None`: it was not seen to end.
    pub outcome: Option<TaskOutcome>,
}

impl TaskResult {
    /// Returns the id: the last part of the ARN.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}

impl TaskRunResult {
    /// Returns whether every task succeeded; one that was not to be waited for counts as succeeded.
    pub fn is_success(&self) -> bool {
        let good = matches!(self.outcome, TaskRunOutcome::Exited { code: 0 } | TaskRunOutcome::NotWaited);
        good && self.not_started_count == 0
    }
}

/// How a watch of tasks ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskWatchOutcome {
    /// Every task has stopped.
    Ended(Vec<TaskOutcome>),
    /// The watch cannot continue; the tasks do.
    Lost { error: String },
}

/// A watch over the tasks of one run.
pub struct TaskWatch<'a> {
    aws: &'a Aws,
    reporter: &'a dyn TaskReporter,
    key: &'a str,
    cluster: &'a str,
    deciding_containers: DecidingContainers,
    poll_interval: Option<Duration>,
    started_at: Instant,
    changed_at: Instant,
    heartbeat: Heartbeat,
    polls: u32,
    observed: Vec<ObservedTask>,
    /// Since when each task is absent from the answers.
    absent_since: Vec<Option<Instant>>,
}

impl<'a> TaskWatch<'a> {
    /// Returns a watch over tasks as `RunTask` returned them. `poll` is a fixed time between polls; without it the
    /// time adapts.
    pub fn new(
        (key, cluster): (&'a str, &'a str),
        tasks: &[Task],
        deciding: DecidingContainers,
        poll: Option<Duration>,
        (aws, report): (&'a Aws, &'a dyn TaskReporter),
    ) -> TaskWatch<'a> {
        let now = Instant::now();
        let seen =
            tasks.iter().map(|task| ObservedTask { task: task.clone(), absent_seconds: 0.0 }).collect();
        TaskWatch {
            aws,
            reporter: report,
            key,
            cluster,
            deciding_containers: deciding,
            poll_interval: poll,
            started_at: now,
            changed_at: now,
            heartbeat: Heartbeat::new(now),
            polls: 0,
            observed: seen,
            absent_since: vec![None; tasks.len()],
        }
    }

    /// Returns how the tasks ended, once all have; sends the tasks to `tell` at every poll.
    pub async fn wait(mut self, tell: &Sender<Vec<Task>>) -> TaskWatchOutcome {
        loop {
            tokio::time::sleep(self.time_to_next_poll()).await;
            self.polls += 1;
            let arns: Vec<String> = self.observed.iter().map(|seen| seen.task.task_arn.clone()).collect();
            match self.aws.tasks(self.cluster, &arns).await {
                Ok(tasks) => self.add_tasks(tasks),
                Err(error) if is_lasting(&error) => {
                    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                    return TaskWatchOutcome::Lost { error: format!("{error}{hint}") };
                }
                Err(error) => tracing::info!("still watching the tasks after: {error}"),
            }
            self.break_silence();
            tell.send_replace(self.observed.iter().map(|seen| seen.task.clone()).collect());
            if let Some(ends) = judge(&self.deciding_containers, &self.observed) {
                return TaskWatchOutcome::Ended(ends);
            }
        }
    }

    /// Adds the tasks of an answer, and reports what is new.
    fn add_tasks(&mut self, tasks: Vec<Task>) {
        let several = self.observed.len() > 1;
        for (seen, absent) in self.observed.iter_mut().zip(&mut self.absent_since) {
            let Some(found) = tasks.iter().find(|task| task.task_arn == seen.task.task_arn) else {
                seen.absent_seconds = absent.get_or_insert_with(Instant::now).elapsed().as_secs_f64();
                continue;
            };
            let new = found.last_status != seen.task.last_status;
            *seen = ObservedTask { task: found.clone(), absent_seconds: 0.0 };
            *absent = None;
            if new {
                self.changed_at = Instant::now();
                self.heartbeat.record_change(self.changed_at);
                let seconds = self.started_at.elapsed().as_secs_f64();
                self.reporter.task_progress(self.key, found, several, seconds);
            }
        }
    }

    /// Reports the tasks that run every 30 seconds while none of them changes.
    fn break_silence(&mut self) {
        if self.heartbeat.silence_to_break(Instant::now()).is_none() {
            return;
        }
        let seconds = self.started_at.elapsed().as_secs_f64();
        let open = self.observed.iter().filter(|seen| seen.task.last_status != TaskStatus::Stopped);
        for seen in open.take(MAX_UNCHANGED_REPORTS) {
            self.reporter.task_unchanged(self.key, &seen.task, self.observed.len() > 1, seconds);
        }
    }

    fn time_to_next_poll(&self) -> Duration {
        let near_end = self.observed.iter().all(|seen| {
            use TaskStatus::{Deactivating, Deprovisioning, Stopped, Stopping};
            matches!(seen.task.last_status, Deactivating | Stopping | Deprovisioning | Stopped)
        });
        let rhythm = PollHistory {
            elapsed: self.started_at.elapsed(),
            calls: self.polls,
            unchanged_for: self.changed_at.elapsed(),
            is_near_end: near_end,
        };
        self.poll_interval.unwrap_or_else(|| poll_interval::next_interval(&rhythm))
    }
}

/// Returns whether no later poll can succeed.
fn is_lasting(error: &ApiError) -> bool {
    use ApiErrorKind::{Denied, Expired, NoCredentials, Unsupported};
    matches!(error.kind, Denied | Expired | NoCredentials | Unsupported)
}

/// Returns the diagnosis of the tasks that did not succeed; `None` where all did.
pub fn diagnose_failed(tasks: &[Task], ends: &[TaskOutcome]) -> Option<Diagnosis> {
    let pairs = tasks.iter().zip(ends);
    let failed: Vec<Task> =
        pairs.filter(|(_, end)| !end.is_success()).map(|(task, _)| task.clone()).collect();
    if failed.is_empty() {
        return None;
    }
    diagnose(&diagnose::DiagnosisInput { stopped_tasks: &failed, ..diagnose::DiagnosisInput::default() })
}
