//! Reads what explains a failure, once there is one: tasks, targets and the last log lines.
//!
//! What cannot be read is reported as a note, and changes no verdict.

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::judge::{Verdict, told_reason};
use super::look::Around;
use super::{Ending, Item, Watch};
use crate::aws::ApiError;
use crate::aws::error::Meaning;
use crate::aws::types::Task;
use crate::diagnose::log::Log;
use crate::diagnose::stream::{Stream, stream_of};
use crate::diagnose::{Diagnosis, Seen, diagnose, failing_container, first_failing};
use crate::secrets::{masked_line, secrets_of};

/// The time limit for reading what explains the rollouts that ended in one poll: it must not delay a rollback.
const PATIENCE: Duration = Duration::from_secs(8);
/// How many of the last log lines are shown.
const LINES: i32 = 20;

impl Watch<'_> {
    /// Reads what explains the watches that ended without success, all at the same time.
    pub(super) async fn explain_ended(&mut self) {
        let wanted: Vec<usize> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| item.wants_words().then_some(index))
            .collect();
        let until = Instant::now() + PATIENCE;
        let reading = wanted.iter().map(|index| timeout_at(until, self.read_around_the_end(*index)));
        for (index, read) in wanted.iter().zip(join_all(reading).await) {
            match read {
                Ok(around) => self.add_around(*index, around),
                Err(_) => tracing::info!("the explanation took longer than {PATIENCE:?}"),
            }
            self.items[*index].diagnosis = self.diagnose(*index);
        }
        let logs = wanted.iter().map(|index| timeout_at(until, self.log_of_the_end(*index)));
        for (index, log) in wanted.iter().zip(join_all(logs).await) {
            let late =
                || Some(Log { note: Some("the log could not be read in time".to_owned()), ..Log::default() });
            let item = &mut self.items[*index];
            if let Some(diagnosis) = &mut item.diagnosis {
                diagnosis.log = log.unwrap_or_else(|_| late());
            }
            item.explained = true;
        }
    }

    async fn read_around_the_end(&self, index: usize) -> Around {
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

    fn add_around(&mut self, index: usize, (tasks, targets): Around) {
        let tasks = self.tasks_or_note(index, tasks);
        let targets = self.targets_or_note(index, targets);
        let item = &mut self.items[index];
        item.snapshot.add_stopped(&item.followed, tasks);
        if let Some(targets) = targets {
            item.snapshot.targets = targets;
        }
    }

    async fn log_of_the_end(&self, index: usize) -> Option<Log> {
        let item = &self.items[index];
        item.diagnosis.as_ref()?;
        self.log_of(first_failing(&item.snapshot.stopped)?).await
    }

    fn diagnose(&self, index: usize) -> Option<Diagnosis> {
        let item = &self.items[index];
        let snapshot = &item.snapshot;
        let mut events: Vec<_> =
            snapshot.service.iter().flat_map(|service| item.followed.events(service)).cloned().collect();
        // In ECS's order, the newest first: it decides between events of the same time.
        events.reverse();
        let deployment = snapshot.service_deployment.as_ref();
        let reason = deployment.and_then(told_reason);
        diagnose(&Seen {
            stopped: &snapshot.stopped,
            events: &events,
            targets: &snapshot.targets,
            alarms: deployment.map_or(&[], |known| &known.alarms.triggered_alarm_names),
            reason: reason.as_deref(),
        })
    }

    /// Returns the last log lines of the container that failed; `None` where it never ran.
    async fn log_of(&self, task: &Task) -> Option<Log> {
        let container = failing_container(task)?;
        let ran = container.exit_code.is_some() || task.started_at.0 > 0.0;
        if !ran {
            return None;
        }
        let note = |note: String| Some(Log { note: Some(note), ..Log::default() });
        let definition = match self.aws.task_definition(&task.task_definition_arn).await {
            Ok(Some(definition)) => definition.document,
            Ok(None) => Value::Null,
            Err(error) => return note(format!("failed to find the log: {error}")),
        };
        let stream = match stream_of(&definition, task, container)? {
            Ok(stream) => stream,
            Err(why) => return note(why),
        };
        let read =
            self.aws.last_log_lines(stream.region.as_deref(), &stream.group, &stream.name, LINES).await;
        Some(log(stream, read, &secrets_of(&definition)))
    }
}

impl Item {
    /// Returns whether its ending has to be explained, and is not yet.
    fn wants_words(&self) -> bool {
        let Some((ending, _)) = &self.ending else { return false };
        let good = matches!(
            ending,
            Ending::Settled(Verdict::Succeeded | Verdict::Superseded { .. } | Verdict::Reached { .. })
                | Ending::Lost { .. }
        );
        // A rollback that was requested needs no explanation.
        let asked = self.followed.going_back && matches!(ending, Ending::Settled(Verdict::RolledBack { .. }));
        !good && !asked && !self.explained
    }
}

fn log(stream: Stream, read: Result<Vec<String>, ApiError>, secrets: &[String]) -> Log {
    let Stream { group, name: stream, .. } = stream;
    let (lines, note) = match read {
        Ok(lines) if lines.is_empty() => (lines, Some("the container wrote no log line".to_owned())),
        Ok(lines) => (lines.iter().map(|line| masked_line(line, secrets)).collect(), None),
        Err(error) if error.meaning == Meaning::NotFound => {
            (Vec::new(), Some("the log stream does not exist".to_owned()))
        }
        Err(error) => (Vec::new(), Some(format!("failed to read the log: {error}"))),
    };
    Log { group, stream, lines, note }
}
