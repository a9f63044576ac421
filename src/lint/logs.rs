//! Checks of log drivers.

use super::Findings;
use super::view::{Task, empty, listed, shown, text};

pub(super) fn fargate_driver(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in task.containers.iter().filter(|_| task.fargate()) {
        let Some(driver) = container.node.get("logConfiguration").and_then(|logs| logs.get("logDriver"))
        else {
            continue;
        };
        if driver.text().is_some_and(|name| !matches!(name, "awslogs" | "splunk" | "awsfirelens")) {
            let message = format!("Fargate does not support log driver {}", shown(driver));
            let hint = "use `awslogs`, `splunk` or `awsfirelens`".to_owned();
            findings.add(driver, container.path("logConfiguration.logDriver"), message, hint);
        }
    }
}

pub(super) fn awslogs_options(task: &Task<'_>, findings: &mut Findings<'_>) {
    for container in &task.containers {
        let Some(logs) = container.node.get("logConfiguration") else { continue };
        if text(logs, "logDriver") != Some("awslogs")
            || logs.get("options").is_some_and(|node| node.is_unknown())
        {
            continue;
        }
        let wanted = ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"];
        let wanted = if task.fargate() { &wanted[..] } else { &wanted[..2] };
        let missing = |name: &&str| logs.get("options").is_none_or(|options| empty(options, name));
        let missing: Vec<&str> = wanted.iter().copied().filter(|name| missing(name)).collect();
        if !missing.is_empty() {
            let message =
                format!("log driver `awslogs` of {} has no {}", container.shown(), listed(&missing));
            let at = logs.get("options").unwrap_or(logs);
            let hint = format!("add to `options`: `{}: …`", missing.join(": …`, `"));
            findings.add(at, container.path("logConfiguration.options"), message, hint);
        }
    }
}
