//! What others change between the plan and the update: a service that has changed is not updated, in any verb, and the
//! message says what came in between.

use ecsail_sandbox::{Fault, FaultKind, OtherCall, Scenario};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, Run, World, service};

/// Returns the update that starts a new deployment of `web` with the revision that runs.
fn other_deployment() -> OtherCall {
    OtherCall::ecs("UpdateService", json!({"cluster": "main", "service": "web", "forceNewDeployment": true}))
}

/// Returns the update of one attribute of `web`, which starts no deployment.
fn other_grace_period(seconds: u32) -> OtherCall {
    let input = json!({"cluster": "main", "service": "web", "healthCheckGracePeriodSeconds": seconds});
    OtherCall::ecs("UpdateService", input)
}

/// Returns a world in which another client makes a call right after the first look at the services.
fn world_with(others: &[OtherCall]) -> World {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.sandbox.clear_requests();
    for other in others {
        world.sandbox.inject(Fault::on("DescribeServices", FaultKind::Followed(other.clone())));
    }
    world
}

/// The verbs that update a service.
const UPDATING: &[&[&str]] = &[
    &["deploy", "--tag", "v3", "--yes"],
    &["deploy", "--tag", "v2", "--force", "--yes"],
    &["restart", "web", "--yes"],
    &["rollback", "web", "--to", "v1", "--yes"],
];

/// Fails if the run updated a service.
#[track_caller]
fn refused(world: &World, run: Run) -> Run {
    assert!(world.calls("UpdateService").is_empty(), "{}", run.stderr);
    run.exits(5).says("service `web` has changed since the plan: ")
}

#[test]
fn deployment_of_another_client_is_not_replaced() {
    for verb in UPDATING {
        let world = world_with(&[other_deployment()]);
        let run = refused(&world, world.run(verb));
        run.says("deployment `ecs-svc/").says("of `web:2` began at 2026-").says("--supersede");
    }
}

#[test]
fn deployment_of_another_client_is_replaced_on_request() {
    for verb in UPDATING {
        let world = world_with(&[other_deployment()]);
        world.run(&[verb, &["--supersede"][..]].concat()).exits(0);
        assert_eq!(world.calls("UpdateService").len(), 1, "{verb:?}");
    }
}

#[test]
fn attribute_that_another_client_changed_is_named() {
    for verb in UPDATING {
        let world = world_with(&[other_grace_period(90)]);
        refused(&world, world.run(verb)).says("`healthCheckGracePeriodSeconds` changed");
    }
}

#[test]
fn revision_in_between_is_named_with_who_registered_it() {
    let mut other = service("web", json!({})).task_definition;
    other["memory"] = json!("1024");
    other["tags"] =
        json!([{"key": "ecsail:deployed-by", "value": "carla"}, {"key": "ecsail:release", "value": "r-7"}]);
    let update = json!({"cluster": "main", "service": "web", "taskDefinition": "web:3"});
    let calls = [OtherCall::ecs("RegisterTaskDefinition", other), OtherCall::ecs("UpdateService", update)];
    let world = world_with(&calls);
    let run = refused(&world, world.run(&["restart", "web", "--yes"]));
    run.says("of `web:3` began at").says("(registered by carla, release r-7)");
}

#[test]
fn number_of_tasks_is_no_change() {
    let input = json!({"cluster": "main", "service": "web", "desiredCount": 5});
    let world = world_with(&[OtherCall::ecs("UpdateService", input)]);
    world.run(&["restart", "web", "--yes"]).exits(0);
    assert_eq!(world.service("web")["desiredCount"], 5);
}

#[test]
fn deleted_service_is_not_updated() {
    let input = json!({"cluster": "main", "service": "web", "force": true});
    let world = world_with(&[OtherCall::ecs("DeleteService", input)]);
    refused(&world, world.run(&["restart", "web", "--yes"])).says("it was deleted");
}

#[test]
fn update_that_was_throttled_reads_the_service_again() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Throttling));
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Followed(other_deployment())));
    world.deploy("v2").exits(5).says("service `web` has changed since the plan: ");
    assert_eq!(world.service("web")["taskDefinition"].as_str().map(|arn| arn.ends_with("web:1")), Some(true));
}

#[test]
fn update_at_the_same_instant_says_what_it_replaced() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Preceded(other_deployment())));
    let run = world.deploy("v2").exits(0).says("web: the update replaced deployment `ecs-svc/");
    run.says("of `web:1`, which began after the plan");
}

#[test]
fn restart_at_the_same_instant_is_of_the_revision_that_came_in_between() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    let input = json!({"cluster": "main", "service": "web", "taskDefinition": "web:1"});
    let other = OtherCall::ecs("UpdateService", input);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Preceded(other)));
    let run = world.run(&["restart", "web", "--yes"]).exits(0).answers("web: restarted web:1");
    run.says("web: the update replaced deployment `ecs-svc/");
}

#[test]
fn other_service_of_the_release_is_deployed_all_the_same() {
    let manifest = format!("{MANIFEST}  api:\n    task_definition: web.yml\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let services = [service("web", json!({})), service("api", json!({}))];
    let world = World::with(Scenario::Steady, &files, &services);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::Followed(other_deployment())));
    let run = world.run(&["deploy", "--tag", "v2"]).exits(1);
    run.says("service `web` has changed since the plan: ").answers("api: deployed web:2");
}

#[test]
fn services_of_a_release_are_read_together() {
    let manifest = format!("{MANIFEST}  api:\n    task_definition: web.yml\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let services = [service("web", json!({})), service("api", json!({}))];
    let world = World::with(Scenario::Steady, &files, &services);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let requests = world.sandbox.requests();
    let at = |operation: &str| requests.iter().position(|request| request.operation == operation);
    let registered = at("RegisterTaskDefinition").expect("a registration");
    let after = requests[registered..].iter().filter(|request| request.operation == "DescribeServices");
    assert_eq!(after.count(), 1, "one read right before both updates");
}

#[test]
fn attribute_that_another_client_changed_is_not_rolled_back() {
    let manifest = format!("{MANIFEST}    service: {{ healthCheckGracePeriodSeconds: 60 }}\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let services = [service("web", json!({"healthCheckGracePeriodSeconds": 30}))];
    let world = World::with(Scenario::Crash, &files, &services);
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::AccessDenied).always());
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Followed(other_grace_period(90))));
    let run = world.deploy("v2").exits(3);
    run.says("web: `healthCheckGracePeriodSeconds` was changed since and is not restored");
    let now = world.service("web");
    assert_eq!(now["healthCheckGracePeriodSeconds"], 90);
    assert_eq!(now["taskDefinition"].as_str().map(|arn| arn.ends_with("web:1")), Some(true), "{now}");
}

#[test]
fn number_that_another_client_set_is_not_replaced() {
    let set = |desired: u32| {
        let input = json!({"cluster": "main", "service": "web", "desiredCount": desired});
        FaultKind::Followed(OtherCall::ecs("UpdateService", input))
    };
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", set(7)));
    world
        .run(&["scale", "web", "--desired", "4", "--yes"])
        .exits(5)
        .says("the desired count of service `web` has changed since the plan: it is 7 and was 2");
    assert_eq!(world.service("web")["desiredCount"], 7);
    world.sandbox.inject(Fault::on("DescribeServices", set(3)));
    world.run(&["scale", "web", "--desired", "4", "--yes", "--supersede"]).exits(0);
    assert_eq!(world.service("web")["desiredCount"], 4);
}

/// Returns the input of `RegisterScalableTarget` for `web`.
fn range(min: u32, max: u32) -> Value {
    json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web", "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": min, "MaxCapacity": max})
}

#[test]
fn range_that_another_client_set_is_not_replaced() {
    let world = World::new(Scenario::Steady);
    let register = |input: Value| OtherCall {
        service: "application-autoscaling".to_owned(),
        operation: "RegisterScalableTarget".to_owned(),
        input,
    };
    world
        .sandbox
        .call("application-autoscaling", "RegisterScalableTarget", range(1, 4))
        .expect("a scalable target");
    let other = FaultKind::Followed(register(range(2, 9)));
    world.sandbox.inject(Fault::on("DescribeScalableTargets", other));
    world
        .run(&["scale", "web", "--max", "6", "--yes"])
        .exits(5)
        .says("the autoscaling of service `web` has changed since the plan: its range is 2..9 and was 1..4");
    assert!(world.calls("RegisterScalableTarget").is_empty());
}
