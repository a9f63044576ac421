//! Rollouts from start to end: a table of all scenarios, then special cases.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{balanced, breaker, is_completed, seeded_sandbox, text};
use crate::{Clock, Sandbox, Scenario, scenarios};

/// The outcome of a deployment of `v2`: the task definition that runs in the end, the state of the PRIMARY
/// deployment, the status of the service deployment, and the seconds it takes.
struct ExpectedOutcome {
    revision: u64,
    rollout: &'static str,
    entry: &'static str,
    seconds: (u64, u64),
}

const fn end(
    revision: u64,
    rollout: &'static str,
    entry: &'static str,
    from: u64,
    to: u64,
) -> ExpectedOutcome {
    ExpectedOutcome { revision, rollout, entry, seconds: (from, to) }
}

const GOOD: ExpectedOutcome = end(2, "COMPLETED", "SUCCESSFUL", 60, 70);
const ENDLESS: ExpectedOutcome = end(2, "IN_PROGRESS", "IN_PROGRESS", 300, 300);

/// Returns the outcome of a deployment that succeeds in so many seconds.
const fn succeeds(from: u64, to: u64) -> ExpectedOutcome {
    end(2, "COMPLETED", "SUCCESSFUL", from, to)
}

/// Returns the outcome of a deployment that is rolled back in so many seconds.
const fn rolled_back(from: u64, to: u64) -> ExpectedOutcome {
    end(1, "COMPLETED", "ROLLBACK_SUCCESSFUL", from, to)
}

/// Returns the outcome of each scenario for a service without a circuit breaker.
fn without_breaker(scenario: Scenario) -> ExpectedOutcome {
    use Scenario as S;
    match scenario {
        S::Steady
        | S::NoTagging
        | S::NoDeploymentsApi
        | S::ThrottledDetails
        | S::DeadSidecar
        | S::LateDeath
        | S::NoLogs
        | S::LateLogs
        | S::Scarce
        | S::Expires
        | S::CrashLater
        | S::ByTag => GOOD,
        S::Slow => succeeds(200, 230),
        S::Flaky => succeeds(65, 80),
        S::UnhealthyRecovers => succeeds(140, 170),
        S::Dependency => succeeds(175, 230),
        S::FlakyHalf => succeeds(130, 190),
        S::Spot => succeeds(90, 130),
        S::Capacity => succeeds(205, 230),
        S::Protected => succeeds(300, 320),
        S::Drain => succeeds(290, 320),
        S::EarlySuccess => succeeds(290, 320),
        S::Scales => succeeds(65, 100),
        S::BlueGreen => succeeds(240, 270),
        S::Linear => succeeds(410, 450),
        S::Canary | S::CanaryUnreadable => succeeds(350, 390),
        S::CrashBreaker => end(2, "FAILED", "STOPPED", 80, 95),
        S::CrashRollback => rolled_back(95, 115),
        S::RollbackNewId => rolled_back(130, 160),
        S::RollbackFails => end(1, "FAILED", "ROLLBACK_FAILED", 115, 140),
        S::NoRollbackTarget => end(2, "FAILED", "ROLLBACK_FAILED", 80, 95),
        S::Alarm => rolled_back(110, 140),
        S::Stopped => rolled_back(40, 60),
        S::HookFails => rolled_back(70, 90),
        S::HookTimesOut => rolled_back(370, 400),
        // The new revision is another user's.
        S::Superseded => end(3, "COMPLETED", "SUCCESSFUL", 80, 100),
        S::Deleted => end(2, "", "STOPPED", 60, 60),
        _ => ENDLESS,
    }
}

/// Returns the outcome of each scenario for a service whose circuit breaker rolls back.
fn with_breaker(scenario: Scenario) -> ExpectedOutcome {
    use Scenario as S;
    match scenario {
        S::Crash | S::ExitZero | S::ExitSeven => rolled_back(95, 115),
        S::Oom => rolled_back(105, 125),
        S::NoImage | S::Platform => rolled_back(60, 80),
        S::ExecFormat => rolled_back(90, 120),
        S::NoNetwork => rolled_back(80, 105),
        S::SecretDenied | S::SecretMissing => rolled_back(50, 70),
        S::Role => rolled_back(30, 60),
        S::Unhealthy => rolled_back(180, 200),
        S::UnhealthyContainer => rolled_back(155, 180),
        other => without_breaker(other),
    }
}

fn over(sandbox: &Sandbox) -> bool {
    let service = sandbox.web();
    service["deployments"][0]["rolloutState"] == "FAILED" || is_completed(sandbox)
}

fn play(scenario: Scenario, service: Value, expected: &ExpectedOutcome) {
    let sandbox = seeded_sandbox(Clock::Held, service);
    sandbox.deploy("v2", scenario);
    let mut took = 0;
    while took < expected.seconds.1 && !over(&sandbox) {
        sandbox.advance(Duration::from_secs(1));
        took += 1;
    }
    let (from, to) = expected.seconds;
    assert!((from..=to).contains(&took), "{scenario} took {took} s");
    // One scenario denies the service deployment API.
    sandbox.set_scenario(Some("web"), Scenario::Steady);
    let web = sandbox.web();
    assert_eq!(text(&web["deployments"][0]["rolloutState"]), expected.rollout, "{scenario}");
    assert!(text(&web["taskDefinition"]).ends_with(&format!(":{}", expected.revision)), "{scenario}");
    assert_eq!(sandbox.entry()["status"], expected.entry, "{scenario}");
    // All but two scenarios leave the service running.
    let is_down = matches!(scenario, Scenario::Deleted | Scenario::RollbackFails);
    assert_eq!(web["runningCount"].as_u64().map(|n| n >= 2), Some(!is_down), "{scenario}");
}

#[test]
fn every_scenario_has_its_outcome() {
    for info in scenarios() {
        play(info.scenario, json!({}), &without_breaker(info.scenario));
    }
}

#[test]
fn every_scenario_has_its_outcome_with_a_circuit_breaker() {
    for info in scenarios() {
        play(info.scenario, breaker(true), &with_breaker(info.scenario));
    }
}

#[test]
fn a_rollout_adds_its_events() {
    let sandbox = seeded_sandbox(Clock::Held, balanced());
    let before = sandbox.event_messages().len();
    let id = sandbox.deploy("v2", Scenario::Steady);
    let took = sandbox.until(120, is_completed);
    assert!((75..=95).contains(&took), "{took}");
    let story: Vec<String> = sandbox.event_messages().split_off(before);
    let beginnings = [
        "(service web) has started 2 tasks: (task ",
        "(service web) registered 2 targets in (target-group arn:aws:elasticloadbalancing:",
        "(service web) deregistered 2 targets in (target-group ",
        "(service web) has begun draining connections on 2 tasks.",
        "(service web) has stopped 2 running tasks: (task ",
        &format!("(service web) (deployment {id}) deployment completed."),
        "(service web) has reached a steady state.",
    ];
    assert_eq!(story.len(), beginnings.len(), "{story:#?}");
    for (told, beginning) in story.iter().zip(beginnings) {
        assert!(told.starts_with(beginning), "{told}");
    }
}

#[test]
fn tasks_pass_through_every_status() {
    let sandbox = seeded_sandbox(Clock::Held, balanced());
    let id = sandbox.deploy("v2", Scenario::Steady);
    let mut phases: Vec<String> = Vec::new();
    for _ in 0..100 {
        let mut all = sandbox.tasks("RUNNING");
        all.extend(sandbox.tasks("STOPPED"));
        for task in all {
            let side = if task["startedBy"] == id.as_str() { "new" } else { "old" };
            phases.push(format!("{side} {}", text(&task["lastStatus"])));
        }
        sandbox.advance(Duration::from_secs(1));
    }
    let mut seen: Vec<String> = Vec::new();
    for phase in phases {
        if !seen.contains(&phase) {
            seen.push(phase);
        }
    }
    seen.sort();
    let new = ["new ACTIVATING", "new PENDING", "new PROVISIONING", "new RUNNING"];
    let old = ["old DEACTIVATING", "old DEPROVISIONING", "old RUNNING", "old STOPPED", "old STOPPING"];
    assert_eq!(seen, [&new[..], &old[..]].concat());
}

#[test]
fn failures_carry_the_texts_of_ecs() {
    let cases = [
        (Scenario::Crash, "EssentialContainerExited", "Essential container in task exited", json!(1)),
        (Scenario::Oom, "EssentialContainerExited", "Essential container in task exited", json!(137)),
        (Scenario::ExitZero, "EssentialContainerExited", "Essential container in task exited", json!(0)),
        (
            Scenario::NoImage,
            "TaskFailedToStart",
            "CannotPullContainerError: pull image manifest has been",
            Value::Null,
        ),
        (
            Scenario::SecretDenied,
            "TaskFailedToStart",
            "ResourceInitializationError: unable to pull secrets",
            Value::Null,
        ),
        (
            Scenario::Unhealthy,
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group arn:",
            json!(143),
        ),
        (
            Scenario::UnhealthyContainer,
            "ServiceSchedulerInitiated",
            "Task failed container health checks",
            json!(143),
        ),
    ];
    for (scenario, code, reason, exit) in cases {
        let sandbox = seeded_sandbox(Clock::Held, balanced());
        let id = sandbox.deploy("v2", scenario);
        let failed = |s: &Sandbox| {
            s.tasks("STOPPED")
                .into_iter()
                .find(|t| t["startedBy"] == id.as_str() && t["lastStatus"] == "STOPPED")
        };
        sandbox.until(200, |s| failed(s).is_some());
        let task = failed(&sandbox).unwrap_or_default();
        assert_eq!(task["stopCode"], code, "{scenario}");
        assert!(text(&task["stoppedReason"]).starts_with(reason), "{scenario}: {}", task["stoppedReason"]);
        assert_eq!(task["containers"][0]["exitCode"], exit, "{scenario}");
    }
}

#[test]
fn a_tripped_breaker_restores_the_previous_deployment() {
    let sandbox = seeded_sandbox(Clock::Held, breaker(true));
    let old = text(&sandbox.web()["deployments"][0]["id"]);
    let new = sandbox.deploy("v2", Scenario::Crash);
    sandbox.until(200, |s| s.entry()["status"] == "ROLLBACK_IN_PROGRESS");
    let web = sandbox.web();
    assert_eq!(web["deployments"][0]["id"], old.as_str());
    assert_eq!(web["deployments"][0]["status"], "PRIMARY");
    assert_eq!(web["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(web["deployments"][1]["id"], new.as_str());
    assert_eq!(web["deployments"][1]["rolloutState"], "FAILED");
    let event_messages = sandbox.event_messages();
    assert!(
        event_messages
            .contains(&format!("(service web) (deployment {new}) deployment failed: tasks failed to start."))
    );
    assert!(event_messages.contains(&format!("(service web) rolling back to deployment {old}.")));
    let entry = sandbox.entry();
    assert_eq!(
        entry["deploymentCircuitBreaker"],
        json!({ "status": "TRIGGERED", "failureCount": 4, "threshold": 3 })
    );
    assert_eq!(entry["rollback"]["serviceRevisionArn"], entry["sourceServiceRevisions"][0]["arn"]);
    assert!(text(&entry["targetServiceRevision"]["arn"]).ends_with(new.trim_start_matches("ecs-svc/")));
}

#[test]
fn a_first_deployment_that_fails_has_no_rollback_target() {
    [Scenario::CrashRollback, Scenario::Alarm].into_iter().for_each(first_failure);
}

fn first_failure(scenario: Scenario) {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.ecs("DeleteService", json!({ "cluster": "shop", "service": "web", "force": true }));
    sandbox.until(60, |s| s.web()["status"] == "INACTIVE");
    sandbox.set_scenario(None, scenario);
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let input = json!({
        "cluster": "shop", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
        "launchType": "FARGATE", "networkConfiguration": network,
    });
    sandbox.ecs("CreateService", input);
    sandbox.until(300, |s| s.entry()["status"] == "ROLLBACK_FAILED");
    sandbox.advance(Duration::from_secs(30));
    let failures = sandbox.event_messages().iter().filter(|m| m.contains("deployment failed: ")).count();
    assert_eq!(failures, 1, "{scenario}: told once");
    assert_eq!(sandbox.web()["deployments"][0]["rolloutState"], "FAILED");
}

#[test]
fn a_newer_deployment_stops_the_one_under_way() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy("v2", Scenario::Slow);
    sandbox.advance(Duration::from_secs(10));
    let first = text(&sandbox.entry()["serviceDeploymentArn"]);
    sandbox.deploy("v3", Scenario::Steady);
    let first = || {
        let input = json!({ "serviceDeploymentArns": [first] });
        text(&sandbox.ecs("DescribeServiceDeployments", input)["serviceDeployments"][0]["status"])
    };
    assert_eq!(first(), "STOP_REQUESTED");
    assert_eq!(sandbox.entry()["status"], "PENDING");
    sandbox.advance(Duration::from_secs(5));
    assert_eq!(first(), "STOPPED");
    assert_eq!(sandbox.entry()["status"], "IN_PROGRESS");
    sandbox.until(120, is_completed);
    assert!(text(&sandbox.web()["taskDefinition"]).ends_with(":3"));
}

#[test]
fn an_update_to_a_revision_that_succeeded_is_safe_under_any_scenario() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy("v2", Scenario::Crash);
    sandbox.advance(Duration::from_mins(2));
    let input = json!({ "cluster": "shop", "service": "web", "taskDefinition": "web:1" });
    sandbox.ecs("UpdateService", input);
    sandbox.until(120, is_completed);
    assert_eq!(sandbox.entry()["status"], "SUCCESSFUL");
}

fn hooked(stage: &str, action: &str) -> Value {
    json!({ "deploymentConfiguration": { "lifecycleHooks": [{
        "targetType": "PAUSE",
        "lifecycleStages": [stage],
        "timeoutConfiguration": { "timeoutInMinutes": 10, "action": action },
    }] } })
}

fn awaiting(sandbox: &Sandbox) -> bool {
    sandbox.entry()["lifecycleHookDetails"][0]["status"] == "AWAITING_ACTION"
}

fn resume(sandbox: &Sandbox, action: &str) {
    let entry = sandbox.entry();
    let (arn, hook) = (&entry["serviceDeploymentArn"], &entry["lifecycleHookDetails"][0]["hookId"]);
    let input = json!({ "serviceDeploymentArn": arn, "hookId": hook, "action": action });
    sandbox.ecs("ContinueServiceDeployment", input);
}

#[test]
fn a_pause_before_the_tasks_waits_for_continue() {
    let sandbox = seeded_sandbox(Clock::Held, hooked("PRE_SCALE_UP", "ROLLBACK"));
    sandbox.deploy("v2", Scenario::Steady);
    sandbox.until(20, awaiting);
    sandbox.advance(Duration::from_mins(5));
    assert!(awaiting(&sandbox));
    assert_eq!(sandbox.entry()["lifecycleStage"], "PRE_SCALE_UP");
    assert_eq!(sandbox.web()["deployments"][0]["pendingCount"], 0);
    resume(&sandbox, "CONTINUE");
    sandbox.until(120, is_completed);
    assert_eq!(sandbox.entry()["status"], "SUCCESSFUL");
}

#[test]
fn a_pause_after_the_tasks_can_roll_back() {
    let sandbox = seeded_sandbox(Clock::Held, hooked("POST_SCALE_UP", "ROLLBACK"));
    sandbox.deploy("v2", Scenario::Steady);
    sandbox.until(120, awaiting);
    assert_eq!(sandbox.web()["runningCount"], 4, "the old tasks stay until it is decided");
    resume(&sandbox, "ROLLBACK");
    sandbox.until(120, is_completed);
    assert_eq!(sandbox.entry()["status"], "ROLLBACK_SUCCESSFUL");
    assert!(text(&sandbox.web()["taskDefinition"]).ends_with(":1"));
}

#[test]
fn a_pause_times_out_with_its_configured_action() {
    for (action, status) in [("CONTINUE", "SUCCESSFUL"), ("ROLLBACK", "ROLLBACK_SUCCESSFUL")] {
        let sandbox = seeded_sandbox(Clock::Held, hooked("POST_SCALE_UP", action));
        sandbox.deploy("v2", Scenario::Steady);
        sandbox.until(120, awaiting);
        sandbox.advance(Duration::from_mins(10));
        sandbox.until(120, is_completed);
        assert_eq!(sandbox.entry()["status"], status);
    }
}

#[test]
fn an_alarm_rolls_back_a_deployment_whose_tasks_are_healthy() {
    let alarms = json!({ "alarmNames": ["web-5xx"], "enable": true, "rollback": true });
    let sandbox = seeded_sandbox(Clock::Held, json!({ "deploymentConfiguration": { "alarms": alarms } }));
    sandbox.deploy("v2", Scenario::Alarm);
    sandbox.until(200, is_completed);
    let entry = sandbox.entry();
    assert_eq!(entry["alarms"]["triggeredAlarmNames"], json!(["web-5xx"]));
    assert_eq!(entry["status"], "ROLLBACK_SUCCESSFUL");
    assert!(sandbox.event_messages().iter().any(|m| m.ends_with("deployment failed: alarm detected.")));
}

#[test]
fn a_blue_green_deployment_keeps_both_sets_until_the_bake_is_over() {
    let strategy = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2 });
    let sandbox = seeded_sandbox(Clock::Held, json!({ "deploymentConfiguration": strategy }));
    sandbox.deploy("v2", Scenario::Steady);
    let mut stages: Vec<String> = Vec::new();
    for _ in 0..300 {
        let entry = sandbox.entry();
        let stage = text(&entry["lifecycleStage"]);
        if !stage.is_empty() && stages.last() != Some(&stage) {
            stages.push(stage.clone());
        }
        if stage == "BAKE_TIME" {
            assert_eq!(sandbox.web()["runningCount"], 4);
            assert_eq!(entry["targetServiceRevision"]["requestedProductionTrafficWeight"], 100.0);
            assert_eq!(entry["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"], 0.0);
        }
        sandbox.advance(Duration::from_secs(1));
    }
    let expected = [
        "RECONCILE_SERVICE",
        "SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
        "BAKE_TIME",
        "CLEAN_UP",
    ];
    assert_eq!(stages, expected);
    assert_eq!(sandbox.entry()["status"], "SUCCESSFUL");
}
