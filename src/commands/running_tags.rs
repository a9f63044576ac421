//! The tags that services run, in the form of `--tag`: for drift, and for plans without a tag. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::TaskDefinition;
use crate::error::{Failure, Result};
use crate::history::past_deployment::record_tags;
use crate::image::{ImageReference, images};
use crate::manifest::Manifest;
use crate::settings::ImageTags;

/// Returns the tags that a definition was rendered with: from its tags in AWS, else from its images.
pub(super) fn tags_of(manifest: &Manifest, running: &TaskDefinition) -> ImageTags {
    let recorded =
        record_tags(running).get("tag").map(|label| label.split([',', ' ']).map(str::to_owned).collect());
    if let Some(tags) = recorded.and_then(|given: Vec<String>| ImageTags::parse(&given).ok()) {
        return tags;
    }
    let images: Vec<ImageReference> = images(&running.document).collect();
    let mut one = BTreeMap::new();
    for (name, image) in manifest.images.iter().filter(|(_, image)| !image.reference.has_version()) {
        let runs = images.iter().find(|runs| runs.is_in_repository_of(&image.reference));
        // The digest of an image with a tag is one that the tag meant.
        if let Some(version) = runs.and_then(|runs| runs.tag.clone().or_else(|| runs.version())) {
            one.insert(name.clone(), version);
        }
    }
    let versions: BTreeSet<&String> = one.values().collect();
    // `{{ tag }}` is the tag for all images. If all images have the same tag, that is the one that was given.
    match versions.first().filter(|_| versions.len() == 1) {
        Some(version) => ImageTags { default: Some((*version).clone()), ..ImageTags::default() },
        None => ImageTags { by_image: one, ..ImageTags::default() },
    }
}

/// Returns the tags that the services of a manifest run; empty where none of them exists.
///
/// # Errors
/// Services run different tags, or an API call failed.
pub(super) async fn running_tags(aws: &Aws, manifest: &Manifest) -> Result<ImageTags> {
    let mut found: Vec<(String, ImageTags)> = Vec::new();
    for service in manifest.services.iter().chain(&manifest.like_services) {
        let Some(cluster) = manifest.cluster_of(service) else { continue };
        let known = aws.services_with_tags(&cluster, std::slice::from_ref(&service.name)).await;
        let known = known.map_err(failure)?;
        let running = known.values().find(|known| known["status"] == "ACTIVE");
        let Some(arn) = running.and_then(|known| known["taskDefinition"].as_str()) else { continue };
        if let Some(definition) = aws.task_definition(arn).await.map_err(failure)? {
            found.push((service.key.clone(), tags_of(manifest, &definition)));
        }
    }
    let tags = found.iter().map(|(_, tags)| tags);
    tags.cloned().try_fold(ImageTags::default(), merged).ok_or_else(|| different_tags(&found))
}

/// Returns tags that are both; `None` where they contradict each other.
fn merged(one: ImageTags, other: ImageTags) -> Option<ImageTags> {
    if one.is_empty() {
        return Some(other);
    }
    let agree = |(image, tag): (&String, &String)| one.by_image.get(image).is_none_or(|known| known == tag);
    let is_merged = one.default == other.default && other.by_image.iter().all(agree);
    let by_image = one.by_image.clone().into_iter().chain(other.by_image).collect();
    is_merged.then_some(ImageTags { by_image, ..one })
}

fn different_tags(found: &[(String, ImageTags)]) -> Failure {
    let each = found.iter().filter_map(|(key, tags)| Some(format!("`{}` in {key}", tags.summary()?)));
    let each = each.collect::<Vec<_>>().join(", ");
    Failure::usage(format!("no tag was given, and the services run different ones: {each}"))
        .with_hint("plan the services one by one, or add `--tag`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_agree_are_merged() {
        let parse = |text: &str| {
            ImageTags::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).expect("tags")
        };
        for (one, other, expected) in [
            ("v1", "v1", Some("v1")),
            ("v1", "v2", None),
            ("app=v1", "proxy=v2", Some("app=v1 proxy=v2")),
            ("app=v1", "app=v2", None),
            ("v1", "app=v1", None),
            ("", "v1", Some("v1")),
        ] {
            assert_eq!(merged(parse(one), parse(other)), expected.map(parse), "{one}, {other}");
        }
    }
}
