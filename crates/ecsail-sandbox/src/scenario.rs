//! Scenarios: what goes wrong with the rollouts that start from now on. Owns their names and how they are
//! found; what each stands for is the table in `scenes`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::scenes::SCENARIOS;
use crate::script::Script;
use crate::state::last_part;

/// What goes wrong with the deployments that start after it was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// All goes well.
    #[default]
    Steady,
    /// Tasks take minutes to start.
    Slow,
    /// The essential container exits with 1, again and again.
    Crash,
    /// As `Crash`, with the circuit breaker on, without rollback.
    CrashBreaker,
    /// As `Crash`, with the circuit breaker on, with rollback.
    CrashRollback,
    /// As `CrashRollback`, and the rollback comes as a deployment of its own.
    RollbackNewId,
    /// As `CrashRollback`, and the old revision does not come up either.
    RollbackFails,
    /// As `CrashRollback`, and there is nothing to go back to.
    NoRollbackTarget,
    /// As `CrashRollback`, with retries so far apart that the breaker never trips.
    Throttled,
    /// As `Crash`, with 60 tasks and no breaker.
    Many,
    /// The image is not there.
    NoImage,
    /// The image is not there for the task's CPU.
    Platform,
    /// The program is for another CPU.
    ExecFormat,
    /// The tasks do not reach the registry.
    NoNetwork,
    /// The execution role may not read a secret.
    SecretDenied,
    /// A secret is not there.
    SecretMissing,
    /// ECS cannot assume the task's role.
    Role,
    /// The target group's health checks fail.
    Unhealthy,
    /// The container's own health check fails.
    UnhealthyContainer,
    /// The first two tasks fail their health checks.
    UnhealthyRecovers,
    /// The container runs out of memory.
    Oom,
    /// The essential process ends with 0.
    ExitZero,
    /// The essential process fails at its work, and ends with 7.
    #[serde(rename = "exit-7")]
    ExitSeven,
    /// The first task fails to start, all others are well.
    Flaky,
    /// Tasks lose their spot capacity on the way.
    Spot,
    /// No capacity: no task ever starts.
    Stuck,
    /// No capacity for some minutes.
    Capacity,
    /// No container instance has room.
    Placement,
    /// There is room for one task of a RunTask call.
    Scarce,
    /// Old tasks are protected from scale-in for minutes.
    Protected,
    /// Old tasks take minutes to drain.
    Drain,
    /// The deployment is successful while old tasks drain.
    EarlySuccess,
    /// The desired count rises on the way.
    Scales,
    /// All tasks come up, then an alarm goes off and the deployment is rolled back.
    Alarm,
    /// Somebody else deploys another revision.
    Superseded,
    /// Somebody stops the deployment with a rollback.
    Stopped,
    /// Somebody deletes the service.
    Deleted,
    /// Two whole sets of tasks, and a bake time.
    BlueGreen,
    /// Traffic is shifted in steps.
    Linear,
    /// A little of the traffic is shifted first.
    Canary,
    /// A lifecycle hook fails.
    HookFails,
    /// A lifecycle hook times out.
    HookTimesOut,
    /// A lifecycle hook waits for its word.
    HookPauses,
    /// All goes well, but the service deployment API is denied.
    NoDeploymentsApi,
    /// All goes well, but reading logs is denied.
    NoLogs,
    /// All goes well, but log lines come late, and few a page.
    LateLogs,
    /// All goes well, but tagging on registration is denied.
    NoTagging,
    /// All goes well, but the caller's credentials expire.
    Expires,
    /// The image tag decides.
    ByTag,
}

/// A scenario's name and what it does, for a list on the screen.
#[derive(Debug, Clone, Copy)]
pub struct ScenarioInfo {
    /// The name that `Scenario` parses from.
    pub name: &'static str,
    /// What happens, in one line.
    pub summary: &'static str,
    /// The scenario itself.
    pub scenario: Scenario,
    /// Whether under `by-tag` an image tag that contains the name plays it.
    pub by_tag: bool,
    pub(crate) script: Script,
}

/// Words in a tag that stand for a scenario of another name.
const WORDS: &[(&str, Scenario)] = &[("nopull", Scenario::NoImage), ("secret", Scenario::SecretDenied)];

/// Returns all scenarios, in the order in which to list them.
pub fn scenarios() -> &'static [ScenarioInfo] {
    SCENARIOS
}

/// That no scenario has this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownScenario(String);

impl fmt::Display for UnknownScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = SCENARIOS.iter().map(|info| info.name).collect();
        write!(f, "no scenario `{}`; there are {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownScenario {}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Scenario, UnknownScenario> {
        let found = SCENARIOS.iter().find(|info| info.name == name);
        found.map(|info| info.scenario).ok_or_else(|| UnknownScenario(name.to_owned()))
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().map_or("steady", |info| info.name))
    }
}

impl Scenario {
    fn info(self) -> Option<&'static ScenarioInfo> {
        SCENARIOS.iter().find(|info| info.scenario == self)
    }

    /// Returns what this scenario decides for a deployment that runs `images`.
    pub(crate) fn script(self, images: &[String]) -> Script {
        let played = match self {
            Scenario::ByTag => images.iter().find_map(|image| by_tag(image)).unwrap_or_default(),
            other => other,
        };
        played.info().map(|info| info.script).unwrap_or_default()
    }
}

/// Returns the scenario that an image's tag names; the longest name counts.
fn by_tag(image: &str) -> Option<Scenario> {
    let (_, tag) = last_part(image).split_once(':')?;
    let names = SCENARIOS.iter().filter(|info| info.by_tag).map(|info| (info.name, info.scenario));
    let found = names.chain(WORDS.iter().copied()).filter(|(word, _)| tag.contains(word));
    found.max_by_key(|(word, _)| word.len()).map(|(_, scenario)| scenario)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Fate;

    #[test]
    fn every_name_reads_back() {
        for info in scenarios() {
            assert_eq!(info.name.parse(), Ok(info.scenario));
            assert_eq!(info.scenario.to_string(), info.name);
            assert_eq!(serde_json::to_value(info.scenario).ok(), Some(info.name.into()));
        }
        assert!("boom".parse::<Scenario>().expect_err("unknown").to_string().contains("steady, slow"));
    }

    #[test]
    fn a_tag_decides_and_a_registry_port_is_no_tag() {
        let fate = |image: &str| Scenario::ByTag.script(&[image.to_owned()]).fate;
        assert_eq!(fate("a.example/shop/app:crash-1"), Fate::Crash);
        assert_eq!(fate("localhost:5000/slow"), Fate::Good);
        assert_eq!(fate("app:1.2-unhealthy-container"), Fate::UnhealthyContainer);
        assert_eq!(fate("app:secret"), Fate::SecretDenied);
        assert_eq!(fate("app:secret-missing"), Fate::SecretMissing);
        assert_eq!(fate("app:1.2"), Fate::Good);
    }
}
