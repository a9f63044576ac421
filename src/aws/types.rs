//! Views of the responses of ECS and ECR: the members that decisions depend on.
//!
//! The views are parsed leniently from the raw JSON: an unknown status is kept as text, and a missing member has its
//! default. Times are seconds since 1970.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::ApiError;
pub use super::observed::{
    AutoscalingState, CacheRules, Caller, ClusterDetails, ImageState, MissingImage, ObservedSchedule,
    ObservedSchedules, ObservedService, ObservedState, TargetGroupState, Via,
};
pub use super::states::{
    ControllerType, DeploymentStatus, HealthStatus, LaunchType, LifecycleHookStatus, LifecycleStage,
    RolloutState, ServiceDeploymentStatus, ServiceStatus, StopCode, TaskStatus,
};
pub use super::tasks::{ManagedAgent, NetworkInterface, Task, TaskContainer, TaskOverrides};
use crate::secrets::masked_reason;

/// A time in seconds since 1970, as the API's JSON has it; 0 where it is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
pub struct Epoch(pub f64);

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Epoch, D::Error> {
        use serde::de::Error;
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Epoch::default()),
            Value::Number(number) => Ok(Epoch(number.as_f64().unwrap_or_default())),
            Value::String(text) => {
                let time: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
                Ok(Epoch(time.as_second() as f64))
            }
            _ => Err(D::Error::custom("a time is a number or a text")),
        }
    }
}

/// Deserializes a text of AWS or of a program with its secrets masked: reasons quote commands, and secrets in them.
fn deserialize_masked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|text| masked_reason(&text))
}

/// Deserializes an optional text in the same way; an empty one is none.
pub(super) fn deserialize_masked_option<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.trim().is_empty()).map(|text| masked_reason(&text)))
}

/// Parses a view of a JSON value; members that are `null` count as absent.
///
/// # Errors
/// A member has a type that the view does not accept.
pub fn parse_view<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(without_nulls(value))
}

/// Returns a view of what an operation answered.
///
/// # Errors
/// The answer has a member of a type that the view cannot take.
pub fn answer<T: DeserializeOwned>(operation: &str, value: &Value) -> Result<T, ApiError> {
    parse_view(value).map_err(|error| ApiError::not_understood(operation, &error))
}

/// Returns a value without the members that are `null`.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// The name of a service and of the cluster that it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceRef {
    pub cluster: String,
    pub name: String,
}

impl ServiceRef {
    /// Returns the reference to a service of a cluster.
    pub fn new(cluster: impl Into<String>, name: impl Into<String>) -> ServiceRef {
        ServiceRef { cluster: cluster.into(), name: name.into() }
    }
}

/// A service, as `DescribeServices` returns it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    pub service_arn: String,
    pub service_name: String,
    pub cluster_arn: String,
    pub status: ServiceStatus,
    pub desired_count: i64,
    pub running_count: i64,
    pub pending_count: i64,
    pub task_definition: String,
    pub deployments: Vec<Deployment>,
    pub events: Vec<ServiceEvent>,
    pub deployment_controller: DeploymentController,
    pub deployment_configuration: DeploymentConfiguration,
    pub health_check_grace_period_seconds: i64,
    pub current_service_revisions: Vec<RevisionSummary>,
    pub load_balancers: Vec<LoadBalancer>,
    pub task_sets: Vec<TaskSet>,
    /// `LATEST`, or the version that the service requires; absent if it does not run on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// REPLICA or DAEMON; the set is open.
    pub scheduling_strategy: String,
    /// Whether tasks that start from now on can be reached with ECS Exec.
    pub enable_execute_command: bool,
    /// ECS for a service of Express Mode, else CUSTOMER or absent; the set is open.
    pub resource_management_type: Option<String>,
}

impl Service {
    /// Returns the id of the PRIMARY deployment; empty where there is none.
    pub fn primary_id(&self) -> &str {
        let primary = self.deployments.iter().find(|found| found.status == DeploymentStatus::Primary);
        primary.map(|deployment| deployment.id.as_str()).unwrap_or_default()
    }

    /// Returns whether ECS manages the load balancer and the scaling of the service: it is one of Express Mode.
    pub fn is_express(&self) -> bool {
        self.resource_management_type.as_deref() == Some("ECS")
    }
}

/// A load balancer that a service registers its tasks with.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancer {
    pub target_group_arn: Option<String>,
    pub container_name: Option<String>,
    pub container_port: Option<i64>,
    pub advanced_configuration: AdvancedConfiguration,
}

/// The second target group of a blue/green deployment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdvancedConfiguration {
    pub alternate_target_group_arn: Option<String>,
}

/// The deployment controller of a service.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct DeploymentController {
    #[serde(rename = "type")]
    pub kind: ControllerType,
}

impl DeploymentController {
    /// Returns whether ECS itself performs the deployments: it does where no controller is named.
    pub fn is_ecs(&self) -> bool {
        self.kind == ControllerType::Ecs || self.kind.is_absent()
    }
}

/// The members of a deployment configuration that a verdict depends on.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentConfiguration {
    pub deployment_circuit_breaker: CircuitBreaker,
    pub alarms: DeploymentAlarms,
    /// ROLLING if absent; `BLUE_GREEN`, LINEAR, CANARY; the set is open.
    pub strategy: Option<String>,
    pub bake_time_in_minutes: Option<i64>,
    pub lifecycle_hooks: Vec<Value>,
}

/// The settings of the circuit breaker.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CircuitBreaker {
    pub enable: bool,
    pub rollback: bool,
    pub threshold_configuration: Option<CircuitBreakerThreshold>,
}

/// The threshold of the circuit breaker, if ECS does not choose it: COUNT, `BOUNDED_PERCENT` or `UNBOUNDED_PERCENT`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct CircuitBreakerThreshold {
    #[serde(rename = "type")]
    pub kind: String,
    pub value: i64,
}

/// The settings of the deployment alarms.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct DeploymentAlarms {
    pub enable: bool,
    pub rollback: bool,
}

/// A deployment of a service.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    pub id: String,
    pub status: DeploymentStatus,
    pub task_definition: String,
    pub desired_count: i64,
    pub running_count: i64,
    pub pending_count: i64,
    pub failed_tasks: i64,
    /// Absent with deployment controllers other than ECS's own.
    pub rollout_state: Option<RolloutState>,
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub rollout_state_reason: Option<String>,
    pub created_at: Epoch,
    pub updated_at: Epoch,
}

/// A service event; ECS returns the latest 100, newest first.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEvent {
    pub id: String,
    pub created_at: Epoch,
    #[serde(deserialize_with = "deserialize_masked")]
    pub message: String,
}

/// A service revision that a service runs, or that a service deployment deploys.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RevisionSummary {
    pub arn: String,
    /// In percent; absent if no load balancer shifts traffic.
    pub requested_test_traffic_weight: Option<f64>,
    pub requested_production_traffic_weight: Option<f64>,
}

/// A task set: the equivalent of a deployment with the `CODE_DEPLOY` and EXTERNAL controllers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskSet {
    pub id: String,
    pub status: DeploymentStatus,
    pub task_definition: String,
    pub computed_desired_count: i64,
    pub running_count: i64,
    pub pending_count: i64,
    pub stability_status: Option<String>,
}

/// The health of a target in a target group, from the load balancer.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
pub struct TargetHealth {
    /// The name of the target group: the second to last part of its ARN.
    pub group: String,
    /// The IP address or instance id.
    pub target: String,
    pub port: i64,
    /// initial, healthy, unhealthy, unused, draining or unavailable; the set is open.
    pub state: String,
    /// Such as `Target.ResponseCodeMismatch`.
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub reason: Option<String>,
    /// A description, such as `Health checks failed with these codes: [503]`.
    pub description: Option<String>,
}

/// A service revision: exactly what was deployed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceRevision {
    pub service_revision_arn: String,
    pub service_arn: String,
    pub task_definition: String,
    pub container_images: Vec<ContainerImage>,
    pub created_at: Epoch,
    /// All other members, such as the network and the load balancers, as they were deployed.
    #[serde(flatten)]
    pub attributes: Map<String, Value>,
}

/// An image as ECS resolved it when the revision was deployed.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerImage {
    pub container_name: String,
    pub image: String,
    pub image_digest: Option<String>,
}

/// A service deployment, as `ListServiceDeployments` and `DescribeServiceDeployments` return it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDeployment {
    pub service_deployment_arn: String,
    pub service_arn: String,
    pub status: ServiceDeploymentStatus,
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub status_reason: Option<String>,
    pub lifecycle_stage: Option<LifecycleStage>,
    pub created_at: Epoch,
    pub started_at: Epoch,
    pub finished_at: Epoch,
    /// In a list; a description has `target_service_revision` instead.
    pub target_service_revision_arn: Option<String>,
    pub target_service_revision: Option<RevisionSummary>,
    /// What ran when it began; only in a description.
    pub source_service_revisions: Vec<RevisionSummary>,
    pub deployment_circuit_breaker: Option<ServiceDeploymentCircuitBreaker>,
    pub rollback: Option<ServiceDeploymentRollback>,
    pub lifecycle_hook_details: Vec<LifecycleHook>,
    pub alarms: ServiceDeploymentAlarms,
    pub updated_at: Epoch,
}

/// The state of the alarms of a service deployment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDeploymentAlarms {
    /// TRIGGERED, MONITORING, `MONITORING_COMPLETE` or DISABLED; the set is open.
    pub status: Option<String>,
    pub triggered_alarm_names: Vec<String>,
}

/// A lifecycle hook of a service deployment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LifecycleHook {
    pub hook_id: String,
    /// `AWAITING_ACTION` until it is continued or rolled back.
    pub status: LifecycleHookStatus,
    /// `AWS_LAMBDA` or PAUSE.
    pub target_type: Option<String>,
    /// When a waiting hook times out, and the action that ECS then takes.
    pub expires_at: Epoch,
    pub timeout_action: Option<String>,
}

impl ServiceDeployment {
    /// Returns the id of the hook that waits for an action of a person, if there is one.
    pub fn waiting_hook_id(&self) -> Option<&str> {
        let waiting = self
            .lifecycle_hook_details
            .iter()
            .find(|hook| hook.status == LifecycleHookStatus::AwaitingAction)?;
        Some(&waiting.hook_id)
    }

    /// Returns the hook that is running or waiting, if there is one.
    pub fn active_hook(&self) -> Option<&LifecycleHook> {
        let open = |hook: &&LifecycleHook| {
            matches!(hook.status, LifecycleHookStatus::AwaitingAction | LifecycleHookStatus::InProgress)
        };
        self.lifecycle_hook_details.iter().find(open)
    }

    /// Returns the ARN of the service revision that it deploys.
    pub fn target_revision_arn(&self) -> Option<&str> {
        let described = self.target_service_revision.as_ref().map(|revision| revision.arn.as_str());
        self.target_service_revision_arn.as_deref().or(described)
    }
}

/// The failures that the circuit breaker has counted.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDeploymentCircuitBreaker {
    pub status: String,
    pub failure_count: i64,
    pub threshold: i64,
}

/// Why ECS rolls back, and to which service revision.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDeploymentRollback {
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub reason: Option<String>,
    pub service_revision_arn: Option<String>,
    pub started_at: Epoch,
}

/// A registered task definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskDefinition {
    pub arn: String,
    /// The raw document, with read-only members, and with `tags` as one of its members.
    pub document: Value,
}

impl TaskDefinition {
    /// Returns `family:revision`, the short name.
    pub fn revision_name(&self) -> &str {
        revision_name(&self.arn)
    }

    /// Returns the value of one of its tags.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let tags = self.document["tags"].as_array()?;
        tags.iter().find(|tag| tag["key"] == key)?["value"].as_str()
    }
}

/// An image in an ECR repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PushedImage {
    pub digest: String,
    pub tags: Vec<String>,
    pub pushed_at: Epoch,
    /// The number of findings of the last scan, by severity; `None` if no scan was completed.
    pub findings: Option<BTreeMap<String, i64>>,
}

/// Returns `family:revision` of a task definition's ARN.
pub fn revision_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Returns the revision number of a task definition ARN.
pub fn number_of(arn: &str) -> Option<u64> {
    revision_name(arn).rsplit_once(':')?.1.parse().ok()
}

/// Returns the family of a task definition ARN.
pub fn family_of(arn: &str) -> &str {
    revision_name(arn).rsplit_once(':').map_or(revision_name(arn), |(family, _)| family)
}
