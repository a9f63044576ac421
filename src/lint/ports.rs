//! Checks of port mappings: ports, ranges and names, in a container and across the task.

use super::CheckProblems;
use super::document_view::{TaskDefinitionView, is_absent, member_integer, member_text, quoted_scalar};
use crate::document::tree::Node;

/// The maximum length of the name of a port mapping, from the API reference: PortMapping.name.
const MAX_PORT_NAME: usize = 64;
/// The highest port.
const MAX_PORT: i64 = 65_535;
/// The maximum number of ranges of a container, from the API reference: PortMapping.containerPortRange.
const MAX_RANGES: usize = 100;

pub(super) fn container_port(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for (container, mapping, path) in task.port_mappings() {
        if is_absent(mapping, "containerPort") && is_absent(mapping, "containerPortRange") {
            let message = format!("a port mapping of {} has no `containerPort`", container.label());
            findings.add(mapping, path, message, "add `containerPort: 80`, or remove the mapping".to_owned());
            continue;
        }
        for (member, lowest) in [("containerPort", 1), ("hostPort", 0)] {
            let Some(node) = mapping.get(member) else { continue };
            if member_integer(mapping, member).is_some_and(|port| !(lowest..=MAX_PORT).contains(&port)) {
                let message = format!("`{member}` of {} is {}", container.label(), quoted_scalar(node));
                let hint = format!("use a port from {lowest} to {MAX_PORT}");
                findings.add(node, format!("{path}.{member}"), message, hint);
            }
        }
    }
}

pub(super) fn host_port(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(mode @ ("awsvpc" | "host")) = task.network_mode() else { return };
    for (_, mapping, path) in task.port_mappings() {
        let inner = member_integer(mapping, "containerPort");
        let outer = member_integer(mapping, "hostPort");
        let Some((inner, outer)) = inner.zip(outer) else { continue };
        let Some(at) = mapping.get("hostPort").filter(|_| outer != 0 && outer != inner) else { continue };
        let message =
            format!("`hostPort` differs from `containerPort`, which network mode `{mode}` does not allow");
        findings.add(at, format!("{path}.hostPort"), message, "remove `hostPort`".to_owned());
    }
}

/// Two mappings cannot take the same port of the host, or of the network interface that the containers share.
pub(super) fn host_port_once(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(mode) = task.network_mode() else { return };
    let member = if matches!(mode, "awsvpc" | "host") { "containerPort" } else { "hostPort" };
    let mut taken: Vec<(&str, i64)> = Vec::new();
    for (container, mapping, path) in task.port_mappings() {
        let Some(protocol) = protocol(mapping) else { continue };
        let Some(port) = member_integer(mapping, member).filter(|port| *port != 0) else { continue };
        let Some(at) = mapping.get(member).filter(|_| taken.contains(&(protocol, port))) else {
            taken.push((protocol, port));
            continue;
        };
        let message = format!(
            "{} maps {protocol} port {}, which is mapped already",
            container.label(),
            quoted_scalar(at)
        );
        let hint = match member {
            "containerPort" => {
                format!("remove one of the two: with network mode `{mode}`, all containers share the ports")
            }
            _ => "remove one of the two, or leave out `hostPort`, so that ECS chooses one".to_owned(),
        };
        findings.add(at, format!("{path}.{member}"), message, hint);
    }
}

fn protocol(mapping: &Node) -> Option<&str> {
    if is_absent(mapping, "protocol") { Some("tcp") } else { member_text(mapping, "protocol") }
}

/// Returns the first and the last port of a range such as `8000-8010`.
fn parse_range(text: &str) -> Option<(i64, i64)> {
    let (low, high) = text.split_once('-')?;
    Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
}

pub(super) fn port_ranges(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let mut known: Vec<(i64, i64)> = Vec::new();
    for (container, mapping, path) in task.port_mappings() {
        let Some(node) = mapping.get("containerPortRange") else { continue };
        let Some(text) = node.text().filter(|text| !text.is_empty()) else { continue };
        let path = format!("{path}.containerPortRange");
        if let Some(single) = mapping.get("containerPort").or_else(|| mapping.get("hostPort"))
            && !single.is_undefined()
        {
            let message = format!("a port mapping of {} has a port and a range", container.label());
            findings.add(node, path, message, "make two mappings of it, or remove one of the two".to_owned());
            continue;
        }
        let Some((low, high)) =
            parse_range(text).filter(|(low, high)| 0 < *low && low < high && *high <= MAX_PORT)
        else {
            let message = format!("{} is not a range of ports", quoted_scalar(node));
            let hint = format!("write it as `8000-8010`, from 1 to {MAX_PORT}, the lower port first");
            findings.add(node, path, message, hint);
            continue;
        };
        if known.iter().any(|(first, last)| low <= *last && *first <= high) {
            let message =
                format!("the range {} of {} overlaps another one", quoted_scalar(node), container.label());
            findings.add(node, path, message, "map each port once".to_owned());
        }
        known.push((low, high));
    }
    range_modes(task, findings);
}

/// From the API reference, PortMapping.containerPortRange: the network modes, and the number of ranges.
fn range_modes(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let mode = task.network_mode();
    for container in &task.containers {
        let Some(list) = container.node.get("portMappings") else { continue };
        let ranges = list.items().iter().filter_map(|mapping| mapping.get("containerPortRange"));
        let ranges: Vec<&Node> = ranges.filter(|node| !node.is_undefined()).collect();
        let Some(first) = ranges.first() else { continue };
        let path = container.member_path("portMappings");
        if let Some(mode @ ("host" | "none")) = mode {
            let message = format!("`containerPortRange` is not allowed with network mode `{mode}`");
            findings.add(
                first,
                path.clone(),
                message,
                "use `bridge` or `awsvpc`, or map single ports".to_owned(),
            );
        }
        if ranges.len() > MAX_RANGES {
            let message = format!(
                "{} has {} port ranges: ECS allows at most {MAX_RANGES}",
                container.label(),
                ranges.len()
            );
            findings.add(first, path, message, "merge some of them".to_owned());
        }
    }
}

pub(super) fn port_name(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for (_, mapping, path) in task.port_mappings() {
        let Some(node) = mapping.get("name") else { continue };
        let Some(name) = node.text().filter(|name| !name.is_empty()) else { continue };
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        if name.len() > MAX_PORT_NAME || name.starts_with('-') || !name.bytes().all(allowed) {
            let message = format!("{} is not a valid name for a port mapping", quoted_scalar(node));
            let hint = format!(
                "use up to {MAX_PORT_NAME} lowercase letters, digits, `_` and `-`, not beginning with `-`"
            );
            findings.add(node, format!("{path}.name"), message, hint);
        }
    }
}

pub(super) fn port_name_once(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let mut known: Vec<&str> = Vec::new();
    for (_, mapping, path) in task.port_mappings() {
        let Some(node) = mapping.get("name") else { continue };
        let Some(name) = node.text().filter(|name| !name.is_empty()) else { continue };
        if known.contains(&name) {
            let message = format!("the name {} is that of another port mapping", quoted_scalar(node));
            findings.add(
                node,
                format!("{path}.name"),
                message,
                "give each port mapping its own name".to_owned(),
            );
        }
        known.push(name);
    }
}
