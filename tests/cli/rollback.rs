//! Tests of `ecsail rollback`: the service returns to the last deployment that succeeded, and nothing else changes.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, REPOSITORY, Run, World, service};

/// Returns a world in which A (`web:1` with `v1`) and B (`web:2` with `v2`) succeeded.
fn a_and_b() -> World {
    let world = World::with_breaker(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.sandbox.clear_requests();
    world
}

/// Returns that world after C (`web:3` with `v3`) was rolled back by ECS.
fn a_b_and_c_that_failed() -> World {
    let world = a_and_b();
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.deploy("v3").exits(3).answers("web:3 was rolled back, web:2 is running");
    world.sandbox.set_scenario(None, Scenario::Steady);
    world.sandbox.clear_requests();
    world
}

/// Returns a world in which A, B and C succeeded.
fn a_b_and_c() -> World {
    let world = a_and_b();
    world.deploy("v3").exits(0);
    world.sandbox.clear_requests();
    world
}

fn rollback(world: &World, arguments: &[&str]) -> Run {
    world.run(&[&["rollback", "web", "--yes"], arguments].concat())
}

/// Returns `family:revision` of the service.
fn runs(world: &World) -> String {
    let service = world.service("web");
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED", "{service:#}");
    service["taskDefinition"]
        .as_str()
        .and_then(|arn| arn.rsplit('/').next())
        .expect("a definition")
        .to_owned()
}

fn delete_image(world: &World, tag: &str) {
    let input = json!({"repositoryName": "shop/app", "imageIds": [{"imageTag": tag}]});
    world.sandbox.call("ecr", "BatchDeleteImage", input).expect("the image can be deleted");
}

/// Fails if anything was changed or stopped.
#[track_caller]
fn untouched(world: &World) {
    world.unchanged();
    assert!(world.calls("StopServiceDeployment").is_empty());
}

#[test]
fn after_a_deploy_that_ecs_rolled_back_it_goes_to_the_success_before_the_one_that_runs() {
    let world = a_b_and_c_that_failed();
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:1 in ");
    let run = run.says("web: rolls back from web:2 to web:1");
    let run = run.says("why   the last deployment that succeeded before the running one");
    let run = run.says("not   web:3 of ").says(": rolled back: Service deployment rolled back because");
    run.says("containerDefinitions[app].image: …:v2 → …:v1");
    assert_eq!(runs(&world), "web:1");
    assert_eq!(world.revisions("web"), 3, "nothing was registered");
    assert!(world.calls("DeregisterTaskDefinition").is_empty());
}

#[test]
fn a_second_rollback_does_not_go_forward_again() {
    let world = a_and_b();
    rollback(&world, &[]).exits(0);
    world.sandbox.clear_requests();
    let run = rollback(&world, &[]).exits(1).says("nothing to roll back to");
    run.says("choose a revision that succeeded: `--to web:2`");
    untouched(&world);
    rollback(&world, &["--to", "web:2"]).exits(0).answers("web: rolled back to web:2");
    rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
}

#[test]
fn rolled_back_revisions_are_skipped_and_named() {
    let world = a_b_and_c();
    rollback(&world, &[]).exits(0).answers("web: rolled back to web:2");
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
    run.says("web:3 of ").says("it succeeded, and was rolled back later; choose it with `--to web:3`");
}

#[test]
fn an_image_that_is_gone_is_refused_before_anything_changes_and_another_target_works() {
    let world = a_b_and_c();
    delete_image(&world, "v2");
    let run = rollback(&world, &[]).exits(1).says("failed to roll `web` back to `web:2`");
    run.says("image `123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:v2` no longer exists")
        .says("roll back to another deployment with `--to web:1`");
    untouched(&world);
    rollback(&world, &["--to", "web:1"]).exits(0).answers("web: rolled back to web:1");
    assert_eq!(runs(&world), "web:1");
}

#[test]
fn missing_image_without_alternative_is_reported() {
    let world = a_b_and_c_that_failed();
    delete_image(&world, "v1");
    rollback(&world, &[]).exits(1).says("there is no other deployment to roll back to");
    untouched(&world);
}

#[test]
fn a_deregistered_revision_is_registered_again_with_its_tags() {
    let world = a_b_and_c();
    world.call("DeregisterTaskDefinition", json!({"taskDefinition": "web:2"}));
    let before = world.definition("web:2");
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:4");
    run.says("web: web:3 → a new revision of `web`").says("registered web:4");
    let (after, tags) = world.definition("web:4");
    assert_eq!(after["containerDefinitions"], before.0["containerDefinitions"]);
    assert_eq!((tags["ecsail:tag"].as_str(), tags["ecsail:restored-from"].as_str()), ("v2", "web:2"));
    assert_eq!(tags["ecsail:deployed-by"], "arn:aws:iam::123456789012:user/sandbox");
    // It counts as the revision that it was copied from: the next rollback goes further back.
    rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
}

#[test]
fn revision_of_an_earlier_rollback_is_reused() {
    let world = a_and_b();
    world.call("DeregisterTaskDefinition", json!({"taskDefinition": "web:1"}));
    rollback(&world, &[]).exits(0).answers("web: rolled back to web:3");
    rollback(&world, &["--to", "web:2"]).exits(0);
    rollback(&world, &["--to", "web:1"]).exits(0).answers("web: rolled back to web:3");
    rollback(&world, &["--to", "web:1"]).exits(0).answers("web: unchanged, web:3 stays");
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 1);
}

#[test]
fn a_deleted_revision_is_an_error() {
    let world = a_b_and_c();
    world.call("DeregisterTaskDefinition", json!({"taskDefinition": "web:2"}));
    world.call("DeleteTaskDefinitions", json!({"taskDefinitions": ["web:2"]}));
    rollback(&world, &[]).exits(1).says("`web:2` was deleted").says("`--to web:1`");
    untouched(&world);
}

#[test]
fn deployment_in_progress_is_stopped_and_watched() {
    let world = a_and_b();
    world.sandbox.set_scenario(None, Scenario::Stuck);
    world.run(&["deploy", "--tag", "v3", "--no-wait"]).exits(0);
    world.sandbox.clear_requests();
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back from web:3 to web:2 in ");
    run.says("web: the deployment of web:3 is stopped, ECS rolls back to web:2");
    assert_eq!(runs(&world), "web:2");
    assert_eq!(world.calls("StopServiceDeployment").len(), 1);
    world.unchanged();
}

#[test]
fn deployment_in_progress_is_rolled_back_by_update_without_permission_to_stop() {
    let world = a_and_b();
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.run(&["deploy", "--tag", "v3", "--no-wait"]).exits(0);
    world.sandbox.inject(Fault::on("StopServiceDeployment", FaultKind::AccessDenied).always());
    rollback(&world, &[])
        .exits(0)
        .answers("web: rolled back to web:2 in ")
        .says("rolling back with an update");
    assert_eq!(runs(&world), "web:2");
}

#[test]
fn a_named_target_during_a_deployment_is_refused_unless_it_supersedes() {
    let world = a_and_b();
    world.sandbox.set_scenario(None, Scenario::Slow);
    world.run(&["deploy", "--tag", "v3", "--no-wait"]).exits(0);
    world.sandbox.clear_requests();
    let run =
        rollback(&world, &["--to", "web:1"]).exits(5).says("a deployment of `web` is in progress: `web:3`");
    run.says("leave out `--to` and `--steps`");
    untouched(&world);
    rollback(&world, &["--to", "web:1", "--supersede"]).exits(0).answers("web: rolled back to web:1");
}

#[test]
fn a_deployment_that_failed_and_stayed_goes_back_to_the_newest_success() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.sandbox.set_scenario(None, Scenario::CrashBreaker);
    world.run(&["deploy", "--tag", "v3", "--on-failure", "leave"]).exits(3);
    rollback(&world, &[])
        .exits(0)
        .answers("web: rolled back to web:2")
        .says("web: rolls back from web:3 to web:2");
}

#[test]
fn a_forced_deployment_of_the_same_image_is_passed_over() {
    let world = a_and_b();
    world.run(&["deploy", "--tag", "v2", "--force"]).exits(0);
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
    run.says("not   web:2 of ").says("the same as the running revision");
}

#[test]
fn a_forced_deployment_of_another_image_goes_back_to_the_image_that_ran() {
    let world = a_and_b();
    let ran = world.definition("web:2").1["ecsail:digest:app"].clone();
    world.move_tag("v2");
    world.run(&["deploy", "--tag", "v2", "--force"]).exits(0).answers("web: deployed web:2");
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:3");
    run.says("`app:v2` now points to sha256:").says("is registered by its digest");
    let (definition, tags) = world.definition("web:3");
    assert_eq!(definition["containerDefinitions"][0]["image"], format!("{REPOSITORY}@{ran}"));
    assert_eq!((tags["ecsail:tag"].as_str(), tags["ecsail:restored-from"].as_str()), ("v2", "web:2"));
}

#[test]
fn an_image_whose_tag_names_another_and_that_is_gone_is_refused() {
    let world = a_and_b();
    let ran = world.definition("web:2").1["ecsail:digest:app"].clone();
    world.deploy("v3").exits(0);
    world.move_tag("v2");
    let input = json!({"repositoryName": "shop/app", "imageIds": [{"imageDigest": ran}]});
    world.sandbox.call("ecr", "BatchDeleteImage", input).expect("the image can be deleted");
    world.sandbox.clear_requests();
    rollback(&world, &[]).exits(1).says("now points to").says("`--to web:1`");
    untouched(&world);
}

const TWO: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web:
    task_definition: web.yml
  worker:
    task_definition: worker.yml
";

/// Returns a world with two services that were deployed together.
fn two() -> World {
    let worker = DEFINITION.replace("family: web", "family: worker");
    let files = [("ecsail.yml", TWO), ("web.yml", DEFINITION), ("worker.yml", worker.as_str())];
    let services = [service("web", json!({})), service("worker", json!({}))];
    let world = World::with(Scenario::Steady, &files, &services);
    world.run(&["deploy", "--tag", "v2"]).exits(0);
    world.sandbox.clear_requests();
    world
}

#[test]
fn services_of_a_release_are_rolled_back_together() {
    let world = two();
    let run = world.run(&["rollback", "--yes"]).exits(0).answers("web: rolled back to web:1");
    let run = run.answers("worker: rolled back to worker:1");
    assert!(!run.stderr.contains("not deployed together"), "{}", run.stderr);
}

#[test]
fn service_without_target_blocks_the_rollback_of_all() {
    let world = two();
    world.call("DeregisterTaskDefinition", json!({"taskDefinition": "worker:1"}));
    world.call("DeleteTaskDefinitions", json!({"taskDefinitions": ["worker:1"]}));
    world.run(&["rollback", "--yes"]).exits(1).says("`worker:1` was deleted");
    untouched(&world);
}

#[test]
fn services_that_were_not_deployed_together_are_warned_of() {
    let world = two();
    world.run(&["deploy", "service", "web", "--tag", "v3"]).exits(0);
    let run = world.run(&["rollback", "--dry-run"]).exits(0).says("were not deployed together");
    run.says("web: rolls back from web:3 to web:2").says("worker: rolls back from worker:2 to worker:1");
}

#[test]
fn a_service_that_runs_the_tag_already_stays() {
    let world = two();
    world.run(&["deploy", "service", "web", "--tag", "v3"]).exits(0);
    let run = world.run(&["rollback", "--to", "v2", "--yes"]).exits(0).answers("web: rolled back to web:2");
    run.answers("worker: unchanged, worker:2 stays");
    world.run(&["rollback", "worker", "--to", "v2", "--yes"]).exits(0).answers("worker: unchanged");
}

#[test]
fn without_the_history_the_tags_of_a_deploy_decide() {
    let world = a_b_and_c();
    world.sandbox.set_scenario(None, Scenario::NoDeploymentsApi);
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:2");
    let run = run.says(
        "web:2 is the newest older revision with the tags of a deploy; whether it succeeded is unknown",
    );
    run.says("failed to read the deployment history: ecs:ListServiceDeployments");
}

#[test]
fn without_history_and_tags_it_is_the_active_revision_before() {
    for kind in [
        FaultKind::AccessDenied,
        FaultKind::Code { status: 400, code: "InvalidAction".into(), message: "no".into() },
    ] {
        let world = a_and_b();
        world.sandbox.inject(Fault::on("ListServiceDeployments", kind).always());
        let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
        run.says("web:1 is the previous ACTIVE revision; whether it ever ran is unknown");
    }
}

#[test]
fn unreadable_history_is_an_error() {
    let world = a_and_b();
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::ServerError(500)).always());
    rollback(&world, &[]).exits(1).says("ecs:ListServiceDeployments");
    untouched(&world);
}

#[test]
fn a_throttle_is_waited_out() {
    let world = a_and_b();
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::Throttling));
    rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
}

#[test]
fn a_success_behind_more_than_a_page_of_deployments_is_found() {
    let world = a_and_b();
    let again = json!({"cluster": "main", "service": "web", "forceNewDeployment": true});
    // Each is stopped by the next one. The last succeeds, and deploys the same as B.
    (0..105).for_each(|_| drop(world.call("UpdateService", again.clone())));
    world.run(&["wait", "web"]).exits(0);
    rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
    assert_eq!(
        world
            .calls("ListServiceDeployments")
            .iter()
            .filter(|call| call.body["nextToken"].is_string())
            .count(),
        1
    );
}

#[test]
fn it_needs_no_manifest() {
    let world = a_b_and_c_that_failed();
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it is there");
    world.run(&["rollback", "--cluster", "main", "--yes"]).exits(2).says("no service is named");
    world.run(&["rollback", "wev", "--cluster", "main", "--yes"]).exits(2).says("did you mean `web`");
    untouched(&world);
    world
        .run(&["rollback", "web", "--cluster", "main", "--yes"])
        .exits(0)
        .answers("web: rolled back to web:1");
}

#[test]
fn a_target_is_named_by_revision_tag_digest_or_steps() {
    for (arguments, revision) in [
        (["--to", "web:1"], "web:1"),
        (["--to", "1"], "web:1"),
        (["--to", "v1"], "web:1"),
        (["--to", "tag=v2"], "web:2"),
        (["--steps", "2"], "web:1"),
    ] {
        let world = a_b_and_c();
        rollback(&world, &arguments).exits(0).answers(&format!("web: rolled back to {revision} in "));
    }
}

#[test]
fn revision_that_never_ran_is_allowed_with_a_note() {
    let world = a_b_and_c_that_failed();
    let run = world.run(&["rollback", "web", "--to", "v3", "--dry-run"]).exits(0);
    run.says("no deployment of it is known to have succeeded");
    rollback(&world, &["--to", "v9"]).exits(1).says("no deployment or revision with image `v9`");
    rollback(&world, &["--to", "web:9"]).exits(1).says("no revision named `web:9`");
    rollback(&world, &["--to", "a b"]).exits(2);
    untouched(&world);
}

#[test]
fn attributes_are_rolled_back_with_the_definition() {
    let world = a_and_b();
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-9"], "securityGroups": ["sg-9"]}});
    let input = json!({"cluster": "main", "service": "web", "networkConfiguration": network});
    world.call("UpdateService", input);
    world.run(&["wait", "web"]).exits(0);
    let before = world.service("web")["deployments"][0]["id"].clone();
    // The same definition and image with another network is another release.
    let run = rollback(&world, &[]).exits(0).answers("web: rolled back to web:2");
    run.says("service.networkConfiguration.awsvpcConfiguration.subnets");
    let service = world.service("web");
    assert_ne!(service["deployments"][0]["id"], before);
    let subnets = &service["networkConfiguration"]["awsvpcConfiguration"]["subnets"];
    assert_eq!(subnets, &json!(["subnet-0a1b2c3d"]));
}

#[test]
fn rollback_requires_confirmation_and_dry_run_changes_nothing() {
    let world = a_and_b();
    world.unattended(&["rollback", "web"]).exits(2).says("add `--yes`");
    let run = world.run(&["rollback", "web", "--dry-run"]).exits(0).answers("dry run: nothing was changed");
    run.says("web: web:2 → web:1 (registered already)");
    untouched(&world);
}

#[test]
fn the_difference_shows_no_secret() {
    let definition = format!("{DEFINITION}    environment: {{ API_TOKEN: hunter2 }}\n");
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.deploy("v2").exits(0);
    let run = rollback(&world, &["-v"]).exits(0).says("environment[API_TOKEN]");
    assert!(!run.stderr.contains("hunter2") && !run.stdout.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn a_rollback_that_does_not_come_up_is_no_success() {
    let world = a_and_b();
    world.sandbox.set_scenario(None, Scenario::Stuck);
    let arguments = ["--timeout", "300ms"];
    rollback(&world, &arguments).exits(4).answers("web: web:1 is still in progress after ");
}

#[test]
fn credentials_of_another_account_are_refused() {
    let world = a_and_b();
    let manifest = format!("{MANIFEST}account: \"999999999999\"\n");
    world.folder.write("ecsail.yml", &manifest);
    rollback(&world, &[]).exits(5).says("this is for account `999999999999`");
    untouched(&world);
}

#[test]
fn service_of_codedeploy_is_refused() {
    let controller = json!({"deploymentController": {"type": "CODE_DEPLOY"}});
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", controller)]);
    rollback(&world, &[]).exits(5).says("has the deployment controller `CODE_DEPLOY`");
}

#[test]
fn one_that_may_not_be_updated_fails_and_says_what_to_allow() {
    let world = a_and_b();
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied).always());
    rollback(&world, &[]).exits(1).answers("web: not updated").says("allow `ecs:UpdateService`");
}

#[test]
fn an_answer_that_is_lost_updates_once() {
    let world = a_and_b();
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropAfter));
    rollback(&world, &[]).exits(0).answers("web: rolled back to web:1");
    assert_eq!(world.calls("UpdateService").len(), 1);
}

#[test]
fn json_has_target_and_source() {
    let world = a_b_and_c_that_failed();
    let run = rollback(&world, &["--output", "json"]).exits(0);
    let target = run.event("rollback.target");
    assert_eq!((&target["source"], &target["steps"]), (&json!("history"), &json!(1)));
    assert_eq!((&target["from"]["revision"], &target["to"]["revision"]), (&json!("web:2"), &json!("web:1")));
    assert_eq!(target["left_out"][0]["why"], "failed");
    assert!(target["to"]["images"][0]["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")));
    assert_eq!(run.event("rollout.settled")["verdict"], "succeeded");
    crate::events::all_as_the_schema_says(&run.stdout);
    world.sandbox.set_scenario(None, Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let run = rollback(&world, &["--output", "json"]).exits(0);
    assert_eq!(run.event("rollback.target")["source"], "in_progress");
    let settled = run.event("rollout.settled");
    assert_eq!((&settled["verdict"], &settled["going_back"]), (&json!("rolled_back"), &json!(true)));
    crate::events::all_as_the_schema_says(&run.stdout);
    let none: Value = rollback(&world, &["--output", "json"]).exits(1).event("error");
    assert!(none["message"].as_str().is_some_and(|text| text.contains("nothing to roll back to")), "{none}");
}

#[test]
fn autoscaling_and_tags_that_stay_are_named_with_the_command_that_sets_them() {
    let world = World::new(Scenario::Steady);
    let members = "    service: { tags: { team: shop } }\n    autoscaling: { min: 2, max: 6, cpu: 60 }\n";
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{members}"));
    world.deploy("v2").exits(0);
    world.deploy("v3").exits(0);
    let run = rollback(&world, &[]).exits(0);
    let run = run.says("`web`: its autoscaling and tags stay as they are, because AWS keeps no earlier ones");
    run.says("to set those of web:2, check out the files of web:2 and run `ecsail deploy web --tag v2`");
}

#[test]
fn service_without_autoscaling_and_tags_has_no_note_of_them() {
    let run = rollback(&a_and_b(), &[]).exits(0);
    assert!(!run.stderr.contains("stay as they are"), "{}", run.stderr);
}
