//! `ecsail run`: tasks of their own, to their end, with their lines and their exit code.

use ecsail::sandbox::{Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{Run, World, service};

/// Returns service `web`, whose container writes to a log group, in a network of its own.
fn logging() -> SeedService {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"]}},
        "launchType": "FARGATE", "platformVersion": "1.4.0"});
    let mut seeded = service("web", network);
    seeded.task_definition["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs",
        "options": {"awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}});
    seeded
}

fn world(scenario: Scenario) -> World {
    World::with(scenario, &[], &[logging()])
}

/// Runs a task like service `web`, with arguments before and a command after.
fn run(world: &World, arguments: &[&str], command: &[&str]) -> Run {
    let like = ["run", "--cluster", "main", "--like", "web"];
    world.run(&[&like, arguments, &["--"], command].concat())
}

/// Returns the tasks outside of services, as DescribeTasks gives them.
fn tasks(world: &World) -> Vec<Value> {
    let of = |status: &str| {
        let listed =
            world.call("ListTasks", json!({"cluster": "main", "family": "web", "desiredStatus": status}));
        listed["taskArns"].as_array().cloned().unwrap_or_default()
    };
    let arns: Vec<Value> = of("RUNNING").into_iter().chain(of("STOPPED")).collect();
    let described = world.call("DescribeTasks", json!({"cluster": "main", "tasks": arns}));
    let mut tasks = described["tasks"].as_array().cloned().unwrap_or_default();
    tasks.retain(|task| !task["group"].as_str().unwrap_or_default().starts_with("service:"));
    tasks
}

#[test]
fn a_task_that_ends_well_gives_its_lines_and_zero() {
    let world = world(Scenario::Steady);
    let run = run(&world, &[], &["bin/migrate"]).exits(0);
    assert!(
        run.stdout.starts_with("starting app, web:1\n") && run.stdout.ends_with("done\n"),
        "{}",
        run.stdout
    );
    run.says("web: web:1 ended with exit code 0 after ");
}

#[test]
fn it_runs_what_the_service_runs_where_the_service_runs() {
    let world = world(Scenario::Steady);
    run(&world, &["--env", "BATCH=5=5", "--memory", "2048"], &["bin/migrate", "--now"]).exits(0);
    let sent = &world.calls("RunTask")[0].body;
    assert_eq!(
        sent["networkConfiguration"]["awsvpcConfiguration"]["subnets"],
        json!(["subnet-1", "subnet-2"])
    );
    assert_eq!((&sent["launchType"], &sent["platformVersion"]), (&json!("FARGATE"), &json!("1.4.0")));
    let expected = json!({"name": "app", "command": ["bin/migrate", "--now"],
        "environment": [{"name": "BATCH", "value": "5=5"}]});
    assert_eq!(tasks(&world)[0]["overrides"]["containerOverrides"], json!([expected]));
}
