//! Owns what a verdict is made from: the deployment that is followed, and one look at AWS.

use crate::aws::types::{Deployment, Service, ServiceDeployment, Task};

/// Holds which deployment is followed, and what ran before it.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// What commands call the service.
    pub key: String,
    pub name: String,
    pub cluster: String,
    /// The id of the PRIMARY deployment in UpdateService's answer; none where the answer did not show ours.
    pub deployment: Option<String>,
    /// When it was created, on the API's clock, in seconds since 1970.
    pub created_at: f64,
    /// The ARN of the revision that it brings out.
    pub revision: String,
    /// The ARN of the revision that ran before.
    pub previous: String,
    /// The id of the deployment that ran before.
    pub deployment_before: Option<String>,
    pub timeout: std::time::Duration,
}

/// Holds one look at a followed deployment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// None: the service was not in the answer.
    pub service: Option<Service>,
    /// In how many looks in a row the service was not in the answer.
    pub missing: u32,
    /// None: not to be had, or not found yet.
    pub service_deployment: Option<ServiceDeployment>,
    /// In how many looks in a row our deployment was not in the service's list.
    pub absent: u32,
    /// In how many looks in a row our deployment was PRIMARY and FAILED.
    pub failed: u32,
    /// Tasks that stopped until then did not keep the rollout from going on; seconds since 1970.
    pub healed_at: f64,
    /// How our deployment looked when the list last had it.
    pub last_seen: Option<Deployment>,
    /// The tasks of this deployment that stopped.
    pub stopped: Vec<Task>,
}

impl Followed {
    /// Returns the followed deployment in a service's list: by its id, or the first of our revision since the update.
    pub fn find<'a>(&self, service: &'a Service) -> Option<&'a Deployment> {
        service.deployments.iter().find(|deployment| match &self.deployment {
            Some(id) => &deployment.id == id,
            None => {
                deployment.task_definition == self.revision
                    && self.deployment_before.as_ref() != Some(&deployment.id)
            }
        })
    }

    /// Returns whether a task was started by this deployment.
    ///
    /// ECS writes the deployment's id; where something else stands there, revision and time decide.
    pub fn started(&self, task: &Task) -> bool {
        match (&self.deployment, task.started_by.starts_with("ecs-svc/")) {
            (Some(id), true) => &task.started_by == id,
            _ => task.task_definition_arn == self.revision && task.created_at.0 >= self.created_at - 1.0,
        }
    }
}
