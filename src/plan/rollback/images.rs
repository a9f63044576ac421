//! Checks that the images of an earlier deployment can run again: each must exist and be the image that ran.
//!
//! If a tag was moved since, it no longer names the image that ran, so the digest replaces it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::aws::types::ImageState;
use crate::error::Failure;
use crate::image::Reference;
use crate::plan::refuse;

/// A definition with the images that ran.
#[derive(Clone, Debug, Default)]
pub struct Images {
    /// The definition, with digests in place of tags that were moved.
    pub document: Value,
    pub pinned: Vec<Pinned>,
    pub notes: Vec<String>,
}

/// An image whose tag is replaced by its digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pinned {
    pub image: String,
    pub digest: String,
    /// The digest that the tag points to now, or `None` if the tag no longer exists.
    pub now: Option<String>,
}

/// Returns the images to look up: each as it is written, and with the digest that ran.
pub fn references(document: &Value, digests: &BTreeMap<String, String>) -> BTreeSet<Reference> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let both = containers.filter_map(|container| {
        let written = Reference::parse(container["image"].as_str()?);
        let pinned = ran(&written, container, digests).map(|digest| by_digest(&written, digest));
        Some([Some(written), pinned])
    });
    both.flatten().flatten().collect()
}

/// Returns the digest that a container ran with, if its image is written with a tag and is in ECR.
fn ran<'a>(
    written: &Reference,
    container: &Value,
    digests: &'a BTreeMap<String, String>,
) -> Option<&'a String> {
    let looked_for = written.digest.is_none() && written.ecr().is_some();
    digests.get(container["name"].as_str()?).filter(|_| looked_for)
}

fn by_digest(written: &Reference, digest: &str) -> Reference {
    Reference { repository: written.repository.clone(), tag: None, digest: Some(digest.to_owned()) }
}

/// Returns the definition with the images that ran.
///
/// # Errors
/// One failure for each image that no longer exists.
pub fn images(
    document: &Value,
    digests: &BTreeMap<String, String>,
    states: &BTreeMap<String, ImageState>,
) -> Result<Images, Vec<Failure>> {
    let mut found = Images { document: document.clone(), ..Images::default() };
    let mut gone = Vec::new();
    let containers = found.document["containerDefinitions"].as_array_mut().into_iter().flatten();
    for container in containers {
        let Some(image) = container["image"].as_str().map(str::to_owned) else { continue };
        let written = Reference::parse(&image);
        let state = states.get(&written.to_string());
        if let Some(ImageState::Unchecked(reason)) = state {
            found.notes.push(format!("image `{image}` was not checked: {reason}"));
            continue;
        }
        let Some(digest) = ran(&written, container, digests) else {
            gone.extend(state.and_then(|state| refuse::missing(&written, state)));
            continue;
        };
        let now = match state {
            Some(ImageState::Found { digest: now }) if now == digest => continue,
            Some(ImageState::Found { digest: now }) => Some(now.clone()),
            _ => None,
        };
        let pinned = by_digest(&written, digest);
        match states.get(&pinned.to_string()) {
            Some(ImageState::Found { .. }) => {
                container["image"] = Value::from(pinned.to_string());
                found.pinned.push(Pinned { image, digest: digest.clone(), now });
            }
            state => gone.push(is_gone(&written, digest, now.as_deref(), state)),
        }
    }
    if gone.is_empty() { Ok(found) } else { Err(gone) }
}

/// Returns the failure for an image that no longer exists, whatever its tag points to now.
fn is_gone(written: &Reference, digest: &str, now: Option<&str>, state: Option<&ImageState>) -> Failure {
    let failure = match now {
        Some(now) => Failure::error(format!(
            "the tag of image `{written}` now points to `{now}`, and `{digest}`, which ran, no longer exists"
        ))
        .hint("deploy that tag to run the image that it points to now".to_owned()),
        None => Failure::error(format!("image `{written}` no longer exists")),
    };
    match state.and_then(|state| refuse::missing(&by_digest(written, digest), state)) {
        Some(missing) if now.is_none() => failure.because(missing),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const REPOSITORY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app";

    fn checked(tag: Option<&str>, digest_is_there: bool) -> Result<Images, Vec<Failure>> {
        let document =
            json!({"containerDefinitions": [{"name": "app", "image": format!("{REPOSITORY}:v1")}]});
        let digests = BTreeMap::from([("app".to_owned(), "sha256:ran".to_owned())]);
        let state = |found: Option<&str>| match found {
            Some(digest) => ImageState::Found { digest: digest.to_owned() },
            None => ImageState::Missing { newest: vec!["v3".to_owned()] },
        };
        let states = BTreeMap::from([
            (format!("{REPOSITORY}:v1"), state(tag)),
            (format!("{REPOSITORY}@sha256:ran"), state(digest_is_there.then_some("sha256:ran"))),
        ]);
        let wanted: Vec<String> = references(&document, &digests).iter().map(ToString::to_string).collect();
        assert!(wanted.iter().all(|reference| states.contains_key(reference)), "{wanted:?}");
        images(&document, &digests, &states)
    }

    fn image(images: &Images) -> &str {
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

    #[test]
    fn an_image_that_cannot_be_checked_is_a_note() {
        let document = json!({"containerDefinitions": [{"name": "proxy", "image": "nginx:1.27"}]});
        let states =
            BTreeMap::from([("nginx:1.27".to_owned(), ImageState::Unchecked("elsewhere".to_owned()))]);
        let found = images(&document, &BTreeMap::new(), &states).expect("nothing is known against it");
        assert_eq!(found.notes, ["image `nginx:1.27` was not checked: elsewhere"]);
    }
}
