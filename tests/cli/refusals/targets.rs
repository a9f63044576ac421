//! What `PutTargets`, `PutRule`, `CreateSchedule` and `RegisterScalableTarget` refuse.

use ecsail_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use super::Answer::{Accepted, Refused};
use super::{Answer, VALIDATION, compare_answer, merged, none_wrong};
use crate::support::Folder;

const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/main";
const ROLE: &str = "arn:aws:iam::123456789012:role/scheduler";

fn definition(region: &str) -> String {
    format!("arn:aws:ecs:{region}:123456789012:task-definition/shop:1")
}

/// Returns a target that runs a task, with other members.
fn target(members: Value) -> Value {
    let base = json!({"Id": "a", "Arn": CLUSTER, "RoleArn": ROLE,
        "EcsParameters": {"TaskDefinitionArn": definition("us-east-1")}});
    merged(base, &members)
}

fn rule_rows() -> Vec<(&'static str, Value, Answer)> {
    let queue = json!({"Arn": "arn:aws:sqs:us-east-1:123456789012:q"});
    let abroad = json!({"EcsParameters": {"TaskDefinitionArn": definition("eu-west-1")}});
    vec![
        (
            "PutRule",
            json!({"Name": "r", "ScheduleExpression": "rate(0 minutes)"}),
            Refused(VALIDATION, "Parameter ScheduleExpression is not valid."),
        ),
        (
            "PutRule",
            json!({"Name": "r"}),
            Refused(VALIDATION, "Parameter(s) EventPattern or ScheduleExpression must be specified."),
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [target(json!({}))]}),
            Refused("ResourceNotFoundException", "Rule r does not exist on EventBus default."),
        ),
        ("PutRule", json!({"Name": "r", "ScheduleExpression": "rate(1 day)"}), Accepted),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [target(json!({})), target(json!({}))]}),
            Refused(VALIDATION, "More than one target with Id 'a' is provided"),
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [target(json!({"Input": "{"}))]}),
            Refused(VALIDATION, "JSON syntax error in input for target a"),
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [target(json!({"Input": "{}", "InputPath": "$"}))]}),
            Refused(
                VALIDATION,
                "Only one of Input, InputPath, or InputTransformer must be provided for target a",
            ),
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [target(abroad)]}),
            Refused(VALIDATION, "Region of arn:aws:ecs:eu-west-1"),
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [target(queue)]}),
            Refused(VALIDATION, "Parameter(s) EcsParameters not supported for target: a"),
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [target(json!({"RoleArn": null}))]}),
            Refused(VALIDATION, "RoleArn is required for target"),
        ),
        ("PutTargets", json!({"Rule": "r", "Targets": [target(json!({}))]}), Accepted),
    ]
}

fn schedule_rows() -> Vec<(&'static str, Value, Answer)> {
    let schedule = |members: Value| {
        let target = json!({"Arn": CLUSTER, "RoleArn": ROLE, "EcsParameters": {"TaskDefinitionArn": definition("us-east-1")}});
        let base = json!({"Name": "s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target});
        merged(base, &members)
    };
    let abroad = json!({"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main"});
    let queue = json!({"Arn": "arn:aws:sqs:us-east-1:123456789012:q"});
    let rows = [
        (
            json!({"ScheduleExpression": "rate(0 minutes)"}),
            Refused(VALIDATION, "Invalid Schedule Expression rate(0 minutes)."),
        ),
        (json!({"Target": {"Input": "{"}}), Refused(VALIDATION, "JSON syntax error in input for the target")),
        (json!({"Target": queue}), Refused(VALIDATION, "not supported for the target")),
        (
            json!({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}),
            Refused(
                VALIDATION,
                "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE",
            ),
        ),
        (
            json!({"StartDate": 4_000_000_000_i64, "EndDate": 3_999_999_999_i64}),
            Refused(VALIDATION, "The StartDate you specify must come before the EndDate"),
        ),
        (
            json!({"StartDate": 1_000_000_000_i64}),
            Refused(VALIDATION, "The StartDate you specify cannot be earlier than 5 minutes ago."),
        ),
        (
            json!({"Target": abroad}),
            Refused(VALIDATION, "The target ARN provided does not match the current region us-east-1"),
        ),
        (
            json!({"GroupName": "nope"}),
            Refused("ResourceNotFoundException", "Schedule group nope does not exist."),
        ),
        (json!({}), Accepted),
        (json!({}), Refused("ConflictException", "Schedule s already exists.")),
    ];
    rows.into_iter().map(|(members, answer)| ("CreateSchedule", schedule(members), answer)).collect()
}

#[test]
fn what_event_bridge_refuses_has_its_words() {
    let sandbox = Sandbox::start(Options::default()).expect("the sandbox starts");
    let of = |service: &'static str| move |(operation, input, answer)| (service, operation, input, answer);
    let scaling = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web", "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 2});
    let unknown = (
        "RegisterScalableTarget",
        scaling,
        Refused(VALIDATION, "ECS service doesn't exist: service/main/web"),
    );
    let rows = rule_rows().into_iter().map(of("events"));
    let rows = rows.chain(schedule_rows().into_iter().map(of("scheduler")));
    let rows = rows.chain(std::iter::once(of("application-autoscaling")(unknown)));
    let wrong: Vec<String> = rows
        .filter_map(|(service, operation, input, answer)| {
            compare_answer(answer, &sandbox, service, operation, input)
        })
        .collect();
    none_wrong(&wrong);
}

/// A manifest whose schedule runs a task like a service, with more keys.
fn schedule(lines: &str) -> Folder {
    let definition = "family: web\nnetworkMode: bridge\ncontainerDefinitions: [ { name: web, image: nginx:1, memory: 128 } ]\n";
    let manifest = format!(
        "ecsail: 1\napp: shop\nregion: us-east-1\ncluster: main\nschedule_role: starter\nservices:\n  web: {{ task_definition: web.yml }}\n\
         schedules:\n  nightly:\n    expression: rate(1 day)\n{lines}\n"
    );
    Folder::new(&[("ecsail.yml", &manifest), ("web.yml", definition)])
}

#[test]
fn the_overrides_of_a_schedule_are_checked() {
    let long = "x".repeat(8300);
    let task = |keys: &str| format!("    task: {{ like: web, {keys} }}");
    for (lines, check) in [
        (task(&format!("environment: {{ P: {long} }}")), "error[override-length]"),
        (task("container: wbe, command: [x]"), "error[override-container]"),
        (task("run_task: { placementStrategy: [ { type: random, field: host } ] }"), "error[placement]"),
        (
            "    task: { like: web }\n    input: '{\"containerOverrides\": [{\"name\": \"wbe\"}]}'"
                .to_owned(),
            "error[override-container]",
        ),
    ] {
        schedule(&lines).run(&["check"]).exits(1).says(check).says("--> ecsail.yml:").says("1 error");
    }
}
