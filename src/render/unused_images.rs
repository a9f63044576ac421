//! Finds the images of a manifest that no definition uses.

use std::collections::BTreeSet;

use super::{DefinitionSource, DesiredState};
use crate::document::problem::{Problem, did_you_mean};
use crate::lint::problem_of_check;
use crate::manifest::{Manifest, ManifestImage};
use crate::template::tags::names_beginning_with;

/// Returns a warning for each image that no definition uses, unless the manifest ignores that. The manifest must be whole: all of
/// its services, tasks and schedules.
pub fn unused_images(manifest: &Manifest, desired: &DesiredState) -> Vec<Problem> {
    let keeps_running =
        desired.definitions().any(|definition| matches!(definition, DefinitionSource::RunningWithTags(_)));
    let used = used_names(manifest);
    if keeps_running || used.contains("image") {
        return Vec::new();
    }
    let containers = container_names(desired);
    let is_used = |name: &str, image: &ManifestImage| {
        used.contains(&format!("image.{name}"))
            || image.containers.iter().any(|container| containers.contains(container.value.as_str()))
    };
    let unused = manifest.images.iter().filter(|(name, image)| !is_used(name, image));
    unused
        .filter_map(|(name, image)| {
            let message = format!("no definition uses the image `{name}`");
            let hint = match image.containers.first() {
                Some(named) => did_you_mean(&named.value, containers.iter().copied())
                    .unwrap_or_else(|| format!("no definition has a container named `{}`", named.value)),
                None => format!("use it as `{{{{ image.{name} }}}}`, or remove it from `images:`"),
            };
            let problem = Problem::warning(image.span, message).path(format!("images.{name}")).hint(hint);
            problem_of_check("unused-image", &manifest.ignore, problem)
        })
        .collect()
}

/// Returns the names of the containers of all definitions in the manifest.
fn container_names(desired: &DesiredState) -> BTreeSet<&str> {
    let documents = desired.definitions().filter_map(|definition| match definition {
        DefinitionSource::Rendered(document) => document["containerDefinitions"].as_array(),
        _ => None,
    });
    documents.flatten().filter_map(|container| container["name"].as_str()).collect()
}

/// Returns the images that templates use, such as `image.api`, or `image` if one of them uses all or any of them.
fn used_names(manifest: &Manifest) -> BTreeSet<String> {
    let texts = manifest.templates.values().map(|id| manifest.sources.get(*id).text.as_str());
    texts
        .flat_map(|text| names_beginning_with(text, "image"))
        .map(|name| name.split('.').take(2).collect::<Vec<_>>().join("."))
        .collect()
}
