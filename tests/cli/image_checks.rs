//! Tests of the look-up of images before a change: what is refused, and what is only a note, because AWS makes no such
//! check.

use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, Scenario, Seed, SeedRepository};
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, REPOSITORY, World, service};

const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const NOT_CACHED: &str =
    "is not cached in ECR yet: it is fetched from `registry-1.docker.io` when it is pulled";

/// Returns a world whose definition has a second container with this image.
fn with_sidecar(image: &str) -> World {
    let world = World::new(Scenario::Steady);
    world.folder.write("web.yml", &format!("{DEFINITION}  - name: proxy\n    image: {image}\n"));
    world
}

/// Returns a world with a pull-through cache, and a second container whose image is in it.
fn with_cache(prefix: &str, image: &str) -> World {
    let world = with_sidecar(&format!("{REGISTRY}/{image}"));
    add_rule(&world, prefix);
    world
}

fn add_rule(world: &World, prefix: &str) {
    let rule = json!({"ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": "registry-1.docker.io"});
    world.sandbox.call("ecr", "CreatePullThroughCacheRule", rule).expect("a rule");
}

fn deny(world: &World, operation: &str) {
    world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
}

fn hang(world: &World, operation: &str) {
    let kind = FaultKind::Latency(Duration::from_mins(1));
    world.sandbox.inject(Fault::on(operation, kind).always());
}

#[test]
fn a_repository_that_is_not_cached_yet_is_a_note() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    world.deploy("v2").exits(0).says(NOT_CACHED);
}

#[test]
fn an_image_that_was_pulled_once_is_cached() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    world.deploy("v2").exits(0);
    let run = world.deploy("v3").exits(0);
    assert!(!run.stderr.contains("is not cached"), "{}", run.stderr);
}

#[test]
fn a_tag_that_is_not_cached_yet_is_a_note() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    let repositories = vec![SeedRepository::with_tags("docker-hub/library/nginx", &["1.26"])];
    world.sandbox.seed(&Seed { repositories, ..Seed::default() }).expect("the seed is good");
    world.deploy("v2").exits(0).says(NOT_CACHED);
}

#[test]
fn a_digest_that_is_not_cached_yet_has_advice() {
    let digest = format!("sha256:{}", "0f".repeat(32));
    let world = with_cache("docker-hub", &format!("docker-hub/library/nginx:1.27@{digest}"));
    world.run(&["plan", "--tag", "v2"]).exits(0).answers(NOT_CACHED).answers("pull it once by its tag");
}

#[test]
fn a_rule_for_the_whole_registry_applies_to_every_repository() {
    let world = World::new(Scenario::Steady);
    add_rule(&world, "ROOT");
    world.run(&["plan", "--tag", "v9"]).exits(0).answers(NOT_CACHED);
}

#[test]
fn a_missing_tag_of_an_ordinary_repository_is_refused_beside_a_cache() {
    let world = World::new(Scenario::Steady);
    add_rule(&world, "docker-hub");
    world
        .deploy("v9")
        .exits(1)
        .says("error: no tag `v9` in repository `shop/app`")
        .says("newest tags: v3, v2, v1");
    world.unchanged();
}

#[test]
fn the_rules_are_read_only_where_an_image_is_missing() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    assert_eq!(world.calls("DescribePullThroughCacheRules").len(), 0);
}

#[test]
fn strict_images_refuses_what_is_not_cached() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    let run = world.run(&["deploy", "--tag", "v2", "--strict-images"]).exits(5);
    run.says(NOT_CACHED).says("hint: leave out `--strict-images`");
    world.unchanged();
}

#[test]
fn strict_images_of_the_manifest_refuses_too() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    world.folder.write("ecsail.yml", &format!("{MANIFEST}strict_images: true\n"));
    world.deploy("v2").exits(5).says(NOT_CACHED);
    world.unchanged();
}

#[test]
fn the_flag_overrides_the_manifest() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    world.folder.write("ecsail.yml", &format!("{MANIFEST}strict_images: true\n"));
    world.run(&["plan", "--tag", "v2", "--strict-images=false"]).exits(0).answers(NOT_CACHED);
}

#[test]
fn without_strict_images_a_missing_tag_is_a_note() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["plan", "--tag", "v9", "--strict-images=false"]).exits(0);
    run.answers("no tag `v9` in repository `shop/app`");
    let run = world.run(&["plan", "--tag", "v9", "--no-image-check"]).exits(0);
    run.answers("no tag `v9` in repository `shop/app`");
    world.run(&["plan", "--tag", "v9", "--no-image-check", "--strict-images"]).exits(2);
}

#[test]
fn strict_images_does_not_refuse_other_registries() {
    let world = with_sidecar("public.ecr.aws/nginx/nginx:1.27");
    world.run(&["deploy", "--tag", "v2", "--strict-images"]).exits(0).says("not in a private ECR registry");
}

#[test]
fn strict_images_is_true_or_false() {
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &format!("{MANIFEST}strict_images: perhaps\n"));
    world.run(&["check"]).exits(1).says("`strict_images` must be `true` or `false`, found `perhaps`");
}

#[test]
fn a_missing_image_whose_rules_are_denied_is_refused_with_the_permission() {
    let world = World::new(Scenario::Steady);
    deny(&world, "DescribePullThroughCacheRules");
    let run = world.deploy("v9").exits(1).says("no tag `v9` in repository `shop/app`");
    run.says("allow `ecr:DescribePullThroughCacheRules`").says("`--strict-images=false`");
    world.unchanged();
}

#[test]
fn a_missing_image_with_a_usual_prefix_whose_rules_are_denied_is_a_note() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    deny(&world, "DescribePullThroughCacheRules");
    world.deploy("v2").exits(0).says("whether a pull-through cache fetches it is unknown");
}

#[test]
fn an_implementation_without_rules_refuses_a_missing_tag() {
    let world = World::new(Scenario::Steady);
    let kind =
        FaultKind::Code { status: 400, code: "UnknownOperationException".to_owned(), message: String::new() };
    world.sandbox.inject(Fault::on("DescribePullThroughCacheRules", kind).always());
    world.deploy("v9").exits(1).says("no tag `v9` in repository `shop/app`");
}

#[test]
fn a_denied_look_up_is_a_note() {
    let world = World::new(Scenario::Steady);
    deny(&world, "DescribeImages");
    let run = world.deploy("v2").exits(0);
    run.says(&format!("image `{REPOSITORY}:v2` was not checked: `ecr:DescribeImages` is not permitted"));
}

#[test]
fn strict_images_refuses_what_may_not_be_looked_up() {
    let world = World::new(Scenario::Steady);
    deny(&world, "DescribeImages");
    world.run(&["deploy", "--tag", "v2", "--strict-images"]).exits(5).says("was not checked");
    world.unchanged();
}

#[test]
fn an_unknown_error_of_ecr_is_a_note() {
    let world = World::new(Scenario::Steady);
    let kind = FaultKind::Code {
        status: 400,
        code: "KmsException".to_owned(),
        message: "The key is disabled.".to_owned(),
    };
    world.sandbox.inject(Fault::on("DescribeImages", kind).always());
    world
        .deploy("v2")
        .exits(0)
        .says("was not checked: ecr:DescribeImages: KmsException: The key is disabled.");
}

#[test]
fn an_ecr_that_does_not_answer_is_a_note() {
    let world = World::new(Scenario::Steady);
    hang(&world, "DescribeImages");
    world.deploy("v2").exits(0).says("was not checked: ECR in us-east-1 did not answer within 6 s");
}

#[test]
fn an_ecr_that_cannot_be_reached_is_a_note() {
    let mut world = World::new(Scenario::Steady);
    world.folder = world.folder.env("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:9");
    world
        .deploy("v2")
        .exits(0)
        .says("was not checked: ecr:DescribeImages: could not reach `http://127.0.0.1:9`");
}

#[test]
fn a_missing_tag_is_refused_although_its_hint_cannot_be_read() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeImages", FaultKind::AccessDenied).after(1).always());
    let run = world.deploy("v9").exits(1).says("no tag `v9`");
    assert!(!run.stderr.contains("has no tags"), "{}", run.stderr);
}

#[test]
fn a_restart_without_an_answer_of_ecr_is_done_with_a_note() {
    let world = World::new(Scenario::Steady);
    deny(&world, "DescribeImages");
    world.run(&["restart", "web", "--yes"]).exits(0).says("was not checked");
}

#[test]
fn a_restart_of_an_image_that_is_not_cached_is_done() {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["image"] =
        json!(format!("{REGISTRY}/docker-hub/library/nginx:1.27"));
    let world =
        World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)], &[seeded]);
    add_rule(&world, "docker-hub");
    world.run(&["restart", "web", "--yes"]).exits(0).says(NOT_CACHED);
}

#[test]
fn a_restart_with_strict_images_is_refused() {
    let world = World::new(Scenario::Steady);
    deny(&world, "DescribeImages");
    world.run(&["restart", "web", "--yes", "--strict-images"]).exits(5).says("was not checked");
    world.unchanged();
}

#[test]
fn a_rollback_without_an_answer_of_ecr_is_done_with_a_note() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    deny(&world, "DescribeImages");
    let run = world.run(&["rollback", "web", "--yes"]).exits(0).answers("web: rolled back to web:1");
    run.says(&format!("image `{REPOSITORY}:v1` was not checked"));
}

#[test]
fn a_rollback_with_strict_images_is_refused() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    deny(&world, "DescribeImages");
    world.run(&["rollback", "web", "--yes", "--strict-images"]).exits(5).says("was not checked");
}

#[test]
fn a_rollback_to_an_image_that_left_the_cache_is_done() {
    let world = with_cache("docker-hub", "docker-hub/library/nginx:1.27");
    world.deploy("v2").exits(0);
    world.deploy("v3").exits(0);
    let images = json!({"repositoryName": "docker-hub/library/nginx", "imageIds": [{"imageTag": "1.27"}]});
    world.sandbox.call("ecr", "BatchDeleteImage", images).expect("it was cached");
    world.run(&["rollback", "web", "--yes"]).exits(0).answers("web: rolled back to web:2").says(NOT_CACHED);
}

#[test]
fn a_task_without_an_answer_of_ecr_is_run_with_a_note() {
    let world = World::new(Scenario::Steady);
    deny(&world, "DescribeImages");
    world.run(&["run", "--like", "web", "--tag", "v2", "--", "true"]).exits(0).says("was not checked");
}

#[test]
fn a_task_with_strict_images_is_refused() {
    let world = World::new(Scenario::Steady);
    deny(&world, "DescribeImages");
    let run = world.run(&["run", "--like", "web", "--tag", "v2", "--strict-images", "--", "true"]);
    run.exits(5).says("was not checked");
    world.unchanged();
}

#[test]
fn an_image_of_another_account_is_looked_up_there() {
    let world = with_sidecar("210987654321.dkr.ecr.eu-west-1.amazonaws.com/tools/proxy:1.0");
    let run = world.deploy("v2").exits(1);
    run.says("no repository named `tools/proxy` in account 210987654321, eu-west-1");
    let repositories = vec![SeedRepository::with_tags("tools/proxy", &["1.0"])];
    let (account, region) = (Some("210987654321".to_owned()), Some("eu-west-1".to_owned()));
    world.sandbox.seed(&Seed { repositories, account, region, ..Seed::default() }).expect("the seed is good");
    world.deploy("v2").exits(0);
}
