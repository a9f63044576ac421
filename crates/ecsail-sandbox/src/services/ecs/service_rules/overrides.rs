//! Checks the overrides of a `RunTask` input.

use serde_json::Value;

use super::{CheckResult, items, member_text};
use crate::api::invalid_if;
use crate::model::TaskDefinition;
use crate::services::ecs::definition_defaults::parse_units;
use crate::services::ecs::definition_rules::check_fargate_size;

/// The most characters of the overrides, with those of their JSON (API reference, RunTask.overrides).
const MAX_LENGTH: usize = 8192;

pub(super) fn check(input: &Value, definition: &TaskDefinition) -> CheckResult {
    let overrides = &input["overrides"];
    invalid_if(
        !overrides.is_null() && overrides.to_string().chars().count() > MAX_LENGTH,
        format!("Container Overrides length must be at most {MAX_LENGTH}"),
    )?;
    let memory = size(overrides, definition, "memory");
    for given in items(overrides, "containerOverrides") {
        let name = member_text(given, "name");
        invalid_if(
            !definition.containers().iter().any(|container| container["name"] == name),
            format!("Override for container named {name} is not a container in the TaskDefinition."),
        )?;
        let mut words = items(given, "command");
        let mut variables = items(given, "environment");
        invalid_if(
            words.any(Value::is_null)
                || variables.any(|pair| pair["name"].is_null() || pair["value"].is_null()),
            "Override argument cannot be null",
        )?;
        let own = given["memory"].as_u64();
        invalid_if(
            own.zip(memory).is_some_and(|(own, task)| own > task),
            format!("'memory' setting for container '{name}' is greater than for task."),
        )?;
    }
    let changed = overrides["cpu"].is_string() || overrides["memory"].is_string();
    let fargate = definition.text_field("networkMode") == Some("awsvpc") && input["launchType"] == "FARGATE";
    match (size(overrides, definition, "cpu"), memory) {
        (Some(cpu), Some(memory)) if fargate && changed => check_fargate_size(cpu, memory, false),
        _ => Ok(()),
    }
}

/// Returns the `cpu` or `memory` of the task: that of the overrides, else that of the definition.
fn size(overrides: &Value, definition: &TaskDefinition, name: &str) -> Option<u64> {
    let text = overrides[name].as_str().or_else(|| definition.text_field(name))?;
    parse_units(name, text)
}
