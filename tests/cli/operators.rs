//! Tests of `ecsail cancel`, `continue` and `restart`.

use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::support::World;

/// Returns a world with a deployment of `web:2` in progress.
fn under_way(scenario: Scenario) -> World {
    let world = World::new(scenario);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.clear_requests();
    world
}

/// Returns a world whose deployment of `web:2` is waiting in a lifecycle hook.
fn waiting() -> World {
    let world = under_way(Scenario::HookPauses);
    world.sandbox.advance(Duration::from_mins(2));
    world
}

fn runs(world: &World) -> String {
    let service = world.service("web");
    service["taskDefinition"]
        .as_str()
        .and_then(|arn| arn.rsplit('/').next())
        .expect("a definition")
        .to_owned()
}

#[test]
fn cancel_stops_the_deployment_and_watches_the_rollback() {
    let world = under_way(Scenario::Stuck);
    let run = world.run(&["cancel", "web", "--yes"]).exits(0);
    run.answers("web: rolled back from web:2 to web:1 in ")
        .says("the deployment of web:2 is stopped, ECS rolls back to web:1");
    assert_eq!((runs(&world).as_str(), world.calls("StopServiceDeployment").len()), ("web:1", 1));
    world.unchanged();
}

#[test]
fn cancel_needs_no_manifest_and_no_name_where_there_is_one_service() {
    let world = under_way(Scenario::Slow);
    world
        .run(&["cancel", "--yes", "--no-wait"])
        .exits(0)
        .answers("web: web:2 is being rolled back, not watching");
    let world = under_way(Scenario::Slow);
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it is there");
    world
        .run(&["cancel", "--service", "web", "--cluster", "main", "--yes"])
        .exits(0)
        .answers("web: rolled back");
}

#[test]
fn cancel_of_nothing_is_an_error_that_names_rollback() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["cancel", "web", "--yes"]).exits(1).says("no deployment of `web` is in progress");
    run.says("`ecsail rollback web`");
    world.unchanged();
}

#[test]
fn cancel_requires_confirmation() {
    let world = under_way(Scenario::Slow);
    world.unattended(&["cancel", "web"]).exits(2).says("add `--yes`");
    assert!(world.calls("StopServiceDeployment").is_empty());
}

#[test]
fn cancel_rolls_back_by_update_without_permission_to_stop() {
    let world = under_way(Scenario::Crash);
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::AccessDenied).always());
    world
        .run(&["cancel", "web", "--yes"])
        .exits(0)
        .answers("web: deployed web:1")
        .says("rolling back with an update");
}

#[test]
fn failed_cancel_is_reported() {
    let world = under_way(Scenario::Stuck);
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::AccessDenied).always());
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied).always());
    world.run(&["cancel", "web", "--yes"]).exits(1).says("allow `ecs:UpdateService`");
    assert_eq!(runs(&world), "web:2");
}

#[test]
fn continue_lets_the_deployment_go_on() {
    let world = waiting();
    let run = world.run(&["continue", "web"]).exits(0).answers("web: the deployment continues (hook ");
    run.answers("web: deployed web:2 in ");
    assert_eq!(world.calls("ContinueServiceDeployment").len(), 1);
}

#[test]
fn continue_with_rollback_rolls_back() {
    let world = waiting();
    let run = world.run(&["continue", "web", "--rollback"]).exits(0);
    run.answers("web: the deployment is being rolled back").answers("web: rolled back from web:2 to web:1");
    assert_eq!(runs(&world), "web:1");
}

#[test]
fn continue_with_no_wait_does_not_watch() {
    let world = waiting();
    let run = world.run(&["continue", "web", "--no-wait"]).exits(0);
    assert!(!run.stdout.contains("deployed"), "{}", run.stdout);
}

#[test]
fn continue_without_a_hook_that_waits_says_what_the_deployment_does() {
    let world = under_way(Scenario::Slow);
    world
        .run(&["continue", "web"])
        .exits(1)
        .says("no lifecycle hook of `web` is waiting: its last deployment is ");
    let world = waiting();
    world
        .run(&["continue", "web", "--hook", "nope"])
        .exits(1)
        .says("lifecycle hook `nope` of `web` is not waiting");
    assert!(world.calls("ContinueServiceDeployment").is_empty());
}

#[test]
fn continue_that_is_denied_says_what_to_allow_and_one_whose_answer_is_lost_is_done() {
    let world = waiting();
    world.sandbox.inject(Fault::on("ContinueServiceDeployment", FaultKind::AccessDenied));
    world.run(&["continue", "web"]).exits(1).says("allow `ecs:ContinueServiceDeployment`");
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::AccessDenied));
    world.run(&["continue", "web"]).exits(1).says("allow `ecs:ListServiceDeployments`");
    world.sandbox.inject(Fault::on("ContinueServiceDeployment", FaultKind::DropAfter));
    world.run(&["continue", "web"]).exits(0).answers("web: deployed web:2");
}

#[test]
fn restart_redeploys_the_same_revision() {
    let world = World::new(Scenario::Steady);
    let before = world.service("web")["deployments"][0]["id"].clone();
    let run = world.run(&["restart", "web", "--yes"]).exits(0).answers("web: restarted web:1 in ");
    run.says("web: web:1 → a new deployment of the same revision");
    assert_ne!(world.service("web")["deployments"][0]["id"], before);
    assert_eq!((world.revisions("web"), world.calls("UpdateService").len()), (1, 1));
}

#[test]
fn restart_requires_confirmation_and_names_without_a_manifest() {
    let world = World::new(Scenario::Steady);
    world.unattended(&["restart", "web"]).exits(2).says("add `--yes`");
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it is there");
    world.run(&["restart", "--cluster", "main", "--yes"]).exits(2).says("no service is named");
    world.unchanged();
    world.run(&["restart", "web", "--cluster", "main", "--yes"]).exits(0).answers("web: restarted web:1");
}

#[test]
fn restart_during_a_deployment_is_refused_unless_superseded() {
    let world = under_way(Scenario::Slow);
    world.run(&["restart", "web", "--yes"]).exits(5).says("a deployment of `web` is in progress: `web:2`");
    world.unchanged();
    world.run(&["restart", "web", "--yes", "--supersede"]).exits(0).answers("web: restarted web:2");
}

#[test]
fn restart_says_that_a_tag_brings_another_image_and_refuses_one_that_is_gone() {
    let world = World::new(Scenario::Steady);
    world.move_tag("v1");
    world
        .run(&["restart", "web", "--yes"])
        .exits(0)
        .says("shop/app:v1` now points to another image: sha256:");
    let input = json!({"repositoryName": "shop/app", "imageIds": [{"imageTag": "v1"}]});
    world.sandbox.call("ecr", "BatchDeleteImage", input).expect("the image can be deleted");
    world.sandbox.clear_requests();
    world.run(&["restart", "web", "--yes"]).exits(1).says("no tag `v1` in repository `shop/app`");
    world.unchanged();
}

#[test]
fn restart_works_without_reading_images() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServiceRevisions", FaultKind::AccessDenied).always());
    world.run(&["restart", "web", "--yes"]).exits(0).says("the existence of its images is not checked");
}

#[test]
fn crashed_restart_is_rolled_back() {
    let world = World::new(Scenario::Crash);
    world.run(&["restart", "web", "--yes"]).exits(3).answers("; rolled back, web:1 is running");
}

#[test]
fn what_they_print_as_json_is_as_the_schema_says() {
    let json = ["--output", "json"];
    let world = under_way(Scenario::Slow);
    let run = world.run(&[&["cancel", "web", "--yes"], &json[..]].concat()).exits(0);
    crate::events::all_as_the_schema_says(&run.stdout);
    let run = waiting().run(&[&["continue", "web"], &json[..]].concat()).exits(0);
    let answered = run.event("continued");
    assert_eq!((&answered["service"], &answered["rollback"]), (&json!("web"), &json!(false)));
    crate::events::all_as_the_schema_says(&run.stdout);
    let run = World::new(Scenario::Steady).run(&[&["restart", "web", "--yes"], &json[..]].concat()).exits(0);
    assert_eq!(run.event("plan")["services"][0]["reasons"][0]["reason"], "forced");
    crate::events::all_as_the_schema_says(&run.stdout);
}

#[test]
fn hints_name_the_service_and_keep_the_given_flags() {
    let world = World::new(Scenario::Stuck);
    world.run(&["deploy", "service", "web", "--tag", "v2", "--yes", "--no-wait"]).exits(0);
    let refused = ["--region", "us-east-1", "deploy", "service", "web", "--tag", "v3", "--yes"];
    world.run(&refused).exits(5).says("wait for it with `ecsail --region us-east-1").says(" wait web`");
    let cluster = ["restart", "web", "--cluster", "main", "--yes"];
    world.run(&cluster).exits(5).says(" --cluster main wait web`, or replace it with `--supersede`");
    let json = world.run(&["--output", "json", "restart", "web", "--cluster", "main", "--yes"]).exits(5);
    assert!(json.stdout.contains(" --cluster main wait web`"), "{}", json.stdout);
}

#[test]
fn where_nothing_can_be_rolled_back_to_the_hint_names_the_next_command() {
    let world = World::new(Scenario::Steady);
    let refused = world.run(&["rollback", "web", "--yes"]).exits(1);
    refused.says("nothing to roll back to").says("history web`").says("deploy web --tag TAG`");
}
