//! Services as the sandbox stores them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Deployment, ExpressService, ServiceDeployment, Task};
use crate::time::Millis;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) cluster: String,
    pub(crate) cluster_arn: String,
    /// ACTIVE, DRAINING or INACTIVE.
    pub(crate) status: String,
    pub(crate) desired_count: usize,
    pub(crate) task_definition: String,
    /// The other members of the `CreateService` and `UpdateService` inputs.
    pub(crate) config: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
    pub(crate) created: Millis,
    pub(crate) created_by: String,
    pub(crate) client_token: Option<String>,
    /// The newest first.
    pub(crate) deployments: Vec<Deployment>,
    /// Service deployments, the newest last.
    pub(crate) service_deployments: Vec<ServiceDeployment>,
    pub(crate) revisions: Vec<ServiceRevision>,
    /// The newest last.
    pub(crate) events: Vec<ServiceEvent>,
    /// Whether the service has reached a steady state since tasks were last started or stopped.
    pub(crate) is_steady: bool,
    /// When it became INACTIVE.
    pub(crate) inactive_since: Option<Millis>,
    /// What Express Mode keeps of it; none for any other service.
    #[serde(default)]
    pub(crate) express: Option<ExpressService>,
}

impl Service {
    /// Returns the target groups of the service's load balancers.
    pub(crate) fn target_groups(&self) -> Vec<String> {
        let balancers = self.config.get("loadBalancers").and_then(Value::as_array);
        let groups = balancers.into_iter().flatten().filter_map(|b| b["targetGroupArn"].as_str());
        groups.map(str::to_owned).collect()
    }

    /// Returns the alternate target group of the first load balancer.
    pub(crate) fn alternate_target_group(&self) -> Option<&str> {
        let balancer = self.config.get("loadBalancers")?.get(0)?;
        balancer["advancedConfiguration"]["alternateTargetGroupArn"].as_str()
    }

    /// Returns the target groups that a task is registered with.
    pub(crate) fn target_groups_of(&self, task: &Task) -> Vec<String> {
        let first = task.fixed_fields.get("targetGroup").and_then(Value::as_str).map(str::to_owned);
        first.into_iter().flat_map(|first| self.with_others(first)).collect()
    }

    /// Returns the target groups of a task whose first one is given.
    fn with_others(&self, first: String) -> impl Iterator<Item = String> {
        std::iter::once(first).chain(self.target_groups().into_iter().skip(1))
    }

    /// Returns whether a task belongs to the service.
    pub(crate) fn has_task(&self, task: &Task) -> bool {
        task.service.as_deref() == Some(self.name.as_str()) && task.cluster == self.cluster
    }

    /// Returns a percentage of the deployment configuration.
    pub(crate) fn deployment_percent(&self, name: &str, default: u64) -> u64 {
        self.config.get("deploymentConfiguration").and_then(|c| c[name].as_u64()).unwrap_or(default)
    }

    /// Returns the service deployment with this ARN.
    pub(crate) fn service_deployment_mut(&mut self, arn: &str) -> Option<&mut ServiceDeployment> {
        self.service_deployments.iter_mut().find(|d| d.arn == arn)
    }
}

/// A service revision, as `DescribeServiceRevisions` gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServiceRevision {
    pub(crate) arn: String,
    pub(crate) task_definition: String,
    pub(crate) created: Millis,
    pub(crate) config: Map<String, Value>,
    pub(crate) images: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServiceEvent {
    pub(crate) id: String,
    pub(crate) at: Millis,
    pub(crate) message: String,
}
