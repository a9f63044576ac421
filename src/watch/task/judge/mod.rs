//! Judges one-off tasks: how each of them ended, by what ECS shows of it. Pure.
//!
//! Only a container's own exit code 0 is success. A task that never ran, that was stopped from outside, or that ECS
//! no longer shows has not succeeded.

use serde_json::Value;
use std::collections::BTreeSet;

use super::TaskEnding;
use crate::aws::types::{Container, StopCode, Task, TaskStatus};

/// How long a task may be absent from the answers, in seconds: a new one is not in all of them at once.
const ABSENT: f64 = 60.0;

/// Which containers' exit codes count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deciding {
    named: Option<String>,
    essential: BTreeSet<String>,
}

/// A task at the last poll.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub task: Task,
    /// For how many seconds the answers have not had it.
    pub absent: f64,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It exited by itself.
    Exited { code: i64, container: String },
    /// It never ran: an image that does not exist, a secret that is denied.
    NotStarted { reason: String },
    /// It was stopped from outside, so that its exit code is never success.
    Stopped {
        /// By a call of StopTask.
        by_call: bool,
        reason: String,
        code: Option<i64>,
    },
    /// A container whose exit code counts has none.
    NoCode { reason: String },
    /// ECS no longer shows it.
    Gone,
}

impl Deciding {
    /// Returns whose exit codes count: the named container's, else those of the essential containers, else all.
    pub fn of(definition: &Value, named: Option<&str>) -> Deciding {
        let all = definition["containerDefinitions"].as_array().into_iter().flatten();
        let essential = all.filter(|container| container["essential"] != false);
        let name = |container: &Value| container["name"].as_str().map(str::to_owned);
        Deciding { named: named.map(str::to_owned), essential: essential.filter_map(name).collect() }
    }

    fn counts(&self, container: &Container) -> bool {
        match &self.named {
            Some(named) => *named == container.name,
            None => self.essential.is_empty() || self.essential.contains(&container.name),
        }
    }
}

/// Returns how the tasks of one run ended, in their order; `None` while one of them runs.
pub fn judge(deciding: &Deciding, seen: &[Seen]) -> Option<Vec<End>> {
    seen.iter().map(|seen| of_task(deciding, seen)).collect()
}

/// Returns how a task ended; `None` while it runs.
fn of_task(deciding: &Deciding, seen: &Seen) -> Option<End> {
    let task = &seen.task;
    if task.last_status != TaskStatus::Stopped {
        return (seen.absent >= ABSENT).then_some(End::Gone);
    }
    let reason = || reason(task);
    let code = code(deciding, task);
    let by_containers = || match code.clone() {
        Ok((code, container)) => End::Exited { code, container },
        Err(why) if task.started_at.0 > 0.0 => End::NoCode { reason: why },
        Err(_) => End::NotStarted { reason: reason() },
    };
    Some(match &task.stop_code {
        Some(StopCode::TaskFailedToStart) => End::NotStarted { reason: reason() },
        // Other implementations give no stop code: the exit codes of the containers count.
        None | Some(StopCode::EssentialContainerExited) => by_containers(),
        Some(stop_code) if stop_code.is_absent() => by_containers(),
        // Includes unknown stop codes: what no table has is no success.
        Some(stop_code) => End::Stopped {
            by_call: *stop_code == StopCode::UserInitiated,
            reason: format!("{} ({stop_code})", reason()),
            code: code.clone().ok().map(|(code, _)| code),
        },
    })
}

/// Returns the exit code that counts, with its container: the first that is not 0. `Err`: why there is none.
fn code(deciding: &Deciding, task: &Task) -> Result<(i64, String), String> {
    let counting: Vec<&Container> =
        task.containers.iter().filter(|container| deciding.counts(container)).collect();
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
fn reason(task: &Task) -> String {
    let own = task.stopped_reason.as_deref().filter(|reason| !reason.is_empty());
    let container = || task.containers.iter().find_map(|container| container.reason.as_deref());
    own.or_else(container).unwrap_or("ECS gives no reason").to_owned()
}

impl End {
    /// Returns whether the task succeeded.
    pub fn is_success(&self) -> bool {
        matches!(self, End::Exited { code: 0, .. })
    }

    /// Returns its exit code, if it has one.
    pub fn code(&self) -> Option<i64> {
        match self {
            End::Exited { code, .. } => Some(*code),
            End::Stopped { code, .. } => *code,
            _ => None,
        }
    }

    /// Returns its exit code, if that is not 0.
    pub fn failing_code(&self) -> Option<i64> {
        self.code().filter(|code| *code != 0)
    }

    /// Returns why it did not succeed; `None` where it did.
    pub fn why(&self) -> Option<String> {
        match self {
            End::Exited { code: 0, .. } => None,
            End::Exited { code, container } => {
                Some(format!("container `{container}` exited with code {code}"))
            }
            End::NotStarted { reason } => Some(format!("the task did not start: {reason}")),
            End::Stopped { reason, .. } => Some(format!("the task was stopped: {reason}")),
            End::NoCode { reason } => Some(reason.clone()),
            End::Gone => Some("ECS no longer shows the task: its outcome is unknown".to_owned()),
        }
    }
}

/// Returns how a run ended by its tasks: the first exit code that is not 0, else a failure without one.
pub fn ending(ends: &[End]) -> TaskEnding {
    if let Some(code) = ends.iter().find_map(End::failing_code) {
        return TaskEnding::Exited { code };
    }
    match ends.iter().find_map(End::why) {
        Some(reason) => TaskEnding::FailedWithoutCode { reason },
        None => TaskEnding::Exited { code: 0 },
    }
}

#[cfg(test)]
mod tests;
