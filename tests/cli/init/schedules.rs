//! Tests of `ecsail init`: schedules and rules.

use serde_json::{Value, json};

use super::{adopted, exists, plan_is_empty, running, text};
use crate::support::{REPOSITORY, World, service};

const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/main";

fn role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

/// Returns a target that runs a definition, with these parameters and members too.
fn target(definition: &str, parameters: Value, members: Value) -> Value {
    let mut target = json!({"Arn": CLUSTER, "RoleArn": role("scheduler"), "EcsParameters": {
        "TaskDefinitionArn": format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{definition}"),
        "LaunchType": "FARGATE", "NetworkConfiguration": {"awsvpcConfiguration": {
            "Subnets": ["subnet-0a1b2c3d"], "SecurityGroups": ["sg-0a1b2c3d"], "AssignPublicIp": "DISABLED"}}}});
    for (name, value) in parameters.as_object().into_iter().flatten() {
        target["EcsParameters"][name.as_str()] = value.clone();
    }
    for (name, value) in members.as_object().into_iter().flatten() {
        target[name.as_str()] = value.clone();
    }
    target
}

fn create_schedule(world: &World, name: &str, target: &Value, members: Value) {
    let mut input = json!({"Name": name, "ScheduleExpression": "cron(0 3 * * ? *)", "Target": target,
        "FlexibleTimeWindow": {"Mode": "OFF"}});
    for (name, value) in members.as_object().into_iter().flatten() {
        input[name.as_str()] = value.clone();
    }
    world.sandbox.call("scheduler", "CreateSchedule", input).expect("a good schedule");
}

fn put_rule(world: &World, name: &str, targets: &[Value]) {
    let rule = json!({"Name": name, "ScheduleExpression": "rate(1 hour)"});
    world.sandbox.call("events", "PutRule", rule).expect("a good rule");
    let put = world.sandbox.call("events", "PutTargets", json!({"Rule": name, "Targets": targets}));
    assert_eq!(put.expect("good targets")["FailedEntryCount"], 0);
}

fn input(command: &[&str]) -> Value {
    let overrides = json!({"containerOverrides": [{"name": "app", "command": command,
        "environment": [{"name": "MODE", "value": "night"}]}]});
    json!({ "Input": overrides.to_string() })
}

#[test]
fn a_schedule_that_runs_the_definition_of_a_service_is_like_it() {
    let world = running(&[service("web", json!({}))]);
    create_schedule(
        &world,
        "nightly",
        &target("web:1", json!({}), input(&["bin/report"])),
        json!({
        "ScheduleExpressionTimezone": "Asia/Tokyo", "Description": "the report", "State": "DISABLED",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}}),
    );
    adopted(&world, &[]).answers("(1 service, 1 schedule)");
    plan_is_empty(&world, &["--tag", "v1"]);
    let manifest = text(&world, "ecsail.yml");
    for line in [
        "group: default",
        "timezone: Asia/Tokyo",
        "like: web",
        "command: [bin/report]",
        "MODE: night",
        "flexible_window: \"15m\"",
        "enabled: false",
        "description: the report",
    ] {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
    assert!(!exists(&world, "task/schedule-nightly.yml"));
}

#[test]
fn a_schedule_elsewhere_than_its_service_says_where() {
    let world = running(&[service("web", json!({"platformVersion": "1.4.0"}))]);
    let network = json!({"NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-99999999"]}}, "TaskCount": 2});
    let retry = json!({"RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600},
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:failed"}});
    create_schedule(&world, "nightly", &target("web:1", network, retry), json!({}));
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    let manifest = text(&world, "ecsail.yml");
    // The service has a platform version that the schedule lacks.
    for line in [
        "task_definition: task/web.yml",
        "subnets: [subnet-99999999]",
        "count: 2",
        "attempts: 3",
        "max_age: \"1h\"",
    ] {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
}

#[test]
fn a_schedule_of_another_family_or_revision_has_its_own_definition() {
    let world = running(&[service("web", json!({}))]);
    let mut batch = service("batch", json!({})).task_definition;
    batch["containerDefinitions"][0]["image"] = json!(format!("{REPOSITORY}:v2"));
    world.call("RegisterTaskDefinition", batch);
    create_schedule(&world, "batch", &target("batch:1", json!({}), json!({})), json!({}));
    adopted(&world, &[]).answers("--tag app=v1 --tag app_batch=v2");
    plan_is_empty(&world, &["--tag", "app=v1", "--tag", "app_batch=v2"]);
    assert!(text(&world, "task/schedule-batch.yml").contains("family: batch"));
}

#[test]
fn a_rule_with_several_targets() {
    let world = running(&[service("web", json!({}))]);
    let with_id = |id: &str| json!({ "Id": id });
    let mut second = input(&["bin/second"]);
    second["Id"] = json!("second");
    let mail = json!({"Id": "mail", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:mail"});
    put_rule(
        &world,
        "hourly",
        &[target("web:1", json!({}), with_id("first")), target("web:1", json!({}), second), mail],
    );
    put_rule(&world, "single", &[target("web:1", json!({}), with_id("only"))]);
    adopted(&world, &[]).says("the manifest has no `app:`");
    plan_is_empty(&world, &["--tag", "v1"]);
    let manifest = text(&world, "ecsail.yml");
    for line in ["via: rule", "first:", "second:", "target: only"] {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
    assert!(!manifest.contains("app: main") && !manifest.contains("mail"), "{manifest}");
}

#[test]
fn what_a_deploy_would_change_or_refuse_is_left_as_it_is() {
    let world = running(&[service("web", json!({}))]);
    create_schedule(&world, "newest", &target("web", json!({}), json!({})), json!({}));
    put_rule(&world, "tagged", &[target("web:1", json!({}), json!({"Id": "a"}))]);
    let tags = json!({"ResourceARN": "arn:aws:events:us-east-1:123456789012:rule/tagged",
        "Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "shop"}]});
    world.sandbox.call("events", "TagResource", tags).ok();
    let run =
        adopted(&world, &[]).says("schedule `newest` is left as it is: it runs the newest revision of `web`");
    drop(run);
    plan_is_empty(&world, &["--tag", "v1"]);
    assert!(!text(&world, "ecsail.yml").contains("newest"));
}

#[test]
fn a_secret_in_the_input_of_a_schedule_is_in_no_file_that_is_committed() {
    let world = running(&[service("web", json!({}))]);
    let overrides = json!({"containerOverrides": [{"name": "app", "command": ["x"],
        "environment": [{"name": "API_TOKEN", "value": "hunter2hunter2"}]}]});
    create_schedule(
        &world,
        "nightly",
        &target("web:1", json!({}), json!({"Input": overrides.to_string()})),
        json!({}),
    );
    adopted(&world, &[]);
    assert!(!text(&world, "ecsail.yml").contains("hunter2"));
    plan_is_empty(&world, &["--tag", "v1", "--env-file", ".ecsail/init.env"]);
}

#[test]
fn with_named_services_only_schedules_of_their_families_are_written() {
    let world = running(&[service("web", json!({})), service("worker", json!({}))]);
    create_schedule(&world, "of-web", &target("web:1", json!({}), json!({})), json!({}));
    create_schedule(&world, "of-worker", &target("worker:1", json!({}), json!({})), json!({}));
    adopted(&world, &["--service", "web"]);
    let manifest = text(&world, "ecsail.yml");
    assert!(manifest.contains("of-web:") && !manifest.contains("of-worker"), "{manifest}");
}
