//! The table of checks, in part. Checks of what Fargate requires and supports. No logic.

use crate::document::problem::Severity::{Error, Warning};
use crate::lint::{Check, CheckFunction, fargate, health_checks, log_drivers, roles, sizes};

pub(super) const FARGATE: &[Check] = &[
    Check {
        id: "fargate-cpu-memory",
        severity: Error,
        title: "On Fargate, `cpu` and `memory` of the task are a supported combination",
        reason: "Fargate supports a fixed set of sizes: for each `cpu` a range of `memory`. 256, 512, 8192 and 16384 CPU units are for Linux only. ECS refuses to register any other combination.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html (memory)",
        function: CheckFunction::Task(sizes::fargate_size),
    },
    Check {
        id: "fargate-size-new",
        severity: Warning,
        title: "On Fargate, `cpu` is a documented size",
        reason: "AWS may add sizes that are greater than those of the documentation. ECS decides about them.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html (memory)",
        function: CheckFunction::Task(sizes::newer_fargate_size),
    },
    Check {
        id: "fargate-size-missing",
        severity: Error,
        title: "On Fargate, the task sets `cpu` and `memory`",
        reason: "Fargate allocates the size of the task; the sizes of containers do not replace it. ECS refuses to register a definition without it.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html (cpu, memory)",
        function: CheckFunction::Task(fargate::size_missing),
    },
    Check {
        id: "fargate-network-mode",
        severity: Error,
        title: "On Fargate, the network mode is `awsvpc`",
        reason: "Each Fargate task has its own network interface. The default mode is `bridge`, which ECS refuses to register for Fargate.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html",
        function: CheckFunction::Task(fargate::network_mode),
    },
    Check {
        id: "fargate-unsupported",
        severity: Error,
        title: "On Fargate, no member is set that needs access to the host",
        reason: "Fargate tasks have no access to the host: privileged mode, host paths, Docker volumes, links, devices and DNS settings are not supported. ECS refuses to register them.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html",
        function: CheckFunction::Task(fargate::unsupported_members),
    },
    Check {
        id: "fargate-tmpfs",
        severity: Warning,
        title: "On Fargate, no `tmpfs` is mounted",
        reason: "The documentation said that Fargate does not support `tmpfs`; the current API reference no longer says so.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinuxParameters.html (tmpfs)",
        function: CheckFunction::Task(fargate::tmpfs),
    },
    Check {
        id: "fargate-log-driver",
        severity: Error,
        title: "On Fargate, the log driver is `awslogs`, `splunk` or `awsfirelens`",
        reason: "The other drivers write to the host, and Fargate tasks have no access to it.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html (logDriver)",
        function: CheckFunction::Task(log_drivers::fargate_driver),
    },
    Check {
        id: "fargate-timeouts",
        severity: Error,
        title: "On Fargate, `startTimeout` and `stopTimeout` are 2 to 120 seconds",
        reason: "ECS refuses other values for Fargate.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (startTimeout, stopTimeout)",
        function: CheckFunction::Task(health_checks::fargate_timeouts),
    },
    Check {
        id: "fargate-execution-role",
        severity: Error,
        title: "On Fargate, images in ECR and `awslogs` need `executionRoleArn`",
        reason: "On EC2, the role of the instance can allow pulling images and writing logs. Fargate uses the execution role of the task; ECS refuses to register a definition without one.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        function: CheckFunction::Task(roles::fargate_execution_role),
    },
];
