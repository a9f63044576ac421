//! What a new sandbox has of a manifest before the first deploy: its images, and its services with the earliest tag. Never starts one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use ecsail_sandbox::{Seed, SeedRepository, SeedService, SeedTag, SeedTaskDefinition};
use serde_json::{Value, json};

use super::{DEFAULT_ACCOUNT, DEFAULT_REGION, REPOSITORY_TAGS};
use crate::image::ImageReference;
use crate::manifest::{self, Manifest, ManifestService, Request, Scope};
use crate::render::definition_edits::DefinitionEdits;
use crate::render::express::express_images;
use crate::render::{self, DefinitionSource, DesiredService, DesiredState, DesiredTaskSpec};
use crate::settings::{ImageTags, Settings};

/// How many revisions of a family that is registered elsewhere a new sandbox has at most.
const MAX_SEEDED_REVISIONS: usize = 100;

/// Returns a manifest with all services of its file, also those that this command does not select, so that they exist for the
/// next one; and without those that only the command line names: a name that was mistyped would else exist in the sandbox. Without
/// a file, the names are all that is known.
pub(super) fn described_services(settings: &Settings, manifest: &Manifest) -> Manifest {
    let lookups = manifest.context.lookups().clone();
    let request = Request { names_only: true, lookups, ..Request::default() };
    let described = manifest.path.as_ref().and_then(|_| manifest::load(settings, &request).ok());
    let Some(described) = described else { return manifest.clone() };
    Manifest { services: described.services, like_services: Vec::new(), ..manifest.clone() }
}

/// Returns the desired documents with the earliest tag, which run before the first deploy.
///
/// Returns `None` without a manifest, or if it cannot be rendered with that tag.
pub(super) fn render_initial_state(settings: &Settings, manifest: &Manifest) -> Option<DesiredState> {
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
pub(super) fn unrendered_state(manifest: &Manifest) -> DesiredState {
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

pub(super) fn account_id(manifest: &Manifest, desired: &DesiredState) -> String {
    let named = manifest.account.as_ref().map(|account| account.value.clone());
    let of_image =
        || images(manifest, desired).iter().find_map(|image| Some(image.ecr_repository()?.account));
    named.or_else(of_image).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
}

/// Returns every image that the manifest and its definitions name.
pub(super) fn images(manifest: &Manifest, desired: &DesiredState) -> Vec<ImageReference> {
    let mut images: Vec<ImageReference> =
        manifest.images.values().map(|image| image.reference.clone()).collect();
    for definition in desired.definitions() {
        match definition {
            DefinitionSource::Rendered(document) => images.extend(crate::image::images_of(document)),
            DefinitionSource::Express(document) => images.extend(express_images(document)),
            DefinitionSource::RunningWithTags(new) => images.extend(new.definition_images.iter().cloned()),
            DefinitionSource::RunningUnchanged | DefinitionSource::Registered(_) => {}
        }
    }
    for service in desired.all_services().filter(|_| manifest.images.is_empty()) {
        images.extend(default_image(service, manifest));
    }
    images
}

/// Returns the seeds of the sandbox: one for each account and region that an image is in, and one for the services.
/// `more` are images that exist beside those of the documents.
pub(super) fn seeds(
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
    let of_tasks = desired.task_specs().filter_map(|spec| spec.cluster.clone());
    let clusters = desired.all_services().map(|service| service.cluster.clone()).chain(of_tasks).collect();
    let task_definitions = desired.task_specs().filter_map(registered_elsewhere).collect();
    let region = Some(region.to_owned());
    seeds.push(Seed { clusters, services, task_definitions, region, ..Seed::default() });
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

pub(super) fn seconds_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Returns a service as it runs before the first deploy, with the earliest tag of each image.
fn seed_service(service: &DesiredService, manifest: &Manifest) -> SeedService {
    let mut task_definition = match &service.definition {
        DefinitionSource::Rendered(document) => document.clone(),
        DefinitionSource::Express(_)
        | DefinitionSource::RunningWithTags(_)
        | DefinitionSource::RunningUnchanged
        | DefinitionSource::Registered(_) => default_definition(service, manifest),
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

/// Returns the family that a task runs and the manifest does not have.
fn registered_elsewhere(spec: &DesiredTaskSpec) -> Option<SeedTaskDefinition> {
    let Some(DefinitionSource::Registered(name)) = &spec.definition else { return None };
    let name = name.rsplit('/').next().unwrap_or_default();
    let (family, revision) = name.split_once(':').unwrap_or((name, "1"));
    let overridden = spec.overrides.members.get("containerOverrides").and_then(Value::as_array);
    let named = overridden.into_iter().flatten().filter_map(|container| container["name"].as_str());
    let mut containers: Vec<&str> = spec.overrides.container.as_deref().into_iter().chain(named).collect();
    containers.dedup();
    if containers.is_empty() {
        containers.push(family);
    }
    let container = |(index, name): (usize, &&str)| {
        let image = "public.ecr.aws/docker/library/busybox:stable";
        json!({"name": name, "image": image, "essential": index == 0})
    };
    let document = json!({
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": format!("arn:aws:iam::{DEFAULT_ACCOUNT}:role/execution"),
        "containerDefinitions": containers.iter().enumerate().map(container).collect::<Value>(),
    });
    let revisions = revision.parse().map_or(1, |revision: usize| revision.clamp(1, MAX_SEEDED_REVISIONS));
    Some(SeedTaskDefinition { task_definition: document, revisions })
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
