//! Scalable targets as the sandbox stores them, with their policies and scheduled actions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::Millis;

/// A scalable target: the range of a service's desired count.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScalableTarget {
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) suspended: SuspendedState,
    pub(crate) created: Millis,
    /// By name.
    #[serde(default)]
    pub(crate) policies: BTreeMap<String, ScalingPolicy>,
    /// By name.
    #[serde(default)]
    pub(crate) actions: BTreeMap<String, ScheduledAction>,
}

impl ScalableTarget {
    /// Returns a target without a range.
    pub(crate) fn new(created: Millis) -> ScalableTarget {
        ScalableTarget {
            min: 0,
            max: 0,
            suspended: SuspendedState::default(),
            created,
            policies: BTreeMap::new(),
            actions: BTreeMap::new(),
        }
    }
}

/// A scaling policy: its type and configuration, as AWS returns them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScalingPolicy {
    pub(crate) settings: Map<String, Value>,
    pub(crate) created: Millis,
}

/// A scheduled action: its schedule and the range that it sets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScheduledAction {
    pub(crate) settings: Map<String, Value>,
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
