//! Target groups: the health of the tasks behind a load balancer.

use serde_json::{Value, json};

use super::http::form;
use super::support::{GROUP, balanced, is_completed, seeded_sandbox, text};
use crate::{Clock, Sandbox, Scenario};

/// Returns the targets of `web`'s group.
fn targets(sandbox: &Sandbox) -> Vec<Value> {
    let answer =
        sandbox.call("elasticloadbalancing", "DescribeTargetHealth", json!({ "TargetGroupArn": GROUP }));
    answer.expect("a service names it")["TargetHealthDescriptions"].as_array().cloned().unwrap_or_default()
}

/// Returns the states of all targets with the reasons, sorted and each once.
fn states(sandbox: &Sandbox) -> Vec<String> {
    let name =
        |t: &Value| format!("{} {}", text(&t["TargetHealth"]["State"]), text(&t["TargetHealth"]["Reason"]));
    let mut all: Vec<String> = targets(sandbox).iter().map(|t| name(t).trim_end().to_owned()).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn targets_are_the_addresses_of_the_tasks() {
    let sandbox = seeded_sandbox(Clock::Held, balanced());
    let of_task = |task: &Value| {
        let details = task["attachments"][0]["details"].as_array().cloned().unwrap_or_default();
        let address = details.iter().find(|d| d["name"] == "privateIPv4Address").map(|d| d["value"].clone());
        assert_eq!(
            address.as_ref(),
            Some(&task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"])
        );
        text(&address.unwrap_or_default())
    };
    let mut addresses: Vec<String> = sandbox.tasks("RUNNING").iter().map(of_task).collect();
    let mut found: Vec<String> = targets(&sandbox).iter().map(|t| text(&t["Target"]["Id"])).collect();
    addresses.sort();
    found.sort();
    assert_eq!(found, addresses);
    assert!(targets(&sandbox).iter().all(|t| t["Target"]["Port"] == 8080));
    assert_eq!(states(&sandbox), ["healthy"]);
}

#[test]
fn a_rollout_registers_checks_and_drains() {
    let sandbox = seeded_sandbox(Clock::Held, balanced());
    sandbox.deploy("v2", Scenario::Steady);
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..100 {
        seen.extend(states(&sandbox));
        sandbox.advance(std::time::Duration::from_secs(1));
    }
    seen.sort();
    seen.dedup();
    let expected = [
        "draining Target.DeregistrationInProgress",
        "healthy",
        "initial Elb.InitialHealthChecking",
        "initial Elb.RegistrationInProgress",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_target_that_answers_wrongly_is_unhealthy() {
    let sandbox = seeded_sandbox(Clock::Held, balanced());
    sandbox.deploy("v2", Scenario::Unhealthy);
    let sick = |s: &Sandbox| targets(s).into_iter().find(|t| t["TargetHealth"]["State"] == "unhealthy");
    sandbox.until(120, |s| sick(s).is_some());
    let health = sick(&sandbox).unwrap_or_default()["TargetHealth"].clone();
    assert_eq!(health["Reason"], "Target.ResponseCodeMismatch");
    assert_eq!(health["Description"], "Health checks failed with these codes: [503]");
}

#[test]
fn no_two_tasks_share_an_address() {
    let sandbox = seeded_sandbox(Clock::Held, json!({ "desiredCount": 3 }));
    sandbox.deploy("v2", Scenario::Crash);
    for _ in 0..90 {
        sandbox.advance(std::time::Duration::from_mins(1));
        let address = |t: &Value| text(&t["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]);
        let mut all: Vec<String> = sandbox.tasks("RUNNING").iter().map(address).collect();
        let number = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), number);
    }
}

#[test]
fn target_groups_that_no_service_names_do_not_exist() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let ask = |operation, input| {
        let error = sandbox.call("elasticloadbalancing", operation, input).expect_err("no such group");
        (error.code, error.message)
    };
    let health = ask("DescribeTargetHealth", json!({ "TargetGroupArn": GROUP }));
    assert_eq!(health, ("TargetGroupNotFound".to_owned(), format!("Target groups '{GROUP}' not found")));
    assert_eq!(
        ask("DescribeTargetGroups", json!({ "TargetGroupArns": [GROUP] })).1,
        "One or more target groups not found"
    );
}

#[test]
fn the_wire_carries_targets_as_xml() {
    let sandbox = seeded_sandbox(Clock::Held, balanced());
    let arn = GROUP.replace(':', "%3A").replace('/', "%2F");
    let body = format!("Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn={arn}");
    let answer = form(&sandbox, "AKIDEXAMPLE", "elasticloadbalancing", &body);
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: text/xml"), "{}", answer.head);
    for part in [
        "<DescribeTargetHealthResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">",
        "<TargetHealthDescriptions><member><Target><Id>10.0.1.",
        "<TargetHealth><State>healthy</State></TargetHealth>",
    ] {
        assert!(answer.body.contains(part), "{part}: {}", answer.body);
    }
    let groups = format!("Action=DescribeTargetGroups&Version=2015-12-01&TargetGroupArns.member.1={arn}");
    let answer = form(&sandbox, "AKIDEXAMPLE", "elasticloadbalancing", &groups);
    assert!(answer.body.contains("<TargetGroupName>web</TargetGroupName>"), "{}", answer.body);
    assert!(answer.body.contains("<TargetType>ip</TargetType>"));
}

#[test]
fn two_sets_side_by_side_have_a_target_group_each() {
    let other = GROUP.replace("/web/", "/web-green/");
    let mut service = balanced();
    service["loadBalancers"][0]["advancedConfiguration"] = json!({ "alternateTargetGroupArn": other });
    let sandbox = seeded_sandbox(Clock::Held, service);
    let healthy = |group: &str| {
        let input = json!({ "TargetGroupArn": group });
        let answer = sandbox.call("elasticloadbalancing", "DescribeTargetHealth", input).expect("named");
        let all = answer["TargetHealthDescriptions"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|target| target["TargetHealth"]["State"] == "healthy").count()
    };
    sandbox.deploy("v2", Scenario::BlueGreen);
    sandbox.until(120, |s| s.entry()["lifecycleStage"] == "BAKE_TIME");
    assert_eq!([healthy(GROUP), healthy(&other)], [2, 2]);
    sandbox.until(300, is_completed);
    assert_eq!([healthy(GROUP), healthy(&other)], [0, 2]);
    sandbox.deploy("v3", Scenario::BlueGreen);
    sandbox.until(500, is_completed);
    assert_eq!([healthy(GROUP), healthy(&other)], [2, 0], "they take turns");
    let told = format!("registered 2 targets in (target-group {other})");
    assert!(sandbox.event_messages().iter().any(|message| message.ends_with(&told)));
}
