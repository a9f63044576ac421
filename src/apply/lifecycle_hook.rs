//! Resolves a lifecycle hook that waits for an action.

use crate::aws::types::{LifecycleHookStatus, ServiceDeployment};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;

/// Resolves a hook: its deployment continues or rolls back.
///
/// # Errors
/// The API call failed, and the hook still waits.
pub async fn resolve_hook(deployment: &str, hook: &str, back: bool, aws: &Aws) -> Result<(), Failure> {
    let Err(error) = aws.continue_service_deployment(deployment, hook, back).await else { return Ok(()) };
    let arn = deployment.to_owned();
    // The response may have been lost and the SDK's retry refused: then the hook no longer waits.
    let found = aws.service_deployments(std::slice::from_ref(&arn)).await.unwrap_or_default();
    match found.first() {
        Some(known) if is_resolved(known, hook, back) => Ok(()),
        _ => Err(hook_failure(error)),
    }
}

fn is_resolved(deployment: &ServiceDeployment, hook: &str, back: bool) -> bool {
    let found = deployment.lifecycle_hook_details.iter().find(|known| known.hook_id == hook);
    let went_back = deployment.status.is_rollback();
    found.is_some_and(|known| {
        if back {
            went_back || known.status == LifecycleHookStatus::Failed
        } else {
            known.status == LifecycleHookStatus::Succeeded
        }
    })
}

fn hook_failure(error: ApiError) -> Failure {
    let hint = error.hint();
    Failure::error("failed to resolve the lifecycle hook").with_cause(error).with_hint(hint)
}
