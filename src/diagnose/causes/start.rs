//! The rows for tasks that had no capacity, network, storage or command to start with.

use super::{CauseRow, Retry, TaskEndKind, pull, row};

/// A container that was not started: the agent's prefix, and the texts of the runtimes.
const NOT_STARTED: &str = "cannotstartcontainererror|oci runtime|runc";
const MOUNT: &str = "error mounting|invalid mount|gathering device information|bind source path";

pub(super) const ROWS: &[CauseRow] = &[
    row(
        TaskEndKind::NotStarted,
        &["failed to invoke efs utils", "access denied|accessdenied"],
        (
            "the task may not mount the EFS file system",
            "allow the task role to mount it: `elasticfilesystem:ClientMount`, the file system's policy, the \
             access point",
        ),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &["failed to invoke efs utils"],
        (
            "the EFS file system cannot be mounted",
            "check the mount target of the zone, port 2049, DNS in the VPC and the access point",
        ),
        Retry::Sometimes,
    )
    .unless("access denied|accessdenied"),
    row(
        TaskEndKind::NotStarted,
        &["insufficientfreeaddresses|insufficient free addresses"],
        ("the subnet has no free addresses", "add subnets, or free addresses"),
        Retry::Sometimes,
    ),
    row(
        TaskEndKind::NotStarted,
        &["create network interface"],
        (
            "EC2 could not create the task's network interface",
            "check free addresses and public IPs of the subnet, and the account's limits",
        ),
        Retry::Sometimes,
    )
    .unless("insufficientfreeaddresses|insufficient free addresses"),
    row(
        TaskEndKind::NotStarted,
        &["timeout waiting for network interface|internalerror"],
        (
            "the task's network interface was not ready in time",
            "try again; check free addresses, and how many interfaces the instance supports",
        ),
        Retry::Yes,
    ),
    row(
        TaskEndKind::NotStarted,
        &["timeout waiting for ephemeralstorage"],
        ("the task's storage was not ready in time", "try again"),
        Retry::Yes,
    ),
    row(TaskEndKind::NotStarted, &["capacity is unavailable at this time"], CAPACITY, Retry::Yes),
    row(
        TaskEndKind::NotStarted,
        &["not compatible with the selected compute strategy"],
        (
            "the task definition does not fit the launch type or capacity provider",
            "make `requiresCompatibilities` and `launchType` or `capacityProviderStrategy` agree",
        ),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &["resource:gpu|resource:memory|resource:cpu|resource:eni|resource:ports|unused device index"],
        ("no container instance has room for the task", "add instances, or request less"),
        Retry::Sometimes,
    ),
    row(TaskEndKind::NotStarted, &["exec format error"], pull::WRONG_PLATFORM, Retry::No).deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[
            "cannotstartcontainererror|cannotcreatecontainererror|oci runtime",
            "error mounting|invalid mount|bind source path|failed to chown|not a directory",
        ],
        (
            "a volume cannot be mounted into the container",
            "check `volumes` and `mountPoints`: path, owner, and that a directory is mounted on a directory",
        ),
        Retry::No,
    ),
    row(
        TaskEndKind::NotStarted,
        &["gathering device information"],
        (
            "the instance has no such device",
            "correct `linuxParameters.devices`, or place the task on instances that have it",
        ),
        Retry::No,
    ),
    row(
        TaskEndKind::NotStarted,
        &["port is already allocated|address already in use|failed programming external connectivity"],
        (
            "the host port is in use",
            "let ECS choose the port (`hostPort: 0`), or place one task per instance",
        ),
        Retry::Sometimes,
    ),
    row(TaskEndKind::NotStarted, &["executable file not found"], NO_COMMAND, Retry::No).deterministic(),
    row(TaskEndKind::NotStarted, &[NOT_STARTED, "no such file"], NO_COMMAND, Retry::No)
        .unless(MOUNT)
        .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[NOT_STARTED, "permission denied"],
        ("the command may not be executed", "make it executable in the image, or correct `user`"),
        Retry::No,
    )
    .unless(MOUNT)
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &[NOT_STARTED, "unable to find user|unable to find group"],
        ("the image has no such user", "correct `user`"),
        Retry::No,
    )
    .deterministic(),
    row(
        TaskEndKind::NotStarted,
        &["cannotinspectcontainererror|dockertimeouterror|containerruntimetimeouterror|\
             containerruntimeerror"],
        (
            "the container runtime did not answer in time",
            "try again; if it persists, replace the instance, and check the subnet's route to CloudWatch Logs \
             and the registry",
        ),
        Retry::Yes,
    ),
    row(
        TaskEndKind::NotStarted,
        &["cannotcreatecontainererror|cannotcreatevolumeerror"],
        ("the container or its volume could not be created", "check `volumes`, and the instance's disk"),
        Retry::No,
    )
    .general(),
    row(
        TaskEndKind::NotStarted,
        &["cannotstartcontainererror"],
        (
            "the container could not be started",
            "check `command`, `entryPoint`, `memory` and the mount points",
        ),
        Retry::No,
    )
    .general(),
];

pub(in crate::diagnose) const CAPACITY: (&str, &str) =
    ("Fargate has no capacity at the moment", "try again, or add availability zones");
pub(super) const NO_COMMAND: (&str, &str) =
    ("the command was not found in the image", "correct `command` or `entryPoint`");
