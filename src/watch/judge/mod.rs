//! Judges a rollout by what was polled. Pure.
//!
//! A deployment is identified by its id, and only its own SUCCESSFUL or COMPLETED is success. "One deployment left"
//! and "steady state" are also true after a rollback, so they prove nothing. What is unknown is
//! [`Verdict::Progressing`]: neither success nor failure by default.

use serde::Serialize;

use super::snapshot::{RolloutSnapshot, WatchUntil, WatchedRollout};
use crate::aws::types::{
    ControllerType, LifecycleStage, Service, ServiceDeployment, ServiceDeploymentStatus, ServiceStatus,
    revision_name,
};
use deployment_list::{STALE_SECONDS, deployment_name, newer_primary};

mod crash_loop;
pub mod deployment_list;
mod stall_reason;
pub mod stuck;

/// In how many polls in a row a service has to be missing to count as deleted.
const POLLS_UNTIL_DELETED: u32 = 3;

/// In how many polls in a row a service deployment has to be stopped until no other is expected to supersede it.
const POLLS_UNTIL_STOPPED: u32 = 3;

/// The verdict on a rollout.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is in progress.
    Progressing { detail: String },
    /// This deployment succeeded.
    Succeeded,
    /// It has reached the requested stage, and continues.
    Reached { stage: String },
    /// ECS rolled it back, and the previous revision runs again.
    RolledBack { reason: String, runs: String },
    /// It ended without success.
    Failed { reason: String },
    /// Another deployment replaced it.
    Superseded { by: String },
    /// A lifecycle hook waits for an answer (`ecsail continue`).
    AwaitingHook { hook: String },
    /// It can no longer succeed, although ECS keeps trying.
    Stuck { reason: String },
}

impl Verdict {
    /// Returns whether the verdict ends the watch.
    pub fn is_final(&self) -> bool {
        !matches!(self, Verdict::Progressing { .. } | Verdict::AwaitingHook { .. })
    }

    /// Returns whether a rollback is in progress.
    pub fn is_rolling_back(&self) -> bool {
        matches!(self, Verdict::Progressing { detail } if detail.starts_with(ROLLING_BACK))
    }

    fn progressing(detail: impl Into<String>) -> Verdict {
        Verdict::Progressing { detail: detail.into() }
    }

    fn failed(reason: impl Into<String>) -> Verdict {
        Verdict::Failed { reason: reason.into() }
    }
}

/// The prefix of `detail` while a rollback is in progress.
const ROLLING_BACK: &str = "rolling back";

/// Returns the verdict on a watched deployment.
///
/// `now` is in seconds since 1970, on the clock of the API.
pub fn judge(followed: &WatchedRollout, snapshot: &RolloutSnapshot, now: f64) -> Verdict {
    let Some(service) = snapshot.service.as_ref().filter(|_| !is_creation_unseen(followed, snapshot, now))
    else {
        // A single answer without the service proves nothing: answers of ECS may contradict each other for a
        // moment.
        return match snapshot.polls_without_service {
            _ if is_creation_unseen(followed, snapshot, now) => {
                Verdict::progressing("ECS does not show the service yet")
            }
            0..POLLS_UNTIL_DELETED => Verdict::progressing("the service is not in ECS's answer"),
            _ => Verdict::failed("the service was deleted"),
        };
    };
    if service.status == ServiceStatus::Inactive {
        return Verdict::failed("the service was deleted");
    }
    if service.status == ServiceStatus::Draining {
        return Verdict::progressing("the service is being deleted");
    }
    if let Some(detail) = other_controller_text(service) {
        return Verdict::progressing(detail);
    }
    let by_list = deployment_list::judge(followed, snapshot, service, now);
    let verdict = match &snapshot.service_deployment {
        Some(deployment) => judge_service_deployment(followed, snapshot, deployment, service, by_list),
        None => by_list,
    };
    if verdict.is_final() || verdict.is_rolling_back() || followed.going_back {
        return verdict;
    }
    let own = reached_stage(followed, snapshot).or_else(|| stuck::judge(followed, snapshot, service, now));
    own.unwrap_or_else(|| with_stall_reason(verdict, followed, snapshot, service))
}

/// Returns whether ECS may still answer as before the creation of the service: without it, or with a deleted one of its name.
fn is_creation_unseen(followed: &WatchedRollout, snapshot: &RolloutSnapshot, now: f64) -> bool {
    let is_gone = |service: &Service| service.status == ServiceStatus::Inactive;
    followed.created
        && snapshot.last_deployment.is_none()
        && snapshot.service.as_ref().is_none_or(is_gone)
        && now - followed.created_at < STALE_SECONDS
}

/// Returns the verdict; while the rollout is in progress, with the reason why it does not advance, where ECS gives
/// one.
fn with_stall_reason(
    verdict: Verdict,
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    service: &Service,
) -> Verdict {
    match (verdict, stall_reason::stall_reason(followed, snapshot, service)) {
        (Verdict::Progressing { detail }, Some(why)) => Verdict::progressing(format!("{detail}; {why}")),
        (verdict, _) => verdict,
    }
}

/// Returns whether tasks are replaced one by one, as opposed to two whole sets side by side.
pub(super) fn is_rolling_strategy(service: &Service) -> bool {
    matches!(service.deployment_configuration.strategy.as_deref(), None | Some("" | "ROLLING"))
}

/// Returns whether the service's list of deployments shows all that a verdict needs: there is no bake time, no alarm and no
/// lifecycle hook, which only the service deployment shows.
pub(super) fn is_decided_by_list(service: &Service) -> bool {
    let configuration = &service.deployment_configuration;
    let bakes = configuration.bake_time_in_minutes.is_some_and(|minutes| minutes > 0);
    is_rolling_strategy(service)
        && !bakes
        && !configuration.alarms.enable
        && configuration.lifecycle_hooks.is_empty()
}

/// Describes the task sets of a service whose deployments another controller manages; there is no verdict on them.
fn other_controller_text(service: &Service) -> Option<String> {
    let mover = match &service.deployment_controller.kind {
        _ if service.deployment_controller.is_ecs() => return None,
        ControllerType::CodeDeploy => "CodeDeploy",
        _ => "an external controller",
    };
    let sets: Vec<String> = service
        .task_sets
        .iter()
        .map(|set| {
            let stability = set.stability_status.as_deref().unwrap_or("of unknown stability");
            let (running, desired) = (set.running_count, set.computed_desired_count);
            format!("{} {} {running} of {desired} running, {stability}", set.status, set.id)
        })
        .collect();
    let sets = if sets.is_empty() { "it has no task set".to_owned() } else { sets.join("; ") };
    Some(format!("{mover} manages the deployments of this service, ecsail only watches: {sets}"))
}

/// Returns the verdict by the service deployment, the first source. `otherwise` is the verdict by the deployment
/// list.
fn judge_service_deployment(
    followed: &WatchedRollout,
    snapshot: &RolloutSnapshot,
    deployment: &ServiceDeployment,
    service: &Service,
    otherwise: Verdict,
) -> Verdict {
    let reason = || ecs_reason_or_none_given(deployment);
    match &deployment.status {
        ServiceDeploymentStatus::Successful => Verdict::Succeeded,
        ServiceDeploymentStatus::RollbackSuccessful => {
            Verdict::RolledBack { reason: reason(), runs: running_revision(followed, service) }
        }
        ServiceDeploymentStatus::RollbackFailed => {
            Verdict::failed(format!("the rollback failed: {}", reason()))
        }
        ServiceDeploymentStatus::Stopped => match newer_primary(followed, service) {
            Some(by) => Verdict::Superseded { by: deployment_name(by) },
            // The list may be older, and not show yet what superseded it.
            None if snapshot.polls_stopped < POLLS_UNTIL_STOPPED
                && deployment_list::is_in_progress(followed, service) =>
            {
                Verdict::progressing("stopped")
            }
            None => Verdict::failed(format!("the deployment was stopped: {}", reason())),
        },
        ServiceDeploymentStatus::StopRequested => match newer_primary(followed, service) {
            Some(by) => Verdict::Superseded { by: deployment_name(by) },
            None => Verdict::progressing("stopping"),
        },
        ServiceDeploymentStatus::RollbackRequested | ServiceDeploymentStatus::RollbackInProgress => {
            match ecs_reason(deployment) {
                Some(reason) => Verdict::progressing(format!("{ROLLING_BACK}: {reason}")),
                None => Verdict::progressing(ROLLING_BACK),
            }
        }
        // It was not read in this poll, and the list is newer.
        _ if snapshot.is_service_deployment_skipped && otherwise == Verdict::Succeeded => otherwise,
        // The circuit breaker without rollback does not change the service deployment.
        _ => match otherwise {
            Verdict::Progressing { .. } if deployment.waiting_hook_id().is_some() => {
                Verdict::AwaitingHook { hook: deployment.waiting_hook_id().unwrap_or_default().to_owned() }
            }
            Verdict::Failed { reason } => Verdict::failed(with_alarms(reason, deployment)),
            Verdict::Superseded { .. } => otherwise,
            // The list was read later: it may show a rollback that the service deployment did not show yet.
            ref going_back if going_back.is_rolling_back() => otherwise,
            Verdict::RolledBack { reason, .. } => Verdict::progressing(format!("{ROLLING_BACK}: {reason}")),
            // The list of service deployments gives no stage, and its status is out of date.
            _ if snapshot.is_service_deployment_skipped && deployment.lifecycle_stage.is_none() => otherwise,
            _ => Verdict::progressing(stage_in_words(deployment)),
        },
    }
}

/// Returns why a service deployment ended: the rollback's reason, with the alarms that were triggered.
pub fn ecs_reason_or_none_given(deployment: &ServiceDeployment) -> String {
    ecs_reason(deployment).unwrap_or_else(|| "ECS gives no reason".to_owned())
}

/// Returns ECS's reason for the end of a service deployment, if there is one.
pub fn ecs_reason(deployment: &ServiceDeployment) -> Option<String> {
    let rollback = deployment.rollback.as_ref().and_then(|rollback| rollback.reason.clone());
    let reason = rollback.or_else(|| deployment.status_reason.clone()).filter(|reason| !reason.is_empty());
    let alarms = !deployment.alarms.triggered_alarm_names.is_empty();
    let reason = reason.or_else(|| alarms.then(|| "an alarm was triggered".to_owned()))?;
    Some(with_alarms(reason, deployment))
}

fn with_alarms(reason: String, deployment: &ServiceDeployment) -> String {
    match deployment.alarms.triggered_alarm_names.as_slice() {
        [] => reason,
        names => format!("{reason} (in alarm: {})", names.join(", ")),
    }
}

/// Returns the lifecycle stage in words; an unknown stage as ECS names it.
fn stage_in_words(deployment: &ServiceDeployment) -> String {
    deployment.lifecycle_stage.as_ref().map_or_else(|| deployment.status.in_words(), LifecycleStage::in_words)
}

/// Returns a name of the API in words: `BAKE_TIME` is `bake time`.
pub fn api_name_in_words(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

/// Returns the verdict where the rollout has reached the stage up to which it is watched.
fn reached_stage(followed: &WatchedRollout, snapshot: &RolloutSnapshot) -> Option<Verdict> {
    let WatchUntil::Stage(wanted) = &followed.until else { return None };
    let deployment = snapshot.service_deployment.as_ref()?;
    // A deployment that is being stopped advances no further, whatever its stage.
    if !matches!(deployment.status, ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress) {
        return None;
    }
    let stage = deployment.lifecycle_stage.as_ref()?;
    let wanted = LifecycleStage::from(wanted.as_str());
    // An unknown stage has no place in the order.
    let there = *stage == wanted || (stage.is_known() && wanted.is_known() && *stage > wanted);
    there.then(|| Verdict::Reached { stage: stage.in_words() })
}

/// Returns the lifecycle stage that an argument names: `bake`, `BAKE_TIME` and `bake-time` are the same.
pub fn parse_stage(text: &str) -> String {
    let name = text.to_uppercase().replace(['-', ' '], "_");
    if name == "BAKE" { "BAKE_TIME".to_owned() } else { name }
}

/// Returns whether a lifecycle stage of this name is known.
pub fn is_stage(name: &str) -> bool {
    LifecycleStage::from(name).is_known()
}

/// Returns the revision that runs after a rollback; an older list still shows ours.
fn running_revision(followed: &WatchedRollout, service: &Service) -> String {
    let ours = followed.deployment.as_deref();
    let primary = service.primary_deployment().filter(|primary| ours != Some(primary.id.as_str()));
    let before = followed.way_back.as_ref().map_or(&followed.previous, |way| &way.revision);
    revision_name(primary.map_or(before, |primary| &primary.task_definition)).to_owned()
}

#[cfg(test)]
mod tests;
