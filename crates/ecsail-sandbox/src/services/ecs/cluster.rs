//! Operations on clusters.

use serde_json::{Map, Value, json};

use crate::api::ApiError;
use crate::arn::last_segment;
use crate::model::{Cluster, Task};
use crate::params::{
    checked_tags, describe_each, includes, list as items, merge_members, page, text, texts_up_to,
};
use crate::state::{CallContext, Resources};

const SETTINGS: &[&str] = &[
    "settings",
    "configuration",
    "capacityProviders",
    "defaultCapacityProviderStrategy",
    "serviceConnectDefaults",
];

pub(super) fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = text(input, "clusterName").unwrap_or("default");
    let tags = items(input, "tags");
    checked_tags(&tags)?;
    let arn = context.resources.ecs_arn(&format!("cluster/{name}"));
    let mut settings: Map<String, Value> = Map::new();
    for key in SETTINGS.iter().filter(|key| !input[**key].is_null()) {
        settings.insert((*key).to_owned(), input[*key].clone());
    }
    let fresh = Cluster { name: name.to_owned(), arn, settings, tags };
    let cluster = context.resources.clusters.entry(name.to_owned()).or_insert(fresh).clone();
    Ok(json!({ "cluster": view(context.resources, &cluster, true) }))
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let mut asked = texts_up_to(input, "clusters", 100)?;
    if asked.is_empty() {
        asked.push("default");
    }
    let resources = &*context.resources;
    let tags = includes(input, "TAGS");
    Ok(describe_each("clusters", &asked, |given| {
        let name = last_segment(given);
        let found = resources.clusters.get(name).map(|cluster| view(resources, cluster, tags));
        found.ok_or_else(|| resources.ecs_arn(&format!("cluster/{name}")))
    }))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let arns: Vec<Value> = context.resources.clusters.values().map(|c| json!(c.arn)).collect();
    page(input, "clusterArns", &arns, 100)
}

fn view(resources: &Resources, cluster: &Cluster, with_tags: bool) -> Value {
    let tasks = |holds: fn(&Task) -> bool| {
        resources.tasks.iter().filter(|t| t.cluster == cluster.name && holds(t)).count()
    };
    let services =
        resources.services.values().filter(|s| s.cluster == cluster.name && s.status == "ACTIVE").count();
    let mut out = json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": tasks(Task::is_running),
        "pendingTasksCount": tasks(Task::is_pending),
        "activeServicesCount": services,
        "statistics": [],
        "tags": if with_tags { cluster.tags.clone() } else { Vec::new() },
        "settings": [{ "name": "containerInsights", "value": "disabled" }],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
    });
    merge_members(&mut out, &cluster.settings);
    if let Some(declared) = resources.inventory.get("capacity_providers", &cluster.name) {
        out["capacityProviders"] = declared.clone();
    }
    out
}
