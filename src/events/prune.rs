//! Events of revisions, what refers to them, and their removal.

use schemars::JsonSchema;
use serde::Serialize;

use super::service::ContainerAndImage;
use crate::outcome::Outcome;

/// Reported by `ecsail revisions` for each revision, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Revision {
    pub family: String,
    pub revision: String,
    pub arn: String,
    /// The number of the revision in its family.
    pub number: u64,
    /// `ACTIVE`, `INACTIVE` or `DELETE_IN_PROGRESS`.
    pub status: String,
    /// When the revision was registered, in seconds since 1970.
    pub registered_at: Option<f64>,
    /// The ARN of the caller that registered the revision.
    pub registered_by: Option<String>,
    /// When the revision was deregistered, in seconds since 1970.
    pub deregistered_at: Option<f64>,
    /// The tag that a deploy of ecsail recorded.
    pub tag: Option<String>,
    /// The commit that a deploy of ecsail recorded.
    pub git_sha: Option<String>,
    /// The performer that a deploy of ecsail recorded.
    pub deployed_by: Option<String>,
    pub images: Vec<ContainerAndImage>,
    /// What refers to the revision.
    pub references: Vec<RevisionReference>,
}

/// Why a revision is in use, or may be.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RevisionReference {
    /// A deployment in progress has it.
    InProgress { cluster: String, service: String },
    /// A service runs it.
    Runs { cluster: String, service: String },
    /// A task set has it.
    TaskSet { cluster: String, service: String },
    /// A rollback would deploy it.
    RollbackTarget { cluster: String, service: String },
    /// One of the last deployments that succeeded had it.
    Succeeded { cluster: String, service: String },
    /// Tasks outside any service run it.
    Tasks {
        cluster: String,
        /// The number of tasks.
        tasks: usize,
    },
    /// An EventBridge rule runs it.
    Rule { bus: String, rule: String },
    /// A schedule runs it.
    Schedule { group: String, schedule: String },
    /// It is one of the newest `ACTIVE` revisions.
    Newest {
        /// How many of the newest are kept.
        of: usize,
    },
}

/// Reported by `ecsail prune` for each revision, the newest first, before anything changes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PruneRevision {
    pub family: String,
    pub revision: String,
    /// The number of the revision in its family.
    pub number: u64,
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    pub action: PruneAction,
    /// Why it is kept; empty for an `INACTIVE` revision that was not to be deleted.
    pub reasons: Vec<RevisionReference>,
}

/// What `ecsail prune` does with a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PruneAction {
    Keep,
    Deregister,
    DeregisterAndDelete,
    Delete,
}

/// Reported by `ecsail prune` when the deletion of a revision was requested.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Deleted {
    pub revision: String,
}

/// Reported by `ecsail prune` at its end.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Prune {
    pub family: String,
    /// `succeeded`, `unchanged`, `skipped` (a dry run, or the question was declined), `failed` or `interrupted`.
    pub outcome: Outcome,
    /// The number of revisions that are kept.
    pub kept: usize,
    /// The number of revisions that were to be deregistered.
    pub to_deregister: usize,
    /// The number of revisions that were to be deleted.
    pub to_delete: usize,
    /// The number of revisions that were deregistered.
    pub deregistered: usize,
    /// The number of revisions that were deleted.
    pub deleted: usize,
    /// The revisions that ECS did not delete.
    pub refused: Vec<RefusedRevision>,
}

/// A revision that ECS did not delete.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RefusedRevision {
    pub arn: String,
    pub reason: String,
}
