//! Tests of `deploy --stage eu,us`: one stage after the other, until one does not succeed.

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, World, service};

/// Returns a world with service `web` running `v1` in three stages, each in its cluster.
fn stages(scenario: Scenario) -> World {
    let manifest = MANIFEST.replace("cluster: main\n", "cluster: '{{ stage }}'\n");
    let manifest = format!("{manifest}stages:\n  eu: {{}}\n  us: {{}}\n  ap: {{}}\n");
    let seeded = |cluster: &str| SeedService { cluster: cluster.to_owned(), ..service("web", json!({})) };
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    World::with(scenario, &files, &["eu", "us", "ap"].map(seeded))
}

fn running(world: &World, stage: &str) -> String {
    let services = world.call("DescribeServices", json!({"cluster": stage, "services": ["web"]}));
    let arn = services["services"][0]["taskDefinition"].as_str().expect("an ARN").to_owned();
    arn.rsplit('/').next().expect("a name").to_owned()
}

#[test]
fn stages_are_deployed_one_after_the_other() {
    let world = stages(Scenario::Steady);
    let run = world.run(&["deploy", "--stage", "eu,us", "--tag", "v2", "--wave-pause", "1ms"]).exits(0);
    let run = run.says("stage `eu`, 1 of 2").says("stage `us`, 2 of 2, in 1ms");
    assert_eq!(run.stdout.matches("web: deployed web:").count(), 2, "{}", run.stdout);
    assert_eq!(["eu", "us", "ap"].map(|stage| running(&world, stage)), ["web:4", "web:4", "web:3"]);
}

#[test]
fn a_stage_that_fails_is_the_last() {
    let world = stages(Scenario::Crash);
    let run = world.run(&["deploy", "--stage", "eu,us,ap", "--tag", "v2"]).exits(3);
    run.says("stage `eu` did not succeed, so `us`, `ap` were not deployed; go on with `--stage eu,us,ap`");
    assert_eq!(["us", "ap"].map(|stage| running(&world, stage)), ["web:2", "web:3"]);
}

#[test]
fn nothing_is_changed_where_the_plan_of_a_later_stage_is_refused() {
    let world = stages(Scenario::Steady);
    let inactive = json!({"cluster": "us", "service": "web", "force": true});
    world.call("DeleteService", inactive);
    let run = world.run(&["deploy", "--stage", "eu,us", "--tag", "v2", "--output", "json"]);
    assert_ne!(run.code, 0);
    let notes: Vec<Value> = run.events().into_iter().filter(|event| event["event"] == "note").collect();
    assert_eq!(notes[0]["message"], "the plan of stage `us` is refused, so no stage is deployed");
    assert!(world.calls("RegisterTaskDefinition").is_empty());
    assert_eq!(running(&world, "eu"), "web:1");
}

#[test]
fn stages_that_are_named_twice_are_refused() {
    let world = stages(Scenario::Steady);
    world.run(&["deploy", "--stage", "eu,eu", "--tag", "v2"]).exits(2).says("has a stage twice");
    world.run(&["deploy", "--stage", "eu,xx", "--tag", "v2"]).exits(2).says("no stage named `xx`");
    world.run(&["status", "--stage", "eu,us"]).exits(2).says("only `deploy` takes several stages");
    assert_eq!(world.sandbox.requests().iter().filter(|call| call.operation == "UpdateService").count(), 0);
}

#[test]
fn the_hints_of_a_stage_that_is_refused_name_that_stage() {
    let world = stages(Scenario::Steady);
    let manifest = std::fs::read_to_string(world.folder.dir.path().join("ecsail.yml")).expect("the manifest");
    world.folder.write("ecsail.yml", &manifest.replace("  us: {}\n", "  us: { protected: true }\n"));
    let run = world.run(&["deploy", "--stage", "eu,us", "--tag", "v2"]).exits(5);
    run.says("`ecsail --stage us plan --tag v2 --out FILE`");
    let run = world.run(&["promote", "--from", "eu", "--to", "us"]).exits(5);
    run.says("`ecsail --stage us promote --from eu --to us --out FILE`");
    assert!(world.calls("RegisterTaskDefinition").is_empty());
}
