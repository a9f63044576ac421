//! Owns why a rollout under way does not move, as far as ECS has said so: never a verdict.

use crate::aws::types::{Deployment, Event, Service};
use crate::diagnose::events::{Class, Kind, Told, read};
use crate::watch::snapshot::{Followed, Snapshot};

use super::is_rolling;

/// Returns what keeps a rollout from moving on, in words; nothing where nothing tells.
pub(super) fn nothing_moves(followed: &Followed, snapshot: &Snapshot, service: &Service) -> Option<String> {
    let ours = followed.find(service)?;
    let told = trouble(followed, snapshot, service, ours).map(|text| format!("ECS: {text}"));
    told.or_else(|| hook(snapshot)).or_else(|| drain(ours, service))
}

/// Returns the newest event that tells of trouble that is not over.
fn trouble(followed: &Followed, snapshot: &Snapshot, service: &Service, ours: &Deployment) -> Option<String> {
    let events: Vec<_> = followed.events(service).map(|event| (event, read(&event.message))).collect();
    let stands = |(at, (event, told)): &(usize, &(&Event, Told))| {
        let mut later = events[at + 1..].iter().map(|(_, told)| told.kind);
        let over = match told.kind {
            Kind::TasksProtected => others(ours, service) == 0,
            Kind::PercentsBlock | Kind::Throttled => later.any(|kind| has_started(kind) || has_stopped(kind)),
            Kind::StartsImpaired => runs(ours),
            Kind::TargetUnhealthy | Kind::ContainerUnhealthy | Kind::TargetMissing => {
                later.any(has_started) || are_healthy(snapshot, event)
            }
            _ => later.any(has_started) || all_started(ours),
        };
        is_trouble(told) && !over
    };
    let newest = events.iter().enumerate().rev().find(stands);
    newest.map(|(_, (_, told))| without_advice(told.text).to_owned())
}

/// Returns whether an event tells of trouble on the way; the end of a deployment is the verdict's to tell.
fn is_trouble(told: &Told) -> bool {
    let ends = matches!(
        told.kind,
        Kind::DeploymentFailed
            | Kind::AlarmDetected
            | Kind::HookFailed
            | Kind::NothingToGoBackTo
            | Kind::BreakerTripped
            | Kind::RollingBack
    );
    matches!(told.class, Class::Warn | Class::Fail) && !ends
}

fn has_started(kind: Kind) -> bool {
    matches!(kind, Kind::TasksStarted | Kind::TasksReplaced)
}

fn has_stopped(kind: Kind) -> bool {
    matches!(kind, Kind::TasksStopped | Kind::PendingStopped | Kind::Draining)
}

/// Returns whether the targets, looked at after an event, were all in health.
fn are_healthy(snapshot: &Snapshot, event: &Event) -> bool {
    let healthy = snapshot.targets.iter().all(|target| !target.state.starts_with("unhealthy"));
    healthy && !snapshot.targets.is_empty() && snapshot.targets_at > event.created_at.0
}

fn runs(ours: &Deployment) -> bool {
    ours.running_count >= ours.desired_count
}

/// Returns whether as many tasks as desired run or are about to.
fn all_started(ours: &Deployment) -> bool {
    ours.running_count.saturating_add(ours.pending_count) >= ours.desired_count
}

/// Returns how many tasks of other deployments run.
fn others(ours: &Deployment, service: &Service) -> i64 {
    let others = service.deployments.iter().filter(|other| other.id != ours.id);
    others.fold(0, |sum, other| other.running_count.saturating_add(sum))
}

/// Returns that a lifecycle hook runs.
fn hook(snapshot: &Snapshot) -> Option<String> {
    let hook = snapshot.service_deployment.as_ref()?.open_hook()?;
    Some(format!("lifecycle hook `{}` runs", hook.hook_id))
}

/// Returns that all new tasks run, and old ones still have to end.
fn drain(ours: &Deployment, service: &Service) -> Option<String> {
    let up = ours.desired_count > 0 && runs(ours) && ours.failed_tasks == 0;
    let waits = up && is_rolling(service) && others(ours, service) > 0;
    waits.then(|| "tasks of the deployment before still run".to_owned())
}

/// Returns an event's text without where to read more.
pub(super) fn without_advice(text: &str) -> &str {
    let end = text.find(" For more information").unwrap_or(text.len());
    text[..end].trim_end().trim_end_matches('.')
}
