//! Checks port mappings: the ports, the ranges and the names, in a container and across the task.

use serde_json::Value;

use super::{CheckResult, DefinitionInput, check_enumeration, items, member_text};
use crate::api::client_if;

pub(super) fn check_container(definition: &DefinitionInput<'_>, container: &Value) -> CheckResult {
    let name = member_text(container, "name");
    let mode = definition.mode;
    for mapping in items(container, "portMappings") {
        check_enumeration("appProtocol", &mapping["appProtocol"], &["http", "http2", "grpc"])?;
        let inner = mapping["containerPort"].as_u64();
        let outer = mapping["hostPort"].as_u64();
        if mapping["containerPortRange"].is_string() {
            check_range(mapping, name)?;
            continue;
        }
        client_if(
            !inner.is_some_and(|port| (1..=65_535).contains(&port)),
            format!("Invalid 'containerPort' setting for container '{name}'."),
        )?;
        client_if(
            outer.is_some_and(|port| port > 65_535),
            format!("Invalid 'hostPort' setting for container '{name}'."),
        )?;
        client_if(
            outer.is_some_and(|outer| outer != 0 && inner != Some(outer))
                && matches!(mode, "awsvpc" | "host"),
            format!(
                "When networkMode={mode}, the host ports and container ports in port mappings must match."
            ),
        )?;
    }
    Ok(())
}

fn check_range(mapping: &Value, name: &str) -> CheckResult {
    client_if(
        !mapping["containerPort"].is_null() || !mapping["hostPort"].is_null(),
        format!("Port mapping for container '{name}' cannot specify both single port and port range."),
    )?;
    let range = range_of(mapping).filter(|(low, high)| 0 < *low && low < high && *high <= 65_535);
    client_if(range.is_none(), format!("Invalid 'containerPortRange' setting for container '{name}'."))
}

/// Returns the first and the last port of a mapping's range.
fn range_of(mapping: &Value) -> Option<(u64, u64)> {
    let (low, high) = member_text(mapping, "containerPortRange").split_once('-')?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

/// Checks what must be unique across the containers of a task.
pub(super) fn check_task(definition: &DefinitionInput<'_>) -> CheckResult {
    let mut names: Vec<&str> = Vec::new();
    let mut host_ports: Vec<(String, u64)> = Vec::new();
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for mapping in definition.containers.iter().flat_map(|container| items(container, "portMappings")) {
        let name = member_text(mapping, "name");
        client_if(!name.is_empty() && names.contains(&name), "port mapping name is already used")?;
        names.push(name);
        if let Some((low, high)) = range_of(mapping) {
            let overlaps = ranges.iter().any(|(first, last)| low <= *last && *first <= high);
            client_if(overlaps, "container port is used multiple times in task")?;
            ranges.push((low, high));
        }
        let Some(port) = host_port(definition, mapping) else { continue };
        let protocol = if mapping["protocol"] == "udp" { "UDP" } else { "TCP" }.to_owned();
        client_if(
            host_ports.contains(&(protocol.clone(), port)),
            format!("{protocol} host port '{port}' is mapped multiple times in task."),
        )?;
        host_ports.push((protocol, port));
    }
    Ok(())
}

/// Returns the port of the host, or of the task's network interface, that a mapping takes; none when ECS
/// chooses one.
fn host_port(definition: &DefinitionInput<'_>, mapping: &Value) -> Option<u64> {
    let port = match definition.mode {
        "awsvpc" | "host" => &mapping["containerPort"],
        _ => &mapping["hostPort"],
    };
    port.as_u64().filter(|port| *port != 0)
}
