//! Lenient views of the tasks in the response of `DescribeTasks`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::types::{Epoch, HealthStatus, LaunchType, StopCode, TaskStatus, deserialize_masked_option};

/// A task, as `DescribeTasks` returns it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Task {
    pub task_arn: String,
    pub task_definition_arn: String,
    /// The id of the deployment that started it.
    pub started_by: String,
    pub last_status: TaskStatus,
    pub desired_status: TaskStatus,
    pub stop_code: Option<StopCode>,
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub stopped_reason: Option<String>,
    pub created_at: Epoch,
    pub started_at: Epoch,
    pub stopped_at: Epoch,
    /// When its containers ended: before it is STOPPED.
    pub execution_stopped_at: Epoch,
    pub containers: Vec<TaskContainer>,
    #[serde(skip_serializing)]
    pub health_status: Option<HealthStatus>,
    #[serde(skip_serializing)]
    pub availability_zone: Option<String>,
    /// `service:NAME` or `family:NAME`.
    pub group: String,
    /// Absent under some capacity providers.
    pub launch_type: LaunchType,
    pub enable_execute_command: bool,
    pub overrides: TaskOverrides,
}

/// The values that a task has instead of those in its definition.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskOverrides {
    pub task_role_arn: Option<String>,
    /// Everything, as ECS returns it. It has raw values, so it is never serialized.
    #[serde(flatten, skip_serializing)]
    pub others: Map<String, Value>,
}

impl TaskOverrides {
    /// Returns the overrides as a document.
    pub fn document(&self) -> Value {
        let role = self.task_role_arn.as_ref().map(|role| ("taskRoleArn".to_owned(), role.as_str().into()));
        Value::Object(self.others.clone().into_iter().chain(role).collect())
    }
}

impl Task {
    /// Returns the last part of the ARN, as the console shows it.
    pub fn id(&self) -> &str {
        self.task_arn.rsplit('/').next().unwrap_or_default()
    }

    /// Returns its private IPv4 address, if it has one.
    pub fn private_ip(&self) -> Option<&str> {
        let interfaces = self.containers.iter().flat_map(|container| &container.network_interfaces);
        interfaces
            .map(|interface| interface.private_ipv4_address.as_str())
            .find(|address| !address.is_empty())
    }
}

/// A container of a task.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskContainer {
    pub name: String,
    pub last_status: TaskStatus,
    /// Absent if the container never ran; not the same as 0.
    pub exit_code: Option<i64>,
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub reason: Option<String>,
    pub health_status: Option<HealthStatus>,
    /// The container's id in its runtime; the name of the log stream if there is no prefix.
    pub runtime_id: Option<String>,
    #[serde(skip_serializing)]
    pub network_interfaces: Vec<NetworkInterface>,
    #[serde(skip_serializing)]
    pub image: Option<String>,
    /// Absent until the image was pulled.
    #[serde(skip_serializing)]
    pub image_digest: Option<String>,
    pub managed_agents: Vec<ManagedAgent>,
}

/// A network interface of a container; with `awsvpc`, of its task.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkInterface {
    pub private_ipv4_address: String,
}

/// An agent that ECS runs beside a container, such as that of ECS Exec.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedAgent {
    pub name: String,
    pub last_status: TaskStatus,
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub reason: Option<String>,
}
