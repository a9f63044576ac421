//! Tests of the operations of EventBridge Scheduler.

use serde_json::{Value, json};

use super::http::{Answer, authorization, send};
use super::support::seeded_sandbox;
use crate::{Clock, Fault, FaultKind, Options, Sandbox};

fn scheduler(sandbox: &Sandbox, operation: &str, input: Value) -> Value {
    sandbox.call("scheduler", operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn refused(sandbox: &Sandbox, operation: &str, input: Value) -> (u16, String, String) {
    let error = sandbox.call("scheduler", operation, input).expect_err("it is to be refused");
    (error.status, error.code, error.message)
}

fn nightly() -> Value {
    json!({
        "Name": "nightly",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "ScheduleExpressionTimezone": "Asia/Tokyo",
        "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": {
            "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/shop",
            "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
            "EcsParameters": { "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1" },
        },
    })
}

/// Returns [`nightly`] with members replaced.
fn with(members: Value) -> Value {
    let mut input = nightly();
    for (name, value) in members.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    input
}

fn with_nightly() -> Sandbox {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    scheduler(&sandbox, "CreateSchedule", nightly());
    sandbox
}

#[test]
fn a_schedule_is_kept_and_filled_in() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let created = scheduler(&sandbox, "CreateSchedule", nightly());
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/nightly";
    assert_eq!(created, json!({ "ScheduleArn": arn }));
    let kept = scheduler(&sandbox, "GetSchedule", json!({ "Name": "nightly" }));
    for (member, value) in [
        ("Arn", json!(arn)),
        ("GroupName", json!("default")),
        ("State", json!("ENABLED")),
        ("ActionAfterCompletion", json!("NONE")),
        ("ScheduleExpressionTimezone", json!("Asia/Tokyo")),
    ] {
        assert_eq!(kept[member], value, "{member}");
    }
    assert_eq!(kept["Target"]["RetryPolicy"]["MaximumRetryAttempts"], 185);
    assert_eq!(kept["Target"]["EcsParameters"]["TaskCount"], 1);
}

#[test]
fn an_update_replaces_everything() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    scheduler(&sandbox, "CreateSchedule", with(json!({ "Description": "reports", "State": "DISABLED" })));
    let mut update = nightly();
    update["ScheduleExpressionTimezone"] = Value::Null;
    update["ScheduleExpression"] = json!("rate(1 day)");
    scheduler(&sandbox, "UpdateSchedule", update);
    let kept = scheduler(&sandbox, "GetSchedule", json!({ "Name": "nightly" }));
    assert_eq!((&kept["ScheduleExpression"], &kept["State"]), (&json!("rate(1 day)"), &json!("ENABLED")));
    assert_eq!(kept["ScheduleExpressionTimezone"], "UTC");
    assert!(kept["Description"].is_null());
    let gone = refused(&sandbox, "UpdateSchedule", with(json!({ "Name": "nope" })));
    assert_eq!(
        gone,
        (404, "ResourceNotFoundException".to_owned(), "Schedule nope does not exist.".to_owned())
    );
}

#[test]
fn a_creation_is_done_once_under_its_token() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let input = with(json!({ "ClientToken": "token-1" }));
    let first = scheduler(&sandbox, "CreateSchedule", input.clone());
    assert_eq!(scheduler(&sandbox, "CreateSchedule", input), first);
    let other = with(json!({ "ClientToken": "token-1", "State": "DISABLED" }));
    assert_eq!(refused(&sandbox, "CreateSchedule", other).1, "ConflictException");
    let again = refused(&sandbox, "CreateSchedule", with(json!({ "ClientToken": "token-2" })));
    assert_eq!(again, (409, "ConflictException".to_owned(), "Schedule nightly already exists.".to_owned()));
}

#[test]
fn a_list_has_only_the_arn_of_a_target() {
    let sandbox = with_nightly();
    scheduler(&sandbox, "CreateScheduleGroup", json!({ "Name": "reports" }));
    scheduler(&sandbox, "CreateSchedule", with(json!({ "Name": "weekly", "GroupName": "reports" })));
    let all = scheduler(&sandbox, "ListSchedules", json!({}));
    let cluster = json!({ "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/shop" });
    assert_eq!(all["Schedules"][0]["Target"], cluster);
    assert_eq!(all["Schedules"].as_array().map(Vec::len), Some(2));
    let some = scheduler(&sandbox, "ListSchedules", json!({ "GroupName": "reports" }));
    assert_eq!(some["Schedules"][0]["Name"], "weekly");
    let first = scheduler(&sandbox, "ListSchedules", json!({ "MaxResults": 1 }));
    let rest = scheduler(&sandbox, "ListSchedules", json!({ "NextToken": first["NextToken"] }));
    assert_eq!(rest["Schedules"][0]["Name"], "weekly");
}

#[test]
fn a_group_takes_its_schedules_along_and_the_default_one_stays() {
    let sandbox = with_nightly();
    scheduler(&sandbox, "CreateScheduleGroup", json!({ "Name": "reports" }));
    scheduler(&sandbox, "CreateSchedule", with(json!({ "GroupName": "reports" })));
    scheduler(&sandbox, "DeleteScheduleGroup", json!({ "Name": "reports" }));
    let left = scheduler(&sandbox, "ListSchedules", json!({}));
    assert_eq!(left["Schedules"].as_array().map(Vec::len), Some(1));
    assert_eq!(refused(&sandbox, "DeleteScheduleGroup", json!({ "Name": "default" })).0, 400);
    let nowhere = refused(&sandbox, "CreateSchedule", with(json!({ "GroupName": "reports" })));
    assert_eq!(nowhere.2, "Schedule group reports does not exist.");
}

#[test]
fn tags_are_on_groups() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let input = json!({ "Name": "reports", "Tags": [{ "Key": "team", "Value": "shop" }] });
    let arn = scheduler(&sandbox, "CreateScheduleGroup", input)["ScheduleGroupArn"].clone();
    let more = json!({ "ResourceArn": arn, "Tags": [{ "Key": "a", "Value": "b" }] });
    scheduler(&sandbox, "TagResource", more);
    scheduler(&sandbox, "UntagResource", json!({ "ResourceArn": arn, "TagKeys": ["team"] }));
    let tags = scheduler(&sandbox, "ListTagsForResource", json!({ "ResourceArn": arn }));
    assert_eq!(tags["Tags"], json!([{ "Key": "a", "Value": "b" }]));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let message = |members: Value| refused(&sandbox, "CreateSchedule", with(members)).2;
    assert!(message(json!({ "Name": "a b" })).contains("regular expression"));
    assert_eq!(
        message(json!({ "ScheduleExpression": "cron(0 3 * * *)" })),
        "Invalid Schedule Expression cron(0 3 * * *)."
    );
    assert!(message(json!({ "FlexibleTimeWindow": { "Mode": "FLEXIBLE" } })).contains("must be provided"));
    assert!(message(json!({ "State": "ON" })).contains("enum value set"));
    let target = |change: &dyn Fn(&mut Value)| {
        let mut target = nightly()["Target"].clone();
        change(&mut target);
        message(json!({ "Target": target }))
    };
    assert!(target(&|target| target["EcsParameters"] = Value::Null).contains("TaskDefinitionArn"));
    assert!(target(&|target| target["RoleArn"] = json!("scheduler")).contains("regular expression"));
    assert!(
        target(&|target| target["EcsParameters"]["TaskCount"] = json!(11))
            .contains("less than or equal to 10")
    );
}

#[test]
fn schedules_outlive_the_sandbox() {
    let sandbox = with_nightly();
    let options = Options { state: Some(sandbox.save()), clock: Clock::Held, ..Options::default() };
    let later = Sandbox::start(options).expect("the state is good");
    assert_eq!(scheduler(&later, "GetSchedule", json!({ "Name": "nightly" }))["Name"], "nightly");
}

fn rest(sandbox: &Sandbox, line: &str, body: &str) -> Answer {
    let headers = [
        "content-type: application/json".to_owned(),
        "x-amz-date: 20260101T000000Z".to_owned(),
        format!("authorization: {}", authorization("AKIDEXAMPLE", "us-east-1", "scheduler")),
    ];
    send(sandbox, line, &headers, body).expect("an answer")
}

#[test]
fn it_speaks_rest() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    assert_eq!(rest(&sandbox, "POST /schedules/nightly", &nightly().to_string()).status, 200);
    let kept = rest(&sandbox, "GET /schedules/nightly?groupName=default", "");
    assert_eq!((kept.status, &kept.json()["Name"]), (200, &json!("nightly")));
    assert!(kept.head.contains("content-type: application/json\r\n"), "{}", kept.head);
    let gone = rest(&sandbox, "GET /schedules/nope", "");
    assert_eq!((gone.status, gone.json()), (404, json!({ "Message": "Schedule nope does not exist." })));
    assert!(gone.head.contains("x-amzn-errortype: ResourceNotFoundException"), "{}", gone.head);
    sandbox.inject(Fault::on("ListSchedules", FaultKind::AccessDenied));
    let denied = rest(&sandbox, "GET /schedules", "");
    assert_eq!(denied.status, 403);
    assert!(denied.head.contains("x-amzn-errortype: AccessDeniedException"), "{}", denied.head);
    assert_eq!(rest(&sandbox, "GET /nowhere", "").status, 404);
}
