//! Launching a task. Owns how a task looks when it is new; never decides that there should be one.

use serde_json::{Map, Value, json};

use crate::ids::Ids;
use crate::model::{Container, Definition, Deployment, Phase, Service, Task, Times};
use crate::script::Fate;
use crate::state::{Millis, Realm, last_part};

/// What a new task needs to know.
pub(crate) struct Launch<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) definition: &'a str,
    pub(crate) service: Option<&'a str>,
    pub(crate) started_by: Option<&'a str>,
    pub(crate) group: String,
    pub(crate) fate: Fate,
    pub(crate) target_group: Option<String>,
    /// Launch type, network configuration and so on, of a service or of a RunTask input.
    pub(crate) config: &'a Map<String, Value>,
    pub(crate) overrides: Value,
    pub(crate) tags: Vec<Value>,
}

impl<'a> Launch<'a> {
    /// Returns the order for a task of a service's deployment.
    pub(crate) fn of(
        service: &'a Service,
        deployment: &'a Deployment,
        fate: Fate,
        tags: Vec<Value>,
    ) -> Launch<'a> {
        Launch {
            cluster: &service.cluster,
            definition: &deployment.definition,
            service: Some(&service.name),
            started_by: Some(&deployment.id),
            group: format!("service:{}", service.name),
            fate,
            target_group: match service.alternate_group().filter(|_| deployment.alternate) {
                Some(group) => Some(group.to_owned()),
                None => service.target_groups().into_iter().next(),
            },
            config: &service.config,
            overrides: no_overrides(),
            tags,
        }
    }
}

/// Returns the overrides of a task that has none.
pub(crate) fn no_overrides() -> Value {
    json!({ "containerOverrides": [], "inferenceAcceleratorOverrides": [] })
}

/// Adds a new task to the realm and returns its id; none when its definition has gone.
pub(crate) fn launch(realm: &mut Realm, ids: &mut Ids, now: Millis, launch: Launch<'_>) -> Option<String> {
    let definition = realm.definition(launch.definition)?;
    let id = ids.hex(32);
    let containers = definition
        .containers()
        .iter()
        .map(|given| container(realm, ids, launch.cluster, &id, given, launch.fate, &launch.overrides))
        .collect();
    let task = Task {
        arn: realm.arn(&format!("task/{}/{id}", launch.cluster)),
        cluster_arn: realm.arn(&format!("cluster/{}", launch.cluster)),
        cluster: launch.cluster.to_owned(),
        service: launch.service.map(str::to_owned),
        deployment: launch.service.and(launch.started_by).map(str::to_owned),
        started_by: launch.started_by.map(str::to_owned),
        group: launch.group,
        family: definition.family.clone(),
        definition: definition.arn.clone(),
        phase: Phase::Provisioning,
        since: now,
        stop: None,
        fate: launch.fate,
        targeted: launch.target_group.is_some(),
        healthy: false,
        lingers: 0,
        failed: false,
        times: Times { created: now, ..Times::default() },
        containers,
        fixed: fixed(realm, ids, definition, launch.config, launch.target_group, &launch.overrides),
        overrides: launch.overrides,
        tags: launch.tags,
        id: id.clone(),
    };
    realm.tasks.push(task);
    Some(id)
}

fn container(
    realm: &Realm,
    ids: &mut Ids,
    cluster: &str,
    task: &str,
    given: &Value,
    fate: Fate,
    overrides: &Value,
) -> Container {
    let name = given["name"].as_str().unwrap_or_default();
    let image = given["image"].as_str().unwrap_or_default();
    let essential = given["essential"].as_bool().unwrap_or(true);
    let pretend = fate == Fate::UnhealthyContainer && essential;
    let changed =
        overrides["containerOverrides"].as_array().into_iter().flatten().find(|o| o["name"] == name);
    let number = |field: &str| {
        let value = changed.map(|o| &o[field]).filter(|v| v.is_number()).unwrap_or(&given[field]);
        value.as_u64().map(|n| n.to_string())
    };
    Container {
        arn: realm.arn(&format!("container/{cluster}/{task}/{}", ids.uuid())),
        name: name.to_owned(),
        image: image.to_owned(),
        digest: realm.digest(image),
        runtime_id: format!("{task}-{}", ids.number().get(..10).unwrap_or("0")),
        essential,
        checked: given["healthCheck"].is_object() || pretend,
        health: "UNKNOWN".to_owned(),
        exit_code: None,
        reason: None,
        secret: given["secrets"][0]["valueFrom"].as_str().map(str::to_owned),
        cpu: number("cpu").unwrap_or_else(|| "0".to_owned()),
        memory: number("memory"),
        read_only: given["readonlyRootFilesystem"] == true,
    }
}

/// Returns the fields that a task keeps all its life; the last three are for the simulation alone.
fn fixed(
    realm: &Realm,
    ids: &mut Ids,
    definition: &Definition,
    config: &Map<String, Value>,
    target_group: Option<String>,
    overrides: &Value,
) -> Map<String, Value> {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| out.insert(name.to_owned(), value);
    let of_task = |name: &str| overrides[name].as_str().or_else(|| definition.text(name));
    set("cpu", json!(of_task("cpu").unwrap_or("0")));
    set("memory", json!(of_task("memory").unwrap_or("0")));
    set("availabilityZone", json!(format!("{}{}", realm.region, ["a", "c"][realm.tasks.len() % 2])));
    set(
        "enableExecuteCommand",
        json!(config.get("enableExecuteCommand").and_then(Value::as_bool).unwrap_or(false)),
    );
    match config.get("capacityProviderStrategy").and_then(|s| s[0]["capacityProvider"].as_str()) {
        Some(provider) => {
            set("capacityProviderName", json!(provider));
            set("launchType", json!(if provider.starts_with("FARGATE") { "FARGATE" } else { "EC2" }));
        }
        None => {
            set("launchType", config.get("launchType").cloned().unwrap_or_else(|| json!("EC2")));
        }
    }
    if matches!(out.get("launchType"), Some(kind) if kind == "FARGATE") {
        out.insert("platformVersion".to_owned(), json!("1.4.0"));
        out.insert("platformFamily".to_owned(), json!("Linux"));
        let size = definition
            .document
            .get("ephemeralStorage")
            .cloned()
            .unwrap_or_else(|| json!({ "sizeInGiB": 20 }));
        out.insert("ephemeralStorage".to_owned(), size.clone());
        out.insert("fargateEphemeralStorage".to_owned(), size);
    }
    if let Some(network) =
        config.get("networkConfiguration").filter(|_| definition.text("networkMode") == Some("awsvpc"))
    {
        out.insert("eni".to_owned(), interface(realm, ids, network));
    }
    if let Some(group) = target_group {
        out.insert("targetGroup".to_owned(), json!(group));
    }
    let role = of_task("executionRoleArn").map(last_part).unwrap_or("ecsTaskExecutionRole");
    out.insert("executionRole".to_owned(), json!(role));
    out
}

/// Returns the network interface of a task: its subnet, its address, its ids.
fn interface(realm: &Realm, ids: &mut Ids, network: &Value) -> Value {
    let subnets = network["awsvpcConfiguration"]["subnets"].as_array();
    let taken = |at: usize| {
        let address = address(at);
        realm.tasks.iter().any(|t| t.fixed.get("eni").is_some_and(|eni| eni["address"] == address.as_str()))
    };
    // Tasks are forgotten: their number alone may stand for one that is still there.
    let at = (realm.tasks.len()..).find(|at| !taken(*at)).unwrap_or_default();
    let subnet = subnets.filter(|s| !s.is_empty()).map_or(json!("subnet-0"), |s| s[at % s.len()].clone());
    json!({
        "attachment": ids.uuid(),
        "subnet": subnet,
        "eni": format!("eni-0{}", ids.hex(16)),
        "mac": format!("0a:58:0a:00:{:02x}:{:02x}", at >> 8 & 255, at & 255),
        "address": address(at),
    })
}

fn address(at: usize) -> String {
    format!("10.0.{}.{}", 1 + at / 200 % 200, 10 + at % 200)
}
