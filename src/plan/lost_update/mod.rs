//! What an update did whose answer was lost, from what its service shows afterwards. Pure.

use serde_json::Value;

use super::Revision;
use super::service_state::{ServiceState, StateChange};
use super::types::ServicePlan;
use crate::aws::types::{Deployment, Service, ServiceDeployment};

/// What a service shows after an update without an answer.
#[derive(Clone, Debug, Default)]
pub struct UpdateTraces {
    pub service: Service,
    /// The service as `DescribeServices` returns it; `None` if it was not found.
    pub document: Option<Value>,
    /// The service deployments that began after the plan, each with the ARN of its task definition; empty where they
    /// cannot be read.
    pub since: Vec<(ServiceDeployment, String)>,
}

/// A deployment that an update started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartedDeployment {
    pub id: String,
    /// The ARN of its task definition.
    pub revision: String,
    /// In seconds since 1970.
    pub created_at: f64,
    /// The ARN of its service deployment, where only that shows it.
    pub service_deployment: Option<String>,
}

/// What an update did.
#[derive(Clone, Debug, PartialEq)]
pub enum LostUpdate {
    /// It started this deployment.
    Started(StartedDeployment),
    /// It changed the attributes, and started no deployment.
    Applied,
    /// The service is as it was before.
    AsBefore,
    /// The service is neither as before nor as the update leaves it.
    Foreign(StateChange),
}

/// Returns what an update to a revision did.
pub fn judge_lost_update(plan: &ServicePlan, revision: &str, traces: &UpdateTraces) -> LostUpdate {
    let own = plan.observed.unseen_deployments(&traces.service);
    let own = own.into_iter().filter(|known| known.task_definition == revision);
    if let Some(own) = own.max_by(|a, b| a.created_at.0.total_cmp(&b.created_at.0)) {
        return LostUpdate::Started(StartedDeployment::from_deployment(own));
    }
    let mut since =
        traces.since.iter().filter(|(known, _)| !plan.observed.deployments.contains(&deployment_id(known)));
    let newest = since.clone().next();
    if let Some(own) = since.find(|(_, definition)| definition == revision) {
        return LostUpdate::Started(of_service_deployment(&own.0, revision));
    }
    let change = plan.observed.change(traces.document.as_ref());
    let starts = plan.after != Revision::Same || !plan.reasons.is_empty();
    if !starts && is_applied(plan, change.as_ref()) {
        return LostUpdate::Applied;
    }
    if let Some(change) = change {
        return LostUpdate::Foreign(change);
    }
    // A deployment may have come and gone: ECS brings back the deployment before, with the id that it had.
    if let Some((other, definition)) = newest {
        let id = deployment_id(other);
        let (revision, created_at) = (definition.clone(), other.created_at.0);
        return LostUpdate::Foreign(StateChange::OtherDeployment { id, revision, created_at });
    }
    match unknown_deployment_in_events(&plan.observed, &traces.service) {
        Some((id, created_at)) => {
            let revision = "an unknown revision".to_owned();
            LostUpdate::Foreign(StateChange::OtherDeployment { id, revision, created_at })
        }
        None => LostUpdate::AsBefore,
    }
}

/// Returns the deployments that the update replaced and that the plan did not see, oldest last: those that the service
/// shows, and those that had no task yet and are only among its service deployments.
pub fn unseen_before(
    plan: &ServicePlan,
    own: &StartedDeployment,
    traces: &UpdateTraces,
) -> Vec<StartedDeployment> {
    let shown = plan.observed.unseen_deployments(&traces.service);
    let shown = shown.into_iter().map(StartedDeployment::from_deployment);
    let listed = traces.since.iter().map(|(known, revision)| of_service_deployment(known, revision));
    let listed = listed.filter(|known| !plan.observed.deployments.contains(&known.id));
    let mut unseen: Vec<StartedDeployment> = Vec::new();
    for known in shown.chain(listed) {
        let is_known = known.id == own.id || unseen.iter().any(|other| other.id == known.id);
        if !is_known && known.created_at <= own.created_at {
            unseen.push(known);
        }
    }
    unseen
}

/// Returns whether the service deployments of `traces` are newer than the deployment `own`: a list without it is older.
pub fn lists_own(own: &StartedDeployment, traces: &UpdateTraces) -> bool {
    traces.since.iter().any(|(known, _)| deployment_id(known) == own.id)
}

/// Returns whether the attributes that the update sends are those that changed.
fn is_applied(plan: &ServicePlan, change: Option<&StateChange>) -> bool {
    let Some(StateChange::Attributes { members }) = change else { return false };
    members.iter().all(|member| plan.members.contains_key(member))
}

impl StartedDeployment {
    /// Returns a deployment that the service shows.
    pub fn from_deployment(known: &Deployment) -> StartedDeployment {
        StartedDeployment {
            id: known.id.clone(),
            revision: known.task_definition.clone(),
            created_at: known.created_at.0,
            service_deployment: None,
        }
    }
}

fn of_service_deployment(known: &ServiceDeployment, revision: &str) -> StartedDeployment {
    StartedDeployment {
        id: deployment_id(known),
        revision: revision.to_owned(),
        created_at: known.created_at.0,
        service_deployment: Some(known.service_deployment_arn.clone()),
    }
}

/// Returns the id that the deployment of a service deployment has: that of its service revision.
fn deployment_id(known: &ServiceDeployment) -> String {
    let revision = known.target_revision_arn().unwrap_or_default();
    format!("ecs-svc/{}", revision.rsplit('/').next().unwrap_or_default())
}

/// Returns the id of a deployment that events since the plan name and that the plan did not see, and the time of the event.
fn unknown_deployment_in_events(observed: &ServiceState, service: &Service) -> Option<(String, f64)> {
    let since = service.events.iter().filter(|event| event.created_at.0 > observed.newest_at);
    since.into_iter().find_map(|event| {
        let named = event.message.split(|mark: char| mark.is_whitespace() || "().,".contains(mark));
        let mut ids = named.filter(|word| word.starts_with("ecs-svc/"));
        let unknown = ids.find(|id| !observed.deployments.iter().any(|known| known == id))?;
        Some((unknown.to_owned(), event.created_at.0))
    })
}

#[cfg(test)]
mod tests;
