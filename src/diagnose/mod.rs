//! Owns the explanation of failures: what a task's end means and what helps. Pure: it reads what was seen.
//!
//! The texts are ECS's own; the table says which end of a task means what. What it
//! does not know is shown raw.

use std::fmt;

use serde::Serialize;

use crate::aws::types::{Container, Task};

pub mod causes;
pub mod log;

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
fn failing_container(task: &Task) -> Option<&Container> {
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

/// Holds what is known of a failed rollout: the first task that failed, and what that means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The id of the first failing task.
    pub task: String,
    /// How many tasks failed.
    pub failed_tasks: usize,
    pub stop_code: Option<String>,
    pub stopped_reason: Option<String>,
    pub containers: Vec<ContainerEnd>,
    pub cause: Option<String>,
    pub remedy: Option<String>,
}

/// Holds how a container ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContainerEnd {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Returns what the stopped tasks of a deployment tell; nothing where none of them failed.
///
/// The first task that failed is shown, not the newest: what came later is often only its consequence.
pub fn diagnose(stopped: &[Task]) -> Option<Diagnosis> {
    let mut failed: Vec<&Task> = stopped.iter().filter(|task| Signature::of(task).is_some()).collect();
    failed.sort_by(|a, b| a.stopped_at.0.total_cmp(&b.stopped_at.0));
    let task = *failed.first()?;
    let known = causes::cause_of(task.stop_code.as_deref(), &full_reason(task), failing_container(task));
    let end = |container: &Container| ContainerEnd {
        name: container.name.clone(),
        exit_code: container.exit_code,
        reason: container.reason.clone(),
    };
    Some(Diagnosis {
        task: task.id().to_owned(),
        failed_tasks: failed.len(),
        stop_code: task.stop_code.clone(),
        stopped_reason: task.stopped_reason.clone(),
        containers: task.containers.iter().map(end).collect(),
        cause: known.map(|known| known.cause.to_owned()),
        remedy: known.map(|known| known.remedy.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::view;
    use serde_json::json;

    fn task(id: u32, stopped_at: u32, code: &str, reason: &str, exit_code: Option<i64>) -> Task {
        view(&json!({"taskArn": format!("arn:aws:ecs:x:1:task/main/{id}"), "stoppedAt": stopped_at, "stopCode": code,
            "stoppedReason": reason, "containers": [{"name": "app", "exitCode": exit_code}]}))
        .expect("a task")
    }

    #[test]
    fn the_first_failing_task_is_shown() {
        let tasks = [
            task(3, 30, "EssentialContainerExited", "Essential container in task exited", Some(1)),
            task(2, 20, "EssentialContainerExited", "Essential container in task exited", Some(127)),
            task(
                1,
                10,
                "ServiceSchedulerInitiated",
                "Scaling activity initiated by (deployment ecs-svc/1)",
                Some(0),
            ),
        ];
        let diagnosis = diagnose(&tasks).expect("failed");
        assert_eq!((diagnosis.task.as_str(), diagnosis.failed_tasks), ("2", 2));
        assert!(diagnosis.cause.expect("known").contains("was not found"), "the command was not found");
    }

    #[test]
    fn ordinary_ends_have_no_diagnosis() {
        assert_eq!(diagnose(&[task(1, 1, "UserInitiated", "Deployment completed", Some(0))]), None);
    }

    #[test]
    fn reasons_that_differ_in_names_only_are_the_same_failure() {
        let reason = |task: &str| {
            format!("CannotPullContainerError: pull image manifest has been retried 1 time(s): {task}")
        };
        let of = |id: &str| Signature::of(&task(1, 1, "TaskFailedToStart", &reason(id), None));
        assert_eq!(of("a"), of("b"));
        let unhealthy = |group: &str| format!("Task failed ELB health checks in (target-group {group})");
        let of =
            |group: &str| Signature::of(&task(1, 1, "ServiceSchedulerInitiated", &unhealthy(group), None));
        assert_eq!(of("arn:1"), of("arn:2"));
    }
}
