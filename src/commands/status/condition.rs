//! Decides the state of a service from what was read of it. Never calls AWS.

use super::look::ServiceState;
use crate::aws::types::{RolloutState, ServiceDeployment, ServiceStatus};
use crate::report::Paint;

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ServiceCondition {
    /// Its last deployment failed or is being rolled back.
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
            ServiceCondition::Failing => Some(Paint::Bad),
            ServiceCondition::Short | ServiceCondition::Deploying | ServiceCondition::Deleting => {
                Some(Paint::Warn)
            }
            ServiceCondition::Steady => None,
        }
    }
}

/// Returns the state of a service.
pub(super) fn condition(seen: &ServiceState) -> ServiceCondition {
    let service = &seen.service;
    let failed = service
        .primary_deployment()
        .is_some_and(|primary| primary.rollout_state == Some(RolloutState::Failed));
    match () {
        () if service.status == ServiceStatus::Draining => ServiceCondition::Deleting,
        () if failed || seen.in_progress.iter().any(is_rollback) => ServiceCondition::Failing,
        () if service.deployment_in_progress().is_some() => ServiceCondition::Deploying,
        () if service.running_count < service.desired_count => ServiceCondition::Short,
        () => ServiceCondition::Steady,
    }
}

/// Returns whether a deployment is being rolled back, or was.
pub(super) fn is_rollback(deployment: &ServiceDeployment) -> bool {
    deployment.status.is_rollback()
}
