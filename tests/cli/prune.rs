//! Tests of `ecsail prune`: revisions without references are removed, and no others.

use std::io::BufReader;
use std::process::Command;
use std::time::Duration;

use ecsail_sandbox::{Clock, Fault, FaultKind, Options, Sandbox, Scenario, Seed};
use serde_json::{Value, json};

use crate::rollout_outcomes::until;
use crate::support::{Folder, MANIFEST, World, service};

/// Returns the ARN of `web:NUMBER`, or of another family's revision.
pub(crate) fn arn(revision: &str) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{revision}")
}

/// Registers revisions until the family has `count`.
pub(crate) fn register(sandbox: &Sandbox, family: &str, count: usize) {
    let input = service(family, json!({})).task_definition;
    for _ in 0..count {
        let registered = sandbox.call("ecs", "RegisterTaskDefinition", input.clone()).expect("registered");
        if registered["taskDefinition"]["revision"].as_u64() >= Some(count as u64) {
            break;
        }
    }
}

/// Deploys a revision without ecsail, and waits until it is up.
pub(crate) fn deploy(world: &World, revision: &str) {
    world.call("UpdateService", json!({"cluster": "main", "service": "web", "taskDefinition": revision}));
    world.sandbox.advance(Duration::from_mins(10));
    assert_eq!(world.service("web")["deployments"][0]["rolloutState"], "COMPLETED", "{revision}");
}

fn run_by(revision: &str) -> Value {
    json!({"Id": "task", "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/main",
        "RoleArn": "arn:aws:iam::123456789012:role/events", "EcsParameters": {"TaskDefinitionArn": arn(revision)}})
}

/// Creates an EventBridge rule that runs a revision.
pub(crate) fn rule(world: &World, name: &str, revision: &str) {
    let call = |operation: &str, input: Value| {
        world.sandbox.call("events", operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
    };
    call("PutRule", json!({"Name": name, "ScheduleExpression": "rate(1 day)"}));
    call("PutTargets", json!({"Rule": name, "Targets": [run_by(revision)]}));
}

/// Creates a schedule with a target.
fn schedule_with(world: &World, name: &str, target: Value) {
    let input = json!({"Name": name, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target});
    world.sandbox.call("scheduler", "CreateSchedule", input).expect("a schedule");
}

/// Creates a schedule that runs a revision.
pub(crate) fn schedule(world: &World, name: &str, revision: &str) {
    let mut target = run_by(revision);
    target.as_object_mut().map(|members| members.remove("Id"));
    schedule_with(world, name, target);
}

/// Returns the numbers of the revisions of `web` in a status, ascending.
fn numbers(sandbox: &Sandbox, status: &str) -> Vec<u64> {
    let input = json!({"familyPrefix": "web", "status": status});
    let listed = sandbox.call("ecs", "ListTaskDefinitions", input).expect("a list");
    let arns = listed["taskDefinitionArns"].as_array().cloned().unwrap_or_default();
    let number = |arn: &Value| arn.as_str()?.rsplit(':').next()?.parse().ok();
    let mut numbers: Vec<u64> = arns.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// Returns a world whose family `web` has twelve revisions, five of which were deployed to the service.
fn twelve() -> World {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 12);
    for revision in ["web:5", "web:7", "web:9"] {
        deploy(&world, revision);
    }
    world
}

#[test]
fn what_anything_refers_to_is_kept() {
    let world = twelve();
    rule(&world, "hourly", "web:2");
    schedule(&world, "nightly", "web:3");
    let task = json!({"cluster": "main", "taskDefinition": "web:4", "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}}});
    world.call("RunTask", task);
    world.sandbox.set_scenario(Some("web"), Scenario::Stuck);
    world.call("UpdateService", json!({"cluster": "main", "service": "web", "taskDefinition": "web:10"}));
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    for line in [
        "web:12    ACTIVE  keep        the newest",
        "web:11    ACTIVE  deregister  -",
        "web:10    ACTIVE  keep        in progress in main/web",
        "web:9     ACTIVE  keep        in progress in main/web",
        "web:7     ACTIVE  keep        last success of main/web",
        "web:5     ACTIVE  keep        last success of main/web",
        "web:4     ACTIVE  keep        a task runs in main",
        "web:3     ACTIVE  keep        schedule default/nightly",
        "web:2     ACTIVE  keep        rule hourly",
        "web: 4 deregistered, 8 kept",
    ] {
        assert!(run.stdout.contains(line), "`{line}` is not in\n{}", run.stdout);
    }
    run.says("deregistered web:1 (1 of 4)").says("deregistered web:11 (4 of 4)");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [2, 3, 4, 5, 7, 9, 10, 12]);
    assert_eq!(numbers(&world.sandbox, "INACTIVE"), [1, 6, 8, 11]);
}

#[test]
fn the_rollback_target_is_kept_after_many_deployments_of_one_revision() {
    let world = twelve();
    for _ in 0..4 {
        let input = json!({"cluster": "main", "service": "web", "forceNewDeployment": true});
        world.call("UpdateService", input);
        world.sandbox.advance(Duration::from_mins(10));
    }
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    run.answers("web:7     ACTIVE  keep        rollback target of main/web");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [5, 7, 9, 12]);
}

#[test]
fn after_two_rollbacks_what_the_third_would_go_to_is_kept() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 6);
    for revision in ["web:2", "web:3", "web:4"] {
        deploy(&world, revision);
    }
    for to in ["web:3", "web:2"] {
        world.run(&["rollback", "web", "--yes"]).exits(0).answers(to);
    }
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    run.answers("web:1     ACTIVE  keep        rollback target of main/web");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [1, 2, 3, 4, 6]);
    world.run(&["rollback", "web", "--yes"]).exits(0).answers("web:1");
}

#[test]
fn what_was_rolled_back_does_not_count_as_a_success() {
    let world = World::with_breaker(Scenario::Steady);
    register(&world.sandbox, "web", 6);
    deploy(&world, "web:2");
    world.sandbox.set_scenario(Some("web"), Scenario::Crash);
    world.call("UpdateService", json!({"cluster": "main", "service": "web", "taskDefinition": "web:4"}));
    world.sandbox.advance(Duration::from_mins(50));
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    let run = run.answers("web:2     ACTIVE  keep        main/web runs it");
    run.answers("web:1     ACTIVE  keep        rollback target of main/web");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [1, 2, 6]);
}

#[test]
fn a_service_in_another_cluster_keeps_what_it_runs() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 4);
    world.call("CreateCluster", json!({"clusterName": "staging"}));
    let other = json!({"cluster": "staging", "serviceName": "web", "taskDefinition": "web:2", "desiredCount": 1,
        "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}}});
    world.call("CreateService", other);
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    run.answers("in staging/web");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [1, 2, 4]);
}

#[test]
fn rules_of_other_buses_and_calls_to_ecs_by_a_schedule_count() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 5);
    let events =
        |operation: &str, input: Value| world.sandbox.call("events", operation, input).expect("done");
    events("CreateEventBus", json!({"Name": "orders"}));
    let pattern =
        json!({"Name": "paid", "EventBusName": "orders", "EventPattern": "{\"source\": [\"shop\"]}"});
    events("PutRule", pattern);
    events("PutTargets", json!({"Rule": "paid", "EventBusName": "orders", "Targets": [run_by("web:2")]}));
    let call = json!({"Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask",
        "RoleArn": "arn:aws:iam::123456789012:role/scheduler", "Input": "{\"TaskDefinition\": \"web:3\"}"});
    schedule_with(&world, "by-call", call);
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    run.answers("rule orders/paid").answers("schedule default/by-call");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [1, 2, 3, 5]);
}

#[test]
fn a_schedule_without_a_revision_means_the_latest() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 3);
    schedule(&world, "nightly", "web");
    let run = world.run(&["prune", "web", "--keep", "1", "--dry-run", "--output", "json"]).exits(0);
    let newest = run.event("prune.revision");
    assert_eq!(newest["revision"], "web:3");
    let expected =
        json!([{"kind": "schedule", "group": "default", "schedule": "nightly"}, {"kind": "newest", "of": 1}]);
    assert_eq!(newest["reasons"], expected);
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = twelve();
    let run = world.run(&["prune", "web", "--keep", "2", "--delete", "--dry-run"]).exits(0);
    run.answers("web: 7 to deregister, 7 to delete, 5 kept; dry run: nothing was changed");
    world.unchanged();
    let run = world.run(&["prune", "web", "--keep", "2", "--dry-run", "--output", "json"]).exits(0);
    let end = run.event("prune");
    assert_eq!(
        (&end["outcome"], &end["to_deregister"], &end["kept"]),
        (&json!("skipped"), &json!(7), &json!(5))
    );
    let actions: Vec<Value> = run.events().iter().map(|event| event["action"].clone()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "deregister").count(), 7);
    world.unchanged();
}

#[test]
fn prune_requires_yes_without_a_terminal() {
    let world = twelve();
    world.unattended(&["prune", "web", "--keep", "2"]).exits(2).says("add `--yes`");
    world.unchanged();
}

#[test]
fn unreadable_source_is_refused() {
    for (operation, permission, without) in [
        ("ListClusters", "ecs:ListClusters", "clusters"),
        ("ListServiceDeployments", "ecs:ListServiceDeployments", "deployments"),
        ("DescribeServiceDeployments", "ecs:DescribeServiceDeployments", "deployments"),
        ("DescribeServiceRevisions", "ecs:DescribeServiceRevisions", "deployments"),
        ("ListTasks", "ecs:ListTasks", "tasks"),
        ("ListEventBuses", "events:ListEventBuses", "rules"),
        ("ListRules", "events:ListRules", "rules"),
        ("ListTargetsByRule", "events:ListTargetsByRule", "rules"),
        ("ListSchedules", "scheduler:ListSchedules", "schedules"),
        ("GetSchedule", "scheduler:GetSchedule", "schedules"),
    ] {
        let world = World::new(Scenario::Steady);
        register(&world.sandbox, "web", 3);
        rule(&world, "hourly", "web:3");
        schedule(&world, "nightly", "web:3");
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
        let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(5);
        let run = run.says("failed to read all references").says(&format!("`{permission}`"));
        run.says(&format!("`--without {without}`"));
        world.unchanged();
        let run = world.run(&["prune", "web", "--keep", "1", "--yes", "--without", without]).exits(0);
        run.says(&format!("not checked: {without}"));
    }
}

#[test]
fn the_services_of_a_cluster_cannot_be_left_out() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 3);
    world.sandbox.inject(Fault::on("ListServices", FaultKind::AccessDenied).always());
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(5).says("`ecs:ListServices`");
    assert!(!run.stderr.contains("--without services"), "{}", run.stderr);
    world.run(&["prune", "web", "--keep", "1", "--without", "services"]).exits(2);
    world.unchanged();
}

#[test]
fn an_error_that_is_no_denial_is_no_refusal_and_changes_nothing_either() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 3);
    let broken = FaultKind::Code { status: 400, code: "InternalException".into(), message: "no".into() };
    world.sandbox.inject(Fault::on("ListRules", broken).always());
    world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(1).says("rules could not be read");
    world.unchanged();
}

#[test]
fn inactive_revisions_are_deleted_on_request() {
    let world = twelve();
    schedule(&world, "nightly", "web:3");
    for revision in ["web:2", "web:3"] {
        world.call("DeregisterTaskDefinition", json!({"taskDefinition": revision}));
    }
    let run = world.run(&["prune", "web", "--keep", "1", "--delete", "--yes"]).exits(0);
    let run = run.answers("web:3     INACTIVE  keep                schedule default/nightly");
    run.answers("web: 6 deregistered, 7 deleted, 5 kept").says("deleted web:2");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [5, 7, 9, 12]);
    assert_eq!(numbers(&world.sandbox, "INACTIVE"), [3]);
    assert_eq!(numbers(&world.sandbox, "DELETE_IN_PROGRESS"), [1, 2, 4, 6, 8, 10, 11]);
    world
        .run(&["prune", "web", "--keep", "1", "--delete", "--yes"])
        .exits(0)
        .answers("nothing to do, 5 kept");
}

#[test]
fn no_manifest_is_needed_and_a_family_may_be_named() {
    let world = twelve();
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it was there");
    world
        .run(&["prune", "web", "--cluster", "main", "--keep", "5", "--yes"])
        .exits(0)
        .answers("5 deregistered");
    world
        .run(&["prune", "--family", "web", "--keep", "1", "--yes"])
        .exits(0)
        .answers("web: 3 deregistered, 4 kept");
    assert_eq!(numbers(&world.sandbox, "ACTIVE"), [5, 7, 9, 12]);
    let run = world.run(&["prune", "--family", "wbe", "--keep", "1", "--yes"]).exits(1);
    run.says("no task definition family named `wbe`");
    world.run(&["prune", "--family", "web", "--keep", "0"]).exits(2);
}

#[test]
fn failed_deregistration_ends_prune_with_its_progress() {
    let world = twelve();
    world.sandbox.inject(Fault::on("DeregisterTaskDefinition", FaultKind::AccessDenied).always().after(3));
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(1);
    let run = run.answers("web: failed; 3 deregistered of 8 to deregister; the others are unchanged");
    run.says("deregister `web:4`").says("allow `ecs:DeregisterTaskDefinition`");
    assert_eq!(numbers(&world.sandbox, "INACTIVE"), [1, 2, 3]);
}

#[test]
fn lost_answer_is_retried() {
    let world = twelve();
    world.sandbox.inject(Fault::on("DeregisterTaskDefinition", FaultKind::DropAfter).after(1));
    world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0).answers("web: 8 deregistered, 4 kept");
}

#[test]
fn undeletable_revision_is_reported_and_others_are_deleted() {
    let world = twelve();
    // The answer is a success although the revision stays ACTIVE, so that ECS refuses to delete it.
    let lie = FaultKind::Code { status: 200, code: String::new(), message: String::new() };
    world.sandbox.inject(Fault::on("DeregisterTaskDefinition", lie));
    let run = world.run(&["prune", "web", "--keep", "1", "--delete", "--yes"]).exits(1);
    run.answers("web:1 cannot be deleted: The specified task definition is still in ACTIVE status")
        .answers("web: 8 deregistered, 7 deleted, 4 kept");
    assert_eq!(numbers(&world.sandbox, "DELETE_IN_PROGRESS"), [2, 3, 4, 6, 8, 10, 11]);
}

#[test]
fn interrupt_ends_prune_with_its_progress() {
    let world = twelve();
    world.sandbox.inject(Fault::on("DeregisterTaskDefinition", FaultKind::Throttling).always().after(2));
    let mut child = world.start(&["prune", "web", "--keep", "1", "--yes"]);
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "2 of 8 done; ECS throttles to one a second");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(130));
    let text = String::from_utf8(ended.stdout).expect("text");
    assert!(text.contains("web: interrupted; 2 deregistered of 8 to deregister"), "{text}");
    assert_eq!(numbers(&world.sandbox, "INACTIVE"), [1, 2]);
}

#[test]
fn thirty_revisions_are_retired_at_the_rate_that_ecs_allows() {
    // The rates of AWS on a clock that runs five times as fast: twenty at once, then five a second.
    let clock = Clock::Wall { factor: 5.0 };
    let sandbox = Sandbox::start(Options { clock, rate_limits: true, ..Options::default() }).expect("starts");
    let seed = Seed { services: vec![service("web", json!({}))], ..Seed::default() };
    sandbox.seed(&seed).expect("a good seed");
    register(&sandbox, "web", 32);
    let folder = Folder::new(&[("ecsail.yml", MANIFEST)])
        .env("AWS_ENDPOINT_URL", &sandbox.url())
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example");
    let run = folder.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    run.answers("web: 30 deregistered, 2 kept");
    assert_eq!(numbers(&sandbox, "ACTIVE"), [1, 32]);
}

#[test]
fn throttle_is_retried_and_reported_once() {
    let world = twelve();
    world.sandbox.inject(Fault::on("DeregisterTaskDefinition", FaultKind::Throttling).after(2));
    let run = world.run(&["prune", "web", "--keep", "1", "--yes"]).exits(0);
    run.says("note: 2 of 8 done; ECS throttles to one a second").answers("web: 8 deregistered, 4 kept");
}
