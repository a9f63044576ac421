//! Numbers of tasks that a deploy changes without a deployment: watched until as many run, or until it is clear that they
//! cannot; and what is wrong is explained afterwards.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::autoscaling::world as scaled_world;
use crate::support::{DEFINITION, MANIFEST, World, service};

fn world(desired: u32) -> World {
    let world = World::with(
        Scenario::Steady,
        &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)],
        &[service("web", json!({}))],
    );
    write_count(&world, desired);
    world
}

fn write_count(world: &World, desired: u32) {
    let members = format!("    service: {{ desiredCount: {desired} }}\n    enforce_desired_count: true\n");
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{members}"));
}

/// Returns a world whose service runs two tasks, and crashes every other one.
fn crashing_beyond_two() -> World {
    let world = world(2);
    world.sandbox.set_scenario(None, Scenario::CrashLater);
    world.deploy("v2").exits(0);
    world.sandbox.clear_requests();
    world
}

#[test]
fn enforced_number_is_watched_until_as_many_tasks_run() {
    let world = world(4);
    let run = world.deploy("v1").exits(0).answers("web: scaled from 2 to 4, 4 of 4 tasks running");
    run.says("web: 2/4 running, 2 pending; 2 more to run");
    assert_eq!(world.service("web")["runningCount"], 4);
    assert_eq!(world.service("web")["deployments"].as_array().map(Vec::len), Some(1));
}

#[test]
fn number_that_is_not_waited_for_is_not_watched() {
    let world = world(4);
    let run = world.run(&["deploy", "web", "--tag", "v1", "--no-wait"]).exits(0);
    assert!(!run.stdout.contains("scaled from"), "{}", run.stdout);
}

#[test]
fn number_that_is_not_reached_fails_the_release_with_the_reason() {
    let world = crashing_beyond_two();
    write_count(&world, 4);
    let run = world
        .deploy("v2")
        .exits(3)
        .answers("and more do not stay up: tasks that started stopped again 4 times");
    run.answers("`ecsail why web`");
}

#[test]
fn number_that_is_not_reached_ends_scale_too_and_why_explains_it() {
    let world = crashing_beyond_two();
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(3);
    run.answers("and more do not stay up: tasks that started stopped again 4 times");
    let why = world.run(&["why", "web"]).exits(0).answers("container `app`: exit code 1");
    why.answers("2 of 4 tasks running");
}

#[test]
fn raised_minimum_of_autoscaling_is_watched() {
    let world = scaled_world("    autoscaling: { min: 4, max: 6, cpu: 60 }\n");
    world.deploy("v1").exits(0).answers("4 of 4 tasks running");
    assert_eq!(world.service("web")["runningCount"], 4);
}

#[test]
fn number_inside_the_range_is_not_watched() {
    let world = scaled_world("    autoscaling: { min: 2, max: 6, cpu: 60 }\n");
    let run = world.deploy("v1").exits(0);
    assert!(!run.stdout.contains("tasks running"), "{}", run.stdout);
}
