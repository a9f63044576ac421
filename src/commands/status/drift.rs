//! Compares the definition that a service runs with the manifest, rendered with the tag that runs.
//! A manifest that cannot be rendered is reported as a note, and does not fail a verb that only reads.

use std::collections::BTreeMap;

use super::super::running_tags::tags_of;
use crate::aws::types::TaskDefinition;
use crate::document::model::DocumentKind;
use crate::document::normalize::normal_pair;
use crate::file_limits::FileLimits;
use crate::history::past_deployment::record_tags;
use crate::manifest::Request;
use crate::manifest::{self, Manifest};
use crate::plan::diff::diff;
use crate::plan::image_pins::with_any_pins;
use crate::render::{self, DefinitionSource};
use crate::settings::Settings;

/// How the running definition differs: the paths, such as `containerDefinitions[app].cpu`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ServiceDrift {
    pub(super) paths: Vec<String>,
}

/// Caches the results by the key of the service and the ARN of its definition.
#[derive(Debug, Default)]
pub(super) struct DriftCache {
    known: BTreeMap<(String, String), Result<Option<ServiceDrift>, String>>,
}

impl DriftCache {
    /// Returns how the running definition of a service differs from the manifest, or `None` if the manifest has none
    /// for it.
    ///
    /// # Errors
    /// A note that says why it cannot be compared.
    pub(super) fn compare(
        &mut self,
        manifest: &Manifest,
        settings: &Settings,
        key: &str,
        running: &TaskDefinition,
    ) -> Result<Option<ServiceDrift>, String> {
        let service = manifest.services.iter().find(|service| service.key == key);
        if manifest.path.is_none() || service.is_none_or(|service| service.task_definition.is_empty()) {
            return Ok(None);
        }
        let known = self.known.entry((key.to_owned(), running.arn.clone()));
        known.or_insert_with(|| compare_with_manifest(manifest, settings, key, running)).clone()
    }
}

fn compare_with_manifest(
    manifest: &Manifest,
    settings: &Settings,
    key: &str,
    running: &TaskDefinition,
) -> Result<Option<ServiceDrift>, String> {
    let tags = tags_of(manifest, running);
    let request = Request { tags: tags.clone(), services: vec![key.to_owned()], ..Request::default() };
    let lookups = request.lookups.clone();
    let settings = settings_of_deploy(settings, running);
    let limits = FileLimits::start();
    let loaded = manifest::load(&settings, &request).ok();
    let desired = loaded.and_then(|loaded| render::render_desired(&loaded).ok());
    drop(limits);
    if lookups.has_placeholders() {
        return Err(format!(
            "the drift of `{key}` is not shown: its definition has look-ups; see it with `ecsail plan`"
        ));
    }
    let Some(desired) = desired else {
        let tag = tags.summary().map(|label| format!(" with tag `{label}`")).unwrap_or_default();
        return Err(format!(
            "the drift of `{key}` is unknown: the manifest cannot be rendered{tag}; see why with \
             `ecsail check`"
        ));
    };
    let Some(DefinitionSource::Rendered(document)) =
        desired.services.first().map(|service| &service.definition)
    else {
        return Ok(None);
    };
    let root = DocumentKind::TaskDefinition;
    let document = with_any_pins(document, &running.document);
    let (before, after) = normal_pair(&running.document, &document, root);
    let changes = diff(&before, &after, root.input_shape());
    Ok(Some(ServiceDrift { paths: changes.into_iter().map(|change| change.path).collect() }))
}

/// Returns the settings with the commit of the deployed definition in place of the current one.
fn settings_of_deploy(settings: &Settings, running: &TaskDefinition) -> Settings {
    let mut settings = settings.clone();
    if let Some(sha) = record_tags(running).remove("git-sha") {
        manifest::commit::set_commit(&mut settings.environment, sha);
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
    fn tags_are_read_from_the_record_else_from_the_images() {
        let request = Request { names_only: true, ..Request::default() };
        let manifest = from_text(MANIFEST, &Settings::default(), &request).expect("a manifest");
        let recorded = json!([{"key": "ecsail:tag", "value": "app=1,proxy=2"}]);
        for (images, record, label) in [
            (&["shop/app:v1", "nginx:1"][..], json!([]), Some("v1")),
            (&["shop/app:v1"], recorded, Some("app=1,proxy=2")),
            (&["other:v1"], json!([]), None),
        ] {
            let tags = tags_of(&manifest, &running(images, record));
            assert_eq!(tags.summary().as_deref(), label, "{images:?}");
        }
    }
}
