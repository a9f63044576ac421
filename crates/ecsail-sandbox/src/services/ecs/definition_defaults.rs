//! The defaults and derived fields that ECS adds to a task definition on registration. Unknown fields are
//! kept.

use serde_json::{Map, Value, json};

use super::definition_rules::check_fargate_size;
use super::definition_spelling::respell;

/// Returns the document that `DescribeTaskDefinition` returns.
pub(super) fn with_defaults(input: &Value, account: &str) -> Map<String, Value> {
    let mut out = input.as_object().cloned().unwrap_or_default();
    if let Some(Value::Array(containers)) = out.get_mut("containerDefinitions") {
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            fill_container(container);
        }
    }
    set_default(&mut out, "volumes", json!([]));
    set_default(&mut out, "placementConstraints", json!([]));
    for name in ["cpu", "memory"] {
        if let Some(units) = out.get(name).and_then(Value::as_str).and_then(|text| parse_units(name, text)) {
            out.insert(name.to_owned(), json!(units.to_string()));
        }
    }
    for name in ["pidMode", "ipcMode", "networkMode", "taskRoleArn", "executionRoleArn"] {
        if out.get(name).is_some_and(|value| value == "") {
            out.shift_remove(name);
        }
    }
    respell(&mut out, account);
    let attributes = required_attributes(input);
    if !attributes.is_empty() {
        out.insert("requiresAttributes".to_owned(), json!(attributes));
    }
    let kinds = if runs_on_fargate(input) { json!(["EC2", "FARGATE"]) } else { json!(["EXTERNAL", "EC2"]) };
    out.insert("compatibilities".to_owned(), kinds);
    out
}

/// Returns whether Fargate has tasks of the definition's network mode and size.
fn runs_on_fargate(input: &Value) -> bool {
    let units = |name: &str| input[name].as_str().and_then(|text| parse_units(name, text));
    let family = input["runtimePlatform"]["operatingSystemFamily"].as_str().unwrap_or_default();
    let has_size = units("cpu")
        .zip(units("memory"))
        .is_some_and(|(cpu, memory)| check_fargate_size(cpu, memory, family.starts_with("WINDOWS")).is_ok());
    input["networkMode"] == "awsvpc" && has_size
}

fn fill_container(container: &mut Map<String, Value>) {
    set_default(container, "cpu", json!(0));
    set_default(container, "essential", json!(true));
    set_default(container, "versionConsistency", json!("enabled"));
    for name in ["environment", "mountPoints", "volumesFrom", "portMappings", "systemControls"] {
        set_default(container, name, json!([]));
    }
    if let Some(Value::Object(check)) = container.get_mut("healthCheck") {
        set_default(check, "interval", json!(30));
        set_default(check, "timeout", json!(5));
        set_default(check, "retries", json!(3));
    }
    if let Some(Value::Object(logs)) = container.get_mut("logConfiguration") {
        set_default(logs, "secretOptions", json!([]));
    }
}

fn set_default(map: &mut Map<String, Value>, name: &str, value: Value) {
    let slot = map.entry(name.to_owned()).or_insert(Value::Null);
    if slot.is_null() {
        *slot = value;
    }
}

/// Parses CPU units or MiB, written as `1 vCPU`, `0.5 vcpu`, `2GB` or a number.
pub(super) fn parse_units(name: &str, text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let suffix = if name == "cpu" { "vcpu" } else { "gb" };
    match lower.strip_suffix(suffix) {
        Some(number) => number.trim().parse::<f64>().ok().map(|n| (n * 1024.0) as u64),
        None => lower.parse().ok(),
    }
}

/// Returns the attributes that a container instance needs.
fn required_attributes(input: &Value) -> Vec<Value> {
    let mut names: Vec<String> = Vec::new();
    let containers = input["containerDefinitions"].as_array();
    let all = || containers.into_iter().flatten();
    if let Some(driver) = all().find_map(|c| c["logConfiguration"]["logDriver"].as_str()) {
        names.push(format!("com.amazonaws.ecs.capability.logging-driver.{driver}"));
        names.push("ecs.capability.execution-role-awslogs".to_owned());
    }
    if all().any(|c| c["image"].as_str().is_some_and(|image| image.contains(".dkr.ecr."))) {
        names.push("com.amazonaws.ecs.capability.ecr-auth".to_owned());
        names.push("ecs.capability.execution-role-ecr-pull".to_owned());
    }
    if all().any(|c| c["secrets"].as_array().is_some_and(|s| !s.is_empty())) {
        names.push("ecs.capability.secrets.asm.environment-variables".to_owned());
    }
    if input["taskRoleArn"].is_string() {
        names.push("com.amazonaws.ecs.capability.task-iam-role".to_owned());
    }
    if input["networkMode"] == "awsvpc" {
        names.push("ecs.capability.task-eni".to_owned());
    }
    names.push("com.amazonaws.ecs.capability.docker-remote-api.1.18".to_owned());
    names.into_iter().map(|name| json!({ "name": name })).collect()
}
