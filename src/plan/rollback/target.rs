//! Where a service goes back to and why, as it is shown before anything is done.

use std::collections::BTreeSet;

use super::images::PinnedImage;
use super::new_choice::{LeftOut, Source};
use super::past::DeploymentHistory;
use super::states::DeployedState;
use crate::aws::types::ContainerImage;
use crate::shell::quote;

/// What a service is rolled back to and why, as reported before anything is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub service: String,
    pub cluster: String,
    pub from: ReleaseSummary,
    /// `None` if only ECS knows it.
    pub to: Option<ReleaseSummary>,
    pub source: Source,
    pub left_out: Vec<LeftOut>,
    /// The images whose tags are replaced by digests.
    pub pinned: Vec<PinnedImage>,
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
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseSummary {
    pub revision: String,
    /// When its deployment was created.
    pub at: Option<f64>,
    /// The value of `--tag` of the deploy.
    pub tag: Option<String>,
    /// The commit of the deploy.
    pub commit: Option<String>,
    pub images: Vec<ImageSummary>,
}

/// A summary of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSummary {
    pub container: String,
    pub image: String,
    pub digest: Option<String>,
}

/// Summarizes what a service runs or ran.
pub fn summarize(release: &DeployedState, past: &DeploymentHistory) -> ReleaseSummary {
    let definition = past.definitions.get(&release.definition);
    let image = |image: &ContainerImage| ImageSummary {
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
        ImageSummary { container: text("name"), image: text("image"), digest }
    });
    ReleaseSummary {
        revision: release.revision_name().to_owned(),
        at: Some(release.created_at).filter(|at| *at > 0.0),
        tag: definition.and_then(|known| known.tag("ecsail:tag")).map(str::to_owned),
        commit: definition.and_then(|known| known.tag("ecsail:git-sha")).map(str::to_owned),
        images: if release.revision.is_some() { resolved.collect() } else { written.collect() },
    }
}

/// Returns the note that a rollback leaves the autoscaling or the tags of a service, of which AWS keeps no earlier state, with
/// the command that sets them.
pub fn unrestored_note(target: &Target, has_autoscaling: bool, has_tags: bool) -> Option<String> {
    let what = match (has_autoscaling, has_tags) {
        (true, true) => "autoscaling and tags",
        (true, false) => "autoscaling",
        (false, true) => "tags",
        (false, false) => return None,
    };
    let to = target.to.as_ref()?;
    let files = match &to.commit {
        Some(commit) => format!("check out commit {commit}"),
        None => format!("check out the files of {}", to.revision),
    };
    let (key, tag) = (quote(&target.service), quote(to.tag.as_deref().unwrap_or("TAG")));
    Some(format!(
        "`{}`: its {what} stay as they are, because AWS keeps no earlier ones; to set those of {}, {files} and run \
         `ecsail deploy {key} --tag {tag}`",
        target.service, to.revision
    ))
}
