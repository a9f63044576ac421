//! Validates the inputs of the operations on Express services. Where AWS's words were not seen, the form is that of its
//! other messages.

use serde_json::{Value, json};

use super::definition::{CONTAINER, has_members};
use crate::api::{ApiError, invalid_if};
use crate::model::TaskDefinition;
use crate::params::{required_text, text};

/// The name of a role that cannot be assumed: for trials of what AWS answers for a role that was just created, or
/// that does not trust ECS.
const UNASSUMABLE: &str = "not-assumable";

/// Checks what the creation requires, and which members exclude each other.
pub(super) fn check_creation(input: &Value) -> Result<(), ApiError> {
    required_text(input, "infrastructureRoleArn")?;
    check_definition_members(input)?;
    if text(input, "taskDefinitionArn").is_some() {
        return Ok(());
    }
    required_text(&input["primaryContainer"], "image")?;
    required_text(input, "executionRoleArn").map(drop)
}

/// Checks that an own task definition comes without the members that would make one (API reference).
pub(super) fn check_definition_members(input: &Value) -> Result<(), ApiError> {
    invalid_if(
        text(input, "taskDefinitionArn").is_some() && has_members(input),
        "taskDefinitionArn cannot be specified together with primaryContainer, executionRoleArn, taskRoleArn, cpu, \
         memory or cpuArchitecture.",
    )?;
    let container = &input["primaryContainer"];
    if container.is_object() {
        required_text(container, "image")?;
    }
    let path = text(input, "healthCheckPath");
    invalid_if(
        path.is_some_and(|path| !path.starts_with('/')),
        "healthCheckPath must start with a forward slash.",
    )
}

/// Returns the infrastructure role, which ECS assumes before it creates anything (terraform-provider-aws,
/// `express_gateway_service.go`).
pub(super) fn assumable_role(input: &Value, caller: &str) -> Result<String, ApiError> {
    let role = required_text(input, "infrastructureRoleArn")?;
    if role.ends_with(UNASSUMABLE) {
        let message = format!(
            "Cannot assume role, {caller} is not authorized to perform: sts:AssumeRole on resource: {role}"
        );
        return Err(ApiError::new("AccessDeniedException", message));
    }
    Ok(role.to_owned())
}

/// Returns the ARN of a task definition that a user gives: it has a container `Main` with one named TCP port, and is for
/// Fargate (API reference, `CreateExpressGatewayService`).
pub(super) fn own_definition(definition: &TaskDefinition) -> Result<String, ApiError> {
    let main = definition.containers().iter().find(|container| container["name"] == CONTAINER);
    let ports = main.and_then(|main| main["portMappings"].as_array()).map_or(&[][..], Vec::as_slice);
    let is_named_port = matches!(ports, [port] if port["name"].is_string() && port["protocol"] != "udp");
    invalid_if(
        !is_named_port,
        format!(
            "The task definition must have a container named {CONTAINER} with a single named TCP port mapping."
        ),
    )?;
    let kinds = definition.document.get("requiresCompatibilities").and_then(Value::as_array);
    invalid_if(
        !kinds.is_some_and(|kinds| kinds.contains(&json!("FARGATE"))),
        "The task definition must be compatible with FARGATE.",
    )?;
    Ok(definition.arn.clone())
}

/// Returns the scaling target after an input: what it leaves out is kept, or has its default.
pub(super) fn scaling_target(given: &Value, before: &Value) -> Result<Value, ApiError> {
    let member = |name: &str, default: Value| match (&given[name], &before[name]) {
        (Value::Null, Value::Null) => default,
        (Value::Null, before) => before.clone(),
        (given, _) => given.clone(),
    };
    let target = json!({
        "minTaskCount": member("minTaskCount", json!(1)),
        "maxTaskCount": member("maxTaskCount", json!(20)),
        "autoScalingMetric": member("autoScalingMetric", json!("AVERAGE_CPU")),
        "autoScalingTargetValue": member("autoScalingTargetValue", json!(60)),
    });
    invalid_if(
        target["minTaskCount"].as_u64() > target["maxTaskCount"].as_u64(),
        "minTaskCount cannot be greater than maxTaskCount.",
    )?;
    Ok(target)
}
