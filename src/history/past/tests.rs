use super::*;
use crate::aws::types::view;
use serde_json::{Value, json};
fn arn(revision: i64) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/web:{revision}")
}

/// Returns a service deployment of service revision `n`, which has task definition `web:n`.
fn deployment(n: i64, created: f64, members: Value) -> ServiceDeployment {
    let mut value = json!({"serviceDeploymentArn": format!("sd/{n}"), "status": "SUCCESSFUL", "createdAt": created,
        "targetServiceRevision": {"arn": format!("rev/{n}")}});
    members.as_object().into_iter().flatten().for_each(|(name, member)| value[name] = member.clone());
    view(&value).expect("a service deployment")
}

fn revisions() -> Vec<ServiceRevision> {
    let revision = |n: i64| {
        let image =
            json!({"containerName": "app", "image": format!("shop/app:v{n}"), "imageDigest": "sha256:0"});
        view(
            &json!({"serviceRevisionArn": format!("rev/{n}"), "taskDefinition": arn(n), "containerImages": [image]}),
        )
    };
    (1..=3).map(|n| revision(n).expect("a revision")).collect()
}

fn definition(n: i64, registered: f64) -> (String, TaskDefinition) {
    let tags = json!([{"key": "ecsail:deployed-by", "value": "alice"}, {"key": "team", "value": "shop"}]);
    let document = json!({"registeredAt": registered, "tags": tags});
    (arn(n), TaskDefinition { arn: arn(n), document })
}

fn joined(list: &[ServiceDeployment]) -> Vec<PastDeployment> {
    join_past(list, &Service::default(), &revisions(), &Definitions::new())
}

#[test]
fn each_status_is_an_outcome() {
    for (status, outcome) in [
        ("SUCCESSFUL", PastState::Succeeded),
        ("COMPLETED", PastState::Succeeded),
        ("ROLLBACK_SUCCESSFUL", PastState::RolledBack),
        ("ROLLBACK_FAILED", PastState::RollbackFailed),
        ("ROLLBACK_REQUESTED", PastState::RollingBack),
        ("ROLLBACK_IN_PROGRESS", PastState::RollingBack),
        ("STOPPED", PastState::Stopped),
        ("STOP_REQUESTED", PastState::Stopping),
        ("PENDING", PastState::InProgress),
        ("IN_PROGRESS", PastState::InProgress),
        ("FAILED", PastState::Failed),
        ("PAUSED_BY_TOMORROW", PastState::Unknown),
    ] {
        let past = joined(&[deployment(1, 10.0, json!({"status": status}))]);
        assert_eq!(past[0].state(), outcome, "{status}");
    }
}

#[test]
fn a_status_of_tomorrow_is_said_in_its_own_words() {
    let past = joined(&[deployment(1, 10.0, json!({"status": "PAUSED_BY_TOMORROW"}))]);
    assert_eq!(past[0].outcome_in_words(), "paused by tomorrow");
}

#[test]
fn a_rollback_says_to_which_revision_and_why() {
    let back = json!({"status": "ROLLBACK_SUCCESSFUL", "createdAt": 20.0, "finishedAt": 65.0, "statusReason": "other",
        "rollback": {"reason": "the alarm", "serviceRevisionArn": "rev/1"},
        "alarms": {"triggeredAlarmNames": ["errors"]}});
    let past = joined(&[deployment(2, 20.0, back)]);
    assert_eq!(past[0].rolled_back_to, Some(arn(1)));
    assert_eq!(past[0].reason.as_deref(), Some("the alarm (in alarm: errors)"));
    assert_eq!(past[0].seconds(), Some(45.0));
    assert_eq!(past[0].deployment, "ecs-svc/2");
}

#[test]
fn a_success_has_no_reason() {
    assert_eq!(joined(&[deployment(1, 10.0, json!({}))])[0].reason, None);
}

#[test]
fn what_was_stopped_for_the_next_deployment_was_superseded() {
    let stopped = |finished: f64| deployment(1, 10.0, json!({"status": "STOPPED", "finishedAt": finished}));
    let past = joined(&[deployment(2, 20.0, json!({})), stopped(24.0)]);
    assert_eq!(past[1].superseded_by.as_deref(), Some("web:2"));
    assert_eq!(past[1].state(), PastState::Superseded);
    let past = joined(&[deployment(2, 20.0, json!({})), stopped(15.0)]);
    assert_eq!(past[1].state(), PastState::Stopped, "the next one came later");
}

#[test]
fn the_breaker_without_a_rollback_is_a_failure() {
    let service = json!({"deployments": [{"id": "ecs-svc/1", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed"}]});
    let service: Service = view(&service).expect("a service");
    let list = [deployment(1, 10.0, json!({"status": "IN_PROGRESS"}))];
    let past = join_past(&list, &service, &revisions(), &Definitions::new());
    assert_eq!(past[0].state(), PastState::Failed);
    assert_eq!(past[0].reason.as_deref(), Some("tasks failed"));
}

#[test]
fn who_deployed_is_said_of_the_deployment_that_the_revision_was_registered_for() {
    let definitions = Definitions::from([definition(1, 9.0), definition(2, 20.0)]);
    let list =
        [deployment(1, 5000.0, json!({})), deployment(2, 21.0, json!({})), deployment(1, 10.0, json!({}))];
    let past = join_past(&list, &Service::default(), &revisions(), &definitions);
    let who: Vec<_> = past.iter().map(PastDeployment::deployed_by).collect();
    assert_eq!(who, [None, Some("alice"), Some("alice")]);
    assert_eq!(past[0].tags["deployed-by"], "alice", "the record itself is not lost");
    assert!(!past[0].tags.contains_key("team"));
}

#[test]
fn the_second_deployment_of_a_revision_has_another_author() {
    let definitions = Definitions::from([definition(1, 9.0)]);
    let list = [deployment(1, 60.0, json!({})), deployment(1, 10.0, json!({}))];
    let past = join_past(&list, &Service::default(), &revisions(), &definitions);
    assert_eq!((past[0].is_first, past[1].is_first), (false, true));
}

#[test]
fn the_tag_is_the_records_else_that_of_the_images() {
    let mut past = joined(&[deployment(3, 10.0, json!({}))]);
    assert_eq!(past[0].deployed_tag().as_deref(), Some("v3"));
    past[0].tags.insert("tag".to_owned(), "app=1,proxy=2".to_owned());
    assert_eq!(past[0].deployed_tag().as_deref(), Some("app=1,proxy=2"));
    assert_eq!(tag_of(&[]), None);
}

#[test]
fn without_service_deployments_the_services_list_tells() {
    let deployments = json!([
        {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": arn(1), "rolloutState": "COMPLETED",
         "rolloutStateReason": "ECS deployment ecs-svc/1 completed.", "createdAt": 10.0},
        {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": arn(2), "rolloutState": "FAILED",
         "rolloutStateReason": "tasks failed to start.", "createdAt": 20.0},
    ]);
    let service: Service = view(&json!({"deployments": deployments})).expect("a service");
    let past = listed(&service, &revisions(), &Definitions::new());
    let told: Vec<_> =
        past.iter().map(|one| (one.revision.clone(), one.state(), one.reason.clone())).collect();
    let failed = Some("tasks failed to start.".to_owned());
    assert_eq!(told, [(arn(2), PastState::Failed, failed), (arn(1), PastState::Succeeded, None)]);
    assert_eq!(past[0].images.len(), 1, "service revisions may be read all the same");
}
