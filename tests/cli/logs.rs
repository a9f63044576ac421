//! Tests of `ecsail logs`: the lines of all tasks of a service in order of time, also across rollouts.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};

use ecsail_sandbox::{Fault, FaultKind, Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, REPOSITORY, World, service};

/// The sandbox's clock starts at the beginning of the year, and its services have then been running for an hour.
const ALL: &str = "--since=2025-12-31T22:00:00Z";

fn options(group: &str) -> Value {
    json!({"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "web"}})
}

/// Returns service `web` with this log group.
fn logging(group: &str) -> SeedService {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["logConfiguration"] = options(group);
    seeded
}

fn world(seeded: SeedService) -> World {
    World::with(Scenario::Steady, &[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)], &[seeded])
}

/// Returns the ids of the running tasks.
fn tasks(world: &World) -> Vec<String> {
    let listed = world.call("ListTasks", json!({"cluster": "main", "serviceName": "web"}));
    let id = |arn: &Value| arn.as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
    listed["taskArns"].as_array().into_iter().flatten().map(id).collect()
}

/// Updates the service to a revision with this log group.
fn redeploy(world: &World, group: &str) {
    let mut document = logging(group).task_definition;
    document["containerDefinitions"][0]["image"] = json!(format!("{REPOSITORY}:v2"));
    let arn = world.call("RegisterTaskDefinition", document)["taskDefinition"]["taskDefinitionArn"].clone();
    world.call("UpdateService", json!({"cluster": "main", "service": "web", "taskDefinition": arn}));
}

#[test]
fn the_lines_of_all_tasks_are_in_the_order_of_time() {
    let world = world(logging("/shop/web"));
    let run = world.run(&["logs", "web", ALL, "--output", "json"]).exits(0);
    let events = run.events();
    let times: Vec<f64> = events.iter().map(|event| event["at"].as_f64().expect("a time")).collect();
    assert!(times.is_sorted() && times.len() > 500, "{} lines", times.len());
    for task in tasks(&world) {
        assert!(events.iter().any(|event| event["task"] == task.as_str()), "{task}");
    }
    let first = &events[0];
    let expected = (&json!("log"), &json!("web"), &json!("app"), &json!("starting app, web:1"));
    assert_eq!((&first["event"], &first["service"], &first["container"], &first["message"]), expected);
    world.unchanged();
}

#[test]
fn a_line_has_its_task_and_its_container_before_it() {
    let world = world(logging("/shop/web"));
    let run = world.run(&["logs", "web", ALL]).exits(0);
    for task in tasks(&world) {
        let line = format!("{} app | listening on 0.0.0.0:8080\n", &task[..8]);
        assert!(run.stdout.contains(&line), "{line}");
    }
    assert_eq!(run.stderr, "");
}

/// Returns the first line that a command shows with these variables set.
fn first_line(world: &World, arguments: &[&str], zone: &str) -> String {
    let mut command = world.folder.command(&[&["logs", "web", ALL], arguments].concat());
    command.env("TZ", zone);
    let run = crate::support::finished(command).exits(0);
    run.stdout.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_line_has_its_time_in_the_zone_of_the_machine_or_in_utc() {
    let world = world(logging("/shop/web"));
    let local = first_line(&world, &[], "Asia/Tokyo");
    assert!(local.starts_with("2026-01-01 08:00:0"), "{local}");
    let utc = first_line(&world, &["--utc"], "Asia/Tokyo");
    assert!(utc.starts_with("2025-12-31 23:00:0") && utc.as_bytes()[19] == b'Z', "{utc}");
    let id = tasks(&world).iter().any(|task| utc[21..].starts_with(&task[..8]));
    assert!(id, "the task follows: {utc}");
}

#[test]
fn times_can_be_left_out() {
    let world = world(logging("/shop/web"));
    let plain = first_line(&world, &["--no-timestamps"], "Asia/Tokyo");
    assert!(tasks(&world).iter().any(|task| plain.starts_with(&task[..8])), "{plain}");
    world.run(&["logs", "web", "--no-timestamps", "--utc"]).exits(2);
}

#[test]
fn as_json_nothing_is_added_to_a_line() {
    let world = world(logging("/shop/web"));
    let run = world.run(&["logs", "web", ALL, "--utc", "--output", "json", "--color", "always"]).exits(0);
    assert_eq!(run.events()[0]["message"], "starting app, web:1");
}

/// Returns a world in which the tasks of `web` crash after they have written an error and their configuration.
fn crashing() -> World {
    let world = world(logging("/shop/web"));
    world.sandbox.set_scenario(None, Scenario::Crash);
    redeploy(&world, "/shop/web");
    world.sandbox.advance(std::time::Duration::from_mins(3));
    world
}

#[cfg(unix)]
#[test]
fn on_a_terminal_levels_have_their_colour() {
    let world = crashing();
    let command = world.folder.command(&["logs", "web", ALL, "--filter", "ERROR"]);
    let (text, code) = crate::support::pseudo_terminal::PseudoTerminal::start(command, 80, 24).finish();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("\u{1b}[31mERROR\u{1b}[0m could not connect"), "{text:?}");
    let piped = world.run(&["logs", "web", ALL, "--filter", "ERROR"]).exits(0);
    assert!(piped.stdout.contains(" | ERROR could not connect"), "{}", piped.stdout);
    assert!(!piped.stdout.contains('\u{1b}'));
}

#[test]
fn secrets_are_masked_where_that_is_asked_for() {
    let world = crashing();
    let plain = world.run(&["logs", "web", ALL, "--filter", "DATABASE_URL"]).exits(0);
    let plain = plain.answers("DATABASE_URL=postgres://app:hunter2@db/shop");
    let masked = world.run(&["logs", "web", ALL, "--filter", "DATABASE_URL", "--mask"]).exits(0);
    let masked = masked.answers("DATABASE_URL=postgres://(hidden)@db/shop POOL_SIZE=10");
    assert!(!masked.stdout.contains("hunter2"));
    assert_eq!(masked.stdout.lines().count(), plain.stdout.lines().count());
    let json = world.run(&["logs", "web", ALL, "--mask", "--output", "json"]).exits(0);
    assert!(!json.stdout.contains("hunter2"));
}

#[test]
fn only_needed_calls_are_made() {
    let world = world(logging("/shop/web"));
    world.run(&["logs", "web", ALL]).exits(0);
    let asked: Vec<_> = world.sandbox.requests().into_iter().map(|request| request.operation).collect();
    assert_eq!(asked, ["DescribeServices", "DescribeTaskDefinition", "FilterLogEvents"]);
}

#[test]
fn it_needs_no_manifest() {
    let world = World::with(Scenario::Steady, &[], &[logging("/shop/web")]);
    world.run(&["logs", "web", "--cluster", "main", ALL]).exits(0).answers("app | listening on");
    world.run(&["logs", "--service", "web", "--cluster", "main", ALL]).exits(0).answers("app | listening on");
    let near = world.run(&["logs", "wep", "--cluster", "main"]).exits(2);
    near.says("no service named `wep`").says("did you mean `web`?");
}

#[test]
fn f_is_follow_and_a_manifest_is_named_before_the_verb() {
    let world = world(logging("/shop/web"));
    std::fs::rename(world.folder.dir.path().join("ecsail.yml"), world.folder.dir.path().join("other.yml"))
        .expect("it is there");
    world.run(&["-f", "other.yml", "logs", "web", ALL]).exits(0).answers("app | listening on");
    world.run(&["logs", "web", ALL, "--manifest", "other.yml"]).exits(0).answers("app | listening on");
}

#[test]
fn only_one_task_is_read_where_that_is_asked_for() {
    let world = world(logging("/shop/web"));
    let (one, other) = (tasks(&world)[0].clone(), tasks(&world)[1].clone());
    let run = world.run(&["logs", "web", ALL, "--task", &one[..8]]).exits(0).answers(&one[..8]);
    assert!(!run.stdout.contains(&other[..8]));
    let none = world.run(&["logs", "web", ALL, "--task", "nothing"]).exits(0);
    assert_eq!(none.stdout, "");
    none.says("note: no matching log lines since 2025-12-31 22:00Z");
}

#[test]
fn a_filter_is_a_text_and_a_limit_keeps_the_last_lines() {
    let world = world(logging("/shop/web"));
    let run = world.run(&["logs", "web", ALL, "--filter", "listening on"]).exits(0);
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
    let all = world.run(&["logs", "web", ALL]).exits(0).stdout;
    let last = world.run(&["logs", "web", ALL, "--limit", "3"]).exits(0).stdout;
    assert_eq!(last.lines().count(), 3);
    assert!(all.ends_with(&last));
}

#[test]
fn several_pages_are_one_answer() {
    let mut seeded = logging("/shop/web");
    seeded.service = json!({"desiredCount": 12});
    let world = world(seeded);
    // More than the 10,000 events of a page.
    world.sandbox.advance(std::time::Duration::from_hours(3));
    let run = world.run(&["logs", "web", ALL]).exits(0);
    assert!(run.stdout.lines().count() > 10_000, "{}", run.stdout.lines().count());
    assert!(world.calls("FilterLogEvents").len() > 1);
}

#[test]
fn without_a_prefix_the_streams_are_those_of_the_tasks() {
    let mut seeded = logging("/shop/web");
    seeded.task_definition = json!({"family": "web", "containerDefinitions": [{"name": "app", "memory": 128,
        "image": format!("{REPOSITORY}:v1"),
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/shop/web", "awslogs-region": "us-east-1"}}}]});
    let world = world(seeded);
    let run = world.run(&["logs", "web", ALL]).exits(0);
    for task in tasks(&world) {
        assert!(run.stdout.contains(&format!("{} app | listening on", &task[..8])), "{}", run.stdout);
    }
}

#[test]
fn a_container_that_writes_elsewhere_is_named_and_keeps_nothing_back() {
    let mut seeded = logging("/shop/web");
    let containers = &mut seeded.task_definition["containerDefinitions"];
    let side = json!({"name": "side", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": false,
        "logConfiguration": {"logDriver": "splunk"}});
    containers.as_array_mut().expect("a list").push(side);
    let world = world(seeded);
    let run = world.run(&["logs", "web", ALL]).exits(0).answers("app | listening");
    run.says("note: failed to read the log of container `side` of web:1: its log driver is `splunk`");
    let only = world.run(&["logs", "web", ALL, "--container", "side"]).exits(1);
    only.says("error: failed to read the log of container `side` of web:1").says("`splunk`");
    let near = world.run(&["logs", "web", "--container", "sid"]).exits(2);
    near.says("no container named `sid` in service `web`").says("did you mean `side`?");
}

#[test]
fn a_service_without_log_options_has_nothing_to_read() {
    let world = world(service("web", json!({})));
    let run = world.run(&["logs", "web"]).exits(1);
    run.says("error: failed to read the log of container `app` of web:1")
        .says("it has no `logConfiguration`");
    assert!(world.calls("FilterLogEvents").is_empty());
}

#[test]
fn a_group_that_is_not_there_is_said_with_what_to_do() {
    let world = world(logging("/shop/web"));
    let kind = FaultKind::Code {
        status: 400,
        code: "ResourceNotFoundException".to_owned(),
        message: "The specified log group does not exist.".to_owned(),
    };
    world.sandbox.inject(Fault::on("FilterLogEvents", kind).always());
    let run = world.run(&["logs", "web", ALL]).exits(1);
    let run = run.says("error: no log group named `/shop/web` in us-east-1, to which container `app` writes");
    run.says("aws logs create-log-group --log-group-name /shop/web");
}

#[test]
fn a_permission_that_is_missing_is_named() {
    let world = world(logging("/shop/web"));
    world.sandbox.inject(Fault::on("FilterLogEvents", FaultKind::AccessDenied).always());
    let run = world.run(&["logs", "web", ALL]).exits(1).says("error: failed to read log group `/shop/web`");
    run.says("hint: allow `logs:FilterLogEvents`");
    let run = world.run(&["logs", "web", ALL, "--output", "json"]).exits(1);
    assert_eq!(run.event("error")["kind"], "error");
}

#[test]
fn throttling_is_retried() {
    let world = world(logging("/shop/web"));
    world.sandbox.inject(Fault::on("FilterLogEvents", FaultKind::Throttling).times(2));
    world.run(&["logs", "web", ALL]).exits(0).answers("app | listening on");
}

#[test]
fn a_pattern_that_cloudwatch_refuses_is_an_error() {
    let world = world(logging("/shop/web"));
    world.run(&["logs", "web", "--filter", "{ $.level = }"]).exits(1).says("Invalid filter pattern");
}

/// Starts `logs --follow`, and returns the process and its stdout.
fn follow(world: &World, arguments: &[&str]) -> (Child, impl BufRead + use<>) {
    let mut child = world.start(&[&["logs", "web", "-f", ALL], arguments].concat());
    let stdout = BufReader::new(child.stdout.take().expect("piped"));
    (child, stdout)
}

/// Interrupts a process, and returns its exit code and its stderr.
fn interrupt(mut child: Child) -> (Option<i32>, String) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
    // Its stdout is no longer read, and must not block it.
    let mut stderr = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("text");
    (child.wait().expect("it ends").code(), stderr)
}

#[test]
fn new_lines_follow_each_once_and_ctrl_c_is_no_error() {
    let world = world(logging("/shop/web"));
    let (child, mut stdout) = follow(&world, &["--output", "json"]);
    let mut seen = Vec::new();
    let mut line = String::new();
    // Two tasks write about 600 lines in an hour, so later lines were written while reading.
    while seen.len() < 640 {
        line.clear();
        assert!(stdout.read_line(&mut line).expect("text") > 0, "it ended after {} lines", seen.len());
        let event: Value = serde_json::from_str(&line).expect("JSON");
        seen.push(format!("{} {}", event["task"], event["at"]));
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "no line comes twice");
    let (code, stderr) = interrupt(child);
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn rollout_to_another_group_is_followed() {
    let world = world(logging("/shop/web"));
    let (child, mut stdout) = follow(&world, &[]);
    let mut line = String::new();
    stdout.read_line(&mut line).expect("text");
    redeploy(&world, "/shop/new");
    while !line.contains("starting app, web:2") {
        line.clear();
        assert!(stdout.read_line(&mut line).expect("text") > 0, "it ended");
    }
    let (code, stderr) = interrupt(child);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        stderr.matches("the first tasks of web:2 are starting: their log lines follow").count(),
        1,
        "{stderr}"
    );
}

#[test]
fn follow_ends_when_the_service_is_deleted() {
    let world = world(logging("/shop/web"));
    let (child, mut stdout) = follow(&world, &[]);
    let mut line = String::new();
    stdout.read_line(&mut line).expect("text");
    world.call("DeleteService", json!({"cluster": "main", "service": "web", "force": true}));
    stdout.read_to_string(&mut line).expect("text");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert!(stderr.contains("service `web` was deleted"), "{stderr}");
    assert!(line.contains("closed all connections, bye"), "the last lines are read");
}

#[test]
fn closed_stdout_ends_the_follow() {
    let world = world(logging("/shop/web"));
    let (mut child, stdout) = follow(&world, &[]);
    drop(stdout);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn errors_of_the_log_do_not_end_following_and_expired_credentials_do() {
    let world = world(logging("/shop/web"));
    world.sandbox.inject(Fault::on("FilterLogEvents", FaultKind::AccessDenied).times(3).after(1));
    world.sandbox.inject(Fault::on("FilterLogEvents", FaultKind::ExpiredToken).always().after(8));
    let run = world.run(&["logs", "web", "--follow", ALL]).exits(1).answers("app | listening on");
    assert_eq!(run.stderr.matches("read log group `/shop/web`").count(), 1, "{}", run.stderr);
    run.says("error: the AWS credentials have expired");
}
