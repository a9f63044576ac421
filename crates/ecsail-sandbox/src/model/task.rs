//! Tasks and their containers as the sandbox stores them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::scenario::TaskBehavior;
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum TaskStatus {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl TaskStatus {
    /// Returns the status in the API's spelling.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TaskStatus::Provisioning => "PROVISIONING",
            TaskStatus::Pending => "PENDING",
            TaskStatus::Activating => "ACTIVATING",
            TaskStatus::Running => "RUNNING",
            TaskStatus::Deactivating => "DEACTIVATING",
            TaskStatus::Stopping => "STOPPING",
            TaskStatus::Deprovisioning => "DEPROVISIONING",
            TaskStatus::Stopped => "STOPPED",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) cluster_arn: String,
    pub(crate) cluster: String,
    pub(crate) service: Option<String>,
    pub(crate) deployment: Option<String>,
    pub(crate) started_by: Option<String>,
    pub(crate) group: String,
    pub(crate) family: String,
    pub(crate) task_definition: String,
    pub(crate) status: TaskStatus,
    pub(crate) status_since: Millis,
    pub(crate) stop: Option<StopDetails>,
    pub(crate) behavior: TaskBehavior,
    /// Whether it is registered with a target group when it starts, and drained when it stops.
    pub(crate) in_target_group: bool,
    /// Whether its deployment counts it as healthy.
    pub(crate) is_healthy: bool,
    /// The least time that it takes to stop.
    pub(crate) drain_time: Millis,
    /// Whether it has failed and its deployment has not counted that yet.
    pub(crate) has_uncounted_failure: bool,
    pub(crate) times: TaskTimes,
    pub(crate) containers: Vec<Container>,
    pub(crate) overrides: Value,
    pub(crate) tags: Vec<Value>,
    /// Fields that never change: `cpu`, `launchType`, attachments and so on.
    pub(crate) fixed_fields: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StopDetails {
    pub(crate) code: String,
    pub(crate) reason: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct TaskTimes {
    pub(crate) created: Millis,
    pub(crate) pull_started: Option<Millis>,
    pub(crate) pull_stopped: Option<Millis>,
    pub(crate) started: Option<Millis>,
    pub(crate) stopping: Option<Millis>,
    pub(crate) execution_stopped: Option<Millis>,
    pub(crate) stopped: Option<Millis>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Container {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) digest: Option<String>,
    pub(crate) runtime_id: String,
    pub(crate) is_essential: bool,
    pub(crate) has_health_check: bool,
    pub(crate) health: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
    pub(crate) secret_arn: Option<String>,
    pub(crate) cpu: String,
    pub(crate) memory: Option<String>,
    /// Whether its root file system is read-only.
    pub(crate) has_read_only_root: bool,
}

impl Task {
    /// Returns whether the task has not been stopped.
    pub(crate) fn is_live(&self) -> bool {
        self.stop.is_none()
    }

    /// Returns whether the task counts as pending.
    pub(crate) fn is_pending(&self) -> bool {
        self.status < TaskStatus::Running
    }

    /// Returns whether the task counts as running.
    pub(crate) fn is_running(&self) -> bool {
        self.status == TaskStatus::Running
    }

    /// Returns whether the task belongs to the deployment with this id.
    pub(crate) fn is_part_of(&self, deployment: &str) -> bool {
        self.deployment.as_deref() == Some(deployment)
    }
}
