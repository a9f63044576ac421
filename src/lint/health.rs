//! Checks of health checks and timeouts.

use super::Findings;
use super::view::{Container, Task, integer, items, shown};
use crate::document::tree::Node;

/// From the API reference: HealthCheck.
const RANGES: &[(&str, i64, i64)] =
    &[("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)];

pub(super) fn ranges(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let Some(check) = container.node.get("healthCheck") else { continue };
        for range in RANGES {
            in_range(check, container, "healthCheck", *range, findings);
        }
    }
}

pub(super) fn command(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let Some(command) = container.node.get("healthCheck").and_then(|check| check.get("command")) else {
            continue;
        };
        // Docker's `NONE` disables the health check of the image.
        let good = match command.items() {
            [] => command.is_unknown(),
            [first, rest @ ..] => match first.text() {
                Some("CMD" | "CMD-SHELL") => !rest.is_empty(),
                Some("NONE") | None => true,
                Some(_) => false,
            },
        };
        if !good {
            let message =
                format!("the health check of {} has no command that ECS can run", container.shown());
            let hint =
                "write `[CMD-SHELL, \"curl -f http://localhost/ || exit 1\"]`, or `[CMD, program, argument]`";
            findings.add(command, container.path("healthCheck.command"), message, hint.to_owned());
        }
    }
}

/// From the API reference: ContainerDefinition.startTimeout and .stopTimeout, for Fargate.
pub(super) fn timeouts(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in task.containers.iter().filter(|_| task.fargate()) {
        for member in ["startTimeout", "stopTimeout"] {
            in_range(container.node, container, "", (member, 2, 120), findings);
        }
    }
}

/// Reports a member whose number is not between `low` and `high`.
pub(super) fn in_range(
    node: &Node,
    container: &Container<'_>,
    path: &str,
    (member, low, high): (&str, i64, i64),
    findings: &mut Findings<'_>,
) {
    let Some(at) = node.get(member) else { return };
    if integer(node, member).is_none_or(|value| (low..=high).contains(&value)) {
        return;
    }
    let path = if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") };
    let message = format!("`{member}` of {} is {}", container.shown(), shown(at));
    findings.add(at, container.path(&path), message, format!("use a value from {low} to {high}"));
}

/// Returns whether a list member of a container has any items.
pub(super) fn any(container: &Container<'_>, member: &str) -> bool {
    !items(container.node, member).is_empty()
}
