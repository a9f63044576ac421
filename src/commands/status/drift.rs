//! Compares the definition that a service runs with the manifest, rendered with the tag that runs.
//! A manifest that cannot be rendered is reported as a note, and does not fail a verb that only reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::types::TaskDefinition;
use crate::document::model::Root;
use crate::document::normal::normal;
use crate::history::past::record_of;
use crate::image::{Reference, images};
use crate::manifest::Request;
use crate::manifest::{self, Manifest};
use crate::plan::diff::diff;
use crate::render::{self, Definition};
use crate::settings::{Settings, Tags};

/// How the running definition differs: the paths, such as `containerDefinitions[app].cpu`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Drift {
    pub(super) paths: Vec<String>,
}

/// Caches the results by the key of the service and the ARN of its definition.
#[derive(Debug, Default)]
pub(super) struct Drifts {
    known: BTreeMap<(String, String), Result<Option<Drift>, String>>,
}

impl Drifts {
    /// Returns how the running definition of a service differs from the manifest, or `None` if the manifest has none
    /// for it.
    ///
    /// # Errors
    /// A note that says why it cannot be compared.
    pub(super) fn of(
        &mut self,
        manifest: &Manifest,
        settings: &Settings,
        key: &str,
        running: &TaskDefinition,
    ) -> Result<Option<Drift>, String> {
        let service = manifest.services.iter().find(|service| service.key == key);
        if manifest.path.is_none() || service.is_none_or(|service| service.task_definition.is_empty()) {
            return Ok(None);
        }
        let known = self.known.entry((key.to_owned(), running.arn.clone()));
        known.or_insert_with(|| compared(manifest, settings, key, running)).clone()
    }
}

fn compared(
    manifest: &Manifest,
    settings: &Settings,
    key: &str,
    running: &TaskDefinition,
) -> Result<Option<Drift>, String> {
    let tags = tags_of(manifest, running);
    let request = Request { tags: tags.clone(), services: vec![key.to_owned()], ..Request::default() };
    let settings = as_deployed(settings, running);
    let loaded = manifest::load(&settings, &request).ok();
    let desired = loaded.and_then(|loaded| render::desired(&loaded).ok());
    let Some(desired) = desired else {
        let tag = tags.label().map(|label| format!(" with tag `{label}`")).unwrap_or_default();
        return Err(format!(
            "the drift of `{key}` is unknown: the manifest cannot be rendered{tag}; see why with \
             `ecsail check`"
        ));
    };
    let Some(Definition::Rendered(document)) = desired.services.first().map(|service| &service.definition)
    else {
        return Ok(None);
    };
    let root = Root::TaskDefinition;
    let changes = diff(&normal(&running.document, root), &normal(document, root), root.shape());
    Ok(Some(Drift { paths: changes.into_iter().map(|change| change.path).collect() }))
}

/// Returns the tags that a definition was rendered with: from its tags in AWS, else from its images.
fn tags_of(manifest: &Manifest, running: &TaskDefinition) -> Tags {
    let recorded = record_of(running).get("tag").map(|label| label.split(',').map(str::to_owned).collect());
    if let Some(tags) = recorded.and_then(|given: Vec<String>| Tags::parse(&given).ok()) {
        return tags;
    }
    let images: Vec<Reference> = images(&running.document).collect();
    let mut one = BTreeMap::new();
    for (name, image) in manifest.images.iter().filter(|(_, image)| image.reference.version().is_none()) {
        let runs = images.iter().find(|runs| runs.repository == image.reference.repository);
        if let Some(version) = runs.and_then(Reference::version) {
            one.insert(name.clone(), version.to_owned());
        }
    }
    let versions: BTreeSet<&String> = one.values().collect();
    // `{{ tag }}` is the tag for all images. If all images have the same tag, that is the one that was given.
    match versions.first().filter(|_| versions.len() == 1) {
        Some(version) => Tags { all: Some((*version).clone()), ..Tags::default() },
        None => Tags { one, ..Tags::default() },
    }
}

/// Returns the settings with the commit of the deployed definition in place of the current one.
fn as_deployed(settings: &Settings, running: &TaskDefinition) -> Settings {
    let mut settings = settings.clone();
    if let Some(sha) = record_of(running).remove("git-sha") {
        manifest::git::name_commit(&mut settings.environment, sha);
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::load::from_text;
    use serde_json::{Value, json};

    const MANIFEST: &str = "ecsail: 1\ncluster: main\nimages: { app: shop/app, proxy: { repository: nginx, tag: '1' } }\n\
                            services: { web: {} }\n";

    fn running(images: &[&str], tags: Value) -> TaskDefinition {
        let containers: Vec<Value> =
            images.iter().map(|image| json!({"name": image, "image": image})).collect();
        let document = json!({"containerDefinitions": containers, "tags": tags});
        TaskDefinition { arn: "web:1".to_owned(), document }
    }

    #[test]
    fn the_tags_are_those_of_the_record_else_of_the_images() {
        let request = Request { names_only: true, ..Request::default() };
        let manifest = from_text(MANIFEST, &Settings::default(), &request).expect("a manifest");
        let recorded = json!([{"key": "ecsail:tag", "value": "app=1,proxy=2"}]);
        for (images, record, label) in [
            (&["shop/app:v1", "nginx:1"][..], json!([]), Some("v1")),
            (&["shop/app:v1"], recorded, Some("app=1,proxy=2")),
            (&["other:v1"], json!([]), None),
        ] {
            let tags = tags_of(&manifest, &running(images, record));
            assert_eq!(tags.label().as_deref(), label, "{images:?}");
        }
    }
}
