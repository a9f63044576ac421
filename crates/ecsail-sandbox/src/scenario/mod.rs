//! Scenarios: what goes wrong with the deployments that start from now on. Names, look-up, and effects.

mod effects;
mod kind;
mod table;

use std::fmt;
use std::str::FromStr;

use crate::arn::last_segment;
use table::SCENARIOS;

pub(crate) use effects::{BreakerOverride, IncidentKind, RollbackBehavior, ScenarioEffects, TaskBehavior};
pub use kind::Scenario;
pub use table::ScenarioInfo;

/// Words in an image tag that select a scenario of another name.
const TAG_ALIASES: &[(&str, Scenario)] = &[("nopull", Scenario::NoImage), ("secret", Scenario::SecretDenied)];

/// Returns all scenarios, in the order in which they are listed.
pub fn scenarios() -> &'static [ScenarioInfo] {
    SCENARIOS
}

/// The error of a name that no scenario has.
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

    /// Returns the effects on a deployment that runs `images`.
    pub(crate) fn effects(self, images: &[String]) -> ScenarioEffects {
        let played = match self {
            Scenario::ByTag => images.iter().find_map(|image| by_tag(image)).unwrap_or_default(),
            other => other,
        };
        played.info().map(|info| info.effects).unwrap_or_default()
    }
}

/// Returns the scenario that an image's tag contains; the one with the longest name if there are several.
fn by_tag(image: &str) -> Option<Scenario> {
    let (_, tag) = last_segment(image).split_once(':')?;
    let names = SCENARIOS.iter().filter(|info| info.by_tag).map(|info| (info.name, info.scenario));
    let found = names.chain(TAG_ALIASES.iter().copied()).filter(|(word, _)| tag.contains(word));
    found.max_by_key(|(word, _)| word.len()).map(|(_, scenario)| scenario)
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
        let behavior = |image: &str| Scenario::ByTag.effects(&[image.to_owned()]).behavior;
        assert_eq!(behavior("a.example/shop/app:crash-1"), TaskBehavior::Crash);
        assert_eq!(behavior("localhost:5000/slow"), TaskBehavior::Normal);
        assert_eq!(behavior("app:1.2-unhealthy-container"), TaskBehavior::UnhealthyContainer);
        assert_eq!(behavior("app:secret"), TaskBehavior::SecretDenied);
        assert_eq!(behavior("app:secret-missing"), TaskBehavior::SecretMissing);
        assert_eq!(behavior("app:1.2"), TaskBehavior::Normal);
    }
}
