//! What happens to a rollout that does not succeed: rolled back by ECS, rolled back by an update, or left.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::rollout_outcomes::until;
use crate::support::{DEFINITION, MANIFEST, World, service};

const WEB: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:";

/// Returns the number of the service's revision, and the state of its deployment.
fn runs(world: &World) -> (String, Value) {
    let service = world.service("web");
    let definition = service["taskDefinition"].as_str().expect("a definition");
    (definition.trim_start_matches(WEB).to_owned(), service["deployments"][0]["rolloutState"].clone())
}

fn deny(world: &World, operations: &[&str]) {
    for operation in operations {
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
    }
}

#[test]
fn crash_loop_is_rolled_back_by_ecs() {
    let world = World::new(Scenario::Crash);
    let run = world.deploy("v2").exits(3).answers("web: web:2 cannot succeed: ");
    run.answers("; rolled back, web:1 is running").says("web: rolling back (StopServiceDeployment)");
    assert_eq!(runs(&world), ("1".to_owned(), json!("COMPLETED")));
    assert_eq!(world.calls("StopServiceDeployment").len(), 1);
    assert_eq!(world.calls("UpdateService").len(), 1, "the deploy's own");
}

#[test]
fn rollback_by_update_without_permission_to_stop() {
    let world = World::new(Scenario::Crash);
    deny(&world, &["StopServiceDeployment"]);
    let run = world.deploy("v2").exits(3).answers("; rolled back, web:1 is running");
    run.says("note: rolling back with an update").says("web: rolling back to web:1 (UpdateService)");
    assert_eq!(runs(&world), ("1".to_owned(), json!("COMPLETED")));
}

#[test]
fn rollback_by_update_without_service_deployments() {
    let world = World::new(Scenario::Crash);
    let all = ["ListServiceDeployments", "DescribeServiceDeployments", "StopServiceDeployment"];
    deny(&world, &all);
    world.deploy("v2").exits(3).answers("; rolled back, web:1 is running");
    assert_eq!(runs(&world), ("1".to_owned(), json!("COMPLETED")));
}

#[test]
fn a_lost_answer_to_the_stop_is_no_reason_to_update() {
    let world = World::new(Scenario::Crash);
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::DropAfter).times(9));
    world.deploy("v2").exits(3).answers("; rolled back, web:1 is running");
    assert_eq!(world.calls("UpdateService").len(), 1, "the deploy's own");
}

#[test]
fn deployment_failed_by_the_breaker_is_rolled_back() {
    let world = World::new(Scenario::CrashBreaker);
    world
        .deploy("v2")
        .exits(3)
        .answers("web: web:2 failed: ")
        .says("running now: web:1, 2 of 2 tasks running");
    assert_eq!(runs(&world), ("1".to_owned(), json!("COMPLETED")));
}

#[test]
fn on_failure_leave_leaves_the_rollout() {
    let world = World::new(Scenario::NoImage);
    let run = world.run(&["deploy", "--tag", "v2", "--on-failure", "leave"]).exits(3);
    run.says("the service was left as it is: `on_failure` is `leave`");
    assert_eq!(runs(&world), ("2".to_owned(), json!("IN_PROGRESS")));
    assert!(world.calls("StopServiceDeployment").is_empty());
}

#[test]
fn with_on_failure_leave_a_crash_loop_is_watched_to_the_timeout() {
    let world = World::new(Scenario::Crash);
    let run = world.run(&["deploy", "--tag", "v2", "--on-failure", "leave", "--timeout", "3s"]).exits(4);
    let run = run.answers("web: web:2 is still in progress after ");
    // Whether the verdict has it depends on whether the tasks run at the moment of the timeout.
    run.says(" tasks failed in the same way: container `app` exited with code 1 (");
    assert!(world.calls("StopServiceDeployment").is_empty());
}

#[test]
fn with_on_failure_leave_a_slow_start_is_watched_to_its_end() {
    let world = World::new(Scenario::Dependency);
    world.run(&["deploy", "--tag", "v2", "--on-failure", "leave"]).exits(0).answers("web: deployed web:2");
}

#[test]
fn with_on_failure_leave_the_breaker_still_decides() {
    let world = World::new(Scenario::CrashBreaker);
    world.run(&["deploy", "--tag", "v2", "--on-failure", "leave"]).exits(3).answers("web: web:2 failed: ");
}

#[test]
fn patience_is_a_count_of_generations_or_never() {
    let deploy = |arguments: &[&str]| {
        let world = World::new(Scenario::Crash);
        world.run(&[&["deploy", "--tag", "v2"], arguments].concat())
    };
    deploy(&["--patience", "2"])
        .exits(3)
        .answers("web: web:2 cannot succeed: 4 tasks failed in the same way");
    deploy(&["--patience", "6"]).exits(3).answers("(6 generations, none ran longer than 4s)");
    deploy(&["--patience", "never", "--timeout", "3s"])
        .exits(4)
        .answers("web: web:2 is still in progress after ");
    deploy(&["--patience", "0"]).exits(2).says("neither `never` nor a count of 1 or more");
}

#[test]
fn patience_of_the_manifest_counts_and_the_flag_overrides_it() {
    let manifest = format!("{MANIFEST}    patience: 2\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = |scenario| World::with(scenario, &files, &[service("web", json!({}))]);
    world(Scenario::Crash).deploy("v2").exits(3).answers("4 tasks failed in the same way");
    world(Scenario::Dependency).run(&["deploy", "--tag", "v2", "--patience", "never"]).exits(0);
}

#[test]
fn a_wrong_patience_in_the_manifest_is_an_error() {
    let manifest = format!("{MANIFEST}    patience: forever\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.deploy("v2").exits(1).says("`forever` is neither `never` nor a count of 1 or more");
    world.unchanged();
}

#[test]
fn tasks_that_come_up_after_failures_are_no_crash_loop() {
    for scenario in [Scenario::Dependency, Scenario::FlakyHalf] {
        let world = World::new(scenario);
        world.deploy("v2").exits(0).answers("web: deployed web:2");
        assert!(world.calls("StopServiceDeployment").is_empty());
    }
}

#[test]
fn on_failure_flag_overrides_the_manifest() {
    let manifest = format!("{MANIFEST}    on_failure: leave\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::NoImage, &files, &[service("web", json!({}))]);
    world.deploy("v2").exits(3).says("left as it is");
    let world = World::with(Scenario::Crash, &files, &[service("web", json!({}))]);
    world.run(&["deploy", "--tag", "v2", "--on-failure", "rollback"]).exits(3).answers("rolled back");
}

#[test]
fn an_unknown_answer_in_the_manifest_is_an_error() {
    let manifest = format!("{MANIFEST}    on_failure: retry\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.deploy("v2").exits(1).says("`on_failure` must be `rollback` or `leave`, found `retry`");
    world.unchanged();
}

#[test]
fn rollback_by_update_restores_changed_attributes() {
    let manifest = format!("{MANIFEST}    service: {{ healthCheckGracePeriodSeconds: 60 }}\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let before = service("web", json!({"healthCheckGracePeriodSeconds": 20}));
    let world = World::with(Scenario::NoImage, &files, &[before]);
    deny(&world, &["StopServiceDeployment"]);
    world.deploy("v2").exits(3).answers("rolled back, web:1 is running");
    assert_eq!(world.service("web")["healthCheckGracePeriodSeconds"], 20);
}

#[test]
fn forced_deployment_can_only_be_rolled_back_by_ecs() {
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v1", "--force"]).exits(3).answers("; rolled back, web:1 is running");
    let world = World::new(Scenario::Crash);
    deny(&world, &["StopServiceDeployment"]);
    let run = world.run(&["deploy", "--tag", "v1", "--force"]).exits(3);
    run.says("only ECS itself can restore its images");
    assert_eq!(world.calls("UpdateService").len(), 1, "the deploy's own");
}

#[test]
fn timeout_leaves_the_rollout_unless_on_timeout_is_rollback() {
    let world = World::new(Scenario::Stuck);
    world.run(&["deploy", "--tag", "v2", "--timeout", "300ms"]).exits(4);
    assert_eq!(runs(&world).0, "2");
    let world = World::new(Scenario::Stuck);
    let arguments = ["deploy", "--tag", "v2", "--timeout", "1s", "--on-timeout", "rollback"];
    let run = world.run(&arguments).exits(4).answers("web: web:2 was in progress after ");
    run.answers("; rolled back, web:1 is running");
    assert_eq!(runs(&world).0, "1");
}

#[test]
fn failed_rollback_is_reported() {
    let world = World::new(Scenario::Crash);
    deny(&world, &["StopServiceDeployment"]);
    // The first update is the deploy's own.
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied).always().after(1));
    let run = world
        .deploy("v2")
        .exits(3)
        .says("failed to roll it back: failed to update service `web`: ecs:UpdateService");
    run.says("roll back to web:1: `ecsail rollback web --cluster main`");
}

#[test]
fn expired_credentials_are_no_failed_rollout() {
    let world = World::new(Scenario::Slow);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::ExpiredToken).always().after(3));
    let run = world.deploy("v2").exits(1).answers("can no longer be watched, the rollout continues");
    run.says("ecsail wait web --cluster main --deployment ecs-svc/");
}

/// Starts a deploy of `v2` and waits until its tasks are starting.
fn started(world: &World, arguments: &[&str]) -> (Child, impl BufRead + use<>) {
    let mut child = world.start(&[&["deploy", "--tag", "v2"], arguments].concat());
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "web: 0/2 running");
    (child, stderr)
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
}

#[test]
fn cancelled_job_leaves_the_rollout() {
    let world = World::new(Scenario::Stuck);
    let (child, mut stderr) = started(&world, &[]);
    signal(&child, "-TERM");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait_with_output().expect("ends").status.code(), Some(130));
    assert!(rest.contains("the rollout continues without ecsail"), "{rest}");
    assert_eq!(runs(&world).0, "2");
}

#[test]
fn until_bake_returns_while_blue_green_bakes() {
    let strategy = json!({"deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 600}});
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", strategy)]);
    let run = world.run(&["deploy", "--tag", "v2", "--until", "bake"]).exits(0);
    let run = run.answers("web: web:2 reached bake time in ").answers("the rollout continues");
    run.says("ecsail wait web");
    assert_eq!(runs(&world), ("2".to_owned(), json!("IN_PROGRESS")));
}

#[test]
fn a_stage_that_does_not_exist_is_refused() {
    let world = World::new(Scenario::Steady);
    world.run(&["deploy", "--tag", "v2", "--until", "baking"]).exits(2).says("lifecycle stage");
}

#[test]
fn refused_rollback_is_reported() {
    let world = World::new(Scenario::Stuck);
    deny(&world, &["StopServiceDeployment"]);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied).always().after(1));
    let arguments = ["deploy", "--tag", "v2", "--timeout", "500ms", "--on-timeout", "rollback"];
    let run = world.run(&arguments).exits(4).answers("web: web:2 is still in progress after ");
    run.says("failed to roll it back: ").says("the rollout continues without ecsail");
}

#[test]
fn unclear_stop_is_repeated() {
    let world = World::new(Scenario::Crash);
    // More than the attempts of the SDK.
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::ServerError(500)).times(7));
    world.deploy("v2").exits(3).answers("; rolled back, web:1 is running").says("(StopServiceDeployment)");
    assert_eq!(world.calls("UpdateService").len(), 1, "the deploy's own");
}

#[test]
fn another_capacity_provider_strategy_is_deployed_with_force() {
    let manifest = format!(
        "{MANIFEST}    service: {{ capacityProviderStrategy: [ {{ capacityProvider: FARGATE_SPOT, weight: 1 }} ] }}\n"
    );
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let strategy = json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]});
    let world = World::with(Scenario::Steady, &files, &[service("web", strategy)]);
    world.deploy("v2").exits(0);
    assert_eq!(world.calls("UpdateService")[0].body["forceNewDeployment"], true);
}
