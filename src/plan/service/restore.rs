//! Turns attributes as ECS returns them into the form that `UpdateService` takes: without what it does not take, and
//! completed where an answer leaves something out that it requires. Pure.

use serde_json::{Map, Value};

use super::blocks::{BlockUpdate, DEPENDENT_MEMBERS, block_update};
use super::complete::{clearing_value, item_position, known_members};
use crate::document::model::{Shape, ShapeSchema, model};
use crate::document::normalize::values::default_value;

/// The input of `UpdateService`, which has the shape of each attribute.
pub const UPDATE: &str = "UpdateServiceRequest";

/// What an attribute that is sent back is completed with and checked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct RestoreTerms<'a> {
    /// Where the attribute may be found again with the members that an answer leaves out, in the order of preference.
    pub sources: &'a [&'a Value],
    /// Whether the service's strategy shifts traffic: its load balancers must have an advanced configuration then (AWS,
    /// troubleshooting-blue-green).
    pub shifts_traffic: bool,
}

impl RestoreTerms<'_> {
    /// Returns the members that a structure must have.
    fn required<'s>(&self, shape: &str, schema: &'s ShapeSchema) -> Vec<&'s str> {
        let mut required: Vec<&str> = schema.required.iter().map(String::as_str).collect();
        if shape == "LoadBalancer" && self.shifts_traffic {
            required.push("advancedConfiguration");
        }
        required
    }
}

/// Returns an attribute in the form to send back.
///
/// # Errors
/// The paths of the members that `UpdateService` requires and nothing returns.
pub fn restorable(member: &str, value: &Value, terms: &RestoreTerms<'_>) -> Result<Value, Vec<String>> {
    let shape = model().member_shape(UPDATE, member).unwrap_or_default();
    let (mut value, _) = known_members(value, &Value::Null, shape, member);
    for source in terms.sources {
        complete_required(&mut value, source, shape, terms);
    }
    let missing = missing_members(&value, shape, member, terms);
    if missing.is_empty() { Ok(value) } else { Err(missing) }
}

/// Takes the required members that a value lacks from another form of it.
fn complete_required(value: &mut Value, source: &Value, shape: &str, terms: &RestoreTerms<'_>) {
    match (value, source, model().shape(shape)) {
        (Value::Object(members), Value::Object(known), Shape::Structure(schema)) => {
            for name in terms.required(shape, schema) {
                let is_missing = members.get(name).is_none_or(Value::is_null);
                if let Some(found) = known.get(name).filter(|found| is_missing && !found.is_null()) {
                    members.insert(name.to_owned(), found.clone());
                }
            }
            for (name, value) in members {
                let target = model().member_shape(shape, name).unwrap_or_default();
                complete_required(value, known.get(name).unwrap_or(&Value::Null), target, terms);
            }
        }
        (Value::Array(items), Value::Array(known), Shape::List(item)) => {
            let known: Vec<&Value> = known.iter().collect();
            for value in items {
                if let Some(at) = item_position(value, &known, item) {
                    complete_required(value, known[at], item, terms);
                }
            }
        }
        _ => {}
    }
}

/// Returns the paths of the members that a value must have and lacks.
fn missing_members(value: &Value, shape: &str, path: &str, terms: &RestoreTerms<'_>) -> Vec<String> {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(schema)) => {
            // ECS fills in what has a default.
            let is_missing = |name: &&str| {
                members.get(*name).is_none_or(Value::is_null) && default_value(shape, name).is_none()
            };
            let required = terms.required(shape, schema);
            let own = required.into_iter().filter(is_missing).map(|name| format!("{path}.{name}"));
            let nested = members.iter().flat_map(|(name, value)| {
                let target = model().member_shape(shape, name).unwrap_or_default();
                missing_members(value, target, &format!("{path}.{name}"), terms)
            });
            own.chain(nested).collect()
        }
        (Value::Array(items), Shape::List(item)) => {
            items.iter().flat_map(|value| missing_members(value, item, &format!("{path}[]"), terms)).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the paths of the members that an attribute must have and lacks.
pub fn missing_from(member: &str, value: &Value) -> Vec<String> {
    missing_from_shape(model().member_shape(UPDATE, member).unwrap_or_default(), member, value)
}

/// Returns the paths of the members that a value of a shape must have and lacks.
pub fn missing_from_shape(shape: &str, path: &str, value: &Value) -> Vec<String> {
    missing_members(value, shape, path, &RestoreTerms::default())
}

/// Returns what restores an attribute after `sent` was sent for it: the value that was observed, the value that clears
/// it, or `None` if it was not set and cannot be cleared. Of a block that `UpdateService` merges, only the members that
/// were sent are restored.
pub fn previous_value(structure: &str, member: &str, sent: &Value, observed: &Value) -> Option<Value> {
    let shape = model().member_shape(structure, member).unwrap_or_default();
    match (sent, observed) {
        (_, Value::Null) => clearing_value(structure, member),
        (Value::Object(sent), Value::Object(observed)) if block_update(shape) == BlockUpdate::Merged => {
            let restored = previous_members(shape, sent, observed);
            Some(Value::Object(restored)).filter(|value| value.as_object().is_some_and(|all| !all.is_empty()))
        }
        _ => Some(observed.clone()),
    }
}

fn previous_members(
    shape: &str,
    sent: &Map<String, Value>,
    observed: &Map<String, Value>,
) -> Map<String, Value> {
    let mut restored = Map::new();
    for (name, value) in sent {
        let before = observed.get(name).unwrap_or(&Value::Null);
        restored.extend(previous_value(shape, name, value, before).map(|before| (name.clone(), before)));
    }
    // What belongs to the previous value of a member that was sent goes back with it.
    let depends = DEPENDENT_MEMBERS
        .iter()
        .filter(|(structure, decisive, _)| *structure == shape && sent.contains_key(*decisive));
    for name in depends.flat_map(|(_, _, members)| *members) {
        if let Some(before) = observed.get(*name).filter(|before| !before.is_null()) {
            restored.insert((*name).to_owned(), before.clone());
        }
    }
    restored
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_answer_leaves_out_is_found_elsewhere_or_named() {
        let volume = |members: Value| json!([{"name": "data", "managedEBSVolume": members}]);
        let answer = volume(json!({"sizeInGiB": 20}));
        let elsewhere = volume(json!({"sizeInGiB": 10, "roleArn": "r"}));
        let terms = RestoreTerms { sources: &[&elsewhere], ..RestoreTerms::default() };
        assert_eq!(
            restorable("volumeConfigurations", &answer, &terms),
            Ok(volume(json!({"sizeInGiB": 20, "roleArn": "r"})))
        );
        let missing = restorable("volumeConfigurations", &answer, &RestoreTerms::default());
        assert_eq!(missing, Err(vec!["volumeConfigurations[].managedEBSVolume.roleArn".to_owned()]));
    }

    #[test]
    fn what_update_service_does_not_take_is_left_out() {
        let network = json!({"awsvpcConfiguration": {"subnets": ["a"], "shownOnly": true}});
        let expected = json!({"awsvpcConfiguration": {"subnets": ["a"]}});
        assert_eq!(restorable("networkConfiguration", &network, &RestoreTerms::default()), Ok(expected));
    }

    #[test]
    fn where_traffic_is_shifted_a_load_balancer_needs_its_advanced_configuration() {
        let plain = json!([{"targetGroupArn": "a", "containerName": "web", "containerPort": 80}]);
        let mut advanced = plain.clone();
        advanced[0]["advancedConfiguration"] = json!({"roleArn": "r"});
        let terms = RestoreTerms { sources: &[&advanced], shifts_traffic: true };
        assert_eq!(restorable("loadBalancers", &plain, &terms), Ok(advanced.clone()));
        let rolling = RestoreTerms { shifts_traffic: false, ..terms };
        assert_eq!(restorable("loadBalancers", &plain, &rolling), Ok(plain.clone()));
        let nowhere = RestoreTerms { sources: &[], shifts_traffic: true };
        let missing = restorable("loadBalancers", &plain, &nowhere);
        assert_eq!(missing, Err(vec!["loadBalancers[].advancedConfiguration".to_owned()]));
    }

    #[test]
    fn of_a_merged_block_only_what_was_sent_is_restored() {
        let restored = |sent: Value, observed: Value| {
            previous_value(UPDATE, "deploymentConfiguration", &sent, &observed)
        };
        let observed = json!({"maximumPercent": 200, "minimumHealthyPercent": 50});
        assert_eq!(
            restored(json!({"maximumPercent": 150}), observed.clone()),
            Some(json!({"maximumPercent": 200}))
        );
        let off = json!({"alarms": {"alarmNames": [], "enable": false, "rollback": false}});
        assert_eq!(restored(json!({"alarms": {"alarmNames": ["a"]}}), observed.clone()), Some(off));
        let canary = json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.0}});
        assert_eq!(restored(canary.clone(), observed), Some(json!({"strategy": "ROLLING"})));
        let linear = json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0}, "maximumPercent": 200});
        let expected = json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0}});
        assert_eq!(restored(canary, linear), Some(expected));
    }

    #[test]
    fn an_attribute_that_was_not_set_is_cleared_if_that_can_be() {
        let restored = |member: &str| previous_value(UPDATE, member, &json!("x"), &Value::Null);
        assert_eq!(restored("serviceConnectConfiguration"), Some(json!({"enabled": false})));
        assert_eq!(restored("platformVersion"), Some(json!("LATEST")));
        assert_eq!(restored("loadBalancers"), Some(json!([])));
        assert_eq!(restored("networkConfiguration"), None);
    }
}
