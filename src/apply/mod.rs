//! Applies a plan: registers task definitions, then updates services. The only module that changes anything in AWS.
//! Never decides what to change.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use crate::aws::types::TaskDefinition;
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::error::Failure;
use crate::plan::{Plan, ServiceState};
use crate::watch::snapshot::WatchedRollout;

pub mod after_marks;
pub mod approval_record;
pub mod autoscaling;
mod creation;
pub mod deletion;
pub mod emergency;
mod express;
pub mod guard;
pub mod lifecycle_hook;
mod lost_answer;
pub mod prune;
mod registration;
pub mod reporter;
pub mod rollback;
pub mod scale;
pub mod schedules;
pub mod secret;
pub mod stage_lock;
pub mod stop_tasks;
pub mod task;
mod update;

use registration::register_once;
pub use reporter::{ApplyReporter, AutoscalingAction, ScheduleAction};
pub use update::{update_services, watch_policy};

/// The result of an applied plan.
#[derive(Debug, Default)]
pub struct ApplyResult {
    /// The deployments that were started.
    pub rollouts: Vec<WatchedRollout>,
    /// Services that were updated without a new deployment, because only attributes changed; each as the update left it.
    pub without_deployment: BTreeMap<String, ServiceState>,
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
    if let Some(note) = aws.wait_note(what, operation, calls) {
        report.note(&note);
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
    error.is_retryable() || is_concurrent(error)
}

/// Returns whether a registration failed because another one in its family was made at the same time: a plain
/// `ClientException` that is transient.
fn is_concurrent(error: &ApiError) -> bool {
    error.message.as_deref().is_some_and(|message| message.contains("Too many concurrent attempts"))
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
