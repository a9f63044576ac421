//! Judges one-off tasks: how each of them ended, by what ECS shows of it. Pure.
//!
//! Only a container's own exit code 0 is success. A task that never ran, that was stopped from outside, or that ECS
//! no longer shows has not succeeded.

use serde_json::Value;
use std::collections::BTreeSet;

use super::TaskRunOutcome;
use crate::aws::types::{StopCode, Task, TaskContainer, TaskStatus};

/// How long a task may be absent from the answers, in seconds: a new one is not in all of them at once.
const MAX_ABSENT_SECONDS: f64 = 60.0;

/// Which containers' exit codes count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecidingContainers {
    named: Option<String>,
    essential: BTreeSet<String>,
}

/// A task at the last poll.
#[derive(Clone, Debug, Default)]
pub struct ObservedTask {
    pub task: Task,
    /// For how many seconds the answers have not had it.
    pub absent_seconds: f64,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskOutcome {
    /// It exited by itself.
    Exited { code: i64, container: String },
    /// It never ran: an image that does not exist, a secret that is denied.
    NotStarted { reason: String },
    /// It was stopped from outside, so that its exit code is never success.
    Stopped {
        /// By a call of `StopTask`.
        by_call: bool,
        reason: String,
        code: Option<i64>,
    },
    /// A container whose exit code counts has none.
    WithoutExitCode { reason: String },
    /// ECS no longer shows it.
    NotFound,
}

impl DecidingContainers {
    /// Returns whose exit codes count: the named container's, else those of the essential containers, else all.
    pub fn from_definition(definition: &Value, named: Option<&str>) -> DecidingContainers {
        let all = definition["containerDefinitions"].as_array().into_iter().flatten();
        let essential = all.filter(|container| container["essential"] != false);
        let name = |container: &Value| container["name"].as_str().map(str::to_owned);
        DecidingContainers {
            named: named.map(str::to_owned),
            essential: essential.filter_map(name).collect(),
        }
    }

    fn is_deciding(&self, container: &TaskContainer) -> bool {
        match &self.named {
            Some(named) => *named == container.name,
            None => self.essential.is_empty() || self.essential.contains(&container.name),
        }
    }
}

/// Returns how the tasks of one run ended, in their order; `None` while one of them runs.
pub fn judge(deciding: &DecidingContainers, seen: &[ObservedTask]) -> Option<Vec<TaskOutcome>> {
    seen.iter().map(|seen| judge_task(deciding, seen)).collect()
}

/// Returns how a task ended; `None` while it runs.
fn judge_task(deciding: &DecidingContainers, seen: &ObservedTask) -> Option<TaskOutcome> {
    let task = &seen.task;
    if task.last_status != TaskStatus::Stopped {
        return (seen.absent_seconds >= MAX_ABSENT_SECONDS).then_some(TaskOutcome::NotFound);
    }
    let reason = || stop_reason(task);
    let code = deciding_code(deciding, task);
    let by_containers = || match code.clone() {
        Ok((code, container)) => TaskOutcome::Exited { code, container },
        Err(why) if task.started_at.0 > 0.0 => TaskOutcome::WithoutExitCode { reason: why },
        Err(_) => TaskOutcome::NotStarted { reason: reason() },
    };
    Some(match &task.stop_code {
        Some(StopCode::TaskFailedToStart) => TaskOutcome::NotStarted { reason: reason() },
        // Other implementations give no stop code: the exit codes of the containers count.
        None | Some(StopCode::EssentialContainerExited) => by_containers(),
        Some(stop_code) if stop_code.is_absent() => by_containers(),
        // Includes unknown stop codes: what no table has is no success.
        Some(stop_code) => TaskOutcome::Stopped {
            by_call: *stop_code == StopCode::UserInitiated,
            reason: format!("{} ({stop_code})", reason()),
            code: code.clone().ok().map(|(code, _)| code),
        },
    })
}

/// Returns the exit code that counts, with its container: the first that is not 0. `Err`: why there is none.
fn deciding_code(deciding: &DecidingContainers, task: &Task) -> Result<(i64, String), String> {
    let counting: Vec<&TaskContainer> =
        task.containers.iter().filter(|container| deciding.is_deciding(container)).collect();
    let mut ended = counting.iter().filter_map(|own| Some((own.exit_code?, own.name.clone())));
    let first = ended.next();
    if let Some(found) = first.iter().cloned().chain(ended).find(|(code, _)| *code != 0) {
        return Ok(found);
    }
    let without = counting.iter().find(|container| container.exit_code.is_none());
    match (without, first) {
        (None, Some(first)) => Ok(first),
        (Some(container), _) => {
            let reason = container.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            Err(format!("container `{}` has no exit code{reason}", container.name))
        }
        (None, None) => Err(match &deciding.named {
            Some(named) => format!("no container named `{named}` in the task"),
            None => "ECS shows no container of the task".to_owned(),
        }),
    }
}

/// Returns why a task stopped, as ECS words it; the container's reason where the task has none.
fn stop_reason(task: &Task) -> String {
    let own = task.stopped_reason.as_deref().filter(|reason| !reason.is_empty());
    let container = || task.containers.iter().find_map(|container| container.reason.as_deref());
    own.or_else(container).unwrap_or("ECS gives no reason").to_owned()
}

impl TaskOutcome {
    /// Returns whether the task succeeded.
    pub fn is_success(&self) -> bool {
        matches!(self, TaskOutcome::Exited { code: 0, .. })
    }

    /// Returns its exit code, if it has one.
    pub fn exit_code(&self) -> Option<i64> {
        match self {
            TaskOutcome::Exited { code, .. } => Some(*code),
            TaskOutcome::Stopped { code, .. } => *code,
            _ => None,
        }
    }

    /// Returns its exit code, if that is not 0.
    pub fn failure_code(&self) -> Option<i64> {
        self.exit_code().filter(|code| *code != 0)
    }

    /// Returns why it did not succeed; `None` where it did.
    pub fn failure_text(&self) -> Option<String> {
        match self {
            TaskOutcome::Exited { code: 0, .. } => None,
            TaskOutcome::Exited { code, container } => {
                Some(format!("container `{container}` exited with code {code}"))
            }
            TaskOutcome::NotStarted { reason } => Some(format!("the task did not start: {reason}")),
            TaskOutcome::Stopped { reason, .. } => Some(format!("the task was stopped: {reason}")),
            TaskOutcome::WithoutExitCode { reason } => Some(reason.clone()),
            TaskOutcome::NotFound => Some("ECS no longer shows the task: its outcome is unknown".to_owned()),
        }
    }
}

/// Returns how a run ended by its tasks: the first exit code that is not 0, else a failure without one.
pub fn run_outcome(ends: &[TaskOutcome]) -> TaskRunOutcome {
    if let Some(code) = ends.iter().find_map(TaskOutcome::failure_code) {
        return TaskRunOutcome::Exited { code };
    }
    match ends.iter().find_map(TaskOutcome::failure_text) {
        Some(reason) => TaskRunOutcome::FailedWithoutCode { reason },
        None => TaskRunOutcome::Exited { code: 0 },
    }
}

#[cfg(test)]
mod tests;
