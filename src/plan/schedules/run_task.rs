//! Owns how RunTask's members are written in the targets of EventBridge Scheduler and of rules, and back.

use serde_json::{Map, Value, json};

use crate::aws::types::Via;
use crate::document::model::Root;
use crate::document::normal::normal;
use crate::error::Failure;

/// The members that targets have too (API references, EcsParameters of EventBridge Scheduler and of EventBridge).
/// Within them only the network and the tags are spelled in another way.
const MEMBERS: &[(&str, &str)] = &[
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
const NETWORK: &[(&str, &str)] =
    &[("subnets", "Subnets"), ("securityGroups", "SecurityGroups"), ("assignPublicIp", "AssignPublicIp")];

/// Returns RunTask's members as a target has them; what is `null` there is to be absent.
///
/// # Errors
/// Members that a target cannot have.
pub(super) fn parameters(members: &Map<String, Value>, via: Via) -> Result<Map<String, Value>, Vec<Failure>> {
    let mut parameters = Map::new();
    let mut failures = Vec::new();
    let is_set = |name: &str| members.get(name).is_some_and(|value| !is_nothing(value));
    if is_set("launchType") && is_set("capacityProviderStrategy") {
        let message = "`launchType` and `capacityProviderStrategy` cannot stand beside each other";
        failures.push(Failure::error(message).hint("take one of them out of `run_task:`".to_owned()));
    }
    for (name, value) in members {
        match MEMBERS.iter().find(|(known, _)| known == name) {
            Some((_, written)) => {
                parameters.insert((*written).to_owned(), written_value(name, value, via));
            }
            None => {
                let hint = "take it out of `run_task:`; a one-off task can have it".to_owned();
                let message = format!("a schedule cannot give `{name}` to the tasks that it runs");
                failures.push(Failure::error(message).hint(hint));
            }
        }
    }
    if failures.is_empty() { Ok(parameters) } else { Err(failures) }
}

/// Returns whether a value says that there is nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn written_value(name: &str, value: &Value, via: Via) -> Value {
    match name {
        _ if is_nothing(value) => Value::Null,
        "propagateTags" if value != "TASK_DEFINITION" => Value::Null,
        "networkConfiguration" => {
            json!({ "awsvpcConfiguration": renamed(&value["awsvpcConfiguration"], NETWORK) })
        }
        // The scheduler takes free mappings, and hands them to RunTask as they are.
        "tags" if via == Via::Rule => {
            let tag = |tag: &Value| json!({ "Key": tag["key"], "Value": tag["value"] });
            value.as_array().into_iter().flatten().map(tag).collect()
        }
        _ => value.clone(),
    }
}

fn renamed(members: &Value, names: &[(&str, &str)]) -> Value {
    let name =
        |from: &str| names.iter().find(|(known, _)| *known == from).map_or(from, |(_, to)| *to).to_owned();
    let present = members.as_object().into_iter().flatten().filter(|(_, value)| !is_nothing(value));
    Value::Object(present.map(|(key, value)| (name(key), value.clone())).collect())
}

/// Lays what the manifest names over the parameters that are there. What it does not name stays, but for what
/// excludes it: a launch type and a strategy each other, and a launch type other than Fargate a platform version.
pub(super) fn lay_over(existing: &mut Map<String, Value>, given: Map<String, Value>) {
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
    excluded.iter().for_each(|name| drop(existing.shift_remove(*name)));
    for (name, value) in given {
        match value {
            Value::Null => drop(existing.shift_remove(&name)),
            value => drop(existing.insert(name, value)),
        }
    }
}

/// Returns the parameters of a target as RunTask has them, in normal form.
pub(super) fn members(target: &Value) -> Value {
    normal(&Value::Object(run_members(target)), Root::RunTask)
}

/// Returns the parameters of a target as RunTask has them.
pub(super) fn run_members(target: &Value) -> Map<String, Value> {
    let parameters = &target["EcsParameters"];
    let mut members = Map::new();
    for (name, written) in MEMBERS {
        let value = read_value(name, &parameters[*written]);
        // Both services fill in what is not asked for.
        if !is_nothing(&value) && value != json!(false) {
            members.insert((*name).to_owned(), value);
        }
    }
    members
}

fn read_value(name: &str, value: &Value) -> Value {
    match name {
        "networkConfiguration" if !is_nothing(value) => {
            let back: Vec<(&str, &str)> = NETWORK.iter().map(|(name, written)| (*written, *name)).collect();
            json!({ "awsvpcConfiguration": renamed(&value["awsvpcConfiguration"], &back) })
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
            let written = parameters(&members, via).expect("a target has all of these");
            let target = json!({ "EcsParameters": written });
            assert_eq!(Value::Object(run_members(&target)), Value::Object(members.clone()), "{via:?}");
        }
    }

    #[test]
    fn what_was_only_filled_in_is_not_given_to_run_task() {
        let target = json!({"EcsParameters": {"EnableECSManagedTags": false, "EnableExecuteCommand": false,
            "LaunchType": "FARGATE", "PlacementConstraints": [], "TaskCount": 1, "TaskDefinitionArn": "web:1"}});
        assert_eq!(Value::Object(run_members(&target)), json!({"launchType": "FARGATE"}));
    }
}
