//! Owns the verdict by the service's deployment list: all there is without the permission for service deployments.

use super::{ROLLING_BACK, Verdict};
use crate::aws::types::{Deployment, Service, revision_of};
use crate::watch::snapshot::{Followed, Snapshot};

/// How long after the update ECS may still answer as if it had not happened, in seconds.
const STALE: f64 = 60.0;

/// In how many looks in a row our deployment has to be absent from the list to be gone.
pub(super) const ABSENT: u32 = 3;

/// In how many looks in a row a deployment has to be failed and still PRIMARY until no rollback is expected any more.
///
/// ECS begins one at once, and stalls where no deployment was ever completed (developer guide, "deployment circuit
/// breaker").
const STALLED: u32 = 15;

/// Returns the verdict by the deployments of the service.
pub(super) fn judge(followed: &Followed, snapshot: &Snapshot, service: &Service, now: f64) -> Verdict {
    let ours = followed.find(service);
    let primary = service.primary();
    match (ours, primary) {
        (Some(ours), _) if ours.status == "PRIMARY" => judge_primary(followed, ours, service, snapshot),
        (Some(_), Some(primary)) => rolled_back_or_superseded(followed, service, primary, ours),
        (Some(_), None) => Verdict::progressing("the service has no PRIMARY deployment"),
        (None, _) if snapshot.last_seen.is_none() && now - followed.created_at < STALE => {
            Verdict::progressing("ECS does not show the deployment yet")
        }
        // One answer without it, though it was there before, is as old as one from before the update.
        (None, Some(primary)) if snapshot.absent < ABSENT && !ended(followed, snapshot, service, primary) => {
            Verdict::progressing("the deployment is not in ECS's answer")
        }
        (None, Some(primary)) => {
            rolled_back_or_superseded(followed, service, primary, snapshot.last_seen.as_ref())
        }
        (None, None) => Verdict::progressing("the service has no deployments"),
    }
}

/// Returns whether it is known that our deployment ended: it was seen to fail, or ECS says that it goes back.
fn ended(followed: &Followed, snapshot: &Snapshot, service: &Service, primary: &Deployment) -> bool {
    snapshot.last_seen.as_ref().is_some_and(has_failed) || announced(followed, service, primary)
}

fn has_failed(deployment: &Deployment) -> bool {
    deployment.rollout_state.as_deref() == Some("FAILED")
}

/// Returns whether an event says that ECS goes back to this deployment.
fn announced(followed: &Followed, service: &Service, deployment: &Deployment) -> bool {
    let says =
        |message: &str| message.contains("rolling back to deployment") && message.contains(&deployment.id);
    followed.events(service).any(|event| says(&event.message))
}

fn judge_primary(followed: &Followed, ours: &Deployment, service: &Service, snapshot: &Snapshot) -> Verdict {
    match ours.rollout_state.as_deref() {
        Some("COMPLETED") => Verdict::Succeeded,
        Some("FAILED") if !rolls_back(service) && !followed.going_back => Verdict::failed(failure_of(ours)),
        Some("FAILED") if snapshot.failed >= STALLED => {
            let reason = failure_of(ours);
            Verdict::failed(format!(
                "{reason}; ECS does not roll back: no deployment before it was completed"
            ))
        }
        Some("FAILED") => Verdict::progressing(format!("{ROLLING_BACK}: {}", failure_of(ours))),
        // Without a rollout state nothing else tells: all tasks run, and no other deployment has any.
        None if service.deployments.len() == 1
            && ours.running_count == ours.desired_count
            && ours.pending_count == 0 =>
        {
            Verdict::Succeeded
        }
        _ => Verdict::progressing(counts(ours)),
    }
}

fn counts(deployment: &Deployment) -> String {
    format!("{} of {} running", deployment.running_count, deployment.desired_count)
}

fn rolls_back(service: &Service) -> bool {
    let configuration = &service.deployment_configuration;
    let breaker = &configuration.deployment_circuit_breaker;
    (breaker.enable && breaker.rollback) || (configuration.alarms.enable && configuration.alarms.rollback)
}

fn failure_of(deployment: &Deployment) -> String {
    let reason = deployment.rollout_state_reason.clone().filter(|reason| !reason.is_empty());
    reason.unwrap_or_else(|| "tasks failed to start".to_owned())
}

/// Decides when another deployment is PRIMARY: ECS went back, or somebody went on.
fn rolled_back_or_superseded(
    followed: &Followed,
    service: &Service,
    primary: &Deployment,
    ours: Option<&Deployment>,
) -> Verdict {
    if !is_rollback(followed, service, primary, ours) {
        return Verdict::Superseded { by: name(primary) };
    }
    let failed = ours.filter(|ours| has_failed(ours));
    let reason = failed.map_or_else(|| rollback_event(followed, service), failure_of);
    match primary.rollout_state.as_deref() {
        Some("COMPLETED") => {
            Verdict::RolledBack { reason, runs: revision_of(&primary.task_definition).to_owned() }
        }
        Some("FAILED") => Verdict::failed(format!("the rollback failed: {}", failure_of(primary))),
        _ => Verdict::progressing(format!("{ROLLING_BACK}: {reason}")),
    }
}

/// Returns whether the PRIMARY deployment is ECS going back: the old one itself, an older one, or a new one that says so.
fn is_rollback(
    followed: &Followed,
    service: &Service,
    primary: &Deployment,
    ours: Option<&Deployment>,
) -> bool {
    let before = followed.deployment_before.as_deref() == Some(primary.id.as_str());
    let older = primary.created_at.0 > 0.0 && primary.created_at.0 < followed.created_at;
    let good = followed.way_back.as_ref().is_some_and(|way| way.revision == primary.task_definition);
    let previous = primary.task_definition == followed.previous || good;
    // Where the deploy changed no revision, a new deployment of it after our failure is a rollback if ECS makes such.
    let returns = previous && (primary.task_definition != followed.revision || rolls_back(service));
    let failed = ours.is_some_and(has_failed);
    before || older || announced(followed, service, primary) || (returns && (failed || followed.going_back))
}

fn rollback_event(followed: &Followed, service: &Service) -> String {
    let told = followed.events(service).filter(|event| event.message.contains("deployment failed"));
    told.last().map_or_else(
        || "ECS went back to the previous deployment".to_owned(),
        |event| event.message.trim().to_owned(),
    )
}

/// Returns a PRIMARY deployment that is younger than ours and no rollback of it.
pub(super) fn newer_primary<'a>(followed: &Followed, service: &'a Service) -> Option<&'a Deployment> {
    let primary =
        service.primary().filter(|primary| followed.deployment.as_deref() != Some(primary.id.as_str()))?;
    (!is_rollback(followed, service, primary, None)).then_some(primary)
}

/// Returns a deployment's revision and id.
pub(super) fn name(deployment: &Deployment) -> String {
    format!("{} ({})", revision_of(&deployment.task_definition), deployment.id)
}
