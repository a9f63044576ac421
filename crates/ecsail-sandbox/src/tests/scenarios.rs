//! What each scenario shows during a rollout: events, reasons, intermediate states.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::post;
use super::support::{balanced, breaker, is_completed, seeded_sandbox, text};
use crate::{Clock, Options, Sandbox, Scenario};

impl Sandbox {
    fn wait(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// Returns whether an event contains this text.
    fn has_event_with(&self, words: &str) -> bool {
        self.event_messages().iter().any(|message| message.contains(words))
    }

    fn status(&self) -> String {
        text(&self.entry()["status"])
    }
}

/// Returns a sandbox in which a deployment of `v2` under this scenario has just started, and its id.
fn start_deployment(scenario: Scenario, service: Value) -> (Sandbox, String) {
    let sandbox = seeded_sandbox(Clock::Held, service);
    let id = sandbox.deploy("v2", scenario);
    (sandbox, id)
}

/// Returns the first task of a scenario's deployment that has stopped.
fn stopped(scenario: Scenario) -> Value {
    let (sandbox, id) = start_deployment(scenario, json!({}));
    let of_it = |t: &Value| t["startedBy"] == id.as_str() && t["lastStatus"] == "STOPPED";
    let found = |s: &Sandbox| s.tasks("STOPPED").into_iter().find(of_it);
    sandbox.until(120, |s| found(s).is_some());
    found(&sandbox).unwrap_or_default()
}

#[test]
fn tasks_that_cannot_start_have_a_stopped_reason() {
    let cases = [
        (Scenario::Platform, "does not contain descriptor matching platform 'linux/amd64'"),
        (
            Scenario::NoNetwork,
            "unable to retrieve ecr registry auth: service call has been retried 3 time(s)",
        ),
        (Scenario::SecretMissing, "Secrets Manager can't find the specified secret."),
    ];
    for (scenario, words) in cases {
        let task = stopped(scenario);
        assert_eq!(task["stopCode"], "TaskFailedToStart", "{scenario}");
        assert!(text(&task["stoppedReason"]).contains(words), "{scenario}: {}", task["stoppedReason"]);
        assert!(task["containers"][0]["exitCode"].is_null(), "{scenario}");
    }
}

#[test]
fn a_program_for_another_cpu_is_reported_by_its_container() {
    let task = stopped(Scenario::ExecFormat);
    assert_eq!([&task["stopCode"], &task["stoppedReason"]], ["TaskFailedToStart", "Task failed to start"]);
    let reason = text(&task["containers"][0]["reason"]);
    assert!(reason.starts_with("CannotStartContainerError: ") && reason.contains("exec format error"));
    assert!(task["containers"][0]["imageDigest"].is_string(), "the image was pulled");
}

#[test]
fn a_role_that_cannot_be_assumed_starts_no_task() {
    let (sandbox, id) = start_deployment(Scenario::Role, json!({}));
    sandbox.wait(60);
    assert!(sandbox.has_event_with(
        "(service web) failed to launch a task with (error ECS was unable to assume the role \
         'arn:aws:iam::123456789012:role/web' that was provided for this task."
    ));
    assert!(sandbox.tasks("RUNNING").iter().all(|task| task["startedBy"] != id.as_str()));
    assert!(sandbox.web()["deployments"][0]["failedTasks"].as_u64() > Some(2));
}

#[test]
fn no_instance_with_room_places_no_task() {
    let (sandbox, id) = start_deployment(Scenario::Placement, json!({}));
    sandbox.wait(600);
    assert!(sandbox.has_event_with(
        "service web was unable to place a task because no container instance met all of its \
        requirements. The closest matching (container-instance "
    ));
    assert_eq!(sandbox.event_messages().iter().filter(|m| m.contains("unable to place")).count(), 1);
    assert!(sandbox.tasks("RUNNING").iter().all(|task| task["startedBy"] != id.as_str()));
}

#[test]
fn capacity_comes_back() {
    let (sandbox, _) = start_deployment(Scenario::Capacity, json!({}));
    sandbox.wait(140);
    assert!(sandbox.has_event_with("Capacity is unavailable at this time."));
    assert_eq!(sandbox.web()["pendingCount"], 0);
    sandbox.wait(20);
    assert_eq!(sandbox.web()["pendingCount"], 2);
}

#[test]
fn unhealthy_targets_are_replaced_by_healthy_ones() {
    let (sandbox, _) = start_deployment(Scenario::UnhealthyRecovers, balanced());
    sandbox.until(200, is_completed);
    assert!(sandbox.has_event_with("due to (reason Request timed out)."));
    assert!(sandbox.has_event_with("Amazon ECS replaced 2 tasks due to an unhealthy status."));
    assert_eq!(sandbox.status(), "SUCCESSFUL");
}

#[test]
fn spot_interruptions_are_no_failures() {
    let (sandbox, id) = start_deployment(Scenario::Spot, breaker(true));
    let lost =
        |s: &Sandbox| s.tasks("STOPPED").into_iter().filter(|t| t["stopCode"] == "SpotInterruption").count();
    sandbox.until(90, |s| lost(s) == 2);
    let task =
        sandbox.tasks("STOPPED").into_iter().find(|t| t["startedBy"] == id.as_str()).unwrap_or_default();
    assert_eq!(task["stoppedReason"], "Your Spot Task was interrupted.");
    assert_eq!(sandbox.web()["deployments"][0]["failedTasks"], 0);
    sandbox.until(90, is_completed);
    assert_eq!(sandbox.status(), "SUCCESSFUL");
}

#[test]
fn a_throttled_crash_loop_never_trips_its_breaker() {
    let (sandbox, _) = start_deployment(Scenario::Throttled, json!({}));
    sandbox.wait(3600);
    let entry = sandbox.entry();
    assert_eq!(entry["status"], "IN_PROGRESS");
    assert_eq!(entry["deploymentCircuitBreaker"]["status"], "MONITORING");
    assert!(sandbox.has_event_with("(service web) is unable to consistently start tasks successfully."));
    assert!(sandbox.has_event_with("service web operations are being throttled. Will try again later."));
    assert!(sandbox.web()["deployments"][0]["failedTasks"].as_u64() < Some(12));
}

#[test]
fn a_rollback_may_fail_too() {
    let (sandbox, _) = start_deployment(Scenario::RollbackFails, json!({}));
    sandbox.until(200, |s| s.status() == "ROLLBACK_IN_PROGRESS");
    sandbox.until(200, |s| s.status() == "ROLLBACK_FAILED");
    let failures = sandbox.event_messages().iter().filter(|m| m.contains("deployment failed: ")).count();
    assert_eq!(failures, 2, "once for each of the two revisions");
    assert_eq!(sandbox.web()["deployments"][0]["rolloutState"], "FAILED");
}

#[test]
fn without_a_target_there_is_no_rollback() {
    let (sandbox, _) = start_deployment(Scenario::NoRollbackTarget, json!({}));
    sandbox.until(200, |s| s.status() == "ROLLBACK_FAILED");
    assert!(text(&sandbox.entry()["statusReason"]).contains("no rollback candidate was found"));
    assert!(!sandbox.has_event_with("rolling back to deployment"));
    assert_eq!(sandbox.web()["runningCount"], 2, "the old tasks stay");
}

#[test]
fn protection_keeps_previous_tasks_for_minutes() {
    let (sandbox, _) = start_deployment(Scenario::Protected, json!({}));
    let old = text(&sandbox.web()["deployments"][1]["id"]);
    sandbox.wait(290);
    assert_eq!(sandbox.web()["runningCount"], 4);
    assert!(sandbox.has_event_with(&format!(
        "(service web) was unable to reach steady state because (taskSet {old}) was \
        unable to scale in due to (reason 2 tasks under protection)"
    )));
    sandbox.until(60, is_completed);
}

#[test]
fn the_same_deployment_completes_with_more_tasks() {
    let (sandbox, id) = start_deployment(Scenario::Scales, json!({}));
    sandbox.until(120, is_completed);
    assert_eq!(sandbox.web()["deployments"][0]["id"], id.as_str());
    assert_eq!([&sandbox.web()["desiredCount"], &sandbox.web()["runningCount"]], [3, 3]);
}

#[test]
fn another_users_deployment_supersedes() {
    let (sandbox, id) = start_deployment(Scenario::Superseded, json!({}));
    let entry = text(&sandbox.entry()["serviceDeploymentArn"]);
    sandbox.wait(30);
    let input = json!({ "serviceDeploymentArns": [entry] });
    let ours = sandbox.ecs("DescribeServiceDeployments", input)["serviceDeployments"][0].clone();
    assert_eq!(ours["status"], "STOPPED");
    assert!(text(&sandbox.web()["taskDefinition"]).ends_with(":3"));
    assert_ne!(sandbox.web()["deployments"][0]["id"], id.as_str());
    let theirs = sandbox.ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web:3" }));
    assert!(text(&theirs["taskDefinition"]["registeredBy"]).ends_with("user/another"));
    sandbox.until(120, is_completed);
}

#[test]
fn a_deleted_service_is_inactive_and_later_missing() {
    let (sandbox, _) = start_deployment(Scenario::Deleted, balanced());
    sandbox.wait(22);
    assert_eq!(sandbox.web()["status"], "DRAINING");
    sandbox.until(60, |s| s.web()["status"] == "INACTIVE");
    assert_eq!(sandbox.status(), "STOPPED");
    sandbox.wait(700);
    let answer = sandbox.ecs("DescribeServices", json!({ "cluster": "shop", "services": ["web"] }));
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
}

#[test]
fn another_users_stop_rolls_back() {
    let (sandbox, _) = start_deployment(Scenario::Stopped, json!({}));
    sandbox.until(30, |s| s.status() == "ROLLBACK_REQUESTED");
    sandbox.until(60, |s| s.status() == "ROLLBACK_SUCCESSFUL");
    assert!(text(&sandbox.entry()["statusReason"]).contains("StopServiceDeployment request"));
}

#[test]
fn early_success_comes_before_the_old_tasks_are_gone() {
    let (sandbox, _) = start_deployment(Scenario::EarlySuccess, balanced());
    sandbox.until(90, |s| s.status() == "SUCCESSFUL");
    sandbox.wait(100);
    let web = sandbox.web();
    assert_eq!(web["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(web["deployments"][1]["status"], "ACTIVE");
    assert_eq!(sandbox.entry()["deploymentConfiguration"]["earlySuccessCriteria"]["enable"], true);
    assert_eq!(sandbox.tasks("STOPPED").iter().filter(|t| t["lastStatus"] == "DEACTIVATING").count(), 2);
    sandbox.until(300, is_completed);
}

#[test]
fn old_tasks_drain_for_minutes() {
    let (sandbox, _) = start_deployment(Scenario::Drain, balanced());
    sandbox.wait(240);
    assert_eq!(sandbox.status(), "IN_PROGRESS");
    assert_eq!(sandbox.tasks("STOPPED").iter().filter(|t| t["lastStatus"] == "DEACTIVATING").count(), 2);
    sandbox.until(120, is_completed);
}

#[test]
fn hundreds_of_stopped_tasks_come_in_pages() {
    let (sandbox, _) = start_deployment(Scenario::Many, json!({}));
    sandbox.wait(240);
    let mut input = json!({ "cluster": "shop", "serviceName": "web", "desiredStatus": "STOPPED" });
    let mut all: Vec<String> = Vec::new();
    loop {
        let page = sandbox.ecs("ListTasks", input.clone());
        let arns: Vec<String> = page["taskArns"].as_array().into_iter().flatten().map(text).collect();
        assert!(arns.len() <= 100);
        all.extend(arns);
        if page["nextToken"].is_null() {
            break;
        }
        input["nextToken"] = page["nextToken"].clone();
    }
    let number = all.len();
    all.sort();
    all.dedup();
    assert!(number > 200 && all.len() == number, "{number}");
}

#[test]
fn traffic_is_shifted_as_the_strategy_says() {
    let weights = |scenario| {
        let (sandbox, _) = start_deployment(scenario, json!({}));
        let mut seen: Vec<f64> = Vec::new();
        while !is_completed(&sandbox) {
            sandbox.wait(5);
            let entry = sandbox.entry();
            let weight = entry["targetServiceRevision"]["requestedProductionTrafficWeight"].as_f64();
            seen.extend(weight.filter(|w| seen.last() != Some(w)));
        }
        seen
    };
    assert_eq!(weights(Scenario::BlueGreen), [0.0, 100.0]);
    assert_eq!(weights(Scenario::Linear), [0.0, 25.0, 50.0, 75.0, 100.0]);
    assert_eq!(weights(Scenario::Canary), [0.0, 10.0, 100.0]);
}

#[test]
fn hooks_fail_time_out_and_wait() {
    let (sandbox, _) = start_deployment(Scenario::HookFails, json!({}));
    sandbox.until(120, |s| s.status() == "ROLLBACK_SUCCESSFUL");
    let entry = sandbox.entry();
    assert_eq!(entry["lifecycleHookDetails"][0]["status"], "FAILED");
    let reason = text(&entry["statusReason"]);
    assert!(
        reason.contains(
            "because POST_SCALE_UP lifecycle hook(s) failed. Lifecycle hook target arn:aws:lambda:"
        )
    );
    assert!(reason.ends_with("returned FAILED status."), "{reason}");

    let (sandbox, _) = start_deployment(Scenario::HookTimesOut, json!({}));
    sandbox.until(120, |s| s.entry()["lifecycleHookDetails"][0]["status"] == "IN_PROGRESS");
    sandbox.until(310, |s| s.entry()["lifecycleHookDetails"][0]["status"] == "TIMED_OUT");
    sandbox.until(60, |s| s.status() == "ROLLBACK_SUCCESSFUL");

    let (sandbox, _) = start_deployment(Scenario::HookPauses, json!({}));
    sandbox.wait(3600);
    let entry = sandbox.entry();
    assert_eq!(entry["lifecycleHookDetails"][0]["status"], "AWAITING_ACTION");
    let (arn, hook) = (&entry["serviceDeploymentArn"], &entry["lifecycleHookDetails"][0]["hookId"]);
    let input = json!({ "serviceDeploymentArn": arn, "hookId": hook, "action": "CONTINUE" });
    sandbox.ecs("ContinueServiceDeployment", input);
    sandbox.until(60, is_completed);
}

#[test]
fn a_pause_that_is_not_continued_expires() {
    let (sandbox, _) = start_deployment(Scenario::HookPauses, json!({}));
    sandbox.wait(86_400 + 200);
    assert_eq!(sandbox.status(), "ROLLBACK_SUCCESSFUL");
}

#[test]
fn expired_credentials_are_refused_until_the_next_login() {
    let (sandbox, _) = start_deployment(Scenario::Expires, json!({}));
    let ask = |sandbox: &Sandbox| post(sandbox, "ecs", "ListClusters", &json!({}));
    assert_eq!(ask(&sandbox).status, 200);
    sandbox.wait(31);
    assert_eq!(ask(&sandbox).json()["__type"], "ExpiredTokenException");
    assert_eq!(post(&sandbox, "logs", "DescribeLogGroups", &json!({})).status, 400);
    let options = Options { clock: Clock::Held, state: Some(sandbox.save()), ..Options::default() };
    let again = Sandbox::start(options).expect("the state is its own");
    assert_eq!(ask(&again).status, 200);
}

#[test]
fn a_stop_request_rolls_back_under_every_scenario() {
    for info in crate::scenarios() {
        let (sandbox, _) = start_deployment(info.scenario, json!({}));
        sandbox.wait(15);
        sandbox.set_scenario(Some("web"), Scenario::Steady);
        let arn = sandbox.entry()["serviceDeploymentArn"].clone();
        sandbox.ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
        sandbox.until(400, |s| s.status() == "ROLLBACK_SUCCESSFUL");
        assert!(text(&sandbox.web()["taskDefinition"]).ends_with(":1"), "{}", info.name);
    }
}

#[test]
fn an_update_to_the_previous_revision_succeeds_under_every_scenario() {
    for info in crate::scenarios() {
        let (sandbox, _) = start_deployment(info.scenario, json!({}));
        sandbox.wait(15);
        // A service that has no capacity has none for the previous revision either.
        if info.scenario == Scenario::Stuck {
            continue;
        }
        sandbox
            .ecs("UpdateService", json!({ "cluster": "shop", "service": "web", "taskDefinition": "web:1" }));
        sandbox.until(700, is_completed);
        sandbox.set_scenario(Some("web"), Scenario::Steady);
        assert_eq!(sandbox.status(), "SUCCESSFUL", "{}", info.name);
    }
}

#[test]
fn a_rollback_in_progress_takes_another_stop_request_and_a_finished_one_does_not() {
    let (sandbox, _) = start_deployment(Scenario::Slow, json!({}));
    sandbox.wait(15);
    let stop = json!({ "serviceDeploymentArn": sandbox.entry()["serviceDeploymentArn"] });
    sandbox.ecs("StopServiceDeployment", stop.clone());
    sandbox.wait(5);
    assert_eq!(sandbox.status(), "ROLLBACK_IN_PROGRESS");
    sandbox.ecs("StopServiceDeployment", stop.clone());
    sandbox.until(60, |s| s.status() == "ROLLBACK_SUCCESSFUL");
    assert_eq!(sandbox.ecs_error("StopServiceDeployment", stop).0, "ConflictException");
}

#[test]
fn an_incident_continues_after_a_restart() {
    let (sandbox, _) = start_deployment(Scenario::Protected, json!({}));
    sandbox.wait(200);
    let options = Options { clock: Clock::Held, state: Some(sandbox.save()), ..Options::default() };
    let again = Sandbox::start(options).expect("the state is its own");
    again.wait(90);
    assert_eq!(again.web()["runningCount"], 4, "still protected");
    again.until(60, is_completed);
}
