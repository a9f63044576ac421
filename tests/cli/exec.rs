//! Tests of `ecsail exec`: missing prerequisites are reported at once, and the plugin gets its arguments.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use ecsail_sandbox::{Fault, FaultKind, Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, Run, World, finished, service};

/// A substitute for AWS's plugin that prints its arguments, one per line.
const PLUGIN: &str = "#!/bin/sh\nfor argument in \"$@\"; do echo \"$argument\"; done\nexit 7\n";

/// Returns a service with ECS Exec enabled.
fn enabled() -> SeedService {
    let mut seeded = service("web", json!({"enableExecuteCommand": true}));
    seeded.task_definition["taskRoleArn"] = json!("arn:aws:iam::123456789012:role/web");
    seeded
}

fn world(seeded: SeedService) -> World {
    World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)], &[seeded])
}

/// Returns the binary with the plugin, and nothing else, in its `PATH`.
fn with_plugin(world: &World, script: &str, arguments: &[&str]) -> Command {
    let path = world.folder.dir.path().join("bin/session-manager-plugin");
    world.folder.write("bin/session-manager-plugin", script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
    let mut command = world.folder.command(arguments);
    command.env("PATH", path.parent().expect("a folder"));
    command
}

fn run(world: &World, arguments: &[&str]) -> Run {
    finished(with_plugin(world, PLUGIN, arguments))
}

fn task(world: &World) -> Value {
    let listed = world.call("ListTasks", json!({"cluster": "main", "serviceName": "web"}));
    let described = json!({"cluster": "main", "tasks": listed["taskArns"]});
    world.call("DescribeTasks", described)["tasks"][0].clone()
}

#[test]
fn plugin_gets_the_arguments_of_the_aws_cli_and_sets_the_exit_code() {
    let world = world(enabled());
    let task = task(&world);
    let arn = task["taskArn"].as_str().expect("an ARN");
    let id = arn.rsplit('/').next().expect("an id");
    let run = run(&world, &["exec", "web", "--task", id, "--profile", ""]).exits(7);
    let given: Vec<&str> = run.stdout.lines().collect();
    let [session, region, verb, profile, parameters, endpoint] = given.as_slice() else {
        panic!("{given:?}")
    };
    let session: Value = serde_json::from_str(session).expect("JSON");
    let members: Vec<&String> = session.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["sessionId", "streamUrl", "tokenValue"]);
    assert_eq!((*region, *verb, *profile), ("us-east-1", "StartSession", ""));
    let target = format!("ecs:main_{id}_{}", task["containers"][0]["runtimeId"].as_str().expect("an id"));
    assert_eq!(serde_json::from_str::<Value>(parameters).expect("JSON"), json!({"Target": target}));
    assert_eq!(*endpoint, world.sandbox.url());
    let asked = world.calls("ExecuteCommand").remove(0).body;
    let expected = json!({"cluster": "main", "command": "/bin/sh", "container": "app", "interactive": true, "task": arn});
    assert_eq!(asked, expected);
    let said = format!("web: `/bin/sh` in container `app` of task {id} (web:1)");
    let token = session["tokenValue"].as_str().expect("a token");
    assert!(!run.says(&said).stderr.contains(token), "the token is not told");
    world.unchanged();
}

#[test]
fn a_command_is_quoted_as_a_shell_needs_it() {
    let world = world(enabled());
    run(&world, &["exec", "web", "--", "sh", "-c", "echo $HOME"]).exits(7);
    run(&world, &["exec", "web", "--", "ps aux | head"]).exits(7);
    let commands: Vec<Value> =
        world.calls("ExecuteCommand").into_iter().map(|call| call.body["command"].clone()).collect();
    assert_eq!(commands, ["sh -c 'echo $HOME'", "ps aux | head"]);
}

#[test]
fn it_needs_no_manifest() {
    let world = World::with(Scenario::Steady, &[], &[enabled()]);
    run(&world, &["exec", "web", "--cluster", "main"]).exits(7);
    run(&world, &["exec", "--cluster", "main", "--service", "web", "--", "ls"]).exits(7);
}

#[test]
fn all_missing_prerequisites_are_reported_at_once() {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["readonlyRootFilesystem"] = json!(true);
    let world = world(seeded);
    let run = world.run(&["exec", "web"]).exits(1);
    let run =
        run.says("error: ECS Exec is not enabled on service `web`").says("`enableExecuteCommand: true`");
    let run = run.says("error: task definition web:1 has no `taskRoleArn`");
    let run = run.says("error: container `app` has a read-only file system");
    run.says("error: `session-manager-plugin` is not installed").says("https://docs.aws.amazon.com/");
    assert!(world.calls("ExecuteCommand").is_empty());
    let json = world.run(&["exec", "web", "--output", "json"]).exits(1).event("error");
    assert_eq!(json["failures"].as_array().map(Vec::len), Some(4), "{json:#}");
}

#[test]
fn task_started_before_exec_was_enabled_is_reported() {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["taskRoleArn"] = json!("arn:aws:iam::123456789012:role/web");
    let world = world(seeded);
    world.call("UpdateService", json!({"cluster": "main", "service": "web", "enableExecuteCommand": true}));
    let run = run(&world, &["exec", "web"]).exits(1);
    run.says("was started before ECS Exec was enabled").says("ecsail restart web");
}

#[test]
fn stopped_agent_is_reported() {
    let mut seeded = enabled();
    seeded.task_definition["containerDefinitions"][0]["readonlyRootFilesystem"] = json!(true);
    let run = run(&world(seeded), &["exec", "web"]).exits(1);
    run.says("the ExecuteCommandAgent of container `app`").says("is STOPPED");
}

#[test]
fn service_without_running_tasks_is_an_error() {
    let mut seeded = enabled();
    seeded.service["desiredCount"] = json!(0);
    let run = run(&world(seeded), &["exec", "web"]).exits(1).says("service `web` has no running task");
    run.says("ecsail scale web --desired 1");
}

#[test]
fn a_task_or_container_that_is_not_there_is_an_error() {
    let world = world(enabled());
    run(&world, &["exec", "web", "--task", "x"]).exits(1).says("no running task `x`").says("running tasks: ");
    run(&world, &["exec", "web", "--container", "ap"]).exits(2).says("did you mean `app`?");
    run(&world, &["exec", "wep", "--cluster", "main"]).exits(2).says("did you mean `web`?");
}

#[test]
fn a_session_that_is_not_connected_is_tried_again_and_then_explained() {
    let world = world(enabled());
    let message = "The execute command failed due to an internal error. Try again later.".to_owned();
    let kind = FaultKind::Code { status: 400, code: "TargetNotConnectedException".to_owned(), message };
    world.sandbox.inject(Fault::on("ExecuteCommand", kind.clone()).times(2));
    run(&world, &["exec", "web"]).exits(7);
    world.sandbox.inject(Fault::on("ExecuteCommand", kind).always());
    let run = run(&world, &["exec", "web"]).exits(1).says("TargetNotConnectedException");
    run.says("hint: the task role has to allow `ssmmessages:CreateControlChannel`").says("VPC endpoint");
}

#[test]
fn permissions_that_are_missing_are_named() {
    let world = world(enabled());
    world.sandbox.inject(Fault::on("DescribeTaskDefinition", FaultKind::AccessDenied));
    run(&world, &["exec", "web"])
        .exits(7)
        .says("note: the task role and the file system of the container are not");
    world.sandbox.inject(Fault::on("ExecuteCommand", FaultKind::AccessDenied).always());
    run(&world, &["exec", "web"]).exits(1).says("hint: allow `ecs:ExecuteCommand`");
}

#[test]
fn sandbox_ends_before_the_plugin() {
    let manifest = format!("{MANIFEST}    service: {{ enableExecuteCommand: true }}\n");
    let definition = format!("taskRoleArn: arn:aws:iam::123456789012:role/web\n{DEFINITION}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[]);
    let run = run(&world, &["--sandbox", "exec", "web"]).exits(1);
    assert_eq!(run.stdout, "", "the plugin would reach out");
    run.says("error: the sandbox has no containers to connect to: in AWS, `session-manager-plugin` would");
}

#[test]
fn interrupt_is_handled_by_the_plugin() {
    let world = world(enabled());
    // Handles an interrupt and continues, as the plugin does, which forwards it to the container.
    let script = "#!/bin/sh\ntrap 'echo heard; exit 5' INT\necho ready\nwhile :; do /bin/sleep 0.05; done\n";
    let mut command = with_plugin(&world, script, &["exec", "web"]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("text");
    assert_eq!(line, "ready\n");
    let kill = |pid: u32| {
        let sent = Command::new("kill").args(["-INT", &pid.to_string()]).status();
        assert!(sent.expect("`kill` is there").success());
    };
    // A terminal sends it to both processes.
    let children =
        Command::new("pgrep").args(["-P", &child.id().to_string()]).output().expect("`pgrep` is there");
    let plugin: u32 = String::from_utf8_lossy(&children.stdout).trim().parse().expect("one child");
    kill(child.id());
    kill(plugin);
    line.clear();
    stdout.read_line(&mut line).expect("text");
    assert_eq!(line, "heard\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(5));
}
