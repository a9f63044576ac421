//! Reads what explains a failure, once there is one: tasks, targets and the last log lines.
//!
//! What cannot be read is reported as a note, and changes no verdict.

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::judge::{Verdict, ecs_reason};
use super::poll::RelatedReads;
use super::{RolloutWatch, WatchItem, WatchOutcome};
use crate::aws::ApiError;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::Task;
use crate::diagnose::log::LogExcerpt;
use crate::diagnose::stream::{LogStream, log_stream_of};
use crate::diagnose::{Diagnosis, DiagnosisInput, diagnose, failing_container, first_failed_task};
use crate::secrets::{masked_line, secrets_of};

/// The time limit for reading what explains the rollouts that ended in one poll: it must not delay a rollback.
const EXPLAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// The same where the time of the watch is up.
const EXPLAIN_TIMEOUT_AFTER_TIMEOUT: Duration = Duration::from_secs(2);
/// How many of the last log lines are shown.
const MAX_LOG_LINES: i32 = 20;

impl RolloutWatch<'_> {
    /// Reads what explains the watches that ended without success, all at the same time.
    pub(super) async fn explain_results(&mut self) {
        let wanted: Vec<usize> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| item.should_explain().then_some(index))
            .collect();
        let timed_out =
            |index: &usize| matches!(self.items[*index].outcome, Some((WatchOutcome::TimedOut { .. }, _)));
        let limit =
            if wanted.iter().all(timed_out) { EXPLAIN_TIMEOUT_AFTER_TIMEOUT } else { EXPLAIN_TIMEOUT };
        let until = Instant::now() + limit;
        let reading = wanted.iter().map(|index| timeout_at(until, self.read_related_to_end(*index)));
        for (index, read) in wanted.iter().zip(join_all(reading).await) {
            if let Ok(around) = read {
                self.add_related(*index, around);
            } else {
                tracing::info!("the explanation took longer than {limit:?}");
            }
            self.items[*index].diagnosis = self.diagnose(*index);
        }
        let logs = wanted.iter().map(|index| timeout_at(until, self.read_failing_log(*index)));
        for (index, log) in wanted.iter().zip(join_all(logs).await) {
            let late = || {
                Some(LogExcerpt {
                    note: Some("the log could not be read in time".to_owned()),
                    ..LogExcerpt::default()
                })
            };
            let item = &mut self.items[*index];
            if let Some(diagnosis) = &mut item.diagnosis {
                diagnosis.log = log.unwrap_or_else(|_| late());
            }
            item.is_explained = true;
        }
    }

    async fn read_related_to_end(&self, index: usize) -> RelatedReads {
        let item = &self.items[index];
        let tasks = async { if item.sources.tasks { self.read_tasks(index).await } else { Ok(Vec::new()) } };
        let targets = async {
            match &item.snapshot.service {
                Some(service) => self.read_targets(index, service).await,
                None => Ok(None),
            }
        };
        join(tasks, targets).await
    }

    fn add_related(&mut self, index: usize, (tasks, targets): RelatedReads) {
        let tasks = self.tasks_or_note(index, tasks);
        let targets = self.targets_or_note(index, targets);
        let item = &mut self.items[index];
        item.snapshot.add_stopped_tasks(&item.rollout, tasks);
        if let Some(targets) = targets {
            item.snapshot.targets = targets;
        }
    }

    async fn read_failing_log(&self, index: usize) -> Option<LogExcerpt> {
        let item = &self.items[index];
        item.diagnosis.as_ref()?;
        self.read_log_of(first_failed_task(&item.snapshot.stopped_tasks)?).await
    }

    fn diagnose(&self, index: usize) -> Option<Diagnosis> {
        let item = &self.items[index];
        let snapshot = &item.snapshot;
        let mut events: Vec<_> = snapshot
            .service
            .iter()
            .flat_map(|service| item.rollout.events_since_start(service))
            .cloned()
            .collect();
        // In ECS's order, the newest first: it decides between events of the same time.
        events.reverse();
        let deployment = snapshot.service_deployment.as_ref();
        let reason = deployment.and_then(ecs_reason);
        diagnose(&DiagnosisInput {
            stopped_tasks: &snapshot.stopped_tasks,
            events: &events,
            targets: &snapshot.targets,
            alarms: deployment.map_or(&[], |known| &known.alarms.triggered_alarm_names),
            reason: reason.as_deref(),
        })
    }

    /// Returns the last log lines of the container that failed; `None` where it never ran.
    async fn read_log_of(&self, task: &Task) -> Option<LogExcerpt> {
        let container = failing_container(task)?;
        let ran = container.exit_code.is_some() || task.started_at.0 > 0.0;
        if !ran {
            return None;
        }
        let note = |note: String| Some(LogExcerpt { note: Some(note), ..LogExcerpt::default() });
        let definition = match self.aws.task_definition(&task.task_definition_arn).await {
            Ok(Some(definition)) => definition.document,
            Ok(None) => Value::Null,
            Err(error) => return note(format!("failed to find the log: {error}")),
        };
        let stream = match log_stream_of(&definition, task, container)? {
            Ok(stream) => stream,
            Err(why) => return note(why),
        };
        let read = self
            .aws
            .last_log_lines(stream.region.as_deref(), &stream.group, &stream.name, MAX_LOG_LINES)
            .await;
        Some(log_from(stream, read, &secrets_of(&definition)))
    }
}

impl WatchItem {
    /// Returns whether its ending has to be explained, and is not yet.
    fn should_explain(&self) -> bool {
        let Some((ending, _)) = &self.outcome else { return false };
        let superseded = matches!(ending, WatchOutcome::Settled(Verdict::Superseded { .. }));
        let good = (superseded && !self.is_looked_at_once)
            || matches!(
                ending,
                WatchOutcome::Settled(Verdict::Succeeded | Verdict::Reached { .. })
                    | WatchOutcome::Lost { .. }
            );
        // A rollback that was requested needs no explanation.
        let asked =
            self.rollout.going_back && matches!(ending, WatchOutcome::Settled(Verdict::RolledBack { .. }));
        // A deployment that succeeded may lack tasks since, such as after its service was scaled out.
        let is_good = good && !(self.is_looked_at_once && self.lacks_tasks());
        !is_good && !asked && !self.is_explained
    }

    fn lacks_tasks(&self) -> bool {
        let service = self.snapshot.service.as_ref();
        service.is_some_and(|service| service.running_count < service.desired_count)
    }
}

fn log_from(stream: LogStream, read: Result<Vec<String>, ApiError>, secrets: &[String]) -> LogExcerpt {
    let LogStream { group, name: stream, .. } = stream;
    let (lines, note) = match read {
        Ok(lines) if lines.is_empty() => (lines, Some("the container wrote no log line".to_owned())),
        Ok(lines) => (lines.iter().map(|line| masked_line(line, secrets)).collect(), None),
        Err(error) if error.kind == ApiErrorKind::NotFound => {
            (Vec::new(), Some("the log stream does not exist".to_owned()))
        }
        Err(error) => (Vec::new(), Some(format!("failed to read the log: {error}"))),
    };
    LogExcerpt { group, stream, lines, note }
}
