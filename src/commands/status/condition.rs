//! Decides the state of a service from what was read of it. Never calls AWS.

use super::look::ServiceState;
use crate::aws::types::{Deployment, RolloutState, Service, ServiceDeployment, ServiceStatus};
use crate::history::past_deployment::deployment_id;
use crate::report::{CommandOutcome, Paint};

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ServiceCondition {
    /// Its last deployment failed or is being rolled back, or the tasks of one in progress fail.
    Failing,
    /// It runs fewer tasks than desired, and no deployment is in progress.
    Short,
    Deploying,
    Deleting,
    Steady,
}

impl ServiceCondition {
    /// Returns the text of the state.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            ServiceCondition::Failing => "failing",
            ServiceCondition::Short => "short of tasks",
            ServiceCondition::Deploying => "deploying",
            ServiceCondition::Deleting => "being deleted",
            ServiceCondition::Steady => "steady",
        }
    }

    /// Returns the colour of the state, or `None` if nothing is wrong.
    pub(super) fn paint(self) -> Option<Paint> {
        match self {
            ServiceCondition::Failing | ServiceCondition::Short => Some(Paint::Bad),
            ServiceCondition::Deploying | ServiceCondition::Deleting => Some(Paint::Warn),
            ServiceCondition::Steady => None,
        }
    }

    /// Returns the outcome of `status --exit-code`.
    pub(super) fn outcome(self) -> CommandOutcome {
        match self {
            ServiceCondition::Failing | ServiceCondition::Short => CommandOutcome::RolloutFailed,
            ServiceCondition::Deploying | ServiceCondition::Deleting => CommandOutcome::InProgress,
            ServiceCondition::Steady => CommandOutcome::Succeeded,
        }
    }

    /// Returns whether something is wrong that `ecsail why` explains.
    pub(super) fn is_bad(self) -> bool {
        matches!(self, ServiceCondition::Failing | ServiceCondition::Short)
    }
}

/// Returns the state of a service.
pub(super) fn condition(seen: &ServiceState) -> ServiceCondition {
    let service = &seen.service;
    match () {
        () if service.status == ServiceStatus::Draining => ServiceCondition::Deleting,
        () if failing_deployment(seen).is_some() || rolling_back(seen).is_some() => ServiceCondition::Failing,
        () if service.deployment_in_progress().is_some() => ServiceCondition::Deploying,
        () if service.running_count < service.desired_count => ServiceCondition::Short,
        () => ServiceCondition::Steady,
    }
}

/// Returns the deployment that failed, is being rolled back, or whose tasks fail.
pub(super) fn failing_deployment(seen: &ServiceState) -> Option<&Deployment> {
    let service = &seen.service;
    let target = rolling_back(seen).and_then(ServiceDeployment::target_revision_arn).map(deployment_id);
    let rolled_back = target.and_then(|id| service.deployments.iter().find(|deployment| deployment.id == id));
    rolled_back
        .or_else(|| service.primary_deployment().filter(|primary| is_failing(primary)))
        .or_else(|| replaced_failure(service))
}

/// Returns a deployment that failed and that the one in progress replaces: ECS rolls it back.
fn replaced_failure(service: &Service) -> Option<&Deployment> {
    service.deployment_in_progress()?;
    service.deployments.iter().find(|deployment| deployment.rollout_state == Some(RolloutState::Failed))
}

/// Returns whether a deployment failed, or its tasks do. ECS counts failed tasks only until one has started.
fn is_failing(deployment: &Deployment) -> bool {
    match deployment.rollout_state {
        Some(RolloutState::Failed) => true,
        Some(RolloutState::InProgress) => deployment.failed_tasks > 0,
        _ => false,
    }
}

/// Returns the service deployment that is being rolled back.
pub(super) fn rolling_back(seen: &ServiceState) -> Option<&ServiceDeployment> {
    seen.in_progress.iter().find(|open| is_rollback(open))
}

/// Returns whether a deployment is being rolled back, or was.
pub(super) fn is_rollback(deployment: &ServiceDeployment) -> bool {
    deployment.status.is_rollback()
}
