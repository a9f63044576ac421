//! Stops single tasks.

use futures_util::future::join_all;

use crate::aws::Aws;
use crate::aws::types::Task;
use crate::error::Failure;

/// Stops tasks concurrently, and returns the results in their order. A failure does not stop the others.
pub async fn stop_tasks(tasks: &[Task], cluster: &str, reason: &str, aws: &Aws) -> Vec<Result<(), Failure>> {
    let stopping = tasks.iter().map(|task| async move {
        let stopped = aws.stop_task(cluster, &task.task_arn, reason).await;
        stopped.map_err(|error| {
            let hint = error.hint();
            Failure::error(format!("failed to stop task `{}`", task.id())).with_cause(error).with_hint(hint)
        })
    });
    join_all(stopping).await
}
