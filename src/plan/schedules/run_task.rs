//! Converts `RunTask` members to the form of EventBridge Scheduler and rule targets, and back.

use serde_json::{Map, Value, json};

use crate::aws::types::Via;
use crate::document::model::DocumentKind;
use crate::document::normalize::normalize;
use crate::error::Failure;

/// The `RunTask` members that targets have too (API references, `EcsParameters` of EventBridge Scheduler and of
/// EventBridge). Of their contents, only the network and the tags are spelled differently.
const MEMBER_NAMES: &[(&str, &str)] = &[
    ("capacityProviderStrategy", "CapacityProviderStrategy"),
    ("enableECSManagedTags", "EnableECSManagedTags"),
    ("enableExecuteCommand", "EnableExecuteCommand"),
    ("group", "Group"),
    ("launchType", "LaunchType"),
    ("networkConfiguration", "NetworkConfiguration"),
    ("placementConstraints", "PlacementConstraints"),
    ("placementStrategy", "PlacementStrategy"),
    ("platformVersion", "PlatformVersion"),
    ("propagateTags", "PropagateTags"),
    ("referenceId", "ReferenceId"),
    ("tags", "Tags"),
];
const NETWORK_NAMES: &[(&str, &str)] =
    &[("subnets", "Subnets"), ("securityGroups", "SecurityGroups"), ("assignPublicIp", "AssignPublicIp")];

/// Returns `RunTask` members in the form of a target; `null` marks members to remove.
///
/// # Errors
/// A member is not supported by targets.
pub(super) fn to_target_parameters(
    members: &Map<String, Value>,
    via: Via,
) -> Result<Map<String, Value>, Vec<Failure>> {
    let mut parameters = Map::new();
    let mut failures = Vec::new();
    let is_set = |name: &str| members.get(name).is_some_and(|value| !is_empty_value(value));
    if is_set("launchType") && is_set("capacityProviderStrategy") {
        let message = "`launchType` and `capacityProviderStrategy` cannot be used together";
        failures.push(Failure::error(message).with_hint("remove one of them from `run_task:`".to_owned()));
    }
    for (name, value) in members {
        if let Some((_, written)) = MEMBER_NAMES.iter().find(|(known, _)| known == name) {
            parameters.insert((*written).to_owned(), to_target_value(name, value, via));
        } else {
            let hint = "remove it from `run_task:`; only one-off tasks can have it".to_owned();
            let message = format!("schedules do not support `{name}` for the tasks that they run");
            failures.push(Failure::error(message).with_hint(hint));
        }
    }
    if failures.is_empty() { Ok(parameters) } else { Err(failures) }
}

/// Returns whether a value is empty.
fn is_empty_value(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn to_target_value(name: &str, value: &Value, via: Via) -> Value {
    match name {
        _ if is_empty_value(value) => Value::Null,
        "propagateTags" if value != "TASK_DEFINITION" => Value::Null,
        "networkConfiguration" => {
            json!({ "awsvpcConfiguration": rename_members(&value["awsvpcConfiguration"], NETWORK_NAMES) })
        }
        // EventBridge Scheduler accepts any mappings and passes them to RunTask unchanged.
        "tags" if via == Via::Rule => {
            let tag = |tag: &Value| json!({ "Key": tag["key"], "Value": tag["value"] });
            value.as_array().into_iter().flatten().map(tag).collect()
        }
        _ => value.clone(),
    }
}

fn rename_members(members: &Value, names: &[(&str, &str)]) -> Value {
    let name =
        |from: &str| names.iter().find(|(known, _)| *known == from).map_or(from, |(_, to)| *to).to_owned();
    let present = members.as_object().into_iter().flatten().filter(|(_, value)| !is_empty_value(value));
    Value::Object(present.map(|(key, value)| (name(key), value.clone())).collect())
}

/// Merges the members that the manifest contains into existing parameters. Others are kept, except those that they
/// exclude: a launch type and a strategy exclude each other, and a launch type other than Fargate excludes a platform
/// version.
pub(super) fn merge_parameters(existing: &mut Map<String, Value>, given: Map<String, Value>) {
    let is_given = |name: &str| given.get(name).is_some_and(|value| !value.is_null());
    let mut excluded = Vec::new();
    if is_given("LaunchType") {
        excluded.push("CapacityProviderStrategy");
    }
    if is_given("CapacityProviderStrategy") {
        excluded.push("LaunchType");
    }
    if is_given("LaunchType") && given["LaunchType"] != "FARGATE" {
        excluded.push("PlatformVersion");
    }
    for name in &excluded {
        existing.shift_remove(*name);
    }
    for (name, value) in given {
        match value {
            Value::Null => drop(existing.shift_remove(&name)),
            value => drop(existing.insert(name, value)),
        }
    }
}

/// Returns the parameters of a target in the form of `RunTask`, in normal form.
pub(super) fn normal_run_task_members(target: &Value) -> Value {
    normalize(&Value::Object(run_task_members(target)), DocumentKind::RunTask)
}

/// Returns the parameters of a target in the form of `RunTask`.
pub fn run_task_members(target: &Value) -> Map<String, Value> {
    let parameters = &target["EcsParameters"];
    let mut members = Map::new();
    for (name, written) in MEMBER_NAMES {
        let value = from_target_value(name, &parameters[*written]);
        // Both services fill in members that were not given.
        if !is_empty_value(&value) && value != json!(false) {
            members.insert((*name).to_owned(), value);
        }
    }
    members
}

fn from_target_value(name: &str, value: &Value) -> Value {
    match name {
        "networkConfiguration" if !is_empty_value(value) => {
            let back: Vec<(&str, &str)> =
                NETWORK_NAMES.iter().map(|(name, written)| (*written, *name)).collect();
            json!({ "awsvpcConfiguration": rename_members(&value["awsvpcConfiguration"], &back) })
        }
        "capacityProviderStrategy" => {
            let item = |item: &Value| {
                let mut item = item.clone();
                if let Some(members) = item.as_object_mut() {
                    members.retain(|_, value| *value != json!(0));
                }
                item
            };
            value.as_array().into_iter().flatten().map(item).collect()
        }
        "tags" => {
            let either = |tag: &Value, upper: &str, lower: &str| match &tag[upper] {
                Value::Null => tag[lower].clone(),
                value => value.clone(),
            };
            let tag = |tag: &Value| json!({"key": either(tag, "Key", "key"), "value": either(tag, "Value", "value")});
            value.as_array().into_iter().flatten().map(tag).collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_target_was_given_is_what_running_it_now_gives_to_run_task() {
        let members = json!({
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 2, "base": 1}],
            "enableECSManagedTags": true,
            "enableExecuteCommand": true,
            "group": "reports",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}},
            "placementConstraints": [{"type": "memberOf", "expression": "attribute:zone == a"}],
            "placementStrategy": [{"type": "spread", "field": "host"}],
            "platformVersion": "1.4.0",
            "propagateTags": "TASK_DEFINITION",
            "referenceId": "nightly",
            "tags": [{"key": "team", "value": "shop"}],
        });
        let Value::Object(members) = members else { unreachable!("it is written as an object") };
        for via in [Via::Scheduler, Via::Rule] {
            let written = to_target_parameters(&members, via).expect("a target has all of these");
            let target = json!({ "EcsParameters": written });
            assert_eq!(Value::Object(run_task_members(&target)), Value::Object(members.clone()), "{via:?}");
        }
    }

    #[test]
    fn what_was_only_filled_in_is_not_given_to_run_task() {
        let target = json!({"EcsParameters": {"EnableECSManagedTags": false, "EnableExecuteCommand": false,
            "LaunchType": "FARGATE", "PlacementConstraints": [], "TaskCount": 1, "TaskDefinitionArn": "web:1"}});
        assert_eq!(Value::Object(run_task_members(&target)), json!({"launchType": "FARGATE"}));
    }
}
