//! Finds the newest deployment of a service, which `ecsail wait` watches. Never calls AWS.
//! The PRIMARY deployment is not always it: after a rollback, that is the old deployment, and COMPLETED.

use crate::aws::types::{Deployment, RolloutState, Service, ServiceDeployment, ServiceEvent, revision_name};
use crate::diagnose::events::{EventKind, read_event};
use crate::watch::snapshot::WatchedRollout;

/// The newest deployment.
#[derive(Debug)]
pub(super) enum NewestDeployment {
    /// It is known.
    Known(WatchedRollout),
    /// It is this one, unless the service was rolled back to it, which is unknown.
    Uncertain(WatchedRollout),
    /// ECS rolled back to this revision, and the deployment that failed is unknown.
    RolledBackTo(String),
}

/// Returns the deployment with this id, if there is one.
pub(super) fn find_deployment(
    id: &str,
    service: &Service,
    list: &[ServiceDeployment],
) -> Option<WatchedRollout> {
    let known = list.iter().find(|known| deployment_id(known).as_deref() == Some(id));
    let listed = service.deployments.iter().find(|deployment| deployment.id == id);
    (known.is_some() || listed.is_some()).then(|| watched_rollout(id, service, listed, known))
}

/// Returns the newest deployment, or `None` if the service has none.
///
/// `list` are the service deployments, newest first. It may be older than `service`.
pub(super) fn newest_deployment(service: &Service, list: &[ServiceDeployment]) -> Option<NewestDeployment> {
    let youngest =
        service.deployments.iter().max_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0)).cloned();
    if let Some((known, id)) = list.first().and_then(|known| Some((known, deployment_id(known)?)))
        && !youngest.as_ref().is_some_and(|youngest| is_list_outdated(known, &id, youngest, service))
    {
        let listed = service.deployments.iter().find(|deployment| deployment.id == id);
        return Some(NewestDeployment::Known(watched_rollout(&id, service, listed, Some(known))));
    }
    let primary = service.primary_deployment().or(youngest.as_ref())?;
    if let Some(event) = rollback_or_failure_event(service, primary) {
        let failed = failed_before_rollback(event, service, primary);
        return Some(match failed {
            Some(id) => NewestDeployment::Known(failed_rollout(&id, service, primary)),
            None => NewestDeployment::RolledBackTo(revision_name(&primary.task_definition).to_owned()),
        });
    }
    let youngest = youngest.as_ref().filter(|youngest| youngest.created_at.0 > primary.created_at.0);
    let target = youngest.unwrap_or(primary);
    let found = watched_rollout(&target.id, service, Some(target), None);
    let told = target.id != primary.id || !is_completed(primary) || has_events_before(service, primary);
    Some(if told { NewestDeployment::Known(found) } else { NewestDeployment::Uncertain(found) })
}

/// Returns the id of the deployment of a service deployment: the ARN of its target revision ends in the same number.
pub(super) fn deployment_id(known: &ServiceDeployment) -> Option<String> {
    Some(format!("ecs-svc/{}", known.target_revision_arn()?.rsplit('/').next().unwrap_or_default()))
}

fn is_completed(deployment: &Deployment) -> bool {
    deployment.rollout_state == Some(RolloutState::Completed)
}

/// Returns whether the list of service deployments lacks the youngest deployment of the service.
///
/// A rollback can be a deployment of its own, which belongs to the service deployment that failed.
fn is_list_outdated(newest: &ServiceDeployment, id: &str, youngest: &Deployment, service: &Service) -> bool {
    let back = newest.rollback.is_some() || newest.status.is_rollback();
    let over = if newest.finished_at.0 > 0.0 {
        youngest.created_at.0 >= newest.finished_at.0
    } else {
        !back && youngest.created_at.0 > newest.created_at.0
    };
    youngest.id != id && over && rollback_event(service, &youngest.id).is_none()
}

/// Returns the newest event about a rollback to a deployment.
fn rollback_event<'a>(service: &'a Service, id: &str) -> Option<&'a ServiceEvent> {
    service.events.iter().find(|event| {
        let told = read_event(&event.message);
        told.kind == EventKind::RollingBack && told.deployment == Some(id)
    })
}

/// Returns the newest event that shows that PRIMARY is a rollback: it says so, or another deployment failed since.
fn rollback_or_failure_event<'a>(service: &'a Service, primary: &Deployment) -> Option<&'a ServiceEvent> {
    let failed = |event: &&ServiceEvent| {
        failed_deployment_id(event).is_some_and(|id| id != primary.id)
            && event.created_at.0 > primary.created_at.0
    };
    rollback_event(service, &primary.id).or_else(|| service.events.iter().find(failed))
}

/// Returns the id of the deployment that an event reports as failed.
fn failed_deployment_id(event: &ServiceEvent) -> Option<&str> {
    let told = read_event(&event.message);
    told.deployment
        .filter(|_| told.kind != EventKind::RollingBack && event.message.contains("deployment failed"))
}

/// Returns the deployment that failed before the rollback: from its event, else the youngest one that is not PRIMARY.
fn failed_before_rollback(back: &ServiceEvent, service: &Service, primary: &Deployment) -> Option<String> {
    let until = back.created_at.0;
    let failed = |event: &&ServiceEvent| {
        event.created_at.0 <= until && failed_deployment_id(event) != Some(&primary.id)
    };
    let told = service.events.iter().filter(failed).find_map(failed_deployment_id);
    let others = service.deployments.iter().filter(|deployment| deployment.id != primary.id);
    let listed = others.max_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0));
    told.or(listed.map(|listed| listed.id.as_str())).map(str::to_owned)
}

/// Returns whether the events reach back to before a deployment began. ECS keeps the latest 100.
fn has_events_before(service: &Service, deployment: &Deployment) -> bool {
    service.events.iter().any(|event| event.created_at.0 < deployment.created_at.0)
}

/// Returns the deployment that failed before ECS rolled back to PRIMARY.
///
/// It may no longer be in `deployments`. Then only its events are known.
fn failed_rollout(id: &str, service: &Service, primary: &Deployment) -> WatchedRollout {
    if let Some(listed) = service.deployments.iter().find(|deployment| deployment.id == id) {
        let found = watched_rollout(id, service, Some(listed), None);
        return WatchedRollout { deployment_before: Some(primary.id.clone()), ..found };
    }
    let of_it = |event: &&ServiceEvent| read_event(&event.message).deployment == Some(id);
    let since = service.events.iter().filter(of_it).map(|event| event.created_at.0).reduce(f64::min);
    WatchedRollout {
        deployment: Some(id.to_owned()),
        created_at: since.unwrap_or(primary.created_at.0),
        deployment_before: Some(primary.id.clone()),
        previous: primary.task_definition.clone(),
        ..WatchedRollout::default()
    }
}

fn watched_rollout(
    id: &str,
    service: &Service,
    listed: Option<&Deployment>,
    known: Option<&ServiceDeployment>,
) -> WatchedRollout {
    let created = known.map(|known| known.created_at.0).or(listed.map(|listed| listed.created_at.0));
    let before = |deployment: &&Deployment| {
        deployment.id != id && deployment.created_at.0 < created.unwrap_or_default()
    };
    let before = service.deployments.iter().find(before);
    let ended = known.map_or(listed.is_some_and(is_completed), |known| known.finished_at.0 > 0.0);
    WatchedRollout {
        ended,
        deployment: Some(id.to_owned()),
        service_deployment: known.map(|known| known.service_deployment_arn.clone()),
        created_at: listed.map_or(created.unwrap_or_default(), |listed| listed.created_at.0),
        revision: listed.map_or_else(String::new, |listed| listed.task_definition.clone()),
        previous: before.map_or_else(String::new, |before| before.task_definition.clone()),
        deployment_before: before.map(|before| before.id.clone()),
        ..WatchedRollout::default()
    }
}

#[cfg(test)]
mod tests;
