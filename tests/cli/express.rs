//! Services of Express Mode: created, updated, watched, rolled back and deleted by the operations of their own.

use ecsail_sandbox::{Fault, FaultKind, OtherCall, Scenario};
use serde_json::{Value, json};

use crate::support::{EXPRESS, Folder, Run, World, service};

const URL: &str = "https://web.ecs.us-east-1.on.aws/";

/// Returns a cluster without the service of the manifest.
fn world() -> World {
    World::with(Scenario::Steady, &[("ecsail.yml", EXPRESS)], &[service("other", json!({}))])
}

/// Returns a cluster in which tag `v1` of the service runs.
fn running() -> World {
    let world = world();
    deploy(&world, "v1").exits(0);
    world.sandbox.clear_requests();
    world
}

fn deploy(world: &World, tag: &str) -> Run {
    world.run(&["deploy", "web", "--tag", tag])
}

/// Returns the service as `DescribeExpressGatewayService` gives it.
fn described(world: &World) -> Value {
    let arn = world.service("web")["serviceArn"].clone();
    world.call("DescribeExpressGatewayService", json!({"serviceArn": arn}))["service"].clone()
}

/// Returns the image that the newest configuration runs.
fn image(world: &World) -> Value {
    described(world)["activeConfigurations"][0]["primaryContainer"]["image"].clone()
}

/// Writes the manifest with a part of it replaced.
fn rewrite(world: &World, from: &str, to: &str) {
    assert!(EXPRESS.contains(from), "{from}");
    world.folder.write("ecsail.yml", &EXPRESS.replace(from, to));
}

#[test]
fn service_that_is_not_there_is_created_and_the_verdict_has_its_url() {
    let world = world();
    let run = world.run(&["plan", "web", "--tag", "v1"]).exits(0);
    insta::assert_snapshot!(run.stdout);
    world.unchanged();
    deploy(&world, "v1").exits(0).answers("deployed main-web:1").answers(&format!("web: {URL}"));
    let sent = &world.calls("CreateExpressGatewayService")[0].body;
    assert_eq!((&sent["serviceName"], &sent["cluster"]), (&json!("web"), &json!("main")));
    assert_eq!(world.service("web")["runningCount"], 2);
    world.run(&["status", "web"]).exits(0).answers(URL);
}

#[test]
fn unchanged_deploy_sends_nothing() {
    let world = running();
    deploy(&world, "v1").exits(0).answers("web: unchanged, main-web:1 stays");
    world.unchanged();
}

#[test]
fn another_tag_is_one_update_with_the_whole_container() {
    let world = running();
    world.run(&["plan", "web", "--tag", "v2"]).exits(0).answers("express.primaryContainer.image");
    let run = world.run(&["deploy", "web", "--tag", "v2", "--output", "json"]).exits(0);
    assert_eq!(run.event("rollout.settled")["url"], URL);
    let updates = world.calls("UpdateExpressGatewayService");
    let sent = &updates[0].body;
    assert_eq!(updates.len(), 1);
    assert_eq!(sent["primaryContainer"]["environment"].as_array().map(Vec::len), Some(3), "{sent}");
    assert_eq!(sent["primaryContainer"]["containerPort"], 8080);
    assert!(sent["scalingTarget"].is_null() && sent["networkConfiguration"].is_null(), "{sent}");
    deploy(&world, "v2").exits(0).answers("web: unchanged");
}

#[test]
fn a_list_that_was_removed_from_the_container_is_emptied() {
    let world = running();
    rewrite(&world, "        environment: { LOG_LEVEL: info, REGION: eu, TEAM: shop }\n", "");
    deploy(&world, "v1").exits(0);
    assert_eq!(
        world.calls("UpdateExpressGatewayService")[0].body["primaryContainer"]["environment"],
        json!([])
    );
    deploy(&world, "v1").exits(0).answers("web: unchanged");
}

#[test]
fn secrets_in_the_environment_are_not_shown() {
    let world = world();
    rewrite(&world, "TEAM: shop", "DB_PASSWORD: hunter2hunter2");
    let run = world.run(&["plan", "web", "--tag", "v1"]).exits(0).answers("DB_PASSWORD");
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
}

#[test]
fn another_scaling_target_starts_no_deployment() {
    let world = running();
    rewrite(&world, "minTaskCount: 2", "minTaskCount: 3");
    deploy(&world, "v1").exits(0).answers("web: attributes updated");
    let target = &described(&world)["activeConfigurations"][0]["scalingTarget"];
    assert_eq!((&target["minTaskCount"], &target["maxTaskCount"]), (&json!(3), &json!(4)));
}

#[test]
fn tags_are_kept_in_step() {
    let world = running();
    rewrite(&world, "tags: { team: shop }", "tags: { team: web }");
    deploy(&world, "v1").exits(0);
    assert_eq!(world.calls("TagResource").len(), 1);
    assert!(world.calls("UpdateExpressGatewayService").is_empty());
}

#[test]
fn rollout_that_crashes_is_rolled_back_and_the_earlier_configuration_runs() {
    let world = running();
    world.sandbox.set_scenario(Some("web"), Scenario::Crash);
    let run = world.run(&["deploy", "web", "--tag", "v2", "--on-failure", "rollback"]);
    run.exits(3).answers("rolled back, main-web:1 is running");
    assert!(image(&world).as_str().is_some_and(|image| image.ends_with(":v1")));
}

#[test]
fn alarm_of_ecs_rolls_back_and_that_is_no_success() {
    let world = running();
    world.sandbox.set_scenario(Some("web"), Scenario::Alarm);
    deploy(&world, "v2").exits(3).answers("was rolled back, main-web:1 is running");
}

#[test]
fn first_rollout_that_crashes_is_left_with_the_command_that_deletes_it() {
    let world = world();
    world.sandbox.set_scenario(Some("web"), Scenario::Crash);
    deploy(&world, "v1").exits(3).says("delete web");
}

#[test]
fn lost_answer_to_a_creation_creates_once() {
    let world = world();
    world.sandbox.inject(Fault::on("CreateExpressGatewayService", FaultKind::DropAfter));
    deploy(&world, "v1").exits(0).answers("deployed main-web:1").answers(URL);
    assert_eq!(world.calls("CreateExpressGatewayService").len(), 1);
}

#[test]
fn creation_that_did_not_arrive_is_sent_again() {
    let world = world();
    world.sandbox.inject(Fault::on("CreateExpressGatewayService", FaultKind::DropBefore));
    deploy(&world, "v1").exits(0).answers("deployed main-web:1");
    assert_eq!(world.revisions("main-web"), 1);
}

#[test]
fn lost_answer_to_an_update_deploys_once() {
    let world = running();
    world.sandbox.inject(Fault::on("UpdateExpressGatewayService", FaultKind::DropAfter));
    deploy(&world, "v2").exits(0).answers("deployed main-web:2");
    assert_eq!(world.calls("UpdateExpressGatewayService").len(), 1);
    world.sandbox.inject(Fault::on("UpdateExpressGatewayService", FaultKind::DropBefore));
    deploy(&world, "v3").exits(0).answers("deployed main-web:3");
}

#[test]
fn service_that_another_client_created_or_changed_meanwhile_is_not_taken_for_the_own() {
    let world = world();
    let input = json!({"cluster": "main", "serviceName": "web", "infrastructureRoleArn": "arn:aws:iam::1:role/x",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution", "primaryContainer": {"image": "other"}});
    let call = OtherCall::ecs("CreateExpressGatewayService", input);
    world.sandbox.inject(Fault::on("CreateExpressGatewayService", FaultKind::Preceded(call)));
    deploy(&world, "v1").exits(5).says("another client has created service `web` since the plan");
}

#[test]
fn ordinary_service_of_the_name_is_refused() {
    let files = [("ecsail.yml", EXPRESS)];
    let world = World::with(
        Scenario::Steady,
        &files,
        &[service("web", json!({"resourceManagementType": "CUSTOMER"}))],
    );
    deploy(&world, "v1").exits(5).says("service `web` exists, and is not of Express Mode");
    world.unchanged();
}

#[test]
fn infrastructure_role_cannot_change_and_one_that_cannot_be_assumed_is_explained() {
    let world = running();
    rewrite(&world, "role/infrastructure", "role/other");
    deploy(&world, "v1").exits(1).says("`infrastructureRoleArn` of service `web` cannot be changed");
    world.unchanged();
    let world = self::world();
    rewrite(&world, "role/infrastructure", "role/not-assumable");
    deploy(&world, "v1").exits(1).says("ECS cannot assume the infrastructure role");
}

#[test]
fn denied_creation_names_the_action() {
    let world = world();
    world.sandbox.inject(Fault::on("CreateExpressGatewayService", FaultKind::AccessDenied).always());
    deploy(&world, "v1").exits(1).says("ecs:CreateExpressGatewayService");
}

#[test]
fn answers_that_show_no_url_and_no_configuration_are_no_failure() {
    let world = world();
    let hidden = vec!["activeConfigurations".to_owned()];
    world.sandbox.inject(Fault::on("CreateExpressGatewayService", FaultKind::LeftOut(hidden)));
    deploy(&world, "v1").exits(0).answers("deployed main-web:1").answers(URL);
}

#[test]
fn rollback_goes_back_to_the_earlier_revision_and_its_configuration_is_unchanged() {
    let world = running();
    deploy(&world, "v2").exits(0);
    world.run(&["rollback", "web", "--yes"]).exits(0).answers("main-web:1");
    world.run(&["plan", "web", "--tag", "v1"]).exits(0).answers("no changes");
}

#[test]
fn deletion_goes_by_its_own_operation_and_the_name_is_free_afterwards() {
    let world = running();
    world.run(&["delete", "web", "--yes"]).exits(0).answers("web: deleted in");
    assert!(world.calls("DeleteService").is_empty() && world.calls("UpdateService").is_empty());
    assert_eq!(world.service("web")["status"], "INACTIVE");
    deploy(&world, "v2").exits(0).answers("deployed main-web:2");
}

#[test]
fn mistakes_in_the_manifest_are_reported_at_their_places() {
    let text = EXPRESS.replace("containerPort: 8080", "containerPort: web");
    let text = text.replace("healthCheckPath", "healthCheckPaht");
    let text = format!("{text}    service: {{ desiredCount: 2 }}\n");
    let run = Folder::new(&[("ecsail.yml", &text)]).run(&["check", "--tag", "v1"]).exits(1);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn new_project_deploys_in_the_sandbox_at_once() {
    let folder = Folder::new(&[]);
    let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api";
    folder.run(&["init", "--new", "--express", "--name", "api", "--image", image, "--port", "8080"]).exits(0);
    folder.run(&["check"]).exits(0).answers("1 service checked, no problems");
    let run = folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0);
    run.answers("api: https://api.ecs.eu-west-1.on.aws/");
}
