//! The arguments of the verbs that watch rollouts: how far and how long, and what to do if a rollout fails.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration;
use crate::manifest::{FailureAction, Manifest, Patience};
use crate::watch::judge::{is_stage, parse_stage};
use crate::watch::snapshot::{DEFAULT_TIMEOUT, WatchPolicy, WatchUntil, WatchedRollout};

/// The arguments that control a watch.
#[derive(Clone, Debug, Args)]
pub struct WatchArgs {
    /// Time to watch a rollout before giving up, such as `15m`; the rollout continues [default: the manifest's
    /// `timeout`, else 15m]
    #[arg(long, value_name = "DURATION", value_parser = duration::argument, global = true)]
    timeout: Option<Duration>,
    /// Action if a rollout fails [default: the manifest's `on_failure`, else roll back if an earlier deployment succeeded; `wait`
    /// leaves it]
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    pub(super) on_failure: Option<FailureAction>,
    /// Action if the time is up [default: the manifest's `on_timeout`, else leave the rollout in progress; `wait` leaves it]
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    on_timeout: Option<FailureAction>,
    /// Generations of tasks that may fail in the same way before a rollout counts as stuck, or `never` [default: the manifest's
    /// `patience`, else 4, or what the circuit breaker allows]
    #[arg(long, value_name = "COUNT", value_parser = Patience::parse, global = true)]
    patience: Option<Patience>,
    /// Point to watch to: `stable` (the end), `bake` (traffic is shifted), or a lifecycle stage
    #[arg(long, value_name = "STAGE", value_parser = parse_until, default_value = "stable", global = true)]
    until: WatchUntil,
    /// Record the polls of each rollout in a file in this folder, to report a wrong verdict
    #[arg(long, value_name = "FOLDER", hide_short_help = true, global = true)]
    pub(super) record: Option<PathBuf>,
}

impl WatchArgs {
    /// Returns the time to watch where no service has its own.
    pub(super) fn timeout(&self, manifest: &Manifest) -> Duration {
        self.timeout.or(manifest.timeout).unwrap_or(DEFAULT_TIMEOUT)
    }

    /// Returns the time to watch a service that may have its own.
    pub(super) fn timeout_of(&self, own: Option<Duration>, manifest: &Manifest) -> Duration {
        self.timeout.or(own).unwrap_or_else(|| self.timeout(manifest))
    }

    /// Returns the rollout with the policy of the arguments.
    pub(super) fn apply_to(&self, followed: WatchedRollout) -> WatchedRollout {
        let given = followed.policy;
        let policy = WatchPolicy {
            timeout: self.timeout.unwrap_or(given.timeout),
            on_failure: self.on_failure.or(given.on_failure),
            on_timeout: self.on_timeout.unwrap_or(given.on_timeout),
            patience: self.patience.or(given.patience.filter(|_| !self.is_leaving(given))),
        };
        WatchedRollout { until: self.until.clone(), policy, ..followed }
    }

    /// Returns whether `--on-failure leave` replaces the patience of a verb that otherwise reports a stuck rollout.
    fn is_leaving(&self, given: WatchPolicy) -> bool {
        self.on_failure == Some(FailureAction::Leave) && given.patience == Some(Patience::Standard)
    }
}

/// Parses the point to watch to.
fn parse_until(text: &str) -> Result<WatchUntil, String> {
    let name = parse_stage(text);
    match name.as_str() {
        "STABLE" => Ok(WatchUntil::Stable),
        stage if is_stage(stage) => Ok(WatchUntil::Stage(name)),
        _ => Err("neither `stable`, `bake` nor a lifecycle stage such as `POST_PRODUCTION_TRAFFIC_SHIFT`"
            .to_owned()),
    }
}
