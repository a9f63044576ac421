//! Images with the digests that their tags mean: written into what a saved plan registers, and recognized where they run. Pure.

use serde_json::Value;

use super::types::Plan;
use crate::aws::types::{ImageState, ObservedState};
use crate::image::ImageReference;

/// Writes the digests that were observed into the images of the definitions that a plan registers, so that a tag that is
/// moved later changes nothing.
pub fn pin_registrations(plan: &mut Plan, observed: &ObservedState) {
    for registration in &mut plan.registrations {
        for image in images_of(&mut registration.document) {
            if let Some(pinned) = image.as_str().and_then(|image| pinned(image, observed)) {
                *image = Value::String(pinned);
            }
        }
    }
}

/// Returns a document with the images of the running definition, where those are its own with the digest that the tag means.
pub(super) fn with_running_pins(document: &Value, running: &Value, observed: &ObservedState) -> Value {
    with_images_of(document, running, |image, runs| pinned(image, observed).as_deref() == Some(runs))
}

/// Returns a document with the images of the running definition, where those are its own with any digest: for comparisons that
/// do not look images up.
pub fn with_any_pins(document: &Value, running: &Value) -> Value {
    let is_pin = |image: &str, runs: &str| {
        let digest = runs.strip_prefix(image).and_then(|rest| rest.strip_prefix('@'));
        digest.is_some() && ImageReference::parse(image).digest.is_none()
    };
    with_images_of(document, running, is_pin)
}

/// Returns a document with the images of the running definition that stand for its own.
fn with_images_of(document: &Value, running: &Value, stands_for: impl Fn(&str, &str) -> bool) -> Value {
    let mut document = document.clone();
    for container in document["containerDefinitions"].as_array_mut().into_iter().flatten() {
        let runs = running["containerDefinitions"].as_array().into_iter().flatten();
        let mut runs = runs.filter(|running| running["name"] == container["name"]);
        let Some(runs) = runs.find_map(|running| running["image"].as_str()) else { continue };
        if container["image"].as_str().is_some_and(|image| stands_for(image, runs)) {
            container["image"] = Value::String(runs.to_owned());
        }
    }
    document
}

/// Returns an image with the digest of its tag; `None` where it has one already, or where it is not known.
fn pinned(image: &str, observed: &ObservedState) -> Option<String> {
    let reference = ImageReference::parse(image);
    if reference.digest.is_some() {
        return None;
    }
    match observed.images.get(&reference.to_string())? {
        ImageState::Found { digest } => Some(format!("{image}@{digest}")),
        _ => None,
    }
}

fn images_of(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let containers = document["containerDefinitions"].as_array_mut().into_iter().flatten();
    containers.filter_map(|container| container.get_mut("image"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::Registration;

    fn observed() -> ObservedState {
        let state = ImageState::Found { digest: "sha256:a".to_owned() };
        ObservedState { images: [("app:v1".to_owned(), state)].into(), ..ObservedState::default() }
    }

    fn document(image: &str) -> Value {
        json!({ "containerDefinitions": [{ "name": "app", "image": image }] })
    }

    #[test]
    fn tags_that_are_known_get_their_digests() {
        for (image, expected) in
            [("app:v1", "app:v1@sha256:a"), ("app:v2", "app:v2"), ("app:v1@sha256:b", "app:v1@sha256:b")]
        {
            let registration =
                Registration { family: "web".to_owned(), document: document(image), latest: None };
            let mut plan = Plan { registrations: vec![registration], ..Plan::default() };
            pin_registrations(&mut plan, &observed());
            assert_eq!(plan.registrations[0].document, document(expected));
        }
    }

    #[test]
    fn a_running_image_with_the_digest_of_the_tag_is_the_same() {
        for (running, expected) in [
            ("app:v1@sha256:a", "app:v1@sha256:a"),
            ("app:v1@sha256:b", "app:v1"),
            ("app:v0@sha256:a", "app:v1"),
            ("app:v1", "app:v1"),
        ] {
            let found = with_running_pins(&document("app:v1"), &document(running), &observed());
            assert_eq!(found, document(expected), "{running}");
        }
    }
}
