use super::*;
use crate::aws::types::view;
use serde_json::{Value, json};

fn deployment(number: u32, at: u32, status: &str, state: &str) -> Value {
    json!({"id": format!("ecs-svc/{number}"), "createdAt": at, "status": status, "rolloutState": state,
        "taskDefinition": format!("arn:aws:ecs:us-east-1:123456789012:task-definition/web:{number}")})
}

fn service(deployments: &[Value], events: &[(u32, &str)]) -> Service {
    let events: Vec<Value> = events
        .iter()
        .rev()
        .map(|(at, text)| json!({"createdAt": at, "message": format!("(service web) {text}")}))
        .collect();
    view(&json!({"deployments": deployments, "events": events})).expect("a service")
}

fn entry(number: u32, at: u32, status: &str, finished: u32) -> ServiceDeployment {
    let arn = format!("arn:aws:ecs:us-east-1:123456789012:service-revision/main/web/{number}");
    view(&json!({"serviceDeploymentArn": format!("arn/{number}"), "targetServiceRevisionArn": arn, "status": status,
        "createdAt": at, "finishedAt": finished}))
    .expect("a service deployment")
}

/// Returns the number of the newest deployment, with `?` if it is uncertain.
fn found(service: &Service, list: &[ServiceDeployment]) -> String {
    let id = |followed: Followed| followed.deployment.unwrap_or_default().replace("ecs-svc/", "");
    match newest(service, list).expect("there is one") {
        Newest::Known(followed) => id(followed),
        Newest::Perhaps(followed) => id(followed) + "?",
        Newest::RolledBackTo(revision) => format!("back to {revision}"),
    }
}

#[test]
fn a_list_that_lags_behind_the_service_does_not_decide() {
    let moving = [deployment(2, 20, "PRIMARY", "IN_PROGRESS"), deployment(1, 10, "ACTIVE", "COMPLETED")];
    assert_eq!(found(&service(&moving, &[]), &[entry(1, 10, "SUCCESSFUL", 15)]), "2");
    assert_eq!(found(&service(&moving, &[]), &[entry(2, 20, "IN_PROGRESS", 0)]), "2");
}

#[test]
fn a_rollback_with_an_id_of_its_own_is_the_failed_deployments() {
    let back = [deployment(3, 30, "PRIMARY", "IN_PROGRESS"), deployment(2, 20, "ACTIVE", "FAILED")];
    let service = service(&back, &[]);
    assert_eq!(found(&service, &[entry(2, 20, "ROLLBACK_IN_PROGRESS", 0)]), "2");
    assert_eq!(found(&service, &[entry(2, 20, "ROLLBACK_SUCCESSFUL", 40)]), "2");
    assert_eq!(
        found(&service, &[entry(2, 20, "ROLLBACK_SUCCESSFUL", 25)]),
        "3",
        "a deployment was made after it"
    );
}

#[test]
fn without_a_list_the_events_tell_what_failed() {
    let back = [deployment(1, 10, "PRIMARY", "COMPLETED")];
    let events = [
        (5, "has reached a steady state."),
        (40, "(deployment ecs-svc/2) deployment failed: tasks failed to start."),
        (40, "rolling back to deployment ecs-svc/1."),
        (60, "(deployment ecs-svc/1) deployment completed."),
    ];
    assert_eq!(found(&service(&back, &events), &[]), "2");
    assert_eq!(found(&service(&back, &events[1..2]), &[]), "2");
    assert_eq!(found(&service(&back, &events[2..]), &[]), "back to web:1");
    let fixed = [deployment(3, 50, "PRIMARY", "COMPLETED")];
    assert_eq!(found(&service(&fixed, &events[..3]), &[]), "3", "it was deployed after the failure");
}

#[test]
fn without_a_list_a_younger_deployment_than_primary_is_the_newest() {
    let back = [deployment(1, 10, "PRIMARY", "IN_PROGRESS"), deployment(2, 20, "ACTIVE", "FAILED")];
    assert_eq!(found(&service(&back, &[]), &[]), "2");
}

#[test]
fn without_a_list_events_that_do_not_reach_back_leave_it_open() {
    let done = [deployment(2, 20, "PRIMARY", "COMPLETED")];
    let steady = "has reached a steady state.";
    assert_eq!(found(&service(&done, &[(30, steady)]), &[]), "2?");
    assert_eq!(found(&service(&done, &[(10, steady), (30, steady)]), &[]), "2");
}
