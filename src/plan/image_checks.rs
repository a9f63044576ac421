//! Decides what the look-up of an image means: nothing, a note, or a reason to refuse. AWS makes no such check, so only an
//! image that is certainly missing is refused, unless the settings want more or less. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::types::{CacheRules, ImageState, MissingImage};
use crate::error::Failure;
use crate::image::pull_through::is_usual_name;
use crate::image::{EcrRepository, ImageReference, images_of};

/// Which images are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageChecks {
    /// Those that ECR does not have, and those in ECR that cannot be checked.
    Strict,
    /// Those that ECR does not have.
    #[default]
    Standard,
    /// None.
    Lenient,
}

impl ImageChecks {
    /// Returns the checks for the value of `strict_images`.
    pub fn from_setting(strict: Option<bool>) -> ImageChecks {
        match strict {
            Some(true) => ImageChecks::Strict,
            None => ImageChecks::Standard,
            Some(false) => ImageChecks::Lenient,
        }
    }
}

/// What the look-up of an image means.
#[derive(Debug)]
pub enum ImageVerdict {
    Fine,
    Note(String),
    Refused(Failure),
}

/// Returns what the look-up of an image means.
pub fn judge_image(image: &ImageReference, state: &ImageState, checks: ImageChecks) -> ImageVerdict {
    match state {
        ImageState::Found { .. } => ImageVerdict::Fine,
        ImageState::Elsewhere => {
            ImageVerdict::Note(format!("image `{image}` was not checked: not in a private ECR registry"))
        }
        ImageState::Unchecked(why) => {
            refused_if_strict(format!("image `{image}` was not checked: {why}"), checks)
        }
        ImageState::Uncached { upstream } => refused_if_strict(uncached(image, upstream), checks),
        ImageState::Missing(missing) => {
            judge_missing(image, missing_image(image, missing), &missing.rules, checks)
        }
        ImageState::NoRepository(rules) => judge_missing(image, missing_repository(image), rules, checks),
    }
}

fn refused_if_strict(message: String, checks: ImageChecks) -> ImageVerdict {
    if checks != ImageChecks::Strict {
        return ImageVerdict::Note(message);
    }
    let hint = "leave out `--strict-images` and `strict_images: true` to go on all the same".to_owned();
    ImageVerdict::Refused(Failure::refused(message).with_hint(hint))
}

/// Returns the text for an image that is fetched when it is pulled. ECR fetches no image by its digest alone
/// (aws/containers-roadmap 2837).
fn uncached(image: &ImageReference, upstream: &str) -> String {
    let by_digest = match image.digest {
        Some(_) => "; ECR fetches images by tag: pull it once by its tag, or its tasks may not start",
        None => "",
    };
    format!(
        "image `{image}` is not cached in ECR yet: it is fetched from `{upstream}` when it is pulled{by_digest}"
    )
}

fn judge_missing(
    image: &ImageReference,
    failure: Failure,
    rules: &CacheRules,
    checks: ImageChecks,
) -> ImageVerdict {
    let name = image.ecr_repository().map(|ecr| ecr.name).unwrap_or_default();
    match (checks, rules) {
        (ImageChecks::Lenient, _) => ImageVerdict::Note(failure.message),
        (ImageChecks::Standard, CacheRules::Unreadable(why)) if is_usual_name(&name) => {
            let message = failure.message;
            ImageVerdict::Note(format!(
                "{message}; whether a pull-through cache fetches it is unknown: {why}"
            ))
        }
        (_, CacheRules::Unreadable(why)) => {
            let hint = format!(
                "if a pull-through cache fetches it, allow `ecr:DescribePullThroughCacheRules` ({why}), or add \
                 `--strict-images=false`"
            );
            ImageVerdict::Refused(failure.with_hint(hint))
        }
        (_, CacheRules::Inapplicable) => ImageVerdict::Refused(failure),
    }
}

/// Returns the failure for a tag or digest that a repository does not have, with the newest tags of the repository.
fn missing_image(image: &ImageReference, missing: &MissingImage) -> Failure {
    let version = image.digest_or_tag().unwrap_or("latest");
    let hint = match missing.newest.as_deref() {
        None => None,
        Some([]) => Some("the repository has no tags: push the image first".to_owned()),
        Some(tags) => Some(format!("newest tags: {}", tags.join(", "))),
    };
    let what = if image.digest.is_some() { "image" } else { "tag" };
    Failure::error(format!("no {what} `{version}` in repository {}", place(image))).with_hint(hint)
}

fn missing_repository(image: &ImageReference) -> Failure {
    let hint = "correct the image's repository, or create it and push the image".to_owned();
    Failure::error(format!("no repository named {}", place(image))).with_hint(hint)
}

/// Returns the repository of an image in words.
fn place(image: &ImageReference) -> String {
    match image.ecr_repository() {
        Some(EcrRepository { account, region, name }) => format!("`{name}` in account {account}, {region}"),
        None => format!("`{}`", image.repository),
    }
}

/// Returns a failure for each image of a document that is refused.
pub fn refused_images(
    document: &Value,
    states: &BTreeMap<String, ImageState>,
    checks: ImageChecks,
) -> Vec<Failure> {
    let verdict = |image: &ImageReference| Some(judge_image(image, states.get(&image.to_string())?, checks));
    let refused = images_of(document).into_iter().filter_map(|image| match verdict(&image)? {
        ImageVerdict::Refused(failure) => Some(failure),
        ImageVerdict::Fine | ImageVerdict::Note(_) => None,
    });
    refused.collect()
}

/// Returns the notes on images.
pub fn image_notes(states: &BTreeMap<String, ImageState>, checks: ImageChecks) -> Vec<String> {
    let notes = states.iter().filter_map(|(image, state)| {
        match judge_image(&ImageReference::parse(image), state, checks) {
            ImageVerdict::Note(note) => Some(note),
            ImageVerdict::Fine | ImageVerdict::Refused(_) => None,
        }
    });
    notes.collect()
}
