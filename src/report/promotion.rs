//! Formats what a service runs that is promoted: as text and as an event.

use std::collections::BTreeSet;

use super::names;
use super::printable::one_line;
use super::screen::{Paint, paint};
use super::times;
use crate::aws::types::ContainerImage;
use crate::events::service::{DeployedImage, Promoted};
use crate::image::ImageReference;
use crate::promotion::PromotedService;

/// Returns what a service runs in the stage that is promoted from, in one line.
pub fn text(service: &PromotedService, from: &str, now: f64, color: bool) -> String {
    let key = paint(color, Paint::Bold, &service.key);
    let mut line = format!("{key} in stage {from}: {}", service.revision);
    let versions: BTreeSet<String> = service.images.iter().filter_map(version).collect();
    if !versions.is_empty() {
        let versions: Vec<String> = versions.iter().map(|version| names::short_version(version)).collect();
        line.push_str(&format!(" with {}", versions.join(", ")));
    }
    if let Some(commit) = &service.commit {
        line.push_str(&format!(", commit {}", names::short_commit(commit)));
    }
    if let Some(age) = service.since.and_then(|since| times::format_age(since, now)) {
        line.push_str(&format!(", deployed {age}"));
    }
    if let Some(rolled_back) = &service.rolled_back {
        line.push_str(&format!("; {rolled_back} was rolled back since"));
    }
    if let Some(reason) = &service.unsettled {
        line.push_str(&format!("; not settled: it {reason}"));
    }
    one_line(&line)
}

/// The event of what a service runs that is promoted.
pub fn event(service: &PromotedService, from: &str) -> Promoted {
    let image = |image: &ContainerImage| DeployedImage {
        container: image.container_name.clone(),
        image: image.image.clone(),
        digest: image.image_digest.clone(),
    };
    Promoted {
        service: service.key.clone(),
        from: from.to_owned(),
        revision: service.revision.clone(),
        tag: service.tag.clone(),
        images: service.images.iter().map(image).collect(),
        git_sha: service.commit.clone(),
        since: service.since,
        rolled_back: service.rolled_back.clone(),
        unsettled: service.unsettled.clone(),
    }
}

/// Returns the tag and the digest of an image that runs.
fn version(image: &ContainerImage) -> Option<String> {
    let reference = ImageReference::parse(&image.image);
    let digest = image.image_digest.clone().or(reference.digest);
    ImageReference { digest, ..ImageReference::parse(&image.image) }.version()
}
