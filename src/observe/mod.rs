//! Reads from AWS what a plan needs, in as few round trips as possible.
//!
//! The first round reads everything that depends on the manifest alone; the second round reads what depends on the
//! services.

use crate::aws::types::{ServiceRef, answer};
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join3, join4, try_join_all};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::aws::error::{ApiErrorKind, cluster_failure, failure};
use crate::aws::lookup::in_time;
use crate::aws::types::{
    ObservedSchedules, ObservedService, ObservedState, Service, ServiceRevision, TaskDefinition,
    revision_name,
};
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::image::{ImageReference, images_of};
use crate::render::express::express_images;
use crate::render::{DefinitionSource, DesiredState};

use images::image_states;

pub mod adoption;
pub mod autoscaling;
mod clusters;
mod desired_count;
mod express;
pub mod images;
pub mod lock_holder;
mod namespaces;
pub mod past;
pub mod references;
pub mod schedules;

/// The most definitions read concurrently: the burst of `DescribeTaskDefinition` (ECS API rate limits).
const MAX_CONCURRENT_DEFINITIONS: usize = 50;

/// Returns the observed state of everything that is desired.
///
/// # Errors
/// A cluster does not exist, or an API call failed without which no plan can be made.
pub async fn observe(aws: &Aws, desired: &DesiredState) -> Result<ObservedState> {
    let mut observed = ObservedState { region: aws.region.clone(), ..ObservedState::default() };
    let families = rendered_families(desired);
    let references = rendered_images(desired);
    let (services, latest, images, (caller, schedules, autoscaling)) = join4(
        observe_services(aws, desired),
        latest_definitions(aws, &families),
        image_states(aws, &references),
        join3(
            aws.caller(),
            observe_schedules_with_definitions(aws, desired),
            autoscaling::observe(aws, &desired.services),
        ),
    )
    .await;
    let notes;
    (observed.schedules, observed.scheduled_definitions, notes) = schedules.map_err(failure)?;
    observed.notes.extend(notes);
    observed.services = services?;
    observed.autoscaling = autoscaling.map_err(failure)?;
    let missing = clusters::missing_services(desired, &observed.services);
    let (clusters, groups) =
        join(clusters::observe(aws, &missing), clusters::observe_target_groups(aws, &missing)).await;
    observed.target_groups = groups;
    observed.clusters = clusters.found;
    observed.notes.extend(clusters.notes);
    observed.latest_definitions = latest.map_err(failure)?;
    observed.images = images?;
    match caller {
        Ok(caller) => observed.caller = Some(caller),
        Err(error) => {
            observed.notes.push(format!("failed to identify the caller: {error}"));
            observed.caller_error = Some(error.to_string());
        }
    }
    let groups = autoscaling::target_groups(&desired.services, &observed);
    let balancers = autoscaling::observe_load_balancers(aws, &groups);
    let (running, balancers) = join(observe_running(aws, desired, &mut observed), balancers).await;
    running?;
    observed.load_balancers = balancers.map_err(failure)?;
    observe_running_images(aws, desired, &mut observed).await?;
    Ok(observed)
}

/// Returns the note that the first round waits for its turn to read task definitions; none where that is short.
pub fn wait_note(aws: &Aws, desired: &DesiredState) -> Option<String> {
    let count = rendered_families(desired).len();
    aws.wait_note(&format!("reading {count} task definitions"), "DescribeTaskDefinition", count)
}

/// First round: reads the services, cluster by cluster.
async fn observe_services(
    aws: &Aws,
    desired: &DesiredState,
) -> Result<BTreeMap<ServiceRef, ObservedService>> {
    let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for service in desired.all_services() {
        clusters.entry(&service.cluster).or_default().push(service.name.clone());
    }
    let calls = clusters.iter().map(|(cluster, names)| async move {
        let found = aws.services(cluster, names).await.map_err(|error| cluster_failure(cluster, error))?;
        Ok::<_, Failure>((*cluster, found))
    });
    let mut services = BTreeMap::new();
    for (cluster, found) in try_join_all(calls).await? {
        for (name, document) in found {
            let service = answer("ecs:DescribeServices", &document).map_err(failure)?;
            let observed = ObservedService { document, service, ..ObservedService::default() };
            services.insert(ServiceRef::new(cluster, name), observed);
        }
    }
    Ok(services)
}

async fn latest_definitions(
    aws: &Aws,
    families: &BTreeSet<String>,
) -> Result<BTreeMap<String, TaskDefinition>, ApiError> {
    let calls = families.iter().map(|family| async move {
        let found = aws.task_definition(family).await?;
        Ok::<_, ApiError>(found.map(|definition| (family.clone(), definition)))
    });
    let found: Vec<Option<_>> =
        stream::iter(calls).buffer_unordered(MAX_CONCURRENT_DEFINITIONS).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Returns the observed schedules, the definitions that they run, and notes about what could not be read.
async fn observe_schedules_with_definitions(
    aws: &Aws,
    desired: &DesiredState,
) -> Result<(ObservedSchedules, BTreeMap<String, TaskDefinition>, Vec<String>), ApiError> {
    if desired.schedules.is_empty() {
        return Ok(Default::default());
    }
    let mut observed = schedules::observe(aws, &desired.schedules).await?;
    let (found, own_group) = (&observed.found, desired.app_group.as_deref());
    let elsewhere = schedules::elsewhere(aws, &desired.schedules, found, own_group);
    let elsewhere = in_time("scheduler:GetSchedule, events:ListRules", elsewhere).await;
    let notes = match elsewhere {
        Ok(elsewhere) => {
            observed.elsewhere = elsewhere;
            Vec::new()
        }
        Err(error) if matches!(error.kind, ApiErrorKind::NoCredentials | ApiErrorKind::Expired) => {
            return Err(error);
        }
        // AWS makes no such check: who may use, or can reach, only one of the two services must not fail on the other.
        Err(error) => vec![format!(
            "could not check whether another schedule or rule already runs the new schedules: {error}"
        )],
    };
    let named = observed.found.values().flat_map(|schedule| schedule.task_definitions());
    let named: BTreeSet<String> = named.map(str::to_owned).collect();
    let definitions = latest_definitions(aws, &named).await?;
    Ok((observed, definitions, notes))
}

/// Second round: reads the running definitions that are not the newest of their family, and the running digests.
async fn observe_running(aws: &Aws, desired: &DesiredState, observed: &mut ObservedState) -> Result<()> {
    let known: BTreeMap<_, _> =
        observed.latest_definitions.values().map(|latest| (latest.arn.clone(), latest.clone())).collect();
    let running = observed.services.values().map(|observed| observed.service.task_definition.clone());
    let unknown: BTreeSet<String> =
        running.filter(|arn| !arn.is_empty() && !known.contains_key(arn)).collect();
    let revisions: Vec<String> = observed
        .services
        .values()
        .flat_map(|observed| {
            observed.service.current_service_revisions.iter().map(|revision| revision.arn.clone())
        })
        .collect();
    let families = running_families(desired, observed);
    let ((definitions, mut autoscaling, express), latest, revisions, mut namespaces) = join4(
        join3(
            latest_definitions(aws, &unknown),
            desired_count::observe(aws, desired),
            express::observe(aws, desired, &observed.services),
        ),
        latest_definitions(aws, &families),
        in_time("ecs:DescribeServiceRevisions", aws.service_revisions(&revisions)),
        namespaces::observe(aws, desired, observed),
    )
    .await;
    observed.notes.append(&mut namespaces.notes);
    let definitions = definitions.map_err(failure)?;
    observed.latest_definitions.extend(latest.map_err(failure)?);
    // Without service revisions (missing permission, another implementation of the API), only the digests in
    // ecsail's own tags show whether a tag was moved.
    let revisions = revisions.unwrap_or_else(|error| {
        let note = format!(
            "could not read the running digests; only those recorded by an earlier deploy are compared: {error}"
        );
        observed.notes.push(note);
        Vec::new()
    });
    let mut express = express.map_err(failure)?;
    for (name, service) in &mut observed.services {
        service.express = express.remove(name);
        service.namespace = namespaces.found.remove(name);
        let arn = &service.service.task_definition;
        service.running_definition = known.get(arn).or_else(|| definitions.get(arn)).cloned();
        service.running_digests = running_digests(&service.service, &revisions);
        let current = current_revisions(&service.service, &revisions);
        service.revision = current.max_by(newest).map(|revision| revision.attributes.clone());
        service.autoscaling = autoscaling.remove(name).unwrap_or_default();
    }
    Ok(())
}

/// Reads the images of services that keep their definition, which is known only after the second round.
async fn observe_running_images(
    aws: &Aws,
    desired: &DesiredState,
    observed: &mut ObservedState,
) -> Result<()> {
    let mut references = BTreeSet::new();
    for service in desired.all_services() {
        let (DefinitionSource::RunningWithTags(_) | DefinitionSource::RunningUnchanged) = &service.definition
        else {
            continue;
        };
        let Ok(document) = crate::plan::desired_document(service, observed) else { continue };
        references.extend(images_of(&document));
    }
    references.retain(|reference| !observed.images.contains_key(&reference.to_string()));
    observed.images.extend(image_states(aws, &references).await?);
    Ok(())
}

fn rendered_images(desired: &DesiredState) -> BTreeSet<ImageReference> {
    let rendered = desired.definitions().flat_map(|definition| match definition {
        DefinitionSource::Rendered(document) => images_of(document),
        // The manifest's images are known before the definition is.
        DefinitionSource::Express(document) => express_images(document),
        DefinitionSource::RunningWithTags(replacements) => {
            replacements.definition_images.iter().cloned().collect()
        }
        DefinitionSource::RunningUnchanged | DefinitionSource::Registered(_) => BTreeSet::new(),
    });
    rendered.collect()
}

fn rendered_families(desired: &DesiredState) -> BTreeSet<String> {
    let family = |definition: &DefinitionSource| match definition {
        DefinitionSource::Rendered(document) => document["family"].as_str().map(str::to_owned),
        DefinitionSource::Registered(name) => Some(name.clone()),
        DefinitionSource::Express(_)
        | DefinitionSource::RunningWithTags(_)
        | DefinitionSource::RunningUnchanged => None,
    };
    desired.definitions().filter_map(family).collect()
}

/// Returns the digests that a service runs, by container, from its current service revisions with the definition that
/// it runs.
fn running_digests(service: &Service, revisions: &[ServiceRevision]) -> BTreeMap<String, String> {
    let images = current_revisions(service, revisions).flat_map(|revision| &revision.container_images);
    images.filter_map(|image| Some((image.container_name.clone(), image.image_digest.clone()?))).collect()
}

/// Returns the current service revisions of a service with the definition that it runs.
fn current_revisions<'a>(
    service: &'a Service,
    revisions: &'a [ServiceRevision],
) -> impl Iterator<Item = &'a ServiceRevision> {
    let is_current = |arn: &str| service.current_service_revisions.iter().any(|revision| revision.arn == arn);
    revisions.iter().filter(move |revision| {
        is_current(&revision.service_revision_arn) && revision.task_definition == service.task_definition
    })
}

fn newest(one: &&ServiceRevision, other: &&ServiceRevision) -> std::cmp::Ordering {
    one.created_at.0.total_cmp(&other.created_at.0)
}

/// Returns the families of the services that keep the definition that they run.
fn running_families(desired: &DesiredState, observed: &ObservedState) -> BTreeSet<String> {
    let keeping =
        desired.all_services().filter(|service| !matches!(service.definition, DefinitionSource::Rendered(_)));
    let seen = keeping
        .filter_map(|service| observed.services.get(&ServiceRef::new(&service.cluster, &service.name)));
    let family = |seen: &ObservedService| {
        revision_name(&seen.service.task_definition).split(':').next().map(str::to_owned)
    };
    seen.filter_map(family).filter(|family| !family.is_empty()).collect()
}
