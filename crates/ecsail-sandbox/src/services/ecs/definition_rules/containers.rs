//! Checks each container by itself: its name, image, sizes, health check and limits.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, items, member_text};
use crate::api::client_if;
use crate::params::is_name;
use crate::services::ecs::definition_defaults::parse_units;

/// The longest name or image of a container.
const MAX_LENGTH: usize = 255;

pub(super) fn check(definition: &DefinitionInput<'_>) -> CheckResult {
    let mut names = Vec::with_capacity(definition.containers.len());
    for container in definition.containers {
        let name = member_text(container, "name");
        check_name_and_image(name, member_text(container, "image"))?;
        client_if(names.contains(&name), "Container names must be unique within a task definition.")?;
        names.push(name);
        check_memory(definition.input, container, name)?;
        check_health_check(&container["healthCheck"])?;
        check_ulimits(container)?;
        check_restart_policy(&container["restartPolicy"], name)?;
    }
    client_if(
        definition.containers.iter().all(|container| container["essential"] == false),
        "Task definition doesn't have any essential container.",
    )?;
    check_cpu(definition)
}

fn check_name_and_image(name: &str, image: &str) -> CheckResult {
    client_if(name.is_empty(), "Container.name should not be null or empty.")?;
    client_if(name.len() > MAX_LENGTH, "Container.name should be 255 characters or less.")?;
    client_if(!is_name(name), "Container.name contains invalid characters.")?;
    client_if(image.is_empty(), "Container.image should not be null or empty.")?;
    client_if(image.len() > MAX_LENGTH, "Container.image should be 255 characters or less.")?;
    client_if(!image.bytes().all(is_image_byte), "Container.image contains invalid characters.")
}

/// Returns whether an image may contain a character (API reference, ContainerDefinition.image).
fn is_image_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_:./#@".contains(&byte)
}

fn check_memory(input: &Value, container: &Value, name: &str) -> CheckResult {
    let hard = container["memory"].as_u64().filter(|size| *size > 0);
    let soft = container["memoryReservation"].as_u64().filter(|size| *size > 0);
    let task = input["memory"].as_str();
    client_if(
        hard.is_none() && soft.is_none() && task.is_none(),
        format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be \
             specified."
        ),
    )?;
    client_if(
        hard.zip(soft).is_some_and(|(hard, soft)| soft > hard),
        format!(
            "Invalid setting for container '{name}'. The 'memory' must be greater than or equal to \
             'memoryReservation'."
        ),
    )?;
    let whole = task.and_then(|text| parse_units("memory", text));
    client_if(
        whole.zip(hard).is_some_and(|(whole, hard)| hard > whole),
        format!("The 'memory' setting for container '{name}' is greater than for the task."),
    )
}

fn check_cpu(definition: &DefinitionInput<'_>) -> CheckResult {
    let whole = definition.input["cpu"].as_str().and_then(|text| parse_units("cpu", text));
    let used: u64 = definition.containers.iter().filter_map(|container| container["cpu"].as_u64()).sum();
    client_if(
        whole.is_some_and(|whole| used > whole),
        "The sum of all container 'cpu' values cannot be greater than the task-level 'cpu' value.",
    )
}

/// Checks the times of a health check. Its command may be any: ECS does not look into it.
fn check_health_check(check: &Value) -> CheckResult {
    for (name, low, high) in
        [("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)]
    {
        client_if(
            check[name].as_i64().is_some_and(|n| n < low || n > high),
            format!("Health check {name} must be between {low} and {high}."),
        )?;
    }
    Ok(())
}

fn check_ulimits(container: &Value) -> CheckResult {
    for limit in items(container, "ulimits") {
        let soft = limit["softLimit"].as_i64();
        let hard = limit["hardLimit"].as_i64();
        client_if(
            // -1 is no limit.
            soft.zip(hard).is_some_and(|(soft, hard)| hard != -1 && (soft == -1 || soft > hard)),
            format!("Soft limit exceeds hard limit for ulimit {}", member_text(limit, "name")),
        )?;
    }
    Ok(())
}

fn check_restart_policy(policy: &Value, name: &str) -> CheckResult {
    client_if(
        policy["restartAttemptPeriod"].as_i64().is_some_and(|period| !(60..=1800).contains(&period)),
        format!("the 'restartAttemptPeriod' setting for container '{name}' must be between 60 and 1800"),
    )
}
