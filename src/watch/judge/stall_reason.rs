//! Finds out why a rollout in progress does not advance, as far as ECS reports it. Never a verdict.

use crate::aws::types::{Deployment, Service, ServiceEvent};
use crate::diagnose::events::{EventClass, EventKind, EventMeaning, read_event};
use crate::watch::snapshot::{RolloutSnapshot, WatchedRollout};

use super::{is_rolling_strategy, stuck};

/// Returns why a rollout does not advance; `None` where nothing shows it.
pub(super) fn stall_reason(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
) -> Option<String> {
    let ours = followed.find_deployment(service)?;
    let tolerated = stuck::tolerated_crash_loop(followed, snapshot, service);
    let told = tolerated
        .or_else(|| open_problem(followed, snapshot, service, ours).map(|text| format!("ECS: {text}")));
    told.or_else(|| running_hook(snapshot)).or_else(|| draining_tasks(ours, service))
}

/// Returns the newest event about a problem that is not over.
fn open_problem(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    ours: &Deployment,
) -> Option<String> {
    let events: Vec<_> =
        followed.events_since_start(service).map(|event| (event, read_event(&event.message))).collect();
    let stands = |(at, (event, told)): &(usize, &(&ServiceEvent, EventMeaning))| {
        let mut later = events[at + 1..].iter().map(|(_, told)| told.kind);
        let over = match told.kind {
            EventKind::TasksProtected => other_running_tasks(ours, service) == 0,
            EventKind::PercentsBlockDeployment | EventKind::Throttled => {
                later.any(|kind| has_started(kind) || has_stopped(kind))
            }
            EventKind::StartsImpaired => has_all_running(ours),
            EventKind::TargetUnhealthy | EventKind::ContainerUnhealthy | EventKind::TargetMissing => {
                later.any(has_started) || is_every_target_healthy(snapshot, event)
            }
            _ => later.any(has_started) || has_all_started(ours),
        };
        is_problem(told) && !over
    };
    let newest = events.iter().enumerate().rev().find(stands);
    newest.map(|(_, (_, told))| without_advice(told.text).to_owned())
}

/// Returns whether an event is about a problem during the rollout; the end of a deployment is left to the verdict.
fn is_problem(told: &EventMeaning) -> bool {
    let ends = matches!(
        told.kind,
        EventKind::DeploymentFailed
            | EventKind::AlarmDetected
            | EventKind::HookFailed
            | EventKind::NoRollbackCandidate
            | EventKind::BreakerTripped
            | EventKind::RollingBack
    );
    matches!(told.class, EventClass::Warn | EventClass::Fail) && !ends
}

fn has_started(kind: EventKind) -> bool {
    matches!(kind, EventKind::TasksStarted | EventKind::TasksReplaced)
}

fn has_stopped(kind: EventKind) -> bool {
    matches!(kind, EventKind::TasksStopped | EventKind::PendingStopped | EventKind::Draining)
}

/// Returns whether the targets, read after an event, were all healthy.
fn is_every_target_healthy(snapshot: &RolloutSnapshot, event: &ServiceEvent) -> bool {
    let healthy = snapshot.targets.iter().all(|target| !target.state.starts_with("unhealthy"));
    healthy && !snapshot.targets.is_empty() && snapshot.targets_read_at > event.created_at.0
}

fn has_all_running(ours: &Deployment) -> bool {
    ours.running_count >= ours.desired_count
}

/// Returns whether as many tasks as desired are running or pending.
fn has_all_started(ours: &Deployment) -> bool {
    ours.running_count.saturating_add(ours.pending_count) >= ours.desired_count
}

/// Returns how many tasks of other deployments run.
fn other_running_tasks(ours: &Deployment, service: &Service) -> i64 {
    let others = service.deployments.iter().filter(|other| other.id != ours.id);
    others.fold(0, |sum, other| other.running_count.saturating_add(sum))
}

/// Returns a lifecycle hook that is running, in words.
fn running_hook(snapshot: &RolloutSnapshot) -> Option<String> {
    let hook = snapshot.service_deployment.as_ref()?.active_hook()?;
    Some(format!("lifecycle hook `{}` is running", hook.hook_id))
}

/// Returns, in words, that all new tasks run and old ones are still running.
fn draining_tasks(ours: &Deployment, service: &Service) -> Option<String> {
    let up = ours.desired_count > 0 && has_all_running(ours) && ours.failed_tasks == 0;
    let waits = up && is_rolling_strategy(service) && other_running_tasks(ours, service) > 0;
    waits.then(|| "tasks of the previous deployment are still running".to_owned())
}

/// Returns an event's text without its link to more information.
pub(super) fn without_advice(text: &str) -> &str {
    let end = text.find(" For more information").unwrap_or(text.len());
    text[..end].trim_end().trim_end_matches('.')
}
