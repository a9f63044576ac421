//! Tests of what files of other tools have: definitions that are registered elsewhere, overrides of several containers, dead-letter
//! queues by name, images by container, and service files for the AWS CLI.

use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::support::{Folder, REPOSITORY, World, service};

const TASKS: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
schedule_role: ecsEventsRole
tasks:
  report:
    task_definition: { family: report }
    run_task: { launchType: FARGATE, networkConfiguration: { awsvpcConfiguration: { subnets: [ subnet-1 ] } } }
    overrides:
      containerOverrides:
        - { name: app, command: [ bin/report ], cpu: 128, environment: { BATCH: \"500\", LEVEL: info } }
        - { name: agent, memoryReservation: 64 }
    container: app
    environment: { LEVEL: debug }
schedules:
  nightly: { via: rule, expression: cron(0 3 * * ? *), dead_letter: dead, task: report }
";

fn report(image: &str) -> Value {
    let container =
        |name: &str| json!({"name": name, "image": image, "memory": 128, "essential": name == "app"});
    json!({"family": "report", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256",
        "memory": "512", "containerDefinitions": [container("app"), container("agent")]})
}

/// Returns a world in which another tool has registered two revisions of `report`.
fn world_with_report(manifest: &str) -> World {
    let world = World::with(Scenario::Steady, &[("ecsail.yml", manifest)], &[service("web", json!({}))]);
    for image in ["one", "two"] {
        world.call("RegisterTaskDefinition", report(image));
    }
    world.sandbox.clear_requests();
    world
}

#[test]
fn a_task_runs_the_newest_revision_that_is_registered_elsewhere() {
    let world = world_with_report(TASKS);
    world.run(&["run", "report"]).exits(0).says("started report:2");
    assert_eq!(world.revisions("report"), 2);
}

#[test]
fn a_task_runs_the_revision_that_is_named() {
    let world = world_with_report(&TASKS.replace("family: report", "family: \"report:1\""));
    world.run(&["run", "report"]).exits(0).says("started report:1");
}

#[test]
fn a_definition_that_is_not_registered_stops_before_anything_changes() {
    let world = world_with_report(&TASKS.replace("family: report", "family: reprot"));
    let run = world.run(&["run", "report"]).exits(1);
    run.says("error: `report` runs the task definition `reprot`, which is not registered");
    world.unchanged();
}

#[test]
fn an_inactive_revision_is_not_run() {
    let world = world_with_report(&TASKS.replace("family: report", "family: \"report:1\""));
    world.call("DeregisterTaskDefinition", json!({"taskDefinition": "report:1"}));
    world.run(&["run", "report"]).exits(1).says("`report:1`, which is INACTIVE");
    assert!(world.calls("RunTask").is_empty());
}

#[test]
fn several_containers_are_overridden_and_the_keys_of_the_task_take_precedence() {
    let world = world_with_report(TASKS);
    world.run(&["run", "report", "--env", "BATCH=9"]).exits(0);
    let expected = json!([
        {"name": "app", "command": ["bin/report"], "cpu": 128, "environment":
            [{"name": "BATCH", "value": "9"}, {"name": "LEVEL", "value": "debug"}]},
        {"name": "agent", "memoryReservation": 64},
    ]);
    let arns =
        world.call("ListTasks", json!({"cluster": "main", "family": "report", "desiredStatus": "STOPPED"}));
    let tasks = world.call("DescribeTasks", json!({"cluster": "main", "tasks": arns["taskArns"]}));
    assert_eq!(tasks["tasks"][0]["overrides"]["containerOverrides"], expected);
}

#[test]
fn an_override_of_a_container_that_is_not_there_names_the_nearest() {
    let world = world_with_report(&TASKS.replace("name: agent", "name: agnet"));
    let run = world.run(&["run", "report"]).exits(2);
    run.says("no container named `agnet` in task definition `report`").says("did you mean `agent`?");
    assert!(world.calls("RunTask").is_empty());
}

#[test]
fn a_mistake_in_overrides_is_an_error_at_its_place() {
    let folder = Folder::new(&[("ecsail.yml", &TASKS.replace("memoryReservation", "memoryReservatoin"))]);
    let run = folder.run(&["check"]).exits(1);
    run.says("unknown key `memoryReservatoin`")
        .says("ecsail.yml:13:")
        .says("did you mean `memoryReservation`?");
}

#[test]
fn a_schedule_pins_the_revision_and_shows_a_newer_one_as_a_change() {
    let world = world_with_report(TASKS);
    world.run(&["deploy"]).exits(0);
    world.run(&["plan"]).exits(0).answers("rule nightly: no changes");
    world.call("RegisterTaskDefinition", report("three"));
    world.run(&["plan"]).exits(0).answers("  target.task_definition: report:2 → report:3");
}

#[test]
fn a_dead_letter_queue_by_name_is_in_the_account_and_region() {
    let world = world_with_report(TASKS);
    world.run(&["deploy"]).exits(0);
    let target = &world.calls("PutTargets")[0].body["Targets"][0];
    assert_eq!(target["DeadLetterConfig"]["Arn"], "arn:aws:sqs:us-east-1:123456789012:dead");
}

fn manifest_with_container(containers: &str) -> String {
    format!(
        "ecsail: 1\nregion: us-east-1\ncluster: main\nimages:\n  shop: {{ repository: {REPOSITORY}, container: {containers} }}\n\
         services:\n  web: {{ task_definition: web.json }}\n"
    )
}

const PLACEHOLDER: &str = r#"{"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
    "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "containerDefinitions": [{"name": "app", "image": "<IMAGE1_NAME>", "memory": 128}]}"#;

fn deployed_images(manifest: &str, definition: &str) -> Value {
    let files = [("ecsail.yml", manifest), ("web.json", definition)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.run(&["deploy", "web", "--tag", "v2"]).exits(0);
    let containers = world.definition("web:2").0["containerDefinitions"].clone();
    containers.as_array().into_iter().flatten().map(|container| container["image"].clone()).collect()
}

#[test]
fn an_image_takes_the_place_of_the_one_in_the_definition() {
    assert_eq!(
        deployed_images(&manifest_with_container("app"), PLACEHOLDER),
        json!([format!("{REPOSITORY}:v2")])
    );
}

#[test]
fn an_image_is_for_several_containers() {
    let definition = PLACEHOLDER.replace(
        r#""memory": 128}"#,
        r#""memory": 128}, {"name": "worker", "image": "y"}, {"name": "proxy", "image": "public.ecr.aws/nginx/nginx:1"}"#,
    );
    let own = format!("{REPOSITORY}:v2");
    let expected = json!([own, own, "public.ecr.aws/nginx/nginx:1"]);
    assert_eq!(deployed_images(&manifest_with_container("[ app, worker ]"), &definition), expected);
}

#[test]
fn an_image_of_a_container_needs_a_tag() {
    let manifest =
        manifest_with_container("app").replace("services:", "  other: public.ecr.aws/nginx/nginx\nservices:");
    let files = [("ecsail.yml", manifest.as_str()), ("web.json", PLACEHOLDER)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world
        .run(&["deploy", "web", "--tag", "other=1"])
        .exits(2)
        .says("error: no tag was given for image `shop`");
    world.unchanged();
}

#[test]
fn an_image_of_a_container_that_no_definition_has_is_a_warning() {
    let manifest = manifest_with_container("ap");
    let definition = PLACEHOLDER.replace("<IMAGE1_NAME>", "public.ecr.aws/nginx/nginx:1");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.json", &definition)]);
    folder.run(&["check"]).exits(0).says("no definition uses the image `shop`").says("did you mean `app`?");
}

#[test]
fn two_images_of_one_container_are_an_error() {
    let manifest = manifest_with_container("app").replace(
        "services:",
        "  other: { repository: 123456789012.dkr.ecr.us-east-1.amazonaws.com/other, container: app }\nservices:",
    );
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.json", PLACEHOLDER)]);
    folder.run(&["check"]).exits(1).says("container `app` has two images, `other` and `shop`");
}

#[test]
fn members_of_a_service_file_that_say_what_the_manifest_says_are_a_note() {
    let manifest = manifest_with_container("app").replace("web.json }", "web.json, service: svc.json }");
    for (definition, code, text) in [
        (
            "web:12",
            0,
            "note: ignored members that are set elsewhere: `serviceName`, `cluster`, `taskDefinition`",
        ),
        ("api:12", 1, "`taskDefinition` is the string `api:12`, but the manifest has the family `web`"),
    ] {
        let file = json!({"serviceName": "web", "cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/main",
            "taskDefinition": definition, "desiredCount": 2});
        let files =
            [("ecsail.yml", manifest.as_str()), ("web.json", PLACEHOLDER), ("svc.json", &file.to_string())];
        Folder::new(&files).run(&["check"]).exits(code).says(text);
    }
}

#[test]
fn an_image_whose_repository_is_looked_up_is_not_known_to_check() {
    let repository = "\"{{ aws.account }}.dkr.ecr.us-east-1.amazonaws.com/shop/app\"";
    let manifest = manifest_with_container("app").replace(REPOSITORY, repository);
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.json", PLACEHOLDER)]);
    folder.run(&["check"]).exits(0).answers("1 service checked, no problems");
}

#[test]
fn a_service_needs_more_than_the_family_of_its_definition() {
    let manifest = "ecsail: 1\nregion: us-east-1\ncluster: main\nservices:\n  web: { task_definition: { family: web } }\n";
    let run = Folder::new(&[("ecsail.yml", manifest)]).run(&["check"]).exits(1);
    run.says("service `web` has nothing but the family of its task definition")
        .says("is for tasks and schedules");
}
