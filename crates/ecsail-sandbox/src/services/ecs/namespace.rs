//! Service Connect namespaces. They exist as soon as a service names them.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::model::Service;
use crate::params::{page, required_text};
use crate::state::{CallContext, Resources};

pub(super) fn list_services(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let resources = &*context.resources;
    let asked = namespace_arn(required_text(input, "namespace")?, resources);
    let is_in_it = |service: &&Service| {
        let connect = service.config.get("serviceConnectConfiguration");
        let namespace =
            connect.filter(|connect| connect["enabled"] == true).map(|connect| &connect["namespace"]);
        namespace.and_then(Value::as_str).is_some_and(|known| namespace_arn(known, resources) == asked)
    };
    let found = resources.services.values().filter(|service| service.status != "INACTIVE").filter(is_in_it);
    let arns: Vec<Value> = found.map(|service| json!(service.arn)).collect();
    if arns.is_empty() {
        return Err(ApiError::new("NamespaceNotFoundException", "The specified namespace wasn't found."));
    }
    page(input, "serviceArns", &arns, 100)
}

/// Returns the ARN of a namespace that is given by its name or its ARN.
fn namespace_arn(given: &str, resources: &Resources) -> String {
    if given.starts_with("arn:") {
        return given.to_owned();
    }
    let Resources { account, region, .. } = resources;
    format!("arn:aws:servicediscovery:{region}:{account}:namespace/ns-{given}")
}
