//! What ECS refuses in a service. Owns the rules for CreateService and UpdateService inputs; never
//! changes a service.

use serde_json::Value;

use crate::model::Definition;
use crate::state::Env;
use crate::wire::{ApiError, client_if, invalid_if};

/// Returns the ACTIVE definition that a service or a task is to run.
pub(super) fn usable<'a>(env: &'a Env<'_>, given: &str) -> Result<&'a Definition, ApiError> {
    let definition = env.realm.definition(given).filter(|d| d.status != "DELETE_IN_PROGRESS");
    let definition = definition.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    client_if(definition.status != "ACTIVE", "TaskDefinition is inactive")?;
    Ok(definition)
}

/// Checks a service's configuration against the definition that it is to run.
pub(crate) fn check(config: &Value, definition: &Definition) -> Result<(), ApiError> {
    let network = &config["networkConfiguration"]["awsvpcConfiguration"];
    let awsvpc = definition.text("networkMode") == Some("awsvpc");
    invalid_if(
        awsvpc && network.is_null(),
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    )?;
    invalid_if(
        !awsvpc && !network.is_null(),
        "Network Configuration is not valid for the given networkMode of this task definition.",
    )?;
    sizes(network)?;
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
    percents(&config["deploymentConfiguration"])?;
    balancers(config, definition)
}

fn sizes(network: &Value) -> Result<(), ApiError> {
    let length = |name: &str| network[name].as_array().map_or(0, Vec::len);
    invalid_if(network.is_object() && length("subnets") == 0, "subnets can not be empty.")?;
    invalid_if(length("subnets") > 16, "subnets can have at most 16 items.")?;
    invalid_if(length("securityGroups") > 5, "securityGroups can have at most 5 items.")
}

fn percents(given: &Value) -> Result<(), ApiError> {
    let most = given["maximumPercent"].as_u64().unwrap_or(200);
    let least = given["minimumHealthyPercent"].as_u64().unwrap_or(100);
    invalid_if(
        most < 100 && most < least || most == 0,
        "maximumPercent must be greater than minimumHealthyPercent.",
    )
}

/// Checks that the containers and ports behind the load balancers exist.
fn balancers(config: &Value, definition: &Definition) -> Result<(), ApiError> {
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
