//! Values that ECS returns in another spelling than they were written, where the spelling depends on other members.

use serde_json::{Map, Value, json};

/// A spelling that ECS does not return as it was written.
#[derive(Clone, Copy, Debug)]
pub struct SpellingRow {
    /// The member, or the members.
    pub members: &'static str,
    /// Which spellings mean the same.
    pub same: &'static str,
    /// What the decision rests on.
    pub source: &'static str,
}

/// The spellings that mean the same, for the reference. The functions of this module and of `pair` apply them.
pub const SPELLINGS: &[SpellingRow] = &[
    SpellingRow {
        members: "`cpu`, `memory` of a task",
        same: "`1 vCPU` and `1024`; `1 GB` and `1024`",
        source: "API reference, RegisterTaskDefinition",
    },
    SpellingRow {
        members: "`taskRoleArn`, `executionRoleArn`",
        same: "the name of a role and its ARN, also in task overrides and for the roles of schedule targets",
        source: "API reference; aws-actions/amazon-ecs-render-task-definition#19. Names are unique in an account, and ECS takes no role of another account",
    },
    SpellingRow {
        members: "`hostPort` with network mode `awsvpc` or `host`",
        same: "absent, `0` and the container port",
        source: "API reference, PortMapping",
    },
    SpellingRow {
        members: "`user` beside `firelensConfiguration`",
        same: "absent and `0`",
        source: "terraform-provider-aws#41394, cloudposse/terraform-aws-ecs-container-definition#97",
    },
    SpellingRow {
        members: "`protocol` of a port mapping",
        same: "`tcp` and every value other than `udp`",
        source: "API reference, PortMapping",
    },
    SpellingRow {
        members: "`containerPort`, `hostPort` beside `containerPortRange`",
        same: "absent and `0`",
        source: "API reference, PortMapping",
    },
    SpellingRow {
        members: "`field` of a placement strategy",
        same: "`host` and `instanceId`; `cpu`, `memory`, `host` and `instanceId` in capitals",
        source: "API reference, PlacementStrategy; terraform-provider-aws, aws_ecs_service",
    },
    SpellingRow {
        members: "`discoveryName` of Service Connect",
        same: "absent and `portName`",
        source: "observed live (go-to-k/cdk-real-drift)",
    },
    SpellingRow {
        members: "`namespace` of Service Connect",
        same: "the name of a namespace and its ARN, if ListServicesByNamespace lists the service for it",
        source: "API reference, ServiceConnectConfiguration; kayac/ecspresso#745, #759",
    },
    SpellingRow {
        members: "lists and mappings",
        same: "absent and empty",
        source: "public DescribeTaskDefinition output",
    },
    SpellingRow {
        members: "enumerations, and texts at the top level of a task definition",
        same: "absent and an empty text",
        source: "public DescribeTaskDefinition output",
    },
    SpellingRow { members: "numbers", same: "`5` and `5.0`", source: "observed live (go-to-k/cdkd)" },
];

/// Rewrites `1 vCPU` and `1GB` as `1024`, as ECS stores them.
pub(super) fn respell_sizes(members: &mut Map<String, Value>) {
    for (name, units) in [("cpu", "vcpu"), ("memory", "gb")] {
        let Some(Value::String(text)) = members.get_mut(name) else { continue };
        let lowered = text.to_lowercase();
        let Some(number) = lowered.strip_suffix(units).map(str::trim) else { continue };
        if let Ok(number) = number.parse::<f64>() {
            *text = format!("{}", (number * 1024.0).round());
        }
    }
}

/// Removes host ports that equal the container port, which is the default in the modes `awsvpc` and `host`.
pub(super) fn respell_host_ports(members: &mut Map<String, Value>) {
    if !matches!(members.get("networkMode").and_then(Value::as_str), Some("awsvpc" | "host")) {
        return;
    }
    let Some(Value::Array(containers)) = members.get_mut("containerDefinitions") else { return };
    for container in containers {
        let Some(Value::Array(ports)) = container.get_mut("portMappings") else { continue };
        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
            if port.get("hostPort") == port.get("containerPort") {
                port.remove("hostPort");
            }
        }
    }
}

/// Rewrites the members of a structure whose spelling depends on one another.
pub(super) fn respell_structure(members: &mut Map<String, Value>, shape: &str) {
    match shape {
        "ContainerDefinition" => respell_container(members),
        "PortMapping" => respell_port(members),
        "PlacementStrategy" => respell_field(members),
        "ServiceConnectService" => respell_discovery_name(members),
        _ => {}
    }
}

fn respell_discovery_name(service: &mut Map<String, Value>) {
    if service.get("discoveryName") == service.get("portName") {
        service.remove("discoveryName");
    }
}

fn respell_container(container: &mut Map<String, Value>) {
    let is_router = container.get("firelensConfiguration").is_some_and(Value::is_object);
    if is_router && container.get("user").is_some_and(|user| user == "0") {
        container.remove("user");
    }
}

fn respell_port(port: &mut Map<String, Value>) {
    if port.get("protocol").is_some_and(|protocol| protocol != "udp") {
        port.remove("protocol");
    }
    if port.get("containerPortRange").is_some_and(Value::is_string)
        && port.get("containerPort").is_some_and(|number| *number == 0)
    {
        port.remove("containerPort");
    }
}

fn respell_field(strategy: &mut Map<String, Value>) {
    let Some(field) = strategy.get("field").and_then(Value::as_str) else { return };
    let spelled = match field.to_ascii_lowercase().as_str() {
        "host" | "instanceid" => "instanceId",
        "cpu" => "cpu",
        "memory" => "memory",
        _ => return,
    };
    strategy.insert("field".to_owned(), json!(spelled));
}
