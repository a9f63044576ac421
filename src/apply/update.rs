//! Updates services. Reads each right before its update, and does not update one that has changed since the plan. Never
//! decides what to change.
//!
//! `UpdateService` takes no idempotency token: if its answer was lost, the module checks whether the call took effect
//! before it sends it again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::Value;

use super::creation::create_service;
use super::express::apply_express;
use super::guard::{next_batch, origin, refusals, replaced_note};
use super::lost_answer::{Trace, look_repeatedly};
use super::reporter::ApplyReporter;
use super::{ApplyResult, is_retryable, report_wait, unknown_effect};
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{self, Service, ServiceDeployment, TaskDefinition, parse_view, revision_name};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::lost_update::{
    LostUpdate, StartedDeployment, UpdateTraces, judge_lost_update, lists_own, unseen_before,
};
use crate::plan::service_state::StateChange;
use crate::plan::{Revision, ServicePlan, ServiceState};
use crate::retry::{Attempts, Policy, retry};
use crate::watch::snapshot::{WatchPolicy, WatchedRollout};

/// The result of one update.
pub(super) struct UpdatedService {
    /// The rollout to watch, or `None` if the update started none.
    pub(super) rollout: Option<WatchedRollout>,
    /// The service as the update left it.
    pub(super) state_after: ServiceState,
}

/// Updates services, with the revisions that were registered for their plan; a failure does not stop the others.
///
/// As many services as can be updated without waiting are read together, and then updated concurrently.
pub async fn update_services(
    changing: &[&ServicePlan],
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> ApplyResult {
    let count = changing.len();
    report_wait(&format!("updating {count} services"), "UpdateService", count, aws, report);
    let mut applied = ApplyResult::default();
    let mut rest = changing;
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(next_batch(rest.len(), aws).await.min(rest.len()));
        let refused = refusals(batch, aws).await;
        let updating = batch.iter().zip(refused).map(async |(service, refused)| match refused {
            Some(failure) => Err(failure),
            None => apply_service(service, registered, aws, report).await,
        });
        for (service, result) in batch.iter().zip(join_all(updating).await) {
            add_result(&mut applied, &service.key, result);
        }
        rest = later;
    }
    applied
}

fn add_result(applied: &mut ApplyResult, key: &str, result: Result<UpdatedService, Failure>) {
    match result {
        Ok(UpdatedService { rollout: Some(followed), .. }) => applied.rollouts.push(followed),
        Ok(UpdatedService { rollout: None, state_after }) => {
            applied.without_deployment.insert(key.to_owned(), state_after);
        }
        Err(failure) => applied.failures.push((key.to_owned(), failure)),
    }
}

/// Creates or updates one service.
async fn apply_service(
    plan: &ServicePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<UpdatedService, Failure> {
    if let Some(express) = &plan.express {
        return apply_express(plan, express, aws, report).await;
    }
    match &plan.creation {
        Some(creation) => create_service(plan, creation, registered, aws, report).await,
        None => update_service(plan, registered, aws, report).await,
    }
}

/// Updates one service that was read right before.
pub(super) async fn update_service(
    plan: &ServicePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<UpdatedService, Failure> {
    let revision = match &plan.after {
        Revision::Same => plan.before.clone(),
        Revision::Registered(arn) => arn.clone(),
        // The indexes of a plan are those of its own registrations, all of which were made.
        Revision::New(index) => registered[*index].arn.clone(),
    };
    set_tags(plan, aws).await?;
    if !plan.is_applied_by_call() {
        report.updated(&plan.key, plan.revision_before(), None);
        return Ok(UpdatedService { rollout: None, state_after: plan.observed.clone() });
    }
    let mut document = plan.members.clone();
    document.insert("cluster".to_owned(), plan.cluster.clone().into());
    document.insert("service".to_owned(), plan.name.clone().into());
    if plan.after != Revision::Same {
        document.insert("taskDefinition".to_owned(), revision.clone().into());
    }
    let asked_at = seconds_now();
    let UpdateEffect { document, started, unseen } =
        send_update(&Value::Object(document), plan, &revision, aws).await?;
    // The update is made: where its answer cannot be read, the deployment is found by its revision and time.
    let service = types::answer("ecs:UpdateService", &document).unwrap_or_else(|error| {
        report.note(&format!("{}: {error}", plan.key));
        Service::default()
    });
    if let Some(note) = replaced_note(&plan.key, &unseen) {
        report.note(&note);
    }
    let state_after = ServiceState::new(&service, &document);
    let followed = rollout_to_watch(plan, started, &revision, asked_at)
        .map(|followed| followed.with_result(registered, &state_after));
    let deployment = followed.as_ref().and_then(|followed| followed.deployment.as_deref());
    let runs = followed.as_ref().map_or(&plan.before, |followed| &followed.revision);
    report.updated(&plan.key, revision_name(runs), deployment);
    Ok(UpdatedService { rollout: followed, state_after })
}

/// Changes the tags of a service. Before its update, so that the tasks that follow get them.
pub(super) async fn set_tags(plan: &ServicePlan, aws: &Aws) -> Result<(), Failure> {
    let tags = &plan.tags;
    let setting = async {
        if !tags.set.is_empty() {
            aws.tag_resource(&tags.service, &tags.set).await?;
        }
        if !tags.removed.is_empty() {
            aws.untag_resource(&tags.service, &tags.removed).await?;
        }
        Ok::<_, ApiError>(())
    };
    setting.await.map_err(|error| {
        let attempted = format!("failed to change the tags of service `{}`", plan.name);
        Failure::error(attempted).with_hint(error.hint()).with_cause(error)
    })
}

impl WatchedRollout {
    /// Adds what is known once the call that began the rollout was answered.
    pub(super) fn with_result(
        self,
        registered: &[TaskDefinition],
        state_after: &ServiceState,
    ) -> WatchedRollout {
        let definition = registered.iter().find(|definition| definition.arn == self.revision);
        WatchedRollout {
            has_side_containers: definition.map(|definition| has_side_containers(&definition.document)),
            attributes_after: state_after.attributes.clone(),
            ..self
        }
    }
}

/// Returns whether a task definition has containers that are not essential.
fn has_side_containers(definition: &Value) -> bool {
    let mut containers = definition["containerDefinitions"].as_array().into_iter().flatten();
    containers.any(|container| container["essential"] == false)
}

/// Sends the update, and returns what it did; after a lost response, it looks before it sends the update again.
async fn send_update(
    document: &Value,
    plan: &ServicePlan,
    revision: &str,
    aws: &Aws,
) -> Result<UpdateEffect, Failure> {
    let attempted = format!("failed to update service `{}`", plan.name);
    let mut attempts = Attempts::new(Policy::CALL);
    loop {
        let error = match aws.update_service(document).await {
            Ok(service) => return Ok(UpdateEffect::answered(plan, service, revision)),
            Err(error) => error,
        };
        if error.is_ambiguous() {
            let look = async || look_at_service(plan, revision, aws).await;
            let trace = look_repeatedly(aws, look).await;
            match trace.map_err(|lookup| unknown_effect(&attempted, &error, lookup))? {
                Trace::Ours(effect) => return Ok(effect),
                Trace::Foreign(failure) => return Err(failure.with_cause(error)),
                Trace::AsBefore => {}
            }
        }
        if !is_retryable(&error) || !attempts.wait().await {
            return Err(Failure::error(attempted).with_hint(error.hint()).with_cause(error));
        }
        // The update has waited: another one may have come in between.
        if let Some(refused) = refusals(&[plan], aws).await.into_iter().flatten().next() {
            return Err(refused);
        }
    }
}

/// What an update did, and the service as it showed it.
struct UpdateEffect {
    document: Value,
    started: Option<StartedDeployment>,
    /// The deployments that it replaced and that began after the plan.
    unseen: Vec<StartedDeployment>,
}

impl UpdateEffect {
    /// Returns the effect of an update that was answered.
    fn answered(plan: &ServicePlan, document: Value, revision: &str) -> UpdateEffect {
        let service: Service = parse_view(&document).unwrap_or_default();
        // A deployment of what runs has another revision where another client deployed right before.
        let of_what_runs = plan.after == Revision::Same && !plan.reasons.is_empty();
        let started = service.primary_deployment().filter(|primary| {
            let is_of_plan = primary.task_definition == revision || of_what_runs;
            Some(&primary.id) != plan.deployment_before.as_ref() && is_of_plan
        });
        let started = started.map(StartedDeployment::from_deployment);
        let traces = UpdateTraces { service, ..UpdateTraces::default() };
        let unseen = started.as_ref().map(|own| unseen_before(plan, own, &traces)).unwrap_or_default();
        UpdateEffect { document, started, unseen }
    }
}

/// Returns what the service shows of an update without an answer.
async fn look_at_service(
    plan: &ServicePlan,
    revision: &str,
    aws: &Aws,
) -> Result<Trace<UpdateEffect>, ApiError> {
    let read = async || aws.services(&plan.cluster, std::slice::from_ref(&plan.name)).await;
    let mut found = retry(Policy::CALL, ApiError::is_retryable, read).await?;
    let document = found.remove(&plan.name);
    let service = match &document {
        Some(document) => types::answer("ecs:DescribeServices", document)?,
        None => Service::default(),
    };
    let mut traces = UpdateTraces { service, document, since: Vec::new() };
    let mut lost = judge_lost_update(plan, revision, &traces);
    // A deployment that has come and gone is only in the list of service deployments.
    if !matches!(lost, LostUpdate::Started(_) | LostUpdate::Applied) {
        traces.since = service_deployments_since(plan, aws).await?;
        lost = judge_lost_update(plan, revision, &traces);
    }
    let unseen = match &lost {
        LostUpdate::Started(own) => unseen_deployments(plan, own, &mut traces, aws).await?,
        _ => Vec::new(),
    };
    let document = traces.document.unwrap_or_default();
    Ok(match lost {
        LostUpdate::Started(own) => Trace::Ours(UpdateEffect { document, started: Some(own), unseen }),
        LostUpdate::Applied => Trace::Ours(UpdateEffect { document, started: None, unseen }),
        LostUpdate::AsBefore => Trace::AsBefore,
        LostUpdate::Foreign(change) => Trace::Foreign(lost_failure(plan, &change, aws).await),
    })
}

/// Returns the deployments that an update without an answer replaced. A service no longer shows one that had no task yet.
async fn unseen_deployments(
    plan: &ServicePlan,
    own: &StartedDeployment,
    traces: &mut UpdateTraces,
    aws: &Aws,
) -> Result<Vec<StartedDeployment>, ApiError> {
    for pause in std::iter::once(Duration::ZERO).chain(aws.lookup_pauses()) {
        if lists_own(own, traces) {
            break;
        }
        tokio::time::sleep(pause).await;
        traces.since = service_deployments_since(plan, aws).await?;
        // An empty list is one that may not be read.
        if traces.since.is_empty() {
            break;
        }
    }
    Ok(unseen_before(plan, own, traces))
}

/// Returns the service deployments that began after the plan, each with its task definition; none where they may not be
/// read.
async fn service_deployments_since(
    plan: &ServicePlan,
    aws: &Aws,
) -> Result<Vec<(ServiceDeployment, String)>, ApiError> {
    let read = async || {
        let list = aws.service_deployments_since(&plan.cluster, &plan.name, plan.observed.newest_at).await?;
        let arns: Vec<String> =
            list.iter().filter_map(|known| known.target_revision_arn().map(str::to_owned)).collect();
        let revisions = aws.service_revisions(&arns).await?;
        let definition = |known: &ServiceDeployment| {
            let target = known.target_revision_arn();
            let found = revisions.iter().find(|found| Some(found.service_revision_arn.as_str()) == target);
            found.map(|found| found.task_definition.clone()).unwrap_or_default()
        };
        Ok(list.into_iter().map(|known| (known.clone(), definition(&known))).collect())
    };
    match retry(Policy::CALL, ApiError::is_retryable, read).await {
        Err(error) if !error.is_retryable() && !is_about_credentials(&error) => Ok(Vec::new()),
        read => read,
    }
}

fn is_about_credentials(error: &ApiError) -> bool {
    matches!(error.kind, ApiErrorKind::Expired | ApiErrorKind::NoCredentials | ApiErrorKind::Unreachable)
}

/// Returns the failure that a service is neither as before the update nor as the update leaves it.
async fn lost_failure(plan: &ServicePlan, change: &StateChange, aws: &Aws) -> Failure {
    let by = match change.revision() {
        Some(revision) => origin(revision, aws).await,
        None => String::new(),
    };
    let message = format!(
        "no answer to the update of service `{}`, which another client has changed since: {}{by}",
        plan.name,
        change.in_words()
    );
    let hint = format!(
        "it is unknown whether the update took effect, and it is not sent again: check with `ecsail history {}`",
        plan.key
    );
    Failure::error(message).with_hint(hint).unclear(true)
}

/// Returns the time by the clock of this machine, in seconds since 1970.
pub(super) fn seconds_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Returns the rollout to watch; `None` if the update starts none.
///
/// If the response does not show the deployment, the first one of the revision since `asked_at` is taken.
pub(super) fn rollout_to_watch(
    plan: &ServicePlan,
    started: Option<StartedDeployment>,
    revision: &str,
    asked_at: f64,
) -> Option<WatchedRollout> {
    // Some attributes, such as the propagation of tags, start no deployment, and none was requested.
    if started.is_none() && plan.after == Revision::Same && plan.reasons.is_empty() {
        return None;
    }
    Some(rollout_of(plan, started, revision, asked_at))
}

/// Returns the rollout of a plan. Without the deployment that was started, it is the first one of the revision since
/// `asked_at`.
pub(super) fn rollout_of(
    plan: &ServicePlan,
    started: Option<StartedDeployment>,
    revision: &str,
    asked_at: f64,
) -> WatchedRollout {
    WatchedRollout {
        key: plan.key.clone(),
        name: plan.name.clone(),
        cluster: plan.cluster.clone(),
        deployment: started.as_ref().map(|started| started.id.clone()),
        created_at: started.as_ref().map_or(asked_at, |started| started.created_at),
        revision: started.as_ref().map_or(revision, |started| &started.revision).to_owned(),
        created: plan.creation.is_some(),
        service_deployment: started.and_then(|started| started.service_deployment),
        previous: plan.before.clone(),
        deployment_before: plan.deployment_before.clone(),
        way_back: plan.way_back.clone(),
        policy: watch_policy(plan),
        ..WatchedRollout::default()
    }
}

/// Returns how the rollout of a planned service is watched.
pub fn watch_policy(plan: &ServicePlan) -> WatchPolicy {
    let default = WatchPolicy::default();
    WatchPolicy {
        timeout: plan.timeout.unwrap_or(default.timeout),
        on_failure: plan.on_failure,
        on_timeout: plan.on_timeout.unwrap_or(default.on_timeout),
        patience: plan.patience,
    }
}
