//! Tests of `why`: what `deploy` says at its end can be read at any later time.

use std::time::Duration;

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{World, service};

/// Deploys a revision whose tasks have crashed for five minutes.
fn crash_loop(world: &World) {
    world.run(&["deploy", "web", "--cluster", "main", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.advance(Duration::from_mins(5));
}

#[test]
fn a_crash_loop_is_explained_while_it_goes_on() {
    let world = World::new(Scenario::Crash);
    crash_loop(&world);
    let run = world.run(&["why", "web"]).exits(0);
    for text in ["exit code 1", "cause: ", "remedy: ", "web: web:2 ", "`ecsail rollback web"] {
        assert!(run.stdout.contains(text), "`{text}`: {run:?}");
    }
}

#[test]
fn a_rollback_by_ecs_is_explained_afterwards() {
    let world = World::with_breaker(Scenario::CrashRollback);
    world.run(&["deploy", "web", "--tag", "v2", "--yes"]).exits(3);
    world.run(&["why", "web"]).exits(0).answers("was rolled back, web:1 is running").answers("cause: ");
}

#[test]
fn a_failure_before_a_success_is_explained() {
    let world = World::new(Scenario::Crash);
    crash_loop(&world);
    world.sandbox.set_scenario(None, Scenario::Steady);
    world.run(&["deploy", "web", "--tag", "v3", "--yes", "--supersede"]).exits(0);
    world.run(&["why", "web"]).exits(0).answers("cause: ").answers("web:3 runs since");
}

#[test]
fn what_succeeded_needs_no_explanation() {
    let world = World::new(Scenario::Steady);
    world.run(&["deploy", "web", "--tag", "v2", "--yes"]).exits(0);
    let run = world.run(&["why", "web"]).exits(0).answers("web: web:2 was deployed");
    assert!(!run.stdout.contains("cause:"), "{run:?}");
}

#[test]
fn nothing_is_changed_and_no_manifest_is_needed() {
    let world = World::with(Scenario::Crash, &[], &[service("web", json!({}))]);
    crash_loop(&world);
    world.sandbox.clear_requests();
    let run = world.run(&["why", "web", "--cluster", "main"]).exits(0).answers("cause: ");
    assert!(run.stdout.contains("`ecsail rollback web --cluster main`"), "{run:?}");
    let changing = ["UpdateService", "StopServiceDeployment", "RegisterTaskDefinition"];
    assert!(changing.iter().all(|operation| world.calls(operation).is_empty()));
    world.run(&["why", "wbe", "--cluster", "main"]).exits(2).says("did you mean `web`?");
}

#[test]
fn a_program_reads_it_as_the_end_of_a_rollout() {
    let world = World::new(Scenario::Crash);
    crash_loop(&world);
    let event = world.run(&["why", "web", "--output", "json"]).exits(0).event("rollout.settled");
    assert_eq!(event["revision"], "web:2");
    assert!(event["diagnosis"]["causes"][0]["remedy"].is_string(), "{event}");
}
