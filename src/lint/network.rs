//! Checks of members that some network modes do not support.

use super::CheckProblems;
use super::document_view::{TaskDefinitionView, has_items, is_set};

/// Container members that `awsvpc` does not support (API reference, `ContainerDefinition`). On Fargate, another check reports
/// all but the first.
const AWSVPC_MEMBERS: &[&str] = &["hostname", "dnsServers", "extraHosts", "disableNetworking"];

pub(super) fn network_mode(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(mode) = task.network_mode() else { return };
    for container in &task.containers {
        let mut refused: Vec<&str> = Vec::new();
        if mode == "none" && has_items(container.node, "portMappings") {
            refused.push("portMappings");
        }
        // On Fargate, `fargate-unsupported` reports `links`.
        if mode != "bridge" && has_items(container.node, "links") && !task.requires_fargate() {
            refused.push("links");
        }
        if mode == "awsvpc" {
            let set = |member: &&&str| container.node.get(member).is_some_and(is_set);
            let elsewhere = |member: &&&str| **member == "hostname" || !task.requires_fargate();
            refused.extend(AWSVPC_MEMBERS.iter().filter(elsewhere).filter(set));
        }
        for member in refused {
            let Some(at) = container.node.get(member) else { continue };
            let message =
                format!("`{member}` of {} is not allowed with network mode `{mode}`", container.label());
            let hint = "remove it, or use another `networkMode`".to_owned();
            findings.add(at, container.member_path(member), message, hint);
        }
    }
}
