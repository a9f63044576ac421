//! Explains failures: what the ends of tasks and service events mean, and what to do.
//!
//! Pure: never calls AWS, never reads a clock. The texts are ECS's own: `causes` is the table for tasks, `events`
//! the one for service events, `signature` recognises equal failures, `log` masks secrets in log lines. What no
//! table matches is passed on unchanged.

use serde::Serialize;

use crate::aws::types::{Container, Event, HealthStatus, StopCode, TargetHealth, Task, revision_of};

pub mod causes;
pub mod events;
pub mod exec;
pub mod log;
pub mod placement;
mod rank;
pub mod signature;
pub mod stream;

pub use causes::{Cause, Retry};
pub use log::Log;
pub use signature::Signature;

/// What was read of a failed rollout.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// The stopped tasks of this deployment.
    pub stopped: &'a [Task],
    /// The service's events since the deployment began.
    pub events: &'a [Event],
    pub targets: &'a [TargetHealth],
    /// The names of the alarms that were triggered.
    pub alarms: &'a [String],
    /// ECS's own reason for the end of the service deployment.
    pub reason: Option<&'a str>,
}

/// What is known of a failed rollout: the first task that failed, what else was read, and the causes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The id of the first failed task: later failures are often only its consequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// `family:revision` of that task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// How many tasks failed.
    pub failed_tasks: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<StopCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// In seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<f64>,
    /// The containers of that task, the failing one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerEnd>,
    /// The unhealthy targets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetHealth>,
    /// The events about problems, and those that no row matches; oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// The last log lines of the failing container, if the caller has read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Log>,
    /// The causes, the best first; empty where no table has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Explained>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ContainerEnd {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it ended the task.
    pub failing: bool,
}

/// A cause, its remedy, and the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    pub cause: String,
    pub remedy: String,
    pub retry_helps: Retry,
    /// The text or the exit code that shows it.
    pub evidence: String,
    /// How many tasks show it; 0 where only events, targets or alarms do.
    pub count: usize,
}

/// Returns the diagnosis of a rollout; `None` where nothing shows a failure.
pub fn diagnose(seen: &Seen<'_>) -> Option<Diagnosis> {
    let failed_tasks = seen.stopped.iter().filter(|task| Signature::of(task).is_some()).count();
    let targets: Vec<TargetHealth> =
        seen.targets.iter().filter(|target| is_unhealthy(target)).cloned().collect();
    let causes = rank::causes(seen, &targets);
    let told = seen.events.iter().any(|event| events::read(&event.message).class == events::Class::Fail);
    if failed_tasks == 0 && causes.is_empty() && targets.is_empty() && !told {
        return None;
    }
    let first = first_failing(seen.stopped);
    Some(Diagnosis {
        task: first.map(|task| task.id().to_owned()),
        task_definition: first
            .map(|task| revision_of(&task.task_definition_arn).to_owned())
            .filter(|revision| !revision.is_empty()),
        failed_tasks,
        stop_code: first.and_then(|task| task.stop_code.clone()),
        stopped_reason: first.and_then(|task| task.stopped_reason.clone()),
        stopped_at: first.map(|task| task.stopped_at.0).filter(|time| *time > 0.0),
        containers: first.map(container_ends).unwrap_or_default(),
        targets,
        events: rank::relevant(seen.events),
        log: None,
        causes,
    })
}

/// Returns the task that failed first; `None` where none failed.
pub fn first_failing(stopped: &[Task]) -> Option<&Task> {
    let time = |task: &Task| if task.stopped_at.0 > 0.0 { task.stopped_at.0 } else { f64::INFINITY };
    let failed = stopped.iter().filter(|task| Signature::of(task).is_some());
    failed.min_by(|a, b| time(a).total_cmp(&time(b)))
}

/// Returns the container that ended the task; `None` where that does not show.
///
/// When one essential container ends, ECS stops the others: they exit on SIGTERM (143) or are killed (137). So any
/// other exit code is better evidence than these, and a reason is the best.
pub fn failing_container(task: &Task) -> Option<&Container> {
    let by_health = task.stopped_reason.as_deref().unwrap_or_default().contains("container health checks");
    let rank = |container: &&Container| {
        let reason = container.reason.as_deref().unwrap_or_default();
        let ended_by_ecs = matches!(container.exit_code, Some(0 | 137 | 143));
        match container.exit_code {
            _ if by_health && container.health_status == Some(HealthStatus::Unhealthy) => 0,
            _ if reason.contains("OutOfMemory") || (!reason.is_empty() && !ended_by_ecs) => 1,
            None => 6,
            Some(137) => 3,
            Some(0) => 4,
            Some(143) => 5,
            Some(_) => 2,
        }
    };
    task.containers.iter().filter(|container| rank(container) < 6).min_by_key(rank)
}

/// Returns the task's reason together with those of its containers.
fn full_reason(task: &Task) -> String {
    let own = task.stopped_reason.iter().cloned();
    let containers = task.containers.iter().filter_map(|container| container.reason.clone());
    let mut parts: Vec<String> = Vec::new();
    for part in own.chain(containers).filter(|part| !part.is_empty()) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

fn container_ends(task: &Task) -> Vec<ContainerEnd> {
    let failing = failing_container(task);
    let end = |container: &Container| ContainerEnd {
        name: container.name.clone(),
        exit_code: container.exit_code,
        reason: container.reason.clone(),
        failing: failing.is_some_and(|failing| std::ptr::eq(failing, container)),
    };
    let mut ends: Vec<ContainerEnd> = task.containers.iter().map(end).collect();
    ends.sort_by_key(|end| !end.failing);
    ends
}

fn is_unhealthy(target: &TargetHealth) -> bool {
    target.state.starts_with("unhealthy")
}

#[cfg(test)]
mod tests;
