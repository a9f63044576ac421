//! What a service returns to if its deploy fails. Determined before anything is changed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::observed_member;
use crate::aws::types::{Deployment, ObservedService, RolloutState, Service, revision_name};

/// What a service returns to after a failed deploy: the revision of its newest completed deployment, and the previous
/// values of the attributes that the deploy changes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct RollbackPoint {
    /// The ARN of the revision.
    pub revision: String,
    /// The id of its deployment.
    pub deployment: String,
    /// Members of `UpdateService`. They contain raw values, so they are never serialized.
    #[serde(skip_serializing)]
    pub members: Map<String, Value>,
}

impl RollbackPoint {
    /// Returns `family:revision`, the short name.
    pub fn revision_name(&self) -> &str {
        revision_name(&self.revision)
    }

    /// Determines it from an observed service; `None` if the service has no completed deployment.
    pub fn from_service(service: &Service) -> Option<RollbackPoint> {
        let completed = |known: &&Deployment| known.rollout_state == Some(RolloutState::Completed);
        let newest = |a: &&Deployment, b: &&Deployment| a.created_at.0.total_cmp(&b.created_at.0);
        let good = service.deployments.iter().filter(completed).max_by(newest)?;
        let (revision, deployment) = (good.task_definition.clone(), good.id.clone());
        Some(RollbackPoint { revision, deployment, members: Map::new() })
    }

    /// Adds the current values of the members that a deploy sends.
    ///
    /// A member that the service does not have cannot be unset, unless it is a list.
    pub fn with_members(self, sent: &Map<String, Value>, seen: &ObservedService) -> RollbackPoint {
        // ECS keeps some members with each deployment; those of the completed deployment are used, not what a later one
        // changed.
        let deployments = seen.document["deployments"].as_array();
        let own = deployments.into_iter().flatten().find(|known| known["id"] == self.deployment.as_str());
        let of = |member: &str| match own.map(|own| own[member].clone()).unwrap_or_default() {
            Value::Null => observed_member(member, seen),
            own => own,
        };
        let before = |(member, value): (&String, &Value)| match of(member) {
            Value::Null if value.is_array() => Some((member.clone(), Value::Array(Vec::new()))),
            Value::Null => None,
            before => Some((member.clone(), before)),
        };
        let members = sent.iter().filter(|(member, _)| *member != "forceNewDeployment").filter_map(before);
        RollbackPoint { members: members.collect(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;
    use serde_json::json;

    #[test]
    fn rollback_point_is_the_newest_completed_deployment() {
        let of = |deployments: Value| {
            let service: Service = parse_view(&json!({"deployments": deployments})).expect("a service");
            RollbackPoint::from_service(&service).map(|way| way.deployment)
        };
        let known =
            |id: &str, at: u32, state: &str| json!({"id": id, "createdAt": at, "rolloutState": state});
        assert_eq!(of(json!([known("b", 2, "COMPLETED"), known("a", 1, "COMPLETED")])), Some("b".to_owned()));
        assert_eq!(
            of(json!([known("b", 2, "IN_PROGRESS"), known("a", 1, "COMPLETED")])),
            Some("a".to_owned())
        );
        assert_eq!(of(json!([known("b", 2, "FAILED")])), None);
    }

    #[test]
    fn members_of_the_completed_deployment_are_used() {
        let document = json!({"networkConfiguration": {"broken": true},
            "deployments": [{"id": "b"}, {"id": "a", "networkConfiguration": {"good": true}}]});
        let seen = ObservedService { document, ..ObservedService::default() };
        let sent = json!({"networkConfiguration": {"new": true}});
        let way = RollbackPoint { deployment: "a".to_owned(), ..RollbackPoint::default() };
        let way = way.with_members(sent.as_object().expect("a mapping"), &seen);
        assert_eq!(Value::Object(way.members), json!({"networkConfiguration": {"good": true}}));
    }

    #[test]
    fn changed_members_keep_their_old_values() {
        let document = json!({"healthCheckGracePeriodSeconds": 30});
        let seen = ObservedService { document, ..ObservedService::default() };
        let sent = json!({"healthCheckGracePeriodSeconds": 60, "placementConstraints": [{"type": "distinctInstance"}],
            "platformVersion": "1.4.0", "forceNewDeployment": true});
        let way = RollbackPoint::default().with_members(sent.as_object().expect("a mapping"), &seen);
        let expected = json!({"healthCheckGracePeriodSeconds": 30, "placementConstraints": []});
        assert_eq!(Value::Object(way.members), expected);
    }
}
