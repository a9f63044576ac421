//! The effects of a scenario on one deployment, as data. The simulation applies them in `rollout`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::time::Millis;

/// What happens to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum TaskBehavior {
    #[default]
    Normal,
    Slow,
    Crash,
    ExitZero,
    /// It exits with 7.
    ExitSeven,
    Oom,
    /// The target group's health checks get an error, or no answer in time.
    Unhealthy,
    TimedOut,
    UnhealthyContainer,
    NoImage,
    Platform,
    ExecFormat,
    NoNetwork,
    SecretDenied,
    SecretMissing,
    /// Its network interface is not provisioned in time.
    Flaky,
    /// Its containers that are not essential exit with 1.
    DeadSidecar,
    /// It is never placed.
    Stuck,
}

impl TaskBehavior {
    /// Returns whether health checks end the task.
    pub(crate) fn is_failing_health_checks(self) -> bool {
        matches!(self, TaskBehavior::Unhealthy | TaskBehavior::TimedOut | TaskBehavior::UnhealthyContainer)
    }
}

/// The effects of a scenario on one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ScenarioEffects {
    pub(crate) behavior: TaskBehavior,
    /// The tasks that show the behavior.
    pub(crate) affected: AffectedTasks,
    pub(crate) breaker: BreakerOverride,
    pub(crate) rollback: RollbackBehavior,
    pub(crate) strategy: StrategyOverride,
    pub(crate) hook: Option<AddedHook>,
    /// How many seconds the previous tasks take to stop.
    pub(crate) drain_seconds: u32,
    /// The least desired count of the service.
    pub(crate) minimum_tasks: usize,
    pub(crate) incident: Option<Incident>,
    /// The number of tasks of a `RunTask` call that can be placed.
    pub(crate) placement_limit: Option<usize>,
}

/// Which tasks of a deployment show the behavior of its scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum AffectedTasks {
    #[default]
    All,
    /// The first ones that are started.
    First(usize),
    /// All but the first ones.
    After(usize),
    /// Every second one that is started.
    EverySecond,
    /// Those that are started up to so many seconds after the start of the deployment.
    Until(u32),
}

impl AffectedTasks {
    /// Returns whether a task is affected, by how many were started before it, and by the time since the start of the
    /// deployment.
    pub(crate) fn includes(self, started_before: usize, elapsed: Millis) -> bool {
        match self {
            AffectedTasks::All => true,
            AffectedTasks::First(number) => started_before < number,
            AffectedTasks::After(number) => started_before >= number,
            AffectedTasks::EverySecond => !started_before.is_multiple_of(2),
            AffectedTasks::Until(seconds) => elapsed < Millis::from(seconds) * 1000,
        }
    }
}

/// The circuit breaker of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum BreakerOverride {
    /// The service's own settings.
    #[default]
    AsConfigured,
    Off,
    On {
        rollback: bool,
        /// The number of failed tasks that trips it; ECS's default when none.
        threshold: Option<usize>,
    },
}

/// What happens on a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum RollbackBehavior {
    #[default]
    SameDeployment,
    /// The previous revision is restored by a new deployment, not by its own.
    NewDeployment,
    /// There is no revision to roll back to.
    NoTarget,
    /// The tasks of the previous revision fail too.
    Fails,
}

/// The deployment strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum StrategyOverride {
    #[default]
    AsConfigured,
    BlueGreen,
    Linear,
    Canary,
    EarlySuccess,
}

impl StrategyOverride {
    /// Returns the members of the deployment configuration that set the strategy.
    pub(crate) fn configuration(self) -> Value {
        match self {
            StrategyOverride::AsConfigured => json!({}),
            StrategyOverride::BlueGreen => json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 3 }),
            StrategyOverride::Linear => json!({
                "strategy": "LINEAR",
                "bakeTimeInMinutes": 2,
                "linearConfiguration": { "stepPercent": 25.0, "stepBakeTimeInMinutes": 1 },
            }),
            StrategyOverride::Canary => json!({
                "strategy": "CANARY",
                "bakeTimeInMinutes": 2,
                "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3 },
            }),
            StrategyOverride::EarlySuccess => json!({ "earlySuccessCriteria": {
                "enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED",
            } }),
        }
    }
}

/// A lifecycle hook that the scenario adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AddedHook {
    Fails,
    TimesOut,
    Pauses,
}

impl AddedHook {
    /// Returns the hook as in a deployment configuration. The suffix of the function's name decides its
    /// result.
    pub(crate) fn definition(self, region: &str, account: &str) -> Value {
        let lambda = |name: &str, minutes: u32| {
            json!({
                "targetType": "AWS_LAMBDA",
                "hookTargetArn": format!("arn:aws:lambda:{region}:{account}:function:{name}"),
                "roleArn": format!("arn:aws:iam::{account}:role/lifecycle-hooks"),
                "lifecycleStages": ["POST_SCALE_UP"],
                "timeoutConfiguration": { "timeoutInMinutes": minutes, "action": "ROLLBACK" },
            })
        };
        match self {
            AddedHook::Fails => lambda("smoke-test-fails", 60),
            AddedHook::TimesOut => lambda("smoke-test-hangs", 5),
            AddedHook::Pauses => json!({
                "targetType": "PAUSE",
                "lifecycleStages": ["POST_SCALE_UP"],
                "timeoutConfiguration": { "timeoutInMinutes": 1440, "action": "ROLLBACK" },
            }),
        }
    }
}

/// Something that happens during a deployment, from and until so many seconds after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Incident {
    pub(crate) kind: IncidentKind,
    pub(crate) from: u32,
    pub(crate) until: u32,
}

impl Incident {
    /// Returns whether the incident is active at this time after the start.
    pub(crate) fn is_active(self, elapsed: Millis) -> bool {
        let seconds = elapsed / 1000;
        seconds >= Millis::from(self.from) && seconds < Millis::from(self.until)
    }
}

/// What happens in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum IncidentKind {
    /// No task can be placed: there is no capacity, no suitable container instance, or no role that ECS can
    /// assume.
    NoCapacity,
    NoInstance,
    NoRole,
    /// The previous tasks are protected from scale-in.
    Protected,
    /// ECS waits minutes between attempts to start tasks.
    Throttled,
    /// An alarm is triggered once all tasks are healthy.
    Alarm,
    /// One or two tasks are interrupted, as Spot capacity is.
    Spot,
    /// All tasks crash once the deployment has succeeded.
    LateDeath,
    /// The desired count is raised.
    Scaled,
    /// Another user deploys another revision.
    Superseded,
    /// Another user deletes the service.
    Deleted,
    /// Another user stops the deployment with a rollback.
    Stopped,
    /// The credentials of the callers expire.
    Expired,
}

impl ScenarioEffects {
    /// Returns the effects on a deployment of a revision that succeeded before. The scenario affects new
    /// revisions: only what concerns the surroundings stays.
    pub(crate) fn for_rollback(self) -> ScenarioEffects {
        let spared = matches!(self.behavior, TaskBehavior::Normal | TaskBehavior::Slow | TaskBehavior::Flaky);
        ScenarioEffects {
            behavior: if spared { self.behavior } else { TaskBehavior::Normal },
            affected: if spared { self.affected } else { AffectedTasks::All },
            strategy: self.strategy,
            drain_seconds: self.drain_seconds,
            incident: self
                .incident
                .filter(|i| matches!(i.kind, IncidentKind::NoCapacity | IncidentKind::Spot)),
            ..ScenarioEffects::default()
        }
    }

    /// Returns the behavior of a standalone task.
    pub(crate) fn standalone_behavior(self) -> TaskBehavior {
        match self.incident.map(|incident| incident.kind) {
            Some(IncidentKind::NoCapacity | IncidentKind::NoRole) => TaskBehavior::Stuck,
            _ => self.behavior,
        }
    }

    /// Returns how many standalone tasks can be placed.
    pub(crate) fn standalone_placement_limit(self) -> usize {
        match self.incident.map(|incident| incident.kind) {
            Some(IncidentKind::NoInstance) => 0,
            _ => self.placement_limit.unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_a_saved_state_lacks_have_their_defaults() {
        let read: ScenarioEffects = serde_json::from_value(json!({ "behavior": "Crash" })).expect("reads");
        assert_eq!(read, ScenarioEffects { behavior: TaskBehavior::Crash, ..ScenarioEffects::default() });
    }

    #[test]
    fn the_start_of_a_task_decides_whether_it_is_affected() {
        let affected = |tasks: AffectedTasks| [0, 1, 2, 3].map(|before| tasks.includes(before, 40_000));
        assert_eq!(affected(AffectedTasks::All), [true; 4]);
        assert_eq!(affected(AffectedTasks::First(1)), [true, false, false, false]);
        assert_eq!(affected(AffectedTasks::After(2)), [false, false, true, true]);
        assert_eq!(affected(AffectedTasks::EverySecond), [false, true, false, true]);
        assert_eq!(affected(AffectedTasks::Until(41)), [true; 4]);
        assert_eq!(affected(AffectedTasks::Until(40)), [false; 4]);
    }

    #[test]
    fn a_rollback_keeps_only_the_effects_on_the_surroundings() {
        let incident = Incident { kind: IncidentKind::NoCapacity, from: 0, until: 150 };
        let effects = ScenarioEffects {
            behavior: TaskBehavior::Crash,
            drain_seconds: 240,
            incident: Some(incident),
            ..ScenarioEffects::default()
        };
        let back = effects.for_rollback();
        assert_eq!(
            (back.behavior, back.drain_seconds, back.incident),
            (TaskBehavior::Normal, 240, Some(incident))
        );
        assert_eq!(ScenarioEffects { hook: Some(AddedHook::Fails), ..effects }.for_rollback().hook, None);
    }
}
