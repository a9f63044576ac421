//! Owns the arguments of the verbs that watch: how far and how long, and what is done about a rollout that fails.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration;
use crate::manifest::OnFailure;
use crate::watch::judge::{is_stage, stage_named};
use crate::watch::snapshot::{Followed, Policy, Until};

/// Holds the arguments that say how far and how long a rollout is followed, and what is done where it fails.
#[derive(Clone, Debug, Args)]
pub struct Following {
    /// How long to watch at the most, such as `15m`; the rollout goes on after it
    #[arg(long, value_name = "DURATION", value_parser = duration::argument, global = true)]
    timeout: Option<Duration>,
    /// What to do about a rollout that fails; by default it is taken back where a deployment before it was completed
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    pub(super) on_failure: Option<OnFailure>,
    /// What to do when the time is up; by default the rollout goes on
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    on_timeout: Option<OnFailure>,
    /// How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage
    #[arg(long, value_name = "STAGE", value_parser = until, default_value = "stable", global = true)]
    until: Until,
    /// Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict
    #[arg(long, value_name = "FOLDER", hide_short_help = true, global = true)]
    pub(super) record: Option<PathBuf>,
}

impl Following {
    /// Returns a deployment to follow, as the arguments say.
    pub(super) fn of(&self, followed: Followed) -> Followed {
        let given = followed.policy;
        let policy = Policy {
            timeout: self.timeout.unwrap_or(given.timeout),
            on_failure: self.on_failure.or(given.on_failure),
            on_timeout: self.on_timeout.unwrap_or(given.on_timeout),
        };
        Followed { until: self.until.clone(), policy, ..followed }
    }
}

/// Returns how far an argument says to follow.
fn until(text: &str) -> Result<Until, String> {
    let name = stage_named(text);
    match name.as_str() {
        "STABLE" => Ok(Until::Stable),
        stage if is_stage(stage) => Ok(Until::Stage(name)),
        _ => Err("neither `stable`, `bake` nor a lifecycle stage such as `POST_PRODUCTION_TRAFFIC_SHIFT`"
            .to_owned()),
    }
}
