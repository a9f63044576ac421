//! Judges a rollout by the service's deployment list: the only source without permission for service deployments.

use super::{ROLLING_BACK, Verdict, is_rolling_strategy};
use crate::aws::types::{Deployment, DeploymentStatus, RolloutState, Service, revision_name};
use crate::diagnose::events::read_event;
use crate::watch::snapshot::{RolloutSnapshot, WatchedRollout};

/// How long after the update ECS may still answer with the state from before it, in seconds.
pub(super) const STALE_SECONDS: f64 = 60.0;

/// In how many polls in a row our deployment has to be absent from the list to count as gone.
pub(super) const POLLS_UNTIL_GONE: u32 = 3;

/// In how many polls in a row a deployment has to be failed and still PRIMARY until no rollback is expected any
/// more.
///
/// ECS begins a rollback at once, and stalls where no deployment was ever completed (developer guide, "deployment
/// circuit breaker").
const POLLS_UNTIL_STALLED: u32 = 15;

/// Returns the verdict by the deployments of the service.
pub(super) fn judge(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    now: f64,
) -> Verdict {
    let ours = followed.find_deployment(service);
    let primary = service.primary_deployment();
    match (ours, primary) {
        (Some(ours), _) if ours.status == DeploymentStatus::Primary => {
            judge_primary(followed, ours, service, snapshot)
        }
        (Some(_), Some(primary)) => rolled_back_or_superseded(followed, service, primary, ours),
        (Some(_), None) => Verdict::progressing("the service has no PRIMARY deployment"),
        (None, _)
            if snapshot.last_deployment.is_none()
                && now - followed.created_at < STALE_SECONDS
                && failure_event(followed, service).is_none() =>
        {
            Verdict::progressing("ECS does not show the deployment yet")
        }
        // A single answer without a deployment that was listed before is as old as one from before the update.
        (None, Some(primary))
            if snapshot.polls_without_deployment < POLLS_UNTIL_GONE
                && !has_ended(followed, snapshot, service, primary) =>
        {
            Verdict::progressing("the deployment is not in ECS's answer")
        }
        (None, Some(primary)) => {
            rolled_back_or_superseded(followed, service, primary, snapshot.last_deployment.as_ref())
        }
        (None, None) => Verdict::progressing("the service has no deployments"),
    }
}

/// Returns whether our deployment is known to have ended: it failed, or ECS has announced the rollback.
fn has_ended(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
    primary: &Deployment,
) -> bool {
    let failed = snapshot.last_deployment.as_ref().is_some_and(has_failed)
        || failure_event(followed, service).is_some();
    failed || is_rollback_announced(followed, service, primary)
}

/// Returns the service event about the failure of our deployment.
fn failure_event<'a>(followed: &WatchedRollout, service: &'a Service) -> Option<&'a str> {
    let told = followed.events_since_start(service).map(|event| event.message.trim()).filter(|message| {
        let of_ours =
            read_event(message).deployment.is_some_and(|id| Some(id) == followed.deployment.as_deref());
        of_ours && message.contains("deployment failed")
    });
    told.last()
}

fn has_failed(deployment: &Deployment) -> bool {
    deployment.rollout_state == Some(RolloutState::Failed)
}

/// Returns whether a service event announces the rollback to this deployment.
fn is_rollback_announced(followed: &WatchedRollout, service: &Service, deployment: &Deployment) -> bool {
    let says =
        |message: &str| message.contains("rolling back to deployment") && message.contains(&deployment.id);
    followed.events_since_start(service).any(|event| says(&event.message))
}

fn judge_primary(
    followed: &WatchedRollout,
    ours: &Deployment,
    service: &Service,
    snapshot: &RolloutSnapshot,
) -> Verdict {
    match &ours.rollout_state {
        Some(RolloutState::Completed) if is_service_deployment_awaited(service, snapshot) => {
            Verdict::progressing("completed in the deployment list, its service deployment cannot be read")
        }
        Some(RolloutState::Completed) => Verdict::Succeeded,
        Some(RolloutState::Failed) => {
            judge_failed(followed, service, snapshot, failure_reason(followed, service, ours))
        }
        // Without a rollout state the counts decide: all tasks run, and no other deployment has any.
        None if service.deployments.len() == 1
            && ours.running_count == ours.desired_count
            && ours.pending_count == 0 =>
        {
            Verdict::Succeeded
        }
        _ => Verdict::progressing("in progress"),
    }
}

/// Returns whether the verdict waits for the service deployment, although the last polls did not show it.
///
/// While a deployment bakes, the list may already call it completed.
fn is_service_deployment_awaited(service: &Service, snapshot: &RolloutSnapshot) -> bool {
    let bakes = service.deployment_configuration.bake_time_in_minutes.is_some_and(|minutes| minutes > 0);
    let lost = snapshot.service_deployment.is_none()
        && (snapshot.was_service_deployment_read || snapshot.is_service_deployment_unread);
    lost && (bakes || !is_rolling_strategy(service))
}

/// Returns the verdict on a deployment that has failed and is still PRIMARY.
fn judge_failed(
    followed: &WatchedRollout,
    service: &Service,
    snapshot: &RolloutSnapshot,
    reason: String,
) -> Verdict {
    if !has_automatic_rollback(service) && !followed.going_back {
        return Verdict::failed(reason);
    }
    match (&followed.way_back, snapshot.polls_failed) {
        (_, ..POLLS_UNTIL_STALLED) => Verdict::progressing(format!("{ROLLING_BACK}: {reason}")),
        (None, _) => {
            Verdict::failed(format!("{reason}; ECS cannot roll back: no earlier deployment was completed"))
        }
        (Some(_), _) => Verdict::failed(format!("{reason}; ECS has not started a rollback")),
    }
}

/// Returns whether ECS rolls a failed deployment back by itself: with any strategy but ROLLING it always does.
fn has_automatic_rollback(service: &Service) -> bool {
    let configuration = &service.deployment_configuration;
    if !is_rolling_strategy(service) {
        return true;
    }
    let breaker = &configuration.deployment_circuit_breaker;
    (breaker.enable && breaker.rollback) || (configuration.alarms.enable && configuration.alarms.rollback)
}

/// Returns why a deployment failed: its own reason, else that of the event about our deployment.
fn failure_reason(followed: &WatchedRollout, service: &Service, deployment: &Deployment) -> String {
    let says = |reason: &&str| !reason.is_empty() && !reason.ends_with("in progress.");
    let own = deployment.rollout_state_reason.as_deref().filter(says);
    let is_ours = followed.deployment.as_deref() == Some(deployment.id.as_str());
    let told = || failure_event(followed, service).filter(|_| is_ours);
    let none = if followed.going_back { "requested by ecsail" } else { "ECS gives no reason" };
    own.or_else(told).unwrap_or(none).to_owned()
}

/// Returns the verdict while another deployment is PRIMARY: ECS has rolled back, or a newer deployment has begun.
fn rolled_back_or_superseded(
    followed: &WatchedRollout,
    service: &Service,
    primary: &Deployment,
    ours: Option<&Deployment>,
) -> Verdict {
    if !is_rollback(followed, service, primary, ours) {
        return Verdict::Superseded { by: deployment_name(primary) };
    }
    let failed = ours.filter(|ours| has_failed(ours));
    let reason = failed.map_or_else(
        || rollback_reason(followed, service),
        |failed| failure_reason(followed, service, failed),
    );
    match &primary.rollout_state {
        Some(RolloutState::Completed) => {
            Verdict::RolledBack { reason, runs: revision_name(&primary.task_definition).to_owned() }
        }
        Some(RolloutState::Failed) => {
            Verdict::failed(format!("the rollback failed: {}", failure_reason(followed, service, primary)))
        }
        _ => Verdict::progressing(format!("{ROLLING_BACK}: {reason}")),
    }
}

/// Returns whether the PRIMARY deployment is a rollback by ECS: the previous one, an older one, or a new one that
/// an event announces.
fn is_rollback(
    followed: &WatchedRollout,
    service: &Service,
    primary: &Deployment,
    ours: Option<&Deployment>,
) -> bool {
    let before = followed.deployment_before.as_deref() == Some(primary.id.as_str());
    let older = primary.created_at.0 > 0.0 && primary.created_at.0 < followed.created_at;
    let good = followed.way_back.as_ref().is_some_and(|way| way.revision == primary.task_definition);
    let previous = primary.task_definition == followed.previous || good;
    // Where the deploy kept the revision, a new deployment of it after our failure is a rollback if ECS rolls back
    // by itself.
    let returns =
        previous && (primary.task_definition != followed.revision || has_automatic_rollback(service));
    let failed = ours.is_some_and(has_failed) || failure_event(followed, service).is_some();
    before
        || older
        || is_rollback_announced(followed, service, primary)
        || (returns && (failed || followed.going_back))
}

fn rollback_reason(followed: &WatchedRollout, service: &Service) -> String {
    let told =
        followed.events_since_start(service).filter(|event| event.message.contains("deployment failed"));
    told.last().map_or_else(|| "ECS gives no reason".to_owned(), |event| event.message.trim().to_owned())
}

/// Returns whether our deployment is PRIMARY and in progress.
pub(super) fn is_in_progress(followed: &WatchedRollout, service: &Service) -> bool {
    let ours = followed.find_deployment(service).filter(|ours| ours.status == DeploymentStatus::Primary);
    ours.is_some_and(|ours| ours.rollout_state == Some(RolloutState::InProgress))
}

/// Returns the PRIMARY deployment, if it is newer than ours and not a rollback.
pub(super) fn newer_primary<'a>(followed: &WatchedRollout, service: &'a Service) -> Option<&'a Deployment> {
    let primary = service
        .primary_deployment()
        .filter(|primary| followed.deployment.as_deref() != Some(primary.id.as_str()))?;
    (!is_rollback(followed, service, primary, None)).then_some(primary)
}

/// Returns a deployment's revision and id: `web:12 (ecs-svc/0123)`.
pub(super) fn deployment_name(deployment: &Deployment) -> String {
    format!("{} ({})", revision_name(&deployment.task_definition), deployment.id)
}
