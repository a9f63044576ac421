//! Checks of `dependsOn`, the order in which containers start.

use super::Findings;
use super::view::{Container, Task, absent, items, shown, text};
use crate::document::problem::did_you_mean;
use crate::document::tree::{Kind, Node, Scalar};

/// Returns the dependencies of a container with their paths.
fn dependencies<'a>(container: &Container<'a>) -> impl Iterator<Item = (&'a Node, String)> {
    let path = container.path("dependsOn");
    items(container.node, "dependsOn")
        .iter()
        .enumerate()
        .map(move |(at, node)| (node, format!("{path}[{at}]")))
}

pub(super) fn exists(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in task.containers.iter().filter(|_| task.whole) {
        for (node, path) in dependencies(container) {
            let Some(name) = node.get("containerName") else { continue };
            let Some(wanted) = name.text().filter(|wanted| task.container(wanted).is_none()) else {
                continue;
            };
            let message = format!(
                "{} depends on {}, which is not a container of this task definition",
                container.shown(),
                shown(name)
            );
            findings.add(name, format!("{path}.containerName"), message, near(wanted, name, task));
        }
    }
}

/// Returns the hint with the most similar container name; `None` if an expression produced the name.
pub(super) fn near(wanted: &str, name: &Node, task: &Task<'_>) -> Option<String> {
    let spelled = task.containers.iter().filter_map(|container| container.node.get("name"));
    let spelled = spelled.filter(|node| !node.span.expression).filter_map(Node::text);
    did_you_mean(wanted, spelled).filter(|_| !name.span.expression)
}

pub(super) fn health(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        for (node, path) in dependencies(container) {
            if text(node, "condition") != Some("HEALTHY") {
                continue;
            }
            let Some(other) = text(node, "containerName").and_then(|name| task.container(name)) else {
                continue;
            };
            if absent(other.node, "healthCheck") {
                let message = format!(
                    "{} waits for {} to be healthy, but it has no `healthCheck`",
                    container.shown(),
                    other.shown()
                );
                let hint = "add a `healthCheck` to that container (one in the image does not count), or wait for `START`";
                findings.add(node, path, message, hint.to_owned());
            }
        }
    }
}

pub(super) fn essential(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        for (node, path) in dependencies(container) {
            let Some(condition @ ("SUCCESS" | "COMPLETE")) = text(node, "condition") else { continue };
            let Some(other) = text(node, "containerName").and_then(|name| task.container(name)) else {
                continue;
            };
            let member = other.node.get("essential");
            let essential = absent(other.node, "essential")
                || matches!(member.map(|node| &node.kind), Some(Kind::Scalar(Scalar::Bool(true, _))));
            if essential {
                let message = format!(
                    "{} waits for {} to end (`{condition}`), but that container is essential",
                    container.shown(),
                    other.shown()
                );
                let hint = "set `essential: false` on that container: the task stops when an essential container ends";
                findings.add(node, path, message, hint.to_owned());
            }
        }
    }
}

pub(super) fn cycle(task: &Task<'_>, findings: &mut Findings<'_>) {
    for (start, container) in task.containers.iter().enumerate() {
        let mut round = vec![start];
        if !leads_back(task, start, start, &mut round, &mut Vec::new()) {
            continue;
        }
        let names: Vec<String> =
            round.iter().chain([&start]).map(|at| task.containers[*at].shown()).collect();
        let message = format!("containers depend on each other: {}", names.join(" → "));
        let at = container.node.get("dependsOn").unwrap_or(container.node);
        findings.add(at, container.path("dependsOn"), message, "remove one of these dependencies".to_owned());
    }
}

/// Searches for a path of dependencies from `here` to `start`, and adds its containers to `round`. Visits only
/// containers after `start`, so that each cycle is found once.
fn leads_back(
    task: &Task<'_>,
    start: usize,
    here: usize,
    round: &mut Vec<usize>,
    seen: &mut Vec<usize>,
) -> bool {
    let Some(container) = task.containers.get(here) else { return false };
    for (node, _) in dependencies(container) {
        let name = text(node, "containerName");
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
        if leads_back(task, start, next, round, seen) {
            return true;
        }
        round.pop();
    }
    false
}
