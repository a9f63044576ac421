//! Pins the whole output of every verb: as text, as JSON, and when it is refused. Times, ids and durations are compared by
//! their form.

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::json;

use crate::docs::normalised;
use crate::support::{DEFINITION, MANIFEST, Run, World, service};

const SCHEDULES: &str = "\
schedule_role: scheduler
schedules:
  nightly:
    expression: cron(0 3 * * ? *)
    timezone: Asia/Tokyo
    task: { like: web, command: [ bin/report ] }
  hourly:
    via: rule
    expression: rate(1 hour)
    task: { like: web }
";

/// Returns service `web` with a network, a log group, and ECS Exec.
fn web() -> SeedService {
    let mut seeded = service(
        "web",
        json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            "launchType": "FARGATE", "enableExecuteCommand": true}),
    );
    seeded.task_definition["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs",
        "options": {"awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}});
    seeded
}

/// Returns a world with service `web` in this scenario, and two schedules in the manifest.
fn world(scenario: Scenario) -> World {
    let manifest = format!("{MANIFEST}{SCHEDULES}");
    World::with(scenario, &[("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)], &[web()])
}

/// A command line, what runs before it, and the scenario.
struct Case {
    scenario: Scenario,
    before: &'static [&'static [&'static str]],
    command: &'static [&'static str],
}

const STEADY: Case = Case { scenario: Scenario::Steady, before: &[], command: &[] };
const DEPLOY: &[&str] = &["deploy", "service", "web", "--tag", "v2", "--yes"];
const DEPLOY_ALL: &[&str] = &["deploy", "--tag", "v2", "--yes"];
const START: &[&str] = &["deploy", "service", "web", "--tag", "v2", "--yes", "--no-wait"];

/// Returns what a run printed, without what differs from run to run.
fn shown(title: &str, run: &Run) -> String {
    let lines =
        |text: &str| text.lines().map(|line| normalised(&without_seconds(line)) + "\n").collect::<String>();
    format!(
        "$ ecsail {title}\nexit {}\n--- stdout\n{}--- stderr\n{}",
        run.code,
        lines(&run.stdout),
        lines(&run.stderr)
    )
}

/// Returns a line without the figures of `"seconds"` in JSON: how long a run took differs from run to run.
fn without_seconds(line: &str) -> String {
    let mut parts = line.split("\"seconds\":");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, rest| {
        // A short time has an exponent: `8.5e-5`.
        let rest = rest
            .trim_start_matches(|character: char| character.is_ascii_digit() || ".e-".contains(character));
        text + "\"seconds\":SECONDS" + rest
    })
}

/// Returns the outputs of a command line, as text and as JSON, each in a fresh world.
fn both(case: &Case) -> String {
    let one = |output: &[&str]| {
        let world = world(case.scenario);
        for before in case.before {
            world.run(before);
        }
        let arguments = [output, case.command].concat();
        shown(&arguments.join(" "), &world.run(&arguments))
    };
    one(&[]) + "\n" + &one(&["--output", "json"])
}

/// Returns the outputs of these cases as one page.
fn page(cases: &[Case]) -> String {
    cases.iter().map(both).collect::<Vec<_>>().join("\n")
}

/// Pins the outputs of a verb.
macro_rules! pinned {
    ($($test:ident: $cases:expr;)+) => {
        $(#[test]
        fn $test() {
            insta::with_settings!({ omit_expression => true }, {
                insta::assert_snapshot!(page(&$cases));
            });
        })+
    };
}

pinned! {
    check: [
        Case { command: &["check"], ..STEADY },
        Case { command: &["check", "--stage", "production"], ..STEADY },
    ];
    render: [
        Case { command: &["render", "--tag", "v2"], ..STEADY },
        Case { command: &["render"], ..STEADY },
        Case { command: &["render", "service", "nope", "--tag", "v2"], ..STEADY },
    ];
    plan: [
        Case { command: &["plan", "--tag", "v2"], ..STEADY },
        Case { command: &["plan", "--tag", "v9"], ..STEADY },
        Case { command: &["plan", "service", "web", "--tag", "v2", "--exit-code"], before: &[DEPLOY], ..STEADY },
    ];
    deploy: [
        Case { command: DEPLOY_ALL, ..STEADY },
        Case { command: DEPLOY, before: &[DEPLOY], ..STEADY },
        Case { command: START, ..STEADY },
        Case { command: &["deploy", "service", "web", "--tag", "v9"], ..STEADY },
        Case { command: DEPLOY, before: &[START], scenario: Scenario::Stuck },
    ];
    failed_deploy: [
        Case { command: DEPLOY, scenario: Scenario::Crash, ..STEADY },
        Case { command: DEPLOY, scenario: Scenario::NoImage, ..STEADY },
    ];
    status: [
        Case { command: &["status"], before: &[DEPLOY], ..STEADY },
        Case { command: &["status"], before: &[START], scenario: Scenario::Stuck },
        Case { command: &["status", "nope"], ..STEADY },
    ];
    history: [
        Case { command: &["history", "web"], before: &[DEPLOY], ..STEADY },
        Case { command: &["history", "nope"], ..STEADY },
    ];
    tasks: [
        Case { command: &["tasks", "web"], ..STEADY },
        Case { command: &["tasks", "nope"], ..STEADY },
    ];
    images: [
        Case { command: &["images", "web"], ..STEADY },
        Case { command: &["images", "nope"], ..STEADY },
    ];
    revisions: [
        Case { command: &["revisions", "web"], before: &[DEPLOY], ..STEADY },
        Case { command: &["revisions", "nope"], ..STEADY },
    ];
    prune: [
        Case { command: &["prune", "web", "--keep", "1", "--yes"], before: &[DEPLOY], ..STEADY },
        Case { command: &["prune", "web", "--keep", "0"], ..STEADY },
    ];
    wait: [
        Case { command: &["wait", "web"], ..STEADY },
        Case { command: &["wait", "nope"], ..STEADY },
    ];
    rollback: [
        Case { command: &["rollback", "web", "--yes"], before: &[DEPLOY], ..STEADY },
        Case { command: &["rollback", "web", "--yes"], ..STEADY },
        Case { command: &["rollback", "web"], before: &[DEPLOY], ..STEADY },
        Case { command: &["rollback", "web", "--dry-run"], before: &[DEPLOY], ..STEADY },
    ];
    cancel: [
        Case { command: &["cancel", "web", "--yes"], before: &[START], scenario: Scenario::Stuck },
        Case { command: &["cancel", "web", "--yes"], ..STEADY },
    ];
    r#continue: [
        Case { command: &["continue", "web", "--yes"], before: &[START], scenario: Scenario::Stuck },
        Case { command: &["continue", "web", "--yes"], ..STEADY },
    ];
    restart: [
        Case { command: &["restart", "web", "--yes"], ..STEADY },
        Case { command: &["restart", "nope", "--yes"], ..STEADY },
    ];
    logs: [
        Case { command: &["logs", "web", "--since", "1m"], ..STEADY },
        Case { command: &["logs", "nope"], ..STEADY },
    ];
    exec: [
        Case { command: &["exec", "web", "--", "true"], ..STEADY },
        Case { command: &["exec", "nope", "--", "true"], ..STEADY },
    ];
    run: [
        Case { command: &["run", "--like", "nope", "--", "true"], ..STEADY },
        Case { command: &["run", "nope"], ..STEADY },
    ];
    schedule: [
        Case { command: &["schedule", "list"], before: &[DEPLOY_ALL], ..STEADY },
        Case { command: &["schedule", "diff", "--tag", "v3"], before: &[DEPLOY_ALL], ..STEADY },
        Case { command: &["schedule", "run", "nightly"], before: &[DEPLOY_ALL], ..STEADY },
        Case { command: &["schedule", "disable", "nightly"], before: &[DEPLOY_ALL], ..STEADY },
        Case { command: &["schedule", "enable", "hourly"], before: &[DEPLOY_ALL], ..STEADY },
        Case { command: &["schedule", "prune"], before: &[DEPLOY_ALL], ..STEADY },
        Case { command: &["schedule", "run", "nope"], ..STEADY },
    ];
    stop_task: [
        Case { command: &["stop-task", "web", "0123456789abcdef", "--yes"], ..STEADY },
        Case { command: &["stop-task", "nope", "0123456789abcdef", "--yes"], ..STEADY },
    ];
    scale: [
        Case { command: &["scale", "web", "--desired", "3", "--yes"], ..STEADY },
        Case { command: &["scale", "nope", "--desired", "3", "--yes"], ..STEADY },
    ];
    explain: [
        Case { command: &["explain", "fargate-size"], ..STEADY },
        Case { command: &["explain", "nope"], ..STEADY },
    ];
    sandbox: [
        Case { command: &["sandbox", "scenarios"], ..STEADY },
        Case { command: &["sandbox", "reset"], ..STEADY },
    ];
    usage: [
        Case { command: &["deploi"], ..STEADY },
        Case { command: &["deploy", "--tagg", "v2"], ..STEADY },
        Case { command: &["deploy", "--timeout", "soon"], ..STEADY },
        Case { command: &["completions", "nope"], ..STEADY },
        Case { command: &["schema", "nope"], ..STEADY },
    ];
}
