//! Checks that the images of an earlier deployment can run again: each must exist and be the image that ran.
//!
//! If a tag was moved since, it no longer names the image that ran, so the digest replaces it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::aws::types::ImageState;
use crate::error::Failure;
use crate::image::ImageReference;
use crate::plan::image_checks::{ImageChecks, ImageVerdict, judge_image};

/// A definition with the images that ran.
#[derive(Clone, Debug, Default)]
pub struct RestoredImages {
    /// The definition, with digests in place of tags that were moved.
    pub document: Value,
    pub pinned: Vec<PinnedImage>,
    pub notes: Vec<String>,
}

/// An image whose tag is replaced by its digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PinnedImage {
    pub image: String,
    pub digest: String,
    /// The digest that the tag points to now, or `None` if the tag no longer exists.
    pub now: Option<String>,
}

/// Returns the images to look up: each as it is written, and with the digest that ran.
pub fn images_to_look_up(document: &Value, digests: &BTreeMap<String, String>) -> BTreeSet<ImageReference> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let both = containers.filter_map(|container| {
        let written = ImageReference::parse(container["image"].as_str()?);
        let pinned =
            recorded_digest(&written, container, digests).map(|digest| with_digest(&written, digest));
        Some([Some(written), pinned])
    });
    both.flatten().flatten().collect()
}

/// Returns the digest that a container ran with, if its image is written with a tag and is in ECR.
fn recorded_digest<'a>(
    written: &ImageReference,
    container: &Value,
    digests: &'a BTreeMap<String, String>,
) -> Option<&'a String> {
    let looked_for = written.digest.is_none() && written.ecr_repository().is_some();
    digests.get(container["name"].as_str()?).filter(|_| looked_for)
}

fn with_digest(written: &ImageReference, digest: &str) -> ImageReference {
    ImageReference { repository: written.repository.clone(), tag: None, digest: Some(digest.to_owned()) }
}

/// Returns the definition with the images that ran.
///
/// # Errors
/// One failure for each image that no longer exists.
pub fn restore_images(
    document: &Value,
    digests: &BTreeMap<String, String>,
    states: &BTreeMap<String, ImageState>,
    checks: ImageChecks,
) -> Result<RestoredImages, Vec<Failure>> {
    let mut found = RestoredImages { document: document.clone(), ..RestoredImages::default() };
    let mut gone = Vec::new();
    let containers = found.document["containerDefinitions"].as_array_mut().into_iter().flatten();
    for container in containers {
        let Some(image) = container["image"].as_str().map(str::to_owned) else { continue };
        let written = ImageReference::parse(&image);
        match restore_image(&written, recorded_digest(&written, container, digests), states, checks) {
            RestoredImage::AsWritten(ImageVerdict::Fine) => {}
            RestoredImage::AsWritten(ImageVerdict::Note(note)) => found.notes.push(note),
            RestoredImage::AsWritten(ImageVerdict::Refused(failure)) => gone.push(failure),
            RestoredImage::Pinned { digest, now, note } => {
                container["image"] = Value::from(with_digest(&written, &digest).to_string());
                found.notes.extend(note);
                found.pinned.push(PinnedImage { image, digest, now });
            }
        }
    }
    if gone.is_empty() { Ok(found) } else { Err(gone) }
}

/// How an image is restored.
enum RestoredImage {
    /// As it is written, with what its look-up means.
    AsWritten(ImageVerdict),
    /// By its digest, because its tag does not point to the image that ran.
    Pinned { digest: String, now: Option<String>, note: Option<String> },
}

fn restore_image(
    written: &ImageReference,
    recorded: Option<&String>,
    states: &BTreeMap<String, ImageState>,
    checks: ImageChecks,
) -> RestoredImage {
    use RestoredImage::{AsWritten, Pinned};
    let Some(state) = states.get(&written.to_string()) else { return AsWritten(ImageVerdict::Fine) };
    let as_written = || AsWritten(judge_image(written, state, checks));
    let now = match (state, recorded) {
        (ImageState::Unchecked(_) | ImageState::Elsewhere, _) | (_, None) => return as_written(),
        (ImageState::Found { digest: now }, Some(digest)) if now == digest => return as_written(),
        (ImageState::Found { digest: now }, _) => Some(now.clone()),
        _ => None,
    };
    let Some(digest) = recorded.cloned() else { return as_written() };
    let pinned = with_digest(written, &digest);
    let state = states.get(&pinned.to_string());
    match state.map(|state| (state, judge_image(&pinned, state, checks))) {
        Some((ImageState::Found { .. }, _)) => Pinned { digest, now, note: None },
        Some((ImageState::Unchecked(_), ImageVerdict::Note(note))) => {
            Pinned { digest, now, note: Some(note) }
        }
        Some((ImageState::Unchecked(_), verdict)) => AsWritten(verdict),
        // The first pull by the tag brings the image back.
        Some((ImageState::Uncached { .. }, _)) if now.is_none() => as_written(),
        Some((_, verdict)) => {
            let failure = missing_image(written, &digest, now.as_deref(), verdict);
            AsWritten(match checks {
                ImageChecks::Lenient => ImageVerdict::Note(failure.message),
                ImageChecks::Standard | ImageChecks::Strict => ImageVerdict::Refused(failure),
            })
        }
        None => as_written(),
    }
}

/// Returns the failure for an image that no longer exists, whatever its tag points to now.
fn missing_image(
    written: &ImageReference,
    digest: &str,
    now: Option<&str>,
    verdict: ImageVerdict,
) -> Failure {
    let failure = match now {
        Some(now) => Failure::error(format!(
            "the tag of image `{written}` now points to `{now}`, and `{digest}`, which ran, no longer exists"
        ))
        .with_hint("deploy that tag to run the image that it points to now".to_owned()),
        None => Failure::error(format!("image `{written}` no longer exists")),
    };
    match verdict {
        ImageVerdict::Refused(missing) if now.is_none() => failure.with_cause(missing),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::{CacheRules, MissingImage};
    use serde_json::json;

    const REPOSITORY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app";

    fn checked(tag: Option<&str>, digest_is_there: bool) -> Result<RestoredImages, Vec<Failure>> {
        let document =
            json!({"containerDefinitions": [{"name": "app", "image": format!("{REPOSITORY}:v1")}]});
        let digests = BTreeMap::from([("app".to_owned(), "sha256:ran".to_owned())]);
        let state = |found: Option<&str>| match found {
            Some(digest) => ImageState::Found { digest: digest.to_owned() },
            None => ImageState::Missing(MissingImage {
                newest: Some(vec!["v3".to_owned()]),
                rules: CacheRules::Inapplicable,
            }),
        };
        let states = BTreeMap::from([
            (format!("{REPOSITORY}:v1"), state(tag)),
            (format!("{REPOSITORY}@sha256:ran"), state(digest_is_there.then_some("sha256:ran"))),
        ]);
        let wanted: Vec<String> =
            images_to_look_up(&document, &digests).iter().map(ToString::to_string).collect();
        assert!(wanted.iter().all(|reference| states.contains_key(reference)), "{wanted:?}");
        restore_images(&document, &digests, &states, ImageChecks::Standard)
    }

    fn image(images: &RestoredImages) -> &str {
        images.document["containerDefinitions"][0]["image"].as_str().expect("an image")
    }

    #[test]
    fn a_tag_that_still_names_what_ran_stays() {
        let found = checked(Some("sha256:ran"), true).expect("it is there");
        assert_eq!((image(&found), found.pinned.len()), (format!("{REPOSITORY}:v1").as_str(), 0));
    }

    #[test]
    fn a_tag_that_moved_or_went_is_replaced_by_the_digest_that_ran() {
        for now in [Some("sha256:other"), None] {
            let found = checked(now, true).expect("what ran is there");
            assert_eq!(image(&found), format!("{REPOSITORY}@sha256:ran"));
            assert_eq!(found.pinned[0].now.as_deref(), now);
        }
    }

    #[test]
    fn an_image_that_is_gone_is_refused_even_where_its_tag_names_another() {
        let gone = checked(None, false).expect_err("it is gone");
        assert!(gone[0].message.ends_with("/shop/app:v1` no longer exists"), "{}", gone[0].message);
        let moved = checked(Some("sha256:other"), false).expect_err("what ran is gone");
        assert!(moved[0].message.contains("now points to `sha256:other`"), "{}", moved[0].message);
    }

    /// Returns the restored image, or the notes or failures on it, of tag `v1` that ran with `sha256:ran`.
    fn restored(tag: ImageState, digest: ImageState, checks: ImageChecks) -> String {
        let document =
            json!({"containerDefinitions": [{"name": "app", "image": format!("{REPOSITORY}:v1")}]});
        let digests = BTreeMap::from([("app".to_owned(), "sha256:ran".to_owned())]);
        let states =
            BTreeMap::from([(format!("{REPOSITORY}:v1"), tag), (format!("{REPOSITORY}@sha256:ran"), digest)]);
        match restore_images(&document, &digests, &states, checks) {
            Ok(found) => {
                format!("{} {}", &image(&found)[REPOSITORY.len()..], found.notes.join(" ")).trim().to_owned()
            }
            Err(gone) => format!("refused: {}", gone[0].message),
        }
    }

    #[test]
    fn what_cannot_be_looked_up_decides_with_the_checks() {
        use ImageChecks::{Lenient, Standard, Strict};
        let other = || ImageState::Found { digest: "sha256:other".to_owned() };
        let unchecked = || ImageState::Unchecked("late".to_owned());
        let uncached = || ImageState::Uncached { upstream: "quay.io".to_owned() };
        let missing = || ImageState::NoRepository(CacheRules::Inapplicable);
        for (tag, digest, checks, expected) in [
            (unchecked(), unchecked(), Standard, ":v1 image `"),
            (unchecked(), unchecked(), Strict, "refused: image `"),
            (other(), unchecked(), Standard, "@sha256:ran image `"),
            (other(), unchecked(), Strict, "refused: image `"),
            (uncached(), uncached(), Standard, ":v1 image `"),
            (uncached(), uncached(), Strict, "refused: image `"),
            (other(), uncached(), Standard, "refused: the tag of image `"),
            (other(), missing(), Standard, "refused: the tag of image `"),
            (other(), missing(), Lenient, ":v1 the tag of image `"),
            (missing(), missing(), Lenient, ":v1 image `"),
        ] {
            let case = format!("{tag:?} {digest:?} {checks:?}");
            let found = restored(tag, digest, checks);
            assert!(found.starts_with(expected), "{case}: {found}");
        }
    }

    #[test]
    fn an_image_that_cannot_be_checked_is_a_note() {
        let document = json!({"containerDefinitions": [{"name": "proxy", "image": "nginx:1.27"}]});
        let states =
            BTreeMap::from([("nginx:1.27".to_owned(), ImageState::Unchecked("elsewhere".to_owned()))]);
        let found = restore_images(&document, &BTreeMap::new(), &states, ImageChecks::Standard)
            .expect("nothing is known against it");
        assert_eq!(found.notes, ["image `nginx:1.27` was not checked: elsewhere"]);
    }
}
