//! Events of releases and rollouts.

use schemars::JsonSchema;
use serde::Serialize;

use super::diagnosis::Diagnosis;
use crate::outcome::Outcome;

/// Reported for a service that a deploy leaves unchanged, or of which only the attributes changed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Unchanged {
    /// The service's key.
    pub service: String,
    /// The revision that runs.
    pub revision: String,
    /// Whether the attributes of the service were updated.
    pub attributes_updated: bool,
}

/// Reported with `--no-wait` when a deployment was started.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Started {
    /// The service's key.
    pub service: String,
    pub revision: String,
    /// The id of the deployment.
    pub deployment: Option<String>,
}

/// Reported when the progress of a rollout changes, and every 30 seconds while it does not.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RolloutProgress {
    /// The service's key.
    pub service: String,
    /// Null where it is not known.
    pub revision: Option<String>,
    pub standing: RolloutStanding,
    /// The number of tasks that are desired.
    #[schemars(range(min = 0))]
    pub desired: i64,
    #[schemars(range(min = 0))]
    pub running: i64,
    #[schemars(range(min = 0))]
    pub pending: i64,
    /// The number of tasks that failed.
    #[schemars(range(min = 0))]
    pub failed: i64,
    /// The lifecycle stage in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// The id of the lifecycle hook that runs or waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// What the rollout is doing, or how it ended.
    pub detail: String,
    /// The time since the deployment was requested.
    pub seconds: f64,
}

/// The state of a rollout in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolloutStanding {
    /// It failed, or is being rolled back.
    Failing,
    /// Some of its tasks have failed.
    Troubled,
    /// It waits for the answer to a lifecycle hook.
    Waiting,
    Moving,
    Succeeded,
}

/// How much traffic goes to the new revision, in percent.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Traffic {
    #[schemars(range(min = 0, max = 100))]
    pub test: f64,
    #[schemars(range(min = 0, max = 100))]
    pub production: f64,
}

/// Reported for each service event during a watch.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RolloutEvent {
    /// The service's key.
    pub service: String,
    /// In seconds since 1970.
    pub at: f64,
    /// The message of ECS.
    pub message: String,
}

/// Reported when the rollback of a rollout begins.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RolloutRollbackStarted {
    /// The service's key.
    pub service: String,
    /// The call that begins it.
    pub by: String,
    /// The revision that the service returns to; null where it is not known.
    pub to: Option<String>,
}

/// Reported when a rollout has ended, or its watch.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RolloutSettled {
    /// The service's key.
    pub service: String,
    #[serde(flatten)]
    pub end: SettledRollout,
}

/// How a rollout of a service ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[allow(clippy::large_enum_variant, reason = "an event is made, written and dropped")]
pub enum SettledRollout {
    /// The rollout was watched.
    Watched {
        #[serde(flatten)]
        end: RolloutEnd,
        cluster: String,
        /// Null where it is not known.
        revision: Option<String>,
        /// The revision before; null where it is not known.
        previous_revision: Option<String>,
        /// The id of the deployment; null where it is not known.
        deployment: Option<String>,
        /// The URL of an Express service; absent elsewhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// How long it was watched.
        seconds: f64,
        /// What the service ran when it was last observed; null where it was not.
        now: Option<RunningNow>,
        /// Whether it was to be rolled back, so that `rolled_back` is success; absent elsewhere.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        going_back: bool,
        /// What was done about a rollout that did not succeed; absent where nothing was to be done.
        #[serde(skip_serializing_if = "Option::is_none")]
        aftermath: Option<Aftermath>,
        #[serde(skip_serializing_if = "Option::is_none")]
        diagnosis: Option<Diagnosis>,
        /// What is wrong although the rollout succeeded: tasks that ended since, containers that are dead in every task;
        /// absent where nothing is.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
    },
    /// The service could not be updated, so there was no rollout.
    NotUpdated {
        /// Always `failed`.
        outcome: Outcome,
        error: String,
        /// What to do about it.
        hints: Vec<String>,
    },
}

/// How a watched rollout ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RolloutEnd {
    /// It succeeded, or has reached the lifecycle stage of `--until`.
    Succeeded {
        /// `succeeded` or `reached`.
        verdict: Verdict,
        /// With `reached`: the lifecycle stage. The rollout goes on.
        #[serde(skip_serializing_if = "Option::is_none")]
        stage: Option<String>,
    },
    /// It ended without success, or cannot succeed any more.
    Failed {
        /// `failed` or `stuck`.
        verdict: Verdict,
        reason: String,
    },
    /// ECS rolled it back.
    RolledBack {
        /// `rolled_back`.
        verdict: Verdict,
        reason: String,
        /// The revision that runs in its place.
        runs: String,
    },
    /// Another deployment replaced it.
    Superseded {
        /// `superseded`.
        verdict: Verdict,
        /// The revision or the deployment that replaced it.
        by: String,
    },
    /// It is in progress, and the time to watch it is up.
    TimedOut {
        /// What it was waiting for.
        waiting_for: String,
    },
    /// It is in progress, and the watch was interrupted.
    Interrupted,
    /// It can no longer be watched; it goes on.
    InProgress {
        /// Why it can no longer be watched.
        error: String,
    },
}

/// What a watch concludes of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Succeeded,
    /// It has reached the lifecycle stage of `--until`, and goes on.
    Reached,
    Failed,
    /// It cannot succeed any more, although ECS goes on trying.
    Stuck,
    RolledBack,
    Superseded,
}

/// What a service ran when it was last observed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunningNow {
    pub revision: String,
    /// The id of the deployment.
    pub deployment: String,
    /// The `rolloutState` of the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state: Option<String>,
    /// How many tasks of this deployment run.
    #[schemars(range(min = 0))]
    pub running: i64,
    #[schemars(range(min = 0))]
    pub desired: i64,
    /// Another deployment whose tasks still run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving: Option<ServingRevision>,
}

/// A deployment before the newest one, whose tasks still run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServingRevision {
    pub revision: String,
    #[schemars(range(min = 0))]
    pub running: i64,
}

/// What was done about a rollout that did not succeed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Aftermath {
    /// It was left as it is.
    Left { why: String },
    /// It was to be rolled back, and that could not be started.
    NotTakenBack { error: String },
    /// It was rolled back by ecsail.
    TakenBack {
        /// The revision that the service returned to.
        to: String,
        /// How the rollback ended.
        end: Box<RolloutEnd>,
        #[serde(skip_serializing_if = "Option::is_none")]
        diagnosis: Option<Box<Diagnosis>>,
    },
}

/// Reported at the end of a release.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReleaseEnded {
    /// The id of the release.
    pub release: String,
    /// The tags as they were given; null where none was.
    pub tag: Option<String>,
    /// `succeeded`, `unchanged`, `failed`, `rolled_back` or `in_progress`.
    pub outcome: Outcome,
    pub targets: Vec<ReleaseTarget>,
}

/// How one target of a release ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReleaseTarget {
    pub kind: TargetKind,
    /// The target's key in the manifest.
    pub key: String,
    /// `succeeded`, `unchanged`, `failed`, `rolled_back`, `skipped` or `in_progress`.
    pub outcome: Outcome,
    /// The revision that the target runs, or why it ended as it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The kind of a target of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A one-off task that runs before the services.
    Before,
    Service,
    /// The autoscaling of a service; its key is that of the service.
    Autoscaling,
    Schedule,
    /// A one-off task that runs after all else.
    After,
}

/// Reported by `ecsail continue` when a lifecycle hook was answered.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Continued {
    /// The service's key.
    pub service: String,
    /// The id of the lifecycle hook.
    pub hook: String,
    /// Whether the answer rolls the deployment back.
    pub rollback: bool,
    /// The id of the deployment.
    pub deployment: Option<String>,
}
