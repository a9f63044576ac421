use super::super::failures::{TaskFailures, troubled_id};
use super::*;
use crate::aws::types::{TaskDefinition, parse_view};
use serde_json::{Value, json};
fn service_state(service: Value) -> ServiceState {
    let mut value = json!({"serviceName": "web", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
        "taskDefinition": "task-definition/web:1",
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "task-definition/web:1",
            "desiredCount": 2, "runningCount": 2, "rolloutState": "COMPLETED", "createdAt": 1_000_000}]});
    service.as_object().into_iter().flatten().for_each(|(name, member)| value[name] = member.clone());
    let place = ServiceIdentity { cluster: "main".to_owned(), name: "web".to_owned(), key: "web".to_owned() };
    ServiceState { place, service: parse_view(&value).expect("a service"), ..ServiceState::default() }
}

fn texts(seen: &ServiceState, events: usize) -> Vec<String> {
    let flags = GivenFlags::default();
    let style = PageStyle { events: Some(events), in_place: false, now: 1_000_060.0, flags: &flags };
    service_lines(seen, &style).into_iter().map(|line| line.text).collect()
}

fn deployment(status: &str, state: &str) -> Value {
    json!({"id": "ecs-svc/2", "status": status, "taskDefinition": "task-definition/web:2", "desiredCount": 2,
        "pendingCount": 1, "failedTasks": 3, "rolloutState": state, "rolloutStateReason": "tasks failed to start.",
        "createdAt": 1_000_000})
}

/// Returns a deployment in progress with so many failed tasks.
fn moving(failed: i64) -> Value {
    let mut deployment = deployment("PRIMARY", "IN_PROGRESS");
    deployment["failedTasks"] = json!(failed);
    deployment
}

#[test]
fn each_state_has_its_word() {
    let rolling: ServiceDeployment = parse_view(&json!({"status": "ROLLBACK_IN_PROGRESS"})).expect("one");
    for (service, open, expected) in [
        (json!({}), vec![], ServiceCondition::Steady),
        (json!({"runningCount": 1}), vec![], ServiceCondition::Short),
        (json!({"deployments": [moving(0)]}), vec![], ServiceCondition::Deploying),
        (json!({"deployments": [moving(1)]}), vec![], ServiceCondition::Failing),
        (json!({"deployments": [moving(0)]}), vec![rolling], ServiceCondition::Failing),
        (json!({"deployments": [deployment("PRIMARY", "FAILED")]}), vec![], ServiceCondition::Failing),
        (json!({"status": "DRAINING", "runningCount": 0}), vec![], ServiceCondition::Deleting),
    ] {
        let seen = ServiceState { in_progress: open, ..service_state(service) };
        assert_eq!(condition(&seen), expected, "{:?}", seen.service);
    }
}

#[test]
fn steady_service_shows_revision_and_time() {
    let lines = texts(&service_state(json!({})), 3);
    assert_eq!(lines, ["web: web:1, 2/2 running", "  deployed  1970-01-12 13:46Z, 1m ago"]);
}

#[test]
fn failed_deployment_shows_its_reason_and_the_next_command() {
    let lines = texts(&service_state(json!({"deployments": [deployment("PRIMARY", "FAILED")]})), 0);
    assert_eq!(lines[0], "web: FAILING web:2 0/2 (3 failed: tasks failed to start)");
    assert_eq!(lines[1], "  next      `ecsail why web`");
    let counts =
        "  primary   web:2 0/2 running, 1 pending, 3 failed, failed (ecs-svc/2): tasks failed to start.";
    assert_eq!(lines[3], counts);
}

#[test]
fn the_failure_of_most_tasks_and_what_serves_are_shown() {
    let serving = json!({"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "task-definition/web:1",
        "desiredCount": 2, "runningCount": 2, "rolloutState": "COMPLETED", "createdAt": 1_000_000});
    let failures = Some(TaskFailures { count: 14, text: "container `app` exited with code 1".to_owned() });
    let seen = ServiceState { failures, ..service_state(json!({"deployments": [moving(3), serving]})) };
    let first = "web: FAILING web:2 0/2 (14 failed: container `app` exited with code 1); web:1 serves with 2";
    assert_eq!(texts(&seen, 0)[0], first);
}

#[test]
fn a_rollback_of_a_deployment_that_is_no_longer_listed_names_its_failures() {
    let open = json!({"status": "ROLLBACK_IN_PROGRESS", "targetServiceRevision": {"arn": "rev/2"},
        "rollback": {"reason": "the circuit breaker threshold was exceeded."}});
    let revision = json!({"serviceRevisionArn": "rev/2", "taskDefinition": "task-definition/web:2"});
    let failures = Some(TaskFailures { count: 4, text: "container `app` exited with code 1".to_owned() });
    let seen = ServiceState {
        failures,
        in_progress: vec![parse_view(&open).expect("one")],
        revisions: vec![parse_view(&revision).expect("a revision")],
        ..service_state(json!({}))
    };
    let first = "web: FAILING web:2 (4 failed: container `app` exited with code 1), rolling back; web:1 serves with 2";
    assert_eq!(texts(&seen, 0)[0], first);
    assert_eq!(troubled_id(&seen).as_deref(), Some("ecs-svc/2"));
}

#[test]
fn a_service_that_is_short_of_tasks_shows_the_newest_trouble() {
    let event = json!([{"id": "1", "createdAt": 1_000_050,
        "message": "(service web) was unable to place a task because no container instance met all of its requirements."}]);
    let seen = service_state(json!({"runningCount": 1, "events": event}));
    let line = "web: SHORT OF TASKS web:1 1/2 (was unable to place a task because no container instance met all of its requirements)";
    assert_eq!(texts(&seen, 0)[0], line);
    assert_eq!(first_line(&seen).paint, Some(Paint::Bad));
}

#[test]
fn the_last_deployment_is_shown_where_it_ended_badly() {
    let ended = PastDeployment {
        status: "ROLLBACK_SUCCESSFUL".to_owned(),
        revision: "task-definition/web:2".to_owned(),
        tags: [("tag".to_owned(), "v2".to_owned())].into(),
        finished_at: 999_880.0,
        reason: Some("the circuit breaker threshold was exceeded.".to_owned()),
        ..PastDeployment::default()
    };
    let lines = texts(&ServiceState { ended: Some(ended), ..service_state(json!({})) }, 0);
    assert_eq!(lines[0], "web: web:1, 2/2 running");
    let last = "  last      v2 (web:2) rolled back 3m ago: the circuit breaker threshold was exceeded.";
    assert_eq!(lines[1..3], [last, "  next      `ecsail why web`"]);
}

#[test]
fn deployment_in_progress_shows_stage_and_waiting_hook() {
    let open = json!({"status": "IN_PROGRESS", "lifecycleStage": "POST_SCALE_UP", "targetServiceRevision": {"arn": "rev/2"},
        "lifecycleHookDetails": [{"hookId": "approve", "status": "AWAITING_ACTION"}]});
    let revision = json!({"serviceRevisionArn": "rev/2", "taskDefinition": "task-definition/web:2"});
    let seen = ServiceState {
        in_progress: vec![parse_view(&open).expect("one")],
        revisions: vec![parse_view(&revision).expect("a revision")],
        ..service_state(json!({"deployments": [moving(0)]}))
    };
    let lines = texts(&seen, 0);
    assert_eq!(lines[2], "  rollout   web:2 in progress, post scale up, waiting for hook `approve`");
}

#[test]
fn user_is_shown_for_the_deployment_of_the_registration() {
    let of = |registered: i64| {
        let tags = json!([{"key": "ecsail:deployed-by", "value": "arn:aws:iam::123456789012:user/alice"},
            {"key": "ecsail:tag", "value": "v1"}, {"key": "ecsail:git-sha", "value": "0123456789"}]);
        let document = json!({"registeredAt": registered, "tags": tags});
        let definition = Some(TaskDefinition { arn: "web:1".to_owned(), document });
        texts(&ServiceState { definition, ..service_state(json!({})) }, 0)[1].clone()
    };
    let fresh = "  deployed  1970-01-12 13:46Z, 1m ago, by alice, tag v1, commit 0123456";
    assert_eq!(of(999_999), fresh);
    let anew = "  deployed  1970-01-12 13:46Z, 1m ago, tag v1, commit 0123456, registered by alice";
    assert_eq!(of(500_000), anew);
}

#[test]
fn failures_come_first_and_routine_events_are_hidden() {
    let event = |at: i64, message: &str| json!({"id": at.to_string(), "createdAt": at, "message": message});
    let events = json!([
        event(1_000_050, "(service web) has reached a steady state."),
        event(1_000_045, "(service web) has an unknown message."),
        event(1_000_040, "(service web) (deployment ecs-svc/2) deployment completed."),
        event(1_000_030, "(service web) has started 1 tasks: (task a)."),
        event(1_000_020, "(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start."),
    ]);
    let lines = texts(&service_state(json!({"events": events})), 3);
    let expected = [
        "  event     40s ago: (deployment ecs-svc/1) deployment failed: tasks failed to start.",
        "  event     15s ago: has an unknown message.",
    ];
    assert_eq!(lines[2..], expected);
    assert_eq!(texts(&service_state(json!({"events": events})), 1).len(), 3, "the newest ones are chosen");
}

#[test]
fn unhealthy_targets_are_named() {
    let target = |target: &str, state: &str| TargetHealth {
        group: "web".to_owned(),
        target: target.to_owned(),
        port: 80,
        state: state.to_owned(),
        reason: Some("Target.ResponseCodeMismatch".to_owned()),
        description: None,
    };
    let seen = ServiceState {
        targets: Some(vec![target("10.0.0.1", "healthy"), target("10.0.0.2", "unhealthy")]),
        ..service_state(json!({}))
    };
    let lines = texts(&seen, 0);
    let expected = [
        "  target    1 of 2 healthy",
        "  target    10.0.0.2:80 in `web` is unhealthy: Target.ResponseCodeMismatch",
    ];
    assert_eq!(lines[2..], expected);
}

#[test]
fn drift_names_the_first_paths() {
    let paths = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
    let drifted =
        ServiceState { drift: Some(super::super::drift::ServiceDrift { paths }), ..service_state(json!({})) };
    let line = "  drift     differs from the manifest: a, b, c and 2 more";
    assert_eq!(texts(&drifted, 0).last().map(String::as_str), Some(line));
    let same = ServiceState { drift: Some(Default::default()), ..service_state(json!({})) };
    assert!(!texts(&same, 0).iter().any(|line| line.contains("drift")));
}

#[test]
fn many_services_are_a_table_with_problems_where_they_are_seen() {
    let named = |key: &str, members: Value| ServiceState {
        place: ServiceIdentity { key: key.to_owned(), ..ServiceIdentity::default() },
        ..service_state(members)
    };
    let moving = json!({"pendingCount": 1, "runningCount": 1, "deployments": [moving(0)]});
    let services = [
        named("api", moving),
        named("job", json!({"deployments": [deployment("PRIMARY", "FAILED")]})),
        named("web", json!({})),
    ];
    let texts = |watch: bool| -> Vec<String> {
        let flags = GivenFlags::default();
        let style = PageStyle { events: None, in_place: watch, now: 1_000_060.0, flags: &flags };
        let page = short_page(&services, &[], &style);
        page.lines().map(|line| line.text.clone()).collect()
    };
    let header = "SERVICE  REVISION  TASKS   STATE      DEPLOYED";
    let (job, api) =
        ("job      web:2     2/2     failing    1m ago", "api      web:2     1/2 +1  deploying  1m ago");
    let (web, sum) =
        ("web      web:1     2/2     steady     1m ago", "3 services: 1 failing, 1 deploying, 1 steady");
    let (why, next) = ("    FAILING web:2 0/2 (3 failed: tasks failed to start)", "next: `ecsail why job`");
    assert_eq!(texts(false), [header, web, api, job, why, sum, next]);
    assert_eq!(texts(true), [sum, next, header, job, why, api, web]);
}
