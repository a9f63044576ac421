//! Renders what the manifest says of an Express service, and finds its image.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::DefinitionSource;
use super::definition_files::DefinitionFiles;
use super::service_document::check_name_and_cluster;
use crate::document::model::DocumentKind;
use crate::document::problem::{Problem, Problems};
use crate::image::{ImageReference, images_of};
use crate::manifest::{Manifest, ManifestService};

/// The name of the container in the task definition that ECS makes (API reference, `CreateExpressGatewayService`).
const CONTAINER: &str = "Main";

/// Returns the source of the definition of an Express service; `None` where its files cannot be read.
pub(super) fn render_express(
    service: &ManifestService,
    manifest: &Manifest,
    files: &mut DefinitionFiles,
    problems: &mut Problems,
) -> Option<DefinitionSource> {
    let merged = files.merge_layers(&service.express, DocumentKind::Express, manifest, problems)?;
    let node = &merged.node;
    let is_described = ["primaryContainer", "taskDefinitionArn"].iter().any(|name| node.get(name).is_some());
    if merged.is_valid && !is_described {
        let message = "an Express service needs a `primaryContainer`, or a `taskDefinitionArn`";
        let hint = "add `primaryContainer: { image: \"{{ image.NAME }}\" }`".to_owned();
        problems.push(Problem::error(node.span, message).hint(hint));
    }
    check_name_and_cluster(service, manifest, node, problems);
    let mut document = node.to_value();
    if let Value::Object(members) = &mut document {
        members.retain(|name, _| name != "serviceName" && name != "cluster");
    }
    Some(DefinitionSource::Express(document))
}

/// Returns the part of the task definition that is known of an Express service: the image and the variables of its
/// container.
pub fn express_definition(document: &Value) -> Value {
    let container = &document["primaryContainer"];
    if container.is_null() {
        return json!({});
    }
    json!({ "containerDefinitions": [{
        "name": CONTAINER,
        "image": container["image"],
        "environment": container["environment"],
    }] })
}

/// Returns the images of an Express service.
pub fn express_images(document: &Value) -> BTreeSet<ImageReference> {
    images_of(&express_definition(document))
}
