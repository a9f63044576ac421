//! Validates `RegisterTaskDefinition` inputs, with ECS's error messages.

use serde_json::Value;

use super::definition_defaults::parse_units;
use crate::api::{ApiError, client_if};
use crate::params::{is_name, list, text};

type CheckResult = Result<(), ApiError>;

/// Checks a `RegisterTaskDefinition` input.
pub(super) fn check(input: &Value) -> CheckResult {
    check_types(input)?;
    check_family(input)?;
    let containers = input["containerDefinitions"].as_array().map_or(&[][..], Vec::as_slice);
    client_if(containers.is_empty(), "Task definition does not have any container definitions.")?;
    client_if(containers.len() > 10, "Task definitions cannot have more than 10 containers.")?;
    let mode = input["networkMode"].as_str().unwrap_or_default();
    check_enumeration("networkMode", &input["networkMode"], &["bridge", "host", "awsvpc", "none"])?;
    check_enumeration("pidMode", &input["pidMode"], &["host", "task"])?;
    check_enumeration("ipcMode", &input["ipcMode"], &["host", "task", "none"])?;
    for kind in input["requiresCompatibilities"].as_array().into_iter().flatten() {
        check_enumeration(
            "requiresCompatibilities",
            kind,
            &["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"],
        )?;
    }
    let fargate =
        input["requiresCompatibilities"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "FARGATE"));
    if fargate {
        check_fargate_size(input, mode)?;
    }
    let mut names = Vec::with_capacity(containers.len());
    for given in containers {
        check_container(input, given, mode, fargate)?;
        let name = given["name"].as_str().unwrap_or_default();
        client_if(names.contains(&name), "Container names must be unique within a task definition.")?;
        names.push(name);
    }
    client_if(
        containers.iter().all(|c| c["essential"] == false),
        "At least one essential container must be specified in a task definition.",
    )?;
    check_references(containers, &names)
}

fn check_family(input: &Value) -> CheckResult {
    let name = input["family"].as_str().unwrap_or_default();
    client_if(name.is_empty(), "Family should not be null or empty.")?;
    client_if(name.len() > 255, "Family should not be greater than 255 characters.")?;
    client_if(
        !is_name(name),
        "Invalid family. Up to 255 letters (uppercase and lowercase), numbers, hyphens, and \
                 underscores are allowed.",
    )
}

/// Checks a value against an enumeration; absent and empty values are valid.
fn check_enumeration(name: &str, value: &Value, allowed: &[&str]) -> CheckResult {
    match value.as_str() {
        None | Some("") => Ok(()),
        Some(text) if allowed.contains(&text) => Ok(()),
        Some(_) => Err(ApiError::client(format!(
            "Invalid setting for {name}. Valid values are: [{}]",
            allowed.join(", ")
        ))),
    }
}

fn check_container(input: &Value, given: &Value, mode: &str, fargate: bool) -> CheckResult {
    let name = given["name"].as_str().unwrap_or_default();
    client_if(name.is_empty(), "Container.name should not be null or empty.")?;
    client_if(name.len() > 255 || !is_name(name), "Container.name contains invalid characters.")?;
    client_if(
        given["image"].as_str().is_none_or(str::is_empty),
        "Container.image should not be null or empty.",
    )?;
    client_if(
        !is_positive(&given["memory"])
            && !is_positive(&given["memoryReservation"])
            && input["memory"].as_str().is_none_or(str::is_empty),
        format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or \
                 'memoryReservation' must be specified."
        ),
    )?;
    let hard = given["memory"].as_u64();
    let soft = given["memoryReservation"].as_u64();
    client_if(
        hard.is_some_and(|hard| soft.is_some_and(|soft| soft > hard)),
        format!(
            "Invalid setting for container '{name}'. The 'memory' must be greater than or equal \
                 to 'memoryReservation'."
        ),
    )?;
    check_memory(input, given, name)?;
    check_ports(given, mode)?;
    check_logs(given, fargate)?;
    check_health_check(given)
}

fn check_memory(input: &Value, given: &Value, name: &str) -> CheckResult {
    let task = input["memory"].as_str().and_then(|text| parse_units("memory", text));
    match (task, given["memory"].as_u64()) {
        (Some(task), Some(own)) if own > task => Err(ApiError::client(format!(
            "Invalid setting for container '{name}'. The 'memory' value must be less than or \
                 equal to the task 'memory' value."
        ))),
        _ => Ok(()),
    }
}

fn check_ports(given: &Value, mode: &str) -> CheckResult {
    for port in given["portMappings"].as_array().into_iter().flatten() {
        check_enumeration("protocol", &port["protocol"], &["tcp", "udp"])?;
        check_enumeration("appProtocol", &port["appProtocol"], &["http", "http2", "grpc"])?;
        let inner = port["containerPort"].as_u64();
        let outer = port["hostPort"].as_u64();
        let differs = matches!((inner, outer), (Some(inner), Some(outer)) if outer != 0 && inner != outer);
        client_if(
            differs && matches!(mode, "awsvpc" | "host"),
            format!(
                "When networkMode={mode}, the host ports and container ports in port mappings must match."
            ),
        )?;
    }
    Ok(())
}

fn check_logs(given: &Value, fargate: bool) -> CheckResult {
    const ALL: &[&str] =
        &["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];
    let logs = &given["logConfiguration"];
    if logs.is_null() {
        return Ok(());
    }
    client_if(logs["logDriver"].as_str().is_none_or(str::is_empty), "Log driver is required.")?;
    check_enumeration("logDriver", &logs["logDriver"], ALL)?;
    let driver = logs["logDriver"].as_str().unwrap_or_default();
    client_if(
        fargate && !matches!(driver, "awslogs" | "splunk" | "awsfirelens"),
        format!(
            "Unsupported log driver '{driver}' for Fargate. Supported log drivers are: awslogs, \
                 splunk, awsfirelens."
        ),
    )?;
    let options = &logs["options"];
    if driver == "awslogs" {
        client_if(is_blank(&options["awslogs-group"]), "Log driver awslogs requires options: awslogs-group")?;
        client_if(
            fargate && (is_blank(&options["awslogs-region"]) || is_blank(&options["awslogs-stream-prefix"])),
            "Log driver awslogs requires options: awslogs-region, awslogs-stream-prefix",
        )?;
    }
    Ok(())
}

fn check_health_check(given: &Value) -> CheckResult {
    let check = &given["healthCheck"];
    if check.is_null() {
        return Ok(());
    }
    let first = check["command"][0].as_str().unwrap_or_default();
    client_if(
        !matches!(first, "CMD" | "CMD-SHELL" | "NONE"),
        "Health check command must start with CMD, CMD-SHELL or NONE.",
    )?;
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

/// Checks that the containers exist that others depend on.
fn check_references(containers: &[Value], names: &[&str]) -> CheckResult {
    for given in containers {
        for needed in given["dependsOn"].as_array().into_iter().flatten() {
            let other = needed["containerName"].as_str().unwrap_or_default();
            check_enumeration(
                "condition",
                &needed["condition"],
                &["START", "COMPLETE", "SUCCESS", "HEALTHY"],
            )?;
            client_if(
                !names.contains(&other),
                format!("A container depends on a container that does not exist: {other}."),
            )?;
            let target = containers.iter().find(|c| c["name"] == other);
            let checked = target.is_some_and(|c| c["healthCheck"].is_object());
            client_if(
                needed["condition"] == "HEALTHY" && !checked,
                format!("A container depends on the health of container {other}, which has no health check."),
            )?;
        }
    }
    Ok(())
}

fn check_fargate_size(input: &Value, mode: &str) -> CheckResult {
    client_if(mode != "awsvpc", "Fargate only supports network mode ‘awsvpc’.")?;
    let cpu = task_level_size(input, "cpu")?;
    let memory = task_level_size(input, "memory")?;
    let cpu = parse_task_size("cpu", cpu)?;
    let memory = parse_task_size("memory", memory)?;
    client_if(
        !is_fargate_size(cpu, memory),
        format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See \
                 the Amazon ECS documentation for the valid values."
        ),
    )
}

/// Returns the `cpu` or `memory` of a task, which Fargate requires.
fn task_level_size<'a>(input: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    text(input, name).ok_or_else(|| {
        ApiError::client(format!("Fargate requires that '{name}' be defined at the task level."))
    })
}

fn parse_task_size(name: &str, text: &str) -> Result<u64, ApiError> {
    parse_units(name, text).ok_or_else(|| ApiError::client(format!("Invalid '{name}' setting for task.")))
}

/// Returns whether Fargate has tasks of this size, in CPU units and MiB.
fn is_fargate_size(cpu: u64, memory: u64) -> bool {
    match cpu {
        256 => matches!(memory, 512 | 1024 | 2048),
        512 => is_whole_gib(memory, 1, 4, 1),
        1024 => is_whole_gib(memory, 2, 8, 1),
        2048 => is_whole_gib(memory, 4, 16, 1),
        4096 => is_whole_gib(memory, 8, 30, 1),
        8192 => is_whole_gib(memory, 16, 60, 4),
        16384 => is_whole_gib(memory, 32, 120, 8),
        _ => false,
    }
}

/// Returns whether a number of MiB is between two numbers of GiB, in steps of `step` GiB.
fn is_whole_gib(memory: u64, low: u64, high: u64, step: u64) -> bool {
    memory.is_multiple_of(step * 1024) && (low * 1024..=high * 1024).contains(&memory)
}

/// Returns whether a value is a number above 0.
fn is_positive(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| number > 0)
}

/// Returns whether a value is no text, or an empty one.
fn is_blank(value: &Value) -> bool {
    value.as_str().is_none_or(str::is_empty)
}

/// Checks the JSON types. As with ECS, the error does not name the field.
fn check_types(input: &Value) -> CheckResult {
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
