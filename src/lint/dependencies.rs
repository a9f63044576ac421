//! Checks of `dependsOn`, the order in which containers start, and of `links`.

use super::CheckProblems;
use super::document_view::{
    ContainerView, TaskDefinitionView, is_absent, member_items, member_text, quoted_scalar,
};
use crate::document::problem::did_you_mean;
use crate::document::tree::{Node, NodeKind, Scalar};

/// Returns the dependencies of a container with their paths.
fn dependencies<'a>(container: &ContainerView<'a>) -> impl Iterator<Item = (&'a Node, String)> {
    let path = container.member_path("dependsOn");
    member_items(container.node, "dependsOn")
        .iter()
        .enumerate()
        .map(move |(at, node)| (node, format!("{path}[{at}]")))
}

pub(super) fn container_exists(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in task.containers.iter().filter(|_| task.is_complete) {
        for (node, path) in dependencies(container) {
            let Some(name) = node.get("containerName") else { continue };
            let Some(wanted) = name.text().filter(|wanted| task.container(wanted).is_none()) else {
                continue;
            };
            let message = format!(
                "{} depends on {}, which is not a container of this task definition",
                container.label(),
                quoted_scalar(name)
            );
            findings.add(
                name,
                format!("{path}.containerName"),
                message,
                similar_container(wanted, name, task),
            );
        }
    }
}

/// Returns the hint with the most similar container name; `None` if an expression produced the name.
pub(super) fn similar_container(wanted: &str, name: &Node, task: &TaskDefinitionView<'_>) -> Option<String> {
    let spelled = task.containers.iter().filter_map(|container| container.node.get("name"));
    let spelled = spelled.filter(|node| !node.span.from_expression).filter_map(Node::text);
    did_you_mean(wanted, spelled).filter(|_| !name.span.from_expression)
}

pub(super) fn health_condition(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        for (node, path) in dependencies(container) {
            if member_text(node, "condition") != Some("HEALTHY") {
                continue;
            }
            let Some(other) = member_text(node, "containerName").and_then(|name| task.container(name)) else {
                continue;
            };
            if is_absent(other.node, "healthCheck") {
                let message = format!(
                    "{} waits for {} to be healthy, but it has no `healthCheck`",
                    container.label(),
                    other.label()
                );
                let hint = "add a `healthCheck` to that container (one in the image does not count), or wait for `START`";
                findings.add(node, path, message, hint.to_owned());
            }
        }
    }
}

pub(super) fn end_condition(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        for (node, path) in dependencies(container) {
            let Some(condition @ ("SUCCESS" | "COMPLETE")) = member_text(node, "condition") else { continue };
            let Some(other) = member_text(node, "containerName").and_then(|name| task.container(name)) else {
                continue;
            };
            let member = other.node.get("essential");
            let essential = is_absent(other.node, "essential")
                || matches!(member.map(|node| &node.kind), Some(NodeKind::Scalar(Scalar::Bool(true, _))));
            if essential {
                let message = format!(
                    "{} waits for {} to end (`{condition}`), but that container is essential",
                    container.label(),
                    other.label()
                );
                let hint = "set `essential: false` on that container: the task stops when an essential container ends";
                findings.add(node, path, message, hint.to_owned());
            }
        }
    }
}

pub(super) fn cycle(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for (start, container) in task.containers.iter().enumerate() {
        let mut round = vec![start];
        if !extend_cycle(task, start, start, &mut round, &mut Vec::new()) {
            continue;
        }
        let names: Vec<String> =
            round.iter().chain([&start]).map(|at| task.containers[*at].label()).collect();
        let message = format!("containers depend on each other: {}", names.join(" → "));
        let at = container.node.get("dependsOn").unwrap_or(container.node);
        findings.add(
            at,
            container.member_path("dependsOn"),
            message,
            "remove one of these dependencies".to_owned(),
        );
    }
}

/// Returns the names of the containers that a container is linked to, with their places and paths.
fn links<'a>(container: &ContainerView<'a>) -> impl Iterator<Item = (&'a Node, &'a str, String)> {
    let path = container.member_path("links");
    member_items(container.node, "links").iter().enumerate().filter_map(move |(index, node)| {
        let name = node.text()?.split(':').next()?;
        Some((node, name, format!("{path}[{index}]")))
    })
}

pub(super) fn linked_container(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in task.containers.iter().filter(|_| task.is_complete) {
        for (node, wanted, path) in links(container).filter(|(_, name, _)| task.container(name).is_none()) {
            let message = format!(
                "{} is linked to {}, which is not a container of this task definition",
                container.label(),
                quoted_scalar(node)
            );
            let hint = similar_container(wanted, node, task);
            findings.add(
                node,
                path,
                message,
                hint.unwrap_or_else(|| "name one of the containers".to_owned()),
            );
        }
        if is_linked_to_itself(task, container) {
            let at = container.node.get("links").unwrap_or(container.node);
            let message = format!("links lead from {} back to it", container.label());
            findings.add(at, container.member_path("links"), message, "remove one of these links".to_owned());
            return;
        }
    }
}

/// Returns whether links lead from a container back to it.
fn is_linked_to_itself<'a>(task: &TaskDefinitionView<'a>, start: &ContainerView<'a>) -> bool {
    let mut open: Vec<&str> = links(start).map(|(_, name, _)| name).collect();
    let mut seen: Vec<&str> = Vec::new();
    while let Some(name) = open.pop() {
        if Some(name) == start.name() {
            return true;
        }
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        open.extend(task.container(name).into_iter().flat_map(links).map(|(_, name, _)| name));
    }
    false
}

/// Searches for a path of dependencies from `here` to `start`, and adds its containers to `round`. Visits only
/// containers after `start`, so that each cycle is found once.
fn extend_cycle(
    task: &TaskDefinitionView<'_>,
    start: usize,
    here: usize,
    round: &mut Vec<usize>,
    seen: &mut Vec<usize>,
) -> bool {
    let Some(container) = task.containers.get(here) else { return false };
    for (node, _) in dependencies(container) {
        let name = member_text(node, "containerName");
        let next = task.containers.iter().position(|other| name.is_some() && other.name() == name);
        let Some(next) = next.filter(|next| *next >= start) else { continue };
        if next == start {
            return true;
        }
        if seen.contains(&next) {
            continue;
        }
        seen.push(next);
        round.push(next);
        if extend_cycle(task, start, next, round, seen) {
            return true;
        }
        round.pop();
    }
    false
}
