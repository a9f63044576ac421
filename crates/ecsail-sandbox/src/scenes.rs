//! The table of scenarios: each name, what it is in one line, and the script that it stands for. A new story
//! is a row here, where the words of `script` can tell it.

use crate::scenario::{Scenario, ScenarioInfo};
use crate::script::{Fate, HookPlan, Incident, Manner, Script, Trip, Way, What};

const PLAIN: Script = Script {
    fate: Fate::Good,
    only_first: None,
    breaker: Trip::AsConfigured,
    rollback: Way::Plain,
    manner: Manner::AsConfigured,
    hook: None,
    drains: 0,
    crowd: 0,
    incident: None,
    room: None,
};
const STOPS: Trip = Trip::On { rollback: false, threshold: None };
const ROLLS_BACK: Trip = Trip::On { rollback: true, threshold: None };

const fn during(from: u32, until: u32, what: What) -> Option<Incident> {
    Some(Incident { what, from, until })
}

const fn at(from: u32, what: What) -> Option<Incident> {
    during(from, u32::MAX, what)
}

const fn always(what: What) -> Option<Incident> {
    at(0, what)
}

const fn row(name: &'static str, scenario: Scenario, summary: &'static str, script: Script) -> ScenarioInfo {
    ScenarioInfo { name, summary, scenario, by_tag: true, script }
}

const fn quiet(
    name: &'static str,
    scenario: Scenario,
    summary: &'static str,
    script: Script,
) -> ScenarioInfo {
    ScenarioInfo { name, summary, scenario, by_tag: false, script }
}

/// All scenarios, in the order in which to list them.
pub(crate) const SCENARIOS: &[ScenarioInfo] = &[
    quiet("steady", Scenario::Steady, "all goes well", PLAIN),
    row(
        "slow",
        Scenario::Slow,
        "tasks take minutes to start, then all is well",
        Script { fate: Fate::Slow, ..PLAIN },
    ),
    row(
        "crash",
        Scenario::Crash,
        "the essential container exits with 1 again and again; the service's own circuit breaker decides",
        Script { fate: Fate::Crash, ..PLAIN },
    ),
    row(
        "crash-breaker",
        Scenario::CrashBreaker,
        "as crash, with the circuit breaker on and no rollback",
        Script { fate: Fate::Crash, breaker: STOPS, ..PLAIN },
    ),
    row(
        "crash-rollback",
        Scenario::CrashRollback,
        "as crash, with the circuit breaker on, which rolls back",
        Script { fate: Fate::Crash, breaker: ROLLS_BACK, ..PLAIN },
    ),
    row(
        "rollback-new-id",
        Scenario::RollbackNewId,
        "as crash-rollback, and the rollback is a deployment with an id of its own",
        Script { fate: Fate::Crash, breaker: ROLLS_BACK, rollback: Way::NewId, ..PLAIN },
    ),
    row(
        "rollback-fails",
        Scenario::RollbackFails,
        "as crash-rollback, and the old revision does not come up either: the rollback fails",
        Script { fate: Fate::Crash, breaker: ROLLS_BACK, rollback: Way::Fails, ..PLAIN },
    ),
    row(
        "no-rollback-target",
        Scenario::NoRollbackTarget,
        "as crash-rollback, and ECS finds no completed deployment to go back to",
        Script { fate: Fate::Crash, breaker: ROLLS_BACK, rollback: Way::NoTarget, ..PLAIN },
    ),
    row(
        "throttled",
        Scenario::Throttled,
        "as crash-rollback, but ECS retries so slowly that the circuit breaker does not trip",
        Script {
            fate: Fate::Crash,
            breaker: Trip::On { rollback: true, threshold: Some(50) },
            incident: always(What::Throttled),
            ..PLAIN
        },
    ),
    row(
        "many",
        Scenario::Many,
        "as crash, with 60 tasks and no circuit breaker: hundreds of stopped tasks pile up",
        Script { fate: Fate::Crash, breaker: Trip::Off, crowd: 60, ..PLAIN },
    ),
    row(
        "no-image",
        Scenario::NoImage,
        "the image is not in the registry",
        Script { fate: Fate::NoImage, ..PLAIN },
    ),
    row(
        "platform",
        Scenario::Platform,
        "the image is there, but not for the task's CPU architecture",
        Script { fate: Fate::Platform, ..PLAIN },
    ),
    row(
        "exec-format",
        Scenario::ExecFormat,
        "the program in the image is for another CPU architecture: no container starts",
        Script { fate: Fate::ExecFormat, ..PLAIN },
    ),
    row(
        "no-network",
        Scenario::NoNetwork,
        "the tasks cannot reach the registry: no route, no image",
        Script { fate: Fate::NoNetwork, ..PLAIN },
    ),
    row(
        "secret-denied",
        Scenario::SecretDenied,
        "the execution role may not read a secret",
        Script { fate: Fate::SecretDenied, ..PLAIN },
    ),
    row(
        "secret-missing",
        Scenario::SecretMissing,
        "a secret that the definition names is not there",
        Script { fate: Fate::SecretMissing, ..PLAIN },
    ),
    row(
        "role",
        Scenario::Role,
        "ECS cannot assume the task's role: no task appears",
        Script { incident: always(What::NoRole), ..PLAIN },
    ),
    row(
        "unhealthy",
        Scenario::Unhealthy,
        "the load balancer's health checks fail; the container's, where the service has no load balancer",
        Script { fate: Fate::Unhealthy, ..PLAIN },
    ),
    row(
        "unhealthy-container",
        Scenario::UnhealthyContainer,
        "the container's own health check fails",
        Script { fate: Fate::UnhealthyContainer, ..PLAIN },
    ),
    row(
        "unhealthy-recovers",
        Scenario::UnhealthyRecovers,
        "the first two tasks fail their health checks and are replaced, then all is well",
        Script { fate: Fate::TimedOut, only_first: Some(2), ..PLAIN },
    ),
    row(
        "oom",
        Scenario::Oom,
        "the container is killed for its memory, again and again",
        Script { fate: Fate::Oom, ..PLAIN },
    ),
    row(
        "exit-zero",
        Scenario::ExitZero,
        "the essential process ends at once, with exit code 0",
        Script { fate: Fate::ExitZero, ..PLAIN },
    ),
    row(
        "exit-7",
        Scenario::ExitSeven,
        "the essential process fails at its work and ends with exit code 7",
        Script { fate: Fate::ExitSeven, ..PLAIN },
    ),
    row(
        "flaky",
        Scenario::Flaky,
        "the first task fails to start, all others are well",
        Script { fate: Fate::Flaky, only_first: Some(1), ..PLAIN },
    ),
    row(
        "spot",
        Scenario::Spot,
        "one or two tasks lose their spot capacity on the way, then all is well",
        Script { incident: at(45, What::Spot), ..PLAIN },
    ),
    row(
        "stuck",
        Scenario::Stuck,
        "no capacity: no task ever starts",
        Script { incident: always(What::NoCapacity), ..PLAIN },
    ),
    row(
        "capacity",
        Scenario::Capacity,
        "no capacity for two and a half minutes, then all is well",
        Script { incident: during(0, 150, What::NoCapacity), ..PLAIN },
    ),
    row(
        "placement",
        Scenario::Placement,
        "no container instance has room for a task: none is ever placed",
        Script { incident: always(What::NoInstance), ..PLAIN },
    ),
    row(
        "scarce",
        Scenario::Scarce,
        "of several tasks that are run at a time only the first finds room; a service is well",
        Script { room: Some(1), ..PLAIN },
    ),
    row(
        "protected",
        Scenario::Protected,
        "the old tasks are protected from scale-in for five minutes, then all is well",
        Script { incident: during(0, 300, What::Protected), ..PLAIN },
    ),
    row(
        "drain",
        Scenario::Drain,
        "the old tasks take four minutes to drain, then all is well",
        Script { drains: 240, ..PLAIN },
    ),
    row(
        "early-success",
        Scenario::EarlySuccess,
        "the deployment is successful as soon as its tasks are up; the old ones drain for minutes",
        Script { manner: Manner::EarlySuccess, drains: 240, ..PLAIN },
    ),
    row(
        "scales",
        Scenario::Scales,
        "autoscaling raises the desired count on the way; the deployment completes",
        Script { incident: at(30, What::Scaled), ..PLAIN },
    ),
    row(
        "alarm",
        Scenario::Alarm,
        "all tasks come up, then an alarm goes off, which rolls back",
        Script { incident: always(What::Alarm), ..PLAIN },
    ),
    row(
        "superseded",
        Scenario::Superseded,
        "after 20 seconds somebody else deploys another revision, which takes over",
        Script { incident: at(20, What::Superseded), ..PLAIN },
    ),
    row(
        "stopped",
        Scenario::Stopped,
        "after 25 seconds somebody stops the deployment, which rolls back",
        Script { incident: at(25, What::Stopped), ..PLAIN },
    ),
    row(
        "deleted",
        Scenario::Deleted,
        "after 20 seconds somebody deletes the service",
        Script { incident: at(20, What::Deleted), ..PLAIN },
    ),
    row(
        "blue-green",
        Scenario::BlueGreen,
        "a blue/green deployment with a bake time of three minutes",
        Script { manner: Manner::BlueGreen, ..PLAIN },
    ),
    row(
        "linear",
        Scenario::Linear,
        "a linear deployment: a quarter of the traffic a minute, then a bake time of two",
        Script { manner: Manner::Linear, ..PLAIN },
    ),
    row(
        "canary",
        Scenario::Canary,
        "a canary deployment: a tenth of the traffic for three minutes, then a bake time of two",
        Script { manner: Manner::Canary, ..PLAIN },
    ),
    row(
        "hook-fails",
        Scenario::HookFails,
        "a lifecycle hook fails once the tasks are up, which rolls back",
        Script { hook: Some(HookPlan::Fails), ..PLAIN },
    ),
    row(
        "hook-times-out",
        Scenario::HookTimesOut,
        "a lifecycle hook times out after five minutes, which rolls back",
        Script { hook: Some(HookPlan::TimesOut), ..PLAIN },
    ),
    row(
        "hook-pauses",
        Scenario::HookPauses,
        "a lifecycle hook waits for `ContinueServiceDeployment` once the tasks are up, up to a day",
        Script { hook: Some(HookPlan::Pauses), ..PLAIN },
    ),
    quiet(
        "no-deployments-api",
        Scenario::NoDeploymentsApi,
        "all goes well, but the service deployment calls are denied",
        PLAIN,
    ),
    quiet("no-logs", Scenario::NoLogs, "all goes well, but reading logs is denied", PLAIN),
    quiet(
        "late-logs",
        Scenario::LateLogs,
        "all goes well, but log lines can be read only 15 seconds after they were written, three a page",
        PLAIN,
    ),
    quiet("no-tagging", Scenario::NoTagging, "all goes well, but registering with tags is denied", PLAIN),
    quiet(
        "expires",
        Scenario::Expires,
        "all goes well, but after 30 seconds the credentials are expired: every call is refused",
        Script { incident: at(30, What::Expired), ..PLAIN },
    ),
    quiet(
        "by-tag",
        Scenario::ByTag,
        "the image tag decides: one that contains the name of a scenario behaves so",
        PLAIN,
    ),
];
