//! Scalable targets as the sandbox stores them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::Millis;

/// A scalable target: the range of a service's desired count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScalableTarget {
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) suspended: SuspendedState,
    pub(crate) created: Millis,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SuspendedState {
    pub(crate) dynamic_scaling_in_suspended: bool,
    pub(crate) dynamic_scaling_out_suspended: bool,
    pub(crate) scheduled_scaling_suspended: bool,
}

impl SuspendedState {
    /// Returns the state with the members of an input replaced.
    pub(crate) fn with(self, input: &Value) -> SuspendedState {
        SuspendedState {
            dynamic_scaling_in_suspended: input["DynamicScalingInSuspended"]
                .as_bool()
                .unwrap_or(self.dynamic_scaling_in_suspended),
            dynamic_scaling_out_suspended: input["DynamicScalingOutSuspended"]
                .as_bool()
                .unwrap_or(self.dynamic_scaling_out_suspended),
            scheduled_scaling_suspended: input["ScheduledScalingSuspended"]
                .as_bool()
                .unwrap_or(self.scheduled_scaling_suspended),
        }
    }
}
