//! The task definition that ECS makes for an Express service.

use serde_json::{Map, Value, json};

use crate::params::text;
use crate::state::CallContext;

/// The name of the container (API reference, `CreateExpressGatewayService`, `taskDefinitionArn`).
pub(super) const CONTAINER: &str = "Main";

/// The members of an input that the task definition depends on.
const MEMBERS: &[&str] =
    &["primaryContainer", "executionRoleArn", "taskRoleArn", "cpu", "memory", "cpuArchitecture"];

/// The members of a container that are taken over as they are.
const CONTAINER_MEMBERS: &[&str] = &["image", "command", "environment", "secrets", "repositoryCredentials"];

/// Returns whether an input has a member that the task definition depends on.
pub(super) fn has_members(input: &Value) -> bool {
    MEMBERS.iter().any(|member| !input[*member].is_null())
}

/// Returns the input of `RegisterTaskDefinition` for an Express service. What the input leaves out is taken from the
/// configuration `before`, and has its default where that is null.
pub(super) fn document(
    cluster: &str,
    name: &str,
    input: &Value,
    before: &Value,
    context: &mut CallContext<'_>,
) -> Value {
    let member = |member: &str| text(input, member).or_else(|| text(before, member));
    let container = if input["primaryContainer"].is_object() {
        &input["primaryContainer"]
    } else {
        &before["primaryContainer"]
    };
    let mut logs = container["awsLogsConfiguration"].clone();
    if logs.is_null() {
        logs = before["primaryContainer"]["awsLogsConfiguration"].clone();
    }
    if logs.is_null() {
        let group = format!("/aws/ecs/{cluster}/{name}-{}", context.ids.hex(4));
        logs = json!({ "logGroup": group, "logStreamPrefix": "ecs" });
    }
    let mut document = json!({
        "family": format!("{cluster}-{name}"),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": member("cpu").unwrap_or("256"),
        "memory": member("memory").unwrap_or("512"),
        "runtimePlatform": {
            "cpuArchitecture": member("cpuArchitecture").unwrap_or("X86_64"),
            "operatingSystemFamily": "LINUX",
        },
        "containerDefinitions": [container_definition(container, &logs, &context.resources.region)],
    });
    for role in ["executionRoleArn", "taskRoleArn"] {
        if let Some(role_arn) = member(role) {
            document[role] = json!(role_arn);
        }
    }
    document
}

fn container_definition(container: &Value, logs: &Value, region: &str) -> Value {
    let port = container["containerPort"].as_u64().unwrap_or(80);
    let mut out = Map::new();
    out.insert("name".to_owned(), json!(CONTAINER));
    for member in CONTAINER_MEMBERS.iter().filter(|member| !container[**member].is_null()) {
        out.insert((*member).to_owned(), container[*member].clone());
    }
    let fixed = json!({
        "essential": true,
        "portMappings": [{ "containerPort": port, "hostPort": port, "protocol": "tcp", "name": "main" }],
        "stopTimeout": 30,
        "linuxParameters": { "initProcessEnabled": true },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": logs["logGroup"],
                "awslogs-region": region,
                "awslogs-stream-prefix": logs["logStreamPrefix"],
                "mode": "non-blocking",
            },
        },
    });
    out.extend(fixed.as_object().cloned().unwrap_or_default());
    Value::Object(out)
}
