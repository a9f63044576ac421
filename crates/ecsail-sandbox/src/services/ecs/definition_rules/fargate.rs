//! Checks what Fargate requires of a task definition, and what it does not support.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, is_set, items, member_text};
use crate::api::{ApiError, client_if};
use crate::services::ecs::definition_defaults::parse_units;

/// Members of a container's `linuxParameters` that need access to the host.
const LINUX_PARAMETERS: &[&str] = &["devices", "sharedMemorySize", "maxSwap"];
/// The log drivers of Fargate.
const LOG_DRIVERS: &[&str] = &["awslogs", "splunk", "awsfirelens"];

pub(super) fn check(definition: &DefinitionInput<'_>) -> CheckResult {
    if !definition.is_fargate {
        return Ok(());
    }
    let input = definition.input;
    client_if(definition.mode != "awsvpc", "Fargate only supports network mode ‘awsvpc’.")?;
    let cpu = task_level_size(input, "cpu")?;
    let memory = task_level_size(input, "memory")?;
    check_size(cpu, memory, is_windows(input))?;
    client_if(
        input["pidMode"] == "host",
        "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is \
         'task'.",
    )?;
    refuse(&input["ipcMode"], "ipcMode")?;
    refuse(&input["placementConstraints"], "constraints")?;
    for volume in items(input, "volumes") {
        refuse(&volume["host"]["sourcePath"], "sourcePath")?;
        refuse(&volume["dockerVolumeConfiguration"], "dockerVolumeConfiguration")?;
    }
    definition.containers.iter().try_for_each(|container| check_container(definition, container))
}

fn refuse(value: &Value, name: &str) -> CheckResult {
    client_if(is_set(value), format!("Fargate compatible task definitions do not support {name}"))
}

fn check_container(definition: &DefinitionInput<'_>, container: &Value) -> CheckResult {
    let linux = &container["linuxParameters"];
    LINUX_PARAMETERS.iter().try_for_each(|name| refuse(&linux[*name], name))?;
    refuse(&container["dockerSecurityOptions"], "dockerSecurityOptions")?;
    client_if(
        container["privileged"] == true,
        "Fargate requires that the 'privileged' setting be 'false' for container definitions.",
    )?;
    client_if(
        items(container, "resourceRequirements").any(|resource| resource["type"] == "GPU"),
        "Tasks using the Fargate launch type do not support GPU resource requirements.",
    )?;
    for added in items(&linux["capabilities"], "add").filter_map(Value::as_str) {
        client_if(!added.ends_with("SYS_PTRACE"), format!("{added} is not allowed on Fargate."))?;
    }
    check_logs(definition, container)?;
    let image = member_text(container, "image");
    let ecr = image.contains(".dkr.ecr") || image.contains(".dkr-ecr");
    client_if(
        ecr && !has_execution_role(definition),
        "Fargate requires task definition to have execution role ARN to support ECR images.",
    )
}

fn check_logs(definition: &DefinitionInput<'_>, container: &Value) -> CheckResult {
    let logs = &container["logConfiguration"];
    let driver = member_text(logs, "logDriver");
    client_if(
        logs.is_object() && !LOG_DRIVERS.contains(&driver),
        format!("{driver} is not a valid log driver. Must be one of [{}]", LOG_DRIVERS.join(", ")),
    )?;
    if driver != "awslogs" {
        return Ok(());
    }
    client_if(
        !is_set(&logs["options"]["awslogs-stream-prefix"]) && is_set(&logs["options"]["awslogs-group"]),
        "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver \
         awslogs.",
    )?;
    client_if(
        !has_execution_role(definition),
        "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
    )
}

fn has_execution_role(definition: &DefinitionInput<'_>) -> bool {
    definition.input["executionRoleArn"].is_string()
}

fn is_windows(input: &Value) -> bool {
    member_text(&input["runtimePlatform"], "operatingSystemFamily").starts_with("WINDOWS")
}

/// Returns the `cpu` or `memory` of a task, which Fargate requires.
fn task_level_size(input: &Value, name: &str) -> Result<u64, ApiError> {
    input[name].as_str().and_then(|text| parse_units(name, text)).ok_or_else(|| {
        ApiError::client(format!("Fargate requires that '{name}' be defined at the task level."))
    })
}

/// Checks that Fargate has tasks of this size, in CPU units and MiB.
pub(in crate::services::ecs) fn check_size(cpu: u64, memory: u64, windows: bool) -> CheckResult {
    let exists = match cpu {
        256 => !windows && matches!(memory, 512 | 1024 | 2048),
        512 => !windows && is_whole_gib(memory, 1, 4, 1),
        1024 => is_whole_gib(memory, 2, 8, 1),
        2048 => is_whole_gib(memory, 4, 16, 1),
        4096 => is_whole_gib(memory, 8, 30, 1),
        8192 => !windows && is_whole_gib(memory, 16, 60, 4),
        16_384 => !windows && is_whole_gib(memory, 32, 120, 8),
        // Newer than the API reference; an emulator has these.
        32_768 => !windows && matches!(memory, 61_440 | 122_880 | 249_856),
        _ => false,
    };
    client_if(
        !exists,
        format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS \
             documentation for the valid values."
        ),
    )
}

/// Returns whether a number of MiB is between two numbers of GiB, in steps of `step` GiB.
fn is_whole_gib(memory: u64, low: u64, high: u64, step: u64) -> bool {
    memory.is_multiple_of(step * 1024) && (low * 1024..=high * 1024).contains(&memory)
}
