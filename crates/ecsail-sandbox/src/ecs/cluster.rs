//! Clusters. Owns their operations; counts what is in them and changes nothing there.

use serde_json::{Map, Value, json};

use crate::model::Task;
use crate::params::{checked_tags, each, includes, list as items, overlay, page, text, up_to};
use crate::state::{Cluster, Env, Realm, last_part};
use crate::wire::ApiError;

const SETTINGS: &[&str] = &[
    "settings",
    "configuration",
    "capacityProviders",
    "defaultCapacityProviderStrategy",
    "serviceConnectDefaults",
];

pub(super) fn create(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = text(input, "clusterName").unwrap_or("default");
    let tags = items(input, "tags");
    checked_tags(&tags)?;
    let arn = env.realm.arn(&format!("cluster/{name}"));
    let mut settings: Map<String, Value> = Map::new();
    for key in SETTINGS.iter().filter(|key| !input[**key].is_null()) {
        settings.insert((*key).to_owned(), input[*key].clone());
    }
    let fresh = Cluster { name: name.to_owned(), arn, settings, tags };
    let cluster = env.realm.clusters.entry(name.to_owned()).or_insert(fresh).clone();
    Ok(json!({ "cluster": view(env.realm, &cluster, true) }))
}

pub(super) fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let mut asked = up_to(input, "clusters", 100)?;
    if asked.is_empty() {
        asked.push("default");
    }
    let (realm, tags) = (&*env.realm, includes(input, "TAGS"));
    Ok(each("clusters", &asked, |given| {
        let name = last_part(given);
        let found = realm.clusters.get(name).map(|cluster| view(realm, cluster, tags));
        found.ok_or_else(|| realm.arn(&format!("cluster/{name}")))
    }))
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let arns: Vec<Value> = env.realm.clusters.values().map(|c| json!(c.arn)).collect();
    page(input, "clusterArns", &arns, 100)
}

fn view(realm: &Realm, cluster: &Cluster, with_tags: bool) -> Value {
    let tasks = |holds: fn(&Task) -> bool| {
        realm.tasks.iter().filter(|t| t.cluster == cluster.name && holds(t)).count()
    };
    let services =
        realm.services.values().filter(|s| s.cluster == cluster.name && s.status == "ACTIVE").count();
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
    overlay(&mut out, &cluster.settings);
    out
}
