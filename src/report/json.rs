//! Reports to programs: one JSON object a line on stdout or in a file, nothing on stderr. Each line is one of
//! [`crate::events`].

use serde_json::{Map, Value};

use super::deletion;
use super::given_flags::GivenFlags;
use super::report_file::ReportFile;
use super::{
    Event, Reporter, RolloutQuestion, TaskQuestion, error, hook, log, plan, problems, promotion, rollback,
    rollout, screen, task,
};
use crate::apply::{AutoscalingAction, ScheduleAction};
use crate::aws::types;
use crate::aws::types::Via;
use crate::error::Failure;
use crate::events::answer::{Document, Note, Remark};
use crate::events::approval::Emergency;
use crate::events::autoscaling::{self as events, AutoscalingApplied};
use crate::events::plan::{Created, Deregistered, Registered, Updated};
use crate::events::prune::Deleted;
use crate::events::rollout::{RolloutEvent, RolloutRollbackStarted, Unchanged};
use crate::events::schedule::{AppliedAction, ScheduleApplied};
use crate::events::task::{TaskLine, TaskProgress, TaskStarted};
use crate::events::{JsonEvent, JsonLine};
use crate::hooks::HookFact;
use crate::secrets;

/// Writes events as JSON lines.
#[derive(Debug)]
pub struct JsonReporter {
    pub sandbox: bool,
    pub quiet: bool,
    pub flags: GivenFlags,
    /// The file that has the lines in place of stdout.
    pub file: Option<ReportFile>,
}

impl JsonReporter {
    fn write_line(&self, event: &JsonEvent) {
        let line = JsonLine { event, sandbox: self.sandbox };
        match serde_json::to_string(&line) {
            Ok(line) => match &self.file {
                Some(file) => file.write_line(&printed_json(&line)),
                None => screen::write_answer(&printed_json(&line)),
            },
            // The structs have no maps but those with strings as keys, so this is not reached.
            Err(error) => tracing::error!("failed to write an event: {error}"),
        }
    }
}

impl Reporter for JsonReporter {
    fn report(&self, event: &Event<'_>) {
        let story = matches!(
            event,
            Event::Note(_)
                | Event::Interrupted(_)
                | Event::Progress(_)
                | Event::ProgressUnchanged { .. }
                | Event::ServiceEvent { .. }
                | Event::TaskProgress { .. }
                | Event::TaskUnchanged { .. }
                | Event::Hook { fact: HookFact::Line { .. }, .. }
        );
        if story && self.quiet {
            return;
        }
        match event {
            Event::FileProblems(invalid) => {
                for problem in invalid.shown() {
                    let problem = problems::event(&problem, &invalid.sources);
                    self.write_line(&JsonEvent::Remark(Remark { problem }));
                }
            }
            Event::Documents(documents) => {
                for (name, document) in *documents {
                    let document = object(document);
                    self.write_line(&JsonEvent::Document(Document { name: name.clone(), document }));
                }
            }
            Event::Page(page) | Event::Refreshed { changed: page, .. } => {
                page.items
                    .iter()
                    .filter_map(|item| item.event.as_ref())
                    .for_each(|event| self.write_line(event));
            }
            Event::Answer { event, .. } | Event::PagedAnswer { event, .. } => self.write_line(event),
            other => {
                if let Some(event) = json_event(other, &self.flags) {
                    self.write_line(&event);
                }
            }
        }
    }

    fn report_error(&self, error: &Failure) {
        self.write_line(&JsonEvent::Error(error::event(error, &self.flags)));
    }

    fn unasked_reason(&self) -> &'static str {
        "JSON output asks no questions"
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn rollout_question(&self) -> Option<RolloutQuestion> {
        None
    }

    fn task_question(&self) -> Option<TaskQuestion> {
        None
    }
}

/// Returns JSON whose strings have escapes for what controls a terminal, and for the beginning of a command of a CI system.
///
/// These characters occur only in strings, where an escape means the same.
fn printed_json(line: &str) -> String {
    let mut printed = String::with_capacity(line.len());
    let mut before = ' ';
    for next in line.chars() {
        match next {
            '#' if before == '#' => printed.push_str("\\u0023"),
            next if secrets::controls_terminal(next) => {
                printed.push_str(&format!("\\u{:04x}", u32::from(next)));
            }
            next => printed.push(next),
        }
        before = next;
    }
    printed
}

/// The members of a document; a document is always an object.
fn object(document: &Value) -> Map<String, Value> {
    document.as_object().cloned().unwrap_or_default()
}

/// The event of a fact that is one event; none for one that is several, or none.
fn json_event(event: &Event<'_>, flags: &GivenFlags) -> Option<JsonEvent> {
    Some(match event {
        Event::Note(text) | Event::Interrupted(text) => {
            JsonEvent::Note(Note { message: flags.in_commands(text) })
        }
        Event::Emergency { command, reason, stage, is_protected } => JsonEvent::Emergency(Emergency {
            command: (*command).to_owned(),
            reason: (*reason).to_owned(),
            stage: stage.map(str::to_owned),
            is_protected: *is_protected,
        }),
        Event::ReleaseEnded(release) => JsonEvent::ReleaseEnded(rollout::released(release)),
        // The plan has it; other events have the cluster.
        Event::Destination(_) => return None,
        Event::Plan { plan, .. } => JsonEvent::Plan(plan::event(plan)),
        Event::Promoted { service, from } => JsonEvent::Promoted(promotion::event(service, from)),
        Event::Rollback(target) => JsonEvent::RollbackTarget(rollback::event(target)),
        Event::ScheduleRollback { plan, services } => {
            JsonEvent::ScheduleRollback(rollback::schedule_event(plan, services))
        }
        Event::Registered { revision } => {
            JsonEvent::Registered(Registered { revision: (*revision).to_owned() })
        }
        Event::RevisionRemoved { revision, deleted: false, .. } => {
            JsonEvent::Deregistered(Deregistered { revision: (*revision).to_owned() })
        }
        Event::RevisionRemoved { revision, deleted: true, .. } => {
            JsonEvent::Deleted(Deleted { revision: (*revision).to_owned() })
        }
        Event::Deletion(planned) => JsonEvent::ServiceDeletion(deletion::event(planned)),
        Event::Created { service, revision, deployment } => JsonEvent::Created(Created {
            service: (*service).to_owned(),
            revision: (*revision).to_owned(),
            deployment: deployment.map(str::to_owned),
        }),
        Event::Updated { service, revision, deployment } => JsonEvent::Updated(Updated {
            service: (*service).to_owned(),
            revision: (*revision).to_owned(),
            deployment: deployment.map(str::to_owned),
        }),
        Event::ScheduleApplied { schedule, name, via, action } => {
            JsonEvent::ScheduleApplied(schedule_applied(schedule, name, *via, *action))
        }
        Event::AutoscalingApplied { service, action } => {
            JsonEvent::AutoscalingApplied(autoscaling_applied(service, *action))
        }
        Event::Progress(progress) | Event::ProgressUnchanged { progress, .. } => {
            JsonEvent::RolloutProgress(rollout::progress(progress))
        }
        Event::ServiceEvent { service, event } => JsonEvent::RolloutEvent(RolloutEvent {
            service: (*service).to_owned(),
            at: event.created_at.0,
            message: event.message.clone(),
        }),
        Event::RollbackStarted { service, by, to } => {
            JsonEvent::RolloutRollbackStarted(RolloutRollbackStarted {
                service: (*service).to_owned(),
                by: (*by).to_owned(),
                to: to.map(str::to_owned),
            })
        }
        Event::RolloutEnded(settled) => JsonEvent::RolloutSettled(rollout::settled(settled)),
        Event::Unchanged { service, revision, updated } => JsonEvent::Unchanged(Unchanged {
            service: (*service).to_owned(),
            revision: (*revision).to_owned(),
            attributes_updated: *updated,
        }),
        Event::UpdateFailed { service, error } => {
            JsonEvent::RolloutSettled(rollout::not_updated(service, error, flags))
        }
        Event::LogLine { service, line, .. } => JsonEvent::Log(log::event(service, line)),
        Event::TaskStarted { attached, key, cluster, revision, started_by, tasks } => {
            JsonEvent::TaskStarted(TaskStarted {
                attached: *attached,
                name: (*key).to_owned(),
                cluster: (*cluster).to_owned(),
                revision: (*revision).to_owned(),
                started_by: (*started_by).to_owned(),
                tasks: tasks.iter().map(|task| task.id().to_owned()).collect(),
            })
        }
        Event::TaskProgress { key, task, seconds, .. } | Event::TaskUnchanged { key, task, seconds, .. } => {
            JsonEvent::TaskProgress(task_progress(key, task, *seconds))
        }
        Event::TaskLine { key, line, .. } => JsonEvent::TaskLine(TaskLine {
            name: (*key).to_owned(),
            task: line.task.clone(),
            container: line.container.clone(),
            at: log::seconds(line.at),
            message: line.message.clone(),
        }),
        Event::TaskEnded { end, .. } => JsonEvent::TaskEnded(task::event(end)),
        Event::Hook { hook, fact } => hook::event(*hook, fact),
        Event::FileProblems(_)
        | Event::Documents(_)
        | Event::Page(_)
        | Event::Refreshed { .. }
        | Event::Answer { .. }
        | Event::PagedAnswer { .. }
        | Event::SecretValue(_)
        | Event::DisplayEnded
        | Event::DisplayResumed => {
            return None;
        }
    })
}

fn schedule_applied(schedule: &str, name: &str, via: Via, action: ScheduleAction) -> ScheduleApplied {
    let action = match action {
        ScheduleAction::Created => AppliedAction::Created,
        ScheduleAction::Updated => AppliedAction::Updated,
        ScheduleAction::Restored => AppliedAction::Restored,
        ScheduleAction::Deleted => AppliedAction::Deleted,
        ScheduleAction::Enabled => AppliedAction::Enabled,
        ScheduleAction::Disabled => AppliedAction::Disabled,
        ScheduleAction::TargetsRemoved => AppliedAction::TargetsRemoved,
    };
    let (schedule, name) = (schedule.to_owned(), name.to_owned());
    ScheduleApplied { schedule, name, via: plan::via_event(via), action }
}

fn autoscaling_applied(service: &str, action: AutoscalingAction) -> AutoscalingApplied {
    let action = match action {
        AutoscalingAction::Created => events::AutoscalingChange::Created,
        AutoscalingAction::Updated => events::AutoscalingChange::Updated,
        AutoscalingAction::Restored => events::AutoscalingChange::Restored,
    };
    AutoscalingApplied { service: service.to_owned(), action }
}

fn task_progress(key: &str, task: &types::Task, seconds: f64) -> TaskProgress {
    TaskProgress {
        name: key.to_owned(),
        task: task.id().to_owned(),
        status: task.last_status.to_string(),
        seconds,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::types::Via;

    #[test]
    fn json_is_escaped_and_stays_the_same() {
        let text = "a\u{1b}[2J\u{9b}2J\u{202e}\u{2028}\u{7f} ##[error] ### é";
        let printed = printed_json(&json!(text).to_string());
        assert_eq!(printed, r#""a\u001b[2J\u009b2J\u202e\u2028\u007f #\u0023[error] #\u0023\u0023 é""#);
        assert_eq!(serde_json::from_str::<Value>(&printed).expect("JSON"), json!(text));
    }

    #[test]
    fn a_schedule_that_was_changed_is_as_the_schema_says() {
        let schema = Value::Object(crate::events::schema::schema());
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for (via, name) in [(Via::Scheduler, "scheduler"), (Via::Rule, "rule")] {
            for action in [
                ScheduleAction::Created,
                ScheduleAction::Updated,
                ScheduleAction::Restored,
                ScheduleAction::Deleted,
                ScheduleAction::Enabled,
                ScheduleAction::Disabled,
                ScheduleAction::TargetsRemoved,
            ] {
                let event = Event::ScheduleApplied { schedule: "nightly", name: "shop-nightly", via, action };
                let event = json_event(&event, &GivenFlags::default()).expect("an event");
                let line = serde_json::to_value(JsonLine { event: &event, sandbox: true }).expect("JSON");
                assert_eq!((&line["event"], &line["via"]), (&json!("schedule.applied"), &json!(name)));
                assert_eq!(line["action"], action.name());
                assert!(validator.is_valid(&line), "{line}");
            }
        }
    }
}
