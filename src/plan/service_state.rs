//! The state of a service that a plan was made for, and how it differs from a later one. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rollback::normal_attributes;
use super::service::complete::known_members;
use super::service::restore::UPDATE;
use crate::aws::types::{Deployment, RolloutState, Service, ServiceStatus, parse_view, revision_name};
use crate::document::model::model;

/// Members of `UpdateService` that change without a deploy: autoscaling sets the number of tasks.
const CHANGED_BY_OTHERS: &[&str] = &["desiredCount"];

/// The state of a service that a plan depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceState {
    /// The ARN of the task definition.
    pub task_definition: String,
    /// The id and the rollout state of the PRIMARY deployment.
    pub primary: Option<(String, Option<RolloutState>)>,
    /// The ids of all deployments.
    pub deployments: Vec<String>,
    /// The attributes that `UpdateService` takes, in normal form.
    pub attributes: Map<String, Value>,
    /// The newest time that the service shows, on the clock of the API, in seconds since 1970.
    pub newest_at: f64,
}

/// How a service differs from the state that a plan was made for.
#[derive(Clone, Debug, PartialEq)]
pub enum StateChange {
    /// It no longer exists, or is being deleted.
    Gone,
    /// It has another PRIMARY deployment.
    OtherDeployment {
        id: String,
        /// The ARN of its task definition.
        revision: String,
        /// In seconds since 1970.
        created_at: f64,
    },
    /// The same deployment has another rollout state.
    OtherRolloutState { id: String, state: String },
    /// It has another task definition, and the same deployment.
    OtherDefinition { revision: String },
    /// These attributes differ.
    Attributes { members: Vec<String> },
}

impl ServiceState {
    /// Returns the state of a service as `DescribeServices` or `UpdateService` returned it.
    pub fn new(service: &Service, document: &Value) -> ServiceState {
        let primary = service.primary_deployment();
        let members = document.as_object().cloned().unwrap_or_default();
        let mut attributes = normal_attributes(&members);
        attributes.retain(|member, _| !CHANGED_BY_OTHERS.contains(&member.as_str()));
        attributes.iter_mut().for_each(|(member, value)| keep_settable(member, value));
        ServiceState {
            task_definition: service.task_definition.clone(),
            primary: primary.map(|primary| (primary.id.clone(), primary.rollout_state.clone())),
            deployments: service.deployments.iter().map(|known| known.id.clone()).collect(),
            attributes,
            newest_at: newest_time(service),
        }
    }

    /// Returns how a service differs from this state, or `None` if it does not. `now` is the service as it is now, or
    /// `None` if it was not found.
    pub fn change(&self, now: Option<&Value>) -> Option<StateChange> {
        let Some(document) = now else { return Some(StateChange::Gone) };
        let Ok(service) = parse_view::<Service>(document) else { return Some(StateChange::Gone) };
        if matches!(service.status, ServiceStatus::Inactive | ServiceStatus::Draining) {
            return Some(StateChange::Gone);
        }
        let now = ServiceState::new(&service, document);
        if let Some(change) = self.deployment_change(&now, service.primary_deployment()) {
            return Some(change);
        }
        if now.task_definition != self.task_definition {
            return Some(StateChange::OtherDefinition { revision: now.task_definition });
        }
        let members = differing_members(&self.attributes, &now.attributes);
        (!members.is_empty()).then_some(StateChange::Attributes { members })
    }

    fn deployment_change(&self, now: &ServiceState, primary: Option<&Deployment>) -> Option<StateChange> {
        if now.primary == self.primary {
            return None;
        }
        let Some(primary) = primary else {
            // No deployment is PRIMARY: nothing is known of what another update did.
            let state = "no longer there".to_owned();
            let id = self.primary.as_ref().map(|(id, _)| id.clone()).unwrap_or_default();
            return Some(StateChange::OtherRolloutState { id, state });
        };
        if self.primary.as_ref().is_some_and(|(id, _)| *id == primary.id) {
            let state = primary.rollout_state.as_ref().map(ToString::to_string).unwrap_or_default();
            return Some(StateChange::OtherRolloutState { id: primary.id.clone(), state });
        }
        Some(StateChange::OtherDeployment {
            id: primary.id.clone(),
            revision: primary.task_definition.clone(),
            created_at: primary.created_at.0,
        })
    }

    /// Returns the deployments of a service that began after this state.
    pub fn unseen_deployments<'a>(&self, service: &'a Service) -> Vec<&'a Deployment> {
        let unseen = |known: &&Deployment| {
            // An older answer may show deployments that had ended by the time of this state.
            let is_older = known.created_at.0 > 0.0 && known.created_at.0 < self.newest_at;
            !known.id.is_empty() && !self.deployments.contains(&known.id) && !is_older
        };
        service.deployments.iter().filter(unseen).collect()
    }
}

/// Leaves out of an attribute what `UpdateService` does not take: ECS may show more in one answer than in another.
fn keep_settable(member: &str, value: &mut Value) {
    let shape = model().member_shape(UPDATE, member).unwrap_or_default();
    *value = known_members(value, &Value::Null, shape, member).0;
}

impl StateChange {
    /// Returns the task definition that the change brought, if it brought one.
    pub fn revision(&self) -> Option<&str> {
        match self {
            StateChange::OtherDeployment { revision, .. } | StateChange::OtherDefinition { revision } => {
                Some(revision)
            }
            _ => None,
        }
    }

    /// Describes the change, as the end of "service `web` has changed since the plan: ".
    pub fn in_words(&self) -> String {
        match self {
            StateChange::Gone => "it was deleted".to_owned(),
            StateChange::OtherDeployment { id, revision, created_at } => {
                format!("deployment `{id}` of `{}` began{}", revision_name(revision), at(*created_at))
            }
            StateChange::OtherRolloutState { id, state } => format!("its deployment `{id}` is {state}"),
            StateChange::OtherDefinition { revision } => {
                format!("its task definition is `{}`", revision_name(revision))
            }
            StateChange::Attributes { members } => format!("`{}` changed", members.join("`, `")),
        }
    }
}

/// Returns the newest time in a service's events and deployments.
fn newest_time(service: &Service) -> f64 {
    let events = service.events.iter().map(|event| event.created_at.0);
    let deployments = service.deployments.iter().map(|known| known.created_at.0.max(known.updated_at.0));
    events.chain(deployments).fold(0.0, f64::max)
}

/// Returns the time in words, or nothing where the API gave none.
fn at(seconds: f64) -> String {
    let whole = jiff::Timestamp::from_second(seconds as i64).ok().filter(|_| seconds > 0.0);
    whole.map(|at| format!(" at {at}")).unwrap_or_default()
}

/// Returns the names of the members that differ.
fn differing_members(before: &Map<String, Value>, now: &Map<String, Value>) -> Vec<String> {
    let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
    names.filter(|name| before.get(*name) != now.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(primary: &str, state: &str) -> Value {
        json!({"serviceName": "web", "status": "ACTIVE", "taskDefinition": "arn:x:task-definition/web:1",
        "desiredCount": 2, "healthCheckGracePeriodSeconds": 30, "runningCount": 1,
        "deployments": [
            {"id": primary, "status": "PRIMARY", "rolloutState": state, "createdAt": 1_767_225_605,
             "taskDefinition": "arn:x:task-definition/web:1"},
            {"id": "ecs-svc/0", "status": "ACTIVE"},
        ]})
    }

    fn state(document: &Value) -> ServiceState {
        ServiceState::new(&parse_view(document).expect("a service"), document)
    }

    fn change(now: &Value) -> Option<String> {
        let before = state(&document("ecs-svc/1", "COMPLETED"));
        before.change(Some(now)).map(|change| change.in_words())
    }

    #[test]
    fn counts_and_events_are_no_change() {
        let mut now = document("ecs-svc/1", "COMPLETED");
        now["desiredCount"] = json!(9);
        now["runningCount"] = json!(9);
        now["events"] = json!([{"message": "(service web) has reached a steady state."}]);
        assert_eq!(change(&now), None);
    }

    #[test]
    fn another_deployment_is_named_with_its_revision_and_time() {
        let words = change(&document("ecs-svc/2", "COMPLETED"));
        assert_eq!(words.as_deref(), Some("deployment `ecs-svc/2` of `web:1` began at 2026-01-01T00:00:05Z"));
    }

    #[test]
    fn a_deployment_that_rolls_out_again_is_a_change() {
        let words = change(&document("ecs-svc/1", "IN_PROGRESS"));
        assert_eq!(words.as_deref(), Some("its deployment `ecs-svc/1` is IN_PROGRESS"));
    }

    #[test]
    fn attributes_that_changed_are_named() {
        let mut now = document("ecs-svc/1", "COMPLETED");
        now["healthCheckGracePeriodSeconds"] = json!(60);
        now["enableExecuteCommand"] = json!(true);
        let words = change(&now).expect("a change");
        assert!(words.contains("`healthCheckGracePeriodSeconds`"), "{words}");
        assert!(words.contains("`enableExecuteCommand`"), "{words}");
    }

    #[test]
    fn a_deleted_service_is_a_change() {
        let mut now = document("ecs-svc/1", "COMPLETED");
        now["status"] = json!("INACTIVE");
        assert_eq!(change(&now).as_deref(), Some("it was deleted"));
        assert_eq!(state(&now).change(None), Some(StateChange::Gone));
    }

    #[test]
    fn deployments_that_began_since_are_listed_and_older_ones_are_not() {
        let before = state(&document("ecs-svc/1", "COMPLETED"));
        let mut now = document("ecs-svc/3", "IN_PROGRESS");
        now["deployments"][1]["id"] = json!("ecs-svc/2");
        now["deployments"][1]["createdAt"] = json!(1_767_225_604);
        let service: Service = parse_view(&now).expect("a service");
        let unseen = before.unseen_deployments(&service);
        assert_eq!(unseen.iter().map(|known| known.id.as_str()).collect::<Vec<_>>(), ["ecs-svc/3"]);
    }
}
