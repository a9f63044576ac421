//! Reads the `images` of the manifest. Never looks one up.

use std::collections::BTreeMap;

use super::fields::FieldReader;
use super::types::ManifestImage;
use crate::document::problem::{Problem, Problems};
use crate::document::tree::{Node, NodeKind};
use crate::image::{ImageReference, version_error};

/// The keys of an image.
pub(super) const IMAGE_KEYS: &[&str] = &["repository", "tag", "container"];

/// Reads the images: each is a repository, or a mapping of repository and tag.
pub(super) fn read_images(root: &Node, problems: &mut Problems) -> BTreeMap<String, ManifestImage> {
    let mut images = BTreeMap::new();
    let Some(node) = root.get("images") else { return images };
    if !matches!(node.kind, NodeKind::Map(_) | NodeKind::Null | NodeKind::Undefined) {
        let message = format!("`images` must be a mapping, found {}", node.describe());
        problems.push(Problem::error(node.span, message).path("images"));
    }
    for (key, node) in node.entries() {
        let path = format!("images.{}", key.name);
        let mut containers = Vec::new();
        let reference = match &node.kind {
            NodeKind::Undefined => continue,
            NodeKind::Map(_) => {
                let fields = FieldReader::new(node, &path, IMAGE_KEYS, &[], problems);
                containers = fields.name_list("container", problems);
                let Some(repository) = fields.text("repository", problems) else {
                    if fields.get("repository").is_none() {
                        problems.push(Problem::error(
                            key.span,
                            format!("image `{}` has no `repository`", key.name),
                        ));
                    }
                    continue;
                };
                let reference = ImageReference::parse(&repository.value);
                match fields.text("tag", problems) {
                    Some(tag) => reference.with_version(&tag.value),
                    None => reference,
                }
            }
            _ => {
                if let Some(text) = node.text().filter(|text| !text.is_empty()) {
                    ImageReference::parse(text)
                } else {
                    let message = format!("an image must be a repository, found {}", node.describe());
                    problems.push(Problem::error(node.span, message).path(path));
                    continue;
                }
            }
        };
        if let Some(wrong) = version_error(&reference) {
            let message = format!("image `{}` is not valid: {wrong}", key.name);
            problems.push(Problem::error(node.span, message).path(path));
        }
        images.insert(key.name.clone(), ManifestImage { reference, containers, span: node.span });
    }
    report_shared_containers(&images, problems);
    images
}

/// Returns the containers of images whose repository depends on something that is not known yet.
pub(super) fn containers_with_unknown_image(root: &Node) -> Vec<String> {
    let images = root.get("images").map(Node::entries).unwrap_or_default();
    let unknown = images.iter().filter(|(_, image)| image.get("repository").is_some_and(Node::is_undefined));
    let containers = unknown.filter_map(|(_, image)| image.get("container"));
    let names = containers.flat_map(|node| match &node.kind {
        NodeKind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    });
    names.filter_map(|node| node.text().map(str::to_owned)).collect()
}

/// Reports containers that several images are for.
fn report_shared_containers(images: &BTreeMap<String, ManifestImage>, problems: &mut Problems) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, image) in images {
        for container in &image.containers {
            let Some(other) = owners.insert(&container.value, name).filter(|other| other != name) else {
                continue;
            };
            let message = format!("container `{}` has two images, `{other}` and `{name}`", container.value);
            problems.push(Problem::error(container.span, message).path(format!("images.{name}.container")));
        }
    }
}
