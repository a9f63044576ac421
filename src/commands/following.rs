//! The arguments of the verbs that watch rollouts: how far and how long, and what to do if a rollout fails.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration;
use crate::manifest::OnFailure;
use crate::watch::judge::{is_stage, stage_named};
use crate::watch::snapshot::{Followed, Policy, Until};

/// The arguments that control a watch.
#[derive(Clone, Debug, Args)]
pub struct Following {
    /// Time to watch a rollout before giving up, such as `15m`; the rollout continues [default: the manifest's
    /// `timeout`, else 15m]
    #[arg(long, value_name = "DURATION", value_parser = duration::argument, global = true)]
    timeout: Option<Duration>,
    /// Action if a rollout fails [default: roll back if an earlier deployment succeeded]
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    pub(super) on_failure: Option<OnFailure>,
    /// Action if the time is up [default: leave the rollout in progress]
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    on_timeout: Option<OnFailure>,
    /// Point to watch to: `stable` (the end), `bake` (traffic is shifted), or a lifecycle stage
    #[arg(long, value_name = "STAGE", value_parser = until, default_value = "stable", global = true)]
    until: Until,
    /// Record the polls of each rollout in a file in this folder, to report a wrong verdict
    #[arg(long, value_name = "FOLDER", hide_short_help = true, global = true)]
    pub(super) record: Option<PathBuf>,
}

impl Following {
    /// Returns the rollout with the policy of the arguments.
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

/// Parses the point to watch to.
fn until(text: &str) -> Result<Until, String> {
    let name = stage_named(text);
    match name.as_str() {
        "STABLE" => Ok(Until::Stable),
        stage if is_stage(stage) => Ok(Until::Stage(name)),
        _ => Err("neither `stable`, `bake` nor a lifecycle stage such as `POST_PRODUCTION_TRAFFIC_SHIFT`"
            .to_owned()),
    }
}
