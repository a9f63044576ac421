//! Owns the comparison of a rule and its targets: whose it is, what changes, and what of it is left alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shown::Shown;
use super::{Action, Ground, SchedulePlan, owner, target};
use crate::aws::scheduled::{ObservedSchedule, ObservedSchedules};
use crate::error::Failure;
use crate::plan::diff::Change;
use crate::plan::work::ResolvedWork;
use crate::render::schedules::DesiredSchedule;

/// How many targets a rule has at the most (EventBridge quotas).
const MOST_TARGETS: usize = 5;
/// What PutRule takes and forgets where it is not given. The bus is the default one: no other takes expressions.
const KEPT: &[&str] = &["Name", "ScheduleExpression", "State", "Description", "RoleArn"];

pub(super) fn compare(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    observed: &ObservedSchedules,
    ground: &Ground,
) -> Result<SchedulePlan, Vec<Failure>> {
    let before = observed.found.get(&desired.key).cloned();
    let foreign = before.as_ref().map(|before| foreign(desired, before)).unwrap_or_default();
    let mut failures = Vec::new();
    let mut notes = Vec::new();
    let mut new_tags = BTreeMap::new();
    if let Some(before) = &before {
        match standing(desired, before, &foreign, ground) {
            Ok((tags, note)) => {
                new_tags = tags;
                notes.extend(note);
            }
            Err(failure) => failures.push(failure),
        }
    }
    failures.extend(too_many(desired, &foreign));
    let (mut targets, mut target_changes) = (Vec::new(), Vec::new());
    for (wanted, work) in desired.targets.iter().zip(works) {
        let existing = before.as_ref().and_then(|before| before.target(&wanted.id));
        match target::merge(wanted, desired, work, existing, ground) {
            Ok(merged) => {
                targets.push(merged.plan);
                target_changes.extend(merged.changes);
                notes.extend(merged.notes);
            }
            Err(found) => failures.extend(found),
        }
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    let document = document(desired, before.as_ref());
    let mut changes = differences(before.as_ref().map(|before| &before.document), &document);
    let changes_document = before.is_none() || !changes.is_empty();
    changes.extend(tag_changes(&new_tags));
    changes.extend(target_changes);
    if before.is_none() {
        new_tags = owner::tags(ground);
    }
    let action = match (&before, changes.is_empty()) {
        (None, _) => Action::Create,
        (Some(_), true) => Action::Unchanged,
        (Some(_), false) => Action::Update,
    };
    Ok(SchedulePlan {
        key: desired.key.clone(),
        name: desired.name.clone(),
        via: desired.via,
        group: None,
        action,
        changes,
        foreign,
        notes,
        before,
        document,
        changes_document,
        targets,
        new_group: None,
        new_tags,
    })
}

/// Returns how the rule itself, without its targets, differs from what is desired.
pub(super) fn settings(desired: &DesiredSchedule, existing: &ObservedSchedule) -> Vec<Change> {
    differences(Some(&existing.document), &document(desired, Some(existing)))
}

/// Returns the ids of the targets that the manifest does not name.
fn foreign(desired: &DesiredSchedule, before: &ObservedSchedule) -> Vec<String> {
    let ids = before.targets.iter().filter_map(|target| target["Id"].as_str());
    let ours = |id: &str| desired.targets.iter().any(|target| target.id == id);
    ids.filter(|id| !ours(id)).map(str::to_owned).collect()
}

/// Returns the tags with which a rule that is there becomes the app's, and what is to be told of that.
///
/// A rule without an owner is taken over where all of its targets are the manifest's. One that has others too is used
/// where it runs at the same times, and stays nobody's: `prune` leaves it alone.
///
/// # Errors
/// A rule of somebody else's; one that runs other targets at other times is one too.
fn standing(
    desired: &DesiredSchedule,
    before: &ObservedSchedule,
    foreign: &[String],
    ground: &Ground,
) -> Result<(BTreeMap<String, String>, Option<String>), Failure> {
    let name = &desired.name;
    let taken = |why: String| {
        let hint = "give the schedule another name with `rule:`".to_owned();
        Failure::refused(format!("rule `{name}` is taken: {why}")).hint(hint)
    };
    let rule = &before.document;
    if let Some(manager) = rule["ManagedBy"].as_str() {
        return Err(taken(format!("`{manager}` manages it")));
    }
    if rule["EventPattern"].is_string() {
        return Err(taken("it matches events (it has an event pattern)".to_owned()));
    }
    if owner::is_own(&before.tags, ground) {
        return Ok((BTreeMap::new(), None));
    }
    if let Some(other) = owner::other(&before.tags) {
        return Err(taken(format!("it is of {other}")));
    }
    let others = foreign.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    let expression = rule["ScheduleExpression"].as_str().unwrap_or_default();
    match (foreign.is_empty(), expression == desired.expression) {
        // Without an app nothing can be owned.
        (true, _) if ground.app.is_none() => Ok((BTreeMap::new(), None)),
        (true, _) => Ok((owner::tags(ground), Some(format!("rule `{name}` was there, and is taken over")))),
        (false, true) => Ok((
            BTreeMap::new(),
            Some(format!("rule `{name}` also runs {others}: it is used, and not taken over")),
        )),
        (false, false) => {
            Err(taken(format!("it runs {others} at `{expression}`, and no tag says that it is the app's")))
        }
    }
}

fn too_many(desired: &DesiredSchedule, foreign: &[String]) -> Option<Failure> {
    let all = desired.targets.len() + foreign.len();
    let message = format!(
        "rule `{}` would have {all} targets, and may have {MOST_TARGETS}: {} of them are not the manifest's",
        desired.name,
        foreign.len()
    );
    let hint = "remove targets that are not needed, or use another rule".to_owned();
    (all > MOST_TARGETS).then(|| Failure::refused(message).hint(hint))
}

/// Returns what PutRule is given: what is there, with what the manifest names laid over it.
fn document(desired: &DesiredSchedule, before: Option<&ObservedSchedule>) -> Value {
    let mut document = before.map(|before| kept(&before.document)).unwrap_or_default();
    document.insert("Name".to_owned(), desired.name.clone().into());
    document.insert("ScheduleExpression".to_owned(), desired.expression.clone().into());
    if let Some(enabled) = desired.enabled.or_else(|| before.is_none().then_some(true)) {
        document.insert("State".to_owned(), if enabled { "ENABLED" } else { "DISABLED" }.into());
    }
    if let Some(description) = &desired.description {
        document.insert("Description".to_owned(), description.clone().into());
    }
    Value::Object(document)
}

/// Returns a rule as PutRule takes it.
pub fn sendable(rule: &Value) -> Value {
    Value::Object(kept(rule))
}

fn kept(rule: &Value) -> Map<String, Value> {
    let present = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), rule.get(*name)?.clone())));
    present.collect()
}

fn differences(existing: Option<&Value>, document: &Value) -> Vec<Change> {
    let nothing = Value::Null;
    let before = existing.unwrap_or(&nothing);
    let mut shown = Shown::new("");
    for (name, member) in
        [("expression", "ScheduleExpression"), ("state", "State"), ("description", "Description")]
    {
        let value = |rule: &Value| Some(rule[member].clone()).filter(|value| value.as_str() != Some(""));
        shown.value(name, value(before), value(document));
    }
    shown.changes
}

fn tag_changes(tags: &BTreeMap<String, String>) -> Vec<Change> {
    let change = |(key, value): (&String, &String)| Change {
        path: format!("tags[{key}]"),
        before: None,
        after: Some(value.clone().into()),
    };
    tags.iter().map(change).collect()
}
