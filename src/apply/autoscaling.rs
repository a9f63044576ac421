//! Changes the autoscaling of services: scalable targets, policies and scheduled actions. Reads each again right before it
//! is changed, because it may have changed while services rolled out, and restores it.
//!
//! Each call sets absolute values under a name and is idempotent: one without an answer is sent again, without looking for
//! what it did.

use futures_util::{StreamExt, stream};

use super::reporter::{ApplyReporter, AutoscalingAction};
use crate::aws::autoscaling::{CONCURRENT_UPDATE, NOT_FOUND, ScalableTargetChange};
use crate::aws::types::ServiceRef;
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::error::Failure;
use crate::observe::autoscaling::observe_service;
use crate::plan::autoscaling::{AutoscalingPlan, ScalingStep, drift, restore_plan};
use crate::plan::schedules::Action;
use crate::retry::{Policy, retry};

/// Applies plans concurrently, a few at a time, and returns the results in their order.
pub async fn apply_autoscaling(
    plans: &[&AutoscalingPlan],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Vec<Result<(), Failure>> {
    let applying = plans.iter().map(|plan| apply_one(plan, aws, report));
    stream::iter(applying).buffered(MAX_CONCURRENT_CALLS).collect().await
}

/// Changes the autoscaling of a service, as planned. What has been changed is restored if a later call fails.
async fn apply_one(plan: &AutoscalingPlan, aws: &Aws, report: &dyn ApplyReporter) -> Result<(), Failure> {
    if !plan.supersede {
        ensure_unchanged(plan, aws).await?;
    }
    for step in &plan.steps {
        if let Err(error) = run_step(step, plan, aws).await {
            let failure = step_failure(step, plan, error);
            return Err(match restore(plan, aws, report).await {
                Ok(()) => failure.with_hint("the autoscaling of the service is as it was before".to_owned()),
                Err(restoring) => failure.with_hint(format!("a part of it was changed: {restoring}")),
            });
        }
    }
    let action = match plan.action {
        Action::Create => AutoscalingAction::Created,
        Action::Update | Action::Unchanged => AutoscalingAction::Updated,
    };
    report.autoscaling_applied(&plan.key, action);
    Ok(())
}

/// Fails if something that the plan changes has changed since the plan was made.
async fn ensure_unchanged(plan: &AutoscalingPlan, aws: &Aws) -> Result<(), Failure> {
    let now = observe_service(aws, &plan.service).await.map_err(|error| read_failure(plan, error))?;
    let Some(what) = drift(plan, &now) else { return Ok(()) };
    let message =
        format!("the autoscaling of service `{}` has changed since the plan was made: {what}", plan.key);
    let hint = "check the changes with `ecsail plan`, then deploy again".to_owned();
    Err(Failure::refused(message).with_hint(hint))
}

/// Restores the autoscaling of a service to its state before the plan. What others have changed since is kept, and a note
/// says so.
///
/// # Errors
/// An API call failed.
pub async fn restore(plan: &AutoscalingPlan, aws: &Aws, report: &dyn ApplyReporter) -> Result<(), Failure> {
    let now = observe_service(aws, &plan.service).await.map_err(|error| read_failure(plan, error))?;
    let restore = restore_plan(plan, &now);
    for kept in &restore.kept {
        report
            .note(&format!("{}: {kept} of its autoscaling was changed since and is not restored", plan.key));
    }
    for step in &restore.steps {
        run_step(step, plan, aws).await.map_err(|error| step_failure(step, plan, error))?;
    }
    if !restore.steps.is_empty() {
        report.autoscaling_applied(&plan.key, AutoscalingAction::Restored);
    }
    Ok(())
}

/// Makes the call of a step, with retries. What is to be deleted and does not exist is deleted.
async fn run_step(step: &ScalingStep, plan: &AutoscalingPlan, aws: &Aws) -> Result<(), ApiError> {
    let is_new = plan.before.target.is_none();
    let passes = |error: &ApiError| {
        let code = error.code.as_deref();
        // A target that was just registered may not be known everywhere yet (API reference, `RegisterScalableTarget`).
        let is_early = is_new && is_put(step) && code == Some(NOT_FOUND);
        error.is_retryable() || code == Some(CONCURRENT_UPDATE) || is_early
    };
    let answer = retry(Policy::CALL, passes, async || call(step, &plan.service, aws).await).await;
    match answer {
        Err(error) if is_deletion(step) && error.code.as_deref() == Some(NOT_FOUND) => Ok(()),
        answer => answer,
    }
}

async fn call(step: &ScalingStep, service: &ServiceRef, aws: &Aws) -> Result<(), ApiError> {
    match step {
        ScalingStep::Register { min, max } => {
            let change = ScalableTargetChange { min: *min, max: *max, suspended: None };
            aws.register_scalable_target(&service.cluster, &service.name, &change).await
        }
        ScalingStep::PutPolicy(policy) => aws.put_scaling_policy(service, &policy.document).await,
        ScalingStep::DeletePolicy(name) => aws.delete_scaling_policy(service, name).await,
        ScalingStep::PutAction(action) => aws.put_scheduled_action(service, &action.document).await,
        ScalingStep::DeleteAction(name) => aws.delete_scheduled_action(service, name).await,
        ScalingStep::Deregister => aws.deregister_scalable_target(service).await,
    }
}

fn is_put(step: &ScalingStep) -> bool {
    matches!(step, ScalingStep::PutPolicy(_) | ScalingStep::PutAction(_))
}

fn is_deletion(step: &ScalingStep) -> bool {
    matches!(step, ScalingStep::DeletePolicy(_) | ScalingStep::DeleteAction(_) | ScalingStep::Deregister)
}

fn step_failure(step: &ScalingStep, plan: &AutoscalingPlan, error: ApiError) -> Failure {
    let key = &plan.key;
    let attempted = match step {
        ScalingStep::Register { .. } => format!("failed to change the range of service `{key}`"),
        ScalingStep::PutPolicy(policy) => {
            format!("failed to put scaling policy `{}` of service `{key}`", policy.name)
        }
        ScalingStep::DeletePolicy(name) => {
            format!("failed to delete scaling policy `{name}` of service `{key}`")
        }
        ScalingStep::PutAction(action) => {
            format!("failed to put scheduled action `{}` of service `{key}`", action.name)
        }
        ScalingStep::DeleteAction(name) => {
            format!("failed to delete scheduled action `{name}` of service `{key}`")
        }
        ScalingStep::Deregister => format!("failed to deregister the scalable target of service `{key}`"),
    };
    Failure::error(attempted).with_hint(error.hint()).with_cause(error)
}

fn read_failure(plan: &AutoscalingPlan, error: ApiError) -> Failure {
    let attempted = format!("failed to read the autoscaling of service `{}`", plan.key);
    Failure::error(attempted).with_hint(error.hint()).with_cause(error)
}
