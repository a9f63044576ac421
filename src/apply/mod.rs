//! Applies a plan: registers task definitions, then updates services. The only module that changes anything in AWS.
//! Never decides what to change.
//!
//! `RegisterTaskDefinition` and `UpdateService` take no idempotency token. If a response was lost, the module checks
//! whether the call took effect before it retries, so that nothing is done twice.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::aws::error::ApiErrorKind;
use crate::aws::types::{self, Deployment, Service, TaskDefinition, parse_view, revision_name};
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::document::model::DocumentKind;
use crate::document::normalize::{OWN_TAG_PREFIX, is_same};
use crate::duration;
use crate::error::Failure;
use crate::plan::{Plan, Registration, Revision, ServicePlan};
use crate::retry::{Attempts, Policy, retry};
use crate::watch::snapshot::{WatchPolicy, WatchedRollout};

pub mod after_marks;
pub mod lifecycle_hook;
pub mod prune;
pub mod reporter;
pub mod rollback;
pub mod scale;
pub mod schedules;
pub mod stop_tasks;
pub mod task;

pub use reporter::{ApplyReporter, ScheduleAction};

/// From this time on it is reported that calls wait for their turn.
const REPORTED_WAIT: Duration = Duration::from_secs(3);

/// The result of an applied plan.
#[derive(Debug, Default)]
pub struct ApplyResult {
    /// The deployments that were started.
    pub rollouts: Vec<WatchedRollout>,
    /// Services that were updated without a new deployment, because only attributes changed.
    pub without_deployment: Vec<String>,
    /// Services that could not be updated.
    pub failures: Vec<(String, Failure)>,
}

/// Applies a plan.
///
/// Registers everything before it changes any service. The services are then updated concurrently; a failure does not
/// stop the others, and is reported.
///
/// # Errors
/// A registration failed; no service was changed.
pub async fn apply_plan(plan: &Plan, aws: &Aws, report: &dyn ApplyReporter) -> Result<ApplyResult, Failure> {
    let registered = register_all(plan, aws, report).await?;
    let changing: Vec<_> = plan.services.iter().filter(|service| service.changes()).collect();
    Ok(update_services(&changing, &registered, aws, report).await)
}

/// Registers the documents of a plan, and returns the task definitions in its order.
///
/// # Errors
/// A registration failed.
pub async fn register_all(
    plan: &Plan,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<Vec<TaskDefinition>, Failure> {
    let count = plan.registrations.len();
    report_wait(
        &format!("registering {count} task definitions"),
        "RegisterTaskDefinition",
        count,
        aws,
        report,
    );
    let failed = Cell::new(false);
    let registering = plan.registrations.iter().map(|registration| async {
        if failed.get() {
            return None;
        }
        let registered = register_once(registration, aws, report).await;
        failed.set(failed.get() || registered.is_err());
        Some(registered)
    });
    // A few at a time: after a failure those that were sent are finished, and no others are begun.
    let registered: Vec<_> = stream::iter(registering).buffered(MAX_CONCURRENT_CALLS).collect().await;
    registered.into_iter().flatten().collect()
}

/// Reports that calls wait for their turn, where that takes a while.
fn report_wait(what: &str, operation: &str, calls: usize, aws: &Aws, report: &dyn ApplyReporter) {
    if let Some(note) = wait_note(what, aws.expected_wait(operation, calls)) {
        report.note(&note);
    }
}

/// Returns the note about calls that wait for their turn; none where that is short.
pub fn wait_note(what: &str, wait: Duration) -> Option<String> {
    let seconds = Duration::from_secs(wait.as_secs());
    (wait >= REPORTED_WAIT).then(|| {
        format!("{what} takes about {}: AWS limits the rate of these calls", duration::text(seconds))
    })
}

/// Updates services concurrently, with the revisions that were registered for their plan; a failure does not stop the
/// others.
pub async fn update_services(
    changing: &[&ServicePlan],
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> ApplyResult {
    let count = changing.len();
    report_wait(&format!("updating {count} services"), "UpdateService", count, aws, report);
    let updating = changing.iter().map(|service| update_service(service, registered, aws, report));
    let mut applied = ApplyResult::default();
    for (service, result) in changing.iter().zip(join_all(updating).await) {
        match result {
            Ok(Some(followed)) => applied.rollouts.push(followed),
            Ok(None) => applied.without_deployment.push(service.key.clone()),
            Err(failure) => applied.failures.push((service.key.clone(), failure)),
        }
    }
    applied
}

/// Registers one document exactly once: after a lost response, it checks for the revision before it retries.
async fn register_once(
    registration: &Registration,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<TaskDefinition, Failure> {
    let mut document = registration.document.clone();
    let mut attempts = Attempts::new(Policy::CALL);
    loop {
        let error = match aws.register_task_definition(&document).await {
            Ok(registered) => {
                report.registered(registered.revision_name());
                return Ok(registered);
            }
            Err(error) => error,
        };
        if error.kind == ApiErrorKind::Denied && drop_own_tags(&mut document) {
            report.note(&format!("registering without `{OWN_TAG_PREFIX}` tags: {error}"));
            continue;
        }
        if error.is_ambiguous() {
            let found = find_registered(registration, &document, aws).await;
            let unknown = |lookup| {
                unknown_effect(
                    &format!("failed to register task definition `{}`", registration.family),
                    &error,
                    lookup,
                )
            };
            if let Some(registered) = found.map_err(unknown)? {
                report.registered(registered.revision_name());
                return Ok(registered);
            }
        }
        if !is_retryable(&error) || !attempts.wait().await {
            let message = format!("failed to register task definition `{}`", registration.family);
            return Err(Failure::error(message).with_hint(error.hint()).with_cause(error));
        }
    }
}

/// Returns the failure of a call that may have taken effect.
fn unknown_effect(attempted: &str, error: &ApiError, lookup: ApiError) -> Failure {
    let hint = format!(
        "it may have taken effect (`{}` failed too): check before you deploy again",
        lookup.operation
    );
    Failure::error(attempted).with_cause(error.clone()).with_hint(hint)
}

/// Returns whether a failed call may be retried, once it is known that it had no effect.
fn is_retryable(error: &ApiError) -> bool {
    // Two concurrent registrations in one family fail with a plain ClientException that is transient.
    let concurrent =
        error.message.as_deref().is_some_and(|message| message.contains("Too many concurrent attempts"));
    error.is_retryable() || concurrent
}

/// Returns the revision that a call without a response registered, if it did.
///
/// # Errors
/// The check failed, so the call must not be retried.
async fn find_registered(
    registration: &Registration,
    document: &Value,
    aws: &Aws,
) -> Result<Option<TaskDefinition>, ApiError> {
    let read = async || aws.task_definition(&registration.family).await;
    let latest = retry(Policy::CALL, ApiError::is_retryable, read).await?;
    let ours = |latest: &TaskDefinition| {
        registration.latest.as_ref() != Some(&latest.arn)
            && is_same(&latest.document, document, DocumentKind::TaskDefinition)
    };
    Ok(latest.filter(ours))
}

/// Removes ecsail's own tags from a document, and returns whether there were any.
fn drop_own_tags(document: &mut Value) -> bool {
    let Some(tags) = document["tags"].as_array_mut() else { return false };
    let before = tags.len();
    tags.retain(|tag| !tag["key"].as_str().unwrap_or_default().starts_with(OWN_TAG_PREFIX));
    let dropped = tags.len() < before;
    if tags.is_empty() {
        // RegisterTaskDefinition refuses an empty list.
        document.as_object_mut().map(|members| members.remove("tags"));
    }
    dropped
}

/// Updates one service, and returns the rollout to watch, or `None` if the update started none.
async fn update_service(
    plan: &ServicePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<Option<WatchedRollout>, Failure> {
    let revision = match &plan.after {
        Revision::Same => plan.before.clone(),
        Revision::Registered(arn) => arn.clone(),
        // The indexes of a plan are those of its own registrations, all of which were made.
        Revision::New(index) => registered[*index].arn.clone(),
    };
    let mut document = plan.members.clone();
    document.insert("cluster".to_owned(), plan.cluster.clone().into());
    document.insert("service".to_owned(), plan.name.clone().into());
    if plan.after != Revision::Same {
        document.insert("taskDefinition".to_owned(), revision.clone().into());
    }
    let asked_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let answer = send_update(&Value::Object(document), plan, &revision, aws).await?;
    // The update is made: where its answer cannot be read, the deployment is found by its revision and time.
    let service = types::answer("ecs:UpdateService", &answer).unwrap_or_else(|error| {
        report.note(&format!("{}: {error}", plan.key));
        Service::default()
    });
    let definition = registered.iter().find(|definition| definition.arn == revision);
    let has_side_containers = definition.map(|definition| has_side_containers(&definition.document));
    let followed = rollout_to_watch(plan, &service, revision, asked_at)
        .map(|followed| WatchedRollout { has_side_containers, ..followed });
    let deployment = followed.as_ref().and_then(|followed| followed.deployment.as_deref());
    let runs = followed.as_ref().map_or(&plan.before, |followed| &followed.revision);
    report.updated(&plan.key, revision_name(runs), deployment);
    Ok(followed)
}

/// Returns whether a task definition has containers that are not essential.
fn has_side_containers(definition: &Value) -> bool {
    let mut containers = definition["containerDefinitions"].as_array().into_iter().flatten();
    containers.any(|container| container["essential"] == false)
}

/// Sends the update; after a lost response, it checks the service before it retries.
async fn send_update(
    document: &Value,
    plan: &ServicePlan,
    revision: &str,
    aws: &Aws,
) -> Result<Value, Failure> {
    let attempted = format!("failed to update service `{}`", plan.name);
    let mut attempts = Attempts::new(Policy::CALL);
    loop {
        let error = match aws.update_service(document).await {
            Ok(service) => return Ok(service),
            Err(error) => error,
        };
        if error.is_ambiguous() {
            let found = find_updated(plan, revision, aws).await;
            if let Some(service) = found.map_err(|lookup| unknown_effect(&attempted, &error, lookup))? {
                return Ok(service);
            }
        }
        if !is_retryable(&error) || !attempts.wait().await {
            return Err(Failure::error(attempted).with_hint(error.hint()).with_cause(error));
        }
    }
}

/// Returns the service if a call without a response started its deployment: a new one with the requested revision.
///
/// # Errors
/// The check failed, so the call must not be retried.
async fn find_updated(plan: &ServicePlan, revision: &str, aws: &Aws) -> Result<Option<Value>, ApiError> {
    let read = async || aws.services(&plan.cluster, std::slice::from_ref(&plan.name)).await;
    let mut found = retry(Policy::CALL, ApiError::is_retryable, read).await?;
    let Some(document) = found.remove(&plan.name) else { return Ok(None) };
    let service: Service = parse_view(&document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
    Ok(started_deployment(plan, &service, revision).is_some().then_some(document))
}

/// Returns the deployment that an update started: the PRIMARY one, if it is new and has the requested revision.
fn started_deployment<'a>(
    plan: &ServicePlan,
    service: &'a Service,
    revision: &str,
) -> Option<&'a Deployment> {
    let primary = service.primary_deployment()?;
    let new = Some(&primary.id) != plan.deployment_before.as_ref();
    (new && primary.task_definition == revision).then_some(primary)
}

/// Returns the rollout to watch, from the PRIMARY deployment in the response; `None` if the update starts none.
///
/// If the response does not contain it, the first deployment of the revision since `asked_at` is taken.
fn rollout_to_watch(
    plan: &ServicePlan,
    service: &Service,
    revision: String,
    asked_at: f64,
) -> Option<WatchedRollout> {
    let started = started_deployment(plan, service, &revision);
    // Some attributes, such as the propagation of tags, start no deployment, and none was requested.
    if started.is_none() && plan.after == Revision::Same && plan.reasons.is_empty() {
        return None;
    }
    Some(WatchedRollout {
        key: plan.key.clone(),
        name: plan.name.clone(),
        cluster: plan.cluster.clone(),
        deployment: started.map(|primary| primary.id.clone()),
        created_at: started.map_or(asked_at, |primary| primary.created_at.0),
        revision,
        previous: plan.before.clone(),
        deployment_before: plan.deployment_before.clone(),
        way_back: plan.way_back.clone(),
        policy: watch_policy(plan),
        ..WatchedRollout::default()
    })
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

/// Records the digests of services that were deployed again because a tag was moved.
///
/// Called only after they succeeded: the record of a digest that was rolled back would hide the next change.
pub async fn record_digests(plan: &Plan, deployed: &[&str], aws: &Aws, report: &dyn ApplyReporter) {
    for service in plan
        .services
        .iter()
        .filter(|service| deployed.contains(&service.key.as_str()) && !service.retag.is_empty())
    {
        if let Err(error) = aws.tag_resource(&service.before, &service.retag).await {
            report.note(&format!("failed to record the new digest of `{}`: {error}", service.key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_wait_is_reported() {
        assert_eq!(wait_note("registering 20 task definitions", Duration::from_secs(2)), None);
        assert_eq!(
            wait_note("registering 100 task definitions", Duration::from_millis(85_263)).as_deref(),
            Some("registering 100 task definitions takes about 1m 25s: AWS limits the rate of these calls")
        );
    }
}
