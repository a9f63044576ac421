//! Schedules and schedule groups as the sandbox stores them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::Millis;

/// A schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) arn: String,
    /// The members of the input, with the scheduler's defaults.
    pub(crate) settings: Map<String, Value>,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    /// The client token of its creation, and the rest of that input.
    pub(crate) token: Option<(String, Value)>,
}

/// A schedule group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScheduleGroup {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) created: Millis,
    pub(crate) tags: Vec<Value>,
    pub(crate) token: Option<String>,
}
