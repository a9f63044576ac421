//! Tests of what `deploy`, `plan`, `check` and `render` take as names: services and schedules, with and without the word for
//! their kind.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, service};

const SCHEDULES: &str = "\
schedule_role: scheduler
schedules:
  nightly:
    expression: cron(0 3 * * ? *)
    task: { like: web, command: [ bin/report ] }
";

fn world(manifest: &str) -> World {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "launchType": "FARGATE"});
    let files = [("ecsail.yml", manifest), ("web.yml", DEFINITION)];
    World::with(Scenario::Steady, &files, &[service("web", network)])
}

#[test]
fn a_name_alone_is_a_service() {
    let world = World::new(Scenario::Steady);
    for arguments in [&["deploy", "web"][..], &["deploy", "--service", "web"], &["deploy", "service", "web"]]
    {
        world.run(&[arguments, &["--tag", "v2", "--yes"]].concat()).exits(0).answers("web:");
    }
    assert_eq!(world.calls("UpdateService").len(), 1);
}

#[test]
fn a_name_alone_is_a_schedule() {
    let world = world(&format!("{MANIFEST}{SCHEDULES}"));
    world.run(&["deploy", "nightly", "--tag", "v2", "--yes"]).exits(0).answers("nightly");
    assert_eq!(world.calls("UpdateService").len(), 0);
    assert_eq!(world.calls("CreateSchedule").len(), 1);
}

#[test]
fn services_and_schedules_are_named_together() {
    let world = world(&format!("{MANIFEST}{SCHEDULES}"));
    world.run(&["deploy", "web", "nightly", "--tag", "v2", "--yes"]).exits(0);
    assert_eq!(world.calls("UpdateService").len(), 1);
    assert_eq!(world.calls("CreateSchedule").len(), 1);
}

#[test]
fn a_service_alone_leaves_schedules_alone() {
    let world = world(&format!("{MANIFEST}{SCHEDULES}"));
    world.run(&["deploy", "web", "--tag", "v2", "--yes"]).exits(0);
    assert_eq!(world.calls("CreateSchedule").len(), 0);
}

#[test]
fn a_name_of_both_kinds_needs_its_kind() {
    let world = world(&format!("{MANIFEST}{}", SCHEDULES.replace("nightly", "web")));
    world
        .run(&["plan", "web", "--tag", "v2"])
        .exits(2)
        .says("`web` is a service and a schedule of the manifest")
        .says("write `service web` or `schedule web` after the command");
    world.run(&["plan", "service", "web", "--tag", "v2"]).exits(0);
    world.run(&["plan", "schedule", "web", "--tag", "v2"]).exits(0);
}

#[test]
fn a_name_of_no_kind_is_compared_with_both() {
    let world = world(&format!("{MANIFEST}{SCHEDULES}"));
    world
        .run(&["plan", "nihgtly", "--tag", "v2"])
        .exits(2)
        .says("no service or schedule named `nihgtly` in the manifest")
        .says("did you mean `nightly`?");
    world.run(&["check", "xyz"]).exits(2).says("services: web; schedules: nightly");
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn with_a_cluster_a_name_need_not_be_in_a_manifest() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    world.run(&["plan", "web", "--cluster", "main", "--tag", "v2"]).exits(0).answers("web: web:1 → ");
    world.run(&["plan", "web", "--tag", "v2"]).exits(2).says("`--cluster main web`");
}

#[test]
fn a_service_flag_beside_schedules_is_refused() {
    let world = world(&format!("{MANIFEST}{SCHEDULES}"));
    world
        .run(&["plan", "schedule", "nightly", "--service", "web", "--tag", "v2"])
        .exits(2)
        .says("`schedule` and `--service` exclude each other");
}

#[test]
fn mistyped_service_name_has_one_exit_code() {
    let world = World::new(Scenario::Steady);
    for verb in [
        &["deploy", "wbe", "--tag", "v2", "--cluster", "main"][..],
        &["plan", "wbe", "--tag", "v2", "--cluster", "main"],
        &["deploy", "wbe", "--tag", "v2"],
        &["rollback", "wbe", "--yes"],
        &["restart", "wbe", "--yes"],
        &["scale", "wbe", "--desired", "1", "--yes"],
        &["delete", "wbe", "--yes"],
        &["logs", "wbe"],
        &["history", "wbe"],
        &["wait", "wbe"],
        &["why", "wbe"],
        &["exec", "wbe"],
        &["run", "--like", "wbe", "--", "true"],
        &["run", "--like", "wbe", "--cluster", "main", "--", "true"],
    ] {
        let run = world.run(verb);
        assert_eq!(run.code, 2, "{verb:?}: {run:?}");
        assert!(run.stderr.contains("did you mean `web`?"), "{verb:?}: {run:?}");
    }
}

#[test]
fn name_of_another_kind_has_the_command_that_takes_it() {
    let manifest = format!(
        "{MANIFEST}tasks:\n  migrate: {{ like: web, command: [x] }}\nschedules:\n  nightly:\n    expression: rate(1 day)\n    \
         role: arn:aws:iam::123456789012:role/s\n    task: {{ like: web }}\n"
    );
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.run(&["deploy", "migrate", "--tag", "v2"]).exits(2).says("run it with `ecsail run migrate`");
    world.run(&["status", "migrate"]).says("").exits(1).answers("run it with `ecsail run migrate`");
    world.run(&["run", "nightly"]).exits(2).says("run it now with `ecsail schedule run nightly`");
    world.run(&["run", "web"]).exits(2).says("`web` is a service");
}

#[test]
fn flag_with_two_letters_exchanged_is_suggested() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["deploy", "web", "--tga", "v2"]).exits(2).says("'--tag'");
    assert!(!run.stderr.contains("as a value"), "{}", run.stderr);
    let run = world.run(&["deploy", "web", "--tga", "v2", "--output", "json"]).exits(2);
    run.answers("--tag");
}
