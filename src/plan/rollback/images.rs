//! Owns whether the images that ran can run again: each has to be there, and to be the one that ran.
//!
//! Where a tag has moved since, what it names now is not what ran: then the digest is written in its place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::aws::types::ImageState;
use crate::error::Failure;
use crate::image::Reference;
use crate::plan::refuse;

/// Holds a definition whose images are those that ran.
#[derive(Clone, Debug, Default)]
pub struct Images {
    /// The definition, with digests where tags have moved.
    pub document: Value,
    pub pinned: Vec<Pinned>,
    pub notes: Vec<String>,
}

/// Holds an image that is named by its digest from now on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pinned {
    pub image: String,
    pub digest: String,
    /// What its tag names now; nothing where there is no such tag any more.
    pub now: Option<String>,
}

/// Returns what has to be looked up: each image as it is written, and by the digest that ran.
pub fn references(document: &Value, digests: &BTreeMap<String, String>) -> BTreeSet<Reference> {
    let containers = document["containerDefinitions"].as_array().into_iter().flatten();
    let both = containers.filter_map(|container| {
        let written = Reference::parse(container["image"].as_str()?);
        let pinned = ran(&written, container, digests).map(|digest| by_digest(&written, digest));
        Some([Some(written), pinned])
    });
    both.flatten().flatten().collect()
}

/// Returns the digest that a container ran with, where its image was written with a tag and is looked for.
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
/// One for each image that is gone.
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
            found.notes.push(format!("`{image}` was not checked: {reason}"));
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

/// Returns the failure that the image that ran is no longer there, whatever its tag names now.
fn is_gone(written: &Reference, digest: &str, now: Option<&str>, state: Option<&ImageState>) -> Failure {
    let failure = match now {
        Some(now) => Failure::error(format!(
            "`{written}` now is another image, `{now}`, and the one that ran, `{digest}`, is gone"
        ))
        .hint("deploy that tag, if the image that it names now is meant".to_owned()),
        None => Failure::error(format!("the image `{written}` is gone")),
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
        assert!(gone[0].message.ends_with("/shop/app:v1` is gone"), "{}", gone[0].message);
        let moved = checked(Some("sha256:other"), false).expect_err("what ran is gone");
        assert!(moved[0].message.contains("now is another image"), "{}", moved[0].message);
    }

    #[test]
    fn an_image_that_cannot_be_checked_is_a_note() {
        let document = json!({"containerDefinitions": [{"name": "proxy", "image": "nginx:1.27"}]});
        let states =
            BTreeMap::from([("nginx:1.27".to_owned(), ImageState::Unchecked("elsewhere".to_owned()))]);
        let found = images(&document, &BTreeMap::new(), &states).expect("nothing is known against it");
        assert_eq!(found.notes, ["`nginx:1.27` was not checked: elsewhere"]);
    }
}
