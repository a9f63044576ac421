//! Checks of what needs the execution role or the task role.

use super::CheckProblems;
use super::containers::uses_private_ecr;
use super::document_view::{
    ContainerView, ServiceView, TaskDefinitionView, has_items, is_absent_or_empty, is_set, is_true,
    member_text,
};

/// A use of the execution role: for the message, and whether a container has it.
type RoleUse = (&'static str, fn(&ContainerView<'_>) -> bool);

/// What needs the execution role on Fargate only: elsewhere, the role of the instance can allow it.
const FARGATE_USES: &[RoleUse] =
    &[("to pull images from ECR", uses_private_ecr), ("to write logs to CloudWatch", writes_logs)];
/// What needs the execution role everywhere.
const COMMON_USES: &[RoleUse] = &[
    ("to read secrets", reads_secrets),
    ("to read the credentials of a registry", |container| {
        container.node.get("repositoryCredentials").is_some_and(is_set)
    }),
];

const HINT: &str = "set `executionRoleArn: arn:aws:iam::…:role/ecsTaskExecutionRole` beside `family`";

fn writes_logs(container: &ContainerView<'_>) -> bool {
    container
        .node
        .get("logConfiguration")
        .is_some_and(|logs| member_text(logs, "logDriver") == Some("awslogs"))
}

fn reads_secrets(container: &ContainerView<'_>) -> bool {
    has_items(container.node, "secrets")
        || container.node.get("logConfiguration").is_some_and(|logs| has_items(logs, "secretOptions"))
}

pub(super) fn fargate_execution_role(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    if task.requires_fargate() {
        check_execution_role(task, FARGATE_USES, "Fargate is not allowed", findings);
    }
}

pub(super) fn execution_role(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    check_execution_role(task, COMMON_USES, "ECS is not allowed", findings);
}

fn check_execution_role(
    task: &TaskDefinitionView<'_>,
    uses: &[RoleUse],
    subject: &str,
    findings: &mut CheckProblems<'_>,
) {
    if !is_absent_or_empty(task.node, "executionRoleArn") {
        return;
    }
    let found: Vec<(&str, &ContainerView<'_>)> = uses
        .iter()
        .filter_map(|(what, needs)| Some((*what, task.containers.iter().find(|container| needs(container))?)))
        .collect();
    let Some((_, first)) = found.first() else { return };
    let at = first.node.get("image").unwrap_or(first.node);
    let named: Vec<&str> = found.iter().map(|(what, _)| *what).collect();
    let message = format!("without `executionRoleArn`, {subject} {}", named.join(", "));
    findings.add(at, "executionRoleArn", message, HINT.to_owned());
}

/// ECS Exec uses the role of the task.
pub(super) fn execute_command(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = &service.task_definition else { return };
    let Some(node) =
        service.node.get("enableExecuteCommand").filter(|_| is_true(service.node, "enableExecuteCommand"))
    else {
        return;
    };
    if is_absent_or_empty(task.node, "taskRoleArn") {
        let message = "`enableExecuteCommand` needs a `taskRoleArn` in the task definition, which has none";
        let hint = "set `taskRoleArn` to a role that allows `ssmmessages`, or remove `enableExecuteCommand`";
        findings.add(node, "enableExecuteCommand", message, hint.to_owned());
    }
}
