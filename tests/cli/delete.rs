//! `ecsail delete`: what goes, what stays, and how it ends.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::support::terminal::Terminal;
use crate::support::{DEFINITION, MANIFEST, Run, World, behind_target_group, service, with_port_80};

/// Returns a world whose service `web` has two tasks.
fn world() -> World {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    World::with(Scenario::Steady, &files, &[service("web", json!({"desiredCount": 2}))])
}

fn with_members(members: Value) -> World {
    World::with(
        Scenario::Steady,
        &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)],
        &[service("web", members)],
    )
}

fn scale_automatically(world: &World) {
    let target = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 4});
    world.sandbox.call("application-autoscaling", "RegisterScalableTarget", target).expect("it is valid");
}

fn operations(world: &World) -> Vec<String> {
    world.sandbox.requests().into_iter().map(|request| request.operation).collect()
}

#[track_caller]
fn is_deleted(world: &World, run: Run) -> Run {
    let run = run.exits(0).answers("web: deleted in ");
    assert_eq!(world.service("web")["status"], "INACTIVE");
    run
}

#[test]
fn service_is_scaled_down_and_deleted_and_watched_to_its_end() {
    let world = world();
    is_deleted(&world, world.run(&["delete", "web"])).says("web: delete, 2 tasks stop");
    assert_eq!(world.calls("UpdateService")[0].body["desiredCount"], 0);
    assert_eq!(world.calls("DeleteService")[0].body["force"], json!(false));
}

#[test]
fn what_stays_is_named() {
    let (seeded, definition) = with_port_80(behind_target_group());
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[seeded]);
    let run = world.run(&["delete", "web", "--dry-run"]).exits(0);
    run.says("stays: the task definitions of `web`, the target group `web`")
        .answers("dry run: nothing was changed");
    world.unchanged();
}

#[test]
fn autoscaling_goes_first() {
    let world = world();
    scale_automatically(&world);
    is_deleted(&world, world.run(&["delete", "web"])).says("goes with it: autoscaling between 1 and 4 tasks");
    let calls = operations(&world);
    let at = |name: &str| calls.iter().position(|call| call == name).expect("it is called");
    assert!(at("DeregisterScalableTarget") < at("UpdateService"), "{calls:?}");
}

#[test]
fn daemon_is_deleted_without_scaling_it() {
    let world = with_members(json!({"schedulingStrategy": "DAEMON", "launchType": "EC2"}));
    is_deleted(&world, world.run(&["delete", "web"]));
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn force_stops_the_tasks() {
    let world = world();
    is_deleted(&world, world.run(&["delete", "web", "--force"]));
    assert_eq!(world.calls("DeleteService")[0].body["force"], json!(true));
    assert_eq!(world.calls("StopTask").len(), 2);
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn deleted_service_is_nothing_to_do() {
    let world = world();
    is_deleted(&world, world.run(&["delete", "web"]));
    let run = world.run(&["delete", "web"]).exits(0);
    run.answers("web: there is nothing to delete");
    assert_eq!(world.calls("DeleteService").len(), 1);
}

#[test]
fn deletion_in_progress_is_watched() {
    let world = world();
    world.call("DeleteService", json!({"cluster": "main", "service": "web", "force": true}));
    is_deleted(&world, world.run(&["delete", "web"])).says("web: is being deleted already");
    assert!(world.calls("DeleteService").is_empty());
}

#[test]
fn unknown_service_is_an_error_with_a_similar_name() {
    let world = world();
    let run = world.run(&["delete", "wbe", "--cluster", "main"]).exits(2);
    run.says("no service named `wbe` in cluster `main`").says("did you mean `web`?");
}

#[test]
fn service_of_a_stack_is_refused() {
    let world = with_members(json!({}));
    world.sandbox.set_system_tag("main/web", "aws:cloudformation:stack-name", "shop");
    let run = world.run(&["delete", "web"]).exits(5);
    run.says("service `web` belongs to the CloudFormation stack `shop`").says("--ignore-stack");
    world.unchanged();
    is_deleted(&world, world.run(&["delete", "web", "--ignore-stack"]));
}

#[test]
fn lost_answer_to_the_deletion_is_harmless() {
    let world = world();
    world.sandbox.inject(Fault::on("DeleteService", FaultKind::DropAfter));
    is_deleted(&world, world.run(&["delete", "web"]));
}

#[test]
fn deployment_in_progress_is_waited_for() {
    let world = world();
    world.run(&["deploy", "service", "web", "--tag", "v2", "--no-wait"]).exits(0);
    is_deleted(&world, world.run(&["delete", "web"]));
}

#[test]
fn refusal_of_aws_is_an_error() {
    let world = world();
    world.sandbox.inject(Fault::on("DeleteService", FaultKind::AccessDenied).always());
    let run = world.run(&["delete", "web"]).exits(1);
    run.says("failed to delete service `web`").answers("web: could not be deleted");
}

#[test]
fn nothing_named_is_a_usage_error() {
    let world = world();
    world.run(&["delete"]).exits(2).says("nothing is named to delete").says("--all");
    world.run(&["delete", "web", "--all"]).exits(2).says("`--all` and names exclude each other");
    world.unchanged();
}

#[test]
fn deletion_without_a_terminal_needs_yes() {
    let world = world();
    world.unattended(&["delete", "web"]).exits(2).says("add `--yes`");
    world.unchanged();
    is_deleted(&world, world.unattended(&["delete", "web", "--yes"]));
}

#[test]
fn name_is_typed_on_a_terminal() {
    let world = world();
    let question = "Type `web` to delete service web from cluster main:";
    let command = || {
        let mut command = world.folder.command(&["delete", "web", "--no-progress"]);
        command.env("CI", "");
        command
    };
    let terminal = Terminal { columns: 80, rows: 24 };
    terminal.run(&command(), &[(question, "y\n")]).exits(1).shows("nothing was changed");
    assert_eq!(world.service("web")["status"], "ACTIVE");
    terminal.run(&command(), &[(question, "web\n")]).exits(0).shows("web: deleted in");
}

#[test]
fn all_deletes_services_and_schedules_of_the_app() {
    let manifest = format!(
        "{MANIFEST}schedule_role: events\nschedules:\n  nightly: {{ expression: rate(1 day), task: {{ like: web }} }}\n"
    );
    let network = json!({"launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", network)]);
    world.run(&["deploy", "--tag", "v2"]).exits(0);
    let run = is_deleted(&world, world.run(&["delete", "--all"]));
    run.answers("nightly");
    assert_eq!(world.calls("DeleteSchedule").len(), 1);
}

#[test]
fn all_needs_a_manifest() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    world.run(&["delete", "--all", "--cluster", "main"]).exits(2).says("`--all` needs a manifest");
    world.unchanged();
}

#[test]
fn json_says_what_goes_and_how_it_ended() {
    let world = world();
    let run = world.run(&["delete", "web", "--output", "json"]).exits(0);
    assert_eq!(run.event("delete.service")["stays"], json!(["the task definitions of `web`"]));
    assert_eq!(run.event("service.deleted")["outcome"], "succeeded");
}

#[test]
fn no_wait_returns_at_once() {
    let world = world();
    let run = world.run(&["delete", "web", "--no-wait"]).exits(0);
    run.answers("web: is being deleted, not watching it");
    assert_eq!(world.service("web")["status"], "DRAINING");
}
