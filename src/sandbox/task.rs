//! A task and its containers: their fields and small questions about them; never moves them on.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::Service;
use super::script::Fate;
use super::state::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Phase {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl Phase {
    /// Returns the status as the API writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Phase::Provisioning => "PROVISIONING",
            Phase::Pending => "PENDING",
            Phase::Activating => "ACTIVATING",
            Phase::Running => "RUNNING",
            Phase::Deactivating => "DEACTIVATING",
            Phase::Stopping => "STOPPING",
            Phase::Deprovisioning => "DEPROVISIONING",
            Phase::Stopped => "STOPPED",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) cluster_arn: String,
    pub(super) cluster: String,
    pub(super) service: Option<String>,
    pub(super) deployment: Option<String>,
    pub(super) started_by: Option<String>,
    pub(super) group: String,
    pub(super) family: String,
    pub(super) definition: String,
    pub(super) phase: Phase,
    pub(super) since: Millis,
    pub(super) stop: Option<Stop>,
    pub(super) fate: Fate,
    /// It is behind a target group: it is registered on the way up and drained on the way down.
    pub(super) targeted: bool,
    /// It counts as up for its deployment.
    pub(super) healthy: bool,
    /// How long it takes to go at least, once it is told to.
    #[serde(default)]
    pub(super) lingers: Millis,
    /// It has failed, and its deployment has not counted it yet.
    pub(super) failed: bool,
    pub(super) times: Times,
    pub(super) containers: Vec<Container>,
    pub(super) overrides: Value,
    pub(super) tags: Vec<Value>,
    /// Fields that never change: cpu, launch type, attachments and so on.
    pub(super) fixed: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stop {
    pub(super) code: String,
    pub(super) reason: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Times {
    pub(super) created: Millis,
    pub(super) pull_started: Option<Millis>,
    pub(super) pull_stopped: Option<Millis>,
    pub(super) started: Option<Millis>,
    pub(super) stopping: Option<Millis>,
    pub(super) execution_stopped: Option<Millis>,
    pub(super) stopped: Option<Millis>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) image: String,
    pub(super) digest: Option<String>,
    pub(super) runtime_id: String,
    pub(super) essential: bool,
    pub(super) checked: bool,
    pub(super) health: String,
    pub(super) exit_code: Option<i32>,
    pub(super) reason: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) cpu: String,
    pub(super) memory: Option<String>,
    /// Its root file system cannot be written to.
    #[serde(default)]
    pub(super) read_only: bool,
}

impl Task {
    /// Returns whether it has neither stopped nor been told to.
    pub(super) fn is_live(&self) -> bool {
        self.stop.is_none()
    }

    /// Returns whether it counts as pending.
    pub(super) fn is_pending(&self) -> bool {
        self.phase < Phase::Running
    }

    /// Returns whether it counts as running.
    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Returns whether it belongs to the deployment with this id.
    pub(super) fn is_in(&self, deployment: &str) -> bool {
        self.deployment.as_deref() == Some(deployment)
    }

    /// Returns whether it belongs to this service.
    pub(super) fn is_of(&self, service: &Service) -> bool {
        self.service.as_deref() == Some(service.name.as_str()) && self.cluster == service.cluster
    }
}
