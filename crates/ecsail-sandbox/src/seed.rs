//! What the sandbox starts with. Owns turning a plain description into steady services, pushed
//! images and clusters; everything goes through the operations that callers use, where there is one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ecr::{MEDIA_TYPE, push};
use crate::ecs::{check_service, new_service, register};
use crate::ids::digest_of;
use crate::model::{EntryStatus, Phase, Service};
use crate::params::overlay;
use crate::rollout::{Cause, Launch, begin, completed, launch, listed, note};
use crate::script::{Fate, Script};
use crate::state::{Cluster, Env, Millis, Repository, World, service_key};

/// How long before now seeded services became steady.
const AGE: Millis = 3_600_000;

/// What the sandbox starts with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seed {
    /// Clusters by name; those that services name need not be listed.
    pub clusters: Vec<String>,
    /// Services, up and steady.
    pub services: Vec<SeedService>,
    /// Repositories and the images in them.
    pub repositories: Vec<SeedRepository>,
    /// The account to put it all into; the sandbox's own when none.
    pub account: Option<String>,
    /// The region to put it all into; the sandbox's own when none.
    pub region: Option<String>,
}

/// A service that is up and steady.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedService {
    /// The service's name.
    pub name: String,
    /// Its cluster, by name; `default` when empty.
    pub cluster: String,
    /// A RegisterTaskDefinition input.
    pub task_definition: Value,
    /// Members of a CreateService input, over two tasks on Fargate (or on EC2, as the definition has it).
    pub service: Value,
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
    /// The tag.
    pub tag: String,
    /// The digest; one made from repository and tag when none.
    pub digest: Option<String>,
    /// When it was pushed, in seconds since 1970; an hour ago when none.
    pub pushed_at: Option<f64>,
    /// What a scan of it found, by severity (`CRITICAL`, `HIGH`, …); it was not scanned when none.
    pub findings: Option<BTreeMap<String, i64>>,
}

impl World {
    /// Adds what a seed describes; says what is wrong with it otherwise.
    pub(crate) fn seed(&mut self, seed: &Seed) -> Result<(), String> {
        let mut caller = self.own_caller();
        if let Some(account) = &seed.account {
            account.clone_into(&mut caller.account);
            caller.arn = format!("arn:aws:iam::{account}:user/sandbox");
        }
        if let Some(region) = &seed.region {
            region.clone_into(&mut caller.region);
        }
        let mut env = self.env(&caller);
        seed.repositories.iter().for_each(|repository| stock(&mut env, repository));
        seed.clusters.iter().for_each(|name| cluster(&mut env, name));
        seed.services.iter().try_for_each(|service| steady(&mut env, service))
    }
}

fn cluster(env: &mut Env<'_>, name: &str) {
    let arn = env.realm.arn(&format!("cluster/{name}"));
    let fresh = Cluster { name: name.to_owned(), arn, settings: Map::new(), tags: Vec::new() };
    env.realm.clusters.entry(name.to_owned()).or_insert(fresh);
}

fn stock(env: &mut Env<'_>, seed: &SeedRepository) {
    let now = env.now;
    let repository = env.realm.repositories.entry(seed.name.clone()).or_insert_with(|| Repository {
        name: seed.name.clone(),
        created: now - AGE,
        settings: Map::new(),
        images: Vec::new(),
    });
    for image in &seed.tags {
        if repository.images.iter().any(|known| known.tags.contains(&image.tag)) {
            continue;
        }
        let digest =
            image.digest.clone().unwrap_or_else(|| digest_of(&format!("{}:{}", seed.name, image.tag)));
        let pushed = image.pushed_at.map_or(now - AGE, |at| (at * 1000.0) as Millis);
        push(repository, &digest, Some(&image.tag), pushed, None, MEDIA_TYPE);
        for known in repository.images.iter_mut().filter(|known| known.digest == digest) {
            known.findings.clone_from(&image.findings);
        }
    }
}

/// Registers the definition, creates the service and lets it be up as if for an hour.
fn steady(env: &mut Env<'_>, seed: &SeedService) -> Result<(), String> {
    let of = |what: &str, error: crate::ApiError| format!("seeded service {}: {what}: {error}", seed.name);
    let cluster_name = if seed.cluster.is_empty() { "default" } else { &seed.cluster };
    cluster(env, cluster_name);
    let key = service_key(cluster_name, &seed.name);
    if env.realm.services.get(&key).is_some_and(|service| service.status != "INACTIVE") {
        return Ok(());
    }
    let (then, later) = (env.now - AGE, env.now);
    env.now = then;
    let registered = register(env, &seed.task_definition).map_err(|e| of("task_definition", e))?;
    let arn = registered["taskDefinition"]["taskDefinitionArn"].as_str().unwrap_or_default().to_owned();
    let input = input(seed);
    if let Some(definition) = env.realm.definition(&arn) {
        check_service(&input, definition).map_err(|e| of("service", e))?;
    }
    let mut service = new_service(env, cluster_name, &input).map_err(|e| of("service", e))?;
    begin(&mut service, env.realm, env.ids, Cause { definition: &arn, script: Script::default(), now: then });
    let names = settle(env, &mut service, then);
    tell(env, &mut service, &names, then);
    env.realm.services.insert(key, service);
    env.now = later;
    Ok(())
}

/// Returns the CreateService input for a seeded service.
fn input(seed: &SeedService) -> Value {
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
    overlay(&mut input, seed.service.as_object().into_iter().flatten());
    input
}

/// Starts the tasks and makes the deployment complete, all at `then`.
fn settle(env: &mut Env<'_>, service: &mut Service, then: Millis) -> Vec<String> {
    let Some(deployment) = service.deployments.first_mut() else {
        return Vec::new();
    };
    completed(deployment, then);
    let mut names = Vec::new();
    for _ in 0..service.desired {
        let order = Launch::of(service, &service.deployments[0], Fate::Good, Vec::new());
        names.extend(launch(env.realm, env.ids, then, order));
    }
    for task in env.realm.tasks.iter_mut().filter(|task| names.contains(&task.id)) {
        task.phase = Phase::Running;
        task.healthy = true;
        task.times.pull_started = Some(then);
        task.times.pull_stopped = Some(then);
        task.times.started = Some(then);
        task.containers.iter_mut().filter(|c| c.checked).for_each(|c| c.health = "HEALTHY".to_owned());
    }
    for entry in &mut service.history {
        entry.started = Some(then);
        entry.end(EntryStatus::Successful, then);
    }
    service.steady = true;
    names
}

/// Notes the events that a service has when it came up.
fn tell(env: &mut Env<'_>, service: &mut Service, names: &[String], then: Millis) {
    let id = service.deployments.first().map(|d| d.id.clone()).unwrap_or_default();
    let texts = [
        format!("has started {} tasks: {}.", names.len(), listed(&names[..names.len().min(10)])),
        format!("(deployment {id}) deployment completed."),
        "has reached a steady state.".to_owned(),
    ];
    for text in texts {
        let message = format!("(service {}) {text}", service.name);
        note(service, env.ids, then, message);
    }
}

impl SeedRepository {
    /// Returns a repository with images of these tags.
    pub fn with_tags(name: &str, tags: &[&str]) -> SeedRepository {
        let tag = |tag: &&str| SeedTag { tag: (*tag).to_owned(), ..SeedTag::default() };
        SeedRepository { name: name.to_owned(), tags: tags.iter().map(tag).collect() }
    }
}
