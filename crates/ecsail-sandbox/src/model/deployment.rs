//! Deployments of a service, as `DescribeServices` lists them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::scenario::{IncidentKind, ScenarioEffects};
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RolloutState {
    InProgress,
    Completed,
    Failed,
}

/// One entry of `deployments[]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// `ecs-svc/` and 19 digits.
    pub(crate) id: String,
    pub(crate) is_primary: bool,
    pub(crate) task_definition: String,
    pub(crate) revision: String,
    pub(crate) rollout_state: RolloutState,
    pub(crate) rollout_state_reason: String,
    /// Whether it was COMPLETED once, so that its revision can be rolled back to.
    pub(crate) was_completed: bool,
    /// Whether `StopServiceDeployment` has stopped the launch of tasks.
    pub(crate) launches_stopped: bool,
    /// The number of consecutive failed tasks.
    pub(crate) failed_tasks: usize,
    pub(crate) launched_tasks: usize,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) next_launch_at: Millis,
    /// The effects of the scenario that was in effect at its start.
    pub(crate) effects: ScenarioEffects,
    /// Whether the scenario's incident has happened.
    pub(crate) incident_happened: bool,
    pub(crate) breaker: CircuitBreaker,
    /// Whether its tasks are registered with the alternate target group.
    pub(crate) in_alternate_group: bool,
    /// The fields of the service that its revision pins: launch type, network configuration and so on.
    pub(crate) config: Map<String, Value>,
    /// The ARN of its service deployment.
    pub(crate) service_deployment_arn: String,
}

impl Deployment {
    /// Returns the incident that is active now, while the deployment is in progress.
    pub(crate) fn current_incident(&self, now: Millis) -> Option<IncidentKind> {
        let under_way = self.rollout_state == RolloutState::InProgress && !self.launches_stopped;
        let incident = self.effects.incident.filter(|i| under_way && i.is_active(now - self.created))?;
        Some(incident.kind)
    }

    /// Returns whether the scenario lets the tasks crash now: the deployment has succeeded a moment ago.
    pub(crate) fn is_due_for_late_death(&self, now: Millis) -> bool {
        let is_planned = self.effects.incident.is_some_and(|i| i.kind == IncidentKind::LateDeath);
        is_planned && self.rollout_state == RolloutState::Completed && now > self.updated
    }

    /// Marks the deployment as FAILED.
    pub(crate) fn mark_failed(&mut self, now: Millis) {
        self.rollout_state = RolloutState::Failed;
        self.updated = now;
    }
}

/// The circuit breaker settings of a deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CircuitBreaker {
    pub(crate) enabled: bool,
    pub(crate) rollback: bool,
    pub(crate) threshold: usize,
    pub(crate) resets_on_healthy_task: bool,
}
