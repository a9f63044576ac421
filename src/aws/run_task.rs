//! Starts one-off tasks with `RunTask`, which reports tasks that it could not place as failures in a successful response.

use serde::Deserialize;
use serde_json::Value;

use super::ecs::without_retries;
use super::raw_json::{RawJson, views_in};
use super::types::{Task, deserialize_masked_option};
use super::{ApiError, Aws};

/// The response of `RunTask`: the started tasks, and why others were not started.
#[derive(Clone, Debug, Default)]
pub struct RunTaskResponse {
    pub tasks: Vec<Task>,
    pub failures: Vec<RunTaskFailure>,
}

/// Why a task was not started, in ECS's words.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct RunTaskFailure {
    /// The ARN of the container instance without room, or of another missing resource.
    pub arn: Option<String>,
    /// Such as `RESOURCE:MEMORY`, `AGENT` or `MISSING`; the set is open.
    pub reason: String,
    #[serde(deserialize_with = "deserialize_masked_option")]
    pub detail: Option<String>,
}

impl Aws {
    /// Starts tasks with a `RunTask` document. Sent once: the caller retries with the same client token.
    ///
    /// # Errors
    /// The API call failed. Tasks that ECS could not place are failures in the response, not errors.
    pub async fn run_task(&self, document: &Value) -> Result<RunTaskResponse, ApiError> {
        let raw = RawJson::with_body(document);
        let request = self.ecs.run_task().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:RunTask", error))?;
        let answer = raw.take_response("ecs:RunTask")?;
        let tasks = views_in("ecs:RunTask", &answer, "tasks")?;
        let read = RunTaskResponse { tasks, failures: views_in("ecs:RunTask", &answer, "failures")? };
        if read.tasks.is_empty() && read.failures.is_empty() {
            Err(ApiError::unreadable("ecs:RunTask"))
        } else {
            Ok(read)
        }
    }
}
