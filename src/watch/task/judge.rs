//! Owns the verdict on tasks of their own: how each of them ended, from what ECS shows of it. Pure.
//!
//! Only a container's own exit code 0 is success. A task that never ran, that something from outside stopped, or that
//! ECS no longer shows has none.

use std::collections::BTreeSet;

use serde_json::Value;

use super::TaskEnding;
use crate::aws::types::{Container, StopCode, Task, TaskStatus};

/// For how long, in seconds, a task may be absent from the answers: a new one is not in all of them at once.
const ABSENT: f64 = 60.0;

/// Says whose exit codes count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deciding {
    named: Option<String>,
    essential: BTreeSet<String>,
}

/// Holds a task as it was last seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub task: Task,
    /// For how many seconds the answers have been without it.
    pub absent: f64,
}

/// Says how a task ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Its program ended by itself.
    Exited { code: i64, container: String },
    /// It never ran: an image that is not there, a secret that is denied.
    NotStarted { reason: String },
    /// Something from outside stopped it, and so whatever code it ended with says nothing good.
    Stopped {
        /// It was a call of StopTask.
        by_call: bool,
        reason: String,
        code: Option<i64>,
    },
    /// A container that counts has no exit code.
    NoCode { reason: String },
    /// ECS no longer shows it.
    Gone,
}

impl Deciding {
    /// Returns whose codes count: the named container's, else those of the essential ones, else all.
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

/// Returns how the tasks of one run ended, in their order; nothing as long as one of them goes on.
pub fn judge(deciding: &Deciding, seen: &[Seen]) -> Option<Vec<End>> {
    seen.iter().map(|seen| of_task(deciding, seen)).collect()
}

/// Returns how a task ended; nothing as long as it goes on.
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
        // Other implementations give no stop code: what the containers say counts.
        None | Some(StopCode::EssentialContainerExited) => by_containers(),
        Some(stop_code) if stop_code.is_absent() => by_containers(),
        // Also a code of tomorrow: what no table knows is no success.
        Some(stop_code) => End::Stopped {
            by_call: *stop_code == StopCode::UserInitiated,
            reason: format!("{} ({stop_code})", reason()),
            code: code.clone().ok().map(|(code, _)| code),
        },
    })
}

/// Returns the exit code that counts, with its container: the first that is not 0; why there is none.
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
            Some(named) => format!("the task has no container `{named}`"),
            None => "ECS shows no container of the task".to_owned(),
        }),
    }
}

/// Returns why a task stopped, in ECS's words; the container's where the task's own say nothing.
fn reason(task: &Task) -> String {
    let own = task.stopped_reason.as_deref().filter(|reason| !reason.is_empty());
    let container = || task.containers.iter().find_map(|container| container.reason.as_deref());
    own.or_else(container).unwrap_or("ECS gives no reason").to_owned()
}

impl End {
    /// Returns whether the task did what it was to do.
    pub fn is_success(&self) -> bool {
        matches!(self, End::Exited { code: 0, .. })
    }

    /// Returns the exit code that it ended with; none where there is none.
    pub fn code(&self) -> Option<i64> {
        match self {
            End::Exited { code, .. } => Some(*code),
            End::Stopped { code, .. } => *code,
            _ => None,
        }
    }

    /// Returns the exit code that stands for a failure; none where there is no such code.
    pub fn failing_code(&self) -> Option<i64> {
        self.code().filter(|code| *code != 0)
    }

    /// Returns what is to be said of it, where it is no success.
    pub fn why(&self) -> Option<String> {
        match self {
            End::Exited { code: 0, .. } => None,
            End::Exited { code, container } => {
                Some(format!("container `{container}` exited with code {code}"))
            }
            End::NotStarted { reason } => Some(format!("the task did not start: {reason}")),
            End::Stopped { reason, .. } => Some(format!("the task was stopped: {reason}")),
            End::NoCode { reason } => Some(reason.clone()),
            End::Gone => Some("ECS no longer shows the task: what became of it is not known".to_owned()),
        }
    }
}

/// Returns how a run ended, by the ends of its tasks: the first code that is not 0, else a failure without one.
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
#[path = "judge_tests.rs"]
mod tests;
