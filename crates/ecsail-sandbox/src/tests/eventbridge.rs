//! Tests of the operations of EventBridge.

use serde_json::{Value, json};

use super::http::post;
use super::support::seeded_sandbox;
use crate::{Clock, Fault, FaultKind, Options, Sandbox};

fn events(sandbox: &Sandbox, operation: &str, input: Value) -> Value {
    sandbox.call("events", operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn refused(sandbox: &Sandbox, operation: &str, input: Value) -> (String, String) {
    let error = sandbox.call("events", operation, input).expect_err("it is to be refused");
    (error.code, error.message)
}

fn task(id: &str) -> Value {
    json!({
        "Id": id,
        "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/shop",
        "RoleArn": "arn:aws:iam::123456789012:role/events",
        "EcsParameters": { "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1" },
    })
}

fn with_rule() -> Sandbox {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    events(&sandbox, "PutRule", json!({ "Name": "nightly", "ScheduleExpression": "rate(1 day)" }));
    sandbox
}

#[test]
fn a_rule_is_replaced_whole_and_keeps_its_targets_and_tags() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let put = json!({ "Name": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)", "Description": "reports",
        "Tags": [{ "Key": "team", "Value": "shop" }] });
    let arn = events(&sandbox, "PutRule", put)["RuleArn"].clone();
    assert_eq!(arn, "arn:aws:events:us-east-1:123456789012:rule/nightly");
    events(&sandbox, "PutTargets", json!({ "Rule": "nightly", "Targets": [task("report")] }));
    events(&sandbox, "PutRule", json!({ "Name": "nightly", "ScheduleExpression": "rate(1 day)" }));
    let rule = events(&sandbox, "DescribeRule", json!({ "Name": "nightly" }));
    assert_eq!(rule["ScheduleExpression"], "rate(1 day)");
    assert_eq!((&rule["State"], &rule["EventBusName"]), (&json!("ENABLED"), &json!("default")));
    assert!(rule["Description"].is_null());
    let targets = events(&sandbox, "ListTargetsByRule", json!({ "Rule": "nightly" }));
    assert_eq!(targets["Targets"][0]["EcsParameters"]["TaskCount"], 1);
    let tags = events(&sandbox, "ListTagsForResource", json!({ "ResourceARN": arn }));
    assert_eq!(tags["Tags"], json!([{ "Key": "team", "Value": "shop" }]));
}

#[test]
fn a_rule_with_targets_stays_until_they_are_removed() {
    let sandbox = with_rule();
    events(&sandbox, "PutTargets", json!({ "Rule": "nightly", "Targets": [task("report")] }));
    let stays = refused(&sandbox, "DeleteRule", json!({ "Name": "nightly" }));
    assert_eq!(stays.1, "Rule can't be deleted since it has targets.");
    let removed = events(&sandbox, "RemoveTargets", json!({ "Rule": "nightly", "Ids": ["report"] }));
    assert_eq!(removed["FailedEntryCount"], 0);
    events(&sandbox, "DeleteRule", json!({ "Name": "nightly" }));
    let gone = refused(&sandbox, "DescribeRule", json!({ "Name": "nightly" }));
    assert_eq!(gone.0, "ResourceNotFoundException");
    assert_eq!(gone.1, "Rule nightly does not exist on EventBus default.");
    events(&sandbox, "DeleteRule", json!({ "Name": "nightly" }));
}

#[test]
fn the_sixth_target_fails_and_the_call_does_not() {
    let sandbox = with_rule();
    let targets: Vec<Value> = (1..=6).map(|number| task(&format!("t{number}"))).collect();
    let put = events(&sandbox, "PutTargets", json!({ "Rule": "nightly", "Targets": targets }));
    assert_eq!(put["FailedEntryCount"], 1);
    assert_eq!(put["FailedEntries"][0]["TargetId"], "t6");
    assert_eq!(put["FailedEntries"][0]["ErrorCode"], "LimitExceededException");
    // An existing target can be replaced at the limit.
    let again = events(&sandbox, "PutTargets", json!({ "Rule": "nightly", "Targets": [task("t5")] }));
    assert_eq!(again["FailedEntryCount"], 0);
}

#[test]
fn rules_are_switched_listed_and_found_by_their_target() {
    let sandbox = with_rule();
    events(&sandbox, "PutTargets", json!({ "Rule": "nightly", "Targets": [task("report")] }));
    events(&sandbox, "DisableRule", json!({ "Name": "nightly" }));
    let listed = events(&sandbox, "ListRules", json!({ "NamePrefix": "night" }));
    assert_eq!(listed["Rules"][0]["State"], "DISABLED");
    assert_eq!(events(&sandbox, "ListRules", json!({ "NamePrefix": "day" }))["Rules"], json!([]));
    events(&sandbox, "EnableRule", json!({ "Name": "nightly" }));
    let cluster = json!({ "TargetArn": "arn:aws:ecs:us-east-1:123456789012:cluster/shop" });
    assert_eq!(events(&sandbox, "ListRuleNamesByTarget", cluster)["RuleNames"], json!(["nightly"]));
}

#[test]
fn a_listing_comes_in_pages() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    for number in 0..5 {
        let name = format!("rule-{number}");
        events(&sandbox, "PutRule", json!({ "Name": name, "ScheduleExpression": "rate(1 day)" }));
    }
    let first = events(&sandbox, "ListRules", json!({ "Limit": 3 }));
    assert_eq!(first["Rules"].as_array().map(Vec::len), Some(3));
    let rest = events(&sandbox, "ListRules", json!({ "Limit": 3, "NextToken": first["NextToken"] }));
    assert_eq!(rest["Rules"][1]["Name"], "rule-4");
    assert!(rest["NextToken"].is_null());
}

#[test]
fn each_bus_has_rules_of_its_own_and_only_the_default_one_schedules() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    events(&sandbox, "CreateEventBus", json!({ "Name": "orders" }));
    let pattern = r#"{"source": ["shop"]}"#;
    let put = json!({ "Name": "paid", "EventBusName": "orders", "EventPattern": pattern });
    let arn = events(&sandbox, "PutRule", put)["RuleArn"].clone();
    assert_eq!(arn, "arn:aws:events:us-east-1:123456789012:rule/orders/paid");
    assert_eq!(events(&sandbox, "ListRules", json!({}))["Rules"], json!([]));
    let buses = events(&sandbox, "ListEventBuses", json!({}));
    let names: Vec<_> =
        buses["EventBuses"].as_array().into_iter().flatten().map(|bus| &bus["Name"]).collect();
    assert_eq!(names, ["default", "orders"]);
    let schedule = json!({ "Name": "s", "EventBusName": "orders", "ScheduleExpression": "rate(1 day)" });
    assert!(refused(&sandbox, "PutRule", schedule).1.contains("only on the default event bus"));
    let gone = refused(&sandbox, "ListRules", json!({ "EventBusName": "nope" }));
    assert_eq!(gone.1, "Event bus nope does not exist.");
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let sandbox = with_rule();
    let rule = |input: Value| refused(&sandbox, "PutRule", input);
    assert!(
        rule(json!({ "Name": "a b", "ScheduleExpression": "rate(1 day)" })).1.contains("regular expression")
    );
    assert!(rule(json!({ "Name": "x".repeat(65), "ScheduleExpression": "rate(1 day)" })).1.contains("to 64"));
    assert!(rule(json!({ "Name": "a" })).1.contains("must be specified"));
    let cron = rule(json!({ "Name": "a", "ScheduleExpression": "cron(0 3 * * *)" }));
    assert_eq!(
        cron,
        ("ValidationException".to_owned(), "Parameter ScheduleExpression is not valid.".to_owned())
    );
    assert_eq!(rule(json!({ "Name": "a", "EventPattern": "{" })).0, "InvalidEventPatternException");
    let target = |change: &dyn Fn(&mut Value)| {
        let mut target = task("a");
        change(&mut target);
        refused(&sandbox, "PutTargets", json!({ "Rule": "nightly", "Targets": [target] })).1
    };
    assert!(target(&|target| target["RoleArn"] = Value::Null).starts_with("RoleArn is required"));
    assert!(target(&|target| target["EcsParameters"] = Value::Null).contains("EcsParameters"));
    assert!(target(&|target| target["Input"] = json!("x".repeat(8193))).contains("to 8192"));
    assert!(target(&|target| target["RetryPolicy"] = json!({ "MaximumRetryAttempts": 186 })).contains("185"));
}

#[test]
fn rules_outlive_the_sandbox() {
    let sandbox = with_rule();
    let options = Options { state: Some(sandbox.save()), clock: Clock::Held, ..Options::default() };
    let later = Sandbox::start(options).expect("the state is good");
    assert_eq!(events(&later, "ListRules", json!({}))["Rules"][0]["Name"], "nightly");
}

#[test]
fn a_fault_fails_single_targets_and_lets_the_others_take_effect() {
    let sandbox = with_rule();
    let (code, message) = ("InternalException".to_owned(), "Try again.".to_owned());
    let fault = FaultKind::FailedEntries { ids: vec!["b".to_owned()], code, message };
    sandbox.inject(Fault::on("PutTargets", fault.clone()));
    let put = json!({ "Rule": "nightly", "Targets": [task("a"), task("b")] });
    let answer = post(&sandbox, "events", "PutTargets", &put).json();
    let entry = json!({ "TargetId": "b", "ErrorCode": "InternalException", "ErrorMessage": "Try again." });
    assert_eq!(answer, json!({ "FailedEntryCount": 1, "FailedEntries": [entry] }));
    sandbox.inject(Fault::on("RemoveTargets", fault));
    let removed =
        post(&sandbox, "events", "RemoveTargets", &json!({ "Rule": "nightly", "Ids": ["b"] })).json();
    assert_eq!(removed["FailedEntryCount"], 1);
    let listed = events(&sandbox, "ListTargetsByRule", json!({ "Rule": "nightly" }));
    assert_eq!((&listed["Targets"][0]["Id"], &listed["Targets"][1]), (&json!("a"), &Value::Null));
}

#[test]
fn it_speaks_json_with_its_own_target() {
    let sandbox = with_rule();
    let answer = post(&sandbox, "events", "ListRules", &json!({}));
    assert_eq!((answer.status, &answer.json()["Rules"][0]["Name"]), (200, &json!("nightly")));
    let gone = post(&sandbox, "events", "DescribeRule", &json!({ "Name": "nope" }));
    assert_eq!((gone.status, &gone.json()["__type"]), (400, &json!("ResourceNotFoundException")));
}
