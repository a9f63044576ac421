//! Computes the `RunTask` members of a one-off task: where to run from a service, and the overrides. Pure.

use serde_json::{Map, Value, json};

use crate::document::problem::did_you_mean;
use crate::error::Failure;
pub use crate::manifest::task_spec::ManifestOverrides;

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

/// Returns the `overrides` of `RunTask` for a definition document, or `None` if nothing is overridden.
///
/// # Errors
/// The definition does not have the named container.
pub fn overrides(overrides: &ManifestOverrides, definition: &Value) -> Result<Option<Value>, Failure> {
    let container = override_container(overrides.container.as_deref(), definition)?;
    let mut of_container = Map::new();
    if let Some(command) = &overrides.command {
        of_container.insert("command".to_owned(), json!(command));
    }
    if !overrides.environment.is_empty() {
        let pair = |(name, value): (&String, &String)| json!({"name": name, "value": value});
        of_container.insert("environment".to_owned(), overrides.environment.iter().map(pair).collect());
    }
    let mut members = Map::new();
    if !of_container.is_empty() {
        let Some(name) = container else {
            return Err(Failure::error("the task definition has no container to override"));
        };
        of_container.shift_insert(0, "name".to_owned(), name.into());
        members.insert("containerOverrides".to_owned(), json!([of_container]));
    }
    for (name, value) in [("cpu", &overrides.cpu), ("memory", &overrides.memory)] {
        members.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
    }
    Ok((!members.is_empty()).then_some(Value::Object(members)))
}

/// Returns the container that overrides apply to: the named one, else the first essential one, else the first.
///
/// # Errors
/// The definition does not have the named container.
pub fn override_container<'a>(
    named: Option<&str>,
    definition: &'a Value,
) -> Result<Option<&'a str>, Failure> {
    let all = || definition["containerDefinitions"].as_array().into_iter().flatten();
    let name = |container: &'a Value| container["name"].as_str();
    let Some(wanted) = named else {
        let essential = all().find(|container| container["essential"] != false);
        return Ok(essential.or_else(|| all().next()).and_then(name));
    };
    let names: Vec<&str> = all().filter_map(name).collect();
    if let Some(found) = names.iter().find(|name| **name == wanted) {
        Ok(Some(found))
    } else {
        let family = definition["family"].as_str().unwrap_or_default();
        let near = did_you_mean(wanted, names.iter().copied());
        let hint = near.unwrap_or_else(|| format!("its containers: {}", names.join(", ")));
        Err(Failure::usage(format!("no container named `{wanted}` in task definition `{family}`"))
            .with_hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn definition() -> Value {
        json!({"family": "web", "containerDefinitions": [{"name": "init", "essential": false}, {"name": "app"}]})
    }

    #[test]
    fn nothing_to_override_is_no_override() {
        assert_eq!(overrides(&ManifestOverrides::default(), &definition()).expect("good"), None);
    }

    #[test]
    fn overrides_are_for_the_first_essential_container() {
        let given = ManifestOverrides {
            command: Some(vec!["rake".to_owned(), "db:migrate".to_owned()]),
            environment: std::collections::BTreeMap::from([("A".to_owned(), "b=c".to_owned())]),
            memory: Some("2048".to_owned()),
            ..ManifestOverrides::default()
        };
        let expected = json!({"containerOverrides": [{"name": "app", "command": ["rake", "db:migrate"],
            "environment": [{"name": "A", "value": "b=c"}]}], "memory": "2048"});
        assert_eq!(overrides(&given, &definition()).expect("good"), Some(expected));
    }

    #[test]
    fn a_container_that_is_not_there_is_refused_with_the_nearest() {
        let given = ManifestOverrides { container: Some("ap".to_owned()), ..ManifestOverrides::default() };
        let failure = overrides(&given, &definition()).expect_err("there is none");
        assert_eq!(failure.message, "no container named `ap` in task definition `web`");
        assert_eq!(failure.hints, ["did you mean `app`?"]);
    }
}
