//! Events that show services, their tasks, images, deployments and logs, and those of scaling.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::diagnosis::{HealthTarget, RetryHelps};
use crate::outcome::Outcome;

/// Reported by `ecsail status` for each service.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Status {
    /// The service's name in ECS.
    pub service: String,
    pub cluster: String,
    #[serde(flatten)]
    pub state: StatusState,
}

/// The state of a service, or that there is none.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum StatusState {
    /// The service was found.
    Found(Box<ServiceState>),
    /// There is no such service.
    Missing {
        /// `INACTIVE` for a service that was deleted.
        status: Missing,
    },
}

/// The status of a service that does not exist, or was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Missing {
    Missing,
    Inactive,
}

/// The service was found; what is not known is absent.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct ServiceState {
    /// The service's key.
    pub key: String,
    /// The status, as the API has it.
    pub status: String,
    pub standing: ServiceStanding,
    pub revision: String,
    #[schemars(range(min = 0))]
    pub desired: i64,
    #[schemars(range(min = 0))]
    pub running: i64,
    #[schemars(range(min = 0))]
    pub pending: i64,
    /// Whether a deployment is in progress.
    pub in_progress: bool,
    pub deployments: Vec<Deployment>,
    /// The last service events, those of failures first.
    pub events: Vec<ServiceEvent>,
    /// The URL of an Express service; absent elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The images of the revisions that run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<RunningImage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed: Option<LastDeploy>,
    /// The service deployments in progress.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rollouts: Vec<Rollout>,
    /// The range in which the service is scaled automatically.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<ScalableTarget>,
    /// The health of the load balancer targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<HealthTarget>>,
    /// The paths at which the manifest differs from what runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Vec<String>>,
    /// Why the service is failing or short of tasks, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The last deployment, where it ended without success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndedDeployment>,
}

/// A deployment that ended without success.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EndedDeployment {
    pub revision: Option<String>,
    /// The tag that was deployed.
    pub tag: Option<String>,
    /// `rolled_back` or `failed`.
    pub outcome: Outcome,
    /// The reason that ECS gives.
    pub reason: Option<String>,
    /// In seconds since 1970.
    pub at: Option<f64>,
}

/// The state of a service in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceStanding {
    /// Its last deployment failed or is being rolled back, or the tasks of one in progress fail.
    Failing,
    /// It runs fewer tasks than desired, and no deployment is in progress.
    Short,
    Deploying,
    Deleting,
    Steady,
}

/// An entry of the service's `deployments`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Deployment {
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    pub revision: String,
    #[schemars(range(min = 0))]
    pub desired: i64,
    #[schemars(range(min = 0))]
    pub running: i64,
    #[schemars(range(min = 0))]
    pub pending: i64,
    /// The number of tasks that failed.
    #[schemars(range(min = 0))]
    pub failed: i64,
    /// The `rolloutState`, as the API has it.
    pub rollout_state: Option<String>,
    /// In seconds since 1970.
    pub created_at: f64,
}

/// A service event.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServiceEvent {
    /// In seconds since 1970.
    pub at: f64,
    pub message: String,
    pub class: EventClass,
}

/// What a service event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventClass {
    Ok,
    Info,
    Warn,
    Fail,
    Unknown,
}

/// An image that a service runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunningImage {
    pub container: String,
    pub image: String,
    pub tag: Option<String>,
    pub digest: Option<String>,
    pub revision: String,
}

/// The last deploy, and what the tags of the task definition record of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct LastDeploy {
    /// In seconds since 1970.
    pub at: f64,
    /// The performer, where the revision was registered for this deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The performer, where the revision was registered for an earlier deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_sha: Option<String>,
}

/// A service deployment in progress.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rollout {
    /// The ARN of the service deployment.
    pub service_deployment: String,
    /// The status, as the API has it.
    pub status: String,
    pub revision: Option<String>,
    /// The lifecycle stage, as the API has it.
    pub stage: Option<String>,
    /// The id of the lifecycle hook that waits for an answer.
    pub hook: Option<String>,
    pub reason: Option<String>,
    /// The revision that ECS rolls back to.
    pub rolling_back_to: Option<String>,
}

/// Reported by `ecsail history` for each deployment, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct History {
    /// The service's name in ECS.
    pub service: String,
    pub cluster: String,
    /// The id of the deployment.
    pub deployment: Option<String>,
    /// The ARN of the service deployment.
    pub service_deployment: Option<String>,
    /// The status, as the API has it.
    pub status: String,
    /// `succeeded`, `rolled_back`, `failed`, `superseded` or `in_progress`; null for a status that ecsail does not know.
    pub outcome: Option<Outcome>,
    /// The reason that ECS gives.
    pub reason: Option<String>,
    pub revision: Option<String>,
    /// The revision that ECS rolled back to.
    pub rolled_back_to: Option<String>,
    /// The revision that replaced it.
    pub superseded_by: Option<String>,
    pub images: Vec<DeployedImage>,
    /// The tag that was deployed.
    pub tag: Option<String>,
    /// The commit that a deploy of ecsail recorded.
    pub git_sha: Option<String>,
    /// The id of the release.
    pub release: Option<String>,
    /// The performer; null too where the revision was registered for an earlier deployment.
    pub deployed_by: Option<String>,
    /// The performer of the deploy that registered the revision.
    pub registered_by: Option<String>,
    /// In seconds since 1970.
    pub created_at: Option<f64>,
    /// In seconds since 1970.
    pub started_at: Option<f64>,
    /// In seconds since 1970.
    pub finished_at: Option<f64>,
    /// How long it took, or has been in progress.
    #[schemars(range(min = 0))]
    pub seconds: Option<f64>,
}

/// An image that was deployed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DeployedImage {
    pub container: String,
    pub image: String,
    pub digest: Option<String>,
}

/// Reported by `ecsail promote` for each service, before anything is planned: what it runs in the stage that is read.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Promoted {
    /// The service's key.
    pub service: String,
    /// The stage that it was read from.
    pub from: String,
    pub revision: String,
    /// The tags that it was deployed with.
    pub tag: Option<String>,
    /// The images whose tag `--tag` sets.
    pub images: Vec<DeployedImage>,
    /// The commit that it was deployed from.
    pub git_sha: Option<String>,
    /// When its deployment succeeded, in seconds since 1970.
    pub since: Option<f64>,
    /// The revision whose deployment was rolled back since.
    pub rolled_back: Option<String>,
    /// Why it has not settled, with `--allow-unsettled`.
    pub unsettled: Option<String>,
}

/// The image of a container.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ContainerAndImage {
    pub container: String,
    pub image: String,
}

/// Reported by `ecsail tasks` for each task of a service.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Task {
    /// The service's name in ECS.
    pub service: String,
    pub cluster: String,
    /// The id of the task.
    pub task: String,
    /// The `lastStatus`, as the API has it.
    pub status: String,
    /// The `desiredStatus`, as the API has it.
    pub desired_status: String,
    pub health: Option<String>,
    pub revision: String,
    /// The id of the deployment.
    pub started_by: String,
    /// In seconds since 1970.
    pub created_at: Option<f64>,
    /// In seconds since 1970.
    pub started_at: Option<f64>,
    /// In seconds since 1970.
    pub stopped_at: Option<f64>,
    /// The availability zone.
    pub zone: Option<String>,
    /// The private IP address.
    pub address: Option<String>,
    pub containers: Vec<TaskContainer>,
    #[serde(flatten)]
    pub stop: Option<TaskStopped>,
}

/// A container of a task.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskContainer {
    pub name: String,
    pub status: String,
    pub health: Option<String>,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
}

/// Why a task stopped; there only for a task that is to stop.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskStopped {
    pub stop_code: Option<String>,
    pub stopped_reason: Option<String>,
    /// What it comes from, the most likely first.
    pub causes: Vec<TaskCause>,
}

/// Why a task stopped, and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskCause {
    pub cause: String,
    pub remedy: String,
    pub retry_helps: RetryHelps,
}

/// Reported by `ecsail images` for each image that could be deployed, or that runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Image {
    /// The service's name in ECS.
    pub service: String,
    pub cluster: String,
    #[serde(flatten)]
    pub image: ListedImage,
    /// The containers that run the image.
    pub runs: Vec<String>,
}

/// An image of a repository, or one whose repository cannot be listed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ListedImage {
    /// An image of a private ECR repository.
    InRepository {
        repository: Repository,
        tags: Vec<String>,
        digest: String,
        /// In seconds since 1970.
        pushed_at: Option<f64>,
        /// The number of findings of a scan, by severity; null where no scan was completed.
        findings: Option<BTreeMap<String, i64>>,
        /// Whether it runs, and is no longer in the repository; absent elsewhere.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        gone: bool,
    },
    /// An image that is in no private ECR repository.
    Elsewhere {
        /// Always null.
        repository: (),
        image: String,
        digest: Option<String>,
    },
}

/// A private ECR repository.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Repository {
    pub name: String,
    pub account: String,
    pub region: String,
}

/// Reported by `ecsail logs` for each line, as its container wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Log {
    /// The service's key.
    pub service: String,
    /// The id of the task.
    pub task: String,
    pub container: String,
    /// When the line was written, in seconds since 1970.
    pub at: f64,
    pub message: String,
}

/// Reported by `ecsail stop-task` for each task that was told to stop.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Stopping {
    /// The service's key.
    pub service: String,
    pub cluster: String,
    /// The id of the task.
    pub task: String,
    pub revision: String,
    pub reason: String,
}

/// Reported by `ecsail scale` at its end, and by `ecsail deploy` for a number of tasks that it changed without a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scaled {
    /// The service's key.
    pub service: String,
    pub cluster: String,
    /// `succeeded`, `unchanged`, `timed_out`, `interrupted`, `superseded` (something else set another number), `failed` (the
    /// service is gone, or its tasks cannot be started), or `in_progress` where it is not waited for or can no longer be watched.
    pub outcome: Outcome,
    #[schemars(range(min = 0))]
    pub desired: i64,
    #[schemars(range(min = 0))]
    pub desired_before: i64,
    /// The number of tasks when the service was last observed; null where it was not watched.
    #[schemars(range(min = 0))]
    pub running: Option<i64>,
    /// The scalable target; null where there is none, or it may not be read.
    pub autoscaling: Option<ScalableTarget>,
    /// Why it can no longer be watched, or why the tasks cannot be started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The range in which Application Auto Scaling keeps the number of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScalableTarget {
    #[schemars(range(min = 0))]
    pub min: i32,
    #[schemars(range(min = 0))]
    pub max: i32,
    pub scale_in_suspended: bool,
    pub scale_out_suspended: bool,
    pub scheduled_suspended: bool,
}
