//! Scenarios: what goes wrong with the rollouts that start from now on. Owns their names and what
//! each decides; never steps anything.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::state::last_part;

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
    /// The image is not there.
    NoImage,
    /// The target group's health checks fail.
    Unhealthy,
    /// The container's own health check fails.
    UnhealthyContainer,
    /// The execution role may not read a secret.
    SecretDenied,
    /// The container runs out of memory.
    Oom,
    /// The essential process ends with 0.
    ExitZero,
    /// The first task fails to start, all others are well.
    Flaky,
    /// All tasks come up, then an alarm goes off and the deployment is rolled back.
    Alarm,
    /// No capacity: no task ever starts.
    Stuck,
    /// All goes well, but the service deployment API is denied.
    NoDeploymentsApi,
    /// All goes well, but tagging on registration is denied.
    NoTagging,
    /// All goes well, but reading logs is denied.
    NoLogs,
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
}

const fn info(name: &'static str, scenario: Scenario, summary: &'static str) -> ScenarioInfo {
    ScenarioInfo { name, summary, scenario }
}

const SCENARIOS: &[ScenarioInfo] = &[
    info("steady", Scenario::Steady, "all goes well"),
    info("slow", Scenario::Slow, "tasks take minutes to start, then all is well"),
    info(
        "crash",
        Scenario::Crash,
        "the essential container exits with 1 again and again; the service's own circuit breaker decides",
    ),
    info("crash-breaker", Scenario::CrashBreaker, "as crash, with the circuit breaker on and no rollback"),
    info(
        "crash-rollback",
        Scenario::CrashRollback,
        "as crash, with the circuit breaker on, which rolls back",
    ),
    info(
        "rollback-new-id",
        Scenario::RollbackNewId,
        "as crash-rollback, and the rollback is a deployment with an id of its own",
    ),
    info("no-image", Scenario::NoImage, "the image is not in the registry"),
    info("unhealthy", Scenario::Unhealthy, "the load balancer's health checks fail"),
    info("unhealthy-container", Scenario::UnhealthyContainer, "the container's own health check fails"),
    info("secret-denied", Scenario::SecretDenied, "the execution role may not read a secret"),
    info("oom", Scenario::Oom, "the container is killed for its memory, again and again"),
    info("exit-zero", Scenario::ExitZero, "the essential process ends at once, with exit code 0"),
    info("flaky", Scenario::Flaky, "the first task fails to start, all others are well"),
    info("alarm", Scenario::Alarm, "all tasks come up, then an alarm goes off, which rolls back"),
    info("stuck", Scenario::Stuck, "no capacity: no task ever starts"),
    info(
        "no-deployments-api",
        Scenario::NoDeploymentsApi,
        "all goes well, but the service deployment calls are denied",
    ),
    info("no-tagging", Scenario::NoTagging, "all goes well, but registering with tags is denied"),
    info("no-logs", Scenario::NoLogs, "all goes well, but reading logs is denied"),
    info(
        "by-tag",
        Scenario::ByTag,
        "the image tag decides: one containing crash, slow, nopull, unhealthy, secret, oom, \
             flaky, alarm, exit-zero or stuck behaves so",
    ),
];

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
        let name = SCENARIOS.iter().find(|info| info.scenario == *self).map_or("steady", |info| info.name);
        f.write_str(name)
    }
}

/// What becomes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Fate {
    #[default]
    Good,
    Slow,
    Crash,
    NoImage,
    Unhealthy,
    UnhealthyContainer,
    SecretDenied,
    Oom,
    ExitZero,
    Flaky,
    Alarm,
    Stuck,
}

impl Fate {
    /// Returns whether tasks of this fate fail for good: a revision that has been up cannot have it.
    pub(super) fn is_broken(self) -> bool {
        !matches!(self, Fate::Good | Fate::Slow | Fate::Stuck | Fate::Flaky)
    }
}

/// What a scenario decides for one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Script {
    pub(super) fate: Fate,
    /// The circuit breaker is on, whatever the service says; the value is whether it rolls back.
    pub(super) breaker: Option<bool>,
    pub(super) new_id: bool,
}

impl Scenario {
    /// Returns what this scenario decides for tasks that run `images`.
    pub(super) fn script(self, images: &[String]) -> Script {
        let fate = match self {
            Scenario::Steady | Scenario::NoDeploymentsApi | Scenario::NoTagging | Scenario::NoLogs => {
                Fate::Good
            }
            Scenario::Slow => Fate::Slow,
            Scenario::Crash | Scenario::CrashBreaker | Scenario::CrashRollback | Scenario::RollbackNewId => {
                Fate::Crash
            }
            Scenario::NoImage => Fate::NoImage,
            Scenario::Unhealthy => Fate::Unhealthy,
            Scenario::UnhealthyContainer => Fate::UnhealthyContainer,
            Scenario::SecretDenied => Fate::SecretDenied,
            Scenario::Oom => Fate::Oom,
            Scenario::ExitZero => Fate::ExitZero,
            Scenario::Flaky => Fate::Flaky,
            Scenario::Alarm => Fate::Alarm,
            Scenario::Stuck => Fate::Stuck,
            Scenario::ByTag => {
                images.iter().map(|image| by_tag(image)).find(|f| *f != Fate::Good).unwrap_or_default()
            }
        };
        let breaker = match self {
            Scenario::CrashBreaker => Some(false),
            Scenario::CrashRollback | Scenario::RollbackNewId => Some(true),
            _ => None,
        };
        Script { fate, breaker, new_id: self == Scenario::RollbackNewId }
    }
}

/// Returns the fate that an image's tag asks for.
fn by_tag(image: &str) -> Fate {
    let Some((_, tag)) = last_part(image).split_once(':') else {
        return Fate::Good;
    };
    // `unhealthy-container` before `unhealthy`: the first word found counts.
    const WORDS: &[(&str, Fate)] = &[
        ("crash", Fate::Crash),
        ("slow", Fate::Slow),
        ("nopull", Fate::NoImage),
        ("no-image", Fate::NoImage),
        ("unhealthy-container", Fate::UnhealthyContainer),
        ("unhealthy", Fate::Unhealthy),
        ("secret", Fate::SecretDenied),
        ("oom", Fate::Oom),
        ("exit-zero", Fate::ExitZero),
        ("flaky", Fate::Flaky),
        ("alarm", Fate::Alarm),
        ("stuck", Fate::Stuck),
    ];
    WORDS.iter().find(|(word, _)| tag.contains(word)).map_or(Fate::Good, |(_, fate)| *fate)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(fate("app:1.2"), Fate::Good);
    }
}
