//! Completes blocks that are written in part: what is not written is taken from what runs. Pure.

use serde_json::{Map, Value};

use super::blocks::{BlockUpdate, CLEARING_VALUES, DEPENDENT_MEMBERS, SWITCHES, block_update};
use crate::document::model::{Shape, model};
use crate::document::shape_facts::item_keys;

/// How much of a block is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Only what `UpdateService` would reset: the form to send.
    Sent,
    /// Everything: the state after the update.
    Resulting,
}

/// Returns what is written with what runs in the place of what is not written.
pub fn completed(written: &Value, running: &Value, shape: &str, extent: Extent) -> Value {
    match (written, running, model().shape(shape)) {
        (Value::Object(written), Value::Object(running), Shape::Structure(_)) => {
            Value::Object(completed_members(written, running, shape, extent))
        }
        (Value::Object(written), Value::Object(running), Shape::Map(_)) => {
            let mut entries = running.clone();
            entries.extend(written.clone());
            Value::Object(entries)
        }
        (Value::Array(written), Value::Array(running), Shape::List(item)) => {
            completed_items(written, running, item, extent)
        }
        _ => written.clone(),
    }
}

fn completed_members(
    written: &Map<String, Value>,
    running: &Map<String, Value>,
    shape: &str,
    extent: Extent,
) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, value) in written {
        let target = model().member_shape(shape, name).unwrap_or_default();
        let is_comparable = !belongs_to_another_value(name, written, running, shape);
        let known = running.get(name).filter(|_| is_comparable).unwrap_or(&Value::Null);
        members.insert(name.clone(), completed(value, known, target, extent));
    }
    if (block_update(shape) == BlockUpdate::Merged && extent == Extent::Sent) || is_turned_off(written, shape)
    {
        return members;
    }
    let left_out = running.iter().filter(|(name, value)| !written.contains_key(*name) && !value.is_null());
    for (name, value) in left_out.filter(|(name, _)| !belongs_to_another_value(name, written, running, shape))
    {
        members.insert(name.clone(), value.clone());
    }
    members
}

/// Returns whether a block is written as turned off.
fn is_turned_off(written: &Map<String, Value>, shape: &str) -> bool {
    let switch = SWITCHES.iter().find(|(structure, _)| *structure == shape);
    switch.is_some_and(|(_, member)| written.get(*member) == Some(&Value::Bool(false)))
}

/// Returns whether a member belongs to a value of another member that is written otherwise.
fn belongs_to_another_value(
    name: &str,
    written: &Map<String, Value>,
    running: &Map<String, Value>,
    shape: &str,
) -> bool {
    let depends =
        |(structure, _, members): &&(&str, &str, &[&str])| *structure == shape && members.contains(&name);
    let decisive = DEPENDENT_MEMBERS.iter().find(depends).map(|(_, member, _)| *member);
    decisive.is_some_and(|member| written.contains_key(member) && written.get(member) != running.get(member))
}

fn completed_items(written: &[Value], running: &[Value], item: &str, extent: Extent) -> Value {
    let mut left: Vec<&Value> = running.iter().collect();
    let items = written.iter().map(|written| match item_position(written, &left, item) {
        Some(at) => completed(written, left.remove(at), item, extent),
        None => written.clone(),
    });
    items.collect()
}

/// Returns the position of the item that a written item describes.
pub fn item_position(written: &Value, running: &[&Value], item: &str) -> Option<usize> {
    let has_keys = |keys: &[&str], known: &Value| {
        keys.iter().all(|key| written[*key] == known[*key]) && keys.iter().any(|key| !written[*key].is_null())
    };
    item_keys(item).iter().find_map(|keys| running.iter().position(|known| has_keys(keys, known)))
}

/// Returns the members of a value that the model has, or that are written too, and the paths of the others.
///
/// What ECS returns may be newer than the model, and is then not known to be accepted.
pub fn known_members(value: &Value, written: &Value, shape: &str, path: &str) -> (Value, Vec<String>) {
    let mut unknown = Vec::new();
    let known = match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(_)) => {
            let mut kept = Map::new();
            for (name, value) in members {
                let here = format!("{path}.{name}");
                match model().member_shape(shape, name) {
                    Some(target) => {
                        let (value, found) = known_members(value, &written[name.as_str()], target, &here);
                        unknown.extend(found);
                        kept.insert(name.clone(), value);
                    }
                    None if !written[name.as_str()].is_null() => {
                        kept.insert(name.clone(), value.clone());
                    }
                    None => unknown.push(here),
                }
            }
            Value::Object(kept)
        }
        (Value::Array(items), Shape::List(item)) => {
            let items = items.iter().enumerate().map(|(index, value)| {
                let (value, found) = known_members(value, &written[index], item, &format!("{path}[]"));
                unknown.extend(found);
                value
            });
            items.collect()
        }
        _ => value.clone(),
    };
    unknown.dedup();
    (known, unknown)
}

/// Returns the value that clears a member, or `None` if it cannot be cleared.
pub fn clearing_value(structure: &str, member: &str) -> Option<Value> {
    let found = CLEARING_VALUES.iter().find(|(known, name, ..)| *known == structure && *name == member);
    if let Some((_, _, value, _)) = found {
        return serde_json::from_str(value).ok();
    }
    match model().shape(model().member_shape(structure, member)?) {
        Shape::List(_) => Some(Value::Array(Vec::new())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::BLOCKS;
    use super::*;
    use serde_json::json;

    fn both(written: Value, running: Value, member: &str) -> (Value, Value) {
        let shape = model().member_shape("UpdateServiceRequest", member).expect("a member");
        let of = |extent| completed(&written, &running, shape, extent);
        (of(Extent::Sent), of(Extent::Resulting))
    }

    #[test]
    fn every_block_of_the_model_is_in_the_table() {
        let (mut queue, mut seen, mut missing) = (vec!["UpdateServiceRequest"], Vec::new(), Vec::new());
        while let Some(structure) = queue.pop() {
            if seen.contains(&structure) || !matches!(model().shape(structure), Shape::Structure(_)) {
                continue;
            }
            seen.push(structure);
            if !BLOCKS.iter().any(|row| row.structure == structure) {
                missing.push(structure);
            }
            for member in model().member_names(structure) {
                let target = model().member_shape(structure, member).unwrap_or_default();
                queue.push(match model().shape(target) {
                    Shape::List(item) => item,
                    _ => target,
                });
            }
        }
        assert_eq!(missing, [""; 0], "decide in `blocks.rs`, with a source");
        for (structure, decisive, members) in DEPENDENT_MEMBERS {
            for member in [decisive].into_iter().chain(*members) {
                assert!(model().member_shape(structure, member).is_some(), "{structure}.{member}");
            }
        }
        for (structure, member, value, _) in CLEARING_VALUES {
            assert!(model().member_shape(structure, member).is_some(), "{structure}.{member}");
            assert!(serde_json::from_str::<Value>(value).is_ok(), "{structure}.{member}");
        }
    }

    #[test]
    fn a_replaced_block_is_sent_with_what_runs() {
        let running = json!({"awsvpcConfiguration": {"subnets": ["a"], "securityGroups": ["g"],
            "assignPublicIp": "ENABLED"}});
        let written = json!({"awsvpcConfiguration": {"subnets": ["b"]}});
        let expected = json!({"awsvpcConfiguration": {"subnets": ["b"], "securityGroups": ["g"],
            "assignPublicIp": "ENABLED"}});
        assert_eq!(both(written, running, "networkConfiguration"), (expected.clone(), expected));
    }

    #[test]
    fn of_a_merged_block_only_what_is_written_is_sent() {
        let running = json!({"maximumPercent": 200, "minimumHealthyPercent": 50,
            "deploymentCircuitBreaker": {"enable": false, "rollback": true, "resetOnHealthyTask": false}});
        let written = json!({"deploymentCircuitBreaker": {"enable": true}});
        let (sent, resulting) = both(written, running, "deploymentConfiguration");
        let breaker = json!({"enable": true, "rollback": true, "resetOnHealthyTask": false});
        assert_eq!(sent, json!({"deploymentCircuitBreaker": breaker}));
        let expected =
            json!({"maximumPercent": 200, "minimumHealthyPercent": 50, "deploymentCircuitBreaker": breaker});
        assert_eq!(resulting, expected);
    }

    #[test]
    fn the_configuration_of_another_strategy_is_not_taken_over() {
        let running = json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 10.0}});
        let (_, resulting) = both(json!({"strategy": "ROLLING"}), running.clone(), "deploymentConfiguration");
        assert_eq!(resulting, json!({"strategy": "ROLLING"}));
        let (_, resulting) = both(json!({"bakeTimeInMinutes": 5}), running, "deploymentConfiguration");
        assert_eq!(resulting["linearConfiguration"], json!({"stepPercent": 10.0}));
    }

    #[test]
    fn items_of_a_list_are_found_by_their_keys() {
        let balancer = |group: &str, port: u16| json!({"targetGroupArn": group, "containerName": "web", "containerPort": port});
        let mut first = balancer("a", 80);
        first["advancedConfiguration"] = json!({"roleArn": "r", "alternateTargetGroupArn": "b"});
        let running = json!([balancer("c", 80), first]);
        let (sent, _) = both(json!([balancer("a", 8080), balancer("d", 80)]), running, "loadBalancers");
        first["containerPort"] = json!(8080);
        assert_eq!(sent, json!([first, balancer("d", 80)]));
    }

    #[test]
    fn service_connect_is_turned_off_whole() {
        let running = json!({"enabled": true, "namespace": "n", "services": [{"portName": "http"}]});
        let off = json!({"enabled": false});
        assert_eq!(both(off.clone(), running, "serviceConnectConfiguration"), (off.clone(), off));
    }

    #[test]
    fn settings_of_another_log_driver_are_not_taken_over() {
        let running = json!({"enabled": true, "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}});
        let written = json!({"enabled": true, "logConfiguration": {"logDriver": "splunk", "options": {"splunk-url": "u"}}});
        let (sent, _) = both(written.clone(), running, "serviceConnectConfiguration");
        assert_eq!(sent, written);
    }

    #[test]
    fn what_the_model_does_not_have_is_left_out_and_named() {
        let value = json!({"awsvpcConfiguration": {"subnets": ["a"], "newer": 1}, "written": 2});
        let shape = "NetworkConfiguration";
        let (known, unknown) = known_members(&value, &json!({"written": 3}), shape, "networkConfiguration");
        assert_eq!(known, json!({"awsvpcConfiguration": {"subnets": ["a"]}, "written": 2}));
        assert_eq!(unknown, ["networkConfiguration.awsvpcConfiguration.newer"]);
    }
}
