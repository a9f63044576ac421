//! Checks of port mappings and network modes.

use super::Findings;
use super::health::any;
use super::view::{Container, Task, integer, items, shown, text};
use crate::document::tree::Node;

/// The maximum length of the name of a port mapping, from the API reference: PortMapping.name.
const MAX_NAME: usize = 64;

/// Returns the port mappings of a container with their paths.
fn ports<'a>(container: &Container<'a>) -> impl Iterator<Item = (&'a Node, String)> {
    let path = container.path("portMappings");
    items(container.node, "portMappings")
        .iter()
        .enumerate()
        .map(move |(at, node)| (node, format!("{path}[{at}]")))
}

pub(super) fn host_port(task: &Task<'_>, findings: &mut Findings<'_>) {
    let Some(mode @ ("awsvpc" | "host")) = task.network_mode() else { return };
    for container in &task.containers {
        for (port, path) in ports(container) {
            let (inner, outer) = (integer(port, "containerPort"), integer(port, "hostPort"));
            if let (Some(inner), Some(outer), Some(at)) = (inner, outer, port.get("hostPort"))
                && outer != 0
                && outer != inner
            {
                let message = format!(
                    "`hostPort` differs from `containerPort`, which network mode `{mode}` does not allow"
                );
                findings.add(at, format!("{path}.hostPort"), message, "remove `hostPort`".to_owned());
            }
        }
    }
}

pub(super) fn port_name(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        for (port, path) in ports(container) {
            let Some(node) = port.get("name") else { continue };
            let Some(name) = node.text().filter(|name| !name.is_empty()) else { continue };
            let allowed =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
            if name.len() > MAX_NAME || name.starts_with('-') || !name.bytes().all(allowed) {
                let message = format!("{} is not a valid name for a port mapping", shown(node));
                let hint = format!(
                    "use up to {MAX_NAME} lowercase letters, digits, `_` and `-`, not beginning with `-`"
                );
                findings.add(node, format!("{path}.name"), message, hint);
            }
        }
    }
}

pub(super) fn mode(task: &Task<'_>, findings: &mut Findings<'_>) {
    let Some(mode) = task.network_mode() else { return };
    for container in &task.containers {
        // On Fargate, `fargate-unsupported` reports `links`.
        let refused = [
            ("portMappings", mode == "none" && any(container, "portMappings")),
            ("links", mode != "bridge" && any(container, "links") && !task.fargate()),
            (
                "hostname",
                mode == "awsvpc" && text(container.node, "hostname").is_some_and(|name| !name.is_empty()),
            ),
        ];
        for (member, _) in refused.iter().filter(|(_, refused)| *refused) {
            let Some(at) = container.node.get(member) else { continue };
            let message =
                format!("`{member}` of {} is not allowed with network mode `{mode}`", container.shown());
            let hint = "remove it, or use another `networkMode`".to_owned();
            findings.add(at, container.path(member), message, hint);
        }
    }
}
