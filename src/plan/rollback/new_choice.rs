//! What a service goes back to: the release, by what it was chosen, and what was passed over for it.

use crate::aws::types::ServiceDeploymentStatus;
use std::collections::BTreeSet;

use super::past::DeploymentHistory;
use super::states::{DeployedState, DeployedStates};
use crate::aws::types::revision_name;

/// The most skipped deployments, and the most alternatives, that are reported.
const TOLD: usize = 5;

/// What a service is rolled back to.
#[derive(Clone, Debug)]
pub struct Choice {
    pub from: DeployedState,
    pub to: DeployedState,
    pub source: Source,
    pub left_out: Vec<LeftOut>,
    /// The other states that it could be rolled back to, the nearest first.
    pub others: Vec<DeployedState>,
}

/// How the choice was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is this number of succeeded deployments before the running one.
    History { steps: usize },
    /// It ran before the first deployment in ECS's history.
    BeforeHistory,
    /// The service still lists its deployment, which was completed.
    LastCompleted,
    /// It is the newest older revision with tags of a deploy.
    Tags,
    /// It is the newest older ACTIVE revision.
    Revisions,
    /// It was named by the user; `succeeded` is whether a deployment of it succeeded.
    Named { succeeded: bool },
    /// ECS returns to it when the deployment in progress is stopped.
    UnderWay,
    /// The deployment in progress brings it back already.
    Attached,
}

/// A deployment that was skipped.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// `None` if it is no longer known.
    pub revision: Option<String>,
    pub at: f64,
    pub why: Why,
}

/// Why a deployment was skipped.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// It did not succeed.
    Failed { status: String, reason: String },
    /// It deployed the same as what runs now.
    Same,
    /// It succeeded, and was rolled back later.
    RolledAwayFrom,
}

/// Returns a hint with the revisions that could be rolled back to.
pub(super) fn names(releases: &DeployedStates) -> Option<String> {
    let mut seen = BTreeSet::from([releases.running.revision_name().to_owned()]);
    let names = releases.succeeded.iter().map(|known| known.revision_name().to_owned());
    let names: Vec<String> = names
        .filter(|name| seen.insert(name.clone()))
        .take(TOLD)
        .map(|name| format!("`--to {name}`"))
        .collect();
    (!names.is_empty()).then(|| format!("choose a revision that succeeded: {}", names.join(", ")))
}

/// Creates a choice, with the deployments that it skips and the alternatives.
pub(super) fn choice(
    releases: &DeployedStates,
    to: DeployedState,
    source: Source,
    past: &DeploymentHistory,
) -> Choice {
    let differs =
        |known: &&DeployedState| !known.is_same(&to, past) && !known.is_same(&releases.running, past);
    let rest =
        releases.succeeded.iter().filter(|known| !releases.earlier.iter().any(|b| b.is_same(known, past)));
    let mut others: Vec<DeployedState> = Vec::new();
    for other in releases.earlier.iter().chain(rest).filter(differs) {
        if !others.iter().any(|known| known.definition == other.definition) {
            others.push(other.clone());
        }
    }
    let left_out = match source {
        Source::History { steps: 1 } => left_out(releases, &to, past),
        _ => Vec::new(),
    };
    Choice { from: releases.running.clone(), to, source, left_out, others }
}

/// Returns the deployments newer than the chosen one that were skipped, newest first.
fn left_out(releases: &DeployedStates, to: &DeployedState, past: &DeploymentHistory) -> Vec<LeftOut> {
    let mut left = Vec::new();
    let since = past.deployments.iter().filter(|known| known.created_at.0 > to.created_at);
    for known in
        since.filter(|known| Some(&known.service_deployment_arn) != releases.running.deployment.as_ref())
    {
        let arn = Some(&known.service_deployment_arn);
        let release = releases.succeeded.iter().find(|release| release.deployment.as_ref() == arn);
        let why = match (release, &known.status) {
            (Some(release), _) if release.is_same(&releases.running, past) => Why::Same,
            (Some(_), _) => Why::RolledAwayFrom,
            (
                None,
                ServiceDeploymentStatus::Stopped
                | ServiceDeploymentStatus::RollbackSuccessful
                | ServiceDeploymentStatus::RollbackFailed,
            ) => Why::Failed {
                status: known.status.to_string(),
                reason: known.status_reason.clone().unwrap_or_default(),
            },
            // It is in progress, or nothing is known of it.
            (None, _) => continue,
        };
        let target = known.target_revision_arn().and_then(|arn| past.revisions.get(arn));
        let revision = target.map(|target| revision_name(&target.task_definition).to_owned());
        left.push(LeftOut { revision, at: known.created_at.0, why });
    }
    left.truncate(TOLD);
    left
}
