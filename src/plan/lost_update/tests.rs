use serde_json::{Map, json};

use super::*;
use crate::aws::types::parse_view;
use crate::plan::rollback::service::{RollbackTerms, unchanged_plan};

const ARN: &str = "arn:x:task-definition/web:";

/// Returns `DescribeServices`' service with these deployments: id, status, revision, rollout state.
fn document(deployments: &[(&str, &str, u32, &str)]) -> Value {
    let entries = deployments.iter().enumerate().map(|(index, (id, status, revision, state))| {
        json!({"id": id, "status": status, "taskDefinition": format!("{ARN}{revision}"), "rolloutState": state,
            "createdAt": 999 + deployments.len() - index})
    });
    json!({"serviceName": "web", "status": "ACTIVE", "taskDefinition": format!("{ARN}{}", deployments[0].2),
        "healthCheckGracePeriodSeconds": 30, "deployments": entries.collect::<Vec<_>>(),
        "events": [{"createdAt": 900, "message": "(service web) has reached a steady state."}]})
}

fn before() -> Value {
    document(&[("ecs-svc/1", "PRIMARY", 1, "COMPLETED")])
}

/// Returns the plan of an update to `web:2`.
fn plan() -> ServicePlan {
    let document = before();
    let service = parse_view(&document).expect("a service");
    let unchanged = unchanged_plan(&RollbackTerms::default(), &service, &document);
    ServicePlan { after: Revision::Registered(format!("{ARN}2")), ..unchanged }
}

fn traces(document: Value) -> UpdateTraces {
    let service = parse_view(&document).expect("a service");
    UpdateTraces { service, document: Some(document), since: Vec::new() }
}

fn judge(document: Value) -> LostUpdate {
    judge_lost_update(&plan(), &format!("{ARN}2"), &traces(document))
}

fn started(lost: LostUpdate) -> String {
    match lost {
        LostUpdate::Started(started) => started.id,
        other => panic!("{other:?}"),
    }
}

/// Returns a service deployment of a revision of the service.
fn service_deployment(revision: u32, id: u32) -> (ServiceDeployment, String) {
    let known = json!({"serviceDeploymentArn": format!("arn:x:service-deployment/main/web/{id}"),
        "targetServiceRevisionArn": format!("arn:x:service-revision/main/web/{id}"), "createdAt": 1001});
    (parse_view(&known).expect("a service deployment"), format!("{ARN}{revision}"))
}

#[test]
fn new_primary_deployment_of_the_revision_is_ours() {
    let now =
        document(&[("ecs-svc/2", "PRIMARY", 2, "IN_PROGRESS"), ("ecs-svc/1", "ACTIVE", 1, "COMPLETED")]);
    assert_eq!(started(judge(now)), "ecs-svc/2");
}

#[test]
fn deployment_that_was_superseded_meanwhile_is_ours() {
    let now = document(&[
        ("ecs-svc/3", "PRIMARY", 3, "IN_PROGRESS"),
        ("ecs-svc/2", "ACTIVE", 2, "IN_PROGRESS"),
        ("ecs-svc/1", "ACTIVE", 1, "COMPLETED"),
    ]);
    assert_eq!(started(judge(now)), "ecs-svc/2");
}

#[test]
fn deployment_that_ecs_has_rolled_back_is_found_by_its_service_deployment() {
    let back = UpdateTraces { since: vec![service_deployment(2, 2)], ..traces(before()) };
    let lost = judge_lost_update(&plan(), &format!("{ARN}2"), &back);
    let LostUpdate::Started(started) = lost else { panic!("{lost:?}") };
    assert_eq!(started.id, "ecs-svc/2");
    assert_eq!(started.service_deployment.as_deref(), Some("arn:x:service-deployment/main/web/2"));
}

#[test]
fn unchanged_service_has_no_trace_of_the_update() {
    assert_eq!(judge(before()), LostUpdate::AsBefore);
}

#[test]
fn deployment_of_another_revision_is_foreign() {
    let now =
        document(&[("ecs-svc/3", "PRIMARY", 3, "IN_PROGRESS"), ("ecs-svc/1", "ACTIVE", 1, "COMPLETED")]);
    let LostUpdate::Foreign(StateChange::OtherDeployment { id, .. }) = judge(now) else { panic!("foreign") };
    assert_eq!(id, "ecs-svc/3");
}

#[test]
fn deployment_that_came_and_went_is_foreign_by_the_list_or_by_an_event() {
    let back = UpdateTraces { since: vec![service_deployment(3, 3)], ..traces(before()) };
    let lost = judge_lost_update(&plan(), &format!("{ARN}2"), &back);
    assert!(matches!(lost, LostUpdate::Foreign(_)), "{lost:?}");
    let mut now = before();
    now["events"] = json!([{"createdAt": 1002,
        "message": "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start."}]);
    let lost = judge(now);
    assert!(
        matches!(&lost, LostUpdate::Foreign(change) if change.in_words().contains("ecs-svc/2")),
        "{lost:?}"
    );
}

#[test]
fn events_before_the_plan_count_for_nothing() {
    let mut now = before();
    now["events"] = json!([{"createdAt": 800, "message": "(deployment ecs-svc/0) deployment completed."}]);
    assert_eq!(judge(now), LostUpdate::AsBefore);
}

#[test]
fn attributes_are_applied_where_only_those_that_were_sent_changed() {
    let members = Map::from_iter([("healthCheckGracePeriodSeconds".to_owned(), json!(60))]);
    let plan = ServicePlan { after: Revision::Same, members, ..plan() };
    let lost = |document: Value| judge_lost_update(&plan, &format!("{ARN}1"), &traces(document));
    let mut now = before();
    now["healthCheckGracePeriodSeconds"] = json!(60);
    assert_eq!(lost(now.clone()), LostUpdate::Applied);
    now["enableExecuteCommand"] = json!(true);
    assert!(matches!(lost(now), LostUpdate::Foreign(_)));
    assert_eq!(lost(before()), LostUpdate::AsBefore);
}

/// Returns the ids of the deployments that deployment 3 of `web:2` replaced unseen.
fn unseen(now: Value, since: Vec<(ServiceDeployment, String)>) -> Vec<String> {
    let traces = UpdateTraces { since, ..traces(now) };
    let own =
        traces.service.primary_deployment().map(StartedDeployment::from_deployment).expect("a deployment");
    unseen_before(&plan(), &own, &traces).into_iter().map(|known| known.id).collect()
}

#[test]
fn replaced_deployment_that_the_service_shows_is_named_once() {
    let now =
        document(&[("ecs-svc/3", "PRIMARY", 2, "IN_PROGRESS"), ("ecs-svc/2", "ACTIVE", 5, "IN_PROGRESS")]);
    let since = vec![service_deployment(2, 3), service_deployment(5, 2)];
    assert_eq!(unseen(now, since), ["ecs-svc/2"]);
}

#[test]
fn replaced_deployment_that_only_the_list_shows_is_named() {
    let now =
        document(&[("ecs-svc/3", "PRIMARY", 2, "IN_PROGRESS"), ("ecs-svc/1", "ACTIVE", 1, "COMPLETED")]);
    let since = vec![service_deployment(2, 3), service_deployment(5, 2), service_deployment(1, 1)];
    assert_eq!(unseen(now, since), ["ecs-svc/2"]);
}

#[test]
fn deployment_that_began_after_ours_was_not_replaced_by_it() {
    let now = document(&[("ecs-svc/3", "PRIMARY", 2, "IN_PROGRESS")]);
    let (mut later, revision) = service_deployment(5, 4);
    later.created_at.0 = 1002.0;
    assert_eq!(unseen(now, vec![(later, revision)]), Vec::<String>::new());
}
