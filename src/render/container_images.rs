//! Gives containers the images that the manifest has for them by name, whatever their definitions name.

use std::collections::BTreeMap;

use crate::document::problem::{Problem, Problems};
use crate::document::tree::{Node, NodeKey, NodeKind, Scalar};
use crate::image::ImageReference;
use crate::manifest::Manifest;
use crate::manifest::template_names::{missing_tag_hint, resolve_image};

/// Returns the images of containers by the container's name: those of the manifest that have a tag.
pub(super) fn images_by_container(manifest: &Manifest) -> BTreeMap<String, ImageReference> {
    let count = manifest.images.len();
    let mut found = BTreeMap::new();
    for (name, image) in &manifest.images {
        let Some(reference) = resolve_image(name, image, count, &manifest.tags) else { continue };
        found.extend(image.containers.iter().map(|container| (container.value.clone(), reference.clone())));
    }
    found
}

/// Returns a task definition with the images that the manifest has for its containers. Reports images without a tag.
pub(super) fn with_container_images(definition: Node, manifest: &Manifest, problems: &mut Problems) -> Node {
    let images = images_by_container(manifest);
    let NodeKind::Map(mut members) = definition.kind else { return definition };
    let containers = members.iter_mut().filter(|(key, _)| key.name == "containerDefinitions");
    for container in containers.filter_map(|(_, list)| match &mut list.kind {
        NodeKind::Seq(items) => Some(items),
        _ => None,
    }) {
        for container in container {
            let Some(name) = container.get("name").and_then(Node::text).map(str::to_owned) else { continue };
            match images.get(&name) {
                Some(image) => set_image(container, &NodeKind::Scalar(Scalar::String(image.to_string()))),
                None if manifest.containers_with_unknown_image.contains(&name) => {
                    set_image(container, &NodeKind::Undefined);
                }
                None => report_missing_tag(&name, manifest, problems),
            }
        }
    }
    Node { kind: NodeKind::Map(members), span: definition.span }
}

fn set_image(container: &mut Node, image: &NodeKind) {
    let span = container.span;
    let NodeKind::Map(members) = &mut container.kind else { return };
    if let Some((_, known)) = members.iter_mut().find(|(key, _)| key.name == "image") {
        known.kind = image.clone();
    } else {
        let key = NodeKey { name: "image".to_owned(), span };
        members.push((key, Node { kind: image.clone(), span }));
    }
}

/// Reports that the image of a container has no tag, if there is an image for it.
fn report_missing_tag(container: &str, manifest: &Manifest, problems: &mut Problems) {
    let found = manifest.images.iter().find_map(|(name, image)| {
        let named = image.containers.iter().find(|named| named.value == container)?;
        Some((name, named.span))
    });
    let Some((name, span)) = found else { return };
    let message = format!("no tag for the image `{name}` of container `{container}`");
    problems.push(Problem::error(span, message).hint(missing_tag_hint(name)));
}
