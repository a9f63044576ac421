//! Every way in which a deployment can end, one row each.

use super::deployment_list::POLLS_UNTIL_GONE;
use super::stuck::breaker_threshold;
use super::*;
use crate::aws::types::{CircuitBreakerThreshold, Deployment, RolloutState, Task, parse_view};
use serde_json::{Value, json};

mod crash_loops;
mod properties;

const OURS: &str = "ecs-svc/2";
const OLD: &str = "ecs-svc/1";
const STARTED: f64 = 1000.0;

fn followed() -> WatchedRollout {
    WatchedRollout {
        key: "web".into(),
        name: "web".into(),
        cluster: "main".into(),
        deployment: Some(OURS.into()),
        created_at: STARTED,
        revision: "arn:aws:ecs:x:1:task-definition/web:2".into(),
        previous: "arn:aws:ecs:x:1:task-definition/web:1".into(),
        deployment_before: Some(OLD.into()),
        ..WatchedRollout::default()
    }
}

fn deployment(id: &str, status: &str, revision: u32, state: &str, running: u32, desired: u32) -> Value {
    let created = match id {
        OLD => STARTED - 500.0,
        OURS => STARTED,
        _ => STARTED + 30.0,
    };
    let mut value = json!({"id": id, "status": status, "createdAt": created, "runningCount": running,
        "desiredCount": desired, "taskDefinition": format!("arn:aws:ecs:x:1:task-definition/web:{revision}")});
    if !state.is_empty() {
        value["rolloutState"] = json!(state);
        value["rolloutStateReason"] = json!(format!("{state} because"));
    }
    value
}

fn service(deployments: &[Value], breaker: &str, events: &[&str]) -> Value {
    let events: Vec<_> =
        events.iter().map(|message| json!({"createdAt": STARTED + 20.0, "message": message})).collect();
    json!({"status": "ACTIVE", "desiredCount": 2, "deployments": deployments, "events": events,
        "taskDefinition": deployments.first().map(|first| first["taskDefinition"].clone()),
        "deploymentConfiguration": {"deploymentCircuitBreaker":
            {"enable": !breaker.is_empty(), "rollback": breaker == "rollback"}}})
}

fn snapshot(service: Value, service_deployment: Option<Value>) -> RolloutSnapshot {
    RolloutSnapshot {
        service: Some(parse_view(&service).expect("a service")),
        service_deployment: service_deployment.map(|value| parse_view(&value).expect("a service deployment")),
        last_deployment: Some(Deployment { id: OURS.into(), ..Deployment::default() }),
        polls_without_deployment: POLLS_UNTIL_GONE,
        ..RolloutSnapshot::default()
    }
}

fn crashed(exit_code: i64) -> Task {
    parse_view(
        &json!({"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
        "startedBy": OURS, "containers": [{"name": "app", "exitCode": exit_code}]}),
    )
    .expect("a task")
}

/// Returns the verdict in one word and its text.
fn verdict(snapshot: &RolloutSnapshot) -> (String, String) {
    let value = serde_json::to_value(judge(&followed(), snapshot, STARTED + 100.0)).expect("serialises");
    let text = ["reason", "by", "detail", "hook", "runs"].iter().find_map(|member| value[*member].as_str());
    (value["verdict"].as_str().unwrap_or_default().to_owned(), text.unwrap_or_default().to_owned())
}

#[test]
fn the_service_deployment_decides() {
    let both = |state| {
        service(
            &[deployment(OURS, "PRIMARY", 2, state, 2, 2), deployment(OLD, "ACTIVE", 1, "COMPLETED", 0, 0)],
            "",
            &[],
        )
    };
    let back = service(&[deployment(OLD, "PRIMARY", 1, "COMPLETED", 2, 2)], "rollback", &[]);
    let other = service(&[deployment("ecs-svc/3", "PRIMARY", 3, "IN_PROGRESS", 0, 2)], "", &[]);
    let reason = json!({"reason": "Circuit breaker"});
    let rows = [
        (both("IN_PROGRESS"), json!({"status": "PENDING"}), "progressing", "pending"),
        (
            both("IN_PROGRESS"),
            json!({"status": "IN_PROGRESS", "lifecycleStage": "SCALE_UP"}),
            "progressing",
            "scale up",
        ),
        (
            both("IN_PROGRESS"),
            json!({"status": "IN_PROGRESS", "lifecycleStage": "STAGE_OF_TOMORROW"}),
            "progressing",
            "stage of tomorrow",
        ),
        (both("IN_PROGRESS"), json!({"status": "STATUS_OF_TOMORROW"}), "progressing", "status of tomorrow"),
        (
            both("IN_PROGRESS"),
            json!({"status": "IN_PROGRESS", "lifecycleStage": "PRE_SCALE_UP", "lifecycleHookDetails":
                [{"hookId": "h1", "status": "SUCCEEDED"}, {"hookId": "h2", "status": "AWAITING_ACTION"}]}),
            "awaiting_hook",
            "h2",
        ),
        // COMPLETED in the list alone is not the end while the service deployment bakes.
        (
            both("COMPLETED"),
            json!({"status": "IN_PROGRESS", "lifecycleStage": "BAKE_TIME"}),
            "progressing",
            "bake time",
        ),
        (both("COMPLETED"), json!({"status": "SUCCESSFUL"}), "succeeded", ""),
        (
            back.clone(),
            json!({"status": "ROLLBACK_REQUESTED", "rollback": reason}),
            "progressing",
            "rolling back: Circuit breaker",
        ),
        (
            back.clone(),
            json!({"status": "ROLLBACK_IN_PROGRESS", "rollback": reason}),
            "progressing",
            "rolling back: Circuit breaker",
        ),
        (
            back.clone(),
            json!({"status": "ROLLBACK_SUCCESSFUL", "rollback": reason}),
            "rolled_back",
            "Circuit breaker",
        ),
        (
            back.clone(),
            json!({"status": "ROLLBACK_FAILED", "statusReason": "no"}),
            "failed",
            "the rollback failed: no",
        ),
        (
            back.clone(),
            json!({"status": "STOPPED", "statusReason": "by hand"}),
            "failed",
            "the deployment was stopped: by hand",
        ),
        (back, json!({"status": "STOP_REQUESTED"}), "progressing", "stopping"),
        (other.clone(), json!({"status": "STOP_REQUESTED"}), "superseded", "web:3 (ecs-svc/3)"),
        (other, json!({"status": "STOPPED"}), "superseded", "web:3 (ecs-svc/3)"),
        // The list, read later, already shows the rollback.
        (
            service(
                &[
                    deployment(OLD, "PRIMARY", 1, "IN_PROGRESS", 1, 2),
                    deployment(OURS, "ACTIVE", 2, "FAILED", 0, 0),
                ],
                "rollback",
                &[],
            ),
            json!({"status": "IN_PROGRESS"}),
            "progressing",
            "rolling back: FAILED because",
        ),
        (
            service(&[deployment(OLD, "PRIMARY", 1, "COMPLETED", 2, 2)], "rollback", &[]),
            json!({"status": "IN_PROGRESS"}),
            "progressing",
            "rolling back: ECS gives no reason",
        ),
        // The circuit breaker without rollback: only the deployment list says FAILED.
        (
            service(&[deployment(OURS, "PRIMARY", 2, "FAILED", 0, 2)], "breaker", &[]),
            json!({"status": "IN_PROGRESS"}),
            "failed",
            "FAILED because",
        ),
    ];
    for (service, service_deployment, expected, text) in rows {
        let shown = format!("{service_deployment}");
        let found = verdict(&snapshot(service, Some(service_deployment)));
        assert_eq!(found, (expected.to_owned(), text.to_owned()), "{shown}");
    }
}

#[test]
fn without_service_deployments_the_list_decides() {
    let going_back = "(service web) rolling back to deployment ecs-svc/9.";
    let failed = "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.";
    let ours = |status, state, running| deployment(OURS, status, 2, state, running, 2);
    let old = |status, state| deployment(OLD, status, 1, state, 2, 2);
    let rows = [
        (
            vec![ours("PRIMARY", "IN_PROGRESS", 1), old("ACTIVE", "COMPLETED")],
            "",
            vec![],
            "progressing",
            "in progress",
        ),
        (vec![ours("PRIMARY", "COMPLETED", 2), old("ACTIVE", "COMPLETED")], "", vec![], "succeeded", ""),
        (vec![ours("PRIMARY", "COMPLETED", 2)], "", vec![], "succeeded", ""),
        (vec![deployment(OURS, "PRIMARY", 2, "COMPLETED", 0, 0)], "", vec![], "succeeded", ""),
        (vec![ours("PRIMARY", "FAILED", 0)], "breaker", vec![], "failed", "FAILED because"),
        (
            vec![ours("PRIMARY", "FAILED", 0)],
            "rollback",
            vec![],
            "progressing",
            "rolling back: FAILED because",
        ),
        (
            vec![old("PRIMARY", "IN_PROGRESS"), ours("ACTIVE", "FAILED", 0)],
            "rollback",
            vec![],
            "progressing",
            "rolling back: FAILED because",
        ),
        (
            vec![old("PRIMARY", "COMPLETED"), ours("ACTIVE", "FAILED", 0)],
            "rollback",
            vec![],
            "rolled_back",
            "FAILED because",
        ),
        // The failed one has left the list: one deployment, steady, and no success.
        (vec![old("PRIMARY", "COMPLETED")], "rollback", vec![failed], "rolled_back", failed),
        (vec![old("PRIMARY", "COMPLETED")], "", vec![], "rolled_back", "ECS gives no reason"),
        (
            vec![old("PRIMARY", "FAILED"), ours("ACTIVE", "FAILED", 0)],
            "rollback",
            vec![],
            "failed",
            "the rollback failed: FAILED because",
        ),
        // A rollback as a new deployment.
        (
            vec![deployment("ecs-svc/9", "PRIMARY", 1, "COMPLETED", 2, 2)],
            "rollback",
            vec![going_back],
            "rolled_back",
            "ECS gives no reason",
        ),
        (
            vec![deployment("ecs-svc/9", "PRIMARY", 1, "IN_PROGRESS", 1, 2), ours("ACTIVE", "FAILED", 0)],
            "rollback",
            vec![],
            "progressing",
            "rolling back: FAILED because",
        ),
        // Another client's deployment.
        (
            vec![
                deployment("ecs-svc/3", "PRIMARY", 3, "IN_PROGRESS", 0, 2),
                ours("ACTIVE", "IN_PROGRESS", 1),
            ],
            "",
            vec![],
            "superseded",
            "web:3 (ecs-svc/3)",
        ),
        (
            vec![deployment("ecs-svc/3", "PRIMARY", 3, "COMPLETED", 2, 2)],
            "rollback",
            vec![],
            "superseded",
            "web:3 (ecs-svc/3)",
        ),
        // Older implementations give no rollout state.
        (vec![ours("PRIMARY", "", 2)], "", vec![], "succeeded", ""),
        (vec![ours("PRIMARY", "", 1)], "", vec![], "progressing", "in progress"),
        (
            vec![ours("PRIMARY", "", 2), old("ACTIVE", "")],
            "",
            vec![],
            "progressing",
            "in progress; tasks of the previous deployment are still running",
        ),
        (vec![ours("PRIMARY", "STATE_OF_TOMORROW", 2)], "", vec![], "progressing", "in progress"),
        (vec![], "", vec![], "progressing", "the service has no deployments"),
    ];
    for (deployments, breaker, events, expected, text) in rows {
        let shown = format!("{deployments:?} {breaker} {events:?}");
        let found = verdict(&snapshot(service(&deployments, breaker, &events), None));
        assert_eq!(found, (expected.to_owned(), text.to_owned()), "{shown}");
    }
}

#[test]
fn an_answer_from_before_the_update_is_no_rollback() {
    let stale = service(&[deployment(OLD, "PRIMARY", 1, "COMPLETED", 2, 2)], "", &[]);
    let unseen = RolloutSnapshot { last_deployment: None, ..snapshot(stale, None) };
    assert!(!judge(&followed(), &unseen, STARTED + 5.0).is_final());
    assert!(matches!(judge(&followed(), &unseen, STARTED + 61.0), Verdict::RolledBack { .. }));
}

#[test]
fn single_outdated_answer_is_no_rollback() {
    let stale = service(&[deployment(OLD, "PRIMARY", 1, "COMPLETED", 2, 2)], "", &[]);
    let with = |absent| RolloutSnapshot { polls_without_deployment: absent, ..snapshot(stale.clone(), None) };
    assert_eq!(verdict(&with(1)).0, "progressing");
    assert_eq!(verdict(&with(3)).0, "rolled_back");
    // Where it was seen to fail, or ECS reports it, there is nothing to wait for.
    let failed = Deployment { rollout_state: Some(RolloutState::Failed), ..Deployment::default() };
    assert_eq!(verdict(&RolloutSnapshot { last_deployment: Some(failed), ..with(1) }).0, "rolled_back");
}

#[test]
fn failed_deployment_without_rollback_point_has_failed() {
    let stalled = service(&[deployment(OURS, "PRIMARY", 2, "FAILED", 0, 2)], "rollback", &[]);
    let with = |failed| RolloutSnapshot { polls_failed: failed, ..snapshot(stalled.clone(), None) };
    assert_eq!(verdict(&with(14)).0, "progressing");
    assert_eq!(verdict(&with(15)).0, "failed");
}

#[test]
fn failures_before_a_recovery_do_not_count() {
    let growing = service(&[deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", 1, 2)], "", &[]);
    let at = |stopped_at: f64| Task { stopped_at: crate::aws::types::Epoch(stopped_at), ..crashed(1) };
    let stopped: Vec<Task> = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 30.0].map(at).into();
    let with = |healed_at| RolloutSnapshot {
        recovered_at: healed_at,
        stopped_tasks: stopped.clone(),
        ..snapshot(growing.clone(), None)
    };
    assert_eq!(verdict(&with(0.0)).0, "stuck");
    assert_eq!(verdict(&with(16.0)).0, "progressing");
}

#[test]
fn deleted_service_has_failed() {
    let gone = |missing| RolloutSnapshot { polls_without_service: missing, ..RolloutSnapshot::default() };
    assert_eq!(verdict(&gone(1)).0, "progressing", "one answer without it is no proof");
    assert_eq!(verdict(&gone(3)), ("failed".into(), "the service was deleted".into()));
    let mut inactive = service(&[], "", &[]);
    inactive["status"] = json!("INACTIVE");
    assert_eq!(verdict(&snapshot(inactive, None)), ("failed".into(), "the service was deleted".into()));
}

#[test]
fn repeated_crash_is_stuck() {
    let running = service(&[deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", 1, 2)], "", &[]);
    let with =
        |stopped: Vec<Task>| RolloutSnapshot { stopped_tasks: stopped, ..snapshot(running.clone(), None) };
    assert_eq!(verdict(&with(vec![crashed(1); 7])).0, "progressing");
    let different = [vec![crashed(1); 7], vec![crashed(2); 7], vec![crashed(137); 7]].concat();
    assert_eq!(verdict(&with(different)).0, "progressing");
    let (word, text) = verdict(&with(vec![crashed(1); 8]));
    assert_eq!(word, "stuck");
    assert_eq!(text, "8 tasks failed in the same way: container `app` exited with code 1 (4 generations)");
}

#[test]
fn with_the_breaker_on_ecs_decides_first() {
    let running = service(&[deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", 1, 2)], "rollback", &[]);
    let with =
        |count| RolloutSnapshot { stopped_tasks: vec![crashed(1); count], ..snapshot(running.clone(), None) };
    assert_eq!(verdict(&with(7)).0, "progressing");
    assert_eq!(verdict(&with(8)).0, "stuck");
}

#[test]
fn finished_or_rolling_back_deployment_is_not_stuck() {
    let done = service(&[deployment(OURS, "PRIMARY", 2, "COMPLETED", 2, 2)], "", &[]);
    let with = RolloutSnapshot { stopped_tasks: vec![crashed(1); 9], ..snapshot(done, None) };
    assert_eq!(verdict(&with).0, "succeeded");
    let back = service(&[deployment(OLD, "PRIMARY", 1, "IN_PROGRESS", 1, 2)], "rollback", &[]);
    let with = RolloutSnapshot {
        stopped_tasks: vec![crashed(1); 9],
        ..snapshot(back, Some(json!({"status": "ROLLBACK_IN_PROGRESS"})))
    };
    assert_eq!(verdict(&with).0, "progressing");
}

#[test]
fn a_rollback_that_only_the_list_shows_is_not_stuck() {
    let old = deployment(OLD, "PRIMARY", 1, "IN_PROGRESS", 1, 2);
    let back = service(&[old, deployment(OURS, "ACTIVE", 2, "FAILED", 0, 0)], "", &[]);
    let with = RolloutSnapshot {
        stopped_tasks: vec![crashed(1); 9],
        ..snapshot(back, Some(json!({"status": "IN_PROGRESS"})))
    };
    assert_eq!(verdict(&with).0, "progressing");
}

#[test]
fn normal_ends_of_tasks_are_no_failures() {
    let running = service(&[deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", 1, 2)], "", &[]);
    let ended = |code: &str, reason: &str| -> Task {
        parse_view(&json!({"stopCode": code, "stoppedReason": reason, "containers": [{"name": "app", "exitCode": 143}]})).expect("a task")
    };
    for (code, reason) in [
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)"),
        ("UserInitiated", "Deployment completed"),
        ("SpotInterruption", "Spot Task was interrupted."),
    ] {
        let with = RolloutSnapshot {
            stopped_tasks: vec![ended(code, reason); 9],
            ..snapshot(running.clone(), None)
        };
        assert_eq!(verdict(&with).0, "progressing", "{code}");
    }
}

#[test]
fn the_breakers_threshold_is_half_the_desired_count_from_3_to_200() {
    for (desired, threshold) in [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (1000, 200)] {
        assert_eq!(breaker_threshold(desired, None), threshold, "{desired}");
    }
}

#[test]
fn a_configured_threshold_counts() {
    let configured = |kind: &str, value| {
        breaker_threshold(40, Some(&CircuitBreakerThreshold { kind: kind.into(), value }))
    };
    assert_eq!(configured("COUNT", 12), 12);
    assert_eq!(configured("BOUNDED_PERCENT", 5), 3);
    assert_eq!(configured("UNBOUNDED_PERCENT", 5), 2);
    assert_eq!(configured("TYPE_OF_TOMORROW", 5), 20);
    let running = service(&[deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", 1, 2)], "", &[]);
    let reported = json!({"status": "IN_PROGRESS", "deploymentCircuitBreaker": {"threshold": 9}});
    let with = |count| RolloutSnapshot {
        stopped_tasks: vec![crashed(1); count],
        ..snapshot(running.clone(), Some(reported.clone()))
    };
    assert_eq!(verdict(&with(8)).0, "progressing");
    assert_eq!(verdict(&with(9)).0, "stuck");
}

#[test]
fn recovered_deployment_is_not_stuck() {
    let healed = service(&[deployment(OURS, "PRIMARY", 2, "IN_PROGRESS", 2, 2)], "", &[]);
    let with = RolloutSnapshot { stopped_tasks: vec![crashed(1); 9], ..snapshot(healed, None) };
    assert_eq!(verdict(&with).0, "progressing");
}

#[test]
fn a_deployment_whose_id_is_not_known_is_found_by_its_revision() {
    let followed = WatchedRollout { deployment: None, ..followed() };
    let old = service(&[deployment(OLD, "PRIMARY", 1, "IN_PROGRESS", 2, 2)], "", &[]);
    let old = RolloutSnapshot { last_deployment: None, ..snapshot(old, None) };
    assert!(!judge(&followed, &old, STARTED + 5.0).is_final());
    let ours = snapshot(service(&[deployment(OURS, "PRIMARY", 2, "COMPLETED", 2, 2)], "", &[]), None);
    assert_eq!(judge(&followed, &ours, STARTED + 5.0), Verdict::Succeeded);
}
