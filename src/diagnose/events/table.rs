//! The table of service events, the more precise ones first.
//!
//! From the developer guide's "service event messages" and "Availability Zone service rebalancing service event
//! messages", and from observed events.

use super::super::causes::Retry;
use super::super::causes::shared_texts::{CAPACITY, CONTAINER, ELB, ROLE};
use super::{EventClass, EventKind};

/// The text of a row: the cause and the remedy.
type EventText = (&'static str, &'static str);

pub(super) struct EventRow {
    pub(super) kind: EventKind,
    pub(super) class: EventClass,
    /// Each of these is in the event, or one of its alternatives: `a|b`. Lower case.
    pub(super) patterns: &'static [&'static str],
    pub(super) text: Option<EventText>,
    pub(super) retry_helps: Retry,
    pub(super) is_deterministic: bool,
    /// It reports that something failed, but not why.
    pub(super) is_general: bool,
    /// It repeats the reason of a task.
    pub(super) quotes_reason: bool,
}

const fn row(kind: EventKind, class: EventClass, all: &'static [&'static str]) -> EventRow {
    let retry_helps = Retry::Sometimes;
    EventRow {
        kind,
        class,
        patterns: all,
        text: None,
        retry_helps,
        is_deterministic: false,
        is_general: false,
        quotes_reason: false,
    }
}

const fn info(kind: EventKind, all: &'static [&'static str]) -> EventRow {
    row(kind, EventClass::Info, all)
}

const fn fail(
    kind: EventKind,
    all: &'static [&'static str],
    said: EventText,
    retry_helps: Retry,
) -> EventRow {
    let row = row(kind, EventClass::Fail, all);
    EventRow { text: Some(said), retry_helps, ..row }
}

const fn warn(
    kind: EventKind,
    all: &'static [&'static str],
    said: EventText,
    retry_helps: Retry,
) -> EventRow {
    let row = row(kind, EventClass::Warn, all);
    EventRow { text: Some(said), retry_helps, ..row }
}

impl EventRow {
    const fn general(self) -> EventRow {
        EventRow { is_general: true, ..self }
    }

    const fn deterministic(self) -> EventRow {
        EventRow { is_deterministic: true, ..self }
    }

    const fn quotes(self) -> EventRow {
        EventRow { quotes_reason: true, ..self }
    }
}

pub(super) const ROWS: &[EventRow] = &[
    row(EventKind::SteadyState, EventClass::Ok, &["has reached a steady state"]),
    row(EventKind::DeploymentCompleted, EventClass::Ok, &["deployment completed"]),
    info(EventKind::TasksReplaced, &["has started", "due to an unhealthy status"]),
    info(EventKind::ZonesStarted, &["has started", "to az rebalance"]),
    info(EventKind::TasksStarted, &["has started", "task"]),
    info(EventKind::PendingStopped, &["stopped", "pending task"]),
    info(EventKind::TasksStopped, &["has stopped", "running task"]),
    info(EventKind::TargetsDeregistered, &["deregistered", "target"]),
    info(EventKind::TargetsRegistered, &["registered", "target"]),
    info(EventKind::Draining, &["has begun draining connections"]),
    info(EventKind::ZonesRebalancing, &["is not az balanced with"]),
    info(EventKind::ZonesBalanced, &["is az balanced with"]),
    info(EventKind::ZonesEnded, &["stopped az rebalancing"]),
    // The ends of deployments. The service deployment's own reason has the same words.
    fail(EventKind::AlarmDetected, &["alarm detected|an alarm was triggered"], ALARM, Retry::No),
    fail(EventKind::HookFailed, &["lifecycle hook", "failed"], HOOK, Retry::Sometimes),
    fail(EventKind::NetworkInvalid, &["invalid networking configuration"], NETWORK, Retry::No)
        .deterministic(),
    fail(EventKind::StopRequested, &["stopservicedeployment request"], STOPPED, Retry::No),
    fail(EventKind::NoRollbackCandidate, &["no rollback candidate was found"], NO_CANDIDATE, Retry::No)
        .general(),
    fail(
        EventKind::BreakerTripped,
        &["circuit breaker", "threshold|tasks failed to start"],
        NOT_STARTED,
        Retry::No,
    )
    .general(),
    fail(EventKind::DeploymentFailed, &["deployment failed"], NOT_STARTED, Retry::No).general(),
    fail(EventKind::RollingBack, &["rolling back to deployment"], ROLLING_BACK, Retry::No).general(),
    fail(EventKind::StartsImpaired, &["unable to consistently start tasks"], IMPAIRED, Retry::Sometimes)
        .general(),
    // Targets and health.
    fail(EventKind::TargetMissing, &["is not healthy in", "target group is not found"], NO_GROUP, Retry::No)
        .deterministic(),
    fail(
        EventKind::TargetMissing,
        &["is not healthy in", "target is not found"],
        NO_TARGET,
        Retry::Sometimes,
    ),
    fail(
        EventKind::TargetHealthUnreadable,
        &["failed to describe target health"],
        UNREADABLE,
        Retry::Sometimes,
    ),
    warn(EventKind::TargetUnhealthy, &["is unhealthy in"], ELB, Retry::Sometimes),
    warn(EventKind::ContainerUnhealthy, &["failed container health checks"], CONTAINER, Retry::Sometimes),
    // Placement.
    fail(EventKind::NoInstances, &["no container instances were found"], NO_INSTANCE, Retry::Sometimes),
    fail(
        EventKind::NoInstanceFits,
        &["no container instance met", "insufficient cpu"],
        NO_CPU,
        Retry::Sometimes,
    ),
    fail(
        EventKind::NoInstanceFits,
        &["no container instance met", "insufficient memory"],
        NO_MEMORY,
        Retry::Sometimes,
    ),
    fail(
        EventKind::NoInstanceFits,
        &["no container instance met", "already using a port"],
        PORT,
        Retry::Sometimes,
    ),
    fail(
        EventKind::NoInstanceFits,
        &["no container instance met", "error \"agent\""],
        AGENT,
        Retry::Sometimes,
    ),
    fail(
        EventKind::NoInstanceFits,
        &["no container instance met", "missing an attribute"],
        ATTRIBUTE,
        Retry::Sometimes,
    ),
    fail(EventKind::NoInstanceFits, &["no container instance met"], NO_FIT, Retry::Sometimes),
    fail(EventKind::QuotaReached, &["you've reached the limit on the number of"], QUOTA, Retry::Sometimes),
    fail(EventKind::NoCapacity, &["capacity is unavailable at this time"], CAPACITY, Retry::Yes),
    fail(EventKind::SizeAboveLimit, &["configuration is above your limit"], SIZE, Retry::No),
    fail(EventKind::InternalError, &["unable to place a task", "internal error"], INTERNAL, Retry::Sometimes),
    fail(EventKind::ProvisioningLimit, &["tasks provisioning capacity limit"], PROVISIONING, Retry::Yes),
    fail(EventKind::NotLaunched, &["could not launch", "for deployment"], NOT_LAUNCHED, Retry::Sometimes),
    fail(
        EventKind::RoleInvalid,
        &["unable to assume the role|unable to assume role"],
        ROLE,
        Retry::Sometimes,
    )
    .deterministic(),
    fail(EventKind::StartFailed, &["unable to place a task", "reason:"], NO_START, Retry::Sometimes)
        .general()
        .quotes(),
    fail(EventKind::NoCapacity, &["unable to place a task in"], CAPACITY, Retry::Yes),
    fail(EventKind::StartFailed, &["failed to launch a task with"], NO_START, Retry::Sometimes)
        .general()
        .quotes(),
    // The configuration of the service.
    warn(EventKind::TasksProtected, &["unable to scale in"], PROTECTED, Retry::Sometimes),
    fail(
        EventKind::PercentsBlockDeployment,
        &["unable to stop or start tasks during a deployment"],
        PERCENTS,
        Retry::No,
    ),
    warn(EventKind::Throttled, &["operations are being throttled"], THROTTLED, Retry::Yes),
    fail(EventKind::PermissionsChanged, &["misconfigured or changed"], PERMISSIONS, Retry::No),
    fail(EventKind::AgentTimeout, &["timed out waiting for amazon ecs agent"], AGENT, Retry::Sometimes),
];

/// The cause and the remedy of an unhealthy target.
pub(in crate::diagnose) const UNHEALTHY_TARGET: EventText = ELB;

const ALARM: EventText =
    ("an alarm of the deployment was triggered", "check the alarms' metrics since the deployment began");
const HOOK: EventText =
    ("a lifecycle hook failed", "read the hook's log; it has to return a `hookStatus` in time");
const NETWORK: EventText = (
    "the load balancer is not set up for this deployment strategy",
    "use both target groups in the rules of the production and test listeners",
);
const NO_CANDIDATE: EventText = (
    "no deployment was ever completed, so ECS has nothing to roll back to",
    "deploy a definition that starts",
);
const NOT_STARTED: EventText = ("tasks failed until ECS gave up", "check why the tasks stopped");
const STOPPED: EventText =
    ("the deployment was stopped on request (`StopServiceDeployment`)", "find the call in CloudTrail");
const ROLLING_BACK: EventText = ("ECS rolls back to the previous deployment", "check why the tasks stopped");
const IMPAIRED: EventText =
    ("tasks fail repeatedly, and ECS waits longer before each retry", "check why the tasks stopped");
const NO_GROUP: EventText =
    ("the target group does not exist", "recreate the service with a target group that exists");
const NO_TARGET: EventText =
    ("the task is not in its target group", "find out what else deregisters targets");
const UNREADABLE: EventText = (
    "ECS cannot read the health of the targets",
    "allow its load balancer role `elasticloadbalancing:DescribeTargetHealth`; try again if it was an \
     internal failure",
);
const NO_INSTANCE: EventText = (
    "the cluster has no container instances",
    "add instances, or find out why the capacity provider adds none",
);
const NO_CPU: EventText =
    ("no container instance has enough CPU left", "add instances, or request less `cpu`");
const NO_MEMORY: EventText =
    ("no container instance has enough memory left", "add instances, or request less `memory`");
const PORT: EventText = (
    "the host port is in use on every container instance",
    "let ECS choose the port (`hostPort: 0`), add instances, or lower `minimumHealthyPercent`",
);
const AGENT: EventText = (
    "the ECS agent of the container instance does not answer",
    "restart the agent: its log is on the instance",
);
const ATTRIBUTE: EventText = (
    "no container instance has an attribute that the task needs",
    "compare `requiresAttributes` of the definition with the instances: log driver, subnet, architecture",
);
const NO_FIT: EventText = (
    "no container instance meets the task's requirements",
    "compare CPU, memory, ports and attributes with the instances",
);
const QUOTA: EventText =
    ("the account's quota for running tasks is reached", "raise the quota, or stop other tasks");
const SIZE: EventText =
    ("the task is larger than the account's quota allows", "raise the quota, or request less");
const INTERNAL: EventText = (
    "Fargate could not place the task",
    "check that the subnet's availability zone supports Fargate; try again",
);
const PROVISIONING: EventText =
    ("the cluster's limit of provisioning tasks is reached", "wait, or start fewer at once");
const NOT_LAUNCHED: EventText = (
    "ECS could not start all tasks of the deployment",
    "compare CPU, memory, ports and attributes with the instances",
);
const NO_START: EventText = ("tasks cannot be started", "read the reason that the event gives");
const PROTECTED: EventText = (
    "task protection keeps ECS from stopping old tasks",
    "wait until their protection ends, or remove it with `UpdateTaskProtection`",
);
const PERCENTS: EventText = (
    "the deployment may neither stop nor start a task",
    "lower `minimumHealthyPercent` or raise `maximumPercent`",
);
const THROTTLED: EventText = ("AWS throttles ECS", "nothing to do: ECS retries");
const PERMISSIONS: EventText = (
    "ECS may no longer maintain the service",
    "check permissions and trust of the service's and the task's roles",
);
