//! What has changed between two plans of the same request: the saved one, and one of now. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::SavedPlan;
use crate::aws::types::revision_name;
use crate::plan::ServiceState;

/// The lists of a plan, with the member that names an item, and the noun of the item.
const LISTS: &[(&str, &str, &str)] = &[
    ("before", "task", "task"),
    ("services", "service", "service"),
    ("autoscaling", "service", "the autoscaling of service"),
    ("schedules", "schedule", "schedule"),
    ("after", "task", "task"),
];
/// The members of an item that may differ: which revision has the documents depends on what others registered.
const MAY_DIFFER: &[&str] = &["after", "attached", "runs"];

/// Returns the files that changed since a plan was saved, a sentence each.
pub fn changed_files(saved: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = saved.keys().chain(now.keys()).collect();
    let changed = names.into_iter().filter(|name| saved.get(*name) != now.get(*name));
    let sentence = |name: &String| match (saved.get(name), now.get(name)) {
        (Some(_), None) => format!("`{name}` is no longer used"),
        (None, _) => format!("`{name}` was not used"),
        _ => format!("`{name}` was edited"),
    };
    changed.map(sentence).collect()
}

/// Returns what has changed in AWS since a plan was saved, a sentence each. Services that the release of the plan itself
/// has changed already are left out.
pub fn changes_since(saved: &SavedPlan, now: &SavedPlan, own: &BTreeSet<String>) -> Vec<String> {
    let mut changes = changed_destination(&saved.plan, &now.plan);
    changes.extend(changed_images(&saved.images, &now.images));
    let others = saved.services.iter().filter(|(key, _)| !own.contains(*key));
    for (key, before) in others {
        changes.extend(now.services.get(key).and_then(|now| changed_service(key, before, now)));
    }
    if changes.is_empty() {
        changes.extend(LISTS.iter().flat_map(|list| changed_items(*list, &saved.plan, &now.plan, own)));
    }
    changes
}

fn changed_destination(saved: &Value, now: &Value) -> Vec<String> {
    let members = ["stage", "account", "region", "clusters"];
    let differs = |member: &&str| saved["destination"][*member] != now["destination"][*member];
    let sentence = |member: &str| {
        let text = |value: &Value| match value {
            Value::Null => "not known".to_owned(),
            Value::String(text) => format!("`{text}`"),
            Value::Array(items) => items
                .iter()
                .map(|item| format!("`{}`", item.as_str().unwrap_or_default()))
                .collect::<Vec<_>>()
                .join(", "),
            other => other.to_string(),
        };
        let (before, after) = (&saved["destination"][member], &now["destination"][member]);
        format!("{member} was {}, and is {}", text(before), text(after))
    };
    members.into_iter().filter(differs).map(sentence).collect()
}

fn changed_images(saved: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let moved = saved.iter().filter_map(|(image, before)| {
        let after = now.get(image)?;
        (before != after).then(|| format!("image `{image}` was {before}, and is {after}"))
    });
    moved.collect()
}

/// Returns how a service differs from its state in the plan.
fn changed_service(key: &str, before: &ServiceState, now: &ServiceState) -> Option<String> {
    let deployment =
        |state: &ServiceState| state.primary.as_ref().map(|(id, _)| id.clone()).unwrap_or_default();
    if before.task_definition != now.task_definition {
        let (before, now) = (revision_name(&before.task_definition), revision_name(&now.task_definition));
        return Some(match (before, now) {
            ("", now) => format!("service `{key}` did not exist, and runs {now}"),
            (before, "") => format!("service `{key}` ran {before}, and does not exist"),
            (before, now) => format!("service `{key}` ran {before}, and runs {now}"),
        });
    }
    if deployment(before) != deployment(now) {
        return Some(format!(
            "service `{key}` had deployment `{}`, and has `{}`",
            deployment(before),
            deployment(now)
        ));
    }
    let members: BTreeSet<&String> = before.attributes.keys().chain(now.attributes.keys()).collect();
    let differing =
        members.into_iter().filter(|name| before.attributes.get(*name) != now.attributes.get(*name));
    let differing: Vec<String> = differing.map(|name| format!("`{name}`")).collect();
    (!differing.is_empty()).then(|| format!("{} of service `{key}` changed", differing.join(", ")))
}

/// Returns the items of a list of the plan that would be changed in another way now.
fn changed_items(
    (list, name, noun): (&str, &str, &str),
    saved: &Value,
    now: &Value,
    own: &BTreeSet<String>,
) -> Vec<String> {
    let (before, after) = (items(&saved[list], name), items(&now[list], name));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |key: &&String| before.get(*key) != after.get(*key);
    let needs_nothing = |key: &&String| after.get(*key).is_some_and(|item| item["action"] == "unchanged");
    let changed = keys.into_iter().filter(differs).filter(|key| !needs_nothing(key));
    let changed = changed.filter(|key| !follows_own_changes(list, key, own));
    changed.map(|key| format!("what is to change of {noun} `{key}` is not what it was")).collect()
}

/// Returns whether an item differs because of what the release itself has done: a service that it changed, and the tasks,
/// which run where a service changes.
fn follows_own_changes(list: &str, key: &str, own: &BTreeSet<String>) -> bool {
    match list {
        "services" => own.contains(key),
        "before" | "after" => !own.is_empty(),
        _ => false,
    }
}

/// Returns the items of a list by their names, without the members that may differ.
fn items(list: &Value, name: &str) -> BTreeMap<String, Value> {
    let items = list.as_array().into_iter().flatten();
    let named = items.filter_map(|item| {
        let mut item = item.as_object()?.clone();
        item.retain(|member, _| !MAY_DIFFER.contains(&member.as_str()));
        for target in item.get_mut("targets").and_then(Value::as_array_mut).into_iter().flatten() {
            target.as_object_mut().into_iter().for_each(|target| drop(target.remove("after")));
        }
        Some((item.get(name)?.as_str()?.to_owned(), Value::Object(item)))
    });
    named.collect()
}
