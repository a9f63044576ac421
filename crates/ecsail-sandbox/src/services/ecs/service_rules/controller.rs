//! Checks what depends on the deployment controller and the scheduling strategy, and what an update may
//! change.

use serde_json::Value;

use super::{CheckResult, has_items, member_text};
use crate::api::{ApiError, invalid_if};
use crate::model::{Service, TaskDefinition};
use crate::params::text;

/// Checks the members of a service against its scheduling strategy and its deployment controller.
pub(super) fn check(config: &Value) -> CheckResult {
    if config["schedulingStrategy"] == "DAEMON" {
        check_daemon(config)?;
    }
    let breaker = config["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"] == true;
    let external = ["CODE_DEPLOY", "EXTERNAL"].contains(&controller_of(config));
    invalid_if(
        breaker && external,
        "Deployment circuit breaker feature can only be configured with ECS deployment controller.",
    )
}

fn check_daemon(config: &Value) -> CheckResult {
    invalid_if(
        has_items(config, "capacityProviderStrategy"),
        "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON \
         scheduling strategy.",
    )?;
    invalid_if(
        has_items(config, "placementStrategy"),
        "The daemon scheduling strategy does not support placement strategies.",
    )?;
    invalid_if(
        config["availabilityZoneRebalancing"] == "ENABLED",
        "Availability Zone Rebalancing does not support DAEMON services.",
    )?;
    invalid_if(
        config["launchType"] == "FARGATE",
        "The daemon scheduling strategy does not support launch type FARGATE.",
    )
}

fn controller_of(config: &Value) -> &str {
    config["deploymentController"]["type"].as_str().unwrap_or("ECS")
}

/// Checks what only a `CreateService` input can have.
pub(in crate::services::ecs) fn check_creation(input: &Value, awsvpc: bool) -> CheckResult {
    check_desired_count(input, input["schedulingStrategy"] == "DAEMON")?;
    if text(input, "role").is_some() {
        invalid_if(
            awsvpc,
            "You cannot specify an IAM role for services that require a service linked role.",
        )?;
        invalid_if(
            !has_items(input, "loadBalancers"),
            "IAM roles are only valid for services configured to use load balancers.",
        )?;
    }
    match controller_of(input) {
        "CODE_DEPLOY" => invalid_if(
            !has_items(input, "loadBalancers"),
            "When the deployment controller is CODE_DEPLOY, the service requires an Application Load Balancer \
             or Network Load Balancer.",
        ),
        "EXTERNAL" => {
            invalid_if(text(input, "taskDefinition").is_some(), "TaskDefinition must be blank.")?;
            invalid_if(has_items(input, "loadBalancers"), "LoadBalancers must be empty or null.")
        }
        _ => Ok(()),
    }
}

fn check_desired_count(input: &Value, daemon: bool) -> CheckResult {
    invalid_if(
        daemon && input["desiredCount"].is_number(),
        "The daemon scheduling strategy does not support a desired count for services. Remove the desired count \
         value and try again.",
    )
}

/// Checks that a service with `enableExecuteCommand` has a task role.
pub(in crate::services::ecs) fn check_execute_command(
    config: &Value,
    definition: &TaskDefinition,
) -> CheckResult {
    invalid_if(
        config["enableExecuteCommand"] == true && definition.text_field("taskRoleArn").is_none(),
        "The service couldn't be updated because a valid taskRoleArn is not being used. Specify a valid task role \
         in your task definition and try again.",
    )
}

/// Checks an `UpdateService` input against the service as it is.
pub(in crate::services::ecs) fn check_update(service: &Service, input: &Value) -> CheckResult {
    let config = |name: &str| service.config.get(name).cloned().unwrap_or_default();
    check_desired_count(input, config("schedulingStrategy") == "DAEMON")?;
    let forced = input["forceNewDeployment"] == true;
    let strategy = &input["capacityProviderStrategy"];
    let kept =
        has_items(input, "capacityProviderStrategy") && *strategy == config("capacityProviderStrategy");
    invalid_if(
        strategy.is_array() && !kept && !forced,
        "When switching from launch type to capacity provider strategy on an existing service, or making a change \
         to a capacity provider strategy on a service that is already using one, you must force a new deployment.",
    )?;
    match config("deploymentController")["type"].as_str().unwrap_or("ECS") {
        "CODE_DEPLOY" => check_code_deploy(input, forced),
        "EXTERNAL" if forced || text(input, "taskDefinition").is_some() => Err(ApiError::invalid(
            "Unable to update task definition on services with an EXTERNAL deployment controller. Use \
             CreateTaskSet to trigger a new deployment.",
        )),
        _ => Ok(()),
    }
}

fn check_code_deploy(input: &Value, forced: bool) -> CheckResult {
    const SERVICES: &str = "services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new \
                            deployment.";
    invalid_if(
        !member_text(input, "taskDefinition").is_empty(),
        format!("Unable to update task definition on {SERVICES}"),
    )?;
    invalid_if(
        input["networkConfiguration"].is_object(),
        format!("Unable to update network parameters on {SERVICES}"),
    )?;
    invalid_if(forced, format!("Cannot force a new deployment on {SERVICES}"))
}
