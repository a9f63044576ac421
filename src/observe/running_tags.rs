//! Reads which tags of the manifest's images its services run. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::aws::Aws;
use crate::aws::error::failure;
use crate::aws::types::ServiceRef;
use crate::error::Result;
use crate::image::{ImageReference, images};

/// The versions that run of each image, by its name in the manifest, each with the services that run it.
pub type RunningTags = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Reads which versions of the images the services run. Services that do not exist are left out.
///
/// # Errors
/// An API call failed.
pub async fn running_tags(
    aws: &Aws,
    services: &[ServiceRef],
    wanted: &BTreeMap<String, ImageReference>,
) -> Result<RunningTags> {
    let mut tags = RunningTags::new();
    let clusters: BTreeSet<&String> = services.iter().map(|service| &service.cluster).collect();
    for cluster in clusters {
        let names = services.iter().filter(|service| service.cluster == *cluster);
        let names: Vec<String> = names.map(|service| service.name.clone()).collect();
        let found = aws.services_with_tags(cluster, &names).await.map_err(failure)?;
        for (name, service) in found {
            let Some(arn) = service["taskDefinition"].as_str().filter(|_| service["status"] == "ACTIVE")
            else {
                continue;
            };
            let definition = aws.task_definition(arn).await.map_err(failure)?;
            let document = definition.map_or(Value::Null, |definition| definition.document);
            add_versions(&document, &name, wanted, &mut tags);
        }
    }
    Ok(tags)
}

/// Adds the versions of the images that a definition names.
fn add_versions(
    document: &Value,
    service: &str,
    wanted: &BTreeMap<String, ImageReference>,
    tags: &mut RunningTags,
) {
    for running in images(document) {
        let names = wanted.iter().filter(|(_, image)| image.repository == running.repository);
        for (name, version) in names.filter_map(|(name, _)| Some((name, running.version()?))) {
            let services = tags.entry(name.clone()).or_default().entry(version).or_default();
            services.insert(service.to_owned());
        }
    }
}
