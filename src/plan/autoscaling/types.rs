//! The plan of the autoscaling of one service. It decides nothing.

use crate::aws::autoscaling::ObservedAutoscaling;
use crate::aws::types::ServiceRef;
use crate::manifest::FailureAction;
use crate::plan::diff::Change;
use crate::plan::schedules::Action;
use crate::render::autoscaling::ScalingDocument;

/// The plan of the autoscaling of one service.
#[derive(Clone, Debug)]
pub struct AutoscalingPlan {
    /// The key of the service in the manifest, which is its name in commands.
    pub key: String,
    /// The service's cluster and name in ECS.
    pub service: ServiceRef,
    pub action: Action,
    /// The changes to show.
    pub changes: Vec<Change>,
    /// The calls that make the changes, in their order.
    pub steps: Vec<ScalingStep>,
    /// The names of the policies and scheduled actions that are not the manifest's. They are kept.
    pub foreign: Vec<String>,
    /// What the reader should know of names that are not removed with the manifest's entry.
    pub notes: Vec<String>,
    /// The state that the plan was made for.
    pub before: ObservedAutoscaling,
    /// Change it even if it has changed since the plan was made.
    pub supersede: bool,
    /// Whether the release is rolled back if the change fails.
    pub on_failure: Option<FailureAction>,
}

/// One call that changes the autoscaling of a service.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalingStep {
    /// Registers the scalable target, or changes the given bounds.
    Register {
        min: Option<i32>,
        max: Option<i32>,
    },
    PutPolicy(ScalingDocument),
    DeletePolicy(String),
    PutAction(ScalingDocument),
    DeleteAction(String),
    /// Deregisters the scalable target, which no policy and no scheduled action uses.
    Deregister,
}

impl AutoscalingPlan {
    /// Returns whether anything is changed.
    pub fn is_changing(&self) -> bool {
        !self.steps.is_empty()
    }
}
