//! Finds the rollback of each service. Everything is read, chosen and checked before anything changes.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::change_guards::{deployment_in_progress, ensure_no_failures, rollback_terms};
use super::services::{FoundService, SelectedServices};
use crate::aws::error::failure;
use crate::aws::types::{Service, TaskDefinition, family_of, number_of, revision_name};
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::observe::images::image_states;
use crate::observe::past;
use crate::plan::blockers;
use crate::plan::image_checks::ImageChecks;
use crate::plan::record::RELEASE_KEY;
use crate::plan::rollback::images::{RestoredImages, images_to_look_up, restore_images};
use crate::plan::rollback::in_progress::{before_deployment, brings_back, is_rolled_back_by_ecs};
use crate::plan::rollback::service::{
    self, RollbackContext, RollbackTerms, definition, needs_registration, unchanged_plan,
};
use crate::plan::rollback::{
    Choice, DeployedState, DeployedStates, DeploymentHistory, ReleaseSummary, RollbackSelector, Source,
    Target, are_apart, choose, deployed_states, selector, summarize,
};
use crate::plan::{Plan, Revision, ServicePlan};
use crate::shell;
use crate::watch::snapshot::WatchedRollout;

/// The number of services that are read at once. Each takes about ten calls, and `DescribeTaskDefinition` allows a burst
/// of 50.
const CONCURRENCY: usize = 5;
/// The number of other targets that are checked if an image no longer exists.
const MAX_SUGGESTED_TARGETS: usize = 3;

/// The requested rollback.
#[derive(Clone, Debug)]
pub struct RollbackRequest {
    pub wanted: RollbackSelector,
    /// Whether a target is named. A deployment in progress is then superseded, and not stopped.
    pub is_target_named: bool,
    /// Replace a deployment that is in progress.
    pub supersede: bool,
    /// Which images are refused.
    pub images: ImageChecks,
    /// Who asked for the rollback, if known.
    pub performer: Option<String>,
}

/// The rollbacks to execute: updates to earlier revisions, and deployments in progress to stop.
#[derive(Default)]
pub struct ServiceRollbacks {
    pub plan: Plan,
    pub in_progress: Vec<WatchedRollout>,
    /// Rollbacks that are in progress already, and are only watched.
    pub attached: Vec<WatchedRollout>,
    pub targets: Vec<Target>,
}

/// The definitions that the rollback of a service begins and ends with. Schedules follow it.
#[derive(Clone, Debug)]
pub struct ServiceMove {
    pub service: String,
    /// The name or ARN of the definition that the service is rolled back from.
    pub from: String,
    /// The name or ARN of the definition that the service is rolled back to.
    pub to: String,
    /// The revision that the service will run.
    pub revision: Revision,
}

impl ServiceRollbacks {
    /// Returns the services that are rolled back to an earlier revision. A deployment that is stopped is none of them: its
    /// release has not reached the schedules.
    pub fn moves(&self) -> Vec<ServiceMove> {
        let updated = self.plan.services.iter().filter(|service| service.after != Revision::Same);
        let updated = updated.filter_map(|service| {
            let target = self.targets.iter().find(|target| target.service == service.key)?;
            Some(ServiceMove {
                service: service.key.clone(),
                from: service.before.clone(),
                to: target.to.as_ref()?.revision.clone(),
                revision: service.after.clone(),
            })
        });
        let attached = self.attached.iter().filter(|rollout| !rollout.going_back).filter_map(|rollout| {
            Some(ServiceMove {
                service: rollout.key.clone(),
                from: rollout.way_back.as_ref()?.revision.clone(),
                to: rollout.revision.clone(),
                revision: Revision::Registered(rollout.revision.clone()),
            })
        });
        updated.chain(attached).collect()
    }
}

/// The releases that a service runs and was rolled back from, by the tags of its definitions.
#[derive(Clone, Debug, Default)]
struct ServiceReleases {
    running: Option<String>,
    /// `None` if the service was deployed to since it was rolled back.
    left: Option<String>,
}

impl ServiceReleases {
    fn from_states(states: &DeployedStates, past: &DeploymentHistory) -> ServiceReleases {
        let release = |state: &DeployedState| {
            past.definitions.get(&state.definition)?.tag(RELEASE_KEY).map(str::to_owned)
        };
        ServiceReleases {
            running: release(&states.running),
            left: states.rolled_back_from.as_ref().and_then(release),
        }
    }
}

/// Returns the rollbacks of services that have ended and after which the services were not deployed to. There are none while
/// another service still runs the release that was left.
///
/// What cannot be read is left out: this is only asked to find schedules that a rollback has not reached.
pub async fn ended_rollbacks(found: &[FoundService], chosen: &SelectedServices) -> Vec<ServiceMove> {
    if found.iter().any(|found| found.service.deployment_in_progress().is_some()) {
        return Vec::new();
    }
    let reading = found.iter().map(|found| ended_rollback(found, chosen));
    let ended: Vec<_> = futures_util::stream::iter(reading).buffered(CONCURRENCY).collect().await;
    let running: BTreeSet<&String> =
        ended.iter().flatten().filter_map(|(_, releases)| releases.running.as_ref()).collect();
    let is_unfinished = ended
        .iter()
        .flatten()
        .any(|(_, releases)| releases.left.as_ref().is_some_and(|left| running.contains(left)));
    if is_unfinished {
        return Vec::new();
    }
    ended.into_iter().flatten().filter_map(|(ended, _)| ended).collect()
}

async fn ended_rollback(
    found: &FoundService,
    chosen: &SelectedServices,
) -> Option<(Option<ServiceMove>, ServiceReleases)> {
    let past = past::deployment_history(&chosen.aws, &found.identity.cluster, &found.service).await.ok()?;
    let states = deployed_states(&found.service, &past);
    let releases = ServiceReleases::from_states(&states, &past);
    let to = states.running.definition;
    let ended = states.rolled_back_from.map(|from| ServiceMove {
        service: found.identity.key.clone(),
        from: from.definition,
        revision: Revision::Registered(to.clone()),
        to,
    });
    Some((ended, releases))
}

/// The rollback of one service.
enum ServiceRollback {
    /// The deployment in progress is this rollback already.
    Attach(Box<(WatchedRollout, Target)>),
    /// The deployment in progress is stopped.
    StopDeployment(Box<(WatchedRollout, Target, Option<String>)>),
    /// The service already runs the target.
    Unchanged,
    /// The service is updated.
    Update(Box<ServiceUpdate>),
}

/// The data for the update of one service.
struct ServiceUpdate {
    past: DeploymentHistory,
    choice: Choice,
    images: RestoredImages,
    latest: Option<TaskDefinition>,
    performer: Option<String>,
}

/// Finds the rollback of each service.
///
/// # Errors
/// All reasons against the rollbacks, at once.
pub async fn find_rollbacks(
    asked: &RollbackRequest,
    found: &[FoundService],
    chosen: &SelectedServices,
) -> Result<ServiceRollbacks> {
    let mut ways = ServiceRollbacks::default();
    let mut failures = Vec::new();
    let looking = found.iter().map(|found| find_with_releases(asked, found, chosen));
    let ways_of: Vec<_> = futures_util::stream::iter(looking).buffered(CONCURRENCY).collect().await;
    let running: BTreeSet<String> =
        ways_of.iter().filter_map(|(releases, _)| releases.running.clone()).collect();
    for (found, (releases, way)) in found.iter().zip(ways_of) {
        // An earlier rollback of these services was cut off after it had brought this one back.
        if let Some(left) = releases.left.filter(|left| !asked.is_target_named && running.contains(left)) {
            let note = format!("`{}` was rolled back from release {left} already", found.identity.key);
            ways.plan.notes.push(note);
            let terms = rollback_terms(&found.identity, chosen);
            ways.plan.services.push(unchanged_plan(&terms, &found.service, &found.document));
            continue;
        }
        match way {
            Ok(ServiceRollback::StopDeployment(stop)) => {
                ways.plan.notes.extend(stop.2.clone());
                ways.in_progress.push(stop.0);
                ways.targets.push(stop.1);
            }
            Ok(ServiceRollback::Attach(attached)) => {
                ways.attached.push(attached.0);
                ways.targets.push(attached.1);
            }
            Ok(ServiceRollback::Unchanged) => ways.plan.services.push(unchanged_plan(
                &rollback_terms(&found.identity, chosen),
                &found.service,
                &found.document,
            )),
            Ok(ServiceRollback::Update(seen)) => match seen.plan(asked, found, chosen, &mut ways.plan) {
                Ok((planned, target)) => {
                    ways.plan.services.push(planned);
                    ways.targets.push(target);
                }
                Err(failure) => failures.push(failure),
            },
            Err(found) => failures.extend(found),
        }
    }
    ensure_no_failures(failures)?;
    if are_apart(&ways.targets) {
        let note = "the services were not deployed together, and each is rolled back by its own history: name \
                    services to roll back only some";
        ways.plan.notes.push(note.to_owned());
    }
    Ok(ways)
}

/// Returns a warning if the deployment in progress is a rollback itself, so that rolling it back returns to the newer
/// revision.
pub fn warn_if_rollback(followed: &WatchedRollout) -> Option<String> {
    let way = followed.way_back.as_ref()?;
    let same_family = family_of(&way.revision) == family_of(&followed.revision);
    let older = number_of(&followed.revision)? < number_of(&way.revision)?;
    (same_family && older).then(|| {
        let key = &followed.key;
        format!(
            "`{key}`: the deployment in progress is a rollback to the older {}; stopping it returns to {}. To only \
             watch it, use `ecsail wait {}`",
            revision_name(&followed.revision),
            way.revision_name(),
            shell::quote(key)
        )
    })
}

async fn find_with_releases(
    asked: &RollbackRequest,
    found: &FoundService,
    chosen: &SelectedServices,
) -> (ServiceReleases, Result<ServiceRollback, Vec<Failure>>) {
    let mut releases = ServiceReleases::default();
    let way = find_rollback(asked, found, chosen, &mut releases).await;
    (releases, way)
}

async fn find_rollback(
    asked: &RollbackRequest,
    found: &FoundService,
    chosen: &SelectedServices,
    releases: &mut ServiceReleases,
) -> Result<ServiceRollback, Vec<Failure>> {
    let (aws, service) = (&chosen.aws, &found.service);
    if let Some(refusal) = blockers::in_progress_blocker(&found.identity.key, service) {
        if !asked.supersede
            && let Some(attached) = attach_to_rollback(&asked.wanted, found, chosen, releases).await?
        {
            return Ok(ServiceRollback::Attach(Box::new(attached)));
        }
        if !asked.is_target_named {
            let stop = deployment_in_progress(found, chosen).await.map_err(|failure| vec![failure])?;
            return Ok(ServiceRollback::StopDeployment(Box::new(stop)));
        }
        if !asked.supersede {
            let hint = "leave out `--to` and `--steps` to stop the deployment in progress".to_owned();
            return Err(vec![refusal.with_hint(hint)]);
        }
    }
    let one = |failure: Failure| vec![failure];
    let mut past =
        past::deployment_history(aws, &found.identity.cluster, service).await.map_err(call_failed)?;
    read_missing_definitions(&asked.wanted, found, &mut past, aws).await.map_err(call_failed)?;
    *releases = ServiceReleases::from_states(&deployed_states(service, &past), &past);
    let chosen_target = choose(service, &past, &asked.wanted);
    let chosen_target =
        chosen_target.map_err(|failure| vec![with_next_step(failure, &found.identity.key)])?;
    let Some(choice) = chosen_target else {
        return Ok(ServiceRollback::Unchanged);
    };
    let images = match check_images(&choice.to, &mut past, aws, asked.images).await {
        Ok(images) => images,
        Err(gone) => {
            let others = other_targets(&choice, &mut past, aws, asked.images).await;
            return Err(with_other_targets(&found.identity.key, gone, &choice, &others));
        }
    };
    let registered = definition(&choice.to, &past).map_err(one)?;
    let (mut latest, mut performer) = (None, asked.performer.clone());
    if needs_registration(registered, &images) {
        let family = family_of(&choice.to.definition).to_owned();
        let (found, caller) = futures_util::future::join(aws.task_definition(&family), aws.caller()).await;
        latest = found.map_err(call_failed)?;
        // The caller is only recorded, so an error of STS is ignored.
        performer = performer.or(caller.ok().map(|caller| caller.arn));
    }
    Ok(ServiceRollback::Update(Box::new(ServiceUpdate { past, choice, images, latest, performer })))
}

/// Returns a failure to find a target with what to do, where it names no other targets itself.
fn with_next_step(failure: Failure, key: &str) -> Failure {
    if !failure.hints.is_empty() {
        return failure;
    }
    let key = shell::quote(key);
    failure.with_hint(format!(
        "see what was deployed with `ecsail history {key}`, or deploy an earlier image with `ecsail deploy {key} --tag TAG`"
    ))
}

/// Returns the deployment in progress, with its rollback target, if it is the rollback that is asked for.
async fn attach_to_rollback(
    wanted: &RollbackSelector,
    found: &FoundService,
    chosen: &SelectedServices,
    releases: &mut ServiceReleases,
) -> Result<Option<(WatchedRollout, Target)>, Vec<Failure>> {
    let (aws, service) = (&chosen.aws, &found.service);
    let mut past =
        past::deployment_history(aws, &found.identity.cluster, service).await.map_err(call_failed)?;
    let by_ecs = is_rolled_back_by_ecs(&past) && *wanted == RollbackSelector::Steps(1);
    if !by_ecs {
        let Some(before) = before_deployment(service) else { return Ok(None) };
        let before = FoundService { service: before, ..found.clone() };
        read_missing_definitions(wanted, &before, &mut past, aws).await.map_err(call_failed)?;
        if !brings_back(service, &past, wanted) {
            return Ok(None);
        }
        // Until it has ended, the service counts as running the release that it leaves.
        let states = deployed_states(&before.service, &past);
        releases.running = ServiceReleases::from_states(&states, &past).running;
    }
    let (rollout, target, _) =
        deployment_in_progress(found, chosen).await.map_err(|failure| vec![failure])?;
    let rollout = WatchedRollout { going_back: by_ecs, ..rollout };
    Ok(Some((rollout, attached_target(target, service, by_ecs))))
}

/// Returns the target of a rollback in progress. Where ECS does not roll back itself, the deployment in progress is what
/// brings the target back.
fn attached_target(target: Target, service: &Service, by_ecs: bool) -> Target {
    let current = revision_name(&service.task_definition).to_owned();
    let target = Target { source: Source::Attached, ..target };
    match &target.to {
        Some(to) if !by_ecs => Target { from: to.clone(), to: Some(target.from.clone()), ..target },
        None if current != target.from.revision => {
            let to =
                ReleaseSummary { revision: current, at: None, tag: None, commit: None, images: Vec::new() };
            Target { to: Some(to), ..target }
        }
        _ => target,
    }
}

/// Returns the failure of a call.
fn call_failed(error: ApiError) -> Vec<Failure> {
    vec![failure(error)]
}

/// Reads the definitions that the choice needs and the history does not have.
async fn read_missing_definitions(
    asked: &RollbackSelector,
    found: &FoundService,
    past: &mut DeploymentHistory,
    aws: &Aws,
) -> Result<(), ApiError> {
    let known = deployed_states(&found.service, past);
    if selector::can_resolve(asked, past, &known) {
        return Ok(());
    }
    let family = family_of(&known.running.definition).to_owned();
    match asked {
        RollbackSelector::Steps(_) => {
            past::read_older_revisions(aws, past, &family, selector::revision_limit(past, &known)).await
        }
        RollbackSelector::Revision(name) => past::read_definitions(aws, past, vec![name.clone()]).await,
        RollbackSelector::Number(number) => {
            past::read_definitions(aws, past, vec![format!("{family}:{number}")]).await?;
            past::read_definitions_for_image(aws, past, &family).await
        }
        RollbackSelector::Image(_) => past::read_definitions_for_image(aws, past, &family).await,
    }
}

/// Returns the definition of a release with the images that ran.
///
/// # Errors
/// The definition was deleted, or images no longer exist.
async fn check_images(
    release: &DeployedState,
    past: &mut DeploymentHistory,
    aws: &Aws,
    checks: ImageChecks,
) -> Result<RestoredImages, Vec<Failure>> {
    let one = |failure: Failure| vec![failure];
    past::read_definitions(aws, past, vec![release.definition.clone()]).await.map_err(call_failed)?;
    let definition = definition(release, past).map_err(one)?;
    let digests: BTreeMap<String, String> = release.digests(Some(definition));
    let references = images_to_look_up(&definition.document, &digests);
    let states = image_states(aws, &references).await.map_err(one)?;
    restore_images(&definition.document, &digests, &states, checks)
}

/// Returns the other targets whose images exist, as arguments.
async fn other_targets(
    choice: &Choice,
    past: &mut DeploymentHistory,
    aws: &Aws,
    checks: ImageChecks,
) -> Vec<String> {
    let mut names = Vec::new();
    let others = choice.others.iter().filter(|other| other.definition != choice.to.definition);
    for other in others.take(MAX_SUGGESTED_TARGETS) {
        if check_images(other, past, aws, checks).await.is_ok() {
            names.push(format!("`--to {}`", other.revision_name()));
        }
    }
    names
}

/// Adds to the failures a hint with other targets.
fn with_other_targets(key: &str, gone: Vec<Failure>, choice: &Choice, others: &[String]) -> Vec<Failure> {
    let hint = match others {
        [] => "there is no other deployment to roll back to".to_owned(),
        names => format!("roll back to another deployment with {}", names.join(", ")),
    };
    let attempted = format!("failed to roll `{key}` back to `{}`", choice.to.revision_name());
    let wrapped = |mut failure: Failure| {
        let hints = std::mem::take(&mut failure.hints);
        let wrapped =
            Failure::new(failure.kind, attempted.as_str()).with_cause(failure).with_hint(hint.clone());
        hints.into_iter().fold(wrapped, Failure::with_hint)
    };
    gone.into_iter().map(wrapped).collect()
}

impl ServiceUpdate {
    fn plan(
        self,
        asked: &RollbackRequest,
        found: &FoundService,
        chosen: &SelectedServices,
        plan: &mut Plan,
    ) -> Result<(ServicePlan, Target), Failure> {
        let sight = RollbackContext {
            terms: RollbackTerms { supersede: asked.supersede, ..rollback_terms(&found.identity, chosen) },
            service: &found.service,
            document: &found.document,
            past: &self.past,
            choice: &self.choice,
            images: &self.images,
            latest: self.latest.as_ref(),
            performer: self.performer.clone(),
        };
        let planned = service::plan_rollback(&sight, plan)?;
        plan.notes.extend(self.past.notes.iter().map(|note| format!("`{}`: {note}", found.identity.key)));
        let Choice { from, to, source, left_out, .. } = self.choice;
        let target = Target {
            service: found.identity.key.clone(),
            cluster: found.identity.cluster.clone(),
            from: summarize(&from, &self.past),
            to: Some(summarize(&to, &self.past)),
            source,
            left_out,
            pinned: self.images.pinned,
        };
        Ok((planned, target))
    }
}
