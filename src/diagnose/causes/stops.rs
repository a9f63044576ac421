//! The rows for tasks that were stopped: by health checks, by ECS, by the infrastructure, by a user.

use super::{CauseRow, Retry, TaskEndKind, row};

pub(super) const ROWS: &[CauseRow] = &[
    row(TaskEndKind::Routine, &["scaling activity initiated by"], REPLACED, Retry::No),
    row(TaskEndKind::Routine, &["service scheduler initiated action by"], REPLACED, Retry::No),
    row(TaskEndKind::Routine, &["deployment completed"], REPLACED, Retry::No),
    row(TaskEndKind::Routine, &["container instance is in draining state"], REPLACED, Retry::No),
    row(TaskEndKind::Unhealthy, &["failed elb health checks"], ELB, Retry::No),
    row(TaskEndKind::Unhealthy, &["failed container health checks"], CONTAINER, Retry::No),
    row(TaskEndKind::Unhealthy, &["failed", "health checks"], HEALTH, Retry::No).general(),
    row(TaskEndKind::Interrupted, &["spot task was interrupted|spot interruption"], SPOT, Retry::Yes)
        .or_stop_code("SpotInterruption"),
    row(TaskEndKind::Interrupted, &["host ec2", "stopped|terminated"], INSTANCE, Retry::Yes),
    row(TaskEndKind::Interrupted, &["container instance deregistration forced"], INSTANCE, Retry::Yes),
    row(
        TaskEndKind::Interrupted,
        &["performing maintenance|infrastructure maintenance|underlying infrastructure"],
        MAINTENANCE,
        Retry::Yes,
    )
    .or_stop_code("InfrastructureHealth"),
    row(TaskEndKind::Interrupted, &["task stopped by|stopped by user"], STOPPED_BY_USER, Retry::No),
    row(TaskEndKind::Interrupted, &[], STOPPED_BY_USER, Retry::No).or_stop_code("UserInitiated").general(),
    row(TaskEndKind::Interrupted, &[], SPOT, Retry::Yes).or_stop_code("TerminationNotice").general(),
];

const REPLACED: (&str, &str) = ("ECS stopped the task in normal operation", "nothing to do");
pub(in crate::diagnose) const ELB: (&str, &str) = (
    "the load balancer's health check fails",
    "check path, port and matcher of the target group, the security group, and \
     `healthCheckGracePeriodSeconds` for a slow start",
);
pub(in crate::diagnose) const CONTAINER: (&str, &str) = (
    "the container's health check fails",
    "run its command in the image: the tool may be missing; raise `startPeriod` for a slow start",
);
const HEALTH: (&str, &str) = ("a health check fails", "run the same check against the image");
const SPOT: (&str, &str) = ("AWS reclaimed the Spot capacity", "add a base of on-demand capacity");
const INSTANCE: (&str, &str) = (
    "the task's container instance was stopped or terminated",
    "find out why: Auto Scaling group, Spot interruption, or a user",
);
const MAINTENANCE: (&str, &str) = ("AWS is retiring the task's infrastructure", "nothing to do");
const STOPPED_BY_USER: (&str, &str) =
    ("the task was stopped by a user", "find the call of `StopTask` in CloudTrail");
