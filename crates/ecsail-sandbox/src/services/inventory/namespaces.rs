//! Cloud Map: which namespaces there are, by name or by id.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::ids::digest_of;
use crate::params::{list, text, texts};
use crate::state::Resources;

/// Answers a call.
pub(super) fn answer(resources: &Resources, operation: &str, input: &Value) -> Result<Value, ApiError> {
    let all = resources.inventory.items("namespaces").map(|(name, _)| view(resources, name));
    match operation {
        "ListNamespaces" => {
            let filters = list(input, "Filters");
            let is_asked = |namespace: &Value| {
                filters.iter().all(|filter| {
                    let values = texts(filter, "Values");
                    text(filter, "Name") == Some("NAME")
                        && values.contains(&namespace["Name"].as_str().unwrap_or_default())
                })
            };
            Ok(json!({ "Namespaces": all.filter(is_asked).collect::<Vec<_>>() }))
        }
        "GetNamespace" => {
            let id = text(input, "Id").unwrap_or_default();
            let mut found = all.filter(|namespace| namespace["Id"] == id || namespace["Arn"] == id);
            let found = found.next();
            found
                .map(|namespace| json!({ "Namespace": namespace }))
                .ok_or_else(|| ApiError::new("NamespaceNotFound", format!("Cannot find namespace {id}.")))
        }
        _ => Err(ApiError::unknown_operation()),
    }
}

/// A namespace may be declared by its ARN as well, where a document names it so.
fn view(resources: &Resources, name: &str) -> Value {
    let id = match name.rsplit_once("namespace/") {
        Some((_, id)) => id.to_owned(),
        None => format!("ns-{}", digest_of(name).get(7..23).unwrap_or_default()),
    };
    let arn = resources.service_arn("servicediscovery", &format!("namespace/{id}"));
    json!({ "Id": id, "Arn": arn, "Name": name, "Type": "HTTP" })
}
