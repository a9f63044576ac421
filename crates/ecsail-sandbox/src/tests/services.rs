//! Services between rollouts: changes, scaling, percentages, stops, and saved states.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{breaker, definition, is_completed, seeded_sandbox, text};
use crate::{Clock, Sandbox, Scenario};

#[test]
fn only_some_changes_deploy() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let deploys = |change: Value| {
        let before = sandbox.web()["deployments"][0]["id"].clone();
        let mut input = json!({ "cluster": "shop", "service": "web" });
        change.as_object().into_iter().flatten().for_each(|(key, value)| input[key.as_str()] = value.clone());
        let after = sandbox.ecs("UpdateService", input);
        after["service"]["deployments"][0]["id"] != before
    };
    let network =
        |subnet: &str| json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } } });
    assert!(!deploys(json!({})));
    assert!(!deploys(json!({ "desiredCount": 3 })));
    assert!(!deploys(json!({ "deploymentConfiguration": { "maximumPercent": 150 } })));
    assert!(!deploys(json!({ "enableExecuteCommand": true })));
    assert!(!deploys(json!({ "taskDefinition": "web" })));
    assert!(deploys(json!({ "forceNewDeployment": true })));
    assert!(deploys(network("subnet-9")));
    assert!(!deploys(network("subnet-9")));
    sandbox.ecs("RegisterTaskDefinition", definition("v2"));
    assert!(!deploys(json!({})), "a service stays with its revision until told");
    assert!(deploys(json!({ "taskDefinition": "web" })), "a bare family is its latest revision");
}

#[test]
fn scaling_starts_and_stops_without_a_deployment() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let running = |count: u64| move |s: &Sandbox| s.web()["runningCount"] == count;
    let scale = |count: u64| {
        sandbox.ecs("UpdateService", json!({ "cluster": "shop", "service": "web", "desiredCount": count }))
    };
    scale(5);
    sandbox.until(60, running(5));
    scale(1);
    sandbox.until(60, running(1));
    sandbox
        .until(60, |s| s.event_messages().last().is_some_and(|m| m.ends_with("has reached a steady state.")));
    assert_eq!(sandbox.web()["deployments"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_service_of_none_completes_at_once() {
    let sandbox = seeded_sandbox(Clock::Held, json!({ "desiredCount": 0 }));
    sandbox.deploy("v2", Scenario::Crash);
    assert!(sandbox.until(5, is_completed) <= 2);
}

#[test]
fn more_than_a_hundred_tasks_roll_within_the_percentages() {
    let config = json!({ "minimumHealthyPercent": 50, "maximumPercent": 150 });
    let sandbox =
        seeded_sandbox(Clock::Held, json!({ "desiredCount": 120, "deploymentConfiguration": config }));
    sandbox.deploy("v2", Scenario::Steady);
    let took = sandbox.until(600, |s| {
        let web = s.web();
        let (up, coming) =
            (web["runningCount"].as_u64().unwrap_or(0), web["pendingCount"].as_u64().unwrap_or(0));
        assert!(up >= 60 && up + coming <= 180, "{up} running, {coming} pending");
        is_completed(s)
    });
    assert!(took < 300, "{took}");
    let first = sandbox.ecs("ListTasks", json!({ "cluster": "shop", "serviceName": "web" }));
    assert_eq!(first["taskArns"].as_array().map(Vec::len), Some(100));
    let next = json!({ "cluster": "shop", "serviceName": "web", "nextToken": first["nextToken"] });
    assert_eq!(sandbox.ecs("ListTasks", next)["taskArns"].as_array().map(Vec::len), Some(20));
}

#[test]
fn percentages_that_allow_no_change_are_reported() {
    // Of two tasks, 149 % are two.
    let config = json!({ "minimumHealthyPercent": 100, "maximumPercent": 149 });
    let sandbox = seeded_sandbox(Clock::Held, json!({ "deploymentConfiguration": config }));
    sandbox.deploy("v2", Scenario::Steady);
    sandbox.advance(Duration::from_mins(5));
    let told = sandbox.event_messages();
    let about =
        told.iter().filter(|m| m.contains("was unable to stop or start tasks during a deployment")).count();
    assert_eq!(about, 1, "once, not every second");
    assert_eq!(sandbox.web()["runningCount"], 2);
}

#[test]
fn a_stop_request_rolls_back_or_aborts() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy("v2", Scenario::Slow);
    sandbox.advance(Duration::from_secs(10));
    let arn = sandbox.entry()["serviceDeploymentArn"].clone();
    sandbox.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
    assert_eq!(sandbox.entry()["status"], "ROLLBACK_REQUESTED");
    sandbox.until(60, is_completed);
    assert_eq!(sandbox.entry()["status"], "ROLLBACK_SUCCESSFUL");
    assert!(text(&sandbox.web()["taskDefinition"]).ends_with(":1"));

    sandbox.deploy("v3", Scenario::Slow);
    sandbox.advance(Duration::from_secs(10));
    let arn = sandbox.entry()["serviceDeploymentArn"].clone();
    sandbox.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" }));
    sandbox.until(60, |s| s.entry()["status"] == "STOPPED");
    let (code, _) = sandbox.ecs_error("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }));
    assert_eq!(code, "ConflictException");
}

#[test]
fn an_image_that_its_repository_lacks_cannot_be_pulled() {
    let sandbox = seeded_sandbox(Clock::Held, breaker(true));
    sandbox.deploy("never-pushed", Scenario::Steady);
    sandbox.until(200, |s| s.entry()["status"] == "ROLLBACK_SUCCESSFUL");
    let task = sandbox.tasks("STOPPED").pop().unwrap_or_default();
    assert!(text(&task["containers"][0]["reason"]).contains("never-pushed: not found"));
}

#[test]
fn a_stopped_task_is_replaced_and_forgotten_after_an_hour() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let task = sandbox.tasks("RUNNING")[0]["taskArn"].clone();
    sandbox.ecs("StopTask", json!({ "cluster": "shop", "task": task, "reason": "by hand" }));
    sandbox.until(20, |s| s.tasks("STOPPED").iter().any(|t| t["stopCode"] == "UserInitiated"));
    sandbox.until(90, |s| s.web()["runningCount"] == 2);
    sandbox.advance(Duration::from_secs(3700));
    assert!(sandbox.tasks("STOPPED").is_empty());
}

#[test]
fn a_saved_world_goes_on() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy("v2", Scenario::Steady);
    sandbox.advance(Duration::from_secs(20));
    let (saved, before) = (sandbox.save(), sandbox.web());
    drop(sandbox);
    let options = crate::Options { clock: Clock::Held, state: Some(saved), ..Default::default() };
    let sandbox = Sandbox::start(options).expect("the state is its own");
    assert_eq!(sandbox.web(), before);
    sandbox.until(120, is_completed);
    let bad = crate::Options { state: Some(json!({ "format": 9 })), ..Default::default() };
    assert!(Sandbox::start(bad).is_err());
}

#[test]
fn wall_time_passes_between_calls() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy("v2", Scenario::Steady);
    let mut saved = sandbox.save();
    // Saved a minute ago, and time runs twice as fast.
    saved["saved_at"] = json!(saved["saved_at"].as_i64().unwrap_or(0) - 60_000);
    let options =
        crate::Options { clock: Clock::Wall { factor: 2.0 }, state: Some(saved), ..Default::default() };
    let sandbox = Sandbox::start(options).expect("the state is its own");
    assert!(is_completed(&sandbox));
}
