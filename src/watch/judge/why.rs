//! Finds out why a rollout in progress does not advance, as far as ECS reports it. Never a verdict.

use crate::aws::types::{Deployment, Event, Service};
use crate::diagnose::events::{Class, Kind, Told, read};
use crate::watch::snapshot::{Followed, Snapshot};

use super::is_rolling;

/// Returns why a rollout does not advance; `None` where nothing shows it.
pub(super) fn nothing_moves(followed: &Followed, snapshot: &Snapshot, service: &Service) -> Option<String> {
    let ours = followed.find(service)?;
    let told = trouble(followed, snapshot, service, ours).map(|text| format!("ECS: {text}"));
    told.or_else(|| hook(snapshot)).or_else(|| drain(ours, service))
}

/// Returns the newest event about a problem that is not over.
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

/// Returns whether an event is about a problem during the rollout; the end of a deployment is left to the verdict.
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

/// Returns whether the targets, read after an event, were all healthy.
fn are_healthy(snapshot: &Snapshot, event: &Event) -> bool {
    let healthy = snapshot.targets.iter().all(|target| !target.state.starts_with("unhealthy"));
    healthy && !snapshot.targets.is_empty() && snapshot.targets_at > event.created_at.0
}

fn runs(ours: &Deployment) -> bool {
    ours.running_count >= ours.desired_count
}

/// Returns whether as many tasks as desired are running or pending.
fn all_started(ours: &Deployment) -> bool {
    ours.running_count.saturating_add(ours.pending_count) >= ours.desired_count
}

/// Returns how many tasks of other deployments run.
fn others(ours: &Deployment, service: &Service) -> i64 {
    let others = service.deployments.iter().filter(|other| other.id != ours.id);
    others.fold(0, |sum, other| other.running_count.saturating_add(sum))
}

/// Returns a lifecycle hook that is running, in words.
fn hook(snapshot: &Snapshot) -> Option<String> {
    let hook = snapshot.service_deployment.as_ref()?.open_hook()?;
    Some(format!("lifecycle hook `{}` is running", hook.hook_id))
}

/// Returns, in words, that all new tasks run and old ones are still running.
fn drain(ours: &Deployment, service: &Service) -> Option<String> {
    let up = ours.desired_count > 0 && runs(ours) && ours.failed_tasks == 0;
    let waits = up && is_rolling(service) && others(ours, service) > 0;
    waits.then(|| "tasks of the previous deployment are still running".to_owned())
}

/// Returns an event's text without its link to more information.
pub(super) fn without_advice(text: &str) -> &str {
    let end = text.find(" For more information").unwrap_or(text.len());
    text[..end].trim_end().trim_end_matches('.')
}
