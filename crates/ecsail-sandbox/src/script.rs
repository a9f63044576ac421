//! Scripts: what a scenario decides for one deployment. Owns the words in which a story is told; plays
//! none of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Millis;

/// What becomes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Fate {
    /// States of earlier versions have another name for it too.
    #[default]
    #[serde(alias = "Alarm")]
    Good,
    Slow,
    Crash,
    ExitZero,
    /// Its work fails: it ends with 7.
    ExitSeven,
    Oom,
    /// The target group's health checks get a wrong answer, or none in time.
    Unhealthy,
    TimedOut,
    UnhealthyContainer,
    NoImage,
    Platform,
    ExecFormat,
    NoNetwork,
    SecretDenied,
    SecretMissing,
    /// Its network interface is not there in time.
    Flaky,
    /// It stays where it is: nothing places it.
    Stuck,
}

impl Fate {
    /// Returns whether health checks end such tasks.
    pub(crate) fn is_sick(self) -> bool {
        matches!(self, Fate::Unhealthy | Fate::TimedOut | Fate::UnhealthyContainer)
    }
}

/// What a scenario decides for one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Script {
    pub(crate) fate: Fate,
    /// Only so many of its tasks have that fate; the others are good.
    pub(crate) only_first: Option<usize>,
    pub(crate) breaker: Trip,
    pub(crate) rollback: Way,
    pub(crate) manner: Manner,
    pub(crate) hook: Option<HookPlan>,
    /// How many seconds the tasks before it take to go.
    pub(crate) drains: u32,
    /// The service is to have at least so many tasks.
    pub(crate) crowd: usize,
    pub(crate) incident: Option<Incident>,
    /// So many tasks of a RunTask call find room at the most.
    pub(crate) room: Option<usize>,
}

/// Whether the circuit breaker is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Trip {
    /// As the service has it.
    #[default]
    AsConfigured,
    Off,
    On {
        rollback: bool,
        /// How many failures trip it; as ECS reckons when none.
        threshold: Option<usize>,
    },
}

/// How a rollback goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Way {
    #[default]
    Plain,
    /// As a deployment with an id of its own.
    NewId,
    /// The circuit breaker finds nothing to go back to.
    NoTarget,
    /// The revision that the circuit breaker goes back to does not come up either.
    Fails,
}

/// In what manner the deployment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Manner {
    #[default]
    AsConfigured,
    BlueGreen,
    Linear,
    Canary,
    EarlySuccess,
}

impl Manner {
    /// Returns the members of a deployment configuration that it stands for.
    pub(crate) fn configuration(self) -> Value {
        match self {
            Manner::AsConfigured => json!({}),
            Manner::BlueGreen => json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 3 }),
            Manner::Linear => json!({
                "strategy": "LINEAR",
                "bakeTimeInMinutes": 2,
                "linearConfiguration": { "stepPercent": 25.0, "stepBakeTimeInMinutes": 1 },
            }),
            Manner::Canary => json!({
                "strategy": "CANARY",
                "bakeTimeInMinutes": 2,
                "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3 },
            }),
            Manner::EarlySuccess => json!({ "earlySuccessCriteria": {
                "enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED",
            } }),
        }
    }
}

/// What a lifecycle hook does that the scenario adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HookPlan {
    Fails,
    TimesOut,
    Pauses,
}

impl HookPlan {
    /// Returns the hook as a deployment configuration has it. What a function does stands in its name.
    pub(crate) fn hook(self, region: &str, account: &str) -> Value {
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
            HookPlan::Fails => lambda("smoke-test-fails", 60),
            HookPlan::TimesOut => lambda("smoke-test-hangs", 5),
            HookPlan::Pauses => json!({
                "targetType": "PAUSE",
                "lifecycleStages": ["POST_SCALE_UP"],
                "timeoutConfiguration": { "timeoutInMinutes": 1440, "action": "ROLLBACK" },
            }),
        }
    }
}

/// Something that happens in the course of a deployment: from and until so many seconds after its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Incident {
    pub(crate) what: What,
    pub(crate) from: u32,
    pub(crate) until: u32,
}

impl Incident {
    /// Returns whether its time has come, and has not passed, `elapsed` after the begin.
    pub(crate) fn is_on(self, elapsed: Millis) -> bool {
        let seconds = elapsed / 1000;
        seconds >= Millis::from(self.from) && seconds < Millis::from(self.until)
    }
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// No task can be placed: there is no capacity, no instance that would do, or no role to assume.
    NoCapacity,
    NoInstance,
    NoRole,
    /// The tasks before it are protected from scale-in.
    Protected,
    /// ECS takes its time between tries.
    Throttled,
    /// An alarm goes off once all tasks are up.
    Alarm,
    /// One or two tasks lose their spot capacity.
    Spot,
    /// The desired count rises.
    Scaled,
    /// Somebody else deploys another revision.
    Superseded,
    /// Somebody deletes the service.
    Deleted,
    /// Somebody asks for a rollback.
    Stopped,
    /// The caller's credentials expire.
    Expired,
}

impl Script {
    /// Returns the script for going back to a revision that has been up before: the scenario broke the
    /// new revision, not the old one.
    pub(crate) fn for_return(self) -> Script {
        let spared = matches!(self.fate, Fate::Good | Fate::Slow | Fate::Flaky);
        Script {
            fate: if spared { self.fate } else { Fate::Good },
            only_first: self.only_first.filter(|_| spared),
            manner: self.manner,
            drains: self.drains,
            incident: self.incident.filter(|i| matches!(i.what, What::NoCapacity | What::Spot)),
            ..Script::default()
        }
    }

    /// Returns what becomes of a task outside a service.
    pub(crate) fn alone(self) -> Fate {
        match self.incident.map(|incident| incident.what) {
            Some(What::NoCapacity | What::NoRole) => Fate::Stuck,
            _ => self.fate,
        }
    }

    /// Returns for how many tasks outside a service there is room.
    pub(crate) fn room(self) -> usize {
        match self.incident.map(|incident| incident.what) {
            Some(What::NoInstance) => 0,
            _ => self.room.unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_of_an_earlier_version_reads_with_what_it_lacks() {
        let read: Script = serde_json::from_value(json!({ "fate": "Alarm" })).expect("reads");
        assert_eq!(read, Script::default());
    }

    #[test]
    fn going_back_spares_the_old_revision_and_keeps_the_surroundings() {
        let incident = Incident { what: What::NoCapacity, from: 0, until: 150 };
        let script = Script { fate: Fate::Crash, drains: 240, incident: Some(incident), ..Script::default() };
        let back = script.for_return();
        assert_eq!((back.fate, back.drains, back.incident), (Fate::Good, 240, Some(incident)));
        assert_eq!(Script { hook: Some(HookPlan::Fails), ..script }.for_return().hook, None);
    }
}
