//! The explanation of a failure, as events carry it.

use schemars::JsonSchema;
use serde::Serialize;

/// Why a rollout or a task failed; what is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// The id of the first task that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The revision of that task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// The number of tasks that failed.
    pub failed_tasks: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// When the task stopped, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<f64>,
    /// The containers of the task, the failing one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerEnd>,
    /// The load balancer targets that are unhealthy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<HealthTarget>,
    /// The service events that matter, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ServiceMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LastLogLines>,
    /// What it comes from, the most likely first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ContainerEnd {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it is the container that ended the task.
    pub failing: bool,
}

/// The health of a load balancer target.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HealthTarget {
    /// The name of the target group.
    pub group: String,
    /// The address or the instance.
    pub target: String,
    pub port: i64,
    /// Such as `healthy`, `unhealthy` or `draining`.
    pub state: String,
    /// Such as `Target.ResponseCodeMismatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A service event.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServiceMessage {
    /// In seconds since 1970.
    pub at: f64,
    pub message: String,
}

/// The last log lines of the container that failed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LastLogLines {
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// The lines, with secrets masked.
    pub lines: Vec<String>,
    /// Why there are none, or not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A cause, and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Cause {
    pub cause: String,
    pub remedy: String,
    pub retry_helps: RetryHelps,
    /// The text or the exit code that the cause was concluded from.
    pub evidence: String,
    /// The number of tasks that show it.
    pub count: usize,
}

/// Whether another attempt with the same definition helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryHelps {
    No,
    Sometimes,
    Yes,
}
