//! Owns which deployment of a service is its newest: the one to wait for. Never asks AWS.
//!
//! PRIMARY is no answer: after a rollback it is the old deployment, and completed.

use crate::aws::types::{Deployment, Event, Service, ServiceDeployment, revision_of};
use crate::diagnose::events::{Kind, read};
use crate::watch::snapshot::Followed;

/// Says which deployment is the newest.
#[derive(Debug)]
pub(super) enum Newest {
    /// This one.
    Known(Followed),
    /// This one, unless it was rolled back to: nothing tells.
    Perhaps(Followed),
    /// ECS went back to this revision, and from which one is not known.
    RolledBackTo(String),
}

/// Returns the deployment of that id; nothing where there is none.
pub(super) fn named(id: &str, service: &Service, list: &[ServiceDeployment]) -> Option<Followed> {
    let known = list.iter().find(|known| id_of(known).as_deref() == Some(id));
    let listed = service.deployments.iter().find(|deployment| deployment.id == id);
    (known.is_some() || listed.is_some()).then(|| followed(id, service, listed, known))
}

/// Returns the newest deployment; nothing where there is none.
///
/// `list` are the service deployments, newest first. It may lag behind the service.
pub(super) fn newest(service: &Service, list: &[ServiceDeployment]) -> Option<Newest> {
    let youngest =
        service.deployments.iter().max_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0)).cloned();
    if let Some((known, id)) = list.first().and_then(|known| Some((known, id_of(known)?)))
        && !youngest.as_ref().is_some_and(|youngest| lags(known, &id, youngest, service))
    {
        let listed = service.deployments.iter().find(|deployment| deployment.id == id);
        return Some(Newest::Known(followed(&id, service, listed, Some(known))));
    }
    let primary = service.primary().or(youngest.as_ref())?;
    if let Some(event) = went_back(service, primary) {
        let failed = failed_before(event, service, primary);
        return Some(match failed {
            Some(id) => Newest::Known(gone(&id, service, primary)),
            None => Newest::RolledBackTo(revision_of(&primary.task_definition).to_owned()),
        });
    }
    let youngest = youngest.as_ref().filter(|youngest| youngest.created_at.0 > primary.created_at.0);
    let target = youngest.unwrap_or(primary);
    let found = followed(&target.id, service, Some(target), None);
    let told = target.id != primary.id || !is_completed(primary) || reaches_back(service, primary);
    Some(if told { Newest::Known(found) } else { Newest::Perhaps(found) })
}

/// Returns the id of the deployment that a service deployment is: its target revision ends in the same number.
fn id_of(known: &ServiceDeployment) -> Option<String> {
    Some(format!("ecs-svc/{}", known.target()?.rsplit('/').next().unwrap_or_default()))
}

fn is_completed(deployment: &Deployment) -> bool {
    deployment.rollout_state.as_deref() == Some("COMPLETED")
}

/// Returns whether the service has a deployment that the list of service deployments does not have yet.
///
/// A rollback may be a deployment of its own as well: that belongs to the service deployment that failed.
fn lags(newest: &ServiceDeployment, id: &str, youngest: &Deployment, service: &Service) -> bool {
    let back = newest.rollback.is_some() || newest.status.starts_with("ROLLBACK");
    let over = match newest.finished_at.0 > 0.0 {
        true => youngest.created_at.0 >= newest.finished_at.0,
        false => !back && youngest.created_at.0 > newest.created_at.0,
    };
    youngest.id != id && over && announcement(service, &youngest.id).is_none()
}

/// Returns the newest event that says that ECS goes back to a deployment.
fn announcement<'a>(service: &'a Service, id: &str) -> Option<&'a Event> {
    service.events.iter().find(|event| {
        let told = read(&event.message);
        told.kind == Kind::RollingBack && told.deployment == Some(id)
    })
}

/// Returns the newest event that tells that PRIMARY is a rollback: it says so, or another deployment failed since.
fn went_back<'a>(service: &'a Service, primary: &Deployment) -> Option<&'a Event> {
    let failed = |event: &&Event| {
        failed_id(event).is_some_and(|id| id != primary.id) && event.created_at.0 > primary.created_at.0
    };
    announcement(service, &primary.id).or_else(|| service.events.iter().find(failed))
}

/// Returns the id of the deployment that an event calls failed.
fn failed_id(event: &Event) -> Option<&str> {
    let told = read(&event.message);
    told.deployment.filter(|_| told.kind != Kind::RollingBack && event.message.contains("deployment failed"))
}

/// Returns the deployment that failed before ECS went back: by its event, else the youngest but PRIMARY in the list.
fn failed_before(back: &Event, service: &Service, primary: &Deployment) -> Option<String> {
    let until = back.created_at.0;
    let failed = |event: &&Event| event.created_at.0 <= until && failed_id(event) != Some(&primary.id);
    let told = service.events.iter().filter(failed).find_map(failed_id);
    let others = service.deployments.iter().filter(|deployment| deployment.id != primary.id);
    let listed = others.max_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0));
    told.or(listed.map(|listed| listed.id.as_str())).map(str::to_owned)
}

/// Returns whether the events tell all since a deployment began; ECS keeps the latest 100.
fn reaches_back(service: &Service, deployment: &Deployment) -> bool {
    service.events.iter().any(|event| event.created_at.0 < deployment.created_at.0)
}

/// Returns what is followed where a deployment failed and ECS went back to PRIMARY.
///
/// It may have left the list: then its own events are all that is known of it.
fn gone(id: &str, service: &Service, primary: &Deployment) -> Followed {
    if let Some(listed) = service.deployments.iter().find(|deployment| deployment.id == id) {
        let found = followed(id, service, Some(listed), None);
        return Followed { deployment_before: Some(primary.id.clone()), ..found };
    }
    let of_it = |event: &&Event| read(&event.message).deployment == Some(id);
    let since = service.events.iter().filter(of_it).map(|event| event.created_at.0).reduce(f64::min);
    Followed {
        deployment: Some(id.to_owned()),
        created_at: since.unwrap_or(primary.created_at.0),
        deployment_before: Some(primary.id.clone()),
        previous: primary.task_definition.clone(),
        ..Followed::default()
    }
}

fn followed(
    id: &str,
    service: &Service,
    listed: Option<&Deployment>,
    known: Option<&ServiceDeployment>,
) -> Followed {
    let created = known.map(|known| known.created_at.0).or(listed.map(|listed| listed.created_at.0));
    let before = |deployment: &&Deployment| {
        deployment.id != id && deployment.created_at.0 < created.unwrap_or_default()
    };
    let before = service.deployments.iter().find(before);
    let ended = known.map_or(listed.is_some_and(is_completed), |known| known.finished_at.0 > 0.0);
    Followed {
        ended,
        deployment: Some(id.to_owned()),
        service_deployment: known.map(|known| known.service_deployment_arn.clone()),
        created_at: listed.map_or(created.unwrap_or_default(), |listed| listed.created_at.0),
        revision: listed.map_or_else(String::new, |listed| listed.task_definition.clone()),
        previous: before.map_or_else(String::new, |before| before.task_definition.clone()),
        deployment_before: before.map(|before| before.id.clone()),
        ..Followed::default()
    }
}

#[cfg(test)]
#[path = "newest_tests.rs"]
mod tests;
