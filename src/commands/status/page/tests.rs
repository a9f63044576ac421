use super::*;
use crate::aws::types::{TaskDefinition, view};
use serde_json::{Value, json};
fn seen(service: Value) -> Seen {
    let mut value = json!({"serviceName": "web", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
        "taskDefinition": "task-definition/web:1",
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "task-definition/web:1",
            "desiredCount": 2, "runningCount": 2, "rolloutState": "COMPLETED", "createdAt": 1_000_000}]});
    service.as_object().into_iter().flatten().for_each(|(name, member)| value[name] = member.clone());
    let place = Place { cluster: "main".to_owned(), name: "web".to_owned(), key: "web".to_owned() };
    Seen { place, service: view(&value).expect("a service"), ..Seen::default() }
}

fn texts(seen: &Seen, events: usize) -> Vec<String> {
    lines(seen, events, 1_000_060.0).into_iter().map(|line| line.text).collect()
}

fn deployment(status: &str, state: &str) -> Value {
    json!({"id": "ecs-svc/2", "status": status, "taskDefinition": "task-definition/web:2", "desiredCount": 2,
        "pendingCount": 1, "failedTasks": 3, "rolloutState": state, "rolloutStateReason": "tasks failed to start.",
        "createdAt": 1_000_000})
}

#[test]
fn each_state_has_its_word() {
    let rolling: ServiceDeployment = view(&json!({"status": "ROLLBACK_IN_PROGRESS"})).expect("one");
    for (service, open, expected) in [
        (json!({}), vec![], Standing::Steady),
        (json!({"runningCount": 1}), vec![], Standing::Short),
        (json!({"deployments": [deployment("PRIMARY", "IN_PROGRESS")]}), vec![], Standing::Deploying),
        (json!({"deployments": [deployment("PRIMARY", "IN_PROGRESS")]}), vec![rolling], Standing::Failing),
        (json!({"deployments": [deployment("PRIMARY", "FAILED")]}), vec![], Standing::Failing),
        (json!({"status": "DRAINING", "runningCount": 0}), vec![], Standing::Deleting),
    ] {
        let seen = Seen { open, ..seen(service) };
        assert_eq!(standing(&seen), expected, "{:?}", seen.service);
    }
}

#[test]
fn a_steady_service_says_what_runs_and_since_when() {
    let lines = texts(&seen(json!({})), 3);
    assert_eq!(lines, ["web: web:1, 2/2 running", "  deployed  1970-01-12 13:46Z, 1m ago"]);
}

#[test]
fn a_failed_deployment_says_why() {
    let lines = texts(&seen(json!({"deployments": [deployment("PRIMARY", "FAILED")]})), 3);
    assert_eq!(lines[0], "web: web:2, 2/2 running, the last deployment failed");
    let counts =
        "  primary   web:2 0/2 running, 1 pending, 3 failed, failed (ecs-svc/2): tasks failed to start.";
    assert_eq!(lines[2], counts);
}

#[test]
fn a_deployment_under_way_says_its_stage_and_the_hook_that_waits() {
    let open = json!({"status": "IN_PROGRESS", "lifecycleStage": "POST_SCALE_UP", "targetServiceRevision": {"arn": "rev/2"},
        "lifecycleHookDetails": [{"hookId": "approve", "status": "AWAITING_ACTION"}]});
    let revision = json!({"serviceRevisionArn": "rev/2", "taskDefinition": "task-definition/web:2"});
    let seen = Seen {
        open: vec![view(&open).expect("one")],
        revisions: vec![view(&revision).expect("a revision")],
        ..seen(json!({"deployments": [deployment("PRIMARY", "IN_PROGRESS")]}))
    };
    let lines = texts(&seen, 0);
    assert_eq!(lines[2], "  rollout   web:2 in progress, post scale up, waiting for hook `approve`");
}

#[test]
fn who_deployed_is_said_of_what_was_registered_for_it() {
    let of = |registered: i64| {
        let tags = json!([{"key": "ecsail:deployed-by", "value": "arn:aws:iam::123456789012:user/alice"},
            {"key": "ecsail:tag", "value": "v1"}, {"key": "ecsail:git-sha", "value": "0123456789"}]);
        let document = json!({"registeredAt": registered, "tags": tags});
        let definition = Some(TaskDefinition { arn: "web:1".to_owned(), document });
        texts(&Seen { definition, ..seen(json!({})) }, 0)[1].clone()
    };
    let fresh = "  deployed  1970-01-12 13:46Z, 1m ago, by alice, tag v1, commit 0123456";
    assert_eq!(of(999_999), fresh);
    let anew = "  deployed  1970-01-12 13:46Z, 1m ago, tag v1, commit 0123456, registered by alice";
    assert_eq!(of(500_000), anew);
}

#[test]
fn trouble_comes_first_and_noise_not_at_all() {
    let event = |at: i64, message: &str| json!({"id": at.to_string(), "createdAt": at, "message": message});
    let events = json!([
        event(1_000_050, "(service web) has reached a steady state."),
        event(1_000_045, "(service web) has an unknown message."),
        event(1_000_040, "(service web) (deployment ecs-svc/2) deployment completed."),
        event(1_000_030, "(service web) has started 1 tasks: (task a)."),
        event(1_000_020, "(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start."),
    ]);
    let lines = texts(&seen(json!({"events": events})), 3);
    let expected = [
        "  event     40s ago: (deployment ecs-svc/1) deployment failed: tasks failed to start.",
        "  event     15s ago: has an unknown message.",
    ];
    assert_eq!(lines[2..], expected);
    assert_eq!(texts(&seen(json!({"events": events})), 1).len(), 3, "the newest ones are chosen");
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
    let seen = Seen {
        targets: Some(vec![target("10.0.0.1", "healthy"), target("10.0.0.2", "unhealthy")]),
        ..seen(json!({}))
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
    let drifted = Seen { drift: Some(super::super::drift::Drift { paths }), ..seen(json!({})) };
    let line = "  drift     differs from the manifest: a, b, c and 2 more";
    assert_eq!(texts(&drifted, 0).last().map(String::as_str), Some(line));
    let same = Seen { drift: Some(Default::default()), ..seen(json!({})) };
    assert!(!texts(&same, 0).iter().any(|line| line.contains("drift")));
}

#[test]
fn many_services_are_a_line_each_and_what_is_wrong_stands_where_it_is_seen() {
    let named = |key: &str, members: Value| Seen {
        place: Place { key: key.to_owned(), ..Place::default() },
        ..seen(members)
    };
    let moving =
        json!({"pendingCount": 1, "runningCount": 1, "deployments": [deployment("PRIMARY", "IN_PROGRESS")]});
    let services = [
        named("api", moving),
        named("job", json!({"deployments": [deployment("PRIMARY", "FAILED")]})),
        named("web", json!({})),
    ];
    let texts = |watch: bool| -> Vec<String> {
        let page = short(&services, &[], 0, watch, 1_000_060.0);
        page.lines().map(|line| line.text.clone()).collect()
    };
    let header = "SERVICE  REVISION  TASKS   STATE      DEPLOYED";
    let (job, api) =
        ("job      web:2     2/2     failing    1m ago", "api      web:2     1/2 +1  deploying  1m ago");
    let (web, sum) =
        ("web      web:1     2/2     steady     1m ago", "3 services: 1 failing, 1 deploying, 1 steady");
    assert_eq!(texts(false), [header, web, api, job, sum]);
    assert_eq!(texts(true), [sum, header, job, api, web]);
}
