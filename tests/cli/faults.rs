//! Faults of the connection and the API: nothing is done twice, and no error of the API becomes a failed rollout.

use std::io::BufReader;
use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::rollout_outcomes::until;
use crate::support::{DEFINITION, MANIFEST, World, service};

#[test]
fn a_lost_answer_to_a_registration_registers_once() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::DropAfter).times(1));
    world.deploy("v2").exits(0).answers("web: deployed web:2");
    assert_eq!(world.revisions("web"), 2);
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 1);
}

#[test]
fn a_lost_registration_is_made_again() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::DropBefore).times(1));
    world.deploy("v2").exits(0).answers("web: deployed web:2");
    assert_eq!(world.revisions("web"), 2);
}

#[test]
fn a_lost_answer_to_a_forced_update_deploys_once() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropAfter).times(1));
    world.run(&["deploy", "--tag", "v1", "--force"]).exits(0).answers("web: deployed web:1");
    assert_eq!(world.calls("UpdateService").len(), 1);
}

#[test]
fn a_lost_update_is_made_again() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropBefore).times(1));
    world.deploy("v2").exits(0).answers("web: deployed web:2");
}

#[test]
fn throttling_and_server_errors_are_retried() {
    for kind in [
        FaultKind::Throttling,
        FaultKind::ServerError(500),
        FaultKind::ServerError(503),
        FaultKind::DropBefore,
    ] {
        let world = World::new(Scenario::Steady);
        for operation in ["DescribeServices", "RegisterTaskDefinition", "UpdateService", "DescribeImages"] {
            world.sandbox.inject(Fault::on(operation, kind.clone()).times(1));
        }
        world.sandbox.inject(Fault::on("DescribeServices", kind.clone()).times(1).after(4));
        world.deploy("v2").exits(0).answers("web: deployed web:2");
        assert_eq!(world.revisions("web"), 2, "{kind:?}");
    }
}

#[test]
fn concurrent_registrations_in_a_family_are_retried() {
    let world = World::new(Scenario::Steady);
    let message = "Too many concurrent attempts to create a new revision of the specified family.".to_owned();
    let kind = FaultKind::Code { status: 400, code: "ClientException".to_owned(), message };
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", kind).times(1));
    world.deploy("v2").exits(0).answers("web: deployed web:2");
}

#[test]
fn an_update_that_is_denied_says_which_permission_is_missing() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied).always());
    let run =
        world.deploy("v2").exits(1).answers("web: not updated").says("error: failed to update service `web`");
    run.says("caused by: ecs:UpdateService: AccessDeniedException").says("hint: allow `ecs:UpdateService`");
}

#[test]
fn a_registration_that_is_refused_touches_no_service() {
    let world = World::new(Scenario::Steady);
    let kind = FaultKind::Code { status: 400, code: "ClientException".to_owned(), message: "No.".to_owned() };
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", kind).always());
    world
        .deploy("v2")
        .exits(1)
        .says("error: failed to register task definition `web`")
        .says("ClientException: No.");
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn credentials_that_expire_while_watching_are_no_failed_rollout() {
    let world = World::new(Scenario::Slow);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::ExpiredToken).always().after(3));
    let run = world.deploy("v2").exits(1).answers("web:2 can no longer be watched, the rollout continues");
    run.answers("renew the credentials");
}

#[test]
fn html_answer_is_reported_with_its_status() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::Html500).always());
    world
        .run(&["deploy", "service", "web", "--tag", "v2", "--yes", "--timeout", "1s"])
        .exits(1)
        .says("ecs:DescribeServices: HTTP 500: ");
    world.unchanged();
}

#[test]
fn unreadable_tasks_are_reported_once_and_change_no_verdict() {
    let world = World::with_breaker(Scenario::Crash);
    world.sandbox.inject(Fault::on("ListTasks", FaultKind::AccessDenied).always());
    let run = world.deploy("v2").exits(3).answers("was rolled back").says("cannot show why tasks stop");
    assert_eq!(run.stderr.matches("why tasks stop").count(), 1);
}

#[test]
fn an_effect_that_cannot_be_looked_up_is_not_repeated() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::DropAfter).times(1));
    world.sandbox.inject(Fault::on("DescribeTaskDefinition", FaultKind::AccessDenied).always().after(1));
    world.deploy("v2").exits(1).says("it may have taken effect");
    assert_eq!(world.revisions("web"), 2, "registered once");
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropAfter).times(1));
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::AccessDenied).always().after(2));
    world.run(&["deploy", "--tag", "v1", "--force"]).exits(1).says("it may have taken effect");
    assert_eq!(world.calls("UpdateService").len(), 1);
}

/// Returns the members of a service with a bake time: its service deployment is read in every poll.
fn baking() -> Value {
    json!({"deploymentConfiguration": {"bakeTimeInMinutes": 1}})
}

#[test]
fn deployment_list_decides_if_service_deployments_fail_midway() {
    // Its service deployment is read from the first failed task on.
    let world = World::new(Scenario::FlakyHalf);
    for operation in ["DescribeServiceDeployments", "ListServiceDeployments"] {
        world.sandbox.inject(Fault::on(operation, FaultKind::Html500).always().after(2));
    }
    world.deploy("v2").exits(0).answers("web: deployed web:2").says("watching the deployment list");
}

#[test]
fn the_status_in_the_list_decides_where_details_may_not_be_read() {
    let strategy = json!({"deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 3}});
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    for (scenario, code) in [(Scenario::Steady, 0), (Scenario::HookFails, 3)] {
        let world = World::with(scenario, &files, &[service("web", strategy.clone())]);
        world.sandbox.inject(Fault::on("DescribeServiceDeployments", FaultKind::AccessDenied).always());
        let run = world.deploy("v2").exits(code);
        run.says("reading the status of service deployments from their list");
        assert_eq!(world.calls("DescribeServiceDeployments").len(), 1, "denied once is denied");
    }
}

#[test]
fn throttled_polls_are_reported_and_the_watch_goes_on() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::Throttling).times(8).after(3));
    world
        .deploy("v2")
        .exits(0)
        .says("note: ECS throttles the polls of web, still watching: ecs:DescribeServices");
}

#[test]
fn lost_answer_is_not_matched_to_a_foreign_deployment() {
    let world = World::new(Scenario::Slow);
    // The update is lost before it takes effect, and another deployment begins before the update is looked up.
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropBefore).times(1));
    world.deploy("v2").exits(0).answers("web: deployed web:2");
    assert_eq!(
        world.service("web")["taskDefinition"],
        "arn:aws:ecs:us-east-1:123456789012:task-definition/web:2"
    );
}

#[test]
fn rollout_completed_at_the_timeout_succeeds() {
    let world = World::new(Scenario::Steady);
    let mut child = world.start(&["deploy", "--tag", "v2", "--poll-interval", "1m", "--timeout", "2s"]);
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "web: 0/2 running");
    // The time that is left when the last poll begins is shorter than an answer takes.
    world
        .sandbox
        .inject(Fault::on("DescribeServices", FaultKind::Latency(Duration::from_millis(150))).always());
    world.sandbox.advance(Duration::from_mins(15));
    let output = child.wait_with_output().expect("ends");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("web: deployed web:2 in "), "{stdout}");
}

#[test]
fn denied_service_does_not_affect_the_others() {
    let manifest = format!("{MANIFEST}  api:\n    task_definition: web.yml\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", baking()), service("api", baking())]);
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::AccessDenied).times(1));
    let run = world.run(&["deploy", "--tag", "v2"]).exits(0);
    assert_eq!(run.stderr.matches("watching the deployment list").count(), 1);
    assert!(!world.calls("DescribeServiceDeployments").is_empty(), "the other's are read");
}

#[test]
fn lost_service_is_reported_with_the_error() {
    let world = World::new(Scenario::Stuck);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::DropBefore).always().after(4));
    let run = world.run(&["deploy", "--tag", "v2", "--timeout", "3s"]).exits(4);
    run.answers("last seen ").answers(" ago: ecs:DescribeServices");
}
