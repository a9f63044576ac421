//! Computes the `RunTask` members of a one-off task that it takes from a service. Pure.

use serde_json::{Map, Value};

use super::service::complete::known_members;
use super::service::restore::missing_from_shape;
use crate::error::Failure;
pub use crate::manifest::task_spec::ManifestOverrides;
pub use crate::render::overrides::{override_container, overrides};

/// The members of `RunTask` that a service has in the same form.
const SHARED_MEMBERS: &[&str] =
    &["networkConfiguration", "capacityProviderStrategy", "launchType", "platformVersion"];

/// Returns the members of `RunTask` that a task takes from a service, as `DescribeServices` returns it.
///
/// ECS keeps some members with the PRIMARY deployment or the PRIMARY task set instead of the service.
pub fn members_like_service(service: &Value) -> Map<String, Value> {
    let mut members = Map::new();
    for name in SHARED_MEMBERS {
        let value = service_member(service, name);
        let says_something = match value {
            Value::Array(items) => !items.is_empty(),
            Value::String(text) => !text.is_empty() && text != "LATEST",
            Value::Null => false,
            _ => true,
        };
        if says_something {
            members.insert((*name).to_owned(), value.clone());
        }
    }
    // RunTask accepts only one of the two; a strategy is more precise.
    if members.contains_key("capacityProviderStrategy") {
        members.remove("launchType");
    }
    let constraints = service_member(service, "placementConstraints").as_array().into_iter().flatten();
    // One-off tasks have no other tasks of their kind to be kept apart from.
    let kept: Vec<Value> =
        constraints.filter(|constraint| constraint["type"] != "distinctInstance").cloned().collect();
    if !kept.is_empty() {
        members.insert("placementConstraints".to_owned(), kept.into());
    }
    members
}

/// Returns the volumes that a task takes from a service, in the form of `RunTask`: those that its definition leaves to the
/// launch.
///
/// # Errors
/// ECS does not return something that `RunTask` requires.
pub fn volumes_like_service(
    key: &str,
    service: &Value,
    definition: &Value,
) -> Result<Option<Value>, Failure> {
    const SHAPE: &str = "TaskVolumeConfigurations";
    let volumes = definition["volumes"].as_array().into_iter().flatten();
    let at_launch: Vec<&Value> =
        volumes.filter(|volume| volume["configuredAtLaunch"] == true).map(|volume| &volume["name"]).collect();
    let configured = service_member(service, "volumeConfigurations").as_array().into_iter().flatten();
    let taken = configured.filter(|volume| at_launch.contains(&&volume["name"])).cloned();
    let (mut taken, _) = known_members(&taken.collect(), &Value::Null, SHAPE, "volumeConfigurations");
    for tags in taken.as_array_mut().into_iter().flatten().flat_map(tag_specifications) {
        // Tags of a service go to the volumes of its own tasks only (API reference, EBSTagSpecification).
        if tags.get("propagateTags").is_some_and(|value| value == "SERVICE") {
            tags.remove("propagateTags");
        }
    }
    let missing = missing_from_shape(SHAPE, "volumeConfigurations", &taken);
    if !missing.is_empty() {
        let message = format!(
            "the volumes of `{key}` cannot be those of its service: ECS does not return `{}`",
            missing.join("`, `")
        );
        let hint = "set them with `run_task: { volumeConfigurations: … }`".to_owned();
        return Err(Failure::error(message).with_hint(hint));
    }
    Ok(Some(taken).filter(|taken| taken.as_array().is_some_and(|taken| !taken.is_empty())))
}

fn tag_specifications(volume: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let tags = volume.pointer_mut("/managedEBSVolume/tagSpecifications").and_then(Value::as_array_mut);
    tags.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Returns a member of a service, of its PRIMARY deployment, or of its PRIMARY task set.
fn service_member<'a>(service: &'a Value, name: &str) -> &'a Value {
    let primary = |list: &str| {
        let items = service[list].as_array();
        items.into_iter().flatten().find(|item| item["status"] == "PRIMARY").map(|item| &item[name])
    };
    let own = Some(&service[name]);
    let says = |value: &&Value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
    [own, primary("deployments"), primary("taskSets")]
        .into_iter()
        .flatten()
        .find(says)
        .unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_task_goes_where_the_service_is() {
        let network = json!({"awsvpcConfiguration": {"subnets": ["a"]}});
        let service = json!({"networkConfiguration": network, "launchType": "FARGATE", "platformVersion": "LATEST",
            "capacityProviderStrategy": [], "placementConstraints": [{"type": "distinctInstance"}], "desiredCount": 2});
        assert_eq!(
            Value::Object(members_like_service(&service)),
            json!({"networkConfiguration": network, "launchType": "FARGATE"})
        );
    }

    #[test]
    fn a_strategy_stands_in_the_place_of_a_launch_type() {
        let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
        let service = json!({"launchType": "FARGATE", "capacityProviderStrategy": strategy, "platformVersion": "1.4.0",
            "placementConstraints": [{"type": "distinctInstance"}, {"type": "memberOf", "expression": "x"}]});
        let expected = json!({"capacityProviderStrategy": strategy, "platformVersion": "1.4.0",
            "placementConstraints": [{"type": "memberOf", "expression": "x"}]});
        assert_eq!(Value::Object(members_like_service(&service)), expected);
    }

    #[test]
    fn what_stands_with_the_primary_deployment_or_task_set_is_taken_from_there() {
        let network = json!({"awsvpcConfiguration": {"subnets": ["b"]}});
        for list in ["deployments", "taskSets"] {
            let service = json!({list: [{"status": "ACTIVE", "networkConfiguration": {}},
                {"status": "PRIMARY", "networkConfiguration": network}]});
            assert_eq!(members_like_service(&service)["networkConfiguration"], network, "{list}");
        }
    }

    #[test]
    fn a_task_has_the_volumes_of_its_service_in_the_form_of_run_task() {
        let volume = |name: &str, tags: Value| {
            json!({"name": name, "managedEBSVolume": {"roleArn": "r", "sizeInGiB": 20, "filesystemType": "xfs",
                "tagSpecifications": [tags]}})
        };
        let tags = json!({"resourceType": "volume", "propagateTags": "SERVICE"});
        let service = json!({"deployments": [{"status": "PRIMARY",
            "volumeConfigurations": [volume("data", tags), volume("other", json!({"resourceType": "volume"}))]}]});
        let definition =
            json!({"volumes": [{"name": "data", "configuredAtLaunch": true}, {"name": "other"}]});
        let expected = json!([volume("data", json!({"resourceType": "volume"}))]);
        assert_eq!(volumes_like_service("migrate", &service, &definition).expect("whole"), Some(expected));
        assert_eq!(volumes_like_service("migrate", &service, &json!({})).expect("whole"), None);
    }

    #[test]
    fn volumes_that_ecs_does_not_return_whole_are_refused() {
        let service = json!({"deployments": [{"status": "PRIMARY",
            "volumeConfigurations": [{"name": "data", "managedEBSVolume": {"sizeInGiB": 20}}]}]});
        let definition = json!({"volumes": [{"name": "data", "configuredAtLaunch": true}]});
        let failure = volumes_like_service("migrate", &service, &definition).expect_err("no role");
        assert!(failure.message.contains("`volumeConfigurations[].managedEBSVolume.roleArn`"), "{failure:?}");
    }
}
