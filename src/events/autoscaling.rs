//! Events of the autoscaling of services: its plan, and the changes that apply it.

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::{Change, ScheduleAction};

/// What happens to the autoscaling of a service.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AutoscalingPlan {
    /// The service's key in the manifest.
    pub service: String,
    /// The service's name in ECS.
    pub name: String,
    pub cluster: String,
    /// `create` where the service has no scalable target yet.
    pub action: ScheduleAction,
    /// What changes, by the keys of `autoscaling` in the manifest.
    pub differences: Vec<Change>,
    /// The names of policies and scheduled actions that are not the manifest's; they are kept.
    pub foreign: Vec<String>,
}

/// Reported when the autoscaling of a service was changed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AutoscalingApplied {
    /// The service's key in the manifest.
    pub service: String,
    pub action: AutoscalingChange,
}

/// What was done to the autoscaling of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AutoscalingChange {
    Created,
    Updated,
    Restored,
}
