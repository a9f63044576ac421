//! Flags of `deploy` and `plan` that change the running definition of a service whose definition is not in the manifest.

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, REPOSITORY, Run, World, service};

fn seeded() -> SeedService {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["environment"] =
        json!([{"name": "LOG_LEVEL", "value": "info"}, {"name": "OLD", "value": "1"}]);
    seeded
}

fn world() -> World {
    World::with(Scenario::Steady, &[], &[seeded()])
}

fn deploy(world: &World, flags: &[&str]) -> Run {
    world.run(&[&["deploy", "web", "--cluster", "main"], flags].concat())
}

fn container(world: &World) -> Value {
    let arn = world.service("web")["taskDefinition"].clone();
    world.definition(arn.as_str().expect("an ARN")).0["containerDefinitions"][0].clone()
}

#[test]
fn variables_and_secrets_are_set_and_removed() {
    let world = world();
    let secret = "DB=arn:aws:ssm:us-east-1:123456789012:parameter/db";
    let flags =
        ["--env", "LOG_LEVEL=debug", "--env", "app:NEW=a=b", "--unset-env", "OLD", "--secret", secret];
    let run = deploy(&world, &flags).exits(0).answers("deployed web:2");
    run.says("containerDefinitions[app].environment[LOG_LEVEL]: info → debug");
    let expected = json!([{"name": "LOG_LEVEL", "value": "debug"}, {"name": "NEW", "value": "a=b"}]);
    assert_eq!(container(&world)["environment"], expected);
    assert_eq!(container(&world)["secrets"][0]["name"], "DB");
}

#[test]
fn image_and_tag_may_be_given_together_with_other_changes() {
    let world = world();
    deploy(&world, &["--tag", "v2", "--command", "serve --port 80"]).exits(0);
    assert_eq!(container(&world)["image"], format!("{REPOSITORY}:v2"));
    assert_eq!(container(&world)["command"], json!(["serve", "--port", "80"]));
    deploy(&world, &["--image", &format!("app={REPOSITORY}:v3")]).exits(0);
    assert_eq!(container(&world)["image"], format!("{REPOSITORY}:v3"));
    assert_eq!(container(&world)["command"], json!(["serve", "--port", "80"]));
}

#[test]
fn image_that_does_not_exist_is_refused() {
    let world = world();
    let run = deploy(&world, &["--image", &format!("app={REPOSITORY}:v9")]).exits(1);
    run.says("no tag `v9` in repository `shop/app`");
    world.unchanged();
}

#[test]
fn sizes_are_those_of_the_task_or_a_container() {
    let world = world();
    deploy(&world, &["--cpu", "512", "--memory", "1024", "--memory", "app=512"]).exits(0);
    assert_eq!(container(&world)["memory"], 512);
    assert_eq!(world.definition("web").0["cpu"], "512");
}

#[test]
fn what_is_so_already_is_no_change() {
    let world = world();
    deploy(&world, &["--env", "LOG_LEVEL=info"]).exits(0).answers("web: unchanged, web:1 stays");
    world.unchanged();
}

#[test]
fn definition_of_the_manifest_is_refused_with_its_layers() {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[seeded()]);
    let run = world.run(&["deploy", "web", "--tag", "v2", "--env", "A=1"]).exits(2);
    run.says("the manifest has the definition of `web`: flags cannot change it")
        .says("write the change in `web.yml`");
    world.unchanged();
}

#[test]
fn unknown_container_and_several_services_are_usage_errors() {
    let world = world();
    let run = deploy(&world, &["--env", "api:A=1"]).exits(2);
    run.says("has no container `api`").says("containers: app");
    let run = world.run(&["deploy", "web", "other", "--cluster", "main", "--env", "A=1"]).exits(2);
    run.says("the definition of one service only can be changed by flags");
    world.unchanged();
}

#[test]
fn wrong_forms_are_usage_errors_without_the_value() {
    let world = world();
    deploy(&world, &["--env", "=hunter2"]).exits(2).says("is not of the form `[CONTAINER:]NAME=VALUE`");
    deploy(&world, &["--image", "app="]).exits(2).says("`[CONTAINER=]IMAGE`");
    deploy(&world, &["--command", "sh -c 'echo hi'"]).exits(2).says("write a JSON list");
    deploy(&world, &["--cpu", "much"]).exits(2).says("`[CONTAINER=]NUMBER`");
    deploy(&world, &["--command", "[1"]).exits(2).says("a JSON list of texts");
}

#[test]
fn plan_takes_the_same_flags_and_hides_secrets() {
    let world = world();
    let flags = ["plan", "web", "--cluster", "main", "--env", "DB_PASSWORD=fourteen-geese"];
    let run = world.run(&flags).exits(0).answers("environment[DB_PASSWORD]");
    assert!(!run.stdout.contains("geese"), "{}", run.stdout);
    world.unchanged();
}

#[test]
fn size_that_fargate_does_not_have_is_refused() {
    let world = world();
    let run = deploy(&world, &["--cpu", "160"]).exits(2);
    run.says("a definition that ECS refuses: Fargate does not support `cpu` `160`")
        .says("the nearest are `256`");
    deploy(&world, &["--cpu", "256", "--memory", "8192"]).exits(2).says("with `memory` `8192`");
    world.unchanged();
}

#[test]
fn check_of_a_size_may_be_left_out() {
    let world = world();
    let manifest = MANIFEST.replace("    task_definition: web.yml\n", "").replace("  web:", "  web: {}");
    world.folder.write("ecsail.yml", &format!("{manifest}ignore: [fargate-cpu-memory]\n"));
    world.run(&["plan", "web", "--cpu", "160"]).exits(0).answers("cpu: 256 → 160");
}

#[test]
fn what_is_not_set_is_a_note() {
    let world = world();
    let run = deploy(&world, &["--unset-env", "NOPE", "--unset-secret", "app:NONE"]).exits(0);
    run.says("note: `web`: `--unset-env NOPE` changes nothing: it is not set").says("`--unset-secret NONE`");
}

#[test]
fn secret_without_an_arn_is_the_name_of_a_parameter() {
    let world = world();
    let run = world.run(&["plan", "web", "--cluster", "main", "--secret", "DB=/shop/db"]).exits(0);
    run.answers("ECS takes it as the name of a Parameter Store parameter in the service's region");
    let run = world.run(&["plan", "web", "--cluster", "main", "--secret", "DB=my secret"]).exits(2);
    run.says("a definition that ECS refuses");
}
