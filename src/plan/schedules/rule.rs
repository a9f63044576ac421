//! Compares a rule and its targets with the manifest: its owner, what changes, and what is kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::change_list::ChangeList;
use super::ownership::{self, RuleOwnership, TargetOwnership};
use super::target;
use super::types::{Action, ScheduleContext, SchedulePlan};
use crate::aws::types::{ObservedSchedule, ObservedSchedules, revision_name};
use crate::error::Failure;
use crate::plan::diff::Change;
use crate::plan::types::ResolvedWork;
use crate::render::schedules::DesiredSchedule;

/// The most targets of a rule (EventBridge quotas).
pub const MAX_TARGETS: usize = 5;
/// The members that `PutRule` resets if they are not given. The bus is the default one: no other supports expressions.
const PUT_RULE_MEMBERS: &[&str] =
    &["Name", "ScheduleExpression", "EventPattern", "State", "Description", "RoleArn"];

pub(super) fn compare(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    observed: &ObservedSchedules,
    schedule_context: &ScheduleContext,
) -> Result<SchedulePlan, Vec<Failure>> {
    let before = observed.found.get(&desired.key).cloned();
    let sorted = match &before {
        Some(before) => ownership::sort_targets(desired, works, before, schedule_context)?,
        None => TargetOwnership { existing: vec![None; desired.targets.len()], ..TargetOwnership::default() },
    };
    let mut failures: Vec<Failure> = too_many_targets(desired, &sorted.foreign).into_iter().collect();
    let standing = before
        .as_ref()
        .map(|before| ownership::rule_ownership(desired, before, &sorted.foreign, schedule_context));
    let standing = standing.transpose().unwrap_or_else(|failure| {
        failures.push(failure);
        None
    });
    let ours = standing.as_ref().is_none_or(|standing| *standing == RuleOwnership::App);
    let mut notes: Vec<String> = sorted.notes.clone();
    let (mut targets, mut target_changes) = (Vec::new(), Vec::new());
    for ((wanted, work), existing) in desired.targets.iter().zip(works).zip(&sorted.existing) {
        match target::merge_target(wanted, desired, work, existing.as_ref(), ours, schedule_context) {
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
    // The description of a rule that also runs targets of others is left to them.
    let shared = standing == Some(RuleOwnership::Shared);
    let description = desired.description.clone().filter(|_| !shared);
    let document = put_rule_document(&DesiredSchedule { description, ..desired.clone() }, before.as_ref());
    let mut changes = rule_changes(before.as_ref().map(|before| &before.document), &document);
    let changes_document = before.is_none() || !changes.is_empty();
    let (new_tags, no_room) =
        ownership::ownership_tags(desired, before.as_ref(), standing.as_ref(), schedule_context);
    if let Some(before) = &before {
        changes.extend(tag_changes(&new_tags, before));
        target_changes.extend(removed_target_changes(before, &sorted));
    }
    changes.extend(target_changes);
    let action = match (&before, changes.is_empty()) {
        (None, _) => Action::Create,
        (Some(_), true) => Action::Unchanged,
        (Some(_), false) => Action::Update,
    };
    let said = standing.filter(|standing| *standing != RuleOwnership::Unowned || action == Action::Update);
    let said = said.and_then(|standing| ownership::ownership_note(&standing, &desired.name, &sorted.foreign));
    notes.splice(0..0, said);
    notes.extend(no_room);
    Ok(SchedulePlan {
        key: desired.key.clone(),
        name: desired.name.clone(),
        via: desired.kind,
        group: None,
        action,
        changes,
        foreign: sorted.foreign,
        removed: sorted.removed,
        notes,
        before,
        document,
        changes_document,
        targets,
        new_group: None,
        new_tags,
    })
}

/// Returns how the rule itself, without its targets, differs from the desired one.
pub(super) fn compare_settings(desired: &DesiredSchedule, existing: &ObservedSchedule) -> Vec<Change> {
    rule_changes(Some(&existing.document), &put_rule_document(desired, Some(existing)))
}

/// Returns the changes by removed targets; a replaced one is shown with its replacement.
fn removed_target_changes(before: &ObservedSchedule, sorted: &TargetOwnership) -> Vec<Change> {
    let is_replaced = |id: &str| sorted.existing.iter().flatten().any(|existing| existing["Id"] == id);
    let gone = sorted.removed.iter().filter(|id| !is_replaced(id));
    let change = |id: &String| {
        let definition = before.target(id)?["EcsParameters"]["TaskDefinitionArn"].as_str();
        let runs = Value::from(definition.map(revision_name).unwrap_or_default());
        Some(Change { path: format!("targets[{id}].task_definition"), before: Some(runs), after: None })
    };
    gone.filter_map(change).collect()
}

fn too_many_targets(desired: &DesiredSchedule, foreign: &[String]) -> Option<Failure> {
    let all = desired.targets.len() + foreign.len();
    let message = format!(
        "rule `{}` would have {all} targets, but may have at most {MAX_TARGETS}: {} of them are not in the manifest",
        desired.name,
        foreign.len()
    );
    let hint = "remove targets that are not needed, or use another rule".to_owned();
    (all > MAX_TARGETS).then(|| Failure::refused(message).with_hint(hint))
}

/// Returns the `PutRule` document: the existing rule, overridden by what the manifest contains.
fn put_rule_document(desired: &DesiredSchedule, before: Option<&ObservedSchedule>) -> Value {
    let mut document = before.map(|before| put_rule_members(&before.document)).unwrap_or_default();
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

/// Returns a rule in the form of `PutRule`.
pub fn as_put_rule(rule: &Value) -> Value {
    Value::Object(put_rule_members(rule))
}

/// Returns whether two rules are equal, without their targets.
pub fn is_same(one: &Value, other: &Value) -> bool {
    rule_changes(Some(one), other).is_empty() && one["RoleArn"] == other["RoleArn"]
}

/// Returns whether two targets are equal, except for members with default values.
pub fn is_same_target(one: &Value, other: &Value) -> bool {
    let same = |name: &str| one[name] == other[name];
    target::is_same(one, other) && ["InputPath", "InputTransformer"].into_iter().all(same)
}

fn put_rule_members(rule: &Value) -> Map<String, Value> {
    let present =
        PUT_RULE_MEMBERS.iter().filter_map(|name| Some(((*name).to_owned(), rule.get(*name)?.clone())));
    present.collect()
}

fn rule_changes(existing: Option<&Value>, document: &Value) -> Vec<Change> {
    let nothing = Value::Null;
    let before = existing.unwrap_or(&nothing);
    let mut shown = ChangeList::new("");
    for (name, member) in
        [("expression", "ScheduleExpression"), ("state", "State"), ("description", "Description")]
    {
        let value = |rule: &Value| Some(rule[member].clone()).filter(|value| value.as_str() != Some(""));
        shown.add_value(name, value(before), value(document));
    }
    shown.changes
}

fn tag_changes(tags: &BTreeMap<String, String>, before: &ObservedSchedule) -> Vec<Change> {
    let change = |(key, value): (&String, &String)| Change {
        path: format!("tags[{key}]"),
        before: before.tags.get(key).cloned().map(Value::from),
        after: Some(value.clone().into()),
    };
    tags.iter().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rule_is_put_with_everything_that_put_rule_would_reset() {
        let rule = json!({"Name": "hourly", "Arn": "arn:x", "CreatedBy": "1", "ManagedBy": "y", "EventBusName": "default",
            "ScheduleExpression": "rate(1 hour)", "EventPattern": "{}", "State": "ENABLED", "Description": "d",
            "RoleArn": "r"});
        let expected = json!({"Name": "hourly", "ScheduleExpression": "rate(1 hour)", "EventPattern": "{}",
            "State": "ENABLED", "Description": "d", "RoleArn": "r"});
        assert_eq!(as_put_rule(&rule), expected);
    }
}
