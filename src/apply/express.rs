//! Creates and updates Express services. Neither call has an idempotency token: after a lost answer the module looks for
//! what the call was to do, and sends it again only if everything is as before.

use std::cell::Cell;

use serde_json::{Value, json};

use super::is_retryable;
use super::lost_answer::{Trace, send_once};
use super::reporter::ApplyReporter;
use super::update::{UpdatedService, rollout_of, seconds_now, set_tags};
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{Service, ServiceStatus, answer, parse_view, revision_name};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::express::{ExpressChange, active_configuration, endpoint, is_result};
use crate::plan::lost_update::StartedDeployment;
use crate::plan::{ServicePlan, ServiceState};
use crate::retry::{Policy, retry};
use crate::watch::snapshot::WatchedRollout;

/// What ECS answers where a service of the name exists.
const NAME_TAKEN: &str = "not idempotent";

/// Creates or updates the Express service of a plan.
///
/// # Errors
/// ECS refuses it, another client has changed the service since the plan, or it is unknown whether the call took effect.
pub(super) async fn apply_express(
    plan: &ServicePlan,
    express: &ExpressChange,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<UpdatedService, Failure> {
    let asked_at = seconds_now();
    let configuration = if plan.creation.is_some() {
        create(plan, aws).await?
    } else {
        set_tags(plan, aws).await?;
        update(plan, express, aws).await?
    };
    let (service, document) = read_service(plan, aws).await.unwrap_or_default();
    let state_after = ServiceState::new(&service, &document);
    let Some(rollout) = started_rollout(plan, express, &configuration, &service, asked_at) else {
        report.updated(&plan.key, plan.revision_before(), None);
        return Ok(UpdatedService { rollout: None, state_after });
    };
    let rollout = rollout.with_result(&[], &state_after);
    let (revision, deployment) = (revision_name(&rollout.revision), rollout.deployment.as_deref());
    if plan.creation.is_some() {
        report.created(&plan.key, revision, deployment);
    } else {
        report.updated(&plan.key, revision, deployment);
    }
    Ok(UpdatedService { rollout: Some(rollout), state_after })
}

/// Returns the rollout that a call has started, with the URL of the service; `None` if it has started none.
fn started_rollout(
    plan: &ServicePlan,
    express: &ExpressChange,
    configuration: &Value,
    service: &Service,
    asked_at: f64,
) -> Option<WatchedRollout> {
    let primary = service.primary_deployment();
    let started = primary.filter(|primary| Some(&primary.id) != plan.deployment_before.as_ref());
    let started = started.map(StartedDeployment::from_deployment);
    let revision = configuration["serviceRevisionArn"].as_str();
    let is_new = revision.is_some_and(|arn| !express.revisions_before.iter().any(|known| known == arn));
    if started.is_none() && !is_new && plan.creation.is_none() {
        return None;
    }
    let definition = configuration["taskDefinitionArn"].as_str().unwrap_or_default();
    let mut rollout = rollout_of(plan, started, definition, asked_at);
    rollout.url = endpoint(configuration);
    Some(rollout)
}

/// Creates the service and returns its configuration.
async fn create(plan: &ServicePlan, aws: &Aws) -> Result<Value, Failure> {
    let mut document = plan.members.clone();
    document.insert("cluster".to_owned(), json!(plan.cluster));
    document.insert("serviceName".to_owned(), json!(plan.name));
    let document = Value::Object(document);
    let attempted = format!("failed to create service `{}`", plan.name);
    let was_lost = Cell::new(false);
    let call = async || {
        let created = aws.create_express_service(&document).await;
        was_lost.set(was_lost.get() || created.as_ref().is_err_and(ApiError::is_ambiguous));
        created
    };
    let look = async || look_for_created(plan, aws).await;
    let created = match send_once(aws, &attempted, is_retryable, call, look).await {
        Err(failure) if was_lost.get() && is_name_taken(&failure) => {
            // The attempt without an answer may have created it late.
            match look_for_created(plan, aws).await {
                Ok(Trace::Ours(created)) => Ok(created),
                _ => Err(failure),
            }
        }
        answered => answered,
    };
    let created = created.map_err(|failure| creation_failure(plan, failure))?;
    Ok(active_configuration(&created).clone())
}

fn is_name_taken(failure: &Failure) -> bool {
    failure.one_line().contains(NAME_TAKEN)
}

/// Explains what ECS refuses for reasons that pass or that lie elsewhere.
fn creation_failure(plan: &ServicePlan, failure: Failure) -> Failure {
    if is_name_taken(&failure) {
        let message = format!("another client has created service `{}` since the plan", plan.name);
        let hint = "run the command again, to see what differs from it".to_owned();
        return Failure::refused(message).with_hint(hint);
    }
    if failure.one_line().contains("sts:AssumeRole") {
        let hint = "ECS cannot assume the infrastructure role: let `ecs.amazonaws.com` assume it, and wait a minute after \
                    its creation";
        return failure.with_hint(hint.to_owned());
    }
    failure
}

/// Returns what is there of a service whose creation was not answered.
async fn look_for_created(plan: &ServicePlan, aws: &Aws) -> Result<Trace<Value>, ApiError> {
    let mut found = aws.services(&plan.cluster, std::slice::from_ref(&plan.name)).await?;
    let Some(document) = found.remove(&plan.name) else { return Ok(Trace::AsBefore) };
    let service: Service = answer("ecs:DescribeServices", &document)?;
    if service.status != ServiceStatus::Active {
        return Ok(Trace::AsBefore);
    }
    let express = aws.express_service(&service.service_arn).await?;
    if is_result(&plan.members, active_configuration(&express)) {
        return Ok(Trace::Ours(express));
    }
    let message = format!("another client has created service `{}` since the plan", plan.name);
    let hint = "run the command again, to see what differs from it".to_owned();
    Ok(Trace::Foreign(Failure::refused(message).with_hint(hint)))
}

/// Updates the service and returns the configuration that it is updated to.
async fn update(plan: &ServicePlan, express: &ExpressChange, aws: &Aws) -> Result<Value, Failure> {
    let mut document = plan.members.clone();
    document.insert("serviceArn".to_owned(), json!(express.service_arn));
    let document = Value::Object(document);
    let attempted = format!("failed to update service `{}`", plan.name);
    let call = async || {
        let updated = aws.update_express_service(&document).await?;
        Ok(updated["targetConfiguration"].clone())
    };
    let look = async || look_for_updated(plan, express, aws).await;
    send_once(aws, &attempted, is_retryable, call, look).await
}

/// Returns what is there of a service whose update was not answered.
async fn look_for_updated(
    plan: &ServicePlan,
    express: &ExpressChange,
    aws: &Aws,
) -> Result<Trace<Value>, ApiError> {
    let found = aws.express_service(&express.service_arn).await?;
    let active = active_configuration(&found);
    if is_result(&plan.members, active) {
        return Ok(Trace::Ours(active.clone()));
    }
    let revision = active["serviceRevisionArn"].as_str().unwrap_or_default();
    if express.revisions_before.iter().any(|known| known == revision) {
        return Ok(Trace::AsBefore);
    }
    let message =
        format!("no answer to the update of service `{}`, which another client has changed since", plan.name);
    let hint = format!("it is not sent again: check with `ecsail history {}`", plan.key);
    Ok(Trace::Foreign(Failure::error(message).with_hint(hint).unclear(true)))
}

/// Returns the service as `DescribeServices` shows it; `None` where it cannot be read: the rollout is then found by its
/// revision and time.
async fn read_service(plan: &ServicePlan, aws: &Aws) -> Option<(Service, Value)> {
    let is_passing = |error: &ApiError| error.is_retryable() && error.kind != ApiErrorKind::Expired;
    let read = async || aws.services(&plan.cluster, std::slice::from_ref(&plan.name)).await;
    let document = retry(Policy::CALL, is_passing, read).await.ok()?.remove(&plan.name)?;
    Some((parse_view(&document).ok()?, document))
}
