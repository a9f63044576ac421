//! Tests of `plan --out` and `apply`: what was reviewed is what is deployed, and anything that moved since is named.

use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, World, service};

const PLAN: &str = "web.plan";

fn planned() -> World {
    let world = World::new(Scenario::Steady);
    save(&world, &[]);
    world
}

fn save(world: &World, more: &[&str]) {
    let arguments = ["plan", "--tag", "v2", "--out", PLAN];
    world.run(&[&arguments[..], more].concat()).exits(0).says("saved the plan; apply it with `ecsail ");
}

fn running(world: &World) -> String {
    let arn = world.service("web")["taskDefinition"].as_str().expect("an ARN").to_owned();
    arn.rsplit('/').next().expect("a name").to_owned()
}

/// Applies the plan, which is refused; nothing is changed.
#[track_caller]
fn refused(world: &World, sentence: &str) {
    let before = running(world);
    let run = world.run(&["apply", PLAN]).exits(5).says(sentence).says("plan again");
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert_eq!(running(world), before);
}

#[test]
fn what_was_planned_is_deployed_with_the_digest_that_the_tag_meant() {
    let world = planned();
    assert!(world.calls("RegisterTaskDefinition").is_empty());
    world.run(&["apply", PLAN]).exits(0).says("…:v1 → …:v2").answers("web: deployed web:2");
    let (definition, tags) = world.definition("web:2");
    let image = definition["containerDefinitions"][0]["image"].as_str().expect("an image");
    assert!(image.contains(":v2@sha256:"), "{image}");
    assert_eq!(tags["ecsail:tag"], "v2");
    // The plan is applied: nothing is left to do, neither for it nor for a deploy of its tag.
    world.run(&["apply", PLAN]).exits(0).answers("web: unchanged, web:2 stays");
    world.deploy("v2").exits(0).answers("web: unchanged, web:2 stays");
    let status = world.run(&["status"]).exits(0);
    assert!(!status.stdout.contains("drift"), "{}", status.stdout);
    world.run(&["plan"]).exits(0).says("the tags that run: v2").answers("no changes (web:2 stays)");
    world.deploy("v3").exits(0).answers("web: deployed web:3");
    let image = world.definition("web:3").0["containerDefinitions"][0]["image"].clone();
    assert!(image.as_str().is_some_and(|image| image.ends_with(":v3")), "{image}");
}

#[test]
fn variables_that_the_definition_took_at_the_plan_are_deployed() {
    let mut world = World::new(Scenario::Steady);
    world
        .folder
        .write("web.yml", &format!("{DEFINITION}    environment: {{ MODE: '{{{{ env.MODE }}}}' }}\n"));
    world.folder = world.folder.env("MODE", "planned");
    save(&world, &[]);
    world.folder = world.folder.env("MODE", "other");
    world.run(&["apply", PLAN]).exits(0);
    let environment = &world.definition("web:2").0["containerDefinitions"][0]["environment"];
    assert_eq!(*environment, json!([{ "name": "MODE", "value": "planned" }]));
}

#[test]
fn a_tag_that_was_moved_is_named() {
    let world = planned();
    world.move_tag("v2");
    refused(&world, "shop/app:v2` was sha256:");
}

#[test]
fn a_deploy_of_somebody_else_is_named() {
    let world = planned();
    world.deploy("v3").exits(0);
    refused(&world, "service `web` ran web:1, and runs web:2");
}

#[test]
fn a_restart_of_somebody_else_is_named() {
    let world = planned();
    world.run(&["restart", "web", "--yes"]).exits(0);
    refused(&world, "service `web` had deployment `ecs-svc/");
}

#[test]
fn an_attribute_that_was_changed_is_named() {
    let world = planned();
    let grace = json!({ "cluster": "main", "service": "web", "healthCheckGracePeriodSeconds": 60 });
    world.call("UpdateService", grace);
    refused(&world, "`healthCheckGracePeriodSeconds` of service `web` changed");
}

#[test]
fn a_service_that_was_scaled_is_deployed() {
    let world = planned();
    world.run(&["scale", "web", "--desired", "3", "--yes"]).exits(0);
    world.run(&["apply", PLAN]).exits(0).answers("web: deployed web:2");
    assert_eq!(world.service("web")["desiredCount"], 3);
}

#[test]
fn a_service_whose_count_the_plan_sets_is_not_deployed_after_it_was_scaled() {
    let world = World::new(Scenario::Steady);
    let manifest = MANIFEST.replace(
        "    task_definition: web.yml\n",
        "    task_definition: web.yml\n    service: { desiredCount: 4 }\n    enforce_desired_count: true\n",
    );
    world.folder.write("ecsail.yml", &manifest);
    save(&world, &[]);
    world.call("UpdateService", json!({ "cluster": "main", "service": "web", "desiredCount": 3 }));
    refused(&world, "what is to change of service `web` is not what it was");
}

#[test]
fn files_that_were_edited_are_named() {
    let world = planned();
    world.folder.write("web.yml", &format!("{DEFINITION}    cpu: 128\n"));
    world.folder.write("ecsail.yml", &format!("{MANIFEST}timeout: 5m\n"));
    let run = world.run(&["apply", PLAN]).exits(5);
    run.says("`ecsail.yml` was edited").says("`web.yml` was edited");
    assert!(world.calls("RegisterTaskDefinition").is_empty());
}

#[test]
fn a_plan_that_was_edited_is_refused() {
    let world = planned();
    let text = std::fs::read_to_string(world.folder.dir.path().join(PLAN)).expect("a plan");
    world.folder.write(PLAN, &text.replace("shop/app", "evil/app"));
    world.run(&["apply", PLAN]).exits(5).says("plan `web.plan` was edited after it was saved");
    world.folder.write(PLAN, "services: {}\n");
    world.run(&["apply", PLAN]).exits(2).says("`web.plan` is not a plan");
    world.run(&["apply", "none.plan"]).exits(2).says("failed to read plan `none.plan`");
    assert!(world.calls("RegisterTaskDefinition").is_empty());
}

#[test]
fn an_old_plan_is_refused() {
    let world = planned();
    let path = world.folder.dir.path().join(PLAN);
    let text = std::fs::read_to_string(&path).expect("a plan");
    let at = text.find("\"planned_at\":\"").expect("a time") + "\"planned_at\":\"".len();
    let year: i32 = text[at..at + 4].parse().expect("a year");
    let body =
        text.split_once('\n').expect("two lines").1.replacen(&year.to_string(), &(year - 1).to_string(), 1);
    let hash = sha256(body.trim_end());
    std::fs::write(path, format!("{{\"ecsail_plan\":1,\"sha256\":\"{hash}\"}}\n{body}")).expect("a file");
    refused(&world, "is older than 24h");
    world.run(&["apply", PLAN, "--max-age", "9000h"]).exits(0);
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn an_apply_that_was_cut_off_goes_on_when_it_is_run_again() {
    let world = planned();
    let mut child = world.start(&["apply", PLAN]);
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    crate::rollout_outcomes::until(&mut stderr, "deploying web:2");
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    world.run(&["apply", PLAN]).exits(0).answers("web: ");
    assert_eq!(running(&world), "web:2");
    assert_eq!(world.calls("UpdateService").len(), 1);
}

#[test]
fn the_stage_is_that_of_the_plan() {
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &format!("{MANIFEST}stages: {{ production: {{}}, staging: {{}} }}\n"));
    save(&world, &["--stage", "production"]);
    world.run(&["apply", PLAN, "--stage", "staging"]).exits(2).says("the plan is of stage `production`");
    world.run(&["apply", PLAN]).exits(0).says("production · ");
    assert_eq!(world.definition("web:2").1["ecsail:stage"], "production");
}

#[test]
fn a_service_without_a_manifest_is_planned_and_deployed() {
    let world = World::new(Scenario::Steady);
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it is there");
    save(&world, &["web", "--cluster", "main", "--region", "us-east-1"]);
    world.run(&["apply", PLAN]).exits(0).answers("web: deployed web:2");
}

#[test]
fn tasks_and_schedules_of_the_plan_are_applied() {
    let manifest = MANIFEST
        .replace("    task_definition: web.yml\n", "    task_definition: web.yml\n    before: [ migrate ]\n");
    let tasks = "tasks:\n  migrate: { like: web, container: app, command: [ migrate ] }\n";
    let schedules = "schedules:\n  nightly: { expression: rate(1 day), task: migrate, role: arn:aws:iam::123456789012:role/events }\n";
    let files = [("ecsail.yml", &*format!("{manifest}{tasks}{schedules}")), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    save(&world, &[]);
    world.run(&["apply", PLAN]).exits(0).says("task migrate: runs before web");
    assert_eq!(world.calls("RunTask").len(), 1);
    assert_eq!(world.calls("CreateSchedule").len(), 1);
    world.run(&["apply", PLAN]).exits(0);
    assert_eq!(world.calls("RunTask").len(), 1);
}

#[test]
#[cfg(unix)]
fn the_file_is_for_its_user_only_and_secrets_in_it_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(Scenario::Steady);
    world.folder.write("web.yml", &format!("{DEFINITION}    environment: {{ DB_PASSWORD: hunter2-x }}\n"));
    let run = world.run(&["plan", "--tag", "v2", "--out", PLAN]).exits(0);
    run.says("`web.plan` has values in plain text that look like secrets (app.DB_PASSWORD)");
    let mode = std::fs::metadata(world.folder.dir.path().join(PLAN)).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_plan_as_json_is_saved_too() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["plan", "--tag", "v2", "--out", PLAN, "--output", "json", "--exit-code"]).exits(6);
    let plan = run.event("plan");
    let text = std::fs::read_to_string(world.folder.dir.path().join(PLAN)).expect("a plan");
    let saved: Value = serde_json::from_str(text.lines().nth(1).expect("two lines")).expect("JSON");
    assert_eq!(saved["plan"]["services"], plan["services"]);
    world
        .run(&["plan", "--tag", "v2", "--out", "none/web.plan"])
        .exits(1)
        .says("failed to write plan `none/web.plan`");
}
