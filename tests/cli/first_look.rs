//! Tests of the first reads of the verbs that watch: they are repeated while AWS fails them, and nothing optional holds them.

use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, Scenario};

use crate::support::World;

/// Returns a fault that makes an answer unreadable, which the SDK does not repeat.
fn unreadable(operation: &str, member: &str) -> Fault {
    Fault::on(operation, FaultKind::LeftOut(vec![member.to_owned()]))
}

/// The verbs that watch: whether a deployment is in progress before, its scenario, and the command.
const VERBS: &[(bool, Scenario, &[&str])] = &[
    (false, Scenario::Steady, &["deploy", "--tag", "v2", "--yes"]),
    (false, Scenario::Steady, &["restart", "web", "--yes"]),
    (true, Scenario::Slow, &["wait", "web"]),
    (true, Scenario::Slow, &["rollback", "web", "--yes"]),
    (true, Scenario::Slow, &["cancel", "web", "--yes"]),
    (true, Scenario::HookPauses, &["continue", "web"]),
];

/// Returns a world with what is there before the command.
fn world(in_progress: bool, scenario: Scenario) -> World {
    let world = World::new(scenario);
    if in_progress {
        world.run(&["deploy", "--tag", "v2", "--yes", "--no-wait"]).exits(0);
    }
    if scenario == Scenario::HookPauses {
        world.sandbox.advance(Duration::from_mins(2));
    }
    world
}

#[test]
fn each_verb_that_watches_repeats_its_first_reads_and_says_so_once() {
    for (in_progress, scenario, command) in VERBS {
        let world = world(*in_progress, *scenario);
        world.sandbox.inject(unreadable("DescribeServices", "serviceName").times(3));
        let run = world.run(command).exits(0);
        let said = run.stderr.matches("note: waiting for AWS, for up to ");
        assert_eq!(said.count(), 1, "{command:?}: {}", run.stderr);
    }
}

#[test]
fn a_deploy_rides_out_a_throttle_that_lasts_longer_than_the_attempts_of_the_sdk() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::Throttling).times(6));
    world.deploy("v2").exits(0).says("note: waiting for AWS, for up to 14m ").says("ThrottlingException");
}

#[test]
fn the_list_of_service_deployments_is_read_again_too() {
    let world = world(true, Scenario::Slow);
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::Throttling).times(6));
    let run = world.run(&["wait", "web"]).exits(0).says("note: waiting for AWS, for up to 14m ");
    run.says("failed to call `ecs:ListServiceDeployments`");
}

#[test]
fn the_timeout_ends_the_repetition_and_nothing_was_changed() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(unreadable("DescribeServices", "serviceName").always());
    let run = world.run(&["deploy", "--tag", "v2", "--yes", "--timeout", "1s"]).exits(1);
    run.says("failed to call `ecs:DescribeServices`")
        .says("nothing was changed; AWS could not be read for 1s");
    world.unchanged();
}

#[test]
fn a_plan_repeats_nothing() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(unreadable("DescribeServices", "serviceName"));
    world.run(&["plan", "--tag", "v2"]).exits(1).says("failed to call `ecs:DescribeServices`");
}

#[test]
fn an_error_that_does_not_pass_ends_a_deploy_at_once() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::AccessDenied));
    let run = world.deploy("v2").exits(1).says("allow `ecs:DescribeServices`");
    assert!(!run.stderr.contains("waiting for AWS"), "{}", run.stderr);
}

#[test]
fn nothing_optional_holds_a_deploy() {
    let world = World::new(Scenario::Steady);
    for operation in ["GetCallerIdentity", "DescribeImages", "DescribeServiceRevisions"] {
        let never = FaultKind::Latency(Duration::from_hours(1));
        world.sandbox.inject(Fault::on(operation, never).always());
    }
    world
        .deploy("v2")
        .exits(0)
        .says("sts:GetCallerIdentity: no answer within 6 s")
        .says("ECR in us-east-1 did not answer within 6 s")
        .says("ecs:DescribeServiceRevisions: no answer within 6 s");
}

#[test]
fn revisions_that_do_not_come_do_not_hold_a_restart() {
    let world = World::new(Scenario::Steady);
    let never = FaultKind::Latency(Duration::from_hours(1));
    world.sandbox.inject(Fault::on("DescribeServiceRevisions", never).always());
    world.run(&["restart", "web", "--yes"]).exits(0).says(
        "the existence of its images is not checked: ecs:DescribeServiceRevisions: no answer within 6 s",
    );
}
