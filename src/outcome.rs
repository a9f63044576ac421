//! The one vocabulary for how a run, a release, a target, a rollout or a past deployment ended.

use schemars::JsonSchema;
use serde::Serialize;

/// How something that a command did ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it was for.
    Succeeded,
    /// There was nothing to do.
    Unchanged,
    /// It ended without success.
    Failed,
    /// It is back on what it was before.
    RolledBack,
    /// Another deployment replaced it before it ended.
    Superseded,
    /// It had not ended when its time was up.
    TimedOut,
    /// The command was interrupted before it ended.
    Interrupted,
    /// It was not started: something before it failed, nothing needed it, or it was not to be done.
    Skipped,
    /// It has not ended, or its end is not known.
    InProgress,
}

impl Outcome {
    /// The word for it in JSON and in the environment of hooks.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Unchanged => "unchanged",
            Outcome::Failed => "failed",
            Outcome::RolledBack => "rolled_back",
            Outcome::Superseded => "superseded",
            Outcome::TimedOut => "timed_out",
            Outcome::Interrupted => "interrupted",
            Outcome::Skipped => "skipped",
            Outcome::InProgress => "in_progress",
        }
    }

    /// The word for it in text.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::RolledBack => "rolled back",
            Outcome::TimedOut => "timed out",
            Outcome::InProgress => "in progress",
            other => other.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_serialized_one() {
        for outcome in [
            Outcome::Succeeded,
            Outcome::Unchanged,
            Outcome::Failed,
            Outcome::RolledBack,
            Outcome::Superseded,
            Outcome::TimedOut,
            Outcome::Interrupted,
            Outcome::Skipped,
            Outcome::InProgress,
        ] {
            assert_eq!(serde_json::to_value(outcome).expect("a string"), outcome.name());
            assert_eq!(outcome.words(), outcome.name().replace('_', " "));
        }
    }
}
