//! Owns the reading of what explains a failure, once it is known: the tasks, the targets, the last log lines.
//!
//! What cannot be read is said, and changes no verdict.

use std::time::Duration;

use serde_json::Value;

use super::judge::{Verdict, told_reason};
use super::{Ending, Watch};
use crate::aws::ApiError;
use crate::aws::error::Meaning;
use crate::aws::types::Task;
use crate::diagnose::log::{Log, masked_line, secrets_of};
use crate::diagnose::stream::{Stream, stream_of};
use crate::diagnose::{Diagnosis, Seen, diagnose, failing_container, first_failing};

/// How long an explanation may take: it must not keep the verdict back.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many of the last log lines are shown.
const LINES: i32 = 20;

impl Watch<'_> {
    /// Reads what explains how a watch ended, where it ended without success.
    pub(super) async fn explain(&mut self, index: usize) {
        let item = &self.items[index];
        let good = matches!(
            item.ending,
            Some((
                Ending::Settled(Verdict::Succeeded | Verdict::Superseded { .. } | Verdict::Reached { .. })
                    | Ending::Lost { .. },
                _
            ))
        );
        // What was taken back on request needs no explanation.
        let asked = item.followed.going_back
            && matches!(item.ending, Some((Ending::Settled(Verdict::RolledBack { .. }), _)));
        if good || asked || item.explained {
            return;
        }
        if tokio::time::timeout(PATIENCE, self.read_explanation(index)).await.is_err() {
            tracing::info!("the explanation took longer than {PATIENCE:?}");
            self.items[index].diagnosis = self.diagnose(index);
        }
        self.items[index].explained = true;
    }

    async fn read_explanation(&mut self, index: usize) {
        if self.items[index].sources.tasks {
            let read = self.read_tasks(index).await;
            let tasks = self.tasks_or_note(index, read);
            let item = &mut self.items[index];
            item.snapshot.add_stopped(&item.followed, tasks);
        }
        if let Some(service) = self.items[index].snapshot.service.clone() {
            let read = self.read_targets(index, &service).await;
            if let Some(targets) = self.targets_or_note(index, read) {
                self.items[index].snapshot.targets = targets;
            }
        }
        let mut diagnosis = self.diagnose(index);
        if let Some(diagnosis) = &mut diagnosis {
            let task = first_failing(&self.items[index].snapshot.stopped).cloned();
            if let Some(task) = task {
                diagnosis.log = self.log_of(&task).await;
            }
        }
        self.items[index].diagnosis = diagnosis;
    }

    fn diagnose(&self, index: usize) -> Option<Diagnosis> {
        let item = &self.items[index];
        let snapshot = &item.snapshot;
        let mut events: Vec<_> =
            snapshot.service.iter().flat_map(|service| item.followed.events(service)).cloned().collect();
        // As ECS gives them, the newest first: that is the order of those that have one time.
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

    /// Returns the last lines of the container that failed; nothing where it never ran.
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
            Err(error) => return note(format!("the log is not shown: {error}")),
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

fn log(stream: Stream, read: Result<Vec<String>, ApiError>, secrets: &[String]) -> Log {
    let Stream { group, name: stream, .. } = stream;
    let (lines, note) = match read {
        Ok(lines) if lines.is_empty() => (lines, Some("the container wrote no log line".to_owned())),
        Ok(lines) => (lines.iter().map(|line| masked_line(line, secrets)).collect(), None),
        Err(error) if error.meaning == Meaning::NotFound => {
            (Vec::new(), Some("there is no such log".to_owned()))
        }
        Err(error) => (Vec::new(), Some(format!("the log cannot be read: {error}"))),
    };
    Log { group, stream, lines, note }
}
