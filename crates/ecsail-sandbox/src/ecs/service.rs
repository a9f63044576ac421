//! Services. Owns creating, changing, deleting and finding them; the rollout that follows is the
//! simulation's, the look of an answer the view's.

use serde_json::{Map, Value, json};

use super::service_rules::{check, usable};
use super::service_view::view;
use crate::model::Service;
use crate::params::{checked_tags, each, includes, is_name, list as items, need, page, some_of, text};
use crate::rollout::{Cause, REVISION_FIELDS, begin, dismiss};
use crate::state::{Env, Realm, last_part, service_key};
use crate::wire::{ApiError, invalid_if};

/// What is kept elsewhere than in a service's configuration.
const NOT_CONFIG: &[&str] = &[
    "cluster",
    "service",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "clientToken",
    "tags",
    "forceNewDeployment",
    "role",
];

pub(super) fn create(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let name = need(input, "serviceName")?;
    let existing = env.realm.services.get(&service_key(&cluster, name)).filter(|s| s.status != "INACTIVE");
    if let Some(service) = existing {
        let token = text(input, "clientToken");
        if token.is_some() && service.client_token.as_deref() == token {
            return Ok(json!({ "service": view(env.realm, service, true) }));
        }
        return Err(ApiError::invalid("Creation of service was not idempotent."));
    }
    let definition = usable(env, need(input, "taskDefinition")?)?;
    let (arn, images) = (definition.arn.clone(), definition.images());
    check(input, definition)?;
    let script = env.scenarios.of(name).script(&images);
    let mut service = new_service(env, &cluster, input)?;
    begin(&mut service, env.realm, env.ids, Cause { definition: &arn, script, now: env.now });
    Ok(keep(env, service))
}

/// Puts a service where it belongs, and answers with it.
fn keep(env: &mut Env<'_>, service: Service) -> Value {
    let out = json!({ "service": view(env.realm, &service, true) });
    env.realm.services.insert(service_key(&service.cluster, &service.name), service);
    out
}

/// Returns a service as CreateService's input describes it, without a deployment yet.
pub(crate) fn new_service(env: &Env<'_>, cluster: &str, input: &Value) -> Result<Service, ApiError> {
    let name = need(input, "serviceName")?;
    invalid_if(
        name.len() > 255 || !is_name(name),
        "Invalid service name. Up to 255 letters (uppercase and lowercase), numbers, \
                 underscores, and hyphens are allowed.",
    )?;
    let tags = items(input, "tags");
    checked_tags(&tags)?;
    let daemon = input["schedulingStrategy"] == "DAEMON";
    let desired = input["desiredCount"].as_u64().unwrap_or(u64::from(daemon)) as usize;
    Ok(Service {
        name: name.to_owned(),
        arn: env.realm.arn(&format!("service/{cluster}/{name}")),
        cluster: cluster.to_owned(),
        cluster_arn: env.realm.arn(&format!("cluster/{cluster}")),
        status: "ACTIVE".to_owned(),
        desired,
        definition: String::new(),
        config: config(input),
        tags,
        created: env.now,
        created_by: env.caller.arn.clone(),
        client_token: text(input, "clientToken").map(str::to_owned),
        deployments: Vec::new(),
        history: Vec::new(),
        revisions: Vec::new(),
        events: Vec::new(),
        steady: false,
        gone: None,
    })
}

/// Returns the configuration of a new service, with ECS's defaults.
fn config(input: &Value) -> Map<String, Value> {
    let mut out = json!({
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": "REPLICA",
        "deploymentController": { "type": "ECS" },
        "enableECSManagedTags": false,
        "propagateTags": "NONE",
        "enableExecuteCommand": false,
        "availabilityZoneRebalancing": "DISABLED",
        "deploymentConfiguration": deployment_defaults(),
    });
    merge(&mut out, input);
    if out["capacityProviderStrategy"].as_array().is_none_or(Vec::is_empty) && out["launchType"].is_null() {
        out["launchType"] = json!("EC2");
    }
    if out["launchType"] == "FARGATE" || out["capacityProviderStrategy"].is_array() {
        if out["platformVersion"].is_null() {
            out["platformVersion"] = json!("LATEST");
        }
        out["platformFamily"] = json!("Linux");
    }
    if let Value::Object(map) = out { map } else { Map::new() }
}

fn deployment_defaults() -> Value {
    json!({
        "deploymentCircuitBreaker": { "enable": false, "rollback": false },
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    })
}

/// Lays an input over a configuration; the deployment configuration member by member.
fn merge(config: &mut Value, input: &Value) {
    for (key, value) in input.as_object().into_iter().flatten() {
        if NOT_CONFIG.contains(&key.as_str()) || value.is_null() {
            continue;
        }
        if key == "deploymentConfiguration" {
            for (member, value) in value.as_object().into_iter().flatten() {
                config[key.as_str()][member.as_str()] = value.clone();
            }
        } else {
            config[key.as_str()] = value.clone();
        }
    }
}

pub(super) fn update(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let mut service = found(env.realm, &cluster, need(input, "service")?)?.clone();
    if service.status != "ACTIVE" {
        return Err(ApiError::new("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    controlled(&service, input)?;
    // A definition may be deregistered while a service runs it; only a new one must be ACTIVE.
    let definition = match text(input, "taskDefinition") {
        Some(given) => usable(env, given)?,
        None => env
            .realm
            .definition(&service.definition)
            .ok_or_else(|| ApiError::client("TaskDefinition not found."))?,
    };
    let (arn, images) = (definition.arn.clone(), definition.images());
    let mut after = Value::Object(service.config.clone());
    merge(&mut after, input);
    if input["capacityProviderStrategy"].as_array().is_some_and(|s| !s.is_empty()) {
        after["launchType"] = Value::Null;
    }
    check(&after, definition)?;
    let Value::Object(mut after) = after else {
        return Err(not_found());
    };
    after.retain(|_, value| !value.is_null());
    let changed = |name: &&str| service.config.get(*name) != after.get(*name);
    let deploys = input["forceNewDeployment"] == true
        || arn != service.definition
        || REVISION_FIELDS.iter().any(changed);
    service.config = after;
    if let Some(desired) = input["desiredCount"].as_u64() {
        service.steady &= service.desired == desired as usize;
        service.desired = desired as usize;
    }
    if deploys {
        let script = env.scenarios.of(&service.name).script(&images);
        begin(&mut service, env.realm, env.ids, Cause { definition: &arn, script, now: env.now });
    }
    Ok(keep(env, service))
}

/// Refuses a new revision for a service whose deployments something else controls.
fn controlled(service: &Service, input: &Value) -> Result<(), ApiError> {
    let controller =
        service.config.get("deploymentController").and_then(|c| c["type"].as_str()).unwrap_or("ECS");
    let deploys = text(input, "taskDefinition").is_some() || input["forceNewDeployment"] == true;
    match controller {
        "CODE_DEPLOY" if deploys => Err(ApiError::invalid(
            "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS \
             CodeDeploy to trigger a new deployment.",
        )),
        "EXTERNAL" if deploys => Err(ApiError::invalid(
            "Unable to update task definition on services with an EXTERNAL deployment controller. Use \
             CreateTaskSet to trigger a new deployment.",
        )),
        _ => Ok(()),
    }
}

pub(super) fn delete(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let mut service = found(env.realm, &cluster, need(input, "service")?)?.clone();
    if service.status == "INACTIVE" {
        return Err(not_found());
    }
    invalid_if(
        service.desired > 0 && input["force"] != true,
        "The service cannot be stopped while it is scaled above 0.",
    )?;
    dismiss(&mut service, env.now);
    Ok(keep(env, service))
}

pub(super) fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let asked = some_of(input, "services", 10)?;
    let (realm, tags) = (&*env.realm, includes(input, "TAGS"));
    Ok(each("services", &asked, |given| {
        let found = realm.services.get(&service_key(&cluster, given));
        let arn = || realm.arn(&format!("service/{cluster}/{}", last_part(given)));
        found.map(|service| view(realm, service, tags)).ok_or_else(arn)
    }))
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let fits = |service: &&Service| {
        let same = |name: &str| {
            text(input, name).is_none_or(|given| service.config.get(name).is_some_and(|v| v == given))
        };
        service.cluster == cluster
            && service.status != "INACTIVE"
            && same("launchType")
            && same("schedulingStrategy")
    };
    let arns: Vec<Value> = env.realm.services.values().filter(fits).map(|s| json!(s.arn)).collect();
    // ListServices gives ten at a time unless asked for more.
    let mut sized = input.clone();
    if sized["maxResults"].is_null() {
        sized["maxResults"] = json!(10);
    }
    page(&sized, "serviceArns", &arns, 100)
}

/// Returns a service that must exist.
pub(super) fn found<'a>(realm: &'a Realm, cluster: &str, given: &str) -> Result<&'a Service, ApiError> {
    realm.services.get(&service_key(cluster, given)).ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::new("ServiceNotFoundException", "Service not found.")
}
