//! The table of service events, the more precise ones first.
//!
//! From the developer guide's "service event messages" and "Availability Zone service rebalancing service event
//! messages", and from observed events.

use super::super::causes::Retry;
use super::super::causes::said::{CAPACITY, CONTAINER, ELB, ROLE};
use super::{Class, Kind};

/// The text of a row: the cause and the remedy.
type Said = (&'static str, &'static str);

pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) class: Class,
    /// Each of these is in the event, or one of its alternatives: `a|b`. Lower case.
    pub(super) all: &'static [&'static str],
    pub(super) said: Option<Said>,
    pub(super) retry_helps: Retry,
    pub(super) deterministic: bool,
    /// It reports that something failed, but not why.
    pub(super) general: bool,
    /// It repeats the reason of a task.
    pub(super) quotes: bool,
}

const fn plain(kind: Kind, class: Class, all: &'static [&'static str]) -> Row {
    let retry_helps = Retry::Sometimes;
    Row { kind, class, all, said: None, retry_helps, deterministic: false, general: false, quotes: false }
}

const fn info(kind: Kind, all: &'static [&'static str]) -> Row {
    plain(kind, Class::Info, all)
}

const fn fail(kind: Kind, all: &'static [&'static str], said: Said, retry_helps: Retry) -> Row {
    let row = plain(kind, Class::Fail, all);
    Row { said: Some(said), retry_helps, ..row }
}

const fn warn(kind: Kind, all: &'static [&'static str], said: Said, retry_helps: Retry) -> Row {
    let row = plain(kind, Class::Warn, all);
    Row { said: Some(said), retry_helps, ..row }
}

impl Row {
    const fn general(self) -> Row {
        Row { general: true, ..self }
    }

    const fn deterministic(self) -> Row {
        Row { deterministic: true, ..self }
    }

    const fn quotes(self) -> Row {
        Row { quotes: true, ..self }
    }
}

pub(super) const ROWS: &[Row] = &[
    plain(Kind::SteadyState, Class::Ok, &["has reached a steady state"]),
    plain(Kind::DeploymentCompleted, Class::Ok, &["deployment completed"]),
    info(Kind::TasksReplaced, &["has started", "due to an unhealthy status"]),
    info(Kind::ZonesStarted, &["has started", "to az rebalance"]),
    info(Kind::TasksStarted, &["has started", "task"]),
    info(Kind::PendingStopped, &["stopped", "pending task"]),
    info(Kind::TasksStopped, &["has stopped", "running task"]),
    info(Kind::TargetsDeregistered, &["deregistered", "target"]),
    info(Kind::TargetsRegistered, &["registered", "target"]),
    info(Kind::Draining, &["has begun draining connections"]),
    info(Kind::ZonesRebalancing, &["is not az balanced with"]),
    info(Kind::ZonesBalanced, &["is az balanced with"]),
    info(Kind::ZonesEnded, &["stopped az rebalancing"]),
    // The ends of deployments. The service deployment's own reason has the same words.
    fail(Kind::AlarmDetected, &["alarm detected|an alarm was triggered"], ALARM, Retry::No),
    fail(Kind::HookFailed, &["lifecycle hook", "failed"], HOOK, Retry::Sometimes),
    fail(Kind::NetworkInvalid, &["invalid networking configuration"], NETWORK, Retry::No).deterministic(),
    fail(Kind::StopRequested, &["stopservicedeployment request"], STOPPED, Retry::No),
    fail(Kind::NothingToGoBackTo, &["no rollback candidate was found"], NO_CANDIDATE, Retry::No).general(),
    fail(
        Kind::BreakerTripped,
        &["circuit breaker", "threshold|tasks failed to start"],
        NOT_STARTED,
        Retry::No,
    )
    .general(),
    fail(Kind::DeploymentFailed, &["deployment failed"], NOT_STARTED, Retry::No).general(),
    fail(Kind::RollingBack, &["rolling back to deployment"], ROLLING_BACK, Retry::No).general(),
    fail(Kind::StartsImpaired, &["unable to consistently start tasks"], IMPAIRED, Retry::Sometimes).general(),
    // Targets and health.
    fail(Kind::TargetMissing, &["is not healthy in", "target group is not found"], NO_GROUP, Retry::No)
        .deterministic(),
    fail(Kind::TargetMissing, &["is not healthy in", "target is not found"], NO_TARGET, Retry::Sometimes),
    fail(Kind::TargetHealthUnreadable, &["failed to describe target health"], UNREADABLE, Retry::Sometimes),
    warn(Kind::TargetUnhealthy, &["is unhealthy in"], ELB, Retry::Sometimes),
    warn(Kind::ContainerUnhealthy, &["failed container health checks"], CONTAINER, Retry::Sometimes),
    // Placement.
    fail(Kind::NoInstances, &["no container instances were found"], NO_INSTANCE, Retry::Sometimes),
    fail(Kind::NoInstanceFits, &["no container instance met", "insufficient cpu"], NO_CPU, Retry::Sometimes),
    fail(
        Kind::NoInstanceFits,
        &["no container instance met", "insufficient memory"],
        NO_MEMORY,
        Retry::Sometimes,
    ),
    fail(
        Kind::NoInstanceFits,
        &["no container instance met", "already using a port"],
        PORT,
        Retry::Sometimes,
    ),
    fail(Kind::NoInstanceFits, &["no container instance met", "error \"agent\""], AGENT, Retry::Sometimes),
    fail(
        Kind::NoInstanceFits,
        &["no container instance met", "missing an attribute"],
        ATTRIBUTE,
        Retry::Sometimes,
    ),
    fail(Kind::NoInstanceFits, &["no container instance met"], NO_FIT, Retry::Sometimes),
    fail(Kind::QuotaReached, &["you've reached the limit on the number of"], QUOTA, Retry::Sometimes),
    fail(Kind::NoCapacity, &["capacity is unavailable at this time"], CAPACITY, Retry::Yes),
    fail(Kind::SizeAboveLimit, &["configuration is above your limit"], SIZE, Retry::No),
    fail(Kind::InternalError, &["unable to place a task", "internal error"], INTERNAL, Retry::Sometimes),
    fail(Kind::ProvisioningLimit, &["tasks provisioning capacity limit"], PROVISIONING, Retry::Yes),
    fail(Kind::NotLaunched, &["could not launch", "for deployment"], NOT_LAUNCHED, Retry::Sometimes),
    fail(Kind::RoleInvalid, &["unable to assume the role|unable to assume role"], ROLE, Retry::Sometimes)
        .deterministic(),
    fail(Kind::StartFailed, &["unable to place a task", "reason:"], NO_START, Retry::Sometimes)
        .general()
        .quotes(),
    fail(Kind::NoCapacity, &["unable to place a task in"], CAPACITY, Retry::Yes),
    fail(Kind::StartFailed, &["failed to launch a task with"], NO_START, Retry::Sometimes).general().quotes(),
    // The configuration of the service.
    warn(Kind::TasksProtected, &["unable to scale in"], PROTECTED, Retry::Sometimes),
    fail(Kind::PercentsBlock, &["unable to stop or start tasks during a deployment"], PERCENTS, Retry::No),
    warn(Kind::Throttled, &["operations are being throttled"], THROTTLED, Retry::Yes),
    fail(Kind::PermissionsChanged, &["misconfigured or changed"], PERMISSIONS, Retry::No),
    fail(Kind::AgentSilent, &["timed out waiting for amazon ecs agent"], AGENT, Retry::Sometimes),
];

/// The cause and the remedy of an unhealthy target.
pub(in crate::diagnose) const UNHEALTHY_TARGET: Said = ELB;

const ALARM: Said =
    ("an alarm of the deployment was triggered", "check the alarms' metrics since the deployment began");
const HOOK: Said =
    ("a lifecycle hook failed", "read the hook's log; it has to return a `hookStatus` in time");
const NETWORK: Said = (
    "the load balancer is not set up for this deployment strategy",
    "use both target groups in the rules of the production and test listeners",
);
const NO_CANDIDATE: Said = (
    "no deployment was ever completed, so ECS has nothing to roll back to",
    "deploy a definition that starts",
);
const NOT_STARTED: Said = ("tasks failed until ECS gave up", "check why the tasks stopped");
const STOPPED: Said =
    ("the deployment was stopped on request (`StopServiceDeployment`)", "find the call in CloudTrail");
const ROLLING_BACK: Said = ("ECS rolls back to the previous deployment", "check why the tasks stopped");
const IMPAIRED: Said =
    ("tasks fail repeatedly, and ECS waits longer before each retry", "check why the tasks stopped");
const NO_GROUP: Said =
    ("the target group does not exist", "recreate the service with a target group that exists");
const NO_TARGET: Said = ("the task is not in its target group", "find out what else deregisters targets");
const UNREADABLE: Said = (
    "ECS cannot read the health of the targets",
    "allow its load balancer role `elasticloadbalancing:DescribeTargetHealth`; try again if it was an \
     internal failure",
);
const NO_INSTANCE: Said = (
    "the cluster has no container instances",
    "add instances, or find out why the capacity provider adds none",
);
const NO_CPU: Said = ("no container instance has enough CPU left", "add instances, or request less `cpu`");
const NO_MEMORY: Said =
    ("no container instance has enough memory left", "add instances, or request less `memory`");
const PORT: Said = (
    "the host port is in use on every container instance",
    "let ECS choose the port (`hostPort: 0`), add instances, or lower `minimumHealthyPercent`",
);
const AGENT: Said = (
    "the ECS agent of the container instance does not answer",
    "restart the agent: its log is on the instance",
);
const ATTRIBUTE: Said = (
    "no container instance has an attribute that the task needs",
    "compare `requiresAttributes` of the definition with the instances: log driver, subnet, architecture",
);
const NO_FIT: Said = (
    "no container instance meets the task's requirements",
    "compare CPU, memory, ports and attributes with the instances",
);
const QUOTA: Said =
    ("the account's quota for running tasks is reached", "raise the quota, or stop other tasks");
const SIZE: Said = ("the task is larger than the account's quota allows", "raise the quota, or request less");
const INTERNAL: Said = (
    "Fargate could not place the task",
    "check that the subnet's availability zone supports Fargate; try again",
);
const PROVISIONING: Said =
    ("the cluster's limit of provisioning tasks is reached", "wait, or start fewer at once");
const NOT_LAUNCHED: Said = (
    "ECS could not start all tasks of the deployment",
    "compare CPU, memory, ports and attributes with the instances",
);
const NO_START: Said = ("tasks cannot be started", "read the reason that the event gives");
const PROTECTED: Said = (
    "task protection keeps ECS from stopping old tasks",
    "wait until their protection ends, or remove it with `UpdateTaskProtection`",
);
const PERCENTS: Said = (
    "the deployment may neither stop nor start a task",
    "lower `minimumHealthyPercent` or raise `maximumPercent`",
);
const THROTTLED: Said = ("AWS throttles ECS", "nothing to do: ECS retries");
const PERMISSIONS: Said = (
    "ECS may no longer maintain the service",
    "check permissions and trust of the service's and the task's roles",
);
