//! Reads whether something that the holder of a lock has begun is still in progress. Never changes anything.

use crate::aws::types::{Service, TaskStatus, parse_view};
use crate::aws::{ApiError, Aws};
use crate::lock::LockRecord;

/// Returns what of the holder's is in progress, such as ``the rollout of service `web` ``; `None` if nothing is.
///
/// # Errors
/// An API call failed, so that it is not known.
pub async fn in_progress(record: &LockRecord, aws: &Aws) -> Result<Option<String>, ApiError> {
    for cluster in &record.clusters {
        if let Some(service) = rolling_out(cluster, &record.services, aws).await? {
            return Ok(Some(format!("the rollout of service `{service}`")));
        }
        for started_by in &record.tasks {
            let tasks = aws.tasks_started_by(cluster, started_by).await?;
            if let Some(task) = tasks.iter().find(|task| task.last_status != TaskStatus::Stopped) {
                return Ok(Some(format!("task `{}`", task.id())));
            }
        }
    }
    Ok(None)
}

async fn rolling_out(cluster: &str, names: &[String], aws: &Aws) -> Result<Option<String>, ApiError> {
    if names.is_empty() {
        return Ok(None);
    }
    let found = match aws.services(cluster, names).await {
        // In a cluster that is gone, nothing is in progress.
        Err(error) if error.code.as_deref() == Some("ClusterNotFoundException") => return Ok(None),
        found => found?,
    };
    for (name, document) in found {
        let service: Service =
            parse_view(&document).map_err(|_| ApiError::unreadable("ecs:DescribeServices"))?;
        if service.deployment_in_progress().is_some() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
