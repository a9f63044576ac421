//! Formats a plan: text for a terminal, Markdown for a pull request, JSON for a program.

use serde_json::{Value, json};

use super::screen::{Paint, paint};
use crate::aws::types::{Via, revision_of};
use crate::image::Reference;
use crate::manifest::schedules::noun;
use crate::plan::schedules::{Action, TargetPlan};
use crate::plan::{Change, Plan, Reason, Revision, SchedulePlan, ServicePlan, TaskPlan};

/// The longest value that is shown whole, in characters.
const LONGEST: usize = 100;

/// Returns a plan as text.
pub fn text(plan: &Plan, color: bool) -> String {
    let mut lines: Vec<String> =
        plan.before.iter().map(|task| task_line(plan, task, "before", color)).collect();
    for service in &plan.services {
        let name = paint(color, Paint::Bold, &service.key);
        if !service.changes() {
            lines.push(format!("{name}: no changes ({} stays)", service.revision_before()));
            continue;
        }
        lines.push(format!("{name}: {} → {}", service.revision_before(), after(plan, service)));
        lines.extend(service.definition_changes.iter().map(|change| format!("  {}", line(change, color))));
        lines.extend(
            service.service_changes.iter().map(|change| format!("  service.{}", line(change, color))),
        );
        lines.extend(service.reasons.iter().map(|reason| format!("  {}", reason_text(reason))));
        lines.extend(plan.needs.get(&service.key).map(|needs| format!("  after {}", needs.join(", "))));
    }
    for schedule in &plan.schedules {
        lines.extend(schedule_lines(schedule, color));
    }
    lines.extend(plan.after.iter().map(|task| task_line(plan, task, "after", color)));
    lines.extend(plan.notes.iter().map(|note| paint(color, Paint::Dim, &format!("note: {note}"))));
    lines.join("\n")
}

/// Returns the line of a task that runs before or after services.
fn task_line(plan: &Plan, task: &TaskPlan, moment: &str, color: bool) -> String {
    let name = paint(color, Paint::Bold, &format!("task {}", task.key));
    let of = task.of.join(", ");
    match &task.work {
        None => format!("{name}: not needed, {of} does not change"),
        Some(work) => {
            format!("{name}: runs {moment} {of}, as {}", will_run(plan, &work.revision, &work.family))
        }
    }
}

fn schedule_lines(schedule: &SchedulePlan, color: bool) -> Vec<String> {
    let name = paint(color, Paint::Bold, &format!("{} {}", noun(schedule.via), schedule.key));
    let mut lines = match schedule.action {
        Action::Unchanged => vec![format!("{name}: no changes")],
        Action::Create => vec![format!("{name}: is created")],
        Action::Update => vec![format!("{name}: changes")],
    };
    lines.extend(schedule.changes.iter().map(|change| format!("  {}", line(change, color))));
    if !schedule.foreign.is_empty() {
        lines.push(format!("  targets of other owners, kept: {}", schedule.foreign.join(", ")));
    }
    lines
}

/// Returns in words which revision will run.
fn will_run(plan: &Plan, revision: &Revision, family: &str) -> String {
    match revision {
        Revision::Registered(arn) => revision_of(arn).to_owned(),
        Revision::New(index) => format!("a new revision of `{}`", plan.registrations[*index].family),
        Revision::Same => format!("the same revision of `{family}`"),
    }
}

/// Returns in words what a service will run.
fn after(plan: &Plan, service: &ServicePlan) -> String {
    match &service.after {
        Revision::Same if service.reasons.is_empty() => "the same revision, attributes changed".to_owned(),
        Revision::Same => "a new deployment of the same revision".to_owned(),
        Revision::Registered(arn) => format!("{} (registered already)", revision_of(arn)),
        Revision::New(index) => format!("a new revision of `{}`", plan.registrations[*index].family),
    }
}

fn reason_text(reason: &Reason) -> String {
    match reason {
        Reason::ImageMoved { image, before, after } => {
            format!(
                "`{image}` now points to another image: {} → {}",
                short_digest(before),
                short_digest(after)
            )
        }
        Reason::Failed => "the last deployment of this revision failed".to_owned(),
        Reason::Superseded => "the deployment in progress is superseded (`--supersede`)".to_owned(),
        Reason::Forced => "a new deployment was requested".to_owned(),
    }
}

fn short_digest(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

fn line(change: &Change, color: bool) -> String {
    let (before, after) = values(change);
    let text = match (&before, &after) {
        (Some(before), Some(after)) => {
            format!("{} → {}", paint(color, Paint::Bad, before), paint(color, Paint::Good, after))
        }
        (None, Some(after)) => paint(color, Paint::Good, &format!("+ {after}")),
        (Some(before), None) => paint(color, Paint::Bad, &format!("- {before}")),
        (None, None) => String::new(),
    };
    format!("{}: {text}", change.path)
}

/// Returns both values as shown; of two tags of one repository, without the repository.
fn values(change: &Change) -> (Option<String>, Option<String>) {
    if let (Some(Value::String(before)), Some(Value::String(after))) = (&change.before, &change.after) {
        let same = Reference::parse(before).repository == Reference::parse(after).repository;
        if change.path.ends_with("].image") && same {
            let version = |text: &str| format!("…{}", &text[Reference::parse(text).repository.len()..]);
            return (Some(version(before)), Some(version(after)));
        }
    }
    (change.before.as_ref().map(shown), change.after.as_ref().map(shown))
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.replace('\n', "⏎"),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} characters)", &text[..at], text.chars().count()),
        None => text,
    }
}

/// Returns a plan as Markdown, for a comment on a pull request.
pub fn markdown(plan: &Plan) -> String {
    let before = plan.before.iter().map(|task| format!("{}\n", task_line(plan, task, "before", false)));
    let mut lines: Vec<String> = before.collect();
    for service in &plan.services {
        if !service.changes() {
            lines.push(format!("### `{}`: no changes\n", service.key));
            continue;
        }
        lines.push(format!(
            "### `{}`: {} → {}\n",
            service.key,
            service.revision_before(),
            after(plan, service)
        ));
        let own = service.definition_changes.iter().map(|change| (String::new(), change));
        let attributes = service.service_changes.iter().map(|change| ("service.".to_owned(), change));
        let rows: Vec<_> = own.chain(attributes).map(|(prefix, change)| row(&prefix, change)).collect();
        if !rows.is_empty() {
            lines.push(format!("| path | before | after |\n| --- | --- | --- |\n{}\n", rows.join("\n")));
        }
        lines.extend(service.reasons.iter().map(|reason| format!("{}\n", reason_text(reason))));
    }
    for schedule in &plan.schedules {
        lines.extend(schedule_markdown(schedule));
    }
    lines.extend(plan.after.iter().map(|task| format!("{}\n", task_line(plan, task, "after", false))));
    lines.extend(plan.notes.iter().map(|note| format!("> {note}")));
    lines.join("\n").trim_end().to_owned()
}

fn schedule_markdown(schedule: &SchedulePlan) -> Vec<String> {
    let what = match schedule.action {
        Action::Unchanged => "no changes",
        Action::Create => "is created",
        Action::Update => "changes",
    };
    let mut lines = vec![format!("### {} `{}`: {what}\n", noun(schedule.via), schedule.key)];
    let rows: Vec<_> = schedule.changes.iter().map(|change| row("", change)).collect();
    if !rows.is_empty() {
        lines.push(format!("| path | before | after |\n| --- | --- | --- |\n{}\n", rows.join("\n")));
    }
    if !schedule.foreign.is_empty() {
        lines.push(format!("targets of other owners, kept: {}\n", schedule.foreign.join(", ")));
    }
    lines
}

fn row(prefix: &str, change: &Change) -> String {
    let (before, after) = values(change);
    // A pipe or a backtick in a value would end its cell.
    let cell = |value: Option<String>| match value {
        Some(value) => format!("`` {} ``", value.replace('|', "\\|").replace("``", "` `")),
        None => String::new(),
    };
    format!("| `{prefix}{}` | {} | {} |", change.path, cell(before), cell(after))
}

/// Returns a plan as JSON.
pub fn json(plan: &Plan) -> Value {
    let service = |service: &ServicePlan| {
        let after = match &service.after {
            Revision::Same => json!({"revision": service.revision_before()}),
            Revision::Registered(arn) => json!({"revision": revision_of(arn)}),
            Revision::New(index) => json!({"register": plan.registrations[*index].family}),
        };
        json!({
            "service": service.key,
            "name": service.name,
            "cluster": service.cluster,
            "changes": service.changes(),
            "before": {"revision": service.revision_before()},
            "after": after,
            "task_definition": service.definition_changes,
            "attributes": service.service_changes,
            "reasons": service.reasons,
            "needs": plan.needs.get(&service.key).cloned().unwrap_or_default(),
        })
    };
    json!({
        "event": "plan",
        "changes": !plan.is_empty(),
        "before": plan.before.iter().map(|task| task_json(plan, task)).collect::<Value>(),
        "services": plan.services.iter().map(service).collect::<Value>(),
        "schedules": plan.schedules.iter().map(|schedule| schedule_json(plan, schedule)).collect::<Value>(),
        "after": plan.after.iter().map(|task| task_json(plan, task)).collect::<Value>(),
        "notes": plan.notes,
    })
}

fn task_json(plan: &Plan, task: &TaskPlan) -> Value {
    json!({
        "task": task.key,
        "of": task.of,
        "needed": task.work.is_some(),
        "runs": task.work.as_ref().map(|work| runs_json(plan, &work.revision)),
    })
}

fn schedule_json(plan: &Plan, schedule: &SchedulePlan) -> Value {
    let target = |target: &TargetPlan| {
        json!({
            "target": target.id,
            "before": target.revision_before.as_deref().map(|before| json!({"revision": revision_of(before)})),
            "after": runs_json(plan, &target.revision),
        })
    };
    json!({
        "schedule": schedule.key,
        "name": schedule.name,
        "via": if schedule.via == Via::Rule { "rule" } else { "scheduler" },
        "group": schedule.group,
        "action": schedule.action,
        "targets": schedule.targets.iter().map(target).collect::<Value>(),
        "differences": schedule.changes,
        "foreign": schedule.foreign,
        "removed": schedule.removed,
    })
}

fn runs_json(plan: &Plan, revision: &Revision) -> Value {
    match revision {
        Revision::Same => Value::Null,
        Revision::Registered(arn) => json!({"revision": revision_of(arn)}),
        Revision::New(index) => json!({"register": plan.registrations[*index].family}),
    }
}
