//! Compares a service's own attributes. Only attributes that the manifest contains are compared and sent.

use serde_json::{Map, Value};

use super::diff::{Change, diff};
use crate::aws::types::ObservedService;
use crate::document::model::{DocumentKind, model};
use crate::document::normalize::normalize;
use crate::error::Failure;
use crate::render::DesiredService;

/// Members that `DescribeServices` does not return in a form that can be compared.
const UNCOMPARED_MEMBERS: &[&str] = &["tags", "role", "clientToken"];

/// The changes of a service's attributes.
#[derive(Clone, Debug, Default)]
pub struct ServiceChanges {
    pub changes: Vec<Change>,
    /// The members to send, complete, as the manifest has them.
    pub members: Map<String, Value>,
    pub notes: Vec<String>,
}

/// Returns how the attributes in the manifest differ from those of the service.
///
/// # Errors
/// A member differs that `UpdateService` does not take.
pub fn compare_attributes(
    service: &DesiredService,
    seen: &ObservedService,
) -> Result<ServiceChanges, Vec<Failure>> {
    let Some(Value::Object(written)) = &service.service else { return Ok(ServiceChanges::default()) };
    let mut attributes = ServiceChanges::default();
    let mut failures = Vec::new();
    for (member, value) in written {
        if UNCOMPARED_MEMBERS.contains(&member.as_str()) {
            attributes.notes.push(format!(
                "`{member}` of service `{}` only applies when the service is created, and is not compared",
                service.key
            ));
            continue;
        }
        let found = compare_member(member, value, seen);
        if found.is_empty() {
            continue;
        }
        if model().member_shape("UpdateServiceRequest", member).is_none() {
            let message = format!(
                "`{member}` of service `{}` cannot be changed after the service is created",
                service.name
            );
            failures.push(
                Failure::error(message)
                    .with_hint("delete and recreate the service, or revert the change".to_owned()),
            );
        }
        attributes.changes.extend(found);
        attributes.members.insert(member.clone(), value.clone());
    }
    if failures.is_empty() { Ok(attributes) } else { Err(failures) }
}

fn compare_member(member: &str, written: &Value, seen: &ObservedService) -> Vec<Change> {
    let single = |value: Value| {
        normalize(&Value::Object(Map::from_iter([(member.to_owned(), value)])), DocumentKind::Service)
    };
    let observed = restrict_to_manifest(observed_member(member, seen), written);
    diff(&single(observed), &single(written.clone()), DocumentKind::Service.input_shape())
}

/// Returns a member of the service, or of its PRIMARY deployment, where ECS keeps some members.
pub(super) fn observed_member(member: &str, seen: &ObservedService) -> Value {
    let own = &seen.document[member];
    if !own.is_null() {
        return own.clone();
    }
    let deployments = seen.document["deployments"].as_array();
    let primary = deployments.into_iter().flatten().find(|deployment| deployment["status"] == "PRIMARY");
    primary.map_or(Value::Null, |primary| primary[member].clone())
}

/// Returns what was observed, without members that the manifest does not contain: ECS may have filled them in.
fn restrict_to_manifest(observed: Value, written: &Value) -> Value {
    match (observed, written) {
        (Value::Object(observed), Value::Object(written)) => Value::Object(
            observed
                .into_iter()
                .filter_map(|(name, value)| {
                    let written = written.get(&name)?;
                    Some((name, restrict_to_manifest(value, written)))
                })
                .collect(),
        ),
        (Value::Array(observed), Value::Array(written)) if observed.len() == written.len() => {
            restrict_items_to_manifest(observed, written)
        }
        (observed, _) => observed,
    }
}

/// Restricts the items of a list to what the manifest contains of each. ECS may return them in another order.
fn restrict_items_to_manifest(observed: Vec<Value>, written: &[Value]) -> Value {
    let mut left: Vec<&Value> = written.iter().collect();
    let same =
        |observed: &Value, written: &Value| restrict_to_manifest(observed.clone(), written) == *written;
    let items = observed.into_iter().map(|observed| {
        let at = left.iter().position(|written| same(&observed, written)).unwrap_or(0);
        // Both lists have the same length, so one is left for each item.
        if left.is_empty() { observed } else { restrict_to_manifest(observed, left.remove(at)) }
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{DefinitionSource, ImageReplacements};
    use serde_json::json;

    fn planned(written: Value, observed: Value) -> Result<ServiceChanges, Vec<Failure>> {
        let service = DesiredService {
            key: "web".into(),
            name: "web".into(),
            cluster: "main".into(),
            definition: DefinitionSource::RunningWithTags(ImageReplacements::default()),
            before: Vec::new(),
            after: Vec::new(),
            needs: Vec::new(),
            service: Some(written),
            timeout: None,
            on_failure: None,
            on_timeout: None,
        };
        compare_attributes(&service, &ObservedService { document: observed, ..ObservedService::default() })
    }

    #[test]
    fn only_what_is_written_is_compared_and_sent() {
        let observed = json!({"desiredCount": 7, "propagateTags": "NONE",
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING"},
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["b", "a"], "assignPublicIp": "DISABLED"}}});
        let written = json!({"deploymentConfiguration": {"maximumPercent": 150},
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a", "b"]}}});
        let found = planned(written, observed).expect("can be changed");
        assert_eq!(found.members.keys().collect::<Vec<_>>(), ["deploymentConfiguration"]);
        assert_eq!(found.changes[0].path, "deploymentConfiguration.maximumPercent");
    }

    #[test]
    fn the_order_in_which_ecs_gives_load_balancers_is_no_change() {
        let group = |arn: &str| json!({"targetGroupArn": arn, "containerName": "web", "containerPort": 80});
        let (mut first, second) = (group("a"), group("b"));
        first["advancedConfiguration"] = json!({"roleArn": "r"});
        let mut filled_in = second.clone();
        filled_in["advancedConfiguration"] = json!({"roleArn": "x"});
        let observed = json!({"loadBalancers": [filled_in, first]});
        let found = planned(json!({"loadBalancers": [first, second]}), observed).expect("can be changed");
        assert_eq!(found.changes, []);
    }

    #[test]
    fn what_update_service_does_not_take_is_refused_only_when_it_differs() {
        assert!(planned(json!({"launchType": "FARGATE"}), json!({"launchType": "FARGATE"})).is_ok());
        let failures =
            planned(json!({"launchType": "EC2"}), json!({"launchType": "FARGATE"})).expect_err("differs");
        assert!(failures[0].message.contains("`launchType`"), "{failures:?}");
    }

    #[test]
    fn service_connect_is_found_with_the_deployment() {
        let observed =
            json!({"deployments": [{"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": true}}]});
        let found =
            planned(json!({"serviceConnectConfiguration": {"enabled": true}}), observed).expect("same");
        assert!(found.members.is_empty(), "{found:?}");
    }
}
