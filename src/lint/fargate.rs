//! Checks of what Fargate requires and what it does not support.

use super::CheckProblems;
use super::document_view::{
    ContainerView, TaskDefinitionView, is_absent_or_empty, is_set, member_items, member_text, quoted_list,
};
use crate::document::tree::Node;

/// Container members that are not valid on Fargate, from the developer guide (fargate-tasks-services.html).
const UNSUPPORTED_CONTAINER_MEMBERS: &[&str] = &[
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "dockerSecurityOptions",
    "extraHosts",
    "links",
    "privileged",
];
/// Members of a container's `linuxParameters`, from the same page.
const UNSUPPORTED_LINUX_PARAMETERS: &[&str] = &["devices", "maxSwap", "sharedMemorySize", "swappiness"];
/// Members of the task, from the same page.
const UNSUPPORTED_TASK_MEMBERS: &[&str] = &["ipcMode", "placementConstraints"];

const REMOVE_OR_USE_EC2_HINT: &str = "remove it, or run the task on EC2: `requiresCompatibilities: [EC2]`";

pub(super) fn network_mode(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(mode) = task.network_mode().filter(|mode| task.requires_fargate() && *mode != "awsvpc") else {
        return;
    };
    let hint = "set `networkMode: awsvpc`".to_owned();
    let Some(node) = task.node.get("networkMode") else {
        let at = task.node.get("requiresCompatibilities").unwrap_or(task.node);
        findings.add(at, "networkMode", "Fargate requires network mode `awsvpc`, but none is set", hint);
        return;
    };
    // The reader has checked that this is a value of the enum, so it cannot be a secret.
    findings.add(node, "networkMode", format!("Fargate does not support network mode `{mode}`"), hint);
}

pub(super) fn size_missing(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let missing: Vec<&str> =
        ["cpu", "memory"].into_iter().filter(|member| is_absent_or_empty(task.node, member)).collect();
    if !task.requires_fargate() || missing.is_empty() {
        return;
    }
    let at = task.node.get("requiresCompatibilities").unwrap_or(task.node);
    let message = format!("Fargate requires {} on the task", quoted_list(&missing));
    let hint =
        "set them beside `family`, such as `cpu: 256` and `memory: 512`; those of containers do not count";
    findings.add(at, "", message, hint.to_owned());
}

pub(super) fn unsupported_members(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    if !task.requires_fargate() {
        return;
    }
    for (member, node) in set_members(task.node, UNSUPPORTED_TASK_MEMBERS) {
        report_unsupported(node, member.to_owned(), member, findings);
    }
    if let Some(node) = task.node.get("pidMode").filter(|node| node.text() == Some("host")) {
        findings.add(
            node,
            "pidMode",
            "Fargate does not support `pidMode: host`",
            "use `task`, the only mode that Fargate supports".to_owned(),
        );
    }
    for (index, volume) in member_items(task.node, "volumes").iter().enumerate() {
        let name = volume.get("name").filter(|name| !name.span.from_expression).and_then(Node::text);
        let path = format!("volumes[{}]", name.map_or_else(|| index.to_string(), str::to_owned));
        if let Some(node) =
            volume.get("host").and_then(|host| host.get("sourcePath")).filter(|node| is_set(node))
        {
            report_unsupported(node, format!("{path}.host.sourcePath"), "sourcePath", findings);
        }
        if let Some(node) = volume.get("dockerVolumeConfiguration").filter(|node| is_set(node)) {
            report_unsupported(
                node,
                format!("{path}.dockerVolumeConfiguration"),
                "dockerVolumeConfiguration",
                findings,
            );
        }
    }
    task.containers.iter().for_each(|container| unsupported_container_members(container, findings));
}

fn unsupported_container_members(container: &ContainerView<'_>, findings: &mut CheckProblems<'_>) {
    for (member, node) in set_members(container.node, UNSUPPORTED_CONTAINER_MEMBERS) {
        report_unsupported(node, container.member_path(member), member, findings);
    }
    for node in member_items(container.node, "resourceRequirements") {
        if member_text(node, "type") == Some("GPU") {
            report_unsupported(node, container.member_path("resourceRequirements"), "GPU", findings);
        }
    }
    let Some(linux) = container.node.get("linuxParameters") else { return };
    for (member, node) in set_members(linux, UNSUPPORTED_LINUX_PARAMETERS) {
        report_unsupported(
            node,
            container.member_path(&format!("linuxParameters.{member}")),
            member,
            findings,
        );
    }
    let Some(added) = linux.get("capabilities").map(|capabilities| member_items(capabilities, "add")) else {
        return;
    };
    for node in added.iter().filter(|node| node.text().is_some_and(|name| !name.ends_with("SYS_PTRACE"))) {
        let path = container.member_path("linuxParameters.capabilities.add");
        findings.add(
            node,
            path,
            "Fargate can add no capability except `SYS_PTRACE`",
            REMOVE_OR_USE_EC2_HINT.to_owned(),
        );
    }
}

/// Returns the members with these names that are set to a value other than empty, `false` or 0.
fn set_members<'a>(
    node: &'a Node,
    names: &'static [&'static str],
) -> impl Iterator<Item = (&'static str, &'a Node)> {
    names.iter().filter_map(move |name| Some((*name, node.get(name).filter(|node| is_set(node))?)))
}

fn report_unsupported(node: &Node, path: String, member: &str, findings: &mut CheckProblems<'_>) {
    findings.add(
        node,
        path,
        format!("Fargate does not support `{member}`"),
        REMOVE_OR_USE_EC2_HINT.to_owned(),
    );
}

/// `tmpfs` was documented as unsupported; the API reference no longer says so.
pub(super) fn tmpfs(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in task.containers.iter().filter(|_| task.requires_fargate()) {
        let linux = container.node.get("linuxParameters");
        let Some(node) = linux.and_then(|linux| linux.get("tmpfs")).filter(|node| is_set(node)) else {
            continue;
        };
        let message = "Fargate may not support `tmpfs`";
        findings.add(
            node,
            container.member_path("linuxParameters.tmpfs"),
            message,
            REMOVE_OR_USE_EC2_HINT.to_owned(),
        );
    }
}
