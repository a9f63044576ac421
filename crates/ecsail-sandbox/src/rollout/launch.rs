//! Creates tasks and their containers, as they are before they start.

use serde_json::{Map, Value, json};

use crate::arn::last_segment;
use crate::ids::Ids;
use crate::model::{Container, Deployment, Service, Task, TaskDefinition, TaskStatus, TaskTimes};
use crate::scenario::TaskBehavior;
use crate::state::Resources;
use crate::time::Millis;

/// The properties of a new task.
pub(crate) struct TaskLaunch<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) task_definition: &'a str,
    pub(crate) service: Option<&'a str>,
    pub(crate) started_by: Option<&'a str>,
    pub(crate) group: String,
    pub(crate) behavior: TaskBehavior,
    pub(crate) target_group: Option<String>,
    /// The fields of a service, or of a `RunTask` input: launch type, network configuration and so on.
    pub(crate) config: &'a Map<String, Value>,
    pub(crate) overrides: Value,
    pub(crate) tags: Vec<Value>,
}

impl<'a> TaskLaunch<'a> {
    /// Returns the properties of a task of a service's deployment.
    pub(crate) fn for_deployment(
        service: &'a Service,
        deployment: &'a Deployment,
        behavior: TaskBehavior,
        tags: Vec<Value>,
    ) -> TaskLaunch<'a> {
        TaskLaunch {
            cluster: &service.cluster,
            task_definition: &deployment.task_definition,
            service: Some(&service.name),
            started_by: Some(&deployment.id),
            group: format!("service:{}", service.name),
            behavior,
            target_group: match service.alternate_target_group().filter(|_| deployment.in_alternate_group) {
                Some(group) => Some(group.to_owned()),
                None => service.target_groups().into_iter().next(),
            },
            config: &service.config,
            overrides: no_overrides(),
            tags,
        }
    }
}

/// Returns empty overrides.
pub(crate) fn no_overrides() -> Value {
    json!({ "containerOverrides": [], "inferenceAcceleratorOverrides": [] })
}

/// Adds a new task and returns its id; none where its task definition does not exist.
pub(crate) fn launch(
    resources: &mut Resources,
    ids: &mut Ids,
    now: Millis,
    launch: TaskLaunch<'_>,
) -> Option<String> {
    for image in resources.task_definition(launch.task_definition)?.images() {
        resources.cache_image(&image, now);
    }
    let definition = resources.task_definition(launch.task_definition)?;
    let id = ids.hex(32);
    let containers = definition
        .containers()
        .iter()
        .map(|given| {
            container(resources, ids, launch.cluster, &id, given, launch.behavior, &launch.overrides)
        })
        .collect();
    let task = Task {
        arn: resources.ecs_arn(&format!("task/{}/{id}", launch.cluster)),
        cluster_arn: resources.ecs_arn(&format!("cluster/{}", launch.cluster)),
        cluster: launch.cluster.to_owned(),
        service: launch.service.map(str::to_owned),
        deployment: launch.service.and(launch.started_by).map(str::to_owned),
        started_by: launch.started_by.map(str::to_owned),
        group: launch.group,
        family: definition.family.clone(),
        task_definition: definition.arn.clone(),
        status: TaskStatus::Provisioning,
        status_since: now,
        stop: None,
        behavior: launch.behavior,
        in_target_group: launch.target_group.is_some(),
        is_healthy: false,
        drain_time: 0,
        has_uncounted_failure: false,
        times: TaskTimes { created: now, ..TaskTimes::default() },
        containers,
        fixed_fields: fixed_fields(
            resources,
            ids,
            definition,
            launch.config,
            launch.target_group,
            &launch.overrides,
        ),
        overrides: launch.overrides,
        tags: launch.tags,
        id: id.clone(),
    };
    resources.tasks.push(task);
    Some(id)
}

fn container(
    resources: &Resources,
    ids: &mut Ids,
    cluster: &str,
    task: &str,
    given: &Value,
    behavior: TaskBehavior,
    overrides: &Value,
) -> Container {
    let name = given["name"].as_str().unwrap_or_default();
    let image = given["image"].as_str().unwrap_or_default();
    let essential = given["essential"].as_bool().unwrap_or(true);
    let is_failing_health_check = behavior == TaskBehavior::UnhealthyContainer && essential;
    let changed =
        overrides["containerOverrides"].as_array().into_iter().flatten().find(|o| o["name"] == name);
    let number = |field: &str| {
        let value = changed.map(|o| &o[field]).filter(|v| v.is_number()).unwrap_or(&given[field]);
        value.as_u64().map(|n| n.to_string())
    };
    Container {
        arn: resources.ecs_arn(&format!("container/{cluster}/{task}/{}", ids.uuid())),
        name: name.to_owned(),
        image: image.to_owned(),
        digest: resources.image_digest(image),
        runtime_id: format!("{task}-{}", ids.number().get(..10).unwrap_or("0")),
        is_essential: essential,
        has_health_check: given["healthCheck"].is_object() || is_failing_health_check,
        health: "UNKNOWN".to_owned(),
        exit_code: None,
        reason: None,
        secret_arn: given["secrets"][0]["valueFrom"].as_str().map(str::to_owned),
        cpu: number("cpu").unwrap_or_else(|| "0".to_owned()),
        memory: number("memory"),
        has_read_only_root: given["readonlyRootFilesystem"] == true,
    }
}

/// Returns the fields that never change. The last three (`eni`, `targetGroup`, `executionRole`) are not part
/// of a task's view.
fn fixed_fields(
    resources: &Resources,
    ids: &mut Ids,
    definition: &TaskDefinition,
    config: &Map<String, Value>,
    target_group: Option<String>,
    overrides: &Value,
) -> Map<String, Value> {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| out.insert(name.to_owned(), value);
    let of_task = |name: &str| overrides[name].as_str().or_else(|| definition.text_field(name));
    set("cpu", json!(of_task("cpu").unwrap_or("0")));
    set("memory", json!(of_task("memory").unwrap_or("0")));
    set("availabilityZone", json!(format!("{}{}", resources.region, ["a", "c"][resources.tasks.len() % 2])));
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
        config.get("networkConfiguration").filter(|_| definition.text_field("networkMode") == Some("awsvpc"))
    {
        out.insert("eni".to_owned(), network_interface(resources, ids, network));
    }
    if let Some(group) = target_group {
        out.insert("targetGroup".to_owned(), json!(group));
    }
    let role = of_task("executionRoleArn").map_or("ecsTaskExecutionRole", last_segment);
    out.insert("executionRole".to_owned(), json!(role));
    out
}

/// Returns the network interface of a task.
fn network_interface(resources: &Resources, ids: &mut Ids, network: &Value) -> Value {
    let subnets = network["awsvpcConfiguration"]["subnets"].as_array();
    let taken = |at: usize| {
        let address = address(at);
        resources
            .tasks
            .iter()
            .any(|t| t.fixed_fields.get("eni").is_some_and(|eni| eni["address"] == address.as_str()))
    };
    // Expired tasks are removed: the number of tasks may give the address of a task that still runs.
    let first = resources.tasks.len();
    let at = (first..=2 * first).find(|at| !taken(*at)).unwrap_or_default();
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
