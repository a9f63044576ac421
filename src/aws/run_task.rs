//! Owns the call that starts tasks of their own. What it refuses comes as failures in a good answer, not as an error.

use serde::Deserialize;
use serde_json::Value;

use super::ecs::once;
use super::raw::{RawJson, views_in};
use super::types::{Task, may_show};
use super::{ApiError, Aws};

/// Holds what RunTask answered: the tasks that were started, and why others were not.
#[derive(Clone, Debug, Default)]
pub struct RunAnswer {
    pub tasks: Vec<Task>,
    pub failures: Vec<RunFailure>,
}

/// Holds why a task was not started, as ECS says it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct RunFailure {
    /// Of the container instance that has no room, or of what else is missing.
    pub arn: Option<String>,
    /// Such as `RESOURCE:MEMORY`, `AGENT`, `MISSING`; treated as open.
    pub reason: String,
    #[serde(deserialize_with = "may_show")]
    pub detail: Option<String>,
}

impl Aws {
    /// Starts tasks with a document as RunTask takes it. Sent once: who calls sends the same token again.
    ///
    /// # Errors
    /// The API's. What ECS could not place is no error, and stands in the answer.
    pub async fn run_task(&self, document: &Value) -> Result<RunAnswer, ApiError> {
        let raw = RawJson::send(document);
        let request = self.ecs.run_task().customize().interceptor(raw.clone());
        let sent = request.config_override(once()).send().await;
        sent.map_err(|error| ApiError::new("ecs:RunTask", error))?;
        let answer = raw.answer("ecs:RunTask")?;
        let tasks = views_in("ecs:RunTask", &answer, "tasks")?;
        let read = RunAnswer { tasks, failures: views_in("ecs:RunTask", &answer, "failures")? };
        match read.tasks.is_empty() && read.failures.is_empty() {
            true => Err(ApiError::unreadable("ecs:RunTask")),
            false => Ok(read),
        }
    }
}
