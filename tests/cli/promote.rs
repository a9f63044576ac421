//! Tests of `promote`: what one stage runs and has proven is what the other gets, by digest.

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, World, service};

const PROMOTE: &[&str] = &["promote", "--from", "staging", "--to", "production"];

/// Returns a world with service `web` running `v1` in two stages, each in its cluster.
fn stages(scenario: Scenario) -> World {
    let manifest = MANIFEST.replace("cluster: main\n", "cluster: '{{ stage }}'\n");
    let manifest = format!("{manifest}stages:\n  staging: {{}}\n  production: {{}}\n");
    let seeded = |cluster: &str| SeedService { cluster: cluster.to_owned(), ..service("web", json!({})) };
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    World::with(scenario, &files, &[seeded("staging"), seeded("production")])
}

fn staged(world: &World, tag: &str) {
    world.run(&["deploy", "--stage", "staging", "--tag", tag]).exits(0);
}

fn image_in(world: &World, stage: &str) -> String {
    let services = world.call("DescribeServices", json!({"cluster": stage, "services": ["web"]}));
    let arn = services["services"][0]["taskDefinition"].as_str().expect("an ARN").to_owned();
    world.definition(&arn).0["containerDefinitions"][0]["image"].as_str().expect("an image").to_owned()
}

fn digest_of(world: &World, tag: &str) -> String {
    world.image(tag)["imageDigest"].as_str().expect("a digest").to_owned()
}

#[test]
fn what_a_stage_runs_is_deployed_by_its_digest_though_the_tag_was_moved() {
    let world = stages(Scenario::Steady);
    staged(&world, "v2");
    let digest = digest_of(&world, "v2");
    world.move_tag("v2");
    let run = world.run(PROMOTE).exits(0);
    let run = run.says("web in stage staging: web:3 with v2@").says("…:v1 → …:v2@");
    run.answers("web: deployed web:4");
    assert!(image_in(&world, "production").ends_with(&format!(":v2@{digest}")));
    assert!(image_in(&world, "staging").ends_with(":v2"), "the stage that is read stays as it is");
    world.run(PROMOTE).exits(0).answers("web: unchanged, web:4 stays");
    let events = world.run(&[PROMOTE, &["--output", "json"]].concat()).exits(0);
    let promoted = events.event("promoted");
    assert_eq!((&promoted["from"], &promoted["tag"]), (&json!("staging"), &json!("v2")));
    assert_eq!(promoted["images"][0]["digest"], digest);
}

#[test]
fn a_plan_of_a_promotion_is_applied_by_the_digest() {
    let world = stages(Scenario::Steady);
    staged(&world, "v2");
    let digest = digest_of(&world, "v2");
    world.run(&[PROMOTE, &["--out", "production.plan"]].concat()).exits(0).says("saved the plan");
    assert!(image_in(&world, "production").ends_with(":v1"));
    world.move_tag("v2");
    world.run(&["apply", "production.plan"]).exits(0);
    assert!(image_in(&world, "production").ends_with(&format!(":v2@{digest}")));
}

#[test]
fn what_is_not_settled_is_refused_and_promoted_if_asked_for() {
    let world = stages(Scenario::Stuck);
    world.run(&["deploy", "--stage", "staging", "--tag", "v2", "--no-wait"]).exits(0);
    let before = world.calls("UpdateService").len();
    let run = world.run(PROMOTE).exits(5);
    run.says("`web` in stage `staging` is still deploying web:3").says("`--allow-unsettled`");
    let all_the_same = [PROMOTE, &["--allow-unsettled", "--dry-run"]].concat();
    world.run(&all_the_same).exits(0).says("not settled: it is still deploying web:3");
    assert_eq!(world.calls("UpdateService").len(), before);
}

#[test]
fn a_service_that_was_rolled_back_promotes_what_runs_and_says_so() {
    let world = stages(Scenario::Steady);
    staged(&world, "v2");
    world.run(&["rollback", "web", "--stage", "staging", "--yes"]).exits(0);
    world.run(PROMOTE).exits(0).says("with v1@").answers("web: deployed web:");
    assert!(image_in(&world, "production").contains(":v1@sha256:"));
}

#[test]
fn stages_that_make_no_sense_are_refused_before_anything_is_read() {
    let world = stages(Scenario::Steady);
    for (arguments, sentence) in [
        (&["--from", "staging", "--to", "staging"][..], "`--from` and `--to` are both stage `staging`"),
        (&["--from", "staging", "--to", "production", "--stage", "staging"], "and `staging` is given"),
        (
            &["--from", "staging", "--to", "production", "--cluster", "x"],
            "`--cluster` would be that of both stages",
        ),
        (&["--from", "nowhere", "--to", "production"], "nowhere"),
    ] {
        world.run(&[&["promote"], arguments].concat()).exits(2).says(sentence);
    }
    assert_eq!(world.sandbox.requests(), Vec::new());
}

#[test]
fn a_service_that_the_first_stage_does_not_have_is_an_error() {
    let world = stages(Scenario::Steady);
    world.run(&["delete", "web", "--stage", "staging", "--force", "--yes"]).exits(0);
    let before = world.calls("UpdateService").len();
    world.run(PROMOTE).exits(1).says("service `web` in cluster `staging` was deleted");
    assert_eq!(world.calls("UpdateService").len(), before);
    let services = world.call("DescribeServices", json!({"cluster": "production", "services": ["web"]}));
    assert_eq!(services["services"][0]["status"], Value::from("ACTIVE"));
}
