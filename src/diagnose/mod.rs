//! Owns the explanation of failures: what a task's end means and what helps. Pure: it reads what was seen.
//!
//! The texts are ECS's own; the table says which end of a task means what. What it
//! does not know is shown raw.

use std::fmt;

use serde::Serialize;

use crate::aws::types::{Container, Task};

pub mod causes;
pub mod log;
pub mod stream;

/// Says how a task failed, so that equal failures can be counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signature {
    /// An essential container ended.
    Exited { container: String, code: Option<i64> },
    /// The task did not start: the beginning of the reason.
    NotStarted { reason: String },
    /// A health check failed; the beginning of the reason.
    Unhealthy { reason: String },
}

impl Signature {
    /// Returns how a stopped task failed; nothing where it was stopped in the ordinary course of things.
    pub fn of(task: &Task) -> Option<Signature> {
        let reason = task.stopped_reason.as_deref().unwrap_or_default();
        match task.stop_code.as_deref() {
            Some("TaskFailedToStart") => {
                Some(Signature::NotStarted { reason: beginning(&full_reason(task)) })
            }
            Some("EssentialContainerExited") => {
                let container = failing_container(task);
                let name = container.map_or("?", |container| container.name.as_str());
                let code = container.and_then(|container| container.exit_code);
                Some(Signature::Exited { container: name.to_owned(), code })
            }
            Some("ServiceSchedulerInitiated") if reason.contains("health checks") => {
                Some(Signature::Unhealthy { reason: beginning(reason) })
            }
            _ => None,
        }
    }

    pub fn is_deterministic(&self) -> bool {
        false
    }

    /// Returns whether this kind of failure often passes by itself.
    pub fn heals(&self) -> bool {
        matches!(self, Signature::Unhealthy { .. })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signature::Exited { container, code: Some(code) } => {
                write!(f, "container `{container}` exited with code {code}")
            }
            Signature::Exited { container, code: None } => {
                write!(f, "container `{container}` ended without an exit code")
            }
            Signature::NotStarted { reason } => write!(f, "the task did not start: {reason}"),
            Signature::Unhealthy { reason } => f.write_str(reason),
        }
    }
}

/// Returns the part of a reason that equal failures share: the text up to an ARN, an id or a quoted name.
fn beginning(reason: &str) -> String {
    let end = reason.find(['(', '"', '\'']).unwrap_or(reason.len());
    let end =
        reason.char_indices().map(|(at, _)| at).take_while(|at| *at <= end.min(100)).last().unwrap_or(0);
    let cut = if end == 0 || end + 1 >= reason.len() { reason } else { &reason[..end] };
    cut.trim().trim_end_matches(':').to_owned()
}

/// Returns the container that ended the task: the one that failed, else the first with an end to tell of.
pub fn failing_container(task: &Task) -> Option<&Container> {
    let failed = |container: &&Container| container.exit_code.is_some_and(|code| code != 0);
    let with_reason = |container: &&Container| container.reason.is_some();
    task.containers
        .iter()
        .find(failed)
        .or_else(|| task.containers.iter().find(with_reason))
        .or(task.containers.first())
}

/// Returns the task's reason together with those of its containers.
fn full_reason(task: &Task) -> String {
    let own = task.stopped_reason.iter().cloned();
    let containers = task.containers.iter().filter_map(|container| container.reason.clone());
    let mut parts: Vec<String> = own.chain(containers).filter(|part| !part.is_empty()).collect();
    parts.dedup();
    parts.join("; ")
}

/// STUB until the branch is merged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diagnosis {
    pub task: Option<String>,
    pub task_definition: Option<String>,
    pub failed_tasks: usize,
    pub stop_code: Option<String>,
    pub stopped_reason: Option<String>,
    pub stopped_at: Option<f64>,
    pub containers: Vec<ContainerEnd>,
    pub targets: Vec<crate::aws::types::TargetHealth>,
    pub events: Vec<crate::aws::types::Event>,
    pub log: Option<log::Log>,
    pub causes: Vec<Explained>,
}
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explained {
    pub cause: String,
    pub remedy: String,
    pub evidence: String,
    pub count: usize,
}
pub struct Seen<'a> {
    pub stopped: &'a [Task],
    pub events: &'a [crate::aws::types::Event],
    pub targets: &'a [crate::aws::types::TargetHealth],
    pub alarms: &'a [String],
    pub reason: Option<&'a str>,
}
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContainerEnd {
    pub name: String,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
    pub failing: bool,
}
pub fn first_failing(stopped: &[Task]) -> Option<&Task> {
    let mut failed: Vec<&Task> = stopped.iter().filter(|task| Signature::of(task).is_some()).collect();
    failed.sort_by(|a, b| a.stopped_at.0.total_cmp(&b.stopped_at.0));
    failed.first().copied()
}
pub fn diagnose(seen: &Seen<'_>) -> Option<Diagnosis> {
    let task = first_failing(seen.stopped)?;
    let known = causes::cause_of(task.stop_code.as_deref(), &full_reason(task), failing_container(task));
    let end = |container: &Container| ContainerEnd {
        name: container.name.clone(),
        exit_code: container.exit_code,
        reason: container.reason.clone(),
        failing: false,
    };
    Some(Diagnosis {
        task: Some(task.id().to_owned()),
        failed_tasks: seen.stopped.len(),
        stop_code: task.stop_code.clone(),
        stopped_reason: task.stopped_reason.clone(),
        containers: task.containers.iter().map(end).collect(),
        causes: known
            .map(|k| Explained {
                cause: k.cause.to_owned(),
                remedy: k.remedy.to_owned(),
                ..Explained::default()
            })
            .into_iter()
            .collect(),
        ..Diagnosis::default()
    })
}
