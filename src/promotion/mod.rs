//! What the services of one stage run and have proven, as the tags and digests that another stage deploys. Never calls AWS.

use std::collections::BTreeMap;

use crate::aws::types::{ContainerImage, Service, ServiceStatus, Task, revision_name};
use crate::error::Failure;
use crate::history::past_deployment::{PastDeployment, PastState};
use crate::image::ImageReference;
use crate::manifest::types::ManifestImage;
use crate::settings::ImageTags;

#[cfg(test)]
mod tests;

/// A service of the stage that is promoted from, as it was read.
#[derive(Clone, Debug, Default)]
pub struct SourceService {
    pub key: String,
    pub service: Service,
    /// Its past deployments, newest first.
    pub past: Vec<PastDeployment>,
    /// Its running tasks; read only where the service revision has no digests.
    pub tasks: Vec<Task>,
    /// The tags that its task definition was rendered with.
    pub tags: ImageTags,
    /// The commit that its task definition was rendered from.
    pub commit: Option<String>,
}

/// What a service runs that is promoted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromotedService {
    pub key: String,
    /// `family:number`.
    pub revision: String,
    /// The images of its containers whose tag `--tag` sets, with their digests as far as they are known.
    pub images: Vec<ContainerImage>,
    pub tag: Option<String>,
    pub commit: Option<String>,
    /// When its deployment succeeded, in seconds since 1970.
    pub since: Option<f64>,
    /// The revision whose deployment was rolled back since.
    pub rolled_back: Option<String>,
    /// Why it is not settled; only where that was allowed.
    pub unsettled: Option<String>,
}

/// What is promoted: the tags with their digests, and what each service runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Promotion {
    pub tags: ImageTags,
    pub services: Vec<PromotedService>,
    /// The images of the manifest that no service of the stage runs: their tag decides, without a digest.
    pub by_tag_only: Vec<String>,
}

/// Whether services are promoted that have not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    Refused,
    Allowed,
}

/// Returns the current deployment among the past ones of a service.
pub fn current_deployment<'a>(service: &Service, past: &'a [PastDeployment]) -> Option<&'a PastDeployment> {
    let current = &service.current_service_revisions;
    let is_current = |known: &&PastDeployment| {
        current.iter().any(|revision| revision.arn == known.service_revision_arn)
            && known.state() != PastState::RolledBack
    };
    past.iter().find(is_current)
}

/// Returns what the services of a stage run, as what another stage deploys.
///
/// # Errors
/// One for each service that does not run or has not settled, and for each image of which services run different versions.
pub fn promotion(
    stage: &str,
    images: &BTreeMap<String, ManifestImage>,
    sources: &[SourceService],
    unsettled: Unsettled,
) -> Result<Promotion, Failure> {
    let mut failures = Vec::new();
    let mut services = Vec::new();
    for source in sources {
        match (unsettled_reason(source), unsettled) {
            (Some(reason), Unsettled::Refused) => {
                failures.push(Failure::refused(format!("`{}` in stage `{stage}` {reason}", source.key)));
            }
            (reason, _) => services.push(promoted_service(source, images, reason)),
        }
    }
    if let Some(last) = failures.pop() {
        let hint = "wait until it has settled, or promote it all the same with `--allow-unsettled`";
        failures.push(last.with_hint(hint.to_owned()));
        return Err(Failure::combined(failures));
    }
    let mut promotion = Promotion { tags: common_default(sources), services, by_tag_only: Vec::new() };
    for (name, image) in images.iter().filter(|(_, image)| !image.reference.has_version()) {
        match common_version(stage, name, &image.reference, &promotion.services, unsettled) {
            Ok(Some(version)) => {
                promotion.tags.by_image.insert(name.clone(), version);
            }
            Ok(None) => promotion.by_tag_only.push(name.clone()),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(promotion) } else { Err(Failure::combined(failures)) }
}

/// Returns why what a service runs has not proven itself, in words that follow its name; `None` where it has.
fn unsettled_reason(source: &SourceService) -> Option<String> {
    let service = &source.service;
    if service.status == ServiceStatus::Draining {
        return Some("is being deleted".to_owned());
    }
    if let Some(open) = service.deployment_in_progress() {
        return Some(format!("is still deploying {}", revision_name(&open.task_definition)));
    }
    let newest = source.past.first().map(|newest| (newest.state(), revision_name(&newest.revision)));
    if let Some((PastState::InProgress | PastState::RollingBack | PastState::Stopping, revision)) = newest {
        return Some(format!("is still deploying {revision}"));
    }
    if service.desired_count == 0 {
        return Some("runs no tasks: it is scaled to 0".to_owned());
    }
    if service.running_count < service.desired_count {
        return Some(format!("runs {} of {} tasks", service.running_count, service.desired_count));
    }
    let current = current_deployment(service, &source.past)?;
    let revision = revision_name(&current.revision);
    (current.state() != PastState::Succeeded)
        .then(|| format!("runs {revision}, whose deployment did not succeed: {}", current.outcome_text()))
}

fn promoted_service(
    source: &SourceService,
    images: &BTreeMap<String, ManifestImage>,
    unsettled: Option<String>,
) -> PromotedService {
    let current = current_deployment(&source.service, &source.past);
    let resolved = current.map(|current| current.images.clone()).unwrap_or_default();
    let is_known = has_digests(&resolved) || source.tasks.is_empty();
    let resolved = if is_known { resolved } else { images_of_tasks(&source.tasks) };
    let is_named = |image: &ContainerImage| {
        let runs = ImageReference::parse(&image.image);
        let mut without_tag = images.values().filter(|image| !image.reference.has_version());
        without_tag.any(|named| runs.is_in_repository_of(&named.reference))
    };
    let newest = source.past.first().filter(|newest| newest.state() == PastState::RolledBack);
    PromotedService {
        key: source.key.clone(),
        revision: revision_name(&source.service.task_definition).to_owned(),
        images: resolved.into_iter().filter(is_named).collect(),
        tag: source.tags.summary(),
        commit: source.commit.clone(),
        since: current.map(|current| current.finished_at).filter(|at| *at > 0.0),
        rolled_back: newest.map(|newest| revision_name(&newest.revision).to_owned()),
        unsettled,
    }
}

/// Returns whether images are known by their digests.
pub fn has_digests(images: &[ContainerImage]) -> bool {
    !images.is_empty() && images.iter().all(|image| image.image_digest.is_some())
}

/// Returns the images that tasks run, each once.
fn images_of_tasks(tasks: &[Task]) -> Vec<ContainerImage> {
    let mut images: Vec<ContainerImage> = Vec::new();
    for container in tasks.iter().flat_map(|task| &task.containers) {
        let Some(image) = container.image.clone() else { continue };
        let found = ContainerImage {
            container_name: container.name.clone(),
            image,
            image_digest: container.image_digest.clone(),
        };
        if !images.contains(&found) {
            images.push(found);
        }
    }
    images
}

/// Returns the tag for all images that the services have in common, without its digest: each image has its own.
fn common_default(sources: &[SourceService]) -> ImageTags {
    let tag = |source: &SourceService| {
        let default = source.tags.default.as_deref()?;
        Some(default.split_once('@').map_or(default, |(tag, _)| tag).to_owned())
    };
    let mut defaults: Vec<Option<String>> = sources.iter().map(tag).collect();
    defaults.dedup();
    let default = if let [one] = defaults.as_slice() { one.clone() } else { None };
    ImageTags { default, ..ImageTags::default() }
}

/// Returns the one version of an image that the services run, as `--tag` takes it; `None` where none runs it.
fn common_version(
    stage: &str,
    name: &str,
    image: &ImageReference,
    services: &[PromotedService],
    unsettled: Unsettled,
) -> Result<Option<String>, Failure> {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for service in services {
        for runs in &service.images {
            let reference = resolved_reference(runs);
            if !reference.is_in_repository_of(image) {
                continue;
            }
            if reference.digest.is_none() && unsettled == Unsettled::Refused {
                return Err(unknown_digest(stage, name, &service.key));
            }
            let of = found.entry(reference.version().unwrap_or_default()).or_default();
            if !of.contains(&service.key.as_str()) {
                of.push(&service.key);
            }
        }
    }
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.into_keys().next()),
        _ => Err(different_versions(stage, name, &found)),
    }
}

/// Returns the reference of an image that runs, with the digest that ECS resolved.
pub fn resolved_reference(image: &ContainerImage) -> ImageReference {
    let reference = ImageReference::parse(&image.image);
    ImageReference { digest: image.image_digest.clone().or(reference.digest), ..reference }
}

fn unknown_digest(stage: &str, name: &str, service: &str) -> Failure {
    let message =
        format!("the digest of image `{name}` that `{service}` runs in stage `{stage}` is not known");
    Failure::refused(message).with_hint(format!(
        "deploy its tag with `ecsail deploy --tag {name}=TAG`, or promote it by its tag with `--allow-unsettled`"
    ))
}

fn different_versions(stage: &str, name: &str, found: &BTreeMap<String, Vec<&str>>) -> Failure {
    let each = found.iter().map(|(version, services)| format!("{} runs `{version}`", services.join(", ")));
    let each = each.collect::<Vec<_>>().join("; ");
    let message = format!("stage `{stage}` runs different versions of image `{name}`: {each}");
    Failure::refused(message)
        .with_hint("name the services that run the same: `ecsail promote NAME …`".to_owned())
}
