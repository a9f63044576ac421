//! Checks of health checks and timeouts.

use super::CheckProblems;
use super::document_view::{ContainerView, TaskDefinitionView, member_integer, quoted_scalar};
use crate::document::tree::Node;

/// From the API reference: `HealthCheck`.
const HEALTH_CHECK_RANGES: &[(&str, i64, i64)] =
    &[("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)];

pub(super) fn health_check_ranges(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let Some(check) = container.node.get("healthCheck") else { continue };
        for range in HEALTH_CHECK_RANGES {
            check_range(check, container, "healthCheck", *range, findings);
        }
    }
}

pub(super) fn health_check_command(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let Some(command) = container.node.get("healthCheck").and_then(|check| check.get("command")) else {
            continue;
        };
        // Docker's `NONE` disables the health check of the image.
        let good = match command.items() {
            [] => command.is_undefined(),
            [first, rest @ ..] => match first.text() {
                Some("CMD" | "CMD-SHELL") => !rest.is_empty(),
                Some("NONE") | None => true,
                Some(_) => false,
            },
        };
        if !good {
            let message =
                format!("the health check of {} does not begin with `CMD` or `CMD-SHELL`", container.label());
            let hint =
                "write `[CMD-SHELL, \"curl -f http://localhost/ || exit 1\"]`, or `[CMD, program, argument]`";
            findings.add(command, container.member_path("healthCheck.command"), message, hint.to_owned());
        }
    }
}

/// From the API reference: ContainerDefinition.startTimeout and .stopTimeout, for Fargate.
pub(super) fn fargate_timeouts(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in task.containers.iter().filter(|_| task.requires_fargate()) {
        for member in ["startTimeout", "stopTimeout"] {
            check_range(container.node, container, "", (member, 2, 120), findings);
        }
    }
}

/// Reports a member whose number is not between `low` and `high`.
pub(super) fn check_range(
    node: &Node,
    container: &ContainerView<'_>,
    path: &str,
    (member, low, high): (&str, i64, i64),
    findings: &mut CheckProblems<'_>,
) {
    let Some(at) = node.get(member) else { return };
    if member_integer(node, member).is_none_or(|value| (low..=high).contains(&value)) {
        return;
    }
    let path = if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") };
    let message = format!("`{member}` of {} is {}", container.label(), quoted_scalar(at));
    findings.add(at, container.member_path(&path), message, format!("use a value from {low} to {high}"));
}
