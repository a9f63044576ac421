//! Validates `CreateService`, `UpdateService` and `RunTask` inputs, with ECS's error messages.

mod balancers;
mod connect;
mod controller;
mod deployment;
mod launch;
mod overrides;
mod volumes;

use serde_json::Value;

pub(super) use controller::{check_creation, check_execute_command, check_update};

use crate::api::{ApiError, client_if};
use crate::model::TaskDefinition;
use crate::state::CallContext;

type CheckResult = Result<(), ApiError>;

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

/// Checks the configuration of a service against its task definition.
pub(crate) fn check(config: &Value, definition: &TaskDefinition) -> CheckResult {
    launch::check(config, definition)?;
    deployment::check(config)?;
    balancers::check(config, definition)?;
    connect::check(config, definition)?;
    volumes::check(config, definition)?;
    controller::check(config)
}

/// Checks a `RunTask` input against its task definition.
pub(super) fn check_run(input: &Value, definition: &TaskDefinition) -> CheckResult {
    launch::check(input, definition)?;
    volumes::check(input, definition)?;
    overrides::check(input, definition)
}

/// Returns the items of a list member; none when it is absent.
fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[name].as_array().into_iter().flatten()
}

/// Returns a text member; empty when it is absent.
fn member_text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Returns whether a list member has items.
fn has_items(value: &Value, name: &str) -> bool {
    value[name].as_array().is_some_and(|items| !items.is_empty())
}

/// Returns the names of all port mappings of a task definition.
fn port_names(definition: &TaskDefinition) -> impl Iterator<Item = &str> {
    let mappings = definition.containers().iter().flat_map(|container| items(container, "portMappings"));
    mappings.filter_map(|mapping| mapping["name"].as_str())
}
