use super::*;
use crate::aws::types::view;
use serde_json::{Value, json};

fn task(id: u32, stopped_at: u32, code: &str, reason: &str, containers: Value) -> Task {
    view(&json!({"taskArn": format!("arn:aws:ecs:x:1:task/main/{id}"), "stoppedAt": stopped_at, "stopCode": code,
        "taskDefinitionArn": "arn:aws:ecs:x:1:task-definition/web:7", "stoppedReason": reason, "containers": containers}))
    .expect("a task")
}

fn exited(id: u32, stopped_at: u32, code: i64) -> Task {
    let containers = json!([{"name": "app", "exitCode": code}]);
    task(id, stopped_at, "EssentialContainerExited", "Essential container in task exited", containers)
}

fn event(at: u32, message: &str) -> Event {
    view(&json!({"id": at.to_string(), "createdAt": at, "message": message})).expect("an event")
}

fn target(state: &str, description: &str) -> TargetHealth {
    TargetHealth {
        group: "web".into(),
        target: "10.0.0.1".into(),
        port: 80,
        state: state.into(),
        reason: Some("Target.ResponseCodeMismatch".into()),
        description: Some(description.into()),
    }
}

fn of_tasks(stopped: &[Task]) -> Option<Diagnosis> {
    diagnose(&Seen { stopped, ..Seen::default() })
}

fn causes(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis.causes.iter().map(|explained| explained.cause.as_str()).collect()
}

#[test]
fn the_first_failing_task_is_shown() {
    let tasks = [
        exited(3, 30, 1),
        exited(2, 20, 127),
        task(
            1,
            10,
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/1)",
            json!([]),
        ),
    ];
    let diagnosis = of_tasks(&tasks).expect("failed");
    assert_eq!(diagnosis.task.as_deref(), Some("2"));
    assert_eq!(diagnosis.task_definition.as_deref(), Some("web:7"));
    assert_eq!((diagnosis.failed_tasks, diagnosis.stopped_at), (2, Some(20.0)));
    assert_eq!(first_failing(&tasks).map(Task::id), Some("2"));
}

#[test]
fn a_task_without_a_time_is_not_the_first() {
    let tasks = [exited(1, 0, 1), exited(2, 20, 1)];
    assert_eq!(first_failing(&tasks).map(Task::id), Some("2"));
}

#[test]
fn where_nothing_tells_of_a_failure_there_is_no_diagnosis() {
    let ordinary =
        [task(1, 1, "UserInitiated", "Deployment completed", json!([{"name": "app", "exitCode": 143}]))];
    assert_eq!(of_tasks(&ordinary), None);
    let events = [event(1, "(service a) has reached a steady state."), event(2, "(service a) of tomorrow.")];
    let healthy = [target("healthy", ""), target("draining", "")];
    let reason = Some("Service deployment was stopped because a new service deployment was started.");
    let seen = Seen { events: &events, targets: &healthy, reason, ..Seen::default() };
    assert_eq!(diagnose(&seen), None);
}

#[test]
fn the_failing_container_comes_first() {
    let containers = json!([
        {"name": "proxy", "exitCode": 143},
        {"name": "agent", "exitCode": 137},
        {"name": "app", "exitCode": 2},
        {"name": "init", "exitCode": 0},
    ]);
    let tasks = [task(1, 1, "EssentialContainerExited", "Essential container in task exited", containers)];
    let diagnosis = of_tasks(&tasks).expect("failed");
    let ends: Vec<(&str, bool)> =
        diagnosis.containers.iter().map(|end| (end.name.as_str(), end.failing)).collect();
    assert_eq!(ends, [("app", true), ("proxy", false), ("agent", false), ("init", false)]);
}

#[test]
fn the_container_that_ended_a_task_is_found() {
    let failing = |reason: &str, containers: Value| {
        let task = task(1, 1, "EssentialContainerExited", reason, containers);
        failing_container(&task).map(|container| container.name.clone())
    };
    let exit = "Essential container in task exited";
    let two = |one: Value, other: Value| json!([one, other]);
    let app =
        |code: Option<i64>, reason: Option<&str>| json!({"name": "app", "exitCode": code, "reason": reason});
    let proxy = |code: Option<i64>| json!({"name": "proxy", "exitCode": code});
    for (reason, containers, name) in [
        (exit, two(proxy(Some(143)), app(Some(0), None)), Some("app")),
        (exit, two(proxy(Some(1)), app(Some(137), Some("OutOfMemoryError: Container killed"))), Some("app")),
        (exit, two(proxy(Some(0)), app(Some(137), None)), Some("app")),
        (exit, two(proxy(Some(137)), app(None, Some("CannotStartContainerError: x"))), Some("app")),
        ("Task failed to start", two(proxy(None), app(None, None)), None),
    ] {
        assert_eq!(failing(reason, containers.clone()).as_deref(), name, "{containers}");
    }
    let unhealthy = json!([{"name": "proxy", "exitCode": 1}, {"name": "app", "exitCode": 0, "healthStatus": "UNHEALTHY"}]);
    assert_eq!(failing("Task failed container health checks", unhealthy).as_deref(), Some("app"));
}

#[test]
fn the_cause_that_most_tasks_show_comes_first() {
    let tasks = [exited(1, 1, 127), exited(2, 2, 1), exited(3, 3, 1)];
    let diagnosis = of_tasks(&tasks).expect("failed");
    assert_eq!(
        causes(&diagnosis),
        ["the program exited with an error", "the command was not found in the image"]
    );
    let first = &diagnosis.causes[0];
    assert_eq!((first.count, first.evidence.as_str()), (2, "container `app` exited with code 1"));
}

#[test]
fn among_equals_the_more_precise_comes_first() {
    let missing = "CannotPullContainerError: manifest unknown";
    let tasks = [exited(1, 1, 1), task(2, 2, "TaskFailedToStart", missing, json!([]))];
    let diagnosis = of_tasks(&tasks).expect("failed");
    assert_eq!(causes(&diagnosis), ["the image is not in the registry", "the program exited with an error"]);
    assert_eq!(diagnosis.causes[0].evidence, missing);
}

#[test]
fn the_evidence_is_the_text_that_tells() {
    let oom = "OutOfMemoryError: Container killed due to memory usage";
    let containers = json!([{"name": "app", "exitCode": 137, "reason": oom}]);
    let tasks = [task(1, 1, "EssentialContainerExited", "Essential container in task exited", containers)];
    assert_eq!(of_tasks(&tasks).expect("failed").causes[0].evidence, oom);
}

#[test]
fn an_unknown_reason_has_no_cause_and_stays_as_it_is() {
    let tasks = [task(1, 1, "TaskFailedToStart", "SomethingNewError: of tomorrow", json!([]))];
    let diagnosis = of_tasks(&tasks).expect("failed");
    assert!(diagnosis.causes.is_empty(), "{:?}", diagnosis.causes);
    assert_eq!(diagnosis.stopped_reason.as_deref(), Some("SomethingNewError: of tomorrow"));
}

#[test]
fn a_task_tells_more_than_an_event() {
    let events =
        [event(1, "service a operations are being throttled. Will try again later."), event(2, PLACEMENT)];
    let tasks = [exited(1, 1, 1)];
    let diagnosis = diagnose(&Seen { stopped: &tasks, events: &events, ..Seen::default() }).expect("failed");
    assert_eq!(
        causes(&diagnosis),
        [
            "the program exited with an error",
            "no container instance has enough memory left",
            "AWS throttles ECS"
        ]
    );
}

const PLACEMENT: &str = "service a was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 1 has insufficient memory available.";

#[test]
fn where_no_task_failed_events_tell() {
    let events = [event(5, PLACEMENT), event(4, "(service a) has begun draining connections on 2 tasks.")];
    let diagnosis = diagnose(&Seen { events: &events, ..Seen::default() }).expect("failed");
    assert_eq!((diagnosis.failed_tasks, diagnosis.task), (0, None));
    assert_eq!(diagnosis.causes[0].cause, "no container instance has enough memory left");
    assert_eq!(diagnosis.causes[0].count, 0);
    assert_eq!(diagnosis.events, [event(5, PLACEMENT)]);
}

#[test]
fn that_it_failed_is_no_cause_where_anything_tells_why() {
    let failed = "(service a) (deployment ecs-svc/1) deployment failed: tasks failed to start.";
    let events = [event(2, "(service a) rolling back to deployment ecs-svc/0."), event(1, failed)];
    let reason = Some("Service deployment rolled back because the circuit breaker threshold was exceeded.");
    let seen = Seen { events: &events, reason, ..Seen::default() };
    let alone = diagnose(&seen).expect("failed");
    assert_eq!(
        causes(&alone),
        ["tasks failed until ECS gave up", "ECS rolls back to the previous deployment"]
    );
    let tasks = [exited(1, 1, 1)];
    let with = diagnose(&Seen { stopped: &tasks, ..seen }).expect("failed");
    assert_eq!(causes(&with), ["the program exited with an error"]);
    assert_eq!(with.events.len(), 2, "the events are shown all the same");
}

#[test]
fn an_alarm_is_a_cause_of_its_own() {
    let alarms = ["web-5xx".to_owned()];
    let tasks = [exited(1, 1, 1)];
    let seen = Seen { stopped: &tasks, alarms: &alarms, ..Seen::default() };
    let beside = diagnose(&seen).expect("failed");
    assert_eq!(causes(&beside), ["the program exited with an error", "alarm `web-5xx` was triggered"]);
    let reason = Some("Service deployment rolled back because an alarm was triggered.");
    let decisive = diagnose(&Seen { reason, ..seen }).expect("failed");
    assert_eq!(causes(&decisive), ["alarm `web-5xx` was triggered", "the program exited with an error"]);
    let nameless = diagnose(&Seen { reason, ..Seen::default() }).expect("failed");
    assert_eq!(causes(&nameless), ["an alarm of the deployment was triggered"]);
}

#[test]
fn unhealthy_targets_are_shown_and_explained() {
    let targets =
        [target("healthy", ""), target("unhealthy", "Health checks failed with these codes: [503]")];
    let diagnosis = diagnose(&Seen { targets: &targets, ..Seen::default() }).expect("unhealthy");
    assert_eq!(diagnosis.targets, targets[1..]);
    assert_eq!(causes(&diagnosis), ["the load balancer's health check fails"]);
    assert_eq!(diagnosis.causes[0].evidence, "10.0.0.1:80: Health checks failed with these codes: [503]");
}

#[test]
fn the_same_cause_stands_once() {
    let reason = "Task failed ELB health checks in (target-group arn:aws:x)";
    let tasks = [task(1, 1, "ServiceSchedulerInitiated", reason, json!([{"name": "app", "exitCode": 143}]))];
    let events = [event(
        1,
        "(service a) (task 1) (port 80) is unhealthy in (target-group x) due to (reason Request timed out).",
    )];
    let targets = [target("unhealthy", "Request timed out")];
    let seen = Seen { stopped: &tasks, events: &events, targets: &targets, ..Seen::default() };
    let diagnosis = diagnose(&seen).expect("failed");
    assert_eq!(causes(&diagnosis), ["the load balancer's health check fails"]);
    assert_eq!((diagnosis.causes[0].count, diagnosis.causes[0].evidence.as_str()), (1, reason));
}

#[test]
fn what_came_from_outside_is_told_behind_the_rest() {
    let spot = || {
        task(
            9,
            1,
            "SpotInterruption",
            "Your Spot Task was interrupted.",
            json!([{"name": "app", "exitCode": 143}]),
        )
    };
    let alone = of_tasks(&[spot()]).expect("told");
    assert_eq!((alone.failed_tasks, causes(&alone)), (0, vec!["AWS reclaimed the Spot capacity"]));
    let both = of_tasks(&[spot(), exited(1, 2, 1)]).expect("failed");
    assert_eq!(causes(&both), ["the program exited with an error", "AWS reclaimed the Spot capacity"]);
    assert_eq!(both.task.as_deref(), Some("1"));
}

#[test]
fn events_stand_once_in_the_order_of_time() {
    let unhealthy = |id: &str| {
        format!(
            "(service a) (task {id}) (port 80) is unhealthy in (target-group x) due to (reason Request timed out)."
        )
    };
    let events = [
        event(9, "(service a) did something of tomorrow."),
        event(8, &unhealthy("9d85800c30b349039d104d52b506b930")),
        event(7, "(service a) has reached a steady state."),
        event(6, &unhealthy("a25c6c790e254b4791ba6806c0541c63")),
    ];
    let diagnosis = diagnose(&Seen { events: &events, ..Seen::default() }).expect("warned");
    let times: Vec<f64> = diagnosis.events.iter().map(|event| event.created_at.0).collect();
    assert_eq!(times, [6.0, 9.0]);
}

#[test]
fn of_many_events_the_failures_stay() {
    let mut events: Vec<Event> = (0..20)
        .rev()
        .map(|at| event(at, &format!("(service a) says {}.", "x".repeat(at as usize + 1))))
        .collect();
    events.insert(0, event(30, PLACEMENT));
    let diagnosis = diagnose(&Seen { events: &events, ..Seen::default() }).expect("failed");
    assert_eq!(diagnosis.events.len(), 8);
    assert_eq!(diagnosis.events.last(), Some(&event(30, PLACEMENT)));
    assert_eq!(diagnosis.events.first().map(|event| event.created_at.0), Some(0.0));
}

#[test]
fn a_diagnosis_as_json_leaves_out_what_is_not_there() {
    let diagnosis = of_tasks(&[exited(1, 1, 1)]).expect("failed");
    let value = serde_json::to_value(&diagnosis).expect("json");
    assert_eq!(
        value["causes"][0],
        json!({"cause": "the program exited with an error", "remedy": "read the container's last log lines",
            "retry_helps": "no", "evidence": "container `app` exited with code 1", "count": 1})
    );
    assert_eq!(value["containers"][0], json!({"name": "app", "exit_code": 1, "failing": true}));
    for absent in ["targets", "events", "log"] {
        assert!(value.get(absent).is_none(), "{absent}");
    }
}
