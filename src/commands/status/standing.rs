//! Decides the state of a service from what was read of it. Never calls AWS.

use super::look::Seen;
use crate::aws::types::{RolloutState, ServiceDeployment, ServiceStatus};
use crate::report::Paint;

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Its last deployment failed or is being rolled back.
    Failing,
    /// It runs fewer tasks than desired, and no deployment is in progress.
    Short,
    Deploying,
    Deleting,
    Steady,
}

impl Standing {
    /// Returns the text of the state.
    pub(super) fn word(self) -> &'static str {
        match self {
            Standing::Failing => "failing",
            Standing::Short => "short of tasks",
            Standing::Deploying => "deploying",
            Standing::Deleting => "being deleted",
            Standing::Steady => "steady",
        }
    }

    /// Returns the colour of the state, or `None` if nothing is wrong.
    pub(super) fn paint(self) -> Option<Paint> {
        match self {
            Standing::Failing => Some(Paint::Bad),
            Standing::Short | Standing::Deploying | Standing::Deleting => Some(Paint::Warn),
            Standing::Steady => None,
        }
    }
}

/// Returns the state of a service.
pub(super) fn standing(seen: &Seen) -> Standing {
    let service = &seen.service;
    let failed = service.primary().is_some_and(|primary| primary.rollout_state == Some(RolloutState::Failed));
    match () {
        () if service.status == ServiceStatus::Draining => Standing::Deleting,
        () if failed || seen.open.iter().any(rolls_back) => Standing::Failing,
        () if service.under_way().is_some() => Standing::Deploying,
        () if service.running_count < service.desired_count => Standing::Short,
        () => Standing::Steady,
    }
}

/// Returns whether a deployment is being rolled back, or was.
pub(super) fn rolls_back(deployment: &ServiceDeployment) -> bool {
    deployment.status.is_rollback()
}
