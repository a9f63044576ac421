//! Owns the verdict on a rollout: a pure function of what was seen.
//!
//! A deployment is followed by its identity, and only its own SUCCESSFUL or COMPLETED is success.
//! "One deployment left" and "steady state" are also true after a rollback, so they prove nothing. What is not known is
//! [`Verdict::Progressing`]: never success, and never failure, by default.

use serde::Serialize;

use super::snapshot::{Followed, Snapshot};
use crate::aws::types::{Deployment, Service, ServiceDeployment, Task, Threshold, revision_of};
use crate::diagnose::Signature;

/// How long after the update ECS may still answer as if it had not happened, in seconds.
const STALE: f64 = 60.0;

/// In how many looks in a row a service has to be missing to count as deleted.
const MISSING: u32 = 3;

/// In how many looks in a row a deployment has to be failed and still PRIMARY until no rollback is expected any more.
///
/// ECS begins one at once, and stalls where no deployment was ever completed (developer guide, "deployment circuit
/// breaker").
const STALLED: u32 = 15;

/// The fewest and the most failures at which the circuit breaker trips (developer guide, "deployment circuit breaker").
const FEWEST: i64 = 3;
const MOST: i64 = 200;

/// Says what became of a rollout.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Still under way.
    Progressing { detail: String },
    /// This deployment is done.
    Succeeded,
    /// ECS took it back, and the previous revision runs again.
    RolledBack { reason: String, runs: String },
    /// It ended without success.
    Failed { reason: String },
    /// Another deployment took its place.
    Superseded { by: String },
    /// A lifecycle hook waits for somebody.
    AwaitingHook { hook: String },
    /// It cannot succeed any more, though ECS goes on trying.
    Stuck { reason: String },
}

impl Verdict {
    /// Returns whether there is nothing more to wait for.
    pub fn is_final(&self) -> bool {
        !matches!(self, Verdict::Progressing { .. } | Verdict::AwaitingHook { .. })
    }

    fn progressing(detail: impl Into<String>) -> Verdict {
        Verdict::Progressing { detail: detail.into() }
    }

    fn failed(reason: impl Into<String>) -> Verdict {
        Verdict::Failed { reason: reason.into() }
    }
}

/// Returns the verdict on a followed deployment.
///
/// `now` is in seconds since 1970, on the clock of the API.
pub fn judge(followed: &Followed, snapshot: &Snapshot, now: f64) -> Verdict {
    let Some(service) = &snapshot.service else {
        // One answer without it is no proof; ECS may not know its own mind for a moment.
        return match snapshot.missing {
            0..MISSING => Verdict::progressing("the service is not in ECS's answer"),
            _ => Verdict::failed("the service was deleted"),
        };
    };
    if service.status == "INACTIVE" {
        return Verdict::failed("the service was deleted");
    }
    let by_deployments = judge_deployments(followed, snapshot, service, now);
    let verdict = match &snapshot.service_deployment {
        Some(deployment) => judge_service_deployment(followed, deployment, service, by_deployments),
        None => by_deployments,
    };
    match verdict {
        Verdict::Progressing { ref detail } if !detail.starts_with(ROLLING_BACK) => {
            stuck(followed, snapshot, service).unwrap_or(verdict)
        }
        other => other,
    }
}

/// How the detail of a rollback under way begins.
const ROLLING_BACK: &str = "rolling back";

/// Decides by the service deployment, the first source. `otherwise` is what the deployment list says.
fn judge_service_deployment(
    followed: &Followed,
    deployment: &ServiceDeployment,
    service: &Service,
    otherwise: Verdict,
) -> Verdict {
    let reason = || reason_of(deployment);
    match deployment.status.as_str() {
        "SUCCESSFUL" => Verdict::Succeeded,
        "ROLLBACK_SUCCESSFUL" => Verdict::RolledBack { reason: reason(), runs: running_revision(service) },
        "ROLLBACK_FAILED" => Verdict::failed(format!("the rollback failed: {}", reason())),
        "STOPPED" => match newer_primary(followed, service) {
            Some(by) => Verdict::Superseded { by: name(by) },
            None => Verdict::failed(format!("the deployment was stopped: {}", reason())),
        },
        "STOP_REQUESTED" => match newer_primary(followed, service) {
            Some(by) => Verdict::Superseded { by: name(by) },
            None => Verdict::progressing("stopping"),
        },
        "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => {
            Verdict::progressing(format!("{ROLLING_BACK}: {}", reason()))
        }
        // The circuit breaker without rollback leaves the service deployment as it is.
        _ => match otherwise {
            Verdict::Progressing { .. } if deployment.waiting_hook().is_some() => {
                Verdict::AwaitingHook { hook: deployment.waiting_hook().unwrap_or_default().to_owned() }
            }
            Verdict::Failed { .. } | Verdict::Superseded { .. } => otherwise,
            // The list was read later: it may show a rollback that the service deployment did not have yet.
            Verdict::Progressing { ref detail } if detail.starts_with(ROLLING_BACK) => otherwise,
            Verdict::RolledBack { reason, .. } => Verdict::progressing(format!("{ROLLING_BACK}: {reason}")),
            _ => Verdict::progressing(stage(deployment)),
        },
    }
}

fn reason_of(deployment: &ServiceDeployment) -> String {
    let rollback = deployment.rollback.as_ref().and_then(|rollback| rollback.reason.clone());
    let reason = rollback.or_else(|| deployment.status_reason.clone());
    reason.unwrap_or_else(|| "ECS gives no reason".to_owned())
}

/// Returns the lifecycle stage in words; stages of tomorrow are shown as they are named.
fn stage(deployment: &ServiceDeployment) -> String {
    let stage = deployment.lifecycle_stage.as_deref().unwrap_or(&deployment.status);
    stage.to_lowercase().replace('_', " ")
}

/// Decides by the deployments of the service: all there is without the permission for service deployments.
fn judge_deployments(followed: &Followed, snapshot: &Snapshot, service: &Service, now: f64) -> Verdict {
    let ours = followed.find(service);
    let primary = service.primary();
    match (ours, primary) {
        (Some(ours), _) if ours.status == "PRIMARY" => judge_primary(ours, service, snapshot),
        (Some(ours), Some(primary)) if ours.rollout_state.as_deref() == Some("FAILED") => {
            rolled_back_or_superseded(followed, service, primary, Some(ours))
        }
        (Some(_), Some(primary)) => rolled_back_or_superseded(followed, service, primary, ours),
        (Some(_), None) => Verdict::progressing("the service has no PRIMARY deployment"),
        (None, _) if snapshot.last_seen.is_none() && now - followed.created_at < STALE => {
            Verdict::progressing("ECS does not show the deployment yet")
        }
        // One answer without it, though it was there before, is as old as one from before the update.
        (None, Some(primary))
            if snapshot.absent < MISSING && !ended(followed, snapshot, service, primary) =>
        {
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
    let failed = snapshot.last_seen.as_ref().and_then(|seen| seen.rollout_state.as_deref()) == Some("FAILED");
    let announced =
        |message: &str| message.contains("rolling back to deployment") && message.contains(&primary.id);
    failed || events(followed, service).any(announced)
}

fn judge_primary(ours: &Deployment, service: &Service, snapshot: &Snapshot) -> Verdict {
    match ours.rollout_state.as_deref() {
        Some("COMPLETED") => Verdict::Succeeded,
        Some("FAILED") if rolls_back(service) && snapshot.failed >= STALLED => {
            let reason = failure_of(ours);
            Verdict::failed(format!(
                "{reason}; ECS does not roll back: no deployment before it was completed"
            ))
        }
        Some("FAILED") if rolls_back(service) => {
            Verdict::progressing(format!("{ROLLING_BACK}: {}", failure_of(ours)))
        }
        Some("FAILED") => Verdict::failed(failure_of(ours)),
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
    let failed = ours.filter(|ours| ours.rollout_state.as_deref() == Some("FAILED"));
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
    let announced = events(followed, service)
        .any(|message| message.contains("rolling back to deployment") && message.contains(&primary.id));
    let failed = ours.is_some_and(|ours| ours.rollout_state.as_deref() == Some("FAILED"));
    let previous =
        primary.task_definition == followed.previous && primary.task_definition != followed.revision;
    before || older || announced || (failed && previous)
}

fn rollback_event(followed: &Followed, service: &Service) -> String {
    let told = events(followed, service).find(|message| message.contains("deployment failed"));
    told.map_or_else(
        || "ECS went back to the previous deployment".to_owned(),
        |message| message.trim().to_owned(),
    )
}

/// Returns the messages of the events since the deployment began, newest first.
fn events<'a>(followed: &'a Followed, service: &'a Service) -> impl Iterator<Item = &'a str> {
    let since = followed.created_at - 1.0;
    service.events.iter().filter(move |event| event.created_at.0 >= since).map(|event| event.message.as_str())
}

/// Returns a PRIMARY deployment that is younger than ours and no rollback of it.
fn newer_primary<'a>(followed: &Followed, service: &'a Service) -> Option<&'a Deployment> {
    let primary =
        service.primary().filter(|primary| followed.deployment.as_deref() != Some(primary.id.as_str()))?;
    (!is_rollback(followed, service, primary, None)).then_some(primary)
}

fn name(deployment: &Deployment) -> String {
    format!("{} ({})", revision_of(&deployment.task_definition), deployment.id)
}

fn running_revision(service: &Service) -> String {
    let primary = service.primary().map(|primary| primary.task_definition.as_str());
    revision_of(primary.unwrap_or(&service.task_definition)).to_owned()
}

/// Returns the verdict on a deployment whose tasks fail in the same way again and again.
///
/// Where the circuit breaker is on, ECS decides; but ECS slows down failing starts until the
/// breaker may never trip, so at twice its threshold the verdict is ours.
fn stuck(followed: &Followed, snapshot: &Snapshot, service: &Service) -> Option<Verdict> {
    let ours = followed.find(service);
    // All tasks run and none has failed since: whatever failed before has healed.
    if ours.is_some_and(|ours| ours.running_count >= ours.desired_count && ours.failed_tasks == 0) {
        return None;
    }
    let desired = ours.map_or(service.desired_count, |ours| ours.desired_count);
    let breaker = &service.deployment_configuration.deployment_circuit_breaker;
    let reported = snapshot
        .service_deployment
        .as_ref()
        .and_then(|deployment| deployment.deployment_circuit_breaker.as_ref());
    let reported = reported.map(|state| state.threshold).filter(|threshold| *threshold > 0);
    let threshold =
        reported.unwrap_or_else(|| breaker_threshold(desired, breaker.threshold_configuration.as_ref()));
    let allowed = if breaker.enable { threshold * 2 } else { threshold };
    let since = |task: &&Task| task.stopped_at.0 > snapshot.healed_at || snapshot.healed_at == 0.0;
    let (signature, count) = most_frequent(snapshot.stopped.iter().filter(since))?;
    // A target that is unhealthy often heals: it takes more to call that hopeless.
    let allowed = if signature.heals() { allowed * 2 } else { allowed };
    let reason = format!("{count} tasks ended in the same way: {signature}");
    (count >= allowed).then_some(Verdict::Stuck { reason })
}

/// Returns after how many failures the circuit breaker trips: half the desired count, from 3 to 200, unless configured.
///
/// API reference, DeploymentCircuitBreaker, `thresholdConfiguration`.
pub fn breaker_threshold(desired: i64, configured: Option<&Threshold>) -> i64 {
    let percent = |value: i64| (desired * value + 99) / 100;
    match configured.map(|threshold| (threshold.kind.as_str(), threshold.value)) {
        Some(("COUNT", count)) => count.max(1),
        Some(("BOUNDED_PERCENT", value)) => percent(value).clamp(FEWEST, MOST),
        Some(("UNBOUNDED_PERCENT", value)) => percent(value).max(1),
        _ => percent(50).clamp(FEWEST, MOST),
    }
}

/// Returns the most frequent way in which tasks failed, and how often.
fn most_frequent<'a>(stopped: impl Iterator<Item = &'a Task>) -> Option<(Signature, i64)> {
    let mut counted: std::collections::BTreeMap<Signature, i64> = std::collections::BTreeMap::new();
    for signature in stopped.filter_map(Signature::of) {
        *counted.entry(signature).or_default() += 1;
    }
    counted.into_iter().max_by_key(|(_, count)| *count)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
