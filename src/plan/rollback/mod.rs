//! Chooses what a service is rolled back to, from what it ran before. Pure.
//!
//! ECS's deployment history decides. Without it, the deployments that the service still lists decide, then the tags
//! that a deploy leaves on its revisions, then the order of the revisions. The choice records which of them decided.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::aws::past::{Past, number_of};
use crate::aws::types::{ContainerImage, Service, TaskDefinition, revision_of};
use crate::error::Failure;
use crate::plan::WayBack;

pub mod attributes;
pub mod images;
pub mod releases;
pub mod service;
pub mod wanted;

pub use images::Pinned;
pub use releases::{Release, Releases, releases};
pub use wanted::Wanted;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    /// `None` if it is no longer known.
    pub revision: Option<String>,
    pub at: f64,
    #[serde(flatten)]
    pub why: Why,
}

/// Why a deployment was skipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It did not succeed.
    Failed { status: String, reason: String },
    /// It deployed the same as what runs now.
    Same,
    /// It succeeded, and was rolled back later.
    RolledAwayFrom,
}

/// Returns what a service is rolled back to, or `None` if it runs what was requested.
///
/// # Errors
/// There is nothing to roll back to, or not what was requested.
pub fn choose(service: &Service, past: &Past, wanted: &Wanted) -> Result<Option<Choice>, Failure> {
    let releases = releases(service, past);
    match wanted {
        Wanted::Back(steps) => back(*steps, service, past, &releases).map(Some),
        Wanted::Revision(name) => wanted::revision(name, past, &releases),
        Wanted::Number(number) => wanted::number(*number, past, &releases),
        Wanted::Image(version) => wanted::image(version, past, &releases),
    }
}

fn back(steps: usize, service: &Service, past: &Past, releases: &Releases) -> Result<Choice, Failure> {
    if let Some(release) = releases.below.get(steps - 1) {
        let source = match release.deployment {
            Some(_) => Source::History { steps },
            None => Source::BeforeHistory,
        };
        return Ok(choice(releases, release.clone(), source, past));
    }
    if !past.deployments.is_empty() && past.from_the_beginning {
        return Err(nothing_before(service, releases));
    }
    // The service itself may show what the history does not: what was completed before a failed deployment.
    let completed = WayBack::of(service).filter(|way| way.revision != releases.running.definition);
    if let Some(way) = completed.filter(|_| steps == 1) {
        return Ok(choice(releases, Release::of_definition(&way.revision), Source::LastCompleted, past));
    }
    let older = older(past, releases);
    let recorded: Vec<_> = older.iter().filter(|known| is_recorded(known)).collect();
    let found = recorded.get(steps - 1).map(|known| (**known, Source::Tags));
    let found = found.or_else(|| older.get(steps - 1).map(|known| (*known, Source::Revisions)));
    let (definition, source) = found.ok_or_else(|| nothing_before(service, releases))?;
    let mut choice = choice(releases, Release::of_definition(&definition.arn), source, past);
    let others = older.iter().filter(|known| known.arn != definition.arn);
    choice.others = others.map(|known| Release::of_definition(&known.arn)).collect();
    Ok(choice)
}

/// Returns the registered revisions that are older than the running one and differ from it.
fn older<'a>(past: &'a Past, releases: &Releases) -> Vec<&'a TaskDefinition> {
    use crate::document::model::Root;
    use crate::document::normal::normal;
    let running = past.definitions.get(&releases.running.definition);
    let running = running.map(|known| normal(&known.document, Root::TaskDefinition));
    let below = wanted::number_below(past, releases);
    let is_older = |known: &&TaskDefinition| number_of(&known.arn).is_some_and(|number| number < below);
    let differs = |known: &&TaskDefinition| Some(normal(&known.document, Root::TaskDefinition)) != running;
    past.registered.iter().filter(is_older).filter(differs).collect()
}

fn is_recorded(definition: &TaskDefinition) -> bool {
    let tags = definition.document["tags"].as_array().into_iter().flatten();
    let mut keys = tags.filter_map(|tag| tag["key"].as_str());
    keys.any(|key| key.starts_with(crate::document::normal::OWN_TAG_PREFIX))
}

fn nothing_before(service: &Service, releases: &Releases) -> Failure {
    let message = format!(
        "nothing to roll back to: no deployment of `{}` is known to have succeeded before `{}`",
        service.service_name,
        releases.running.revision_name()
    );
    Failure::error(message).hint(names(releases))
}

/// Returns a hint with the revisions that could be rolled back to.
fn names(releases: &Releases) -> Option<String> {
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
fn choice(releases: &Releases, to: Release, source: Source, past: &Past) -> Choice {
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
        let why = match (release, known.status.as_str()) {
            (Some(release), _) if release.is_same(&releases.running, past) => Why::Same,
            (Some(_), _) => Why::RolledAwayFrom,
            (None, "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED") => Why::Failed {
                status: known.status.clone(),
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

/// What a service is rolled back to and why, as reported before anything is changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    pub service: String,
    pub cluster: String,
    pub from: Told,
    /// `None` if only ECS knows it.
    pub to: Option<Told>,
    #[serde(flatten)]
    pub source: Source,
    pub left_out: Vec<LeftOut>,
    /// The images whose tags are replaced by digests.
    pub pinned: Vec<Pinned>,
}

/// Returns whether services that are rolled back together were deployed separately: with other tags, or at other times.
pub fn are_apart(targets: &[Target]) -> bool {
    /// The deployments of one release begin within this number of seconds.
    const TOGETHER: f64 = 3600.0;
    let running = || targets.iter().map(|target| &target.from);
    let tags: BTreeSet<&String> = running().filter_map(|from| from.tag.as_ref()).collect();
    let times = || running().filter_map(|from| from.at);
    let (first, last) = (times().fold(f64::MAX, f64::min), times().fold(0.0, f64::max));
    tags.len() > 1 || last - first > TOGETHER
}

/// A summary of what a service runs or ran.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    pub revision: String,
    /// When its deployment was created.
    pub at: Option<f64>,
    /// The value of `--tag` of the deploy.
    pub tag: Option<String>,
    pub images: Vec<ToldImage>,
}

/// A summary of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldImage {
    pub container: String,
    pub image: String,
    pub digest: Option<String>,
}

/// Summarizes what a service runs or ran.
pub fn told(release: &Release, past: &Past) -> Told {
    let definition = past.definitions.get(&release.definition);
    let image = |image: &ContainerImage| ToldImage {
        container: image.container_name.clone(),
        image: image.image.clone(),
        digest: image.image_digest.clone(),
    };
    let resolved = release.revision.iter().flat_map(|revision| &revision.container_images).map(image);
    let digests = release.digests(definition);
    let containers = definition.and_then(|known| known.document["containerDefinitions"].as_array());
    let written = containers.into_iter().flatten().map(|container| {
        let text = |member: &str| container[member].as_str().unwrap_or_default().to_owned();
        let digest = digests.get(&text("name")).cloned();
        ToldImage { container: text("name"), image: text("image"), digest }
    });
    Told {
        revision: release.revision_name().to_owned(),
        at: Some(release.at).filter(|at| *at > 0.0),
        tag: definition.and_then(|known| known.tag("ecsail:tag")).map(str::to_owned),
        images: if release.revision.is_some() { resolved.collect() } else { written.collect() },
    }
}

#[cfg(test)]
mod tests;
