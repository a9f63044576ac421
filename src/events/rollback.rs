//! Events of what a rollback returns to, reported before anything changes.

use schemars::JsonSchema;
use serde::Serialize;

use super::schedule::Via;
use super::service::DeployedImage;

/// Reported by `ecsail rollback` for each service, before anything changes: what it returns to, and why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RollbackTarget {
    /// The service's key.
    pub service: String,
    pub cluster: String,
    /// What runs.
    pub from: PastRelease,
    /// What the service returns to; null where only ECS decides it.
    pub to: Option<PastRelease>,
    #[serde(flatten)]
    pub source: RollbackSource,
    /// Newer deployments that were passed over.
    pub left_out: Vec<PassedOver>,
    /// The images that are registered by their digest, because their tag names another image by now.
    pub pinned: Vec<PinnedImage>,
}

/// What a service ran at one time, as far as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PastRelease {
    pub revision: String,
    /// When the deployment was created, in seconds since 1970.
    pub at: Option<f64>,
    /// The tag that a deploy of ecsail recorded.
    pub tag: Option<String>,
    pub images: Vec<DeployedImage>,
}

/// How the target of a rollback was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum RollbackSource {
    /// From ECS's record of deployments.
    History {
        /// How many deployments that succeeded lie between.
        steps: usize,
    },
    /// It ran when ECS's record of deployments begins.
    BeforeHistory,
    /// The deployment of the service that was completed last.
    LastCompleted,
    /// The newest older revision with the tags of a deploy of ecsail.
    Tags,
    /// The newest older revision that is `ACTIVE`.
    Revisions,
    /// `--to` named it.
    Named {
        /// Whether a deployment of it is known to have succeeded.
        succeeded: bool,
    },
    /// ECS returns to it when the deployment in progress is stopped.
    InProgress,
    /// The deployment in progress brings it back already, and is only watched.
    Attached,
}

/// A deployment that a rollback passed over.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PassedOver {
    /// Null where it is not known.
    pub revision: Option<String>,
    /// When the deployment was created, in seconds since 1970.
    pub at: f64,
    #[serde(flatten)]
    pub why: PassedOverReason,
}

/// Why a rollback passed over a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PassedOverReason {
    /// It did not succeed.
    Failed {
        /// The status, as the API has it.
        status: String,
        /// The reason that ECS gives; may be empty.
        reason: String,
    },
    /// It is the same as what runs.
    Same,
    /// It succeeded, and a rollback left it.
    RolledAwayFrom,
}

/// An image that is registered by its digest.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PinnedImage {
    pub image: String,
    /// The digest that ran.
    pub digest: String,
    /// The digest that the tag names now; null where there is no such tag.
    pub now: Option<String>,
}

/// Reported by `ecsail rollback` for each schedule, before anything changes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScheduleRollback {
    /// The schedule's key in the manifest.
    pub schedule: String,
    /// The schedule's name in AWS.
    pub name: String,
    pub via: Via,
    pub targets: Vec<ScheduleTargetRollback>,
}

/// What a target of a schedule returns to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScheduleTargetRollback {
    /// The id of a rule's target; null for a schedule.
    pub target: Option<String>,
    /// The revision that the target runs.
    pub from: String,
    /// The revision that the target returns to.
    pub to: String,
    /// The service whose rollback the target goes with.
    pub service: String,
}
