//! Validates `CreateService`, `UpdateService` and `RunTask` inputs, with ECS's error messages.

use serde_json::Value;

use crate::api::{ApiError, client_if, invalid_if};
use crate::model::TaskDefinition;
use crate::state::CallContext;

/// Returns a task definition that must be ACTIVE.
pub(super) fn active_definition<'a>(
    context: &'a CallContext<'_>,
    given: &str,
) -> Result<&'a TaskDefinition, ApiError> {
    let definition = context.resources.task_definition(given).filter(|d| d.status != "DELETE_IN_PROGRESS");
    let definition = definition.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    client_if(definition.status != "ACTIVE", "TaskDefinition is inactive")?;
    Ok(definition)
}

/// Checks the configuration of a service or task against its task definition.
pub(crate) fn check(config: &Value, definition: &TaskDefinition) -> Result<(), ApiError> {
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
    check_network(network)?;
    let strategy = config["capacityProviderStrategy"].as_array().is_some_and(|s| !s.is_empty());
    invalid_if(
        strategy && config["launchType"].is_string(),
        "Specifying both a launch type and capacity provider strategy is not supported. \
                 Remove one and try again.",
    )?;
    let fargate = definition
        .document
        .get("compatibilities")
        .is_some_and(|c| c.as_array().is_some_and(|c| c.iter().any(|c| c == "FARGATE")));
    invalid_if(
        config["launchType"] == "FARGATE" && !fargate,
        "Task definition does not support launch_type FARGATE.",
    )?;
    check_percentages(&config["deploymentConfiguration"])?;
    check_load_balancers(config, definition)
}

fn check_network(network: &Value) -> Result<(), ApiError> {
    let length = |name: &str| network[name].as_array().map_or(0, Vec::len);
    invalid_if(network.is_object() && length("subnets") == 0, "subnets can not be empty.")?;
    invalid_if(length("subnets") > 16, "subnets can have at most 16 items.")?;
    invalid_if(length("securityGroups") > 5, "securityGroups can have at most 5 items.")
}

fn check_percentages(given: &Value) -> Result<(), ApiError> {
    let most = given["maximumPercent"].as_u64().unwrap_or(200);
    let least = given["minimumHealthyPercent"].as_u64().unwrap_or(100);
    invalid_if(
        most < 100 && most < least || most == 0,
        "maximumPercent must be greater than minimumHealthyPercent.",
    )
}

/// Checks that the containers and ports of the load balancers exist.
fn check_load_balancers(config: &Value, definition: &TaskDefinition) -> Result<(), ApiError> {
    for balancer in config["loadBalancers"].as_array().into_iter().flatten() {
        let name = balancer["containerName"].as_str().unwrap_or_default();
        let found = definition.containers().iter().find(|c| c["name"] == name);
        let Some(container) = found else {
            return Err(ApiError::invalid(format!(
                "The container {name} does not exist in the task definition."
            )));
        };
        let port = &balancer["containerPort"];
        let mapped =
            container["portMappings"].as_array().into_iter().flatten().any(|p| p["containerPort"] == *port);
        invalid_if(
            !port.is_null() && !mapped,
            format!("The container {name} did not have a container port {port} defined."),
        )?;
    }
    Ok(())
}
