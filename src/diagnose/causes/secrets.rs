//! The rows for what a task needs before its containers start: secrets, registry logins, log groups, roles.

use super::{CauseRow, Retry, TaskEndKind, row};

/// The prefix on Fargate, and how the agent on EC2 begins.
const INIT: &str = "resourceinitializationerror|fetching secret data";
const LOGIN: &str =
    "ecr registry auth|registry auth from amazon ecr|ecr:getauthorizationtoken|cannot pull registry auth";
const LOG: &str = "logger args|logging driver|log stream|log group";
const DENIED: &str = "accessdenied|access denied|not authorized to perform|access to kms is not allowed";
const UNREACHABLE: &str = "connection issue between the task and|check your task network configuration|\
     context deadl|requestcanceled|request send failed|send request failed|i/o timeout|signal: killed|\
     connection refused|credentialsendpointerror";
/// What else may be denied before a task starts.
const NOT_A_SECRET: &str = "ecr registry auth|registry auth from amazon ecr|ecr:|logger args|logging driver|\
     log stream|log group|efs utils";
const NO_SECRET: &str = "a secret or parameter does not exist";

pub(super) const ROWS: &[CauseRow] = &[
    row(
        TaskEndKind::NotStarted,
        &["unable to assume the role|unable to assume role"],
        ROLE,
        Retry::Sometimes,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[LOG, DENIED],
        (
            "the execution role may not write the logs",
            "allow it `logs:CreateLogStream` and `logs:PutLogEvents`, and `logs:CreateLogGroup` for \
             `awslogs-create-group`",
        ),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[LOGIN, DENIED],
        (
            "the execution role may not log in to ECR",
            "attach `AmazonECSTaskExecutionRolePolicy` to it, or allow `ecr:GetAuthorizationToken`",
        ),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[INIT, DENIED],
        (
            "the execution role may not read a secret",
            "allow the execution role (not the task role) to read it: `secretsmanager:GetSecretValue`, \
             `ssm:GetParameters`, `kms:Decrypt`",
        ),
        Retry::No,
    )
    .unless(NOT_A_SECRET)
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[INIT, "did not contain json key|looking for beginning of value"],
        ("the secret has no such JSON key", "correct the key in `valueFrom`, or add it to the secret"),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[INIT, "invalid ssm parameters|invalid parameters|parameternotfound"],
        (NO_SECRET, "create the parameter, or correct its name and region in `valueFrom`"),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[INIT, "resourcenotfound|can't find the specified secret"],
        (NO_SECRET, "correct `valueFrom`: region, name, JSON key and version"),
        Retry::No,
    )
    .unless(LOG)
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[INIT, UNREACHABLE, "from asm|secrets manager|secretsmanager"],
        (
            "the task cannot reach Secrets Manager",
            "give the subnet a NAT gateway or the `secretsmanager` endpoint, and allow port 443 in its \
             security groups",
        ),
        Retry::Sometimes,
    ),
    row(
        TaskEndKind::NotStarted,
        &[INIT, UNREACHABLE, "from ssm|systems manager|ssm:|parameter store"],
        (
            "the task cannot reach the Parameter Store",
            "give the subnet a NAT gateway or the `ssm` endpoint, and allow port 443 in its security groups",
        ),
        Retry::Sometimes,
    ),
    row(
        TaskEndKind::NotStarted,
        &[LOGIN],
        (
            "the task cannot get a login for ECR",
            "give the subnet a route to ECR (NAT gateway or endpoints), and allow the execution role \
             `ecr:GetAuthorizationToken`",
        ),
        Retry::No,
    )
    .unless(DENIED),
    row(
        TaskEndKind::NotStarted,
        &[LOG, UNREACHABLE],
        (
            "the task cannot reach CloudWatch Logs",
            "give the subnet a NAT gateway or the `logs` endpoint, and allow port 443 in its security \
             groups",
        ),
        Retry::Sometimes,
    ),
    row(
        TaskEndKind::NotStarted,
        &[LOG, "log group does not exist|cannot find the amazon cloudwatch log group|resourcenotfound"],
        (
            "the log group does not exist",
            "create it, or set `awslogs-create-group: \"true\"` and allow the execution role \
             `logs:CreateLogGroup`",
        ),
        Retry::No,
    )
    .unless(UNREACHABLE)
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &["logger args|logging driver", "is required|unknown log opt|invalid log"],
        LOG_OPTIONS,
        Retry::No,
    )
    .deterministic(),
    row(TaskEndKind::NotStarted, &["failed to initialize logging driver"], LOG_OPTIONS, Retry::No).general(),
    row(
        TaskEndKind::NotStarted,
        &["failed to validate logger args|failed to create cloudwatch log"],
        (
            "the log group does not exist, or CloudWatch Logs cannot be reached",
            "create the log group, or set `awslogs-create-group: \"true\"`; check the subnet's route to \
             CloudWatch Logs",
        ),
        Retry::No,
    )
    .general(),
    row(
        TaskEndKind::NotStarted,
        &["unable to pull secrets or registry auth|unable to retrieve secret"],
        (
            "the task cannot get its secrets or a login for ECR",
            "check the execution role's permissions, and the subnet's route to Secrets Manager, SSM and ECR",
        ),
        Retry::Sometimes,
    )
    .general(),
];

pub(in crate::diagnose) const ROLE: (&str, &str) = (
    "ECS cannot assume a role of the task",
    "check that the role exists and trusts `ecs-tasks.amazonaws.com`; a new role takes a minute",
);
const LOG_OPTIONS: (&str, &str) = ("the log driver's options are not valid", "correct `logConfiguration`");
