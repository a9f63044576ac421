//! Events of one-off tasks.

use schemars::JsonSchema;
use serde::Serialize;

use super::diagnosis::Diagnosis;
use crate::outcome::Outcome;

/// Reported when one-off tasks were started, or are watched because they run already.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskStarted {
    /// The task's key in the manifest, or the name of its service or family.
    pub name: String,
    pub cluster: String,
    pub revision: String,
    pub started_by: String,
    /// Whether an earlier run started them, and this one only watches.
    pub attached: bool,
    /// The ids of the tasks.
    pub tasks: Vec<String>,
}

/// Reported when the status of a one-off task changes, and every 30 seconds while it does not.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskProgress {
    pub name: String,
    /// The id of the task.
    pub task: String,
    /// The status of ECS, such as `PENDING`.
    pub status: String,
    /// The time since the task was started.
    pub seconds: f64,
}

/// Reported for each line that a container of a one-off task writes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskLine {
    pub name: String,
    /// The id of the task.
    pub task: String,
    pub container: String,
    /// When the line was written, in seconds since 1970.
    pub at: f64,
    pub message: String,
}

/// Reported when the one-off tasks of a run have ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskEnded {
    pub name: String,
    pub cluster: String,
    pub revision: String,
    /// `succeeded`, `failed`, `timed_out`, `interrupted`, or `in_progress` where it is not waited for or can no longer be
    /// watched.
    pub outcome: Outcome,
    /// The exit code, of several the first that is not 0; null where there is none.
    pub code: Option<i64>,
    /// Why there is no exit code, or what stopped the task.
    pub reason: Option<String>,
    /// With `timed_out` and `interrupted`: whether the tasks were stopped.
    pub stop: Option<TaskStop>,
    /// How long the run took.
    pub seconds: f64,
    pub tasks: Vec<EndedTask>,
    /// The number of tasks of the same call that were not started.
    pub missing: usize,
    /// Why tasks were not started, each reason once.
    pub not_started: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
}

/// Whether the tasks of a run were stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStop {
    /// They were not stopped, and go on.
    None,
    /// The stop was requested, and they were not seen to stop.
    Asked,
    Stopped,
}

/// How one task of a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EndedTask {
    /// The id of the task.
    pub task: String,
    /// The status of ECS.
    pub status: String,
    pub code: Option<i64>,
    pub reason: Option<String>,
}
