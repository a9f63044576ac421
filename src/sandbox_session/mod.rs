//! Runs a verb against the embedded sandbox: seeds it from the manifest, and stores its state between commands. The sandbox
//! itself uses nothing of ecsail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ecsail_sandbox::{Clock, Options, Sandbox, Scenario, Seed, SeedRepository, SeedTag, scenarios};
use serde_json::{Value, json};

use crate::document::problem::did_you_mean;
use crate::duration;
use crate::error::{Cause, Failure, Result};
use crate::image::ImageReference;
use crate::manifest::Manifest;
use crate::private_file;
use crate::render::DesiredState;
use crate::sandbox_values;
use crate::service_arn::cluster_name;
use crate::settings::Settings;
use crate::verification::Reference;

mod named;
mod seeds;

use seeds::{
    account_id, described_services, images, render_initial_state, seconds_now, seeds, unrendered_state,
};

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
        session.add_values(manifest, &desired.references.all)?;
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
        session.add_values(manifest, &[])?;
        Ok(session)
    }

    /// Adds what the file beside the manifest declares, if there is one, and of other kinds what the documents name.
    fn add_values(&self, manifest: &Manifest, references: &[Reference]) -> Result<()> {
        let declared = sandbox_values::read(manifest, &self.region)?.unwrap_or_default();
        let mut named = named::seeds(references, &declared.kinds, &self.region);
        for seed in &mut named {
            // A value that is kept from an earlier command stays.
            seed.parameters.retain(|parameter| !self.has_parameter(&parameter.name));
        }
        for seed in named.iter().chain([&declared.seed]) {
            let added = self.sandbox.seed(seed);
            added.map_err(|error| Failure::error(format!("failed to fill the sandbox: {error}")))?;
        }
        Ok(())
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.sandbox.call("ssm", "GetParameter", json!({ "Name": name })).is_ok()
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
