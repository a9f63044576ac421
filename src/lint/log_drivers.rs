//! Checks of log drivers.

use super::CheckProblems;
use super::document_view::{TaskDefinitionView, is_absent_or_empty, member_text, quoted_list, quoted_scalar};

pub(super) fn fargate_driver(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in task.containers.iter().filter(|_| task.requires_fargate()) {
        let Some(driver) = container.node.get("logConfiguration").and_then(|logs| logs.get("logDriver"))
        else {
            continue;
        };
        if driver.text().is_some_and(|name| !matches!(name, "awslogs" | "splunk" | "awsfirelens")) {
            let message = format!("Fargate does not support log driver {}", quoted_scalar(driver));
            let hint = "use `awslogs`, `splunk` or `awsfirelens`".to_owned();
            findings.add(driver, container.member_path("logConfiguration.logDriver"), message, hint);
        }
    }
}

pub(super) fn awslogs_options(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let Some(logs) = container.node.get("logConfiguration") else { continue };
        if member_text(logs, "logDriver") != Some("awslogs")
            || logs.get("options").is_some_and(|node| node.is_undefined())
        {
            continue;
        }
        let wanted = ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"];
        let wanted = if task.requires_fargate() { &wanted[..] } else { &wanted[..2] };
        let missing =
            |name: &&str| logs.get("options").is_none_or(|options| is_absent_or_empty(options, name));
        let missing: Vec<&str> = wanted.iter().copied().filter(|name| missing(name)).collect();
        if !missing.is_empty() {
            let message =
                format!("log driver `awslogs` of {} has no {}", container.label(), quoted_list(&missing));
            let at = logs.get("options").unwrap_or(logs);
            let hint = format!("add to `options`: `{}: …`", missing.join(": …`, `"));
            findings.add(at, container.member_path("logConfiguration.options"), message, hint);
        }
    }
}
