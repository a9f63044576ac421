//! What a service returns to if its deploy fails. Determined before anything is changed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::observed_member;
use super::service::restore::{RestoreTerms, UPDATE, previous_value, restorable};
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

    /// Adds what restores the members that a deploy sends, and returns notes about those that cannot be restored.
    pub fn with_members(
        self,
        sent: &Map<String, Value>,
        seen: &ObservedService,
    ) -> (RollbackPoint, Vec<String>) {
        let mut members = Map::new();
        let mut notes = Vec::new();
        for (member, value) in sent.iter().filter(|(member, _)| *member != "forceNewDeployment") {
            let Some(before) = previous_value(UPDATE, member, value, &self.member_before(member, seen))
            else {
                continue;
            };
            let current = observed_member(member, seen);
            let strategy = &seen.document["deploymentConfiguration"]["strategy"];
            let terms = RestoreTerms {
                sources: &[&current],
                shifts_traffic: strategy.is_string() && strategy != "ROLLING",
            };
            match restorable(member, &before, &terms) {
                Ok(before) => drop(members.insert(member.clone(), before)),
                Err(missing) => notes.push(format!(
                    "`{member}` cannot be restored if the deploy fails: ECS does not return `{}`",
                    missing.join("`, `")
                )),
            }
        }
        (RollbackPoint { members, ..self }, notes)
    }

    /// Returns a member as it was with the completed deployment. ECS keeps some members with each deployment; what a
    /// later one changed is not returned to.
    fn member_before(&self, member: &str, seen: &ObservedService) -> Value {
        let deployments = seen.document["deployments"].as_array();
        let own = deployments.into_iter().flatten().find(|known| known["id"] == self.deployment.as_str());
        match own.map(|own| own[member].clone()).unwrap_or_default() {
            Value::Null => observed_member(member, seen),
            own => own,
        }
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
        let network = |subnet: &str| json!({"awsvpcConfiguration": {"subnets": [subnet]}});
        let document = json!({"networkConfiguration": network("broken"),
            "deployments": [{"id": "b"}, {"id": "a", "networkConfiguration": network("good")}]});
        let seen = ObservedService { document, ..ObservedService::default() };
        let sent = json!({"networkConfiguration": network("new")});
        let way = RollbackPoint { deployment: "a".to_owned(), ..RollbackPoint::default() };
        let (way, _) = way.with_members(sent.as_object().expect("a mapping"), &seen);
        assert_eq!(Value::Object(way.members), json!({"networkConfiguration": network("good")}));
    }

    #[test]
    fn changed_members_keep_their_old_values() {
        let document = json!({"healthCheckGracePeriodSeconds": 30});
        let seen = ObservedService { document, ..ObservedService::default() };
        let sent = json!({"healthCheckGracePeriodSeconds": 60, "placementConstraints": [{"type": "distinctInstance"}],
            "platformVersion": "1.4.0", "forceNewDeployment": true});
        let (way, _) = RollbackPoint::default().with_members(sent.as_object().expect("a mapping"), &seen);
        let expected = json!({"healthCheckGracePeriodSeconds": 30, "placementConstraints": [],
            "platformVersion": "LATEST"});
        assert_eq!(Value::Object(way.members), expected);
    }

    #[test]
    fn what_cannot_be_sent_back_is_left_out_and_noted() {
        let volumes = json!([{"name": "data", "managedEBSVolume": {"sizeInGiB": 20}}]);
        let document = json!({"deployments": [{"status": "PRIMARY", "volumeConfigurations": volumes}]});
        let seen = ObservedService { document, ..ObservedService::default() };
        let sent = json!({"volumeConfigurations": []});
        let (way, notes) = RollbackPoint::default().with_members(sent.as_object().expect("a mapping"), &seen);
        assert!(way.members.is_empty());
        assert!(notes[0].contains("`volumeConfigurations[].managedEBSVolume.roleArn`"), "{notes:?}");
    }
}
