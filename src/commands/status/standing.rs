//! Owns in which of five ways a service stands. Pure.

use super::look::Seen;
use crate::aws::types::ServiceDeployment;
use crate::report::Paint;

/// Says how a service is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Its last deployment failed, or is being taken back.
    Failing,
    /// It runs fewer tasks than it should, and nothing is under way.
    Short,
    Deploying,
    Deleting,
    Steady,
}

impl Standing {
    /// Returns it in words.
    pub(super) fn word(self) -> &'static str {
        match self {
            Standing::Failing => "failing",
            Standing::Short => "short of tasks",
            Standing::Deploying => "deploying",
            Standing::Deleting => "being deleted",
            Standing::Steady => "steady",
        }
    }

    /// Returns its colour; nothing where all is well.
    pub(super) fn paint(self) -> Option<Paint> {
        match self {
            Standing::Failing => Some(Paint::Bad),
            Standing::Short | Standing::Deploying | Standing::Deleting => Some(Paint::Warn),
            Standing::Steady => None,
        }
    }
}

/// Returns how a service stands.
pub(super) fn standing(seen: &Seen) -> Standing {
    let service = &seen.service;
    let failed = service.primary().is_some_and(|primary| primary.rollout_state.as_deref() == Some("FAILED"));
    match () {
        () if service.status == "DRAINING" => Standing::Deleting,
        () if failed || seen.open.iter().any(rolls_back) => Standing::Failing,
        () if service.under_way().is_some() => Standing::Deploying,
        () if service.running_count < service.desired_count => Standing::Short,
        () => Standing::Steady,
    }
}

/// Returns whether a deployment is being taken back.
pub(super) fn rolls_back(deployment: &ServiceDeployment) -> bool {
    deployment.status.starts_with("ROLLBACK")
}
