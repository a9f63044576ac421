//! Calls that change something and lose their answer: what they did is looked for, also where AWS shows it late, and
//! nothing is sent again over what another client has done since.

use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, OtherCall, Scenario};
use serde_json::{Value, json};

use crate::support::{World, service};

/// A state that is a second old.
const STALE: FaultKind = FaultKind::Stale(Duration::from_secs(1));

/// Returns an update that starts another deployment of `web` with this revision.
fn deployment_of(revision: &str) -> FaultKind {
    let input =
        json!({"cluster": "main", "service": "web", "taskDefinition": revision, "forceNewDeployment": true});
    FaultKind::Followed(OtherCall::ecs("UpdateService", input))
}

fn running(world: &World) -> String {
    let definition = world.service("web")["taskDefinition"].clone();
    definition.as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned()
}

#[test]
fn registration_that_is_shown_a_second_late_is_made_once() {
    let world = World::held();
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::DropAfter));
    // Of the look for the plan, and of the first look for the registration.
    world.sandbox.inject(Fault::on("DescribeTaskDefinition", STALE).times(2));
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    assert_eq!(world.revisions("web"), 2);
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 1);
    assert_eq!(running(&world), "web:2");
}

#[test]
fn restart_that_is_shown_a_second_late_is_made_once() {
    let world = World::held();
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropAfter));
    // Of the look for the plan, the one before the update, and the first one after it.
    world.sandbox.inject(Fault::on("DescribeServices", STALE).times(3));
    world.run(&["restart", "web", "--yes", "--no-wait"]).exits(0);
    assert_eq!(world.calls("UpdateService").len(), 1);
    assert_eq!(world.service("web")["deployments"].as_array().map(Vec::len), Some(2));
}

#[test]
fn update_that_was_superseded_before_it_is_looked_for_is_not_sent_again() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropAfter));
    world.sandbox.inject(Fault::on("UpdateService", deployment_of("web:1")));
    world.deploy("v2").exits(3).answers("superseded");
    assert_eq!(world.calls("UpdateService").len(), 1);
    assert_eq!(running(&world), "web:1");
}

#[test]
fn update_that_ecs_has_rolled_back_before_it_is_looked_for_is_not_sent_again() {
    let world = World::with_breaker(Scenario::Crash);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropLate(Duration::from_mins(10))));
    world.deploy("v2").exits(3).answers("web: web:2 was rolled back, web:1 is running");
    assert_eq!(world.calls("UpdateService").len(), 1);
    assert_eq!(running(&world), "web:1");
}

#[test]
fn update_that_was_rolled_back_and_left_only_events_is_not_sent_again() {
    let world = World::with_breaker(Scenario::Crash);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropLate(Duration::from_mins(10))));
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::AccessDenied).always());
    world.deploy("v2").exits(1).says("no answer to the update of service `web`").says("ecsail history web");
    assert_eq!(world.calls("UpdateService").len(), 1);
}

#[test]
fn update_without_an_answer_says_what_it_replaced() {
    let world = World::held();
    let other = json!({"cluster": "main", "service": "web", "forceNewDeployment": true});
    let other = FaultKind::Preceded(OtherCall::ecs("UpdateService", other));
    let minutes = Duration::from_mins(10);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropLate(minutes)));
    world.sandbox.inject(Fault::on("UpdateService", other));
    let run = world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    run.says("web: the update replaced deployment `ecs-svc/").says("which began after the plan");
    // The service no longer shows it.
    assert_eq!(world.service("web")["deployments"].as_array().map(Vec::len), Some(1));
}

#[test]
fn lost_update_is_not_sent_over_the_deployment_of_another_client() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropBefore));
    world.sandbox.inject(Fault::on("UpdateService", deployment_of("web:1")));
    let run =
        world.deploy("v2").exits(1).says("no answer to the update of service `web`, which another client");
    run.says("deployment `ecs-svc/").says("it is unknown whether the update took effect");
    assert_eq!(world.calls("UpdateService").len(), 1);
    assert_eq!(running(&world), "web:1");
}

#[test]
fn lost_number_of_tasks_is_not_set_over_that_of_another_client() {
    let world = World::new(Scenario::Steady);
    let other =
        OtherCall::ecs("UpdateService", json!({"cluster": "main", "service": "web", "desiredCount": 7}));
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropBefore));
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Followed(other)));
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(1);
    run.says("which another client has set to 7 since");
    assert_eq!(world.service("web")["desiredCount"], 7);
}

#[test]
fn lost_number_of_tasks_is_set_once_where_it_arrived() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropAfter));
    world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(0);
    assert_eq!(world.calls("UpdateService").len(), 1);
}

/// Returns the document that a deploy of `v2` registers, as another run would send it.
fn same_document(release: &str) -> Value {
    let mut document = service("web", json!({})).task_definition;
    let image =
        document["containerDefinitions"][0]["image"].as_str().unwrap_or_default().replace(":v1", ":v2");
    document["containerDefinitions"][0]["image"] = json!(image);
    document["tags"] = json!([{"key": "ecsail:release", "value": release}]);
    document
}

#[test]
fn equal_registrations_at_the_same_instant_share_a_revision() {
    let world = World::new(Scenario::Steady);
    let message = "Too many concurrent attempts to create a new revision of the specified family.".to_owned();
    let refused = FaultKind::Code { status: 400, code: "ClientException".to_owned(), message };
    let other = OtherCall::ecs("RegisterTaskDefinition", same_document("r-other"));
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", refused));
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::Preceded(other)));
    let run = world.deploy("v2").exits(0).answers("web: deployed web:2");
    run.says("web:2 was registered by another run at the same time, and is used");
    assert_eq!(world.revisions("web"), 2);
}

#[test]
fn lost_registration_is_found_below_the_newest_revision() {
    let world = World::new(Scenario::Steady);
    let mut other = service("web", json!({})).task_definition;
    other["memory"] = json!("1024");
    let other = OtherCall::ecs("RegisterTaskDefinition", other);
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::DropAfter));
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", FaultKind::Followed(other)));
    world.deploy("v2").exits(0).answers("web: deployed web:2");
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 1);
}
