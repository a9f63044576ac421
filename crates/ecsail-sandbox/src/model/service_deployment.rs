//! Service deployments: the deployment history of a service.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CircuitBreaker;
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ServiceDeploymentStatus {
    Pending,
    InProgress,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
    Successful,
}

impl ServiceDeploymentStatus {
    /// Returns the status in the API's spelling.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ServiceDeploymentStatus::Pending => "PENDING",
            ServiceDeploymentStatus::InProgress => "IN_PROGRESS",
            ServiceDeploymentStatus::StopRequested => "STOP_REQUESTED",
            ServiceDeploymentStatus::Stopped => "STOPPED",
            ServiceDeploymentStatus::RollbackRequested => "ROLLBACK_REQUESTED",
            ServiceDeploymentStatus::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            ServiceDeploymentStatus::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            ServiceDeploymentStatus::RollbackFailed => "ROLLBACK_FAILED",
            ServiceDeploymentStatus::Successful => "SUCCESSFUL",
        }
    }

    /// Returns whether the service deployment has ended.
    pub(crate) fn is_final(self) -> bool {
        use ServiceDeploymentStatus::{RollbackFailed, RollbackSuccessful, Stopped, Successful};
        matches!(self, Stopped | RollbackSuccessful | RollbackFailed | Successful)
    }
}

/// A service deployment, as `DescribeServiceDeployments` returns it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    pub(crate) status: ServiceDeploymentStatus,
    pub(crate) reason: Option<String>,
    pub(crate) created: Millis,
    pub(crate) started: Option<Millis>,
    pub(crate) finished: Option<Millis>,
    pub(crate) stopped: Option<Millis>,
    pub(crate) updated: Millis,
    pub(crate) target_revision: String,
    pub(crate) source_revisions: Vec<String>,
    pub(crate) rollback: Option<RollbackRecord>,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) breaker_triggered: bool,
    pub(crate) failure_count: usize,
    pub(crate) config: Value,
    pub(crate) hooks: Vec<LifecycleHook>,
    /// The index of its lifecycle stage, and when that stage began.
    pub(crate) stage: usize,
    pub(crate) stage_since: Option<Millis>,
    /// The alarms that were triggered.
    pub(crate) alarms: Vec<String>,
}

impl ServiceDeployment {
    /// Ends the service deployment with a final status.
    pub(crate) fn finish(&mut self, status: ServiceDeploymentStatus, now: Millis) {
        self.status = status;
        self.finished = Some(now);
        self.stopped = (status == ServiceDeploymentStatus::Stopped).then_some(now);
        self.updated = now;
    }
}

/// A lifecycle hook of one service deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LifecycleHook {
    pub(crate) id: String,
    pub(crate) target_type: String,
    pub(crate) target_arn: Option<String>,
    pub(crate) stage: String,
    pub(crate) status: HookStatus,
    /// When the deployment reached the hook's stage.
    pub(crate) reached_at: Option<Millis>,
    pub(crate) expires_at: Option<Millis>,
    pub(crate) timeout_minutes: i64,
    /// What follows a timeout: `CONTINUE` or `ROLLBACK`.
    pub(crate) timeout_action: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HookStatus {
    /// Its stage has not been reached.
    NotReached,
    /// It is running, or waits for `ContinueServiceDeployment`.
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RollbackRecord {
    pub(crate) reason: String,
    pub(crate) started: Millis,
    pub(crate) revision: String,
}
