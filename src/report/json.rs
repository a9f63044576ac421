//! Reports to programs: one JSON object a line on stdout, nothing on stderr. `events.schema.json` describes them.

use serde_json::{Value, json};

use super::{
    Event, HookFact, Question, Report, TaskQuestion, error, hook, log, plan, problems, rollback, screen, task,
};
use crate::aws::types::{self, revision_of};
use crate::diagnose::Diagnosis;
use crate::error::Failure;
use crate::watch::{Aftermath, Settled};

/// The JSON Schema of every line.
pub const SCHEMA: &str = include_str!("events.schema.json");

/// Writes events as JSON lines.
#[derive(Clone, Copy, Debug)]
pub struct Json {
    pub sandbox: bool,
    pub quiet: bool,
}

impl Json {
    fn line(&self, mut value: Value) {
        if self.sandbox {
            value["sandbox"] = Value::Bool(true);
        }
        screen::answer(&value.to_string());
    }
}

impl Report for Json {
    fn tell(&self, event: &Event<'_>) {
        let story = matches!(
            event,
            Event::Note(_)
                | Event::Progress(_)
                | Event::ServiceEvent { .. }
                | Event::TaskProgress { .. }
                | Event::Hook { fact: HookFact::Line { .. }, .. }
        );
        if story && self.quiet {
            return;
        }
        match event {
            Event::Remarks(invalid) => {
                for problem in invalid.problems.sorted() {
                    let mut value = json!({"event": "remark"});
                    extend(&mut value, problems::json(problem, &invalid.sources));
                    self.line(value);
                }
            }
            Event::Documents(documents) => {
                for (name, document) in *documents {
                    self.line(json!({"event": "document", "name": name, "document": document}));
                }
            }
            Event::Page(page) | Event::Refreshed { changed: page, .. } => {
                let values = page.items.iter().map(|item| &item.value);
                values.filter(|value| !value.is_null()).for_each(|value| self.line(value.clone()));
            }
            other => {
                if let Some(value) = json_of(other) {
                    self.line(value);
                }
            }
        }
    }

    fn error(&self, error: &Failure) {
        self.line(error::json(error));
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn ask_interrupted(&self) -> Option<Question> {
        None
    }

    fn ask_about_tasks(&self) -> Option<TaskQuestion> {
        None
    }
}

fn json_of(event: &Event<'_>) -> Option<Value> {
    Some(match event {
        Event::Note(text) => json!({"event": "note", "message": text}),
        Event::Released(release) => json!({
            "event": "release.ended",
            "release": release.id,
            "tag": release.tag,
            "verdict": release.verdict(),
            "targets": release.targets,
        }),
        Event::Plan { plan, .. } => plan::json(plan),
        Event::Target(target) => {
            let mut value = json!({"event": "rollback.target"});
            extend(&mut value, json!(target));
            value
        }
        Event::ScheduleTarget { plan, services } => rollback::schedule_json(plan, services),
        Event::Registered { revision } => json!({"event": "registered", "revision": revision}),
        Event::Retired { revision, deleted: false, .. } => {
            json!({"event": "deregistered", "revision": revision})
        }
        Event::Retired { revision, deleted: true, .. } => json!({"event": "deleted", "revision": revision}),
        Event::Updated { service, revision, deployment } => {
            json!({"event": "updated", "service": service, "revision": revision, "deployment": deployment})
        }
        Event::ScheduleApplied { schedule, name, via, action } => {
            json!({"event": "schedule.applied", "schedule": schedule, "name": name, "via": via.name(), "action": action})
        }
        Event::Progress(progress) => {
            let mut value = json!({"event": "rollout.progress"});
            extend(&mut value, serde_json::to_value(progress).unwrap_or_default());
            value["revision"] = known(&progress.revision);
            value
        }
        Event::ServiceEvent { service, event } => {
            json!({"event": "rollout.event", "service": service, "at": event.created_at, "message": event.message})
        }
        Event::TakingBack { service, by, to } => {
            json!({"event": "rollout.taking_back", "service": service, "by": by, "to": to})
        }
        Event::Settled(settled) => settled_json(settled),
        Event::Left { service, revision, updated } => {
            json!({"event": "unchanged", "service": service, "revision": revision, "attributes_updated": updated})
        }
        Event::NotUpdated { service, error } => {
            json!({"event": "rollout.settled", "service": service, "outcome": "not_updated", "error": error.to_string(), "hints": error.hints})
        }
        Event::Checked { services, stages } => {
            json!({"event": "checked", "services": services, "stages": stages})
        }
        Event::Line { service, line, .. } => log::json(service, line),
        Event::TaskStarted { key, cluster, revision, started_by, tasks } => {
            let tasks: Vec<&str> = tasks.iter().map(types::Task::id).collect();
            json!({"event": "task.started", "name": key, "cluster": cluster, "revision": revision,
                "started_by": started_by, "tasks": tasks})
        }
        Event::TaskProgress { key, task, seconds, .. } => {
            json!({"event": "task.progress", "name": key, "task": task.id(), "status": task.last_status, "seconds": seconds})
        }
        Event::TaskLine { key, line, .. } => {
            json!({"event": "task.line", "name": key, "task": line.task, "container": line.container,
                "at": line.at as f64 / 1000.0, "message": line.message})
        }
        Event::TaskEnded { end, .. } => {
            let mut value = task::json(end);
            if let Some(diagnosis) = &end.diagnosis {
                value["diagnosis"] = diagnosis_json(diagnosis);
            }
            value
        }
        Event::Hook { hook, fact } => hook::json(hook, fact),
        Event::Answer { event, value, .. } => {
            let mut answer = json!({"event": event});
            extend(&mut answer, value.clone());
            answer
        }
        Event::Remarks(_) | Event::Documents(_) | Event::Page(_) | Event::Refreshed { .. } | Event::Done => {
            return None;
        }
    })
}

/// Adds the members of one object to another.
fn extend(value: &mut Value, members: Value) {
    if let (Value::Object(value), Value::Object(members)) = (value, members) {
        value.extend(members);
    }
}

fn settled_json(settled: &Settled) -> Value {
    let followed = &settled.followed;
    let mut value = json!({"event": "rollout.settled", "service": followed.key});
    extend(&mut value, serde_json::to_value(&settled.ending).unwrap_or_default());
    value["cluster"] = json!(followed.cluster);
    value["revision"] = known(revision_of(&followed.revision));
    value["previous_revision"] = known(revision_of(&followed.previous));
    value["deployment"] = json!(followed.deployment);
    value["seconds"] = json!(settled.elapsed.as_secs_f64());
    value["now"] = json!(settled.runs);
    if followed.going_back {
        value["going_back"] = json!(true);
    }
    if let Some(aftermath) = &settled.aftermath {
        value["aftermath"] = json!(aftermath);
        if let Aftermath::TakenBack { diagnosis: Some(diagnosis), .. } = aftermath {
            value["aftermath"]["diagnosis"] = diagnosis_json(diagnosis);
        }
    }
    if let Some(diagnosis) = &settled.diagnosis {
        value["diagnosis"] = diagnosis_json(diagnosis);
    }
    value
}

/// Returns a name, or null where it is empty.
fn known(name: &str) -> Value {
    if name.is_empty() { Value::Null } else { json!(name) }
}

/// Returns a diagnosis without null members, and with events as `rollout.event` has them.
fn diagnosis_json(diagnosis: &Diagnosis) -> Value {
    let mut value = json!(diagnosis);
    without_nulls(&mut value);
    if !diagnosis.events.is_empty() {
        let event = |event: &types::Event| json!({"at": event.created_at, "message": event.message});
        value["events"] = diagnosis.events.iter().map(event).collect();
    }
    value
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::Via;

    #[test]
    fn a_schedule_that_was_changed_is_as_the_schema_says() {
        let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for (via, name) in [(Via::Scheduler, "scheduler"), (Via::Rule, "rule")] {
            for action in ["created", "updated", "restored", "deleted", "enabled", "disabled"] {
                let event = Event::ScheduleApplied { schedule: "nightly", name: "shop-nightly", via, action };
                let line = json_of(&event).expect("a line");
                assert_eq!((&line["event"], &line["via"]), (&json!("schedule.applied"), &json!(name)));
                assert!(validator.is_valid(&line), "{line}");
            }
        }
    }
}
