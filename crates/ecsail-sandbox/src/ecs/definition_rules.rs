//! What ECS refuses in a task definition. Owns the rules and their messages; never fills anything in.

use serde_json::Value;

use super::definition_fill::units;
use crate::params::{is_name, list};
use crate::wire::{ApiError, client_if};

type Checked = Result<(), ApiError>;

/// Checks a RegisterTaskDefinition input.
pub(super) fn check(input: &Value) -> Checked {
    types(input)?;
    family(input)?;
    let containers = input["containerDefinitions"].as_array().map_or(&[][..], Vec::as_slice);
    client_if(containers.is_empty(), "Task definition does not have any container definitions.")?;
    client_if(containers.len() > 10, "Task definitions cannot have more than 10 containers.")?;
    let mode = input["networkMode"].as_str().unwrap_or_default();
    one_of("networkMode", &input["networkMode"], &["bridge", "host", "awsvpc", "none"])?;
    one_of("pidMode", &input["pidMode"], &["host", "task"])?;
    one_of("ipcMode", &input["ipcMode"], &["host", "task", "none"])?;
    for kind in input["requiresCompatibilities"].as_array().into_iter().flatten() {
        one_of("requiresCompatibilities", kind, &["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"])?;
    }
    let fargate =
        input["requiresCompatibilities"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "FARGATE"));
    if fargate {
        fargate_size(input, mode)?;
    }
    let mut names = Vec::with_capacity(containers.len());
    for given in containers {
        container(input, given, mode, fargate)?;
        let name = given["name"].as_str().unwrap_or_default();
        client_if(names.contains(&name), "Container names must be unique within a task definition.")?;
        names.push(name);
    }
    client_if(
        containers.iter().all(|c| c["essential"] == false),
        "At least one essential container must be specified in a task definition.",
    )?;
    references(containers, &names)
}

fn family(input: &Value) -> Checked {
    let name = input["family"].as_str().unwrap_or_default();
    client_if(name.is_empty(), "Family should not be null or empty.")?;
    client_if(name.len() > 255, "Family should not be greater than 255 characters.")?;
    client_if(
        !is_name(name),
        "Invalid family. Up to 255 letters (uppercase and lowercase), numbers, hyphens, and \
                 underscores are allowed.",
    )
}

/// Refuses a value outside an enumeration; absent and empty ones pass.
fn one_of(name: &str, value: &Value, allowed: &[&str]) -> Checked {
    match value.as_str() {
        None | Some("") => Ok(()),
        Some(text) if allowed.contains(&text) => Ok(()),
        Some(_) => Err(ApiError::client(format!(
            "Invalid setting for {name}. Valid values are: [{}]",
            allowed.join(", ")
        ))),
    }
}

fn container(input: &Value, given: &Value, mode: &str, fargate: bool) -> Checked {
    let name = given["name"].as_str().unwrap_or_default();
    client_if(name.is_empty(), "Container.name should not be null or empty.")?;
    client_if(name.len() > 255 || !is_name(name), "Container.name contains invalid characters.")?;
    client_if(
        given["image"].as_str().is_none_or(str::is_empty),
        "Container.image should not be null or empty.",
    )?;
    let sized = |field: &str| given[field].as_u64().is_some_and(|n| n > 0);
    client_if(
        !sized("memory") && !sized("memoryReservation") && input["memory"].as_str().is_none_or(str::is_empty),
        format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or \
                 'memoryReservation' must be specified."
        ),
    )?;
    let (hard, soft) = (given["memory"].as_u64(), given["memoryReservation"].as_u64());
    client_if(
        hard.is_some_and(|hard| soft.is_some_and(|soft| soft > hard)),
        format!(
            "Invalid setting for container '{name}'. The 'memory' must be greater than or equal \
                 to 'memoryReservation'."
        ),
    )?;
    memory_fits(input, given, name)?;
    ports(given, mode)?;
    logs(given, fargate)?;
    health(given)
}

fn memory_fits(input: &Value, given: &Value, name: &str) -> Checked {
    let task = input["memory"].as_str().and_then(|text| units("memory", text));
    match (task, given["memory"].as_u64()) {
        (Some(task), Some(own)) if own > task => Err(ApiError::client(format!(
            "Invalid setting for container '{name}'. The 'memory' value must be less than or \
                 equal to the task 'memory' value."
        ))),
        _ => Ok(()),
    }
}

fn ports(given: &Value, mode: &str) -> Checked {
    for port in given["portMappings"].as_array().into_iter().flatten() {
        one_of("protocol", &port["protocol"], &["tcp", "udp"])?;
        one_of("appProtocol", &port["appProtocol"], &["http", "http2", "grpc"])?;
        let (inner, outer) = (port["containerPort"].as_u64(), port["hostPort"].as_u64());
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

fn logs(given: &Value, fargate: bool) -> Checked {
    const ALL: &[&str] =
        &["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];
    let logs = &given["logConfiguration"];
    if logs.is_null() {
        return Ok(());
    }
    client_if(logs["logDriver"].as_str().is_none_or(str::is_empty), "Log driver is required.")?;
    one_of("logDriver", &logs["logDriver"], ALL)?;
    let driver = logs["logDriver"].as_str().unwrap_or_default();
    client_if(
        fargate && !matches!(driver, "awslogs" | "splunk" | "awsfirelens"),
        format!(
            "Unsupported log driver '{driver}' for Fargate. Supported log drivers are: awslogs, \
                 splunk, awsfirelens."
        ),
    )?;
    let missing = |option: &str| logs["options"][option].as_str().is_none_or(str::is_empty);
    if driver == "awslogs" {
        client_if(missing("awslogs-group"), "Log driver awslogs requires options: awslogs-group")?;
        client_if(
            fargate && (missing("awslogs-region") || missing("awslogs-stream-prefix")),
            "Log driver awslogs requires options: awslogs-region, awslogs-stream-prefix",
        )?;
    }
    Ok(())
}

fn health(given: &Value) -> Checked {
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

/// Checks that containers which refer to one another exist.
fn references(containers: &[Value], names: &[&str]) -> Checked {
    for given in containers {
        for needed in given["dependsOn"].as_array().into_iter().flatten() {
            let other = needed["containerName"].as_str().unwrap_or_default();
            one_of("condition", &needed["condition"], &["START", "COMPLETE", "SUCCESS", "HEALTHY"])?;
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

fn fargate_size(input: &Value, mode: &str) -> Checked {
    client_if(mode != "awsvpc", "Fargate only supports network mode ‘awsvpc’.")?;
    let size = |name: &str| input[name].as_str().filter(|text| !text.is_empty());
    let required = |name: &str| {
        ApiError::client(format!("Fargate requires that '{name}' be defined at the task level."))
    };
    let cpu = size("cpu").ok_or_else(|| required("cpu"))?;
    let memory = size("memory").ok_or_else(|| required("memory"))?;
    let broken = |name: &str| ApiError::client(format!("Invalid '{name}' setting for task."));
    let cpu = units("cpu", cpu).ok_or_else(|| broken("cpu"))?;
    let memory = units("memory", memory).ok_or_else(|| broken("memory"))?;
    let whole = |low: u64, high: u64, step: u64| {
        memory % (step * 1024) == 0 && (low * 1024..=high * 1024).contains(&memory)
    };
    let known = match cpu {
        256 => matches!(memory, 512 | 1024 | 2048),
        512 => whole(1, 4, 1),
        1024 => whole(2, 8, 1),
        2048 => whole(4, 16, 1),
        4096 => whole(8, 30, 1),
        8192 => whole(16, 60, 4),
        16384 => whole(32, 120, 8),
        _ => false,
    };
    client_if(
        !known,
        format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See \
                 the Amazon ECS documentation for the valid values."
        ),
    )
}

/// Refuses JSON types that the service cannot convert: it names no field.
fn types(input: &Value) -> Checked {
    let all = |given: &Value, names: &[&str], want: fn(&Value) -> Checked| {
        names.iter().try_for_each(|name| want(&given[*name]))
    };
    const TEXTS: &[&str] =
        &["family", "cpu", "memory", "networkMode", "taskRoleArn", "executionRoleArn", "pidMode", "ipcMode"];
    all(input, TEXTS, want_text)?;
    for container in list(input, "containerDefinitions") {
        all(&container, &["name", "image", "user", "workingDirectory"], want_text)?;
        let numbers = ["cpu", "memory", "memoryReservation", "startTimeout", "stopTimeout"];
        all(&container, &numbers, want_number)?;
        all(&container, &["essential", "privileged", "readonlyRootFilesystem"], want_flag)?;
        list(&container, "environment").iter().try_for_each(|p| all(p, &["name", "value"], want_text))?;
        let ports = list(&container, "portMappings");
        ports.iter().try_for_each(|p| all(p, &["containerPort", "hostPort"], want_number))?;
        list(&container, "command").iter().try_for_each(want_text)?;
        list(&container, "entryPoint").iter().try_for_each(want_text)?;
    }
    Ok(())
}

fn mistyped(value: &Value, wanted: &str) -> ApiError {
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

fn want_text(value: &Value) -> Checked {
    if value.is_string() || value.is_null() { Ok(()) } else { Err(mistyped(value, "a String")) }
}

fn want_number(value: &Value) -> Checked {
    if value.is_number() || value.is_null() { Ok(()) } else { Err(mistyped(value, "an Integer")) }
}

fn want_flag(value: &Value) -> Checked {
    if value.is_boolean() || value.is_null() { Ok(()) } else { Err(mistyped(value, "a Boolean")) }
}
