//! What a service goes back to: the release, by what it was chosen, and what was passed over for it.

use crate::aws::types::ServiceDeploymentStatus;
use std::collections::BTreeSet;

use super::past::Past;
use super::releases::{Release, Releases};
use crate::aws::types::revision_of;

/// The most skipped deployments, and the most alternatives, that are reported.
const TOLD: usize = 5;

/// What a service is rolled back to.
#[derive(Clone, Debug)]
pub struct Choice {
    pub from: Release,
    pub to: Release,
    pub source: Source,
    pub left_out: Vec<LeftOut>,
    /// The other states that it could be rolled back to, the nearest first.
    pub others: Vec<Release>,
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
pub(super) fn names(releases: &Releases) -> Option<String> {
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
pub(super) fn choice(releases: &Releases, to: Release, source: Source, past: &Past) -> Choice {
    let differs = |known: &&Release| !known.is_same(&to, past) && !known.is_same(&releases.running, past);
    let rest =
        releases.succeeded.iter().filter(|known| !releases.below.iter().any(|b| b.is_same(known, past)));
    let mut others: Vec<Release> = Vec::new();
    for other in releases.below.iter().chain(rest).filter(differs) {
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
fn left_out(releases: &Releases, to: &Release, past: &Past) -> Vec<LeftOut> {
    let mut left = Vec::new();
    let since = past.deployments.iter().filter(|known| known.created_at.0 > to.at);
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
        let target = known.target().and_then(|arn| past.revisions.get(arn));
        let revision = target.map(|target| revision_of(&target.task_definition).to_owned());
        left.push(LeftOut { revision, at: known.created_at.0, why });
    }
    left.truncate(TOLD);
    left
}
