//! Checks of `FireLens`: log routers, and the containers that send their logs to one.

use super::CheckProblems;
use super::document_view::{ContainerView, TaskDefinitionView, is_absent, member_text, quoted_scalar};
use crate::document::arn::Arn;

/// A log router and a container with the log driver `awsfirelens` are needed together.
pub(super) fn router_exists(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let routed = |container: &&ContainerView<'_>| {
        container
            .node
            .get("logConfiguration")
            .is_some_and(|logs| member_text(logs, "logDriver") == Some("awsfirelens"))
    };
    let is_router = |container: &&ContainerView<'_>| {
        container.node.get("firelensConfiguration").is_some_and(|router| !router.entries().is_empty())
    };
    if !task.is_complete || task.containers.iter().any(has_unknown_logs) {
        return;
    }
    let source = task.containers.iter().find(routed);
    let router = task.containers.iter().find(is_router);
    match (source, router) {
        (Some(container), None) => {
            let message = format!(
                "{} sends its logs to a log router, but no container has a `firelensConfiguration`",
                container.label()
            );
            let hint = "add a container with `firelensConfiguration: { type: fluentbit }`, or use another `logDriver`";
            let at = container.node.get("logConfiguration").unwrap_or(container.node);
            findings.add(at, container.member_path("logConfiguration"), message, hint.to_owned());
        }
        (None, Some(container)) => {
            let message = format!(
                "{} is a log router, but no container has the log driver `awsfirelens`",
                container.label()
            );
            let hint = "set `logDriver: awsfirelens` in the containers whose logs it routes".to_owned();
            let at = container.node.get("firelensConfiguration").unwrap_or(container.node);
            findings.add(at, container.member_path("firelensConfiguration"), message, hint);
        }
        _ => {}
    }
}

fn has_unknown_logs(container: &ContainerView<'_>) -> bool {
    let unknown = |member: &str| container.node.get(member).is_some_and(|node| node.has_undefined());
    unknown("logConfiguration") || unknown("firelensConfiguration")
}

pub(super) fn router_settings(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let Some(router) = container.node.get("firelensConfiguration") else { continue };
        if is_absent(router, "type") && router.entries().is_empty() {
            continue;
        }
        let user = container.node.get("user");
        let id = user.and_then(|node| node.text()).and_then(|text| text.split(':').next());
        if let Some(node) = user.filter(|_| id.is_some_and(|id| !id.is_empty() && id != "0")) {
            let message = format!("the log router {} does not run as user 0", container.label());
            let hint = "remove `user`, or set it to \"0\"".to_owned();
            findings.add(node, container.member_path("user"), message, hint);
        }
        let Some(options) = router.get("options") else { continue };
        if member_text(options, "config-file-type") != Some("s3") {
            continue;
        }
        let path = container.member_path("firelensConfiguration.options");
        if let Some(kind) = options.get("config-file-type").filter(|_| task.requires_fargate()) {
            let message = "Fargate does not support configuration files of log routers in S3";
            findings.add(kind, path.clone(), message, "copy the file into the image, with `file`".to_owned());
        }
        let Some(value) = options.get("config-file-value") else { continue };
        if value.text().is_some_and(|text| Arn::parse(text).is_none()) {
            let message = format!("`config-file-value` is not an ARN: {}", quoted_scalar(value));
            findings.add(value, path, message, "write it as `arn:aws:s3:::bucket/fluent.conf`".to_owned());
        }
    }
}
