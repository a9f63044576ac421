//! Tests of `ecsail stop-task`: only tasks of the service, and only after a confirmation.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, World, service};

fn world() -> World {
    let services = [service("web", json!({})), service("api", json!({}))];
    World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)], &services)
}

/// Returns the ids of the tasks of a service.
fn tasks(world: &World, service: &str) -> Vec<String> {
    let listed = world.call("ListTasks", json!({"cluster": "main", "serviceName": service}));
    let id = |arn: &Value| arn.as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
    listed["taskArns"].as_array().into_iter().flatten().map(id).collect()
}

#[test]
fn task_is_stopped_by_a_prefix_of_its_id() {
    let world = world();
    let ids = tasks(&world, "web");
    let run = world.run(&["stop-task", "web", &ids[0][..8], "--reason", "leaks memory", "--yes"]).exits(0);
    run.answers(&format!("web: stopping task {} (web:1); ECS starts a replacement", ids[0]));
    let described = world.call("DescribeTasks", json!({"cluster": "main", "tasks": [ids[0]]}));
    assert_eq!(described["tasks"][0]["stoppedReason"], "leaks memory");
    assert_eq!(tasks(&world, "web").len(), 1);
}

#[test]
fn several_are_stopped_and_each_is_an_event() {
    let world = world();
    let ids = tasks(&world, "web");
    let arguments = ["stop-task", "web", &ids[0], &ids[1], "--yes", "--output", "json"];
    let events = world.run(&arguments).exits(0).events();
    let stopped: Vec<&Value> = events.iter().map(|event| &event["task"]).collect();
    assert_eq!(stopped, [&json!(ids[0]), &json!(ids[1])]);
    assert_eq!(events[0]["event"], "stopping");
    assert_eq!(events[0]["reason"], "Stopped by ecsail stop-task");
}

#[test]
fn a_task_of_another_service_stops_none() {
    let world = world();
    let (own, other) = (tasks(&world, "web"), tasks(&world, "api"));
    let run = world.run(&["stop-task", "web", &own[0], &other[0], "--yes"]).exits(5);
    run.says(&format!("task `{}` belongs to `service:api`, not to service `web`", other[0]));
    world.run(&["stop-task", "web", "nothing", "--yes"]).exits(5).says("no task `nothing` in service `web`");
    world.unchanged();
}

#[test]
fn stopping_task_is_refused() {
    let world = world();
    let ids = tasks(&world, "web");
    world.run(&["stop-task", "web", &ids[0], "--yes"]).exits(0);
    let run = world.run(&["stop-task", "web", &ids[0][..8], "--yes"]).exits(5);
    run.says("has already been stopped: Stopped by ecsail stop-task");
}

#[test]
fn stop_task_requires_confirmation() {
    let world = world();
    let ids = tasks(&world, "web");
    world.unattended(&["stop-task", "web", &ids[0]]).exits(2).says("add `--yes`");
    world.unchanged();
}

#[test]
fn it_needs_no_manifest() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    let ids = tasks(&world, "web");
    let place = ["stop-task", "--cluster", "main", "--yes"];
    world.run(&[&place[..], &["web", &ids[0]]].concat()).exits(0);
    world.run(&[&place[..], &["--service", "web", &ids[1]]].concat()).exits(0);
    world.run(&[&place[..], &["wep", "x"]].concat()).exits(2).says("did you mean `web`?");
    world.run(&[&place[..], &["web"]].concat()).exits(2).says("no task is named");
}

#[test]
fn a_permission_that_is_missing_is_named() {
    let world = world();
    let ids = tasks(&world, "web");
    world.sandbox.inject(Fault::on("StopTask", FaultKind::AccessDenied));
    let run =
        world.run(&["stop-task", "web", &ids[0], &ids[1], "--yes"]).exits(1).answers("web: stopping task");
    run.says("error: failed to stop task").says("hint: allow `ecs:StopTask`");
}
