//! Runs a verb against the embedded sandbox: seeds it from the manifest, and stores its state between commands.
//! Converts a manifest into the sandbox's seed. The sandbox itself uses nothing of ecsail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::document::problem::did_you_mean;
use crate::error::Result;
use ecsail_sandbox::{
    Clock, Options, Sandbox, Scenario, Seed, SeedRepository, SeedService, SeedTag, scenarios,
};
use serde_json::{Value, json};

use crate::duration;
use crate::error::{Cause, Failure};
use crate::image::ImageReference;
use crate::manifest::Request;
use crate::manifest::{self, Manifest, ManifestService, Scope};
use crate::private_file;
use crate::render::definition_edits::DefinitionEdits;
use crate::render::express::express_images;
use crate::render::{self, DefinitionSource, DesiredService, DesiredState};
use crate::sandbox_values;
use crate::service_arn::cluster_name;
use crate::settings::{ImageTags, Settings};

/// The folder beside the manifest that stores the state, and the file in it.
const STATE_FOLDER: &str = ".ecsail";
const STATE_FILE: &str = "sandbox.json";
/// The speed of the sandbox's clock relative to the real one, so that a rollout takes seconds.
const CLOCK_FACTOR: f64 = 20.0;
/// The environment variable with the time by which the clock advances at each poll.
const STEP: &str = "ECSAIL_SANDBOX_STEP";
/// The environment variable with the token that the control endpoints require.
pub const TOKEN: &str = "ECSAIL_SANDBOX_TOKEN";
/// The poll interval of a rollout in the sandbox.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The tags in the sandbox's repositories, oldest first. Services start with the first.
const REPOSITORY_TAGS: &[&str] = &["v1", "v2", "v3"];
const DEFAULT_ACCOUNT: &str = "123456789012";
const DEFAULT_REGION: &str = "us-east-1";

/// A running sandbox and the file that stores its state.
pub struct SandboxSession {
    sandbox: Sandbox,
    path: PathBuf,
    region: String,
    /// What people should know about the images that were asked for.
    notes: Vec<String>,
}

impl SandboxSession {
    /// Starts a sandbox with the state of earlier commands and the seeds of the manifest.
    ///
    /// # Errors
    /// The scenario is unknown, the state cannot be read, or no port is free.
    pub fn start(
        scenario: &str,
        settings: &Settings,
        manifest: &Manifest,
        desired: &DesiredState,
    ) -> Result<SandboxSession> {
        SandboxSession::with_port(scenario, 0, settings, manifest, desired)
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
        desired: &DesiredState,
    ) -> Result<SandboxSession> {
        let scenario: Scenario = scenario.parse().map_err(|_| no_scenario(scenario))?;
        let path = state_path(manifest);
        let region = region_of(settings, manifest);
        let account = account_id(manifest, desired);
        let state = read_state(&path)?;
        let is_first = state.is_none();
        let clock = clock(&settings.environment);
        let token = settings.environment.get(TOKEN).filter(|token| !token.is_empty()).cloned();
        let options = Options {
            clock,
            scenario,
            account,
            region: region.clone(),
            port,
            state,
            token,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options)
            .map_err(|error| Failure::error("failed to start the sandbox").with_cause(error))?;
        // The stored state has the scenario of an earlier command. The one given now applies from here on.
        sandbox.set_scenario(None, scenario);
        let mut session = SandboxSession { sandbox, path, region, notes: Vec::new() };
        let known = described_services(settings, manifest);
        let manifest = &known;
        let unrendered = unrendered_state(manifest);
        let fallback = if desired.services.is_empty() { &unrendered } else { desired };
        let earlier = render_initial_state(settings, manifest);
        let tags = [REPOSITORY_TAGS.to_vec(), scenario_tags(scenario)].concat();
        session.notes.extend(first_tag_note(manifest, is_first));
        let mut images = images(manifest, desired);
        images.retain(|image| image.digest.is_some());
        let seeds = seeds(manifest, earlier.as_ref().unwrap_or(fallback), images, &session.region, &tags);
        let known = match manifest.path {
            Some(_) => session.clusters(),
            // Without a file, nothing says which services there are.
            None => BTreeSet::new(),
        };
        for seed in session.without_existing_services(seeds, &known) {
            session.sandbox.seed(&seed).map_err(|error| {
                let hint = "correct the definition: ECS would most likely refuse it too".to_owned();
                Failure::error(format!("failed to create the manifest's resources in the sandbox: {error}"))
                    .with_hint(hint)
            })?;
        }
        if scenario != Scenario::NoImage {
            session.push_asked_tags(manifest, desired)?;
        }
        session.create_lock_table(manifest)?;
        session.add_values(manifest)?;
        Ok(session)
    }

    /// Starts a sandbox with the state of earlier commands for look-ups, which need nothing of the manifest's services. Its state
    /// is not saved.
    ///
    /// # Errors
    /// The state or the values of the sandbox cannot be read, or no port is free.
    pub fn for_lookups(settings: &Settings, manifest: &Manifest) -> Result<SandboxSession> {
        let path = state_path(manifest);
        let region = region_of(settings, manifest);
        let account = account_id(manifest, &DesiredState::default());
        let state = read_state(&path)?;
        let options = Options { account, region: region.clone(), state, ..Options::default() };
        let sandbox = Sandbox::start(options)
            .map_err(|error| Failure::error("failed to start the sandbox").with_cause(error))?;
        let session = SandboxSession { sandbox, path, region, notes: Vec::new() };
        session.add_values(manifest)?;
        Ok(session)
    }

    /// Adds the parameters, secrets, stacks and objects of the file beside the manifest, if there is one.
    fn add_values(&self, manifest: &Manifest) -> Result<()> {
        let Some(seed) = sandbox_values::read(manifest, &self.region)? else { return Ok(()) };
        let added = self.sandbox.seed(&seed);
        added.map(drop).map_err(|error| Failure::error(format!("failed to fill the sandbox: {error}")))
    }

    /// Creates the table of the manifest's lock, unless it is there.
    fn create_lock_table(&self, manifest: &Manifest) -> Result<()> {
        let Some(lock) = &manifest.lock else { return Ok(()) };
        let described = json!({ "TableName": lock.table });
        if self.sandbox.call("dynamodb", "DescribeTable", described.clone()).is_ok() {
            return Ok(());
        }
        let table = json!({
            "TableName": lock.table,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        });
        // The first description makes it usable.
        let created = self.sandbox.call("dynamodb", "CreateTable", table);
        let created = created.and_then(|_| self.sandbox.call("dynamodb", "DescribeTable", described));
        created.map(drop).map_err(|error| {
            Failure::error(format!("failed to create table `{}` in the sandbox: {error}", lock.table))
        })
    }

    /// Returns what people should know about the images that were asked for.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Pushes the tags that the command line asks for, so that any tag can be deployed.
    fn push_asked_tags(&mut self, manifest: &Manifest, desired: &DesiredState) -> Result<()> {
        let wanted: Vec<&String> =
            manifest.tags.default.iter().chain(manifest.tags.by_image.values()).collect();
        if manifest.tags.is_placeholder || wanted.is_empty() {
            return Ok(());
        }
        let mut pushed = BTreeSet::new();
        for image in images(manifest, desired) {
            let Some(tag) = image.tag.as_ref().filter(|tag| wanted.contains(tag)) else { continue };
            if image.digest.is_none() && self.push(&image, tag)? {
                pushed.insert(tag.clone());
            }
        }
        for tag in pushed {
            self.notes.push(format!("the sandbox had no image `{tag}`, and has one now"));
        }
        Ok(())
    }

    /// Pushes an image under a tag and returns whether its repository had none.
    ///
    /// # Errors
    /// The repository refuses the tag.
    pub fn push(&self, image: &ImageReference, tag: &str) -> Result<bool> {
        let Some(ecr) = image.ecr_repository() else { return Ok(false) };
        let pushed_at = Some(seconds_now());
        let tags = vec![SeedTag { tag: tag.to_owned(), pushed_at, ..SeedTag::default() }];
        let seed = Seed {
            account: Some(ecr.account),
            region: Some(ecr.region),
            repositories: vec![SeedRepository { name: ecr.name, tags }],
            ..Seed::default()
        };
        let added = self.sandbox.seed(&seed);
        let added = added
            .map_err(|error| Failure::error(format!("failed to push `{tag}` to the sandbox: {error}")))?;
        Ok(added > 0)
    }

    /// Returns the settings with which a client connects to the sandbox.
    pub fn client_settings(&self, settings: &Settings) -> Settings {
        Settings {
            endpoint_url: Some(self.sandbox.url()),
            region: Some(self.region.clone()),
            poll_interval: settings.poll_interval.or(Some(POLL_INTERVAL)),
            ..settings.clone()
        }
    }

    /// Returns the token that the sandbox's control endpoints require.
    pub fn token(&self) -> &str {
        self.sandbox.token()
    }

    /// Returns the URL and the region of the sandbox.
    pub fn endpoint(&self) -> (String, &str) {
        (self.sandbox.url(), &self.region)
    }

    /// Returns an environment with which AWS clients connect to the sandbox, without the user's own `AWS_` variables.
    pub fn client_environment(&self, around: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut environment = around.clone();
        environment.retain(|name, _| !name.starts_with("AWS_"));
        let (url, region) = self.endpoint();
        for (name, value) in [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_REGION", region),
            ("AWS_ACCESS_KEY_ID", "SANDBOXKEY"),
            // Hooks mask this value in their output, so it must be too long to occur there by chance.
            ("AWS_SECRET_ACCESS_KEY", "the-sandbox-takes-any-key"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        // A proxy of the machine would get the calls for the sandbox; programs read either spelling.
        for name in ["NO_PROXY", "no_proxy"] {
            let others = environment.get(name).filter(|others| !others.is_empty());
            let hosts = others.map_or("127.0.0.1".to_owned(), |others| format!("{others},127.0.0.1"));
            environment.insert(name.to_owned(), hosts);
        }
        environment
    }

    /// Writes the state for the next command.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn save(&self) -> Result<()> {
        let failed = |error| {
            Failure::error(format!("failed to write the sandbox's state to `{}`", self.path.display()))
                .with_cause(error)
        };
        if let Some(folder) = self.path.parent() {
            private_file::create_own_folder(folder).map_err(failed)?;
            // The folder ignores itself, so that it is not committed.
            private_file::write(&folder.join(".gitignore"), "*\n").map_err(failed)?;
        }
        private_file::write(&self.path, &self.sandbox.save().to_string()).map_err(failed)
    }

    /// Stops the server and writes its state for the next command. Without its connections there are file descriptors for
    /// the state, however many clients there were.
    ///
    /// # Errors
    /// As of [`SandboxSession::save`].
    pub fn stop_and_save(mut self) -> Result<()> {
        self.sandbox.stop();
        self.save()
    }

    /// Returns the clusters of the sandbox.
    fn clusters(&self) -> BTreeSet<String> {
        let answer = self.sandbox.call("ecs", "ListClusters", json!({})).unwrap_or_default();
        let arns = answer["clusterArns"].as_array().into_iter().flatten().filter_map(Value::as_str);
        arns.map(|arn| cluster_name(arn).to_owned()).collect()
    }

    /// Returns the seeds without the services that already exist in the sandbox, and without those of clusters that it knows:
    /// a service that is new in the manifest, or was deleted, is created by a deploy as in AWS.
    fn without_existing_services(&self, seeds: Vec<Seed>, known: &BTreeSet<String>) -> Vec<Seed> {
        let without_known = |mut seed: Seed| {
            seed.services.retain(|service| !known.contains(cluster_name(&service.cluster)));
            seed.services.retain(|service| !self.has_service(&service.cluster, &service.name));
            seed
        };
        seeds.into_iter().map(without_known).collect()
    }

    fn has_service(&self, cluster: &str, name: &str) -> bool {
        let found =
            self.sandbox.call("ecs", "DescribeServices", json!({"cluster": cluster, "services": [name]}));
        found.is_ok_and(|answer| answer["services"].as_array().is_some_and(|found| !found.is_empty()))
    }
}

fn region_of(settings: &Settings, manifest: &Manifest) -> String {
    let region = settings.region.clone().or_else(|| manifest.region.clone());
    region.unwrap_or_else(|| DEFAULT_REGION.to_owned())
}

fn no_scenario(name: &str) -> Failure {
    let names = scenarios().iter().map(|known| known.name);
    let failure = Failure::usage(format!("no sandbox scenario named `{name}`"));
    let failure = failure.with_hint(did_you_mean(name, names));
    failure.with_hint("list the scenarios with `ecsail sandbox scenarios`".to_owned())
}

/// Returns the clock: a fast one, or with `ECSAIL_SANDBOX_STEP` one that advances by that time at each poll, so that a
/// rollout is the same in every run.
fn clock(environment: &BTreeMap<String, String>) -> Clock {
    let step = environment.get(STEP).and_then(|text| duration::parse(text));
    step.map_or(Clock::Wall { factor: CLOCK_FACTOR }, Clock::Poll)
}

/// Returns the note that explains why a first deploy of the first tag changes nothing.
fn first_tag_note(manifest: &Manifest, is_first: bool) -> Option<String> {
    let [first, second, ..] = REPOSITORY_TAGS else { return None };
    let is_asked = manifest.tags.default.as_deref() == Some(*first) && !manifest.tags.is_placeholder;
    // A service of Express Mode is created by its first deploy.
    let runs = manifest.services.iter().any(|service| service.express.is_empty());
    (is_first && is_asked && runs)
        .then(|| format!("in a new sandbox `{first}` runs already; deploy `{second}` to see a rollout"))
}

/// Returns the tags that select a scenario, if the scenario depends on the tag.
fn scenario_tags(scenario: Scenario) -> Vec<&'static str> {
    let played = scenarios().iter().filter(|info| info.by_tag && scenario == Scenario::ByTag);
    played.map(|info| info.name).collect()
}

/// Returns a manifest without the services that only the command line names: a name that was mistyped would else exist in the
/// sandbox. Without a file, the names are all that is known.
fn described_services(settings: &Settings, manifest: &Manifest) -> Manifest {
    let lookups = manifest.context.lookups().clone();
    let request = Request { names_only: true, lookups, ..Request::default() };
    let described = manifest.path.as_ref().and_then(|_| manifest::load(settings, &request).ok());
    let Some(described) = described else { return manifest.clone() };
    let is_described =
        |service: &ManifestService| described.services.iter().any(|known| known.key == service.key);
    let mut manifest = manifest.clone();
    manifest.services.retain(is_described);
    manifest.like_services.retain(is_described);
    manifest
}

/// Returns the desired documents with the earliest tag, which run before the first deploy.
///
/// Returns `None` without a manifest, or if it cannot be rendered with that tag.
fn render_initial_state(settings: &Settings, manifest: &Manifest) -> Option<DesiredState> {
    manifest.path.as_ref()?;
    // A definition that names its images itself uses no tag.
    let default = Some(REPOSITORY_TAGS[0].to_owned());
    let tags = ImageTags { default, is_placeholder: true, ..ImageTags::default() };
    let services = manifest.services.iter().chain(&manifest.like_services).map(|service| service.key.clone());
    let services: Vec<String> = services.collect();
    let rendered = |scope| {
        let (tags, services) = (tags.clone(), services.clone());
        let lookups = manifest.context.lookups().clone();
        let request = Request { tags, services, scope, lookups: lookups.clone(), ..Request::default() };
        lookups.begin_pass();
        let desired = render::render_desired(&manifest::load(settings, &request).ok()?).ok()?;
        // With another tag, templates may look up something else.
        lookups.unanswered().is_empty().then_some(desired)
    };
    // The images of tasks and schedules must exist too. If those cannot be rendered, the services alone are.
    rendered(Scope::Release).or_else(|| rendered(Scope::Services))
}

/// Returns the services of a manifest as they run before the first deploy if their definitions cannot be rendered.
fn unrendered_state(manifest: &Manifest) -> DesiredState {
    let services = manifest.services.iter().chain(&manifest.like_services);
    let services = services.filter_map(|service| unrendered_service(manifest, service)).collect();
    DesiredState { services, ..DesiredState::default() }
}

fn unrendered_service(manifest: &Manifest, service: &ManifestService) -> Option<DesiredService> {
    Some(DesiredService {
        key: service.key.clone(),
        name: service.name.clone(),
        cluster: manifest.cluster_of(service)?,
        definition: DefinitionSource::RunningUnchanged,
        edits: DefinitionEdits::default(),
        service: None,
        autoscaling: None,
        enforce_desired_count: false,
        ignore_tags: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
        needs: Vec::new(),
        timeout: None,
        patience: None,
        on_failure: None,
        on_timeout: None,
    })
}

/// Returns the path of the state file, beside the manifest.
pub fn state_path(manifest: &Manifest) -> PathBuf {
    let directory = manifest.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    directory.join(STATE_FOLDER).join(STATE_FILE)
}

fn read_state(path: &Path) -> Result<Option<Value>> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
    let state = serde_json::from_str(&text).map_err(|error| {
        let hint = "remove the state with `ecsail sandbox reset`".to_owned();
        Failure::error(format!("failed to read the sandbox's state `{}`", path.display()))
            .with_cause(Cause::new(error))
            .with_hint(hint)
    })?;
    Ok(Some(state))
}

fn account_id(manifest: &Manifest, desired: &DesiredState) -> String {
    let named = manifest.account.as_ref().map(|account| account.value.clone());
    let of_image =
        || images(manifest, desired).iter().find_map(|image| Some(image.ecr_repository()?.account));
    named.or_else(of_image).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
}

/// Returns every image that the manifest and its definitions name.
fn images(manifest: &Manifest, desired: &DesiredState) -> Vec<ImageReference> {
    let mut images: Vec<ImageReference> =
        manifest.images.values().map(|image| image.reference.clone()).collect();
    for definition in desired.definitions() {
        match definition {
            DefinitionSource::Rendered(document) => images.extend(crate::image::images_of(document)),
            DefinitionSource::Express(document) => images.extend(express_images(document)),
            DefinitionSource::RunningWithTags(new) => images.extend(new.definition_images.iter().cloned()),
            DefinitionSource::RunningUnchanged => {}
        }
    }
    for service in desired.all_services().filter(|_| manifest.images.is_empty()) {
        images.extend(default_image(service, manifest));
    }
    images
}

/// Returns the seeds of the sandbox: one for each account and region that an image is in, and one for the services.
/// `more` are images that exist beside those of the documents.
fn seeds(
    manifest: &Manifest,
    desired: &DesiredState,
    more: Vec<ImageReference>,
    region: &str,
    tags: &[&str],
) -> Vec<Seed> {
    let mut places: BTreeMap<(String, String), BTreeMap<String, SeedVersions>> = BTreeMap::new();
    for image in images(manifest, desired).into_iter().chain(more) {
        let Some(ecr) = image.ecr_repository() else { continue };
        let repositories = places.entry((ecr.account, ecr.region)).or_default();
        let kept = repositories.entry(ecr.name).or_insert_with(|| SeedVersions::new(tags));
        // A tag in the manifest itself exists in the repository; a tag of the command line need not.
        let named = manifest.images.values().any(|known| known.reference == image);
        match image.digest {
            Some(digest) => drop(kept.digests.insert(digest)),
            None => kept.tags.extend(image.tag.filter(|tag| named && !kept.tags.contains(tag))),
        }
    }
    let repositories =
        |(name, versions): (String, SeedVersions)| SeedRepository { name, tags: versions.with_push_times() };
    let mut seeds: Vec<Seed> = places
        .into_iter()
        .map(|((account, region), found)| Seed {
            account: Some(account),
            region: Some(region),
            repositories: found.into_iter().map(repositories).collect(),
            ..Seed::default()
        })
        .collect();
    let is_express = |service: &&DesiredService| matches!(service.definition, DefinitionSource::Express(_));
    // The first deploy creates an Express service.
    let seeded = desired.all_services().filter(|service| !is_express(service));
    let services = seeded.map(|service| seed_service(service, manifest)).collect();
    let clusters = desired.all_services().map(|service| service.cluster.clone()).collect();
    seeds.push(Seed { clusters, services, region: Some(region.to_owned()), ..Seed::default() });
    seeds
}

/// What a repository of the sandbox has.
struct SeedVersions {
    tags: Vec<String>,
    /// The digests that documents name: the sandbox has an image for each, since its own digests are not known beforehand.
    digests: BTreeSet<String>,
}

impl SeedVersions {
    fn new(tags: &[&str]) -> SeedVersions {
        SeedVersions { tags: tags.iter().map(ToString::to_string).collect(), digests: BTreeSet::new() }
    }

    /// Returns the tags with one push an hour, the last an hour ago; the images without a tag are older.
    fn with_push_times(&self) -> Vec<SeedTag> {
        let now = seconds_now();
        let pushed_at = |index: usize| now - 3600.0 * (self.tags.len() - index) as f64;
        let tag = |(index, tag): (usize, &String)| SeedTag {
            tag: tag.clone(),
            pushed_at: Some(pushed_at(index)),
            ..SeedTag::default()
        };
        let digest = |digest: &String| SeedTag {
            digest: Some(digest.clone()),
            pushed_at: Some(pushed_at(0)),
            ..SeedTag::default()
        };
        self.tags.iter().enumerate().map(tag).chain(self.digests.iter().map(digest)).collect()
    }
}

fn seconds_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Returns a service as it runs before the first deploy, with the earliest tag of each image.
fn seed_service(service: &DesiredService, manifest: &Manifest) -> SeedService {
    let mut task_definition = match &service.definition {
        DefinitionSource::Rendered(document) => document.clone(),
        DefinitionSource::Express(_)
        | DefinitionSource::RunningWithTags(_)
        | DefinitionSource::RunningUnchanged => default_definition(service, manifest),
    };
    for container in task_definition["containerDefinitions"].as_array_mut().into_iter().flatten() {
        let image = ImageReference::parse(container["image"].as_str().unwrap_or_default());
        if image.ecr_repository().is_some() && !manifest.images.values().any(|known| known.reference == image)
        {
            container["image"] = image.with_version(REPOSITORY_TAGS[0]).to_string().into();
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
fn default_definition(service: &DesiredService, manifest: &Manifest) -> Value {
    let tagged = |image: &ImageReference| {
        if image.has_version() { image.clone() } else { image.with_version(REPOSITORY_TAGS[0]) }
    };
    let named = manifest.images.iter().map(|(name, image)| (name.clone(), tagged(&image.reference)));
    let mut images: Vec<(String, ImageReference)> = named.collect();
    if images.is_empty() {
        images.extend(default_image(service, manifest).map(|image| (service.name.clone(), image)));
    }
    let container = |(name, image): &(String, ImageReference)| json!({"name": name, "image": image.to_string(), "essential": true});
    json!({
        "family": service.name,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": format!("arn:aws:iam::{DEFAULT_ACCOUNT}:role/execution"),
        "containerDefinitions": images.iter().map(container).collect::<Value>(),
    })
}

/// Returns the image of a service without a definition: a repository with the name of the service.
fn default_image(service: &DesiredService, manifest: &Manifest) -> Option<ImageReference> {
    if matches!(service.definition, DefinitionSource::Rendered(_) | DefinitionSource::Express(_)) {
        return None;
    }
    let region = manifest.region.as_deref().unwrap_or(DEFAULT_REGION);
    Some(ImageReference::parse(&format!(
        "{DEFAULT_ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{}",
        service.name.to_lowercase()
    )))
}
