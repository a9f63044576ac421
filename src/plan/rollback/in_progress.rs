//! Decides whether a deployment in progress is the rollback that is asked for. Pure.

use super::choose_target::choose;
use super::past::DeploymentHistory;
use super::selector::RollbackSelector;
use crate::aws::types::{DeploymentStatus, Service, ServiceDeploymentStatus};
use crate::plan::rollback_point::RollbackPoint;

/// Returns the service as it was before its deployment in progress: with the newest completed deployment as the PRIMARY
/// one. `None` if no deployment is in progress, or none was completed.
pub fn before_deployment(service: &Service) -> Option<Service> {
    let current = service.deployment_in_progress()?.id.clone();
    let completed = RollbackPoint::from_service(service)?;
    let mut before = service.clone();
    before.task_definition.clone_from(&completed.revision);
    before.deployments.retain(|deployment| deployment.id != current);
    for deployment in before.deployments.iter_mut().filter(|known| known.id == completed.deployment) {
        deployment.status = DeploymentStatus::Primary;
    }
    Some(before)
}

/// Returns whether ECS is rolling the service back.
pub fn is_rolled_back_by_ecs(past: &DeploymentHistory) -> bool {
    use ServiceDeploymentStatus::{RollbackInProgress, RollbackRequested};
    let newest = past.deployments.first().map(|newest| &newest.status);
    matches!(newest, Some(RollbackRequested | RollbackInProgress))
}

/// Returns whether the deployment in progress brings back what a rollback would have chosen before it began.
pub fn brings_back(service: &Service, past: &DeploymentHistory, wanted: &RollbackSelector) -> bool {
    let (Some(before), Some(current)) = (before_deployment(service), service.deployment_in_progress()) else {
        return false;
    };
    let Ok(Some(choice)) = choose(&before, past, wanted) else { return false };
    past.original_definition(&choice.to.definition) == past.original_definition(&current.task_definition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::{ServiceDeployment, ServiceRevision, parse_view};
    use serde_json::{Value, json};

    fn arn(number: u32) -> String {
        format!("arn:aws:ecs:x:1:task-definition/web:{number}")
    }

    /// Returns a service that runs revision `completed`, with a deployment of `current` in progress.
    fn service(completed: u32, current: u32) -> Service {
        parse_view(&json!({"serviceName": "web", "taskDefinition": arn(current), "deployments": [
            {"id": "ecs-svc/9", "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "taskDefinition": arn(current), "createdAt": 9},
            {"id": format!("ecs-svc/{completed}"), "status": "ACTIVE", "rolloutState": "COMPLETED",
                "taskDefinition": arn(completed), "createdAt": 5}]}))
        .expect("a service")
    }

    /// Returns a history in which web:1, web:2 and web:3 succeeded, one after the other.
    fn past() -> DeploymentHistory {
        let view = |document: Value| parse_view::<ServiceDeployment>(&document).expect("a deployment");
        let revision = |number: u32| format!("arn:revision/{number}");
        let deployment = |number: u32| {
            view(
                json!({"serviceDeploymentArn": format!("d/{number}"), "status": "SUCCESSFUL", "createdAt": number,
                "targetServiceRevision": {"arn": revision(number)}, "targetServiceRevisionArn": revision(number)}),
            )
        };
        let known = |number: u32| {
            let known: ServiceRevision =
                parse_view(&json!({"serviceRevisionArn": revision(number), "taskDefinition": arn(number)}))
                    .expect("a revision");
            (revision(number), known)
        };
        DeploymentHistory {
            deployments: [3, 2, 1].map(deployment).to_vec(),
            revisions: [1, 2, 3].map(known).into_iter().collect(),
            ..DeploymentHistory::default()
        }
    }

    #[test]
    fn a_deployment_of_what_history_would_choose_is_the_rollback() {
        assert!(brings_back(&service(3, 2), &past(), &RollbackSelector::Steps(1)));
        assert!(brings_back(&service(3, 1), &past(), &RollbackSelector::Steps(2)));
    }

    #[test]
    fn any_other_deployment_is_not() {
        assert!(!brings_back(&service(3, 4), &past(), &RollbackSelector::Steps(1)));
        assert!(!brings_back(&service(3, 1), &past(), &RollbackSelector::Steps(1)));
    }

    #[test]
    fn only_a_rollback_that_has_not_ended_is_one_of_ecs() {
        let with = |status: &str| {
            let newest = parse_view(&json!({"status": status})).expect("a deployment");
            is_rolled_back_by_ecs(&DeploymentHistory {
                deployments: vec![newest],
                ..DeploymentHistory::default()
            })
        };
        assert!(with("ROLLBACK_IN_PROGRESS") && with("ROLLBACK_REQUESTED"));
        assert!(!with("ROLLBACK_SUCCESSFUL") && !with("IN_PROGRESS"));
    }
}
