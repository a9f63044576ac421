//! Services that do not exist: created where the manifest describes them, and refused otherwise.

use ecsail_sandbox::{Fault, FaultKind, OtherCall, Scenario, Seed, SeedService};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, Run, World, service};

const SERVICE: &str = "\
launchType: FARGATE
desiredCount: 2
networkConfiguration:
  awsvpcConfiguration: { subnets: [subnet-1], securityGroups: [sg-1] }
deploymentConfiguration:
  deploymentCircuitBreaker: { enable: true, rollback: true }
tags: { team: shop }
";

/// Returns a cluster with the service `other`, and a manifest whose service `web` is not there.
fn world(scenario: Scenario, service_document: &str) -> World {
    world_beside(scenario, service_document, service("other", json!({})))
}

fn world_beside(scenario: Scenario, service_document: &str, other: SeedService) -> World {
    let manifest = format!("{MANIFEST}    service: service.yml\n");
    let files =
        [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION), ("service.yml", service_document)];
    World::with(scenario, &files, &[other])
}

fn deploy(world: &World, flags: &[&str]) -> Run {
    world.run(&[&["deploy", "web", "--tag", "v1"], flags].concat())
}

#[test]
fn plan_shows_everything_that_is_sent() {
    let world = world(Scenario::Steady, SERVICE);
    let run = world.run(&["plan", "web", "--tag", "v1"]).exits(0);
    insta::assert_snapshot!(run.stdout);
    world.unchanged();
}

#[test]
fn service_that_is_not_there_is_created_and_watched() {
    let world = world(Scenario::Steady, SERVICE);
    deploy(&world, &[]).exits(0).says("web: created, deploying web:1").answers("deployed web:1");
    let created = world.service("web");
    assert_eq!((&created["desiredCount"], &created["runningCount"]), (&json!(2), &json!(2)));
    let call: Value = world.calls("CreateService")[0].body.clone();
    assert_eq!(call["networkConfiguration"]["awsvpcConfiguration"]["subnets"], json!(["subnet-1"]));
}

#[test]
fn second_deploy_changes_nothing() {
    let world = world(Scenario::Steady, SERVICE);
    deploy(&world, &[]).exits(0);
    let run = deploy(&world, &[]).exits(0);
    run.answers("web: unchanged, web:1 stays");
    assert_eq!(world.calls("CreateService").len(), 1);
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn lost_answer_creates_the_service_once() {
    let world = world(Scenario::Steady, SERVICE);
    world.sandbox.inject(Fault::on("CreateService", FaultKind::DropAfter));
    deploy(&world, &[]).exits(0).answers("deployed web:1");
    let tokens: Vec<Value> =
        world.calls("CreateService").into_iter().map(|call| call.body["clientToken"].clone()).collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
}

#[test]
fn service_of_another_client_is_not_taken_for_the_own() {
    let world = world(Scenario::Steady, SERVICE);
    let other = json!({"cluster": "main", "serviceName": "web", "taskDefinition": "other:1", "desiredCount": 1,
        "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-9"]}}});
    let call = OtherCall::ecs("CreateService", other);
    world.sandbox.inject(Fault::on("CreateService", FaultKind::Preceded(call)));
    deploy(&world, &[]).exits(5).says("another client has created service `web` since the plan");
}

#[test]
fn near_miss_of_a_name_is_refused() {
    let world = world_beside(Scenario::Steady, SERVICE, service("wbe", json!({})));
    deploy(&world, &[])
        .exits(5)
        .says("cluster `main` has no service named `web`, but one named `wbe`")
        .says("--create");
    world.unchanged();
    deploy(&world, &["--create"]).exits(0).answers("deployed web:1");
}

#[test]
fn similar_name_of_the_same_manifest_is_no_near_miss() {
    let world = world_beside(Scenario::Steady, SERVICE, service("web2", json!({})));
    let manifest = format!("{MANIFEST}    service: service.yml\n  web2: {{}}\n");
    world.folder.write("ecsail.yml", &manifest);
    deploy(&world, &[]).exits(0).answers("deployed web:1");
}

#[test]
fn what_is_missing_for_the_creation_is_said_member_by_member() {
    let world = world(Scenario::Steady, "enableExecuteCommand: false\n");
    let run = deploy(&world, &[]).exits(1).says("no service named `web` in cluster `main`");
    let run = run.says("add `desiredCount` under `service:`");
    run.says("add `networkConfiguration: {").says("add `launchType: FARGATE` under `service:`");
    world.unchanged();
}

#[test]
fn daemon_needs_no_number_of_tasks() {
    let document = "\
schedulingStrategy: DAEMON
launchType: EC2
networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1] } }
";
    let world = world(Scenario::Steady, document);
    let ec2 = DEFINITION.replace("requiresCompatibilities: [FARGATE]\n", "requiresCompatibilities: [EC2]\n");
    world.folder.write("web.yml", &ec2);
    deploy(&world, &[]).exits(0).answers("deployed web:1");
    assert!(world.calls("CreateService")[0].body["desiredCount"].is_null());
}

#[test]
fn unknown_capacity_provider_is_an_error_before_anything_changes() {
    let strategy = "capacityProviderStrategy: [ { capacityProvider: spot-pool, weight: 1 } ]";
    let world = world(Scenario::Steady, &SERVICE.replace("launchType: FARGATE", strategy));
    deploy(&world, &[])
        .exits(1)
        .says("names the capacity provider `spot-pool`, which cluster `main` does not have")
        .says("FARGATE, FARGATE_SPOT");
    world.unchanged();
}

#[test]
fn name_of_a_deleted_service_is_free() {
    let world = world(Scenario::Steady, SERVICE);
    deploy(&world, &[]).exits(0);
    world.call("DeleteService", json!({"cluster": "main", "service": "web", "force": true}));
    let draining = deploy(&world, &[]);
    draining
        .exits(5)
        .says("service `web` is being deleted")
        .says("its name is free once its tasks have stopped");
    world.sandbox.advance(std::time::Duration::from_mins(5));
    assert_eq!(world.service("web")["status"], "INACTIVE");
    deploy(&world, &[]).exits(0).answers("deployed web:");
}

#[test]
fn answers_from_before_the_creation_are_no_deletion() {
    let world = world(Scenario::Steady, SERVICE);
    let stale = Fault::on("DescribeServices", FaultKind::Stale(std::time::Duration::from_secs(20)));
    world.sandbox.inject(stale.always());
    deploy(&world, &[]).exits(0).answers("deployed web:1");
}

#[test]
fn first_rollout_that_crashes_is_left_with_the_command_that_deletes_it() {
    let world = world(Scenario::Crash, SERVICE);
    let run = deploy(&world, &[]).exits(3).answers("no rollback candidate was found");
    run.says("ecsail delete web --cluster main");
}

#[test]
fn first_rollout_without_a_breaker_that_crashes_is_left() {
    let document = SERVICE.replace("enable: true, rollback: true", "enable: false, rollback: false");
    let world = world(Scenario::Crash, &document);
    let run = deploy(&world, &["--on-failure", "rollback"]).exits(3);
    run.says("this deploy created it, and there is nothing to roll back to")
        .says("ecsail delete web --cluster main");
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn task_before_a_new_service_runs_in_the_network_that_it_will_have() {
    let world = world(Scenario::Steady, SERVICE);
    let manifest = format!(
        "{MANIFEST}    service: service.yml\n    before: migrate\ntasks:\n  migrate: {{ like: web, command: [migrate] }}\n"
    );
    world.folder.write("ecsail.yml", &manifest);
    deploy(&world, &[]).exits(0).answers("deployed web:1");
    let network = &world.calls("RunTask")[0].body["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["subnets"], json!(["subnet-1"]));
}

#[test]
fn json_plan_says_that_the_service_is_created() {
    let world = world(Scenario::Steady, SERVICE);
    let plan = world.run(&["plan", "web", "--tag", "v1", "--output", "json"]).exits(0).event("plan");
    let service = &plan["services"][0];
    assert_eq!((&service["creates"], &service["before"]), (&json!(true), &Value::Null));
    assert_eq!(service["after"], json!({"register": "web"}));
}

#[test]
fn refusal_of_the_creation_is_ecs_own() {
    let world = world(Scenario::Steady, SERVICE);
    world.sandbox.inject(Fault::on("CreateService", FaultKind::AccessDenied).always());
    deploy(&world, &[]).exits(1).says("failed to create service `web`");
}

#[test]
fn names_that_may_not_be_listed_are_a_note() {
    let world = world(Scenario::Steady, SERVICE);
    world.sandbox.inject(Fault::on("ListServices", FaultKind::AccessDenied).always());
    world.sandbox.inject(Fault::on("DescribeClusters", FaultKind::AccessDenied).always());
    let run = deploy(&world, &[]).exits(0).answers("deployed web:1");
    run.says("could not check whether cluster `main` has a service with a name similar to a new one");
}

#[test]
fn member_with_the_default_of_ecs_is_shown_too() {
    let world = world(Scenario::Steady, &format!("{SERVICE}propagateTags: NONE\n"));
    world.run(&["plan", "web", "--tag", "v1"]).exits(0).answers("service.propagateTags: + NONE");
}

#[test]
fn secret_of_a_new_service_is_not_shown() {
    let world = world(Scenario::Steady, SERVICE);
    let secret = "    environment: { DB_PASSWORD: fourteen-geese }\n";
    world.folder.write("web.yml", &format!("{DEFINITION}{secret}"));
    let run = world.run(&["plan", "web", "--tag", "v1"]).exits(0).answers("environment[DB_PASSWORD]");
    assert!(!run.stdout.contains("geese") && !run.stderr.contains("geese"), "{}{}", run.stdout, run.stderr);
}

#[test]
fn autoscaling_of_a_new_service_follows_its_first_rollout() {
    let world = world(Scenario::Steady, SERVICE);
    let autoscaling = "    autoscaling: { min: 2, max: 6, cpu: 60 }\n";
    world.folder.write("ecsail.yml", &format!("{MANIFEST}    service: service.yml\n{autoscaling}"));
    deploy(&world, &[]).exits(0).answers("deployed web:1");
    let calls: Vec<String> = world.sandbox.requests().into_iter().map(|call| call.operation).collect();
    let at = |name: &str| calls.iter().position(|call| call == name).expect("it is called");
    assert!(at("CreateService") < at("RegisterScalableTarget"), "{calls:?}");
    world.run(&["plan", "web", "--tag", "v1", "--exit-code"]).exits(0);
}

const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef";

/// Returns a world whose service `web` is to be created behind the target group.
fn balanced() -> World {
    let balancers = format!(
        "loadBalancers: [ {{ targetGroupArn: '{GROUP}', containerName: app, containerPort: 80 }} ]\n"
    );
    let world = world(Scenario::Steady, &format!("{SERVICE}{balancers}"));
    world.folder.write("web.yml", &format!("{DEFINITION}    portMappings: [ {{ containerPort: 80 }} ]\n"));
    world
}

#[test]
fn missing_target_group_is_an_error_before_anything_changes() {
    let world = balanced();
    deploy(&world, &[]).exits(1).says("service `web` names the target group `web`, which does not exist");
    world.unchanged();
}

#[test]
fn target_group_of_a_load_balancer_is_accepted() {
    let world = balanced();
    let seed = Seed { target_groups: vec![GROUP.to_owned()], ..Seed::default() };
    world.sandbox.seed(&seed).expect("it is valid");
    deploy(&world, &[]).exits(0).answers("deployed web:1");
}

#[test]
fn target_group_that_may_not_be_read_is_left_to_ecs() {
    let world = balanced();
    world.sandbox.inject(Fault::on("DescribeTargetGroups", FaultKind::AccessDenied).always());
    deploy(&world, &[]).exits(0).answers("deployed web:1");
}
