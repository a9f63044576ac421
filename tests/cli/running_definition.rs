//! Tests of services whose definition is not in the manifest: the running one is deployed with another tag.

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::json;

use crate::support::{REPOSITORY, World, service};

const MANIFEST: &str = "\
ecsail: 1
cluster: main
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web: {}
";

/// Returns a service with unknown members, a sidecar, tags of the user, and odd values.
fn elaborate() -> SeedService {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["futureField"] = json!({"Deep": [1, {"x": ""}]});
    seeded.task_definition["tags"] = json!([{"key": "team", "value": "shop"}]);
    seeded.task_definition["containerDefinitions"] = json!([
        {"name": "app", "image": format!("{REPOSITORY}:v1"), "environment": [{"name": "EMPTY", "value": ""}],
            "dockerLabels": {"com.Example_x": "1"}, "anotherFutureField": true},
        {"name": "side", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": false}
    ]);
    seeded
}

#[test]
fn only_the_image_changes_and_every_field_is_kept() {
    let world = World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST)], &[elaborate()]);
    let before = world.definition("web:1").0;
    world.deploy("v2").exits(0).answers("web: deployed web:2");
    let (mut after, tags) = world.definition("web:2");
    assert_eq!(after["containerDefinitions"][0]["image"], format!("{REPOSITORY}:v2"));
    assert_eq!(tags["team"], "shop");
    after["containerDefinitions"][0]["image"] = before["containerDefinitions"][0]["image"].clone();
    for member in ["taskDefinitionArn", "revision", "registeredAt"] {
        after[member] = before[member].clone();
    }
    assert_eq!(after, before);
}

#[test]
fn the_same_tag_is_unchanged() {
    let world = World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST)], &[elaborate()]);
    world.deploy("v1").exits(0).answers("web: unchanged, web:1 stays");
    world.unchanged();
}

#[test]
fn a_missing_tag_stops_it() {
    let world = World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST)], &[elaborate()]);
    world.deploy("v9").exits(1).says("no tag `v9`");
    world.unchanged();
}

#[test]
fn it_works_without_a_manifest() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    let arguments = ["deploy", "service", "web", "--cluster", "main", "--tag"];
    world.run(&[&arguments[..], &["v2"]].concat()).exits(0).answers("web: deployed web:2");
    world.run(&[&arguments[..], &["v9"]].concat()).exits(1).says("no tag `v9`");
    world.run(&[&arguments[..], &["v2"]].concat()).exits(0).answers("unchanged");
}

#[test]
fn without_a_manifest_one_tag_for_several_images_is_not_guessed() {
    let world = World::with(Scenario::Steady, &[], &[elaborate()]);
    let arguments = ["deploy", "service", "web", "--cluster", "main", "--tag"];
    world
        .run(&[&arguments[..], &["v2"]].concat())
        .exits(2)
        .says("is ambiguous")
        .says("side: public.ecr.aws/nginx/nginx:1.27");
    world
        .run(&[&arguments[..], &["nope=v2"]].concat())
        .exits(2)
        .says("no container or repository named `nope`");
    world.unchanged();
    world.run(&[&arguments[..], &["app=v2"]].concat()).exits(0).answers("web: deployed web:2");
    assert_eq!(
        world.definition("web:2").0["containerDefinitions"][1]["image"],
        "public.ecr.aws/nginx/nginx:1.27"
    );
}

#[test]
fn a_manifest_whose_images_the_service_does_not_run_says_so() {
    let manifest = MANIFEST.replace("shop/app", "shop/other");
    let world = World::with(Scenario::Steady, &[("ecsail.yml", &manifest)], &[elaborate()]);
    world.deploy("v2").exits(1).says("no image of").says("its images: app: ");
    world.unchanged();
}

#[test]
fn missing_tag_is_an_error() {
    let world = World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST)], &[elaborate()]);
    world.run(&["deploy"]).exits(2).says("no tag was given");
    let bare = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    bare.run(&["deploy", "service", "web", "--cluster", "main"]).exits(2).says("no tag was given");
}

#[test]
fn force_without_tag_redeploys() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    world
        .run(&["deploy", "service", "web", "--cluster", "main", "--tag", "v1", "--force"])
        .exits(0)
        .answers("deployed web:1");
}

#[test]
fn untagged_image_without_tag_is_noted() {
    let manifest = MANIFEST
        .replace("services:", "  proxy: { repository: public.ecr.aws/nginx/nginx, tag: '1.27' }\nservices:");
    let world = World::with(Scenario::Steady, &[("ecsail.yml", &manifest)], &[elaborate()]);
    world.run(&["deploy"]).exits(2).says("no tag to deploy for image").says("--tag 1.4.2");
    world.unchanged();
}

#[test]
fn a_failed_deploy_that_is_tried_again_registers_no_second_revision() {
    let breaker =
        json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    let world = World::with(Scenario::Crash, &[("ecsail.yml", MANIFEST)], &[service("web", breaker)]);
    world.deploy("v2").exits(3);
    world.deploy("v2").exits(3);
    assert_eq!(world.revisions("web"), 2);
}
