//! Every way in which a one-off task can end.

use super::*;
use crate::aws::types::view;
use serde_json::{Value, json};

fn definition() -> Value {
    json!({"containerDefinitions": [{"name": "app"}, {"name": "proxy", "essential": false}]})
}

/// Returns a stopped task that ran, whose containers are given as name, exit code and reason.
fn stopped(code: &str, reason: &str, containers: &[(&str, Option<i64>, &str)]) -> Seen {
    seen(json!({"lastStatus": "STOPPED", "startedAt": 5.0, "stopCode": code, "stoppedReason": reason,
        "containers": containers.iter().map(ended).collect::<Value>()}))
}

fn ended((name, code, reason): &(&str, Option<i64>, &str)) -> Value {
    json!({"name": name, "exitCode": code, "reason": if reason.is_empty() { Value::Null } else { json!(reason) }})
}

fn seen(task: Value) -> Seen {
    Seen { task: view(&task).expect("a task"), absent: 0.0 }
}

fn exited(containers: &[(&str, Option<i64>, &str)]) -> Seen {
    stopped("EssentialContainerExited", "Essential container in task exited", containers)
}

/// Returns how a run of these tasks ended.
fn judged(named: Option<&str>, tasks: &[Seen]) -> TaskEnding {
    ending(&judge(&Deciding::of(&definition(), named), tasks).expect("all have ended"))
}

fn code(of: TaskEnding) -> Option<i64> {
    match of {
        TaskEnding::Exited { code } => Some(code),
        _ => None,
    }
}

#[test]
fn a_task_that_goes_on_has_no_end_in_any_phase() {
    let phases = [
        "PROVISIONING",
        "PENDING",
        "ACTIVATING",
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "DEPROVISIONING",
        "NEW",
        "",
    ];
    for phase in phases {
        let task = seen(json!({"lastStatus": phase, "containers": [{"name": "app", "exitCode": 0}]}));
        assert_eq!(judge(&Deciding::default(), &[task]), None, "{phase}");
    }
}

#[test]
fn every_end_has_its_code() {
    const TERM: &str = "Essential container in task exited";
    let oom = "OutOfMemoryError: Container killed due to memory usage";
    let rows: &[(&str, Option<&str>, Seen, Option<i64>)] = &[
        ("done", None, exited(&[("app", Some(0), "")]), Some(0)),
        ("failed", None, exited(&[("app", Some(7), "")]), Some(7)),
        ("out of memory", None, exited(&[("app", Some(137), oom)]), Some(137)),
        (
            "a sidecar that was ended",
            None,
            exited(&[("app", Some(0), ""), ("proxy", Some(143), "")]),
            Some(0),
        ),
        (
            "a sidecar that was killed",
            None,
            exited(&[("app", Some(0), ""), ("proxy", Some(137), "")]),
            Some(0),
        ),
        ("a sidecar that never ran", None, exited(&[("app", Some(0), ""), ("proxy", None, "")]), Some(0)),
        ("a sidecar that failed", None, exited(&[("proxy", Some(1), ""), ("app", Some(0), "")]), Some(0)),
        ("a good sidecar", None, exited(&[("proxy", Some(0), ""), ("app", Some(7), "")]), Some(7)),
        ("the named one", Some("proxy"), exited(&[("app", Some(0), ""), ("proxy", Some(9), "")]), Some(9)),
        (
            "only the named one",
            Some("proxy"),
            exited(&[("app", Some(1), ""), ("proxy", Some(0), "")]),
            Some(0),
        ),
        (
            "the named one has no code",
            Some("proxy"),
            exited(&[("app", Some(0), ""), ("proxy", None, "")]),
            None,
        ),
        ("the named one is not there", Some("worker"), exited(&[("app", Some(0), "")]), None),
        ("no code", None, exited(&[("app", None, "")]), None),
        ("no containers", None, exited(&[]), None),
        ("no stop code", None, stopped("", TERM, &[("app", Some(0), "")]), Some(0)),
        ("no stop code, failed", None, stopped("", TERM, &[("app", Some(2), "")]), Some(2)),
        ("stopped by a call", None, stopped("UserInitiated", "bye", &[("app", Some(143), "")]), Some(143)),
        ("stopped, and good at it", None, stopped("UserInitiated", "bye", &[("app", Some(0), "")]), None),
        ("stopped before it ran", None, stopped("UserInitiated", "bye", &[("app", None, "")]), None),
        (
            "spot",
            None,
            stopped("SpotInterruption", "Your Spot Task was interrupted.", &[("app", Some(0), "")]),
            None,
        ),
        ("notice", None, stopped("TerminationNotice", "", &[("app", Some(0), "")]), None),
        ("infrastructure", None, stopped("InfrastructureHealth", "", &[("app", Some(137), "")]), Some(137)),
        (
            "health",
            None,
            stopped("ServiceSchedulerInitiated", "Task failed container health checks", &[]),
            None,
        ),
        ("a stop code of tomorrow", None, stopped("SomethingNew", "", &[("app", Some(0), "")]), None),
        (
            "no image",
            None,
            stopped("TaskFailedToStart", "CannotPullContainerError", &[("app", None, "")]),
            None,
        ),
        (
            "one container did not start",
            None,
            stopped(
                "TaskFailedToStart",
                "CannotStartContainerError",
                &[("app", Some(0), ""), ("proxy", None, "")],
            ),
            None,
        ),
    ];
    for (what, named, task, expected) in rows {
        assert_eq!(code(judged(*named, std::slice::from_ref(task))), *expected, "{what}");
    }
}

#[test]
fn an_essential_container_that_was_ended_counts_unless_another_is_named() {
    // ECS does not show which of the two ended first: a container that was killed may have ended a good one.
    let deciding =
        |named| Deciding::of(&json!({"containerDefinitions": [{"name": "app"}, {"name": "db"}]}), named);
    let tasks = [exited(&[("app", Some(0), ""), ("db", Some(143), "")])];
    let code_of = |named| code(ending(&judge(&deciding(named), &tasks).expect("ended")));
    assert_eq!(code_of(None), Some(143));
    assert_eq!(code_of(Some("app")), Some(0));
}

#[test]
fn without_a_definition_all_containers_count() {
    let tasks = [exited(&[("app", Some(0), ""), ("proxy", Some(4), "")])];
    let ends = judge(&Deciding::of(&Value::Null, None), &tasks).expect("ended");
    assert_eq!(ending(&ends), TaskEnding::Exited { code: 4 });
}

#[test]
fn a_task_that_never_ran_says_why() {
    let task = stopped("TaskFailedToStart", "CannotPullContainerError: not found", &[("app", None, "")]);
    let expected = "the task did not start: CannotPullContainerError: not found".to_owned();
    assert_eq!(judged(None, &[task]), TaskEnding::FailedWithoutCode { reason: expected });
    let silent = seen(json!({"lastStatus": "STOPPED", "containers": [{"name": "app", "reason": "no room"}]}));
    let expected = "the task did not start: no room".to_owned();
    assert_eq!(judged(None, &[silent]), TaskEnding::FailedWithoutCode { reason: expected });
}

#[test]
fn of_several_tasks_the_first_code_that_is_not_0_counts() {
    let good = exited(&[("app", Some(0), "")]);
    let (seven, eight) = (exited(&[("app", Some(7), "")]), exited(&[("app", Some(8), "")]));
    let gone = Seen { absent: ABSENT, ..seen(json!({"lastStatus": "RUNNING"})) };
    assert_eq!(code(judged(None, &[good.clone(), seven.clone(), eight])), Some(7));
    assert_eq!(code(judged(None, &[gone.clone(), seven])), Some(7), "a code says more than none");
    assert_eq!(code(judged(None, &[good.clone(), good.clone()])), Some(0));
    assert_eq!(code(judged(None, &[good.clone(), gone])), None);
    let open = seen(json!({"lastStatus": "RUNNING"}));
    assert_eq!(judge(&Deciding::default(), &[good, open]), None, "one goes on");
}

#[test]
fn a_task_that_is_absent_for_a_moment_is_not_gone() {
    let new = Seen { absent: ABSENT - 1.0, ..seen(json!({"lastStatus": "PROVISIONING"})) };
    assert_eq!(judge(&Deciding::default(), std::slice::from_ref(&new)), None);
    let gone = Seen { absent: ABSENT, ..new };
    assert_eq!(judge(&Deciding::default(), &[gone]), Some(vec![End::Gone]));
}

#[test]
fn only_a_stop_by_a_call_is_one() {
    let by_call = |task: Seen| {
        let ends = judge(&Deciding::default(), &[task]).expect("ended");
        matches!(ends[0], End::Stopped { by_call: true, .. })
    };
    assert!(by_call(stopped("UserInitiated", "Stopped by ecsail", &[("app", Some(143), "")])));
    assert!(!by_call(stopped("SpotInterruption", "", &[("app", Some(143), "")])));
    assert!(!by_call(exited(&[("app", Some(143), "")])));
}
