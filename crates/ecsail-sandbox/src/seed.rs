//! Creates the initial clusters, services and images of a sandbox, through the operations that callers use
//! where there is one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::arn::service_key;
use crate::ids::digest_of;
use crate::model::{Cluster, Image, Repository, Service, ServiceDeploymentStatus, TaskStatus};
use crate::params::merge_members;
use crate::rollout::{
    NewDeployment, TaskLaunch, launch, mark_completed, push_event, start_deployment, task_list,
};
use crate::scenario::{ScenarioEffects, TaskBehavior};
use crate::services::ecr::{MEDIA_TYPE, push_image};
use crate::services::ecs::{check_service, new_service, register};
use crate::services::{cloudformation, secretsmanager, ssm};
use crate::state::{CallContext, Resources, SandboxState};
use crate::time::Millis;

/// The age of seeded resources.
const SEED_AGE: Millis = 3_600_000;

/// The initial resources of a sandbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seed {
    /// Clusters by name. Those of the services need not be listed.
    pub clusters: Vec<String>,
    /// Services, each in a steady state.
    pub services: Vec<SeedService>,
    /// Task definitions that no service runs.
    pub task_definitions: Vec<SeedTaskDefinition>,
    /// Repositories and the images in them.
    pub repositories: Vec<SeedRepository>,
    /// The ARNs of target groups that exist before a service names them.
    pub target_groups: Vec<String>,
    /// Parameters of Systems Manager.
    pub parameters: Vec<SeedParameter>,
    /// The names of secrets in Secrets Manager.
    pub secrets: Vec<String>,
    /// Stacks of CloudFormation.
    pub stacks: Vec<SeedStack>,
    /// Objects in S3.
    pub objects: Vec<SeedObject>,
    /// The account of all of them; the sandbox's own when none.
    pub account: Option<String>,
    /// The region of all of them; the sandbox's own when none.
    pub region: Option<String>,
}

/// A service in a steady state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedService {
    /// The service's name.
    pub name: String,
    /// Its cluster, by name; `default` when empty.
    pub cluster: String,
    /// A `RegisterTaskDefinition` input.
    pub task_definition: Value,
    /// Members of a `CreateService` input. The defaults are two tasks, on Fargate if the task definition has
    /// the network mode `awsvpc`, else on EC2.
    pub service: Value,
}

/// A task definition that no service runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedTaskDefinition {
    /// A `RegisterTaskDefinition` input.
    pub task_definition: Value,
    /// How many revisions of it there are.
    pub revisions: usize,
}

/// A parameter of Systems Manager.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedParameter {
    /// Its name.
    pub name: String,
    /// `String`, `StringList` or `SecureString`; `String` when empty.
    pub kind: String,
    /// Its value; that of a `StringList` with commas.
    pub value: String,
}

/// A stack of CloudFormation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedStack {
    /// Its name.
    pub name: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// What it exports, by the name of the export.
    pub exports: BTreeMap<String, String>,
}

/// An object in S3.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedObject {
    /// Its bucket, which is made in the region of the seed.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its text.
    pub text: String,
}

/// A repository in ECR.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedRepository {
    /// Its name, without the registry.
    pub name: String,
    /// The images in it, by tag.
    pub tags: Vec<SeedTag>,
}

/// A tagged image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedTag {
    /// The tag; an image without a tag when empty.
    pub tag: String,
    /// The digest; made from repository and tag when none.
    pub digest: Option<String>,
    /// When it was pushed, in seconds since 1970; an hour before the seed when none.
    pub pushed_at: Option<f64>,
    /// The number of findings of a scan, by severity (`CRITICAL`, `HIGH`, …); not scanned when none.
    pub findings: Option<BTreeMap<String, i64>>,
}

/// Adds what a seed describes, and returns the number of images that were not there before.
///
/// # Errors
/// When ECS would refuse one of the services; the text names it and gives ECS's reason.
pub(crate) fn apply(state: &mut SandboxState, seed: &Seed) -> Result<usize, String> {
    let mut caller = state.own_caller();
    if let Some(account) = &seed.account {
        account.clone_into(&mut caller.account);
        caller.arn = format!("arn:aws:iam::{account}:user/sandbox");
    }
    if let Some(region) = &seed.region {
        region.clone_into(&mut caller.region);
    }
    let mut context = state.call_context(&caller);
    let added = seed.repositories.iter().map(|repository| add_repository(&mut context, repository)).sum();
    seed.clusters.iter().for_each(|name| add_cluster(&mut context, name));
    context.resources.target_groups.extend(seed.target_groups.iter().cloned());
    add_values(context.resources, seed);
    seed.task_definitions.iter().try_for_each(|seed| add_task_definition(&mut context, seed))?;
    seed.services.iter().try_for_each(|service| add_service(&mut context, service))?;
    Ok(added)
}

/// Adds parameters, secrets, stacks and objects; those of the same name are replaced.
fn add_values(resources: &mut Resources, seed: &Seed) {
    for parameter in &seed.parameters {
        let kind = if parameter.kind.is_empty() { "String" } else { &parameter.kind };
        ssm::put(resources, &parameter.name, kind, &json!(parameter.value));
    }
    for name in &seed.secrets {
        secretsmanager::put(resources, name);
    }
    for stack in &seed.stacks {
        cloudformation::put(resources, &stack.name, &json!(stack.outputs), &json!(stack.exports));
    }
    for object in &seed.objects {
        let bucket = resources.buckets.entry(object.bucket.clone()).or_default();
        bucket.insert(object.key.clone(), object.text.clone());
    }
}

fn add_cluster(context: &mut CallContext<'_>, name: &str) {
    let arn = context.resources.ecs_arn(&format!("cluster/{name}"));
    let fresh = Cluster { name: name.to_owned(), arn, settings: Map::new(), tags: Vec::new() };
    context.resources.clusters.entry(name.to_owned()).or_insert(fresh);
}

/// Returns the number of images that were not there before.
fn add_repository(context: &mut CallContext<'_>, seed: &SeedRepository) -> usize {
    let (now, times, mut added) = (context.now, context.times, 0);
    let repository = context.resources.repositories.entry(seed.name.clone()).or_insert_with(|| Repository {
        name: seed.name.clone(),
        created: now - SEED_AGE,
        settings: Map::new(),
        images: Vec::new(),
    });
    for image in &seed.tags {
        let is_known = |known: &Image| match (image.tag.as_str(), &image.digest) {
            ("", Some(digest)) => known.digest == *digest,
            (tag, _) => known.tags.iter().any(|known| known == tag),
        };
        if repository.images.iter().any(is_known) {
            continue;
        }
        let digest =
            image.digest.clone().unwrap_or_else(|| digest_of(&format!("{}:{}", seed.name, image.tag)));
        let pushed = image.pushed_at.map_or(now - SEED_AGE, |at| times.simulated((at * 1000.0) as Millis));
        let tag = Some(image.tag.as_str()).filter(|tag| !tag.is_empty());
        push_image(repository, &digest, tag, pushed, None, MEDIA_TYPE);
        added += 1;
        for known in repository.images.iter_mut().filter(|known| known.digest == digest) {
            known.findings.clone_from(&image.findings);
        }
    }
    added
}

/// Registers a task definition until its family has the number of revisions.
fn add_task_definition(context: &mut CallContext<'_>, seed: &SeedTaskDefinition) -> Result<(), String> {
    let family = seed.task_definition["family"].as_str().unwrap_or_default();
    let known = context.resources.families.get(family).map_or(0, Vec::len);
    for _ in known..seed.revisions {
        register(context, &seed.task_definition)
            .map_err(|error| format!("seeded task definition {family}: {error}"))?;
    }
    Ok(())
}

/// Registers the task definition and creates the service as it is an hour after its creation.
fn add_service(context: &mut CallContext<'_>, seed: &SeedService) -> Result<(), String> {
    let error_of =
        |what: &str, error: crate::ApiError| format!("seeded service {}: {what}: {error}", seed.name);
    let cluster_name = if seed.cluster.is_empty() { "default" } else { &seed.cluster };
    add_cluster(context, cluster_name);
    let key = service_key(cluster_name, &seed.name);
    if context.resources.services.get(&key).is_some_and(|service| service.status != "INACTIVE") {
        return Ok(());
    }
    let created = context.now - SEED_AGE;
    let now = context.now;
    context.now = created;
    let registered = register(context, &seed.task_definition).map_err(|e| error_of("task_definition", e))?;
    let arn = registered["taskDefinition"]["taskDefinitionArn"].as_str().unwrap_or_default().to_owned();
    let input = create_service_input(seed);
    if let Some(definition) = context.resources.task_definition(&arn) {
        check_service(&input, definition).map_err(|e| error_of("service", e))?;
    }
    let mut service = new_service(context, cluster_name, &input).map_err(|e| error_of("service", e))?;
    start_deployment(
        &mut service,
        context.resources,
        context.ids,
        NewDeployment { task_definition: &arn, effects: ScenarioEffects::default(), now: created },
    );
    let names = start_running_tasks(context, &mut service, created);
    add_start_events(context, &mut service, &names, created);
    context.resources.services.insert(key, service);
    context.now = now;
    Ok(())
}

/// Returns the `CreateService` input for a seeded service.
fn create_service_input(seed: &SeedService) -> Value {
    let mut input = json!({ "serviceName": seed.name, "desiredCount": 2 });
    if seed.task_definition["networkMode"] == "awsvpc" {
        input["launchType"] = json!("FARGATE");
        input["networkConfiguration"] = json!({ "awsvpcConfiguration": {
            "subnets": ["subnet-0a1b2c3d"], "securityGroups": ["sg-0a1b2c3d"], "assignPublicIp": "DISABLED",
        } });
    }
    if seed.service["capacityProviderStrategy"].is_array() {
        input["launchType"] = Value::Null;
    }
    merge_members(&mut input, seed.service.as_object().into_iter().flatten());
    input
}

/// Starts the tasks and completes the deployment, all at `created`.
fn start_running_tasks(context: &mut CallContext<'_>, service: &mut Service, created: Millis) -> Vec<String> {
    let Some(deployment) = service.deployments.first_mut() else {
        return Vec::new();
    };
    mark_completed(deployment, created);
    let mut names = Vec::new();
    for _ in 0..service.desired_count {
        let order =
            TaskLaunch::for_deployment(service, &service.deployments[0], TaskBehavior::Normal, Vec::new());
        names.extend(launch(context.resources, context.ids, created, order));
    }
    for task in context.resources.tasks.iter_mut().filter(|task| names.contains(&task.id)) {
        task.status = TaskStatus::Running;
        task.is_healthy = true;
        task.times.pull_started = Some(created);
        task.times.pull_stopped = Some(created);
        task.times.started = Some(created);
        task.containers
            .iter_mut()
            .filter(|c| c.has_health_check)
            .for_each(|c| c.health = "HEALTHY".to_owned());
    }
    for entry in &mut service.service_deployments {
        entry.started = Some(created);
        entry.finish(ServiceDeploymentStatus::Successful, created);
    }
    service.is_steady = true;
    names
}

/// Adds the service events of the first deployment.
fn add_start_events(context: &mut CallContext<'_>, service: &mut Service, names: &[String], created: Millis) {
    let id = service.deployments.first().map(|d| d.id.clone()).unwrap_or_default();
    let texts = [
        format!("has started {} tasks: {}.", names.len(), task_list(&names[..names.len().min(10)])),
        format!("(deployment {id}) deployment completed."),
        "has reached a steady state.".to_owned(),
    ];
    for text in texts {
        let message = format!("(service {}) {text}", service.name);
        push_event(service, context.ids, created, message);
    }
}

impl SeedRepository {
    /// Returns a repository with one image for each of these tags.
    pub fn with_tags(name: &str, tags: &[&str]) -> SeedRepository {
        let tag = |tag: &&str| SeedTag { tag: (*tag).to_owned(), ..SeedTag::default() };
        SeedRepository { name: name.to_owned(), tags: tags.iter().map(tag).collect() }
    }
}
