//! Events of deletions.

use schemars::JsonSchema;
use serde::Serialize;

use super::service::ScalableTarget;
use crate::outcome::Outcome;

/// Reported by `ecsail delete` before anything is deleted: what goes with a service, and what stays.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServiceDeletion {
    /// The service's key.
    pub service: String,
    /// The service's name in ECS.
    pub name: String,
    pub cluster: String,
    /// Whether ECS is deleting it already.
    pub in_progress: bool,
    /// The number of its tasks that run.
    #[schemars(range(min = 0))]
    pub running: i64,
    /// The scalable target, which is removed; null where there is none, or it may not be read.
    pub autoscaling: Option<ScalableTarget>,
    /// What stays, in words.
    pub stays: Vec<String>,
}

/// Reported by `ecsail delete` for each service.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServiceDeleted {
    /// The service's key.
    pub service: String,
    /// The service's name in ECS.
    pub name: String,
    pub cluster: String,
    /// `succeeded`, `unchanged` (there was no such service any more), `timed_out`, `failed`, or `in_progress` where it is not
    /// waited for or can no longer be watched.
    pub outcome: Outcome,
    /// The number of tasks when the service was last observed; null where it was not watched.
    #[schemars(range(min = 0))]
    pub running: Option<i64>,
    /// Why it could not be deleted, or can no longer be watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
