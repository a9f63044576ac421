//! A task and its containers: their fields and small questions about them; never moves them on.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::Service;
use crate::script::Fate;
use crate::state::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Phase {
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
    /// Returns the name on the wire.
    pub(crate) fn name(self) -> &'static str {
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
    pub(crate) definition: String,
    pub(crate) phase: Phase,
    pub(crate) since: Millis,
    pub(crate) stop: Option<Stop>,
    pub(crate) fate: Fate,
    /// It is behind a target group: it is registered on the way up and drained on the way down.
    pub(crate) targeted: bool,
    /// It counts as up for its deployment.
    pub(crate) healthy: bool,
    /// How long it takes to go at least, once it is told to.
    #[serde(default)]
    pub(crate) lingers: Millis,
    /// It has failed, and its deployment has not counted it yet.
    pub(crate) failed: bool,
    pub(crate) times: Times,
    pub(crate) containers: Vec<Container>,
    pub(crate) overrides: Value,
    pub(crate) tags: Vec<Value>,
    /// Fields that never change: cpu, launch type, attachments and so on.
    pub(crate) fixed: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stop {
    pub(crate) code: String,
    pub(crate) reason: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Times {
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
    pub(crate) essential: bool,
    pub(crate) checked: bool,
    pub(crate) health: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) cpu: String,
    pub(crate) memory: Option<String>,
    /// Its root file system cannot be written to.
    #[serde(default)]
    pub(crate) read_only: bool,
}

impl Task {
    /// Returns whether it has neither stopped nor been told to.
    pub(crate) fn is_live(&self) -> bool {
        self.stop.is_none()
    }

    /// Returns whether it counts as pending.
    pub(crate) fn is_pending(&self) -> bool {
        self.phase < Phase::Running
    }

    /// Returns whether it counts as running.
    pub(crate) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Returns whether it belongs to the deployment with this id.
    pub(crate) fn is_in(&self, deployment: &str) -> bool {
        self.deployment.as_deref() == Some(deployment)
    }

    /// Returns whether it belongs to this service.
    pub(crate) fn is_of(&self, service: &Service) -> bool {
        self.service.as_deref() == Some(service.name.as_str()) && self.cluster == service.cluster
    }
}
