//! Checks of port mappings and network modes.

use super::CheckProblems;
use super::document_view::{
    ContainerView, TaskDefinitionView, member_integer, member_items, member_text, quoted_scalar,
};
use super::health_checks::has_items;
use crate::document::tree::Node;

/// The maximum length of the name of a port mapping, from the API reference: PortMapping.name.
const MAX_PORT_NAME: usize = 64;

/// Returns the port mappings of a container with their paths.
fn port_mappings<'a>(container: &ContainerView<'a>) -> impl Iterator<Item = (&'a Node, String)> {
    let path = container.member_path("portMappings");
    member_items(container.node, "portMappings")
        .iter()
        .enumerate()
        .map(move |(at, node)| (node, format!("{path}[{at}]")))
}

pub(super) fn host_port(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(mode @ ("awsvpc" | "host")) = task.network_mode() else { return };
    for container in &task.containers {
        for (port, path) in port_mappings(container) {
            let (inner, outer) = (member_integer(port, "containerPort"), member_integer(port, "hostPort"));
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

pub(super) fn port_name(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        for (port, path) in port_mappings(container) {
            let Some(node) = port.get("name") else { continue };
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
}

pub(super) fn network_mode(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(mode) = task.network_mode() else { return };
    for container in &task.containers {
        // On Fargate, `fargate-unsupported` reports `links`.
        let refused = [
            ("portMappings", mode == "none" && has_items(container, "portMappings")),
            ("links", mode != "bridge" && has_items(container, "links") && !task.requires_fargate()),
            (
                "hostname",
                mode == "awsvpc"
                    && member_text(container.node, "hostname").is_some_and(|name| !name.is_empty()),
            ),
        ];
        for (member, _) in refused.iter().filter(|(_, refused)| *refused) {
            let Some(at) = container.node.get(member) else { continue };
            let message =
                format!("`{member}` of {} is not allowed with network mode `{mode}`", container.label());
            let hint = "remove it, or use another `networkMode`".to_owned();
            findings.add(at, container.member_path(member), message, hint);
        }
    }
}
