//! Faults over the wire and in the process: older states, calls of others, and requests without a connection.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{definition, seeded_sandbox};
use crate::{Clock, Fault, FaultKind, HttpRequest, OtherCall, RandomFaults, Sandbox};

/// Calls an operation of ECS without a connection; none where the answer is lost.
fn respond(sandbox: &Sandbox, operation: &str, input: &Value) -> Option<Value> {
    let scope = "AKIAEXAMPLE/20260101/us-east-1/ecs/aws4_request";
    let digits = "0".repeat(64);
    let signature =
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={digits}");
    let headers = [
        ("authorization", signature.as_str()),
        ("x-amz-date", "20260101T000000Z"),
        ("x-amz-target", &format!("AmazonEC2ContainerServiceV20141113.{operation}")),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    let request = HttpRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: input.to_string().into_bytes(),
    };
    let response = sandbox.respond(&request)?;
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    Some(serde_json::from_slice(&response.body).expect("JSON"))
}

fn newest_revision(sandbox: &Sandbox) -> Value {
    let answer = respond(sandbox, "DescribeTaskDefinition", &json!({"taskDefinition": "web"}));
    answer.expect("an answer")["taskDefinition"]["revision"].clone()
}

fn desired_count(sandbox: &Sandbox) -> Value {
    let input = json!({"cluster": "shop", "services": ["web"]});
    respond(sandbox, "DescribeServices", &input).expect("an answer")["services"][0]["desiredCount"].clone()
}

fn scale_to(desired: u32) -> Value {
    json!({"cluster": "shop", "service": "web", "desiredCount": desired})
}

#[test]
fn a_stale_read_shows_what_was_before_the_last_change() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let stale = FaultKind::Stale(Duration::from_secs(1));
    sandbox.inject(Fault::on("DescribeTaskDefinition", stale));
    respond(&sandbox, "RegisterTaskDefinition", &definition("v2"));
    assert_eq!(newest_revision(&sandbox), 1);
    assert_eq!(newest_revision(&sandbox), 2, "the next read is current");
}

#[test]
fn a_stale_read_shows_what_is_older_than_its_age() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let stale = FaultKind::Stale(Duration::from_secs(1));
    sandbox.inject(Fault::on("DescribeTaskDefinition", stale));
    respond(&sandbox, "RegisterTaskDefinition", &definition("v2"));
    sandbox.advance(Duration::from_secs(3));
    assert_eq!(newest_revision(&sandbox), 2);
}

#[test]
fn calls_of_others_come_right_before_and_right_after() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let other = |desired| OtherCall::ecs("UpdateService", scale_to(desired));
    sandbox.inject(Fault::on("DescribeServices", FaultKind::Preceded(other(5))));
    sandbox.inject(Fault::on("DescribeServices", FaultKind::Followed(other(7))));
    assert_eq!(desired_count(&sandbox), 5);
    assert_eq!(desired_count(&sandbox), 7);
    assert_eq!(sandbox.requests().len(), 2, "calls of others are not logged");
}

#[test]
fn an_answer_that_is_lost_late_leaves_time_for_more() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let before = sandbox.now();
    sandbox.inject(Fault::on("UpdateService", FaultKind::DropLate(Duration::from_secs(20))));
    assert_eq!(respond(&sandbox, "UpdateService", &scale_to(4)), None);
    assert_eq!(sandbox.now() - before, 20.0);
    assert_eq!(desired_count(&sandbox), 4);
}

#[test]
fn random_faults_lose_answers_and_show_older_states() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.inject_random(RandomFaults {
        seed: 3,
        staleness: Duration::from_secs(2),
        lost_calls: 0,
        lost_answers: 1000,
    });
    let mut seen = Vec::new();
    for desired in 3..20 {
        assert_eq!(respond(&sandbox, "UpdateService", &scale_to(desired)), None);
        seen.push(desired_count(&sandbox) == desired);
    }
    assert!(seen.contains(&true) && seen.contains(&false), "{seen:?}");
}
