//! Checks load balancers and service registries against the task definition.

use serde_json::Value;

use super::{CheckResult, has_items, items, member_text};
use crate::api::{ApiError, invalid_if};
use crate::model::TaskDefinition;

pub(super) fn check(config: &Value, definition: &TaskDefinition) -> CheckResult {
    let awsvpc = definition.text_field("networkMode") == Some("awsvpc");
    for balancer in items(config, "loadBalancers") {
        check_kind(balancer, awsvpc)?;
        check_target(balancer, definition)?;
    }
    check_registries(config, awsvpc)?;
    check_advanced(config)
}

fn check_kind(balancer: &Value, awsvpc: bool) -> CheckResult {
    let classic = !member_text(balancer, "loadBalancerName").is_empty();
    let group = !member_text(balancer, "targetGroupArn").is_empty();
    invalid_if(classic && group, "loadBalancerName and targetGroupArn cannot both be specified.")?;
    invalid_if(classic && awsvpc, "Classic Load Balancers are not supported with Fargate.")
}

/// Checks that the container and the port of a load balancer exist.
fn check_target(balancer: &Value, definition: &TaskDefinition) -> CheckResult {
    let name = member_text(balancer, "containerName");
    invalid_if(name.is_empty(), "Container Name can not be blank.")?;
    let Some(container) = definition.containers().iter().find(|c| c["name"] == name) else {
        return Err(ApiError::invalid(format!(
            "The container {name} does not exist in the task definition."
        )));
    };
    let port = &balancer["containerPort"];
    let mapping = items(container, "portMappings").find(|mapping| maps(mapping, port));
    invalid_if(
        !port.is_null() && mapping.is_none(),
        format!("The container {name} did not have a container port {port} defined."),
    )?;
    let classic = !member_text(balancer, "loadBalancerName").is_empty();
    let dynamic = mapping.is_some_and(|mapping| mapping["hostPort"].as_u64().unwrap_or(0) == 0);
    invalid_if(classic && dynamic, format!("A host port mapping for the container port {port} is required."))
}

fn maps(mapping: &Value, port: &Value) -> bool {
    let range = member_text(mapping, "containerPortRange").split_once('-');
    let range = range.and_then(|(low, high)| Some((low.parse::<u64>().ok()?, high.parse::<u64>().ok()?)));
    let within = |(low, high): (u64, u64)| port.as_u64().is_some_and(|port| (low..=high).contains(&port));
    mapping["containerPort"] == *port || range.is_some_and(within)
}

fn check_registries(config: &Value, awsvpc: bool) -> CheckResult {
    invalid_if(
        items(config, "serviceRegistries").count() > 1,
        "service registries can have at most 1 items.",
    )?;
    let mut registries = items(config, "serviceRegistries");
    invalid_if(
        awsvpc && registries.any(|registry| registry["containerPort"].is_number()),
        "The values specified for serviceRegistries do not require a value for 'containerPort'.",
    )
}

/// Checks what a blue/green, linear or canary deployment needs of its load balancers.
fn check_advanced(config: &Value) -> CheckResult {
    let count = items(config, "loadBalancers").count();
    let advanced = items(config, "loadBalancers").filter(|b| b["advancedConfiguration"].is_object()).count();
    invalid_if(
        (1..count).contains(&advanced),
        "Either all or none of the provided loadBalancers must have advancedConfiguration defined.",
    )?;
    let strategy = member_text(&config["deploymentConfiguration"], "strategy");
    invalid_if(
        !matches!(strategy, "" | "ROLLING") && has_items(config, "loadBalancers") && advanced == 0,
        "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment \
         strategy.",
    )?;
    let mut groups: Vec<&str> = Vec::new();
    for balancer in items(config, "loadBalancers").filter(|b| b["advancedConfiguration"].is_object()) {
        let alternate = member_text(&balancer["advancedConfiguration"], "alternateTargetGroupArn");
        for group in [member_text(balancer, "targetGroupArn"), alternate] {
            invalid_if(
                !group.is_empty() && groups.contains(&group),
                format!("Duplicate targetGroupArn found: {group}"),
            )?;
            groups.push(group);
        }
    }
    Ok(())
}
