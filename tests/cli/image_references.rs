//! Tests of image references: what a digest decides, and the spellings of registries.

use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, REPOSITORY, World, service};

const DUAL_STACK: &str = "123456789012.dkr-ecr.us-east-1.on.aws/shop/app";

/// Returns the digest that a tag points to.
fn digest(world: &World, tag: &str) -> String {
    world.image(tag)["imageDigest"].as_str().expect("a digest").to_owned()
}

/// Returns the image of a registered revision.
fn image(world: &World, revision: &str) -> Value {
    world.definition(revision).0["containerDefinitions"][0]["image"].clone()
}

/// Returns a world in which tag `v2` has moved, and `v2@sha256:…` with the digest that it pointed to.
fn moved() -> (World, String) {
    let world = World::new(Scenario::Steady);
    let version = format!("v2@{}", digest(&world, "v2"));
    world.move_tag("v2");
    (world, version)
}

/// Returns a world that has deployed `v2@sha256:…` before the tag moved.
fn deployed_by_digest() -> (World, String) {
    let world = World::new(Scenario::Steady);
    let version = format!("v2@{}", digest(&world, "v2"));
    world.deploy(&version).exits(0);
    world.move_tag("v2");
    world.sandbox.clear_requests();
    (world, version)
}

#[test]
fn a_digest_is_deployed_whatever_its_tag_points_to() {
    let (world, version) = moved();
    world.deploy(&version).exits(0).answers("web: deployed web:2");
    assert_eq!(image(&world, "web:2"), format!("{REPOSITORY}:{version}"));
}

#[test]
fn the_record_has_the_version_and_the_digest() {
    let (world, version) = moved();
    world.deploy(&version).exits(0);
    let (_, tags) = world.definition("web:2");
    assert_eq!(tags["ecsail:tag"], version);
    assert_eq!(format!("v2@{}", tags["ecsail:digest:app"]), version);
}

#[test]
fn a_digest_without_a_tag_is_deployed() {
    let world = World::new(Scenario::Steady);
    let digest = digest(&world, "v2");
    world.deploy(&digest).exits(0);
    assert_eq!(image(&world, "web:2"), format!("{REPOSITORY}@{digest}"));
}

#[test]
fn a_digest_may_be_given_with_its_at_sign() {
    let world = World::new(Scenario::Steady);
    let digest = digest(&world, "v2");
    world.deploy(&format!("@{digest}")).exits(0);
    assert_eq!(image(&world, "web:2"), format!("{REPOSITORY}@{digest}"));
}

#[test]
fn a_digest_is_given_for_one_image() {
    let world = World::new(Scenario::Steady);
    let version = format!("v2@{}", digest(&world, "v2"));
    world.run(&["plan", "--tag", &format!("app={version}")]).exits(0).answers(&format!("…:v1 → …:{version}"));
}

#[test]
fn a_malformed_digest_is_a_usage_error_before_any_call() {
    let world = World::new(Scenario::Steady);
    for version in ["v2@sha256:0123", "sha256:0123", "v2@latest", "app=v2@sha256:XYZ"] {
        let run = world.run(&["deploy", "--tag", version]).exits(2);
        run.says("is not a digest: `sha256:` and 64 hexadecimal digits").says("hint: copy the digest from");
    }
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn a_digest_that_does_not_exist_is_refused() {
    let world = World::new(Scenario::Steady);
    let missing = format!("sha256:{}", "0f".repeat(32));
    let run = world.deploy(&format!("v2@{missing}")).exits(1);
    run.says(&format!("error: no image `{missing}` in repository `shop/app`"));
    world.unchanged();
}

#[test]
fn a_digest_that_runs_is_unchanged_although_its_tag_moved() {
    let (world, version) = deployed_by_digest();
    world.deploy(&version).exits(0).answers("web: unchanged, web:2 stays");
}

#[test]
fn a_restart_of_a_digest_names_no_other_image() {
    let (world, _) = deployed_by_digest();
    let run = world.run(&["restart", "web", "--yes"]).exits(0);
    assert!(!run.stderr.contains("now points to"), "{}", run.stderr);
}

#[test]
fn a_task_is_run_with_a_digest() {
    let (world, version) = moved();
    world.run(&["run", "--like", "web", "--tag", &version, "--", "true"]).exits(0);
    assert_eq!(image(&world, "web:2"), format!("{REPOSITORY}:{version}"));
}

#[test]
fn a_rollback_returns_to_a_digest_whose_tag_moved() {
    let (world, version) = deployed_by_digest();
    world.deploy("v3").exits(0);
    world.run(&["rollback", "web", "--yes"]).exits(0).answers("web: rolled back to web:2");
    assert_eq!(image(&world, "web:2"), format!("{REPOSITORY}:{version}"));
}

#[test]
fn a_rollback_finds_a_version_with_its_digest() {
    let (world, version) = deployed_by_digest();
    world.deploy("v3").exits(0);
    world.run(&["rollback", "web", "--to", &version, "--yes"]).exits(0).answers("web: rolled back to web:2");
}

#[test]
fn a_rollback_to_a_malformed_digest_is_a_usage_error() {
    let world = World::new(Scenario::Steady);
    world.run(&["rollback", "web", "--to", "v2@sha256:00"]).exits(2).says("is not a digest");
}

#[test]
fn the_image_that_runs_is_found_by_its_digest() {
    let (world, version) = deployed_by_digest();
    let events = world.run(&["images", "web", "--output", "json"]).exits(0).events();
    let runs: Vec<&Value> = events.iter().filter(|image| image["runs"] == json!(["app"])).collect();
    assert_eq!(runs.len(), 1, "{events:?}");
    assert_eq!(format!("v2@{}", runs[0]["digest"].as_str().unwrap_or_default()), version);
}

#[test]
fn the_history_shortens_a_digest() {
    let (world, version) = deployed_by_digest();
    let short = version.replace("sha256:", "");
    world.run(&["history", "web"]).exits(0).answers(&format!("{} ", &short[..15]));
}

#[test]
fn the_drift_of_a_digest_is_none() {
    let (world, _) = deployed_by_digest();
    let run = world.run(&["status", "web"]).exits(0);
    assert!(!run.stdout.contains("drift"), "{}", run.stdout);
}

#[test]
fn a_malformed_digest_in_a_definition_is_an_error() {
    let world = World::new(Scenario::Steady);
    world.folder.write("web.yml", &DEFINITION.replace("{{ image.app }}", "nginx@sha256:00"));
    world.run(&["check"]).exits(1).says("its digest is not `sha256:` and 64 hexadecimal digits");
}

#[test]
fn a_malformed_digest_in_the_manifest_is_an_error() {
    let world = World::new(Scenario::Steady);
    let image = format!("{{ repository: {REPOSITORY}, tag: v2@sha256:00 }}");
    world.folder.write("ecsail.yml", &MANIFEST.replace(REPOSITORY, &image));
    world.run(&["check"]).exits(1).says("image `app` is not valid: its digest is not");
}

#[test]
fn a_digest_in_the_place_of_a_tag_is_explained() {
    let world = World::new(Scenario::Steady);
    world.folder.write("web.yml", &DEFINITION.replace("{{ image.app }}", "nginx:{{ tag }}"));
    let digest = digest(&world, "v2");
    world.run(&["check", "--tag", &digest]).exits(1).says("a digest is written `repository@sha256:…`");
}

#[test]
fn a_dual_stack_registry_is_looked_up() {
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &MANIFEST.replace(REPOSITORY, DUAL_STACK));
    world.deploy("v9").exits(1).says("error: no tag `v9` in repository `shop/app` in account 123456789012");
    world.deploy("v2").exits(0);
    assert_eq!(image(&world, "web:2"), format!("{DUAL_STACK}:v2"));
}

#[test]
fn a_running_image_is_replaced_by_another_spelling_of_its_registry() {
    let manifest =
        format!("ecsail: 1\ncluster: main\nimages: {{ app: {DUAL_STACK} }}\nservices: {{ web: {{}} }}\n");
    let world = World::with(Scenario::Steady, &[("ecsail.yml", &manifest)], &[service("web", json!({}))]);
    world.deploy("v2").exits(0);
    assert_eq!(image(&world, "web:2"), format!("{DUAL_STACK}:v2"));
}

#[test]
fn the_embedded_sandbox_has_every_digest_that_is_given() {
    let world = World::new(Scenario::Steady);
    let version = format!("v7@sha256:{}", "0f".repeat(32));
    world.run(&["--sandbox", "deploy", "--tag", &version, "--yes"]).exits(0).answers("web: deployed");
}
