//! Compares a schedule of EventBridge Scheduler, and the group that it is in, with the manifest.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::change_list::ChangeList;
use super::types::{Action, NewGroup, ScheduleContext, SchedulePlan};
use super::{owner, target, times};
use crate::aws::types::ObservedSchedules;
use crate::error::Failure;
use crate::plan::diff::Change;
use crate::plan::types::ResolvedWork;
use crate::render::schedules::DesiredSchedule;
use crate::shell;

/// The members of `GetSchedule` that neither `CreateSchedule` nor `UpdateSchedule` takes.
const READ_ONLY: &[&str] = &["Arn", "CreationDate", "LastModificationDate"];
/// How far in the past a start may be, in seconds: EventBridge Scheduler refuses one older than five minutes.
const MAX_START_AGE: i64 = 240;

pub(super) fn compare(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    observed: &ObservedSchedules,
    schedule_context: &ScheduleContext,
) -> Result<SchedulePlan, Vec<Failure>> {
    let before = observed.found.get(&desired.key).cloned();
    let existing = before.as_ref().map(|before| &before.document);
    let mut failures = Vec::new();
    let new_group = plan_group(desired, observed, schedule_context).unwrap_or_else(|failure| {
        failures.push(failure);
        None
    });
    let (Some(wanted), Some(work)) = (desired.targets.first(), works.first()) else {
        failures.push(Failure::error(format!("schedule `{}` has no target", desired.key)));
        return Err(failures);
    };
    let own = existing.map(|existing| &existing["Target"]).filter(|target| target.is_object());
    let ours = before.as_ref().is_none_or(|before| owner::is_own(&before.tags, schedule_context));
    let merged = target::merge_target(wanted, desired, work, own, ours, schedule_context);
    let (true, Ok(merged)) = (failures.is_empty(), merged.map_err(|found| failures.extend(found))) else {
        return Err(failures);
    };
    let document = schedule_document(desired, existing, schedule_context);
    // Compares both in the form to send now, in which the passed start of a rate is replaced by its next run.
    let sent = existing.map(|existing| as_update(existing, schedule_context.now));
    let mut changes = schedule_changes(sent.as_ref(), &document);
    changes.extend(merged.changes);
    let action = match (&before, changes.is_empty()) {
        (None, _) => Action::Create,
        (Some(_), true) => Action::Unchanged,
        (Some(_), false) => Action::Update,
    };
    let (name, group) = (&desired.name, desired.group.as_deref().unwrap_or("default"));
    let used = || format!("schedule `{group}/{name}` already exists, and its group has no owner tags");
    let mut notes = merged.notes;
    notes.extend((!ours && action == Action::Update).then(used));
    Ok(SchedulePlan {
        key: desired.key.clone(),
        name: desired.name.clone(),
        via: desired.kind,
        group: desired.group.clone(),
        action,
        changes,
        foreign: Vec::new(),
        removed: Vec::new(),
        notes,
        before,
        document,
        changes_document: action != Action::Unchanged,
        targets: vec![merged.plan],
        new_group,
        new_tags: BTreeMap::new(),
    })
}

/// Returns how the schedule itself, without its target, differs from the desired one.
pub(super) fn compare_settings(
    desired: &DesiredSchedule,
    existing: &Value,
    schedule_context: &ScheduleContext,
) -> Vec<Change> {
    let sent = as_update(existing, schedule_context.now);
    schedule_changes(Some(&sent), &schedule_document(desired, Some(existing), schedule_context))
}

/// Returns the group to create, or `None` if it exists.
///
/// # Errors
/// The app's own group has another owner, or a group that the manifest names does not exist.
fn plan_group(
    desired: &DesiredSchedule,
    observed: &ObservedSchedules,
    schedule_context: &ScheduleContext,
) -> Result<Option<NewGroup>, Failure> {
    let Some(name) = &desired.group else { return Ok(None) };
    match (observed.groups.get(name), desired.uses_app_group) {
        (Some(_), false) => Ok(None),
        (None, true) => Ok(Some(NewGroup { name: name.clone(), tags: owner::owner_tags(schedule_context) })),
        (Some(tags), true) if owner::is_own(tags, schedule_context) => Ok(None),
        (Some(tags), true) => {
            let whose = owner::describe_owner(tags)
                .map_or("it has no owner tags".to_owned(), |other| format!("it belongs to {other}"));
            let hint = format!("use it anyway with `group: {name}`, or choose another group");
            Err(Failure::refused(format!("schedule group `{name}` is taken: {whose}")).with_hint(hint))
        }
        (None, false) => {
            let message = format!("schedule `{}`: schedule group `{name}` does not exist", desired.key);
            let hint = format!(
                "create it with `aws scheduler create-schedule-group --name {}`, or remove `group:` to use the app's own group",
                shell::quote(name)
            );
            Err(Failure::error(message).with_hint(hint))
        }
    }
}

/// Returns the document to send, without the target: the existing one, overridden by what the manifest contains.
fn schedule_document(
    desired: &DesiredSchedule,
    existing: Option<&Value>,
    schedule_context: &ScheduleContext,
) -> Value {
    let mut document = existing.and_then(Value::as_object).cloned().unwrap_or_default();
    document.shift_remove("Target");
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document.insert(name.to_owned(), value);
        }
    };
    set("Name", Some(desired.name.clone().into()));
    set("GroupName", desired.group.clone().map(Value::from));
    set("ScheduleExpression", Some(desired.expression.clone().into()));
    set("ScheduleExpressionTimezone", desired.timezone.clone().map(Value::from));
    let state = desired.enabled.or_else(|| existing.is_none().then_some(true));
    set("State", state.map(|enabled| if enabled { "ENABLED" } else { "DISABLED" }.into()));
    set("Description", desired.description.clone().map(Value::from));
    let window = desired.flexible_window.or_else(|| existing.is_none().then_some(0));
    set("FlexibleTimeWindow", window.map(flexible_window));
    set("EndDate", desired.end.map(Value::from));
    let start = desired.start.filter(|start| *start > schedule_context.now || is_rate(&desired.expression));
    set("StartDate", start.map(Value::from));
    as_update(&Value::Object(document), schedule_context.now)
}

fn flexible_window(minutes: u32) -> Value {
    match minutes {
        0 => json!({ "Mode": "OFF" }),
        minutes => json!({ "Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes }),
    }
}

fn is_rate(expression: &str) -> bool {
    expression.starts_with("rate(")
}

/// Returns a schedule in the form to send: without read-only members and without a start in the past. The passed start
/// of a rate is replaced by its next run, because its runs would otherwise shift.
pub fn as_update(schedule: &Value, now: i64) -> Value {
    let mut document = schedule.as_object().cloned().unwrap_or_default();
    for name in READ_ONLY {
        document.shift_remove(*name);
    }
    let rate = document.get("ScheduleExpression").and_then(Value::as_str).is_some_and(is_rate);
    let latest = if rate { now } else { now - MAX_START_AGE };
    let passed = |start: &Value| start.as_f64().is_some_and(|start| start as i64 <= latest);
    let mut document = Value::Object(document);
    if document.get("StartDate").is_some_and(passed) {
        let next = times::next_run_of_rate(&document, now);
        if let Some(members) = document.as_object_mut() {
            members.shift_remove("StartDate");
            members.extend(next.map(|next| ("StartDate".to_owned(), next.into())));
        }
    }
    document
}

/// Returns whether two schedules are equal, except for default values and read-only members.
pub fn is_same(one: &Value, other: &Value, now: i64) -> bool {
    let whole = |schedule: &Value| {
        let mut schedule = as_update(schedule, now);
        schedule.as_object_mut().map(|members| members.shift_remove("ClientToken"));
        schedule
    };
    let (one, other) = (whole(one), whole(other));
    schedule_changes(Some(&one), &other).is_empty() && target::is_same(&one["Target"], &other["Target"])
}

/// Returns the changes besides the target.
fn schedule_changes(existing: Option<&Value>, document: &Value) -> Vec<Change> {
    let nothing = Value::Object(Map::new());
    let before = existing.unwrap_or(&nothing);
    let mut shown = ChangeList::new("");
    let text = |schedule: &Value, name: &str| Some(schedule[name].clone());
    let or = |schedule: &Value, name: &str, default: &str| {
        let known = schedule.as_object().is_some_and(|members| !members.is_empty());
        known.then(|| Value::from(schedule[name].as_str().unwrap_or(default)))
    };
    shown.add_value("expression", text(before, "ScheduleExpression"), text(document, "ScheduleExpression"));
    for (name, member, default) in
        [("timezone", "ScheduleExpressionTimezone", "UTC"), ("state", "State", "ENABLED")]
    {
        shown.add_value(name, or(before, member, default), or(document, member, default));
    }
    let described = |schedule: &Value| text(schedule, "Description").filter(|text| *text != json!(""));
    shown.add_value("description", described(before), described(document));
    shown.add_value("flexible_window", format_window(before), format_window(document));
    // A start in the past is not sent; that is no change.
    let start = format_time(&document["StartDate"]);
    if start.is_some() {
        shown.add_value("start", format_time(&before["StartDate"]), start);
    }
    shown.add_value("end", format_time(&before["EndDate"]), format_time(&document["EndDate"]));
    shown.changes
}

fn format_window(schedule: &Value) -> Option<Value> {
    let window = &schedule["FlexibleTimeWindow"];
    match (window["Mode"].as_str()?, window["MaximumWindowInMinutes"].as_f64()) {
        ("FLEXIBLE", Some(minutes)) => Some(format!("{minutes}m").into()),
        _ => Some("off".into()),
    }
}

fn format_time(time: &Value) -> Option<Value> {
    let seconds = time.as_f64()?;
    let shown = jiff::Timestamp::from_second(seconds as i64).ok();
    Some(shown.map_or(time.clone(), |time| time.to_string().into()))
}
