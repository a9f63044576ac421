//! CloudWatch Logs: the lines of a rollout, and how they are read.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::post;
use super::support::{definition, is_completed, seeded_sandbox, text};
use crate::{ApiError, Clock, Options, Sandbox, Scenario, Seed, SeedService};

/// Returns `web`'s definition with this tag, writing to `/shop/web`.
fn logging(tag: &str) -> Value {
    let mut definition = definition(tag);
    definition["containerDefinitions"][0]["logConfiguration"] = json!({
        "logDriver": "awslogs",
        "options": { "awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web" },
    });
    definition
}

impl Sandbox {
    pub(super) fn logs(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.call("logs", operation, input)
    }

    /// Deploys a revision of `web` that logs, under a scenario; returns the deployment's id.
    pub(super) fn deploy_logging(&self, scenario: Scenario) -> String {
        self.set_scenario(Some("web"), scenario);
        let arn =
            self.ecs("RegisterTaskDefinition", logging("v2"))["taskDefinition"]["taskDefinitionArn"].clone();
        let input = json!({ "cluster": "shop", "service": "web", "taskDefinition": arn });
        text(&self.ecs("UpdateService", input)["service"]["deployments"][0]["id"])
    }

    /// Returns the stream of the first stopped task of a deployment.
    fn stream_of(&self, deployment: &str) -> String {
        let stopped =
            self.tasks("STOPPED").into_iter().find(|t| t["startedBy"] == deployment).unwrap_or_default();
        format!("web/app/{}", text(&stopped["taskArn"]).rsplit('/').next().unwrap_or_default())
    }

    /// Returns the lines of a stream, from the oldest on.
    fn lines(&self, stream: &str) -> Vec<String> {
        let input = json!({ "logGroupName": "/shop/web", "logStreamName": stream, "startFromHead": true });
        let answer = self.logs("GetLogEvents", input).expect("the stream is there");
        answer["events"].as_array().into_iter().flatten().map(|e| text(&e["message"])).collect()
    }
}

/// Returns the lines of the first failed task under a scenario.
fn failed_task_lines(scenario: Scenario) -> Vec<String> {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let id = sandbox.deploy_logging(scenario);
    let ended = |s: &Sandbox| {
        s.tasks("STOPPED").iter().any(|t| t["startedBy"] == id.as_str() && t["lastStatus"] == "STOPPED")
    };
    sandbox.until(200, ended);
    sandbox.lines(&sandbox.stream_of(&id))
}

#[test]
fn a_crash_logs_its_error_its_stack_and_a_secret() {
    let lines = failed_task_lines(Scenario::Crash);
    assert_eq!(lines[0], "starting app, web:2");
    assert!(lines.iter().any(|l| l.contains("DATABASE_URL=postgres://app:hunter2@db/shop")), "{lines:#?}");
    let error = lines.iter().position(|l| l.starts_with("ERROR could not connect")).expect("an error");
    assert!(lines[error + 1..error + 4].iter().all(|l| l.starts_with("    at ")), "{lines:#?}");
    assert_eq!(lines.last().map(String::as_str), Some("exiting with code 1"));
}

#[test]
fn each_scenario_has_lines_of_its_own() {
    let last = |scenario| failed_task_lines(scenario).pop().unwrap_or_default();
    assert_eq!(last(Scenario::Oom), "cache: 512 MiB of 512 MiB allocated");
    assert_eq!(last(Scenario::ExitZero), "done");
    assert_eq!(last(Scenario::Unhealthy), "closed all connections, bye");
    assert!(failed_task_lines(Scenario::Unhealthy).iter().any(|l| l.contains("GET /health 503")));
}

#[test]
fn a_task_at_work_listens_and_answers_requests() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy_logging(Scenario::Steady);
    sandbox.until(120, is_completed);
    sandbox.advance(Duration::from_mins(1));
    let task = text(&sandbox.tasks("RUNNING")[0]["taskArn"]);
    let lines = sandbox.lines(&format!("web/app/{}", task.rsplit('/').next().unwrap_or_default()));
    assert_eq!(lines[1], "listening on 0.0.0.0:8080");
    assert!(lines.iter().filter(|l| l.starts_with("GET /")).count() >= 4, "{lines:#?}");
}

#[test]
fn a_task_that_never_ran_has_no_stream() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let id = sandbox.deploy_logging(Scenario::NoImage);
    sandbox.until(90, |s| !s.tasks("STOPPED").is_empty());
    let input = json!({ "logGroupName": "/shop/web", "logStreamName": sandbox.stream_of(&id) });
    let error = sandbox.logs("GetLogEvents", input).expect_err("nothing was written");
    assert_eq!(error.code, "ResourceNotFoundException");
    assert_eq!(error.message, "The specified log stream does not exist.");
    let input = json!({ "logGroupName": "/nope", "logStreamName": "x" });
    let error = sandbox.logs("GetLogEvents", input).expect_err("no such group");
    assert_eq!(error.message, "The specified log group does not exist.");
}

#[test]
fn lines_outlive_their_task() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let id = sandbox.deploy_logging(Scenario::Crash);
    sandbox.until(90, |s| s.tasks("STOPPED").iter().any(|t| t["startedBy"] == id.as_str()));
    let stream = sandbox.stream_of(&id);
    sandbox.advance(Duration::from_hours(2));
    assert!(sandbox.tasks("STOPPED").iter().all(|t| !stream.ends_with(&text(&t["taskArn"])[50..])));
    assert_eq!(sandbox.lines(&stream).last().map(String::as_str), Some("exiting with code 1"));
}

#[test]
fn pages_go_forward_and_backward_and_end_where_they_were() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let id = sandbox.deploy_logging(Scenario::Crash);
    sandbox.until(90, |s| s.tasks("STOPPED").iter().any(|t| t["startedBy"] == id.as_str()));
    let stream = sandbox.stream_of(&id);
    let get = |change: Value| {
        let mut input = json!({ "logGroupName": "/shop/web", "logStreamName": stream, "limit": 3 });
        change.as_object().into_iter().flatten().for_each(|(k, v)| input[k.as_str()] = v.clone());
        sandbox.logs("GetLogEvents", input).expect("the stream is there")
    };
    let event_messages = |answer: &Value| -> Vec<String> {
        answer["events"].as_array().into_iter().flatten().map(|e| text(&e["message"])).collect()
    };
    let all = sandbox.lines(&stream);
    let mut forward = get(json!({ "startFromHead": true }));
    let mut read = event_messages(&forward);
    while read.len() < all.len() {
        forward = get(json!({ "nextToken": forward["nextForwardToken"] }));
        read.extend(event_messages(&forward));
    }
    assert_eq!(read, all);
    let end = get(json!({ "nextToken": forward["nextForwardToken"] }));
    assert_eq!(end["nextForwardToken"], forward["nextForwardToken"], "the end gives its own token back");
    assert!(event_messages(&end).is_empty());
    let newest = get(json!({}));
    assert_eq!(event_messages(&newest), all[all.len() - 3..], "without a direction the newest come first");
    let before = get(json!({ "nextToken": newest["nextBackwardToken"] }));
    assert_eq!(event_messages(&before), all[all.len() - 6..all.len() - 3]);
}

#[test]
fn a_filter_reads_across_streams_in_order_of_time() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy_logging(Scenario::Crash);
    sandbox.advance(Duration::from_secs(70));
    let filter = |change: Value| {
        let mut input = json!({ "logGroupName": "/shop/web" });
        change.as_object().into_iter().flatten().for_each(|(k, v)| input[k.as_str()] = v.clone());
        sandbox.logs("FilterLogEvents", input).expect("the group is there")
    };
    let found = filter(json!({ "filterPattern": "ERROR -health" }));
    let events = found["events"].as_array().cloned().unwrap_or_default();
    assert_eq!(events.len(), 2, "one for each of the first two tasks");
    assert_ne!(events[0]["logStreamName"], events[1]["logStreamName"]);
    let one = filter(json!({ "filterPattern": "ERROR", "logStreamNames": [events[1]["logStreamName"]] }));
    assert_eq!(one["events"][0], events[1]);
    let first = filter(json!({ "filterPattern": "ERROR", "limit": 1 }));
    let second = filter(json!({ "filterPattern": "ERROR", "limit": 1, "nextToken": first["nextToken"] }));
    assert_eq!([&first["events"][0], &second["events"][0]], [&events[0], &events[1]]);
    assert!(second["nextToken"].is_null());
    let at = events[0]["timestamp"].as_i64().unwrap_or_default();
    assert_eq!(filter(json!({ "startTime": at + 60_000 }))["events"], json!([]));
}

#[test]
fn groups_and_streams_are_listed() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let groups = |sandbox: &Sandbox| {
        sandbox.logs("DescribeLogGroups", json!({})).expect("answers")["logGroups"].clone()
    };
    assert_eq!(groups(&sandbox), json!([]));
    sandbox.deploy_logging(Scenario::Steady);
    assert_eq!(groups(&sandbox)[0]["logGroupName"], "/shop/web");
    let input = json!({ "logGroupName": "/shop/web", "orderBy": "LastEventTime", "descending": true });
    let streams =
        |s: &Sandbox| s.logs("DescribeLogStreams", input.clone()).expect("answers")["logStreams"].clone();
    assert_eq!(streams(&sandbox), json!([]), "no task runs yet");
    sandbox.advance(Duration::from_mins(1));
    let found = streams(&sandbox);
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    assert!(found[0]["lastEventTimestamp"].as_i64() >= found[1]["lastEventTimestamp"].as_i64());
}

#[test]
fn without_a_prefix_the_runtime_id_names_the_stream() {
    let sandbox = Sandbox::start(Options { clock: Clock::Held, ..Options::default() }).expect("starts");
    // On Fargate the prefix is required.
    let options = json!({ "awslogs-group": "plain", "awslogs-region": "us-east-1" });
    let task_definition = json!({ "family": "web", "containerDefinitions": [{
        "name": "app", "image": "app:1", "memory": 128,
        "logConfiguration": { "logDriver": "awslogs", "options": options },
    }] });
    let service =
        SeedService { name: "web".into(), cluster: "shop".into(), task_definition, ..SeedService::default() };
    sandbox.seed(&Seed { services: vec![service], ..Seed::default() }).expect("well formed");
    let runtime = sandbox.tasks("RUNNING")[0]["containers"][0]["runtimeId"].clone();
    let input = json!({ "logGroupName": "plain", "logStreamName": runtime });
    let events = sandbox.logs("GetLogEvents", input).expect("the stream is there")["events"].clone();
    assert!(events.as_array().is_some_and(|e| e.len() > 100), "an hour of requests");
}

#[test]
fn lines_may_come_late_and_few_a_page() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy_logging(Scenario::Steady);
    sandbox.advance(Duration::from_mins(2));
    let read = || sandbox.logs("FilterLogEvents", json!({ "logGroupName": "/shop/web" })).expect("answers");
    let all = read();
    let newest = |answer: &Value| answer["events"].as_array().and_then(|e| e.last()?["timestamp"].as_i64());
    assert!(all["nextToken"].is_null());
    sandbox.set_scenario(None, Scenario::LateLogs);
    let late = read();
    assert_eq!(late["events"].as_array().map(Vec::len), Some(3));
    assert!(late["nextToken"].is_string() && newest(&late) < newest(&all));
    let now = (sandbox.now() * 1000.0) as i64;
    let recent = json!({ "logGroupName": "/shop/web", "startTime": now - 15_000 });
    assert_eq!(sandbox.logs("FilterLogEvents", recent).expect("answers")["events"], json!([]));
}

#[test]
fn reading_may_be_denied() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.deploy_logging(Scenario::NoLogs);
    let input = json!({ "logGroupName": "/shop/web", "logStreamName": "web/app/1" });
    let error = sandbox.logs("GetLogEvents", input).expect_err("denied");
    assert_eq!(error.code, "AccessDeniedException");
    assert!(
        error.message.contains(
            "is not authorized to perform: logs:GetLogEvents on resource: \
        arn:aws:logs:us-east-1:123456789012:log-group:/shop/web:log-stream:web/app/1"
        ),
        "{}",
        error.message
    );
}

#[test]
fn the_target_header_selects_the_service() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let answer = post(&sandbox, "logs", "DescribeLogGroups", &json!({}));
    assert_eq!((answer.status, answer.json()), (200, json!({ "logGroups": [] })));
    let missing = post(&sandbox, "logs", "DescribeLogStreams", &json!({ "logGroupName": "x" }));
    assert_eq!(missing.json()["__type"], "ResourceNotFoundException");
}
