//! Creates services. Every attempt has the same client token: ECS answers a repeated call with the service that the first
//! one created, so that a lost answer is harmless.

use serde_json::{Value, json};

use super::reporter::ApplyReporter;
use super::update::{UpdatedService, rollout_to_watch, seconds_now};
use crate::aws::types::{self, Service, TaskDefinition, revision_name};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::lost_update::StartedDeployment;
use crate::plan::{Creation, Revision, ServicePlan, ServiceState};
use crate::retry::{Attempts, Policy};

/// What ECS answers where a service of the name exists that this call did not create.
const NOT_IDEMPOTENT: &str = "not idempotent";

/// Creates the service of a plan.
///
/// # Errors
/// ECS refuses it, another client has created it since the plan, or it is unknown whether it was created.
pub(super) async fn create_service(
    plan: &ServicePlan,
    creation: &Creation,
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<UpdatedService, Failure> {
    let revision = match &plan.after {
        Revision::Registered(arn) => arn.clone(),
        // The indexes of a plan are those of its own registrations, all of which were made.
        Revision::New(index) => registered[*index].arn.clone(),
        Revision::Same => String::new(),
    };
    let mut document = plan.members.clone();
    document.insert("cluster".to_owned(), json!(plan.cluster));
    document.insert("serviceName".to_owned(), json!(plan.name));
    document.insert("taskDefinition".to_owned(), json!(revision));
    document.entry("clientToken").or_insert_with(|| json!(creation.token));
    let asked_at = seconds_now();
    let answer = send(&Value::Object(document), plan, aws).await?;
    // The service exists: where the answer cannot be read, the deployment is found by its revision and time.
    let service: Service = types::answer("ecs:CreateService", &answer).unwrap_or_else(|error| {
        report.note(&format!("{}: {error}", plan.key));
        Service::default()
    });
    let state_after = ServiceState::new(&service, &answer);
    let started = service.primary_deployment().map(StartedDeployment::from_deployment);
    let rollout = rollout_to_watch(plan, started, &revision, asked_at)
        .map(|rollout| rollout.with_result(registered, &state_after));
    let deployment = rollout.as_ref().and_then(|rollout| rollout.deployment.as_deref());
    report.created(&plan.key, revision_name(&revision), deployment);
    Ok(UpdatedService { rollout, state_after })
}

/// Sends the call until it is answered.
async fn send(document: &Value, plan: &ServicePlan, aws: &Aws) -> Result<Value, Failure> {
    let mut attempts = Attempts::new(Policy::CALL);
    let mut was_lost = false;
    loop {
        let error = match aws.create_service(document).await {
            Ok(service) => return Ok(service),
            Err(error) => error,
        };
        was_lost |= error.is_ambiguous();
        if !error.is_retryable() || !attempts.wait().await {
            return Err(creation_failure(plan, error, was_lost));
        }
    }
}

/// Returns the failure of a creation. `was_lost`: an attempt was not answered, and may have created the service.
fn creation_failure(plan: &ServicePlan, error: ApiError, was_lost: bool) -> Failure {
    let exists = error.message.as_deref().is_some_and(|message| message.contains(NOT_IDEMPOTENT));
    if exists && !was_lost {
        let message = format!("another client has created service `{}` since the plan", plan.name);
        let hint = "run the command again, to see what differs from it".to_owned();
        return Failure::refused(message).with_hint(hint).with_cause(error);
    }
    let failure = Failure::error(format!("failed to create service `{}`", plan.name));
    let failure = failure.with_hint(error.hint()).with_cause(error);
    if !was_lost {
        return failure;
    }
    let hint = "it is unknown whether it was created: run the command again, which creates what is missing";
    failure.with_hint(hint.to_owned()).unclear(true)
}
