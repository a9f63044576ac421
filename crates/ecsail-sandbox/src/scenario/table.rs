//! The table of scenarios: name, summary and effects.

use super::effects::{
    AddedHook, AffectedTasks, BreakerOverride, Incident, IncidentKind, RollbackBehavior, ScenarioEffects,
    StrategyOverride, TaskBehavior,
};
use super::kind::Scenario;

/// A scenario with its name and summary.
#[derive(Debug, Clone, Copy)]
pub struct ScenarioInfo {
    /// The name that `Scenario` parses from.
    pub name: &'static str,
    /// What happens, in one line.
    pub summary: &'static str,
    /// The scenario itself.
    pub scenario: Scenario,
    /// Whether an image tag that contains the name selects it under `by-tag`.
    pub by_tag: bool,
    pub(crate) effects: ScenarioEffects,
}

const NO_EFFECTS: ScenarioEffects = ScenarioEffects {
    behavior: TaskBehavior::Normal,
    affected: AffectedTasks::All,
    breaker: BreakerOverride::AsConfigured,
    rollback: RollbackBehavior::SameDeployment,
    strategy: StrategyOverride::AsConfigured,
    hook: None,
    drain_seconds: 0,
    minimum_tasks: 0,
    incident: None,
    placement_limit: None,
};
const BREAKER_ON: BreakerOverride = BreakerOverride::On { rollback: false, threshold: None };
const BREAKER_WITH_ROLLBACK: BreakerOverride = BreakerOverride::On { rollback: true, threshold: None };

#[expect(clippy::unnecessary_wraps, reason = "the rows of the table give it to an optional member")]
const fn between(from: u32, until: u32, what: IncidentKind) -> Option<Incident> {
    Some(Incident { kind: what, from, until })
}

const fn from(from: u32, what: IncidentKind) -> Option<Incident> {
    between(from, u32::MAX, what)
}

const fn always(what: IncidentKind) -> Option<Incident> {
    from(0, what)
}

const fn scenario(
    name: &'static str,
    scenario: Scenario,
    summary: &'static str,
    effects: ScenarioEffects,
) -> ScenarioInfo {
    ScenarioInfo { name, summary, scenario, by_tag: true, effects }
}

const fn scenario_not_by_tag(
    name: &'static str,
    scenario: Scenario,
    summary: &'static str,
    effects: ScenarioEffects,
) -> ScenarioInfo {
    ScenarioInfo { name, summary, scenario, by_tag: false, effects }
}

/// All scenarios, in the order in which they are listed.
pub(crate) const SCENARIOS: &[ScenarioInfo] = &[
    scenario_not_by_tag("steady", Scenario::Steady, "all goes well", NO_EFFECTS),
    scenario(
        "slow",
        Scenario::Slow,
        "tasks take minutes to start, then all is well",
        ScenarioEffects { behavior: TaskBehavior::Slow, ..NO_EFFECTS },
    ),
    scenario(
        "crash",
        Scenario::Crash,
        "the essential container exits with 1 again and again; the service's own circuit breaker decides",
        ScenarioEffects { behavior: TaskBehavior::Crash, ..NO_EFFECTS },
    ),
    scenario(
        "crash-later",
        Scenario::CrashLater,
        "the first two tasks are well, and those that are started later crash, as after scaling out",
        ScenarioEffects { behavior: TaskBehavior::Crash, affected: AffectedTasks::After(2), ..NO_EFFECTS },
    ),
    scenario(
        "crash-breaker",
        Scenario::CrashBreaker,
        "as crash, with the circuit breaker on and no rollback",
        ScenarioEffects { behavior: TaskBehavior::Crash, breaker: BREAKER_ON, ..NO_EFFECTS },
    ),
    scenario(
        "crash-rollback",
        Scenario::CrashRollback,
        "as crash, with the circuit breaker on, which rolls back",
        ScenarioEffects { behavior: TaskBehavior::Crash, breaker: BREAKER_WITH_ROLLBACK, ..NO_EFFECTS },
    ),
    scenario(
        "rollback-new-id",
        Scenario::RollbackNewId,
        "as crash-rollback, and the rollback is a deployment with an id of its own",
        ScenarioEffects {
            behavior: TaskBehavior::Crash,
            breaker: BREAKER_WITH_ROLLBACK,
            rollback: RollbackBehavior::NewDeployment,
            ..NO_EFFECTS
        },
    ),
    scenario(
        "rollback-fails",
        Scenario::RollbackFails,
        "as crash-rollback, and the old revision does not come up either: the rollback fails",
        ScenarioEffects {
            behavior: TaskBehavior::Crash,
            breaker: BREAKER_WITH_ROLLBACK,
            rollback: RollbackBehavior::Fails,
            ..NO_EFFECTS
        },
    ),
    scenario(
        "no-rollback-target",
        Scenario::NoRollbackTarget,
        "as crash-rollback, and ECS finds no completed deployment to go back to",
        ScenarioEffects {
            behavior: TaskBehavior::Crash,
            breaker: BREAKER_WITH_ROLLBACK,
            rollback: RollbackBehavior::NoTarget,
            ..NO_EFFECTS
        },
    ),
    scenario(
        "throttled",
        Scenario::Throttled,
        "as crash-rollback, but ECS retries so slowly that the circuit breaker does not trip",
        ScenarioEffects {
            behavior: TaskBehavior::Crash,
            breaker: BreakerOverride::On { rollback: true, threshold: Some(50) },
            incident: always(IncidentKind::Throttled),
            ..NO_EFFECTS
        },
    ),
    scenario(
        "many",
        Scenario::Many,
        "as crash, with 60 tasks and no circuit breaker: hundreds of stopped tasks pile up",
        ScenarioEffects {
            behavior: TaskBehavior::Crash,
            breaker: BreakerOverride::Off,
            minimum_tasks: 60,
            ..NO_EFFECTS
        },
    ),
    scenario(
        "no-image",
        Scenario::NoImage,
        "the image is not in the registry",
        ScenarioEffects { behavior: TaskBehavior::NoImage, ..NO_EFFECTS },
    ),
    scenario(
        "platform",
        Scenario::Platform,
        "the image is there, but not for the task's CPU architecture",
        ScenarioEffects { behavior: TaskBehavior::Platform, ..NO_EFFECTS },
    ),
    scenario(
        "exec-format",
        Scenario::ExecFormat,
        "the program in the image is for another CPU architecture: no container starts",
        ScenarioEffects { behavior: TaskBehavior::ExecFormat, ..NO_EFFECTS },
    ),
    scenario(
        "no-network",
        Scenario::NoNetwork,
        "the tasks cannot reach the registry: no route, no image",
        ScenarioEffects { behavior: TaskBehavior::NoNetwork, ..NO_EFFECTS },
    ),
    scenario(
        "secret-denied",
        Scenario::SecretDenied,
        "the execution role may not read a secret",
        ScenarioEffects { behavior: TaskBehavior::SecretDenied, ..NO_EFFECTS },
    ),
    scenario(
        "secret-missing",
        Scenario::SecretMissing,
        "a secret that the definition names is not there",
        ScenarioEffects { behavior: TaskBehavior::SecretMissing, ..NO_EFFECTS },
    ),
    scenario(
        "role",
        Scenario::Role,
        "ECS cannot assume the task's role: no task appears",
        ScenarioEffects { incident: always(IncidentKind::NoRole), ..NO_EFFECTS },
    ),
    scenario(
        "unhealthy",
        Scenario::Unhealthy,
        "the load balancer's health checks fail; the container's, where the service has no load balancer",
        ScenarioEffects { behavior: TaskBehavior::Unhealthy, ..NO_EFFECTS },
    ),
    scenario(
        "unhealthy-container",
        Scenario::UnhealthyContainer,
        "the container's own health check fails",
        ScenarioEffects { behavior: TaskBehavior::UnhealthyContainer, ..NO_EFFECTS },
    ),
    scenario(
        "unhealthy-recovers",
        Scenario::UnhealthyRecovers,
        "the first two tasks fail their health checks and are replaced, then all is well",
        ScenarioEffects { behavior: TaskBehavior::TimedOut, affected: AffectedTasks::First(2), ..NO_EFFECTS },
    ),
    scenario(
        "oom",
        Scenario::Oom,
        "the container is killed for its memory, again and again",
        ScenarioEffects { behavior: TaskBehavior::Oom, ..NO_EFFECTS },
    ),
    scenario(
        "exit-zero",
        Scenario::ExitZero,
        "the essential process ends at once, with exit code 0",
        ScenarioEffects { behavior: TaskBehavior::ExitZero, ..NO_EFFECTS },
    ),
    scenario(
        "exit-7",
        Scenario::ExitSeven,
        "the essential process fails at its work and ends with exit code 7",
        ScenarioEffects { behavior: TaskBehavior::ExitSeven, ..NO_EFFECTS },
    ),
    scenario(
        "flaky",
        Scenario::Flaky,
        "the first task fails to start, all others are well",
        ScenarioEffects { behavior: TaskBehavior::Flaky, affected: AffectedTasks::First(1), ..NO_EFFECTS },
    ),
    scenario(
        "dependency",
        Scenario::Dependency,
        "the tasks crash until the database that they need is up, after two minutes; then all is well",
        ScenarioEffects {
            behavior: TaskBehavior::Crash,
            breaker: BreakerOverride::Off,
            affected: AffectedTasks::Until(110),
            ..NO_EFFECTS
        },
    ),
    scenario(
        "flaky-half",
        Scenario::FlakyHalf,
        "of four tasks every second one that is started crashes: the others come up one after another",
        ScenarioEffects {
            behavior: TaskBehavior::Crash,
            breaker: BreakerOverride::Off,
            affected: AffectedTasks::EverySecond,
            minimum_tasks: 4,
            ..NO_EFFECTS
        },
    ),
    scenario(
        "spot",
        Scenario::Spot,
        "one or two tasks lose their spot capacity on the way, then all is well",
        ScenarioEffects { incident: from(45, IncidentKind::Spot), ..NO_EFFECTS },
    ),
    scenario(
        "stuck",
        Scenario::Stuck,
        "no capacity: no task ever starts",
        ScenarioEffects { incident: always(IncidentKind::NoCapacity), ..NO_EFFECTS },
    ),
    scenario(
        "capacity",
        Scenario::Capacity,
        "no capacity for two and a half minutes, then all is well",
        ScenarioEffects { incident: between(0, 150, IncidentKind::NoCapacity), ..NO_EFFECTS },
    ),
    scenario(
        "placement",
        Scenario::Placement,
        "no container instance has room for a task: none is ever placed",
        ScenarioEffects { incident: always(IncidentKind::NoInstance), ..NO_EFFECTS },
    ),
    scenario(
        "scarce",
        Scenario::Scarce,
        "of several tasks that are run at a time only the first finds room; a service is well",
        ScenarioEffects { placement_limit: Some(1), ..NO_EFFECTS },
    ),
    scenario(
        "protected",
        Scenario::Protected,
        "the old tasks are protected from scale-in for five minutes, then all is well",
        ScenarioEffects { incident: between(0, 300, IncidentKind::Protected), ..NO_EFFECTS },
    ),
    scenario(
        "drain",
        Scenario::Drain,
        "the old tasks take four minutes to drain, then all is well",
        ScenarioEffects { drain_seconds: 240, ..NO_EFFECTS },
    ),
    scenario(
        "early-success",
        Scenario::EarlySuccess,
        "the deployment is successful as soon as its tasks are up; the old ones drain for minutes",
        ScenarioEffects { strategy: StrategyOverride::EarlySuccess, drain_seconds: 240, ..NO_EFFECTS },
    ),
    scenario(
        "scales",
        Scenario::Scales,
        "autoscaling raises the desired count on the way; the deployment completes",
        ScenarioEffects { incident: from(30, IncidentKind::Scaled), ..NO_EFFECTS },
    ),
    scenario(
        "alarm",
        Scenario::Alarm,
        "all tasks come up, then an alarm goes off, which rolls back",
        ScenarioEffects { incident: always(IncidentKind::Alarm), ..NO_EFFECTS },
    ),
    scenario(
        "superseded",
        Scenario::Superseded,
        "after 20 seconds another user deploys another revision, which supersedes the deployment",
        ScenarioEffects { incident: from(20, IncidentKind::Superseded), ..NO_EFFECTS },
    ),
    scenario(
        "stopped",
        Scenario::Stopped,
        "after 25 seconds another user stops the deployment, which rolls back",
        ScenarioEffects { incident: from(25, IncidentKind::Stopped), ..NO_EFFECTS },
    ),
    scenario(
        "deleted",
        Scenario::Deleted,
        "after 20 seconds another user deletes the service",
        ScenarioEffects { incident: from(20, IncidentKind::Deleted), ..NO_EFFECTS },
    ),
    scenario(
        "blue-green",
        Scenario::BlueGreen,
        "a blue/green deployment with a bake time of three minutes",
        ScenarioEffects { strategy: StrategyOverride::BlueGreen, ..NO_EFFECTS },
    ),
    scenario(
        "linear",
        Scenario::Linear,
        "a linear deployment: a quarter of the traffic a minute, then a bake time of two",
        ScenarioEffects { strategy: StrategyOverride::Linear, ..NO_EFFECTS },
    ),
    scenario(
        "canary",
        Scenario::Canary,
        "a canary deployment: a tenth of the traffic for three minutes, then a bake time of two",
        ScenarioEffects { strategy: StrategyOverride::Canary, ..NO_EFFECTS },
    ),
    scenario(
        "hook-fails",
        Scenario::HookFails,
        "a lifecycle hook fails once the tasks are up, which rolls back",
        ScenarioEffects { hook: Some(AddedHook::Fails), ..NO_EFFECTS },
    ),
    scenario(
        "hook-times-out",
        Scenario::HookTimesOut,
        "a lifecycle hook times out after five minutes, which rolls back",
        ScenarioEffects { hook: Some(AddedHook::TimesOut), ..NO_EFFECTS },
    ),
    scenario(
        "hook-pauses",
        Scenario::HookPauses,
        "a lifecycle hook waits for `ContinueServiceDeployment` once the tasks are up, up to a day",
        ScenarioEffects { hook: Some(AddedHook::Pauses), ..NO_EFFECTS },
    ),
    scenario(
        "late-death",
        Scenario::LateDeath,
        "the deployment succeeds, and a moment later its tasks crash",
        ScenarioEffects { incident: always(IncidentKind::LateDeath), ..NO_EFFECTS },
    ),
    scenario(
        "dead-sidecar",
        Scenario::DeadSidecar,
        "all goes well, but the containers that are not essential exit with 1 in every task",
        ScenarioEffects { behavior: TaskBehavior::DeadSidecar, ..NO_EFFECTS },
    ),
    scenario_not_by_tag(
        "throttled-details",
        Scenario::ThrottledDetails,
        "all goes well, but DescribeServiceDeployments is throttled; ListServiceDeployments can be read",
        NO_EFFECTS,
    ),
    scenario_not_by_tag(
        "canary-unreadable",
        Scenario::CanaryUnreadable,
        "as canary, but DescribeServiceDeployments fails; ListServiceDeployments can be read",
        ScenarioEffects { strategy: StrategyOverride::Canary, ..NO_EFFECTS },
    ),
    scenario_not_by_tag(
        "no-deployments-api",
        Scenario::NoDeploymentsApi,
        "all goes well, but the service deployment calls are denied",
        NO_EFFECTS,
    ),
    scenario_not_by_tag("no-logs", Scenario::NoLogs, "all goes well, but reading logs is denied", NO_EFFECTS),
    scenario_not_by_tag(
        "late-logs",
        Scenario::LateLogs,
        "all goes well, but log lines can be read only 15 seconds after they were written, three a page",
        NO_EFFECTS,
    ),
    scenario_not_by_tag(
        "no-tagging",
        Scenario::NoTagging,
        "all goes well, but registering with tags is denied",
        NO_EFFECTS,
    ),
    scenario_not_by_tag(
        "expires",
        Scenario::Expires,
        "all goes well, but after 30 seconds the credentials are expired: every call is refused",
        ScenarioEffects { incident: from(30, IncidentKind::Expired), ..NO_EFFECTS },
    ),
    scenario_not_by_tag(
        "by-tag",
        Scenario::ByTag,
        "the image tag decides: one that contains the name of a scenario behaves so",
        NO_EFFECTS,
    ),
];
