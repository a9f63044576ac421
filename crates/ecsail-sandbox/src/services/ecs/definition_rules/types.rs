//! Checks the JSON types of a `RegisterTaskDefinition` input. As with ECS, the error does not name the member.

use serde_json::Value;

use super::CheckResult;
use crate::api::ApiError;
use crate::params::list;

/// Checks the types of the members that callers most often get wrong.
pub(super) fn check(input: &Value) -> CheckResult {
    const TEXTS: &[&str] =
        &["family", "cpu", "memory", "networkMode", "taskRoleArn", "executionRoleArn", "pidMode", "ipcMode"];
    check_members(input, TEXTS, check_text)?;
    for container in list(input, "containerDefinitions") {
        check_members(&container, &["name", "image", "user", "workingDirectory"], check_text)?;
        let numbers = ["cpu", "memory", "memoryReservation", "startTimeout", "stopTimeout"];
        check_members(&container, &numbers, check_number)?;
        check_members(&container, &["essential", "privileged", "readonlyRootFilesystem"], check_flag)?;
        list(&container, "environment")
            .iter()
            .try_for_each(|p| check_members(p, &["name", "value"], check_text))?;
        let ports = list(&container, "portMappings");
        ports.iter().try_for_each(|p| check_members(p, &["containerPort", "hostPort"], check_number))?;
        list(&container, "command").iter().try_for_each(check_text)?;
        list(&container, "entryPoint").iter().try_for_each(check_text)?;
    }
    Ok(())
}

/// Checks several members of an object.
fn check_members(given: &Value, names: &[&str], check: fn(&Value) -> CheckResult) -> CheckResult {
    names.iter().try_for_each(|name| check(&given[*name]))
}

fn type_error(value: &Value, wanted: &str) -> ApiError {
    let found = match value {
        Value::String(_) => "STRING_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
        Value::Null => "NULL_VALUE",
    };
    ApiError::new("SerializationException", format!("{found} can not be converted to {wanted}"))
}

fn check_text(value: &Value) -> CheckResult {
    if value.is_string() || value.is_null() { Ok(()) } else { Err(type_error(value, "a String")) }
}

fn check_number(value: &Value) -> CheckResult {
    if value.is_number() || value.is_null() { Ok(()) } else { Err(type_error(value, "an Integer")) }
}

fn check_flag(value: &Value) -> CheckResult {
    if value.is_boolean() || value.is_null() { Ok(()) } else { Err(type_error(value, "a Boolean")) }
}
