//! Runs a verb against the embedded sandbox: seeds it from the manifest, and stores its state between commands.
//! Converts a manifest into the sandbox's seed. The sandbox itself uses nothing of ecsail.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::Result;
use ecsail_sandbox::{
    Clock, Options, Sandbox, Scenario, Seed, SeedRepository, SeedService, SeedTag, scenarios,
};
use serde_json::{Value, json};

use crate::duration;
use crate::error::{Cause, Failure};
use crate::image::Reference;
use crate::manifest::Request;
use crate::manifest::{self, Manifest, Scope};
use crate::render::{self, Definition, Desired, DesiredService};
use crate::settings::{Settings, Tags};

/// The folder beside the manifest that stores the state, and the file in it.
const FOLDER: &str = ".ecsail";
const FILE: &str = "sandbox.json";
/// The speed of the sandbox's clock relative to the real one, so that a rollout takes seconds.
const FACTOR: f64 = 20.0;
/// The environment variable with the time by which the clock advances at each poll.
const STEP: &str = "ECSAIL_SANDBOX_STEP";
/// The poll interval of a rollout in the sandbox.
const POLL: Duration = Duration::from_millis(250);
/// The tags in the sandbox's repositories, oldest first. Services start with the first.
const TAGS: &[&str] = &["v1", "v2", "v3"];
const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";

/// A running sandbox and the file that stores its state.
pub struct Session {
    sandbox: Sandbox,
    path: PathBuf,
    region: String,
}

impl Session {
    /// Starts a sandbox with the state of earlier commands and the seeds of the manifest.
    ///
    /// # Errors
    /// The scenario is unknown, the state cannot be read, or no port is free.
    pub fn start(
        scenario: &str,
        settings: &Settings,
        manifest: &Manifest,
        desired: &Desired,
    ) -> Result<Session> {
        Session::with_port(scenario, 0, settings, manifest, desired)
    }

    /// Starts a sandbox on the given port; 0 selects a free one.
    ///
    /// # Errors
    /// As of [`Session::start`].
    pub fn with_port(
        scenario: &str,
        port: u16,
        settings: &Settings,
        manifest: &Manifest,
        desired: &Desired,
    ) -> Result<Session> {
        let scenario: Scenario = scenario.parse().map_err(|error| {
            let hint = "list the scenarios with `ecsail sandbox scenarios`".to_owned();
            Failure::usage(format!("no sandbox scenario named `{scenario}`"))
                .because(Cause::new(error))
                .hint(hint)
        })?;
        let path = state_path(manifest);
        let region =
            settings.region.clone().or_else(|| manifest.region.clone()).unwrap_or_else(|| REGION.to_owned());
        let account = account(manifest, desired);
        let state = read_state(&path)?;
        let clock = clock(&settings.environment);
        let options =
            Options { clock, scenario, account, region: region.clone(), port, state, ..Options::default() };
        let sandbox = Sandbox::start(options)
            .map_err(|error| Failure::error("failed to start the sandbox").because(error))?;
        // The stored state has the scenario of an earlier command. The one given now applies from here on.
        sandbox.set_scenario(None, scenario);
        let session = Session { sandbox, path, region };
        let earlier = earlier(settings, manifest);
        let tags = [TAGS.to_vec(), tags_of(scenario)].concat();
        let seeds = seeds(manifest, earlier.as_ref().unwrap_or(desired), &session.region, &tags);
        for seed in session.missing(seeds) {
            session.sandbox.seed(&seed).map_err(|error| {
                let hint = "correct the definition: ECS would most likely refuse it too".to_owned();
                Failure::error(format!("failed to create the manifest's resources in the sandbox: {error}"))
                    .hint(hint)
            })?;
        }
        Ok(session)
    }

    /// Returns the settings with which a client connects to the sandbox.
    pub fn settings(&self, settings: &Settings) -> Settings {
        Settings {
            endpoint_url: Some(self.sandbox.url()),
            region: Some(self.region.clone()),
            poll_interval: settings.poll_interval.or(Some(POLL)),
            ..settings.clone()
        }
    }

    /// Returns the URL and the region of the sandbox.
    pub fn place(&self) -> (String, &str) {
        (self.sandbox.url(), &self.region)
    }

    /// Returns an environment with which AWS clients connect to the sandbox, without the user's own `AWS_` variables.
    pub fn environment(&self, around: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut environment = around.clone();
        environment.retain(|name, _| !name.starts_with("AWS_"));
        let (url, region) = self.place();
        for (name, value) in [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_REGION", region),
            ("AWS_ACCESS_KEY_ID", "SANDBOXKEY"),
            // Hooks mask this value in their output, so it must be too long to occur there by chance.
            ("AWS_SECRET_ACCESS_KEY", "the-sandbox-takes-any-key"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        environment
    }

    /// Writes the state for the next command.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn save(&self) -> Result<()> {
        let failed = |error| {
            Failure::error(format!("keep the sandbox's state in `{}`", self.path.display())).because(error)
        };
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
            // The folder ignores itself, so that it is not committed.
            fs::write(folder.join(".gitignore"), "*\n").map_err(failed)?;
        }
        // A temporary file is renamed, so that an interrupted write leaves the old state complete.
        let fresh = self.path.with_extension("json.new");
        fs::write(&fresh, self.sandbox.save().to_string()).map_err(failed)?;
        Ok(fs::rename(&fresh, &self.path).map_err(failed)?)
    }

    /// Returns the seeds without the services that already exist in the sandbox.
    fn missing(&self, seeds: Vec<Seed>) -> Vec<Seed> {
        let without_known = |mut seed: Seed| {
            seed.services.retain(|service| {
                let input = json!({"cluster": service.cluster, "services": [service.name]});
                let found = self.sandbox.call("ecs", "DescribeServices", input);
                !found
                    .is_ok_and(|answer| answer["services"].as_array().is_some_and(|found| !found.is_empty()))
            });
            seed
        };
        seeds.into_iter().map(without_known).collect()
    }
}

/// Returns the clock: a fast one, or with `ECSAIL_SANDBOX_STEP` one that advances by that time at each poll, so that a
/// rollout is the same in every run.
fn clock(environment: &BTreeMap<String, String>) -> Clock {
    let step = environment.get(STEP).and_then(|text| duration::parse(text));
    step.map_or(Clock::Wall { factor: FACTOR }, Clock::Poll)
}

/// Returns the tags that select a scenario, if the scenario depends on the tag.
fn tags_of(scenario: Scenario) -> Vec<&'static str> {
    let played = scenarios().iter().filter(|info| info.by_tag && scenario == Scenario::ByTag);
    played.map(|info| info.name).collect()
}

/// Returns the desired documents with the earliest tag, which run before the first deploy.
///
/// Returns `None` without a manifest, or if it cannot be rendered with that tag.
fn earlier(settings: &Settings, manifest: &Manifest) -> Option<Desired> {
    manifest.path.as_ref()?;
    let tags = Tags { all: Some(TAGS[0].to_owned()), ..Tags::default() };
    let services = manifest.services.iter().chain(&manifest.lenders).map(|service| service.key.clone());
    let services: Vec<String> = services.collect();
    let rendered = |scope| {
        let (tags, services) = (tags.clone(), services.clone());
        let request = Request { tags, services, scope, ..Request::default() };
        render::desired(&manifest::load(settings, &request).ok()?).ok()
    };
    // The images of tasks and schedules must exist too. If those cannot be rendered, the services alone are.
    rendered(Scope::Release).or_else(|| rendered(Scope::Services))
}

/// Returns the path of the state file, beside the manifest.
pub fn state_path(manifest: &Manifest) -> PathBuf {
    let directory = manifest.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    directory.join(FOLDER).join(FILE)
}

fn read_state(path: &Path) -> Result<Option<Value>> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
    let state = serde_json::from_str(&text).map_err(|error| {
        let hint = "start anew with `ecsail sandbox reset`".to_owned();
        Failure::error(format!("read the sandbox's state `{}`", path.display()))
            .because(Cause::new(error))
            .hint(hint)
    })?;
    Ok(Some(state))
}

fn account(manifest: &Manifest, desired: &Desired) -> String {
    let named = manifest.account.as_ref().map(|account| account.value.clone());
    let of_image = || images(manifest, desired).iter().find_map(|image| Some(image.ecr()?.account));
    named.or_else(of_image).unwrap_or_else(|| ACCOUNT.to_owned())
}

/// Returns every image that the manifest and its definitions name.
fn images(manifest: &Manifest, desired: &Desired) -> Vec<Reference> {
    let mut images: Vec<Reference> = manifest.images.values().map(|image| image.reference.clone()).collect();
    for definition in desired.definitions() {
        if let Definition::Rendered(document) = definition {
            images.extend(crate::image::images_of(document));
        }
    }
    for service in desired.all_services().filter(|_| manifest.images.is_empty()) {
        images.extend(plain_image(service, manifest));
    }
    images
}

/// Returns the seeds of the sandbox: one for each account and region that an image is in, and one for the services.
fn seeds(manifest: &Manifest, desired: &Desired, region: &str, tags: &[&str]) -> Vec<Seed> {
    let mut places: BTreeMap<(String, String), BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for image in images(manifest, desired) {
        let Some(ecr) = image.ecr() else { continue };
        let repositories = places.entry((ecr.account, ecr.region)).or_default();
        let kept =
            repositories.entry(ecr.name).or_insert_with(|| tags.iter().map(ToString::to_string).collect());
        // A tag in the manifest itself exists in the repository; a tag of the command line need not.
        let named = manifest.images.values().any(|known| known.reference == image);
        kept.extend(image.tag.filter(|tag| named && !kept.contains(tag)));
    }
    let repositories =
        |(name, tags): (String, Vec<String>)| SeedRepository { name, tags: pushed_in_order(&tags) };
    let mut seeds: Vec<Seed> = places
        .into_iter()
        .map(|((account, region), found)| Seed {
            account: Some(account),
            region: Some(region),
            repositories: found.into_iter().map(repositories).collect(),
            ..Seed::default()
        })
        .collect();
    let services = desired.all_services().map(|service| seed_service(service, manifest)).collect();
    seeds.push(Seed { services, region: Some(region.to_owned()), ..Seed::default() });
    seeds
}

/// Returns the tags with one push an hour, the last an hour ago.
fn pushed_in_order(tags: &[String]) -> Vec<SeedTag> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let pushed_at = |index: usize| now - 3600.0 * (tags.len() - index) as f64;
    let tag = |(index, tag): (usize, &String)| SeedTag {
        tag: tag.clone(),
        digest: None,
        pushed_at: Some(pushed_at(index)),
        findings: None,
    };
    tags.iter().enumerate().map(tag).collect()
}

/// Returns a service as it runs before the first deploy, with the earliest tag of each image.
fn seed_service(service: &DesiredService, manifest: &Manifest) -> SeedService {
    let mut task_definition = match &service.definition {
        Definition::Rendered(document) => document.clone(),
        Definition::Running(_) | Definition::Kept => plain_definition(service, manifest),
    };
    for container in task_definition["containerDefinitions"].as_array_mut().into_iter().flatten() {
        let image = Reference::parse(container["image"].as_str().unwrap_or_default());
        if image.ecr().is_some() && !manifest.images.values().any(|known| known.reference == image) {
            container["image"] = image.with_tag(TAGS[0]).to_string().into();
        }
    }
    SeedService {
        name: service.name.clone(),
        cluster: service.cluster.clone(),
        task_definition,
        service: service.service.clone().unwrap_or_else(|| json!({})),
    }
}

/// Returns a definition for a service whose definition is not in the manifest.
fn plain_definition(service: &DesiredService, manifest: &Manifest) -> Value {
    let tagged =
        |image: &Reference| if image.version().is_some() { image.clone() } else { image.with_tag(TAGS[0]) };
    let named = manifest.images.iter().map(|(name, image)| (name.clone(), tagged(&image.reference)));
    let mut images: Vec<(String, Reference)> = named.collect();
    if images.is_empty() {
        images.extend(plain_image(service, manifest).map(|image| (service.name.clone(), image)));
    }
    let container = |(name, image): &(String, Reference)| json!({"name": name, "image": image.to_string(), "essential": true});
    json!({
        "family": service.name,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": images.iter().map(container).collect::<Value>(),
    })
}

/// Returns the image of a service without a definition: a repository with the name of the service.
fn plain_image(service: &DesiredService, manifest: &Manifest) -> Option<Reference> {
    if matches!(service.definition, Definition::Rendered(_)) {
        return None;
    }
    let region = manifest.region.as_deref().unwrap_or(REGION);
    Some(Reference::parse(&format!(
        "{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{}",
        service.name.to_lowercase()
    )))
}
