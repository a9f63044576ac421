//! Tests of `ecsail tasks`: the running tasks, and why the stopped ones stopped.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::support::{World, service};

#[test]
fn running_tasks_are_a_line_each() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["tasks", "web"]).exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stdout);
    assert!(lines[0].starts_with("TASK ") && lines[0].ends_with("  ZONE        ADDRESS"), "{}", run.stdout);
    assert!(lines[1].contains("  RUNNING  web:1     "), "{}", run.stdout);
    world.unchanged();
}

#[test]
fn json_has_all_data_of_a_task() {
    let world = World::new(Scenario::Steady);
    let task = world.run(&["tasks", "--output", "json"]).exits(0).event("task");
    assert_eq!(
        (&task["service"], &task["status"], &task["revision"]),
        (&json!("web"), &json!("RUNNING"), &json!("web:1"))
    );
    assert_eq!(task["containers"][0]["name"], "app");
    assert_eq!(task["task"].as_str().map(str::len), Some(32));
    assert!(
        task["address"].is_string() && task["zone"].is_string() && task["started_at"].is_number(),
        "{task}"
    );
    assert!(task.get("stop_code").is_none());
}

#[test]
fn pending_tasks_are_shown() {
    let world = World::new(Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.advance(std::time::Duration::from_secs(10));
    let run = world.run(&["tasks", "web"]).exits(0);
    assert_eq!(run.stdout.matches("web:2").count(), 2, "{}", run.stdout);
    assert_eq!(run.stdout.matches("web:1").count(), 2, "{}", run.stdout);
}

#[test]
fn stopped_tasks_have_a_reason() {
    let world = World::with_breaker(Scenario::Crash);
    world.deploy("v2").exits(3);
    let run = world.run(&["tasks", "web", "--stopped"]).exits(0).answers("EssentialContainerExited");
    let run =
        run.answers("    Essential container in task exited\n").answers("    container `app`: exit code 1\n");
    assert_eq!(run.stdout.matches("    remedy: ").count(), run.stdout.matches("    cause: ").count());
    assert_eq!(
        run.stdout.matches("    cause: the program exited with an error").count(),
        1,
        "{}",
        run.stdout
    );
    let task = world.run(&["tasks", "--stopped", "--output", "json"]).exits(0).event("task");
    assert_eq!(task["containers"][0]["exit_code"], 1);
    assert_eq!(task["causes"][0]["cause"], "the program exited with an error");
}

#[test]
fn task_that_never_started_has_a_reason() {
    let world = World::with_breaker(Scenario::NoImage);
    world.deploy("v2").exits(3);
    let run = world.run(&["tasks", "web", "--stopped"]).exits(0).answers("TaskFailedToStart");
    run.answers("CannotPullContainerError").answers("remedy: push the image, or correct its tag");
}

#[test]
fn empty_lists_have_a_text() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({"desiredCount": 0}))]);
    let arguments = ["tasks", "web", "--cluster", "main"];
    world.run(&arguments).exits(0).answers("web: no running tasks\n");
    let run = world.run(&[&arguments[..], &["--stopped"]].concat()).exits(0);
    run.answers("web: no tasks stopped in the last hour\n");
    assert_eq!(world.run(&[&arguments[..], &["--output", "json"]].concat()).exits(0).stdout, "");
}

#[test]
fn more_than_a_hundred_tasks_are_read_in_batches() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({"desiredCount": 230}))]);
    let run = world.run(&["tasks", "web", "--cluster", "main", "--output", "json"]).exits(0);
    let ids: std::collections::BTreeSet<String> =
        run.events().iter().map(|task| task["task"].to_string()).collect();
    assert_eq!(ids.len(), 230);
    assert_eq!(world.calls("ListTasks").len(), 3);
    assert_eq!(world.calls("DescribeTasks").len(), 3);
}

#[test]
fn what_may_not_be_read_is_an_error_with_a_hint() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("ListTasks", FaultKind::AccessDenied).always());
    world.run(&["tasks", "web"]).exits(1).says("ecs:ListTasks").says("allow `ecs:ListTasks`");
}

#[test]
fn one_service_has_to_be_named() {
    let world = World::with(Scenario::Steady, &[], &[service("a", json!({})), service("b", json!({}))]);
    world.run(&["tasks", "--cluster", "main"]).exits(2).says("name one of a, b");
    world.run(&["tasks", "c", "--cluster", "main"]).exits(2).says("no service named `c`");
}

#[test]
fn a_reason_shows_neither_a_secret_nor_what_steers_a_terminal() {
    let world = World::new(Scenario::Steady);
    let task = world.call("ListTasks", json!({"cluster": "main"}))["taskArns"][0].clone();
    let reason = "exec: \"DB_PASSWORD=hunter2 ./run\": no such file\u{1b}[2J";
    world.call("StopTask", json!({"cluster": "main", "task": task, "reason": reason}));
    let shown = world.run(&["tasks", "web", "--stopped", "--output", "json"]).exits(0).event("task");
    assert_eq!(shown["stopped_reason"], "exec: \"DB_PASSWORD=(hidden) ./run\": no such file");
}
