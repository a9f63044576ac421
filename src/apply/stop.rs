//! Owns the stopping of single tasks.

use futures_util::future::join_all;

use crate::aws::Aws;
use crate::aws::types::Task;
use crate::error::Failure;

/// Stops tasks side by side, and returns what came of each, in their order. One that fails stops no other.
pub async fn stop_tasks(tasks: &[Task], cluster: &str, reason: &str, aws: &Aws) -> Vec<Result<(), Failure>> {
    let stopping = tasks.iter().map(|task| async move {
        let stopped = aws.stop_task(cluster, &task.task_arn, reason).await;
        stopped.map_err(|error| {
            let hint = error.hint();
            Failure::error(format!("stop task `{}`", task.id())).because(error).hint(hint)
        })
    });
    join_all(stopping).await
}
