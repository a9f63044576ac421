//! What a service goes back to: the release, by what it was chosen, and what was passed over for it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::past::Past;
use super::releases::{Release, Releases};
use crate::aws::types::revision_of;

/// How many deployments that were passed over, and how many other names, are told.
const TOLD: usize = 5;

/// Holds what a service goes back to.
#[derive(Clone, Debug)]
pub struct Choice {
    pub from: Release,
    pub to: Release,
    pub source: Source,
    pub left_out: Vec<LeftOut>,
    /// What else could be gone back to, the nearest first.
    pub others: Vec<Release>,
}

/// Says by what it was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Source {
    /// So many deployments that succeeded before the one that runs.
    History { steps: usize },
    /// It ran when ECS's history begins.
    BeforeHistory,
    /// The service still shows its deployment, which was completed.
    LastCompleted,
    /// It is the newest older revision with the tags of a deploy.
    Tags,
    /// It is the newest older revision that is ACTIVE.
    Revisions,
    /// It was named; whether a deployment of it succeeded.
    Named { succeeded: bool },
    /// ECS goes back to it when the deployment under way is stopped.
    UnderWay,
}

/// Holds a deployment that was passed over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    /// Nothing where it is not known any more.
    pub revision: Option<String>,
    pub at: f64,
    #[serde(flatten)]
    pub why: Why,
}

/// Says why a deployment was passed over.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It did not succeed.
    Failed { status: String, reason: String },
    /// It brought the same as what runs.
    Same,
    /// It succeeded, and was rolled away from.
    RolledAwayFrom,
}

/// Returns a hint with the names of what could be gone back to.
pub(super) fn names(releases: &Releases) -> Option<String> {
    let mut seen = BTreeSet::from([releases.running.revision_name().to_owned()]);
    let names = releases.succeeded.iter().map(|known| known.revision_name().to_owned());
    let names: Vec<String> = names
        .filter(|name| seen.insert(name.clone()))
        .take(TOLD)
        .map(|name| format!("`--to {name}`"))
        .collect();
    (!names.is_empty()).then(|| format!("deployments of these succeeded: {}", names.join(", ")))
}

/// Returns a choice, with what was passed over for it and what else there is.
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

/// Returns the deployments since the one to go back to that were passed over, newest first.
fn left_out(releases: &Releases, to: &Release, past: &Past) -> Vec<LeftOut> {
    let mut left = Vec::new();
    let since = past.deployments.iter().filter(|known| known.created_at.0 > to.at);
    for known in
        since.filter(|known| Some(&known.service_deployment_arn) != releases.running.deployment.as_ref())
    {
        let arn = Some(&known.service_deployment_arn);
        let release = releases.succeeded.iter().find(|release| release.deployment.as_ref() == arn);
        let why = match (release, known.status.as_str()) {
            (Some(release), _) if release.is_same(&releases.running, past) => Why::Same,
            (Some(_), _) => Why::RolledAwayFrom,
            (None, "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED") => Why::Failed {
                status: known.status.clone(),
                reason: known.status_reason.clone().unwrap_or_default(),
            },
            // Under way, or nothing is known of it.
            (None, _) => continue,
        };
        let target = known.target().and_then(|arn| past.revisions.get(arn));
        let revision = target.map(|target| revision_of(&target.task_definition).to_owned());
        left.push(LeftOut { revision, at: known.created_at.0, why });
    }
    left.truncate(TOLD);
    left
}
