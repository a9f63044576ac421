//! Deletes services: removes their autoscaling, scales them down, and deletes them. Never waits for their tasks.
//!
//! Each call may be repeated: what is gone already is no error.

use std::time::{Duration, Instant};

use crate::aws::autoscaling::NOT_FOUND;
use crate::aws::types::ServiceRef;
use crate::aws::{ApiError, Aws};
use crate::error::{Failure, Result};
use crate::plan::deletion::ServiceDeletion;
use crate::plan::scale::ScaleChange;
use crate::retry::{Attempts, Policy, retry};

use super::scale::{ScaleOrder, scale};

/// What ECS answers while a deployment of the service has not ended.
const DEPLOYMENTS_ARE_ACTIVE: &str = "while deployments are active";

/// The time between two attempts to delete a service whose deployment has not ended.
const PAUSE: Duration = Duration::from_secs(5);

/// How a service is deleted.
#[derive(Clone, Copy, Debug)]
pub struct DeletionOptions {
    /// Delete it while it is scaled above 0, and stop its tasks one by one.
    pub force: bool,
    /// How long to wait for the end of a deployment in progress.
    pub timeout: Duration,
    /// The fixed time between attempts; `None` for the default.
    pub pause: Option<Duration>,
}

/// Begins the deletion of a service. Its tasks stop afterwards.
///
/// # Errors
/// AWS refuses a call, or a deployment in progress has not ended in time.
pub async fn delete_service(deletion: &ServiceDeletion, options: DeletionOptions, aws: &Aws) -> Result<()> {
    let ServiceDeletion { cluster, name, .. } = deletion;
    if let Some(arn) = deletion.express.as_ref().filter(|_| !deletion.in_progress) {
        delete_express(deletion, arn, aws).await?;
    } else if !deletion.in_progress {
        // Autoscaling would raise the number of tasks again.
        if deletion.autoscaling.is_some() {
            remove_autoscaling(deletion, aws).await?;
        }
        if !options.force && !deletion.is_daemon && deletion.desired > 0 {
            let change = ScaleChange::Desired(0);
            let order =
                ScaleOrder { cluster: cluster.clone(), name: name.clone(), change, ..ScaleOrder::default() };
            scale(&order, aws).await?;
        }
        delete(deletion, options, aws).await?;
    }
    if options.force { stop_tasks(deletion, aws).await } else { Ok(()) }
}

/// Sends the deletion of an Express service, which removes its scaling, its load balancer and its tasks.
async fn delete_express(deletion: &ServiceDeletion, arn: &str, aws: &Aws) -> Result<()> {
    let passes = |error: &ApiError| error.is_retryable() && !is_gone(error);
    let deleted = retry(Policy::CALL, passes, async || aws.delete_express_service(arn).await).await;
    match deleted {
        Err(error) if !is_gone(&error) => {
            Err(failed(&format!("failed to delete service `{}`", deletion.name), error))
        }
        _ => Ok(()),
    }
}

/// Removes the scalable target with its policies; one that is gone already is no error.
async fn remove_autoscaling(deletion: &ServiceDeletion, aws: &Aws) -> Result<()> {
    let service = ServiceRef::new(&deletion.cluster, &deletion.name);
    match aws.deregister_scalable_target(&service).await {
        Err(error) if error.code.as_deref() != Some(NOT_FOUND) => {
            Err(failed(&format!("failed to remove the autoscaling of service `{}`", deletion.name), error))
        }
        _ => Ok(()),
    }
}

/// Sends the deletion until ECS accepts it.
async fn delete(deletion: &ServiceDeletion, options: DeletionOptions, aws: &Aws) -> Result<()> {
    let started = Instant::now();
    let mut attempts = Attempts::new(Policy::CALL);
    loop {
        let Err(error) = aws.delete_service(&deletion.cluster, &deletion.name, options.force).await else {
            return Ok(());
        };
        if is_gone(&error) {
            return Ok(());
        }
        if is_in_deployment(&error) && started.elapsed() < options.timeout {
            await_deployments(deletion, options, started, aws).await;
            continue;
        }
        if !error.is_retryable() || !attempts.wait().await {
            let is_deploying = is_in_deployment(&error);
            let failure = failed(&format!("failed to delete service `{}`", deletion.name), error);
            let hint = "a deployment of it has not ended: wait for it, or add `--force`".to_owned();
            return Err(failure.with_hint(is_deploying.then_some(hint)));
        }
    }
}

/// Waits until the service has a single deployment, it cannot be read, or the time is up.
async fn await_deployments(
    deletion: &ServiceDeletion,
    options: DeletionOptions,
    started: Instant,
    aws: &Aws,
) {
    while started.elapsed() < options.timeout {
        tokio::time::sleep(options.pause.unwrap_or(PAUSE)).await;
        let found = aws.services(&deletion.cluster, std::slice::from_ref(&deletion.name)).await;
        let document = found.ok().and_then(|mut found| found.remove(&deletion.name)).unwrap_or_default();
        if document["deployments"].as_array().is_none_or(|deployments| deployments.len() < 2) {
            return;
        }
    }
}

/// Stops the tasks of a service that still run, also those that are protected from scaling in.
async fn stop_tasks(deletion: &ServiceDeletion, aws: &Aws) -> Result<()> {
    let attempted = format!("failed to stop the tasks of service `{}`", deletion.name);
    let running = aws.running_tasks(&deletion.cluster, &deletion.name).await;
    for task in running.map_err(|error| failed(&attempted, error))? {
        let stopped = aws.stop_task(&deletion.cluster, &task.task_arn, "ecsail delete --force").await;
        stopped.map_err(|error| failed(&attempted, error))?;
    }
    Ok(())
}

fn is_gone(error: &ApiError) -> bool {
    matches!(error.code.as_deref(), Some("ServiceNotFoundException" | "ServiceNotActiveException"))
}

fn is_in_deployment(error: &ApiError) -> bool {
    error.message.as_deref().is_some_and(|message| message.contains(DEPLOYMENTS_ARE_ACTIVE))
}

fn failed(attempted: &str, error: ApiError) -> Failure {
    Failure::error(attempted).with_hint(error.hint()).with_cause(error)
}
