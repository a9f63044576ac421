//! How ECS stores the attributes of a service: what `CreateService` fills in, and what `UpdateService` merges or replaces.
//!
//! An absent member stays as it is. Of the members that are given, `deploymentConfiguration` is merged member by
//! member; every other one, and every block inside it, is replaced, and what it leaves out gets its default
//! (go-to-k/cdkd, src/provisioning/providers/ecs-provider.ts, measured 2026-07 and 2026-08).

use serde_json::{Map, Value, json};

use crate::api::{ApiError, invalid_if};

/// Members of an input that are not part of a service's configuration.
const NOT_CONFIG: &[&str] = &[
    "cluster",
    "service",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "clientToken",
    "tags",
    "forceNewDeployment",
    "role",
];

/// The configurations that belong to one strategy.
const STRATEGY_BLOCKS: &[(&str, &str)] =
    &[("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")];

/// Returns the configuration of a new service, with ECS's defaults.
pub(super) fn created(input: &Value) -> Result<Map<String, Value>, ApiError> {
    let daemon = input["schedulingStrategy"] == "DAEMON";
    let mut out = json!({
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": "REPLICA",
        "deploymentController": { "type": "ECS" },
        "healthCheckGracePeriodSeconds": 0,
        "enableECSManagedTags": false,
        "propagateTags": "NONE",
        "enableExecuteCommand": false,
        "availabilityZoneRebalancing": if daemon { "DISABLED" } else { "ENABLED" },
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": circuit_breaker(&json!({}), &Value::Null),
            "alarms": alarms(&json!({})),
            "maximumPercent": if daemon { 100 } else { 200 },
            "minimumHealthyPercent": if daemon { 0 } else { 100 },
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        },
    });
    update(&mut out, input)?;
    if out["capacityProviderStrategy"].as_array().is_none_or(Vec::is_empty) && out["launchType"].is_null() {
        out["launchType"] = json!("EC2");
    }
    if out["launchType"] == "FARGATE" || out["capacityProviderStrategy"].is_array() {
        if out["platformVersion"].is_null() {
            out["platformVersion"] = json!("LATEST");
        }
        out["platformFamily"] = json!("Linux");
    }
    Ok(if let Value::Object(map) = out { map } else { Map::new() })
}

/// Changes a configuration into what it is after an input.
pub(super) fn update(config: &mut Value, input: &Value) -> Result<(), ApiError> {
    for (name, value) in input.as_object().into_iter().flatten() {
        if NOT_CONFIG.contains(&name.as_str()) || value.is_null() {
            continue;
        }
        match name.as_str() {
            "deploymentConfiguration" => update_deployment(&mut config["deploymentConfiguration"], value)?,
            _ => config[name.as_str()] = stored(name, value),
        }
    }
    Ok(())
}

/// Returns an attribute as ECS stores it.
fn stored(name: &str, value: &Value) -> Value {
    let mut value = value.clone();
    match name {
        "networkConfiguration" if value["awsvpcConfiguration"].is_object() => {
            let network = &mut value["awsvpcConfiguration"];
            fill_in(network, "securityGroups", json!([]));
            fill_in(network, "assignPublicIp", json!("DISABLED"));
        }
        "placementStrategy" => items(&mut value).for_each(respell_field),
        "serviceConnectConfiguration" => items(&mut value["services"]).for_each(|service| {
            let name = service["portName"].clone();
            fill_in(service, "discoveryName", name);
        }),
        "volumeConfigurations" => items(&mut value)
            .filter(|volume| volume["managedEBSVolume"].is_object())
            .for_each(|volume| fill_in(&mut volume["managedEBSVolume"], "filesystemType", json!("xfs"))),
        _ => {}
    }
    if value["services"].is_null() {
        // `items` on a missing member adds it as null.
        value.as_object_mut().map(|members| members.shift_remove("services"));
    }
    value
}

fn items(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_array_mut().into_iter().flatten()
}

/// Sets a member that is absent.
fn fill_in(block: &mut Value, name: &str, default: Value) {
    if block[name].is_null() {
        block[name] = default;
    }
}

/// `host` and `instanceId` are one, and ECS returns the second (terraform-provider-aws, `aws_ecs_service`).
fn respell_field(strategy: &mut Value) {
    if strategy["field"] == "host" {
        strategy["field"] = json!("instanceId");
    }
}

fn update_deployment(config: &mut Value, given: &Value) -> Result<(), ApiError> {
    for (name, value) in given.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        config[name.as_str()] = match name.as_str() {
            "deploymentCircuitBreaker" => {
                let threshold = &value["thresholdConfiguration"];
                invalid_if(
                    threshold.is_object() && threshold["value"].is_null(),
                    "Invalid deployment circuit breaker threshold value.",
                )?;
                circuit_breaker(value, &config["deploymentCircuitBreaker"])
            }
            "alarms" => alarms(value),
            "lifecycleHooks" => value.as_array().into_iter().flatten().map(hook).collect(),
            "linearConfiguration" => {
                with_defaults(value, &json!({ "stepPercent": 10.0, "stepBakeTimeInMinutes": 6 }))
            }
            "canaryConfiguration" => {
                with_defaults(value, &json!({ "canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10 }))
            }
            _ => value.clone(),
        };
    }
    fill_in_strategy(config, given)
}

/// Fills in the configuration of the strategy, and removes that of another one.
fn fill_in_strategy(config: &mut Value, given: &Value) -> Result<(), ApiError> {
    for (block, strategy) in STRATEGY_BLOCKS {
        let is_its_own = config["strategy"] == *strategy;
        if given[*block].is_object() && !is_its_own {
            let named = if *strategy == "LINEAR" { "Linear" } else { "Canary" };
            let message =
                format!("{named} configuration can only be present with {strategy} deployment strategy");
            return Err(ApiError::invalid(message));
        }
        if !is_its_own {
            config.as_object_mut().map(|members| members.shift_remove(*block));
        }
    }
    Ok(())
}

/// Returns the circuit breaker after an update: `enable` and `rollback` are replaced, the other members are kept.
fn circuit_breaker(given: &Value, current: &Value) -> Value {
    let kept = |name: &str, default: Value| match (&given[name], &current[name]) {
        (Value::Null, Value::Null) => default,
        (Value::Null, current) => current.clone(),
        (given, _) => given.clone(),
    };
    json!({
        "enable": given["enable"].as_bool().unwrap_or(false),
        "rollback": given["rollback"].as_bool().unwrap_or(false),
        "resetOnHealthyTask": kept("resetOnHealthyTask", json!(true)),
        "thresholdConfiguration":
            kept("thresholdConfiguration", json!({ "type": "BOUNDED_PERCENT", "value": 50 })),
    })
}

fn alarms(given: &Value) -> Value {
    with_defaults(given, &json!({ "alarmNames": [], "enable": false, "rollback": false }))
}

fn hook(given: &Value) -> Value {
    let mut hook = with_defaults(given, &json!({ "targetType": "AWS_LAMBDA" }));
    let timeout = json!({ "timeoutInMinutes": 1440, "action": "ROLLBACK" });
    hook["timeoutConfiguration"] = with_defaults(&hook["timeoutConfiguration"], &timeout);
    hook
}

/// Returns a block with the defaults of what it leaves out.
fn with_defaults(given: &Value, defaults: &Value) -> Value {
    let mut out = if given.is_object() { given.clone() } else { json!({}) };
    for (name, default) in defaults.as_object().into_iter().flatten() {
        fill_in(&mut out, name, default.clone());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a configuration after an update of one that was created.
    fn updated(created_with: Value, input: Value) -> Value {
        let mut config = Value::Object(created(&created_with).unwrap_or_default());
        update(&mut config, &input).unwrap_or_default();
        config
    }

    fn deployment(created_with: Value, input: Value) -> Value {
        let wrap = |given: Value| json!({ "deploymentConfiguration": given });
        updated(wrap(created_with), wrap(input))["deploymentConfiguration"].clone()
    }

    #[test]
    fn the_deployment_configuration_is_merged_by_member() {
        let after = deployment(json!({ "minimumHealthyPercent": 50 }), json!({ "maximumPercent": 150 }));
        assert_eq!((&after["minimumHealthyPercent"], &after["maximumPercent"]), (&json!(50), &json!(150)));
    }

    #[test]
    fn of_a_circuit_breaker_the_rollback_is_replaced_and_the_threshold_kept() {
        let before = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true,
            "resetOnHealthyTask": false, "thresholdConfiguration": { "type": "COUNT", "value": 7 } } });
        let after = deployment(before, json!({ "deploymentCircuitBreaker": { "enable": true } }));
        assert_eq!(
            after["deploymentCircuitBreaker"],
            json!({ "enable": true, "rollback": false, "resetOnHealthyTask": false,
                "thresholdConfiguration": { "type": "COUNT", "value": 7 } })
        );
    }

    #[test]
    fn blocks_inside_are_replaced_with_their_defaults() {
        let before = json!({ "strategy": "LINEAR",
            "linearConfiguration": { "stepPercent": 33.0, "stepBakeTimeInMinutes": 9 } });
        let after = deployment(before, json!({ "linearConfiguration": { "stepPercent": 44.0 } }));
        assert_eq!(after["linearConfiguration"], json!({ "stepPercent": 44.0, "stepBakeTimeInMinutes": 6 }));
        let before = json!({ "alarms": { "alarmNames": ["a"], "enable": true, "rollback": true } });
        let after = deployment(before, json!({ "alarms": { "alarmNames": ["b"] } }));
        assert_eq!(after["alarms"], json!({ "alarmNames": ["b"], "enable": false, "rollback": false }));
    }

    #[test]
    fn a_network_without_security_groups_has_none() {
        let network = |block: Value| json!({ "networkConfiguration": { "awsvpcConfiguration": block } });
        let before =
            network(json!({ "subnets": ["a"], "securityGroups": ["g"], "assignPublicIp": "ENABLED" }));
        let after = updated(before, network(json!({ "subnets": ["b"] })));
        let expected = json!({ "subnets": ["b"], "securityGroups": [], "assignPublicIp": "DISABLED" });
        assert_eq!(after["networkConfiguration"]["awsvpcConfiguration"], expected);
    }

    #[test]
    fn the_configuration_of_another_strategy_is_refused() {
        let mut config = Value::Object(created(&json!({})).unwrap_or_default());
        let input = json!({ "deploymentConfiguration": { "linearConfiguration": { "stepPercent": 5.0 } } });
        let error = update(&mut config, &input).err().map(|error| error.message).unwrap_or_default();
        assert_eq!(error, "Linear configuration can only be present with LINEAR deployment strategy");
    }
}
