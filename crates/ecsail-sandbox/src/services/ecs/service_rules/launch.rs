//! Checks where tasks run: network, launch type, capacity providers, platform and placement.

use serde_json::Value;

use super::{CheckResult, has_items, items, member_text};
use crate::api::{ApiError, invalid_if};
use crate::model::TaskDefinition;

/// The platform versions of Fargate (developer guide, platform versions).
const PLATFORM_VERSIONS: &[&str] = &["LATEST", "1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"];

pub(super) fn check(config: &Value, definition: &TaskDefinition) -> CheckResult {
    check_network(config, definition)?;
    let launch_type = member_text(config, "launchType");
    invalid_if(
        has_items(config, "capacityProviderStrategy") && !launch_type.is_empty(),
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
    )?;
    let fargate = definition.document.get("compatibilities").is_some_and(|kinds| {
        kinds.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "FARGATE"))
    });
    invalid_if(
        launch_type == "FARGATE" && !fargate,
        "Task definition does not support launch_type FARGATE.",
    )?;
    check_platform(config, launch_type)?;
    check_strategy(config)?;
    check_placement(config)
}

fn check_network(config: &Value, definition: &TaskDefinition) -> CheckResult {
    let network = &config["networkConfiguration"]["awsvpcConfiguration"];
    let awsvpc = definition.text_field("networkMode") == Some("awsvpc");
    invalid_if(
        awsvpc && network.is_null(),
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    )?;
    invalid_if(
        !awsvpc && !network.is_null(),
        "Network Configuration is not valid for the given networkMode of this task definition.",
    )?;
    let length = |name: &str| network[name].as_array().map_or(0, Vec::len);
    invalid_if(network.is_object() && length("subnets") == 0, "subnets can not be empty.")?;
    invalid_if(length("subnets") > 16, "subnets can have at most 16 items.")?;
    invalid_if(length("securityGroups") > 5, "securityGroups can have at most 5 items.")?;
    invalid_if(
        network["assignPublicIp"] == "ENABLED" && member_text(config, "launchType") == "EC2",
        "Assign public IP is not supported for this launch type.",
    )
}

fn check_platform(config: &Value, launch_type: &str) -> CheckResult {
    let version = member_text(config, "platformVersion");
    if version.is_empty() {
        return Ok(());
    }
    invalid_if(
        launch_type == "EC2",
        "The platform version must be null when specifying an EC2 launch type.",
    )?;
    if PLATFORM_VERSIONS.contains(&version) {
        return Ok(());
    }
    Err(ApiError::new("PlatformUnknownException", "The specified platform version does not exist."))
}

fn check_strategy(config: &Value) -> CheckResult {
    let number = |item: &Value, name: &str| item[name].as_i64().unwrap_or_default();
    let bases = items(config, "capacityProviderStrategy").filter(|item| number(item, "base") > 0).count();
    invalid_if(
        bases > 1,
        "There are multiple capacity providers in the specified capacity provider strategy with a base value \
         defined. Specify only one and try again.",
    )?;
    let mut weights = items(config, "capacityProviderStrategy").map(|item| number(item, "weight"));
    invalid_if(
        has_items(config, "capacityProviderStrategy") && weights.all(|weight| weight == 0),
        "There are no capacity providers in the capacity provider strategy with a weight value greater than zero.",
    )
}

fn check_placement(config: &Value) -> CheckResult {
    invalid_if(items(config, "placementStrategy").count() > 5, "Maximum number of strategies is 5.")?;
    for strategy in items(config, "placementStrategy") {
        let field = member_text(strategy, "field");
        match member_text(strategy, "type") {
            "binpack" => invalid_if(
                !matches!(field, "cpu" | "CPU" | "memory" | "MEMORY"),
                format!("binpack field '{field}' is invalid."),
            )?,
            "random" => invalid_if(!field.is_empty(), "random field should not be specified.")?,
            _ => {}
        }
    }
    for constraint in items(config, "placementConstraints") {
        let expression = member_text(constraint, "expression");
        invalid_if(
            constraint["type"] == "distinctInstance" && !expression.is_empty(),
            "distinctInstance expression should not be specified.",
        )?;
    }
    let placed = has_items(config, "placementStrategy") || has_items(config, "placementConstraints");
    invalid_if(
        placed && config["launchType"] == "FARGATE",
        "Placement strategies and constraints are not supported with FARGATE launch type.",
    )
}
