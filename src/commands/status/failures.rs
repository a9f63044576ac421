//! Says why the tasks of a service fail: the most frequent failure of its stopped tasks, else what ECS says. Pure.

use std::collections::BTreeMap;

use super::condition::{ServiceCondition, condition, failing_deployment, rolling_back};
use super::look::ServiceState;
use crate::aws::types::{Deployment, RolloutState, Task};
use crate::diagnose::FailureSignature;
use crate::diagnose::events::{EventClass, read_event};
use crate::history::past_deployment::deployment_id;
use crate::watch::judge::ecs_reason;

/// The failures of the tasks of one deployment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TaskFailures {
    /// How many tasks failed.
    pub(super) count: usize,
    /// How most of them did.
    pub(super) text: String,
}

/// Returns how the tasks of a deployment failed; `None` where none did.
pub(super) fn task_failures(stopped: &[Task], deployment: &str) -> Option<TaskFailures> {
    let own = stopped.iter().filter(|task| task.started_by == deployment);
    let mut counts: BTreeMap<FailureSignature, usize> = BTreeMap::new();
    for signature in own.filter_map(FailureSignature::from_task) {
        *counts.entry(signature).or_default() += 1;
    }
    let (most, _) = counts.iter().max_by_key(|(_, count)| **count)?;
    Some(TaskFailures { count: counts.values().sum(), text: most.to_string() })
}

/// Returns the deployment whose tasks fail or are missing; `None` where nothing is wrong.
pub(super) fn troubled_deployment(seen: &ServiceState) -> Option<&Deployment> {
    match condition(seen) {
        ServiceCondition::Failing => failing_deployment(seen),
        ServiceCondition::Short => seen.service.primary_deployment(),
        _ => None,
    }
}

/// Returns the id of the deployment whose tasks fail or are missing, also of one that the service no longer lists.
pub(super) fn troubled_id(seen: &ServiceState) -> Option<String> {
    let listed = troubled_deployment(seen).map(|deployment| deployment.id.clone());
    listed.or_else(|| Some(deployment_id(rolling_back(seen)?.target_revision_arn()?)))
}

/// Returns why a service is failing or short of tasks, where that is known.
pub(super) fn cause(seen: &ServiceState) -> Option<String> {
    if !condition(seen).is_bad() {
        return None;
    }
    let troubled = troubled_deployment(seen);
    let of_tasks = seen.failures.as_ref().map(|failures| failures.text.clone());
    of_tasks
        .or_else(|| reason_of_failure(troubled?))
        .or_else(|| ecs_reason(rolling_back(seen)?))
        .or_else(|| newest_trouble(seen, troubled.map_or(0.0, |deployment| deployment.created_at.0)))
}

fn reason_of_failure(deployment: &Deployment) -> Option<String> {
    let failed = deployment.rollout_state == Some(RolloutState::Failed);
    deployment.rollout_state_reason.clone().filter(|_| failed)
}

/// Returns the newest service event about a problem since a time.
fn newest_trouble(seen: &ServiceState, since: f64) -> Option<String> {
    let since = seen.service.events.iter().filter(|event| event.created_at.0 >= since);
    let told = since.map(|event| read_event(&event.message));
    let is_problem = |class: EventClass| matches!(class, EventClass::Fail | EventClass::Warn);
    told.into_iter().find(|told| is_problem(told.class)).map(|told| told.text.to_owned())
}

/// Returns the number of failed tasks and the cause, in brackets; empty where neither is known.
pub(super) fn in_brackets(seen: &ServiceState) -> String {
    let counted = troubled_deployment(seen).map_or(0, |deployment| deployment.failed_tasks);
    let found = seen.failures.as_ref().map_or(0, |failures| failures.count);
    let failed = usize::try_from(counted).unwrap_or_default().max(found);
    match (failed, cause(seen)) {
        (0, None) => String::new(),
        (0, Some(cause)) => format!(" ({})", cause.trim_end_matches('.')),
        (failed, None) => format!(" ({failed} failed)"),
        (failed, Some(cause)) => format!(" ({failed} failed: {})", cause.trim_end_matches('.')),
    }
}
