//! Kills commands at each call that changes something and runs them again: the end and the exit code are those of a run
//! that nothing disturbed. Each test prints a table of its points.
//!
//! A plain run kills at each point with SIGKILL, before and after the call has taken effect, and with SIGTERM and SIGHUP in
//! turn; `ECSAIL_KILL_TABLE=full` does all of it at each point.
#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::release::{self, MANIFEST};
use crate::support::{self, World, service};

/// How long a command may take to reach a call, or to end.
const LIMIT: Duration = Duration::from_mins(1);

/// A command that is killed.
struct Case {
    name: &'static str,
    /// The world before the command.
    world: fn() -> World,
    arguments: &'static [&'static str],
    /// Whether the command does something else once it has done everything: a rollback then goes back further.
    goes_further: bool,
}

/// How a command is killed at a call.
#[derive(Clone, Copy)]
struct Kill {
    signal: &'static str,
    /// Whether the call has taken effect by then.
    effect: bool,
}

const KILLS: [Kill; 2] = [Kill { signal: "KILL", effect: false }, Kill { signal: "KILL", effect: true }];
const TERM: Kill = Kill { signal: "TERM", effect: true };
const HUP: Kill = Kill { signal: "HUP", effect: true };

/// How a run ended, and what it left.
#[derive(Debug, PartialEq)]
struct End {
    code: i32,
    state: Vec<String>,
}

impl Case {
    /// Runs the command undisturbed, then once for each point, and compares the ends.
    #[allow(clippy::print_stdout, reason = "the table of the points is what a reader asks for")]
    fn check(&self) {
        let world = (self.world)();
        world.sandbox.clear_requests();
        let expected = End { code: world.run(self.arguments).code, state: state(&world) };
        let calls = changes(&world);
        assert!(!calls.is_empty(), "{} changes something", self.name);
        println!("{}: exit {}, {}", self.name, expected.code, expected.state.join(", "));
        let mut broken = Vec::new();
        for (point, operation) in calls.iter().enumerate() {
            for kill in kills(point) {
                let row = self.row(point, operation, kill, &expected);
                println!("{row}");
                if row.contains("DIFFERS") {
                    broken.push(row);
                }
            }
        }
        assert!(broken.is_empty(), "{} does not converge:\n{}", self.name, broken.join("\n"));
    }

    /// Kills the command at a call, runs it again, and returns the row of the table.
    fn row(&self, point: usize, operation: &str, kill: Kill, expected: &End) -> String {
        let world = (self.world)();
        world.sandbox.clear_requests();
        let withheld = FaultKind::Withheld { effect: kill.effect };
        world.sandbox.inject(Fault::on_change(withheld).after(u32::try_from(point).expect("small")));
        let mut child = self.start(&world);
        until_withheld(&world, &mut child, point);
        let killed = end_by(child, kill.signal, &world);
        let when = if kill.effect { "after" } else { "before" };
        let start =
            format!("  {:>2} {operation:<24} {when:<6} {:<4} exit {killed:>4}", point + 1, kill.signal);
        if self.goes_further && kill.effect && state(&world) == expected.state {
            return format!("{start}  nothing was left to do");
        }
        let (end, steps) = self.run_again(&world);
        let double = doubled_tasks(&world);
        let verdict = match (&end == expected, double.is_empty()) {
            (true, true) => "as undisturbed".to_owned(),
            (false, _) => format!("DIFFERS: exit {}, {}", end.code, end.state.join(", ")),
            (true, false) => format!("DIFFERS: at the same time: {}", double.join(", ")),
        };
        format!("{start}  then {steps}: {verdict}")
    }

    fn start(&self, world: &World) -> Child {
        let mut command = world.folder.command(self.arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs")
    }

    /// Runs the command again; where it is refused because something is in progress, after the wait that the refusal names.
    fn run_again(&self, world: &World) -> (End, String) {
        let mut steps = Vec::new();
        loop {
            let code = world.folder.run(self.arguments).code;
            steps.push("again");
            if code != 5 || steps.len() > 4 {
                return (End { code, state: state(world) }, steps.join(", "));
            }
            world.folder.run(&["wait"]);
            steps.push("wait");
        }
    }
}

fn kills(point: usize) -> Vec<Kill> {
    let is_full = std::env::var("ECSAIL_KILL_TABLE").is_ok_and(|value| value == "full");
    let before = |kill: Kill| Kill { effect: false, ..kill };
    let polite = match (is_full, point % 2) {
        (true, _) => vec![TERM, before(TERM), HUP, before(HUP)],
        (false, 0) => vec![TERM],
        (false, _) => vec![HUP],
    };
    KILLS.into_iter().chain(polite).collect()
}

/// Returns the operations that changed something, in order.
fn changes(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests().into_iter();
    requests.filter(|request| request.is_change()).map(|request| request.operation).collect()
}

/// Waits until the answer to the call at this point is withheld.
fn until_withheld(world: &World, child: &mut Child, point: usize) {
    let since = Instant::now();
    loop {
        let requests = world.sandbox.requests();
        let call = requests.iter().filter(|request| request.is_change()).nth(point);
        if call.is_some_and(|call| call.end_seq.is_some()) {
            return;
        }
        let ended = child.try_wait().expect("a child");
        assert!(ended.is_none(), "it ended before call {point}: {ended:?}, {:?}", changes(world));
        assert!(since.elapsed() < LIMIT, "call {point} never came: {:?}", changes(world));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ends the process by a signal; the answer comes after it. Returns how it ended.
fn end_by(mut child: Child, signal: &str, world: &World) -> String {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
    if signal == "KILL" {
        child.wait().expect("it ends");
        world.sandbox.clear_faults();
        return "-".to_owned();
    }
    world.sandbox.clear_faults();
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code().map_or("none".to_owned(), |code| code.to_string());
        }
        assert!(since.elapsed() < LIMIT, "it does not end after SIG{signal}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Returns what is left: the image of each service and whether its rollout is complete, what the schedule runs, and which
/// tasks have succeeded.
fn state(world: &World) -> Vec<String> {
    let mut state = Vec::new();
    for name in ["web", "worker", "mailer"] {
        let service = world.service(name);
        if service.is_null() {
            continue;
        }
        if service["status"] == "INACTIVE" {
            state.push(format!("{name} deleted"));
            continue;
        }
        let rollout = service["deployments"][0]["rolloutState"].as_str().unwrap_or("?").to_lowercase();
        state.push(format!("{name} {} {rollout}", image(world, &service["taskDefinition"])));
    }
    let asked = json!({"Name": "nightly", "GroupName": "shop"});
    if let Ok(schedule) = world.sandbox.call("scheduler", "GetSchedule", asked) {
        let runs = &schedule["Target"]["EcsParameters"]["TaskDefinitionArn"];
        state.push(format!("nightly {}", image(world, runs)));
    }
    let ended = tasks(world).into_iter().filter(|task| task["containers"][0]["exitCode"] == 0);
    let mut succeeded: Vec<String> = ended
        .map(|task| format!("{} {} succeeded", command(&task), image(world, &task["taskDefinitionArn"])))
        .collect();
    succeeded.sort();
    succeeded.dedup();
    state.extend(succeeded);
    state
}

/// Returns the tag of the image of a definition.
fn image(world: &World, definition: &Value) -> String {
    let Some(name) = definition.as_str() else { return "nothing".to_owned() };
    let image = world.definition(name).0["containerDefinitions"][0]["image"].clone();
    image.as_str().and_then(|image| image.rsplit(':').next()).unwrap_or_default().to_owned()
}

/// Returns the one-off tasks.
fn tasks(world: &World) -> Vec<Value> {
    let mut tasks = Vec::new();
    for status in ["RUNNING", "STOPPED"] {
        let list = world.call("ListTasks", json!({"cluster": "main", "desiredStatus": status}));
        let arns: Vec<Value> = list["taskArns"].as_array().cloned().unwrap_or_default();
        for arns in arns.chunks(100) {
            let found = world.call("DescribeTasks", json!({"cluster": "main", "tasks": arns}));
            tasks.extend(found["tasks"].as_array().cloned().unwrap_or_default());
        }
    }
    tasks.retain(|task| !command(task).is_empty());
    tasks
}

fn command(task: &Value) -> String {
    let overrides = task["overrides"]["containerOverrides"].as_array().into_iter().flatten();
    let words = overrides.filter_map(|container| container["command"][0].as_str());
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the tasks of the same command that ran at the same time.
fn doubled_tasks(world: &World) -> Vec<String> {
    let tasks = tasks(world);
    let from = |task: &Value| task["createdAt"].as_f64().unwrap_or(0.0);
    let until = |task: &Value| task["stoppedAt"].as_f64().unwrap_or(f64::MAX);
    let mut doubled = Vec::new();
    for (index, one) in tasks.iter().enumerate() {
        for other in &tasks[index + 1..] {
            let at_once = from(one) < until(other) && from(other) < until(one);
            if command(one) == command(other) && at_once {
                doubled.push(command(one));
            }
        }
    }
    doubled
}

fn plain() -> World {
    World::new(Scenario::Steady)
}

fn with_release() -> World {
    release::world(MANIFEST)
}

fn released() -> World {
    let world = with_release();
    world.run(&["deploy", "--tag", "v1"]).exits(0);
    world.run(&["deploy", "--tag", "v2"]).exits(0);
    world
}

fn in_progress() -> World {
    let world = World::new(Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world
}

/// Returns a cluster without the service of its manifest.
fn empty() -> World {
    let document = "launchType: FARGATE\ndesiredCount: 1\nnetworkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1] } }\n";
    let manifest = format!(
        "{}    service: service.yml\n    autoscaling: {{ min: 1, max: 4, cpu: 60 }}\n",
        support::MANIFEST
    );
    let files =
        [("ecsail.yml", manifest.as_str()), ("web.yml", support::DEFINITION), ("service.yml", document)];
    World::with(Scenario::Steady, &files, &[service("other", json!({}))])
}

fn scaled() -> World {
    let world = empty();
    world.run(&["deploy", "web", "--tag", "v1"]).exits(0);
    world
}

fn crashing() -> World {
    World::new(Scenario::Crash)
}

/// Checks a command that does nothing once it has done everything.
fn check(name: &'static str, world: fn() -> World, arguments: &'static [&'static str]) {
    Case { name, world, arguments, goes_further: false }.check();
}

#[test]
fn deploy_converges() {
    check("deploy", plain, &["deploy", "service", "web", "--tag", "v2"]);
}

#[test]
fn release_converges() {
    check("release", with_release, &["deploy", "--tag", "v2"]);
}

#[test]
fn rollback_converges() {
    let arguments = &["rollback", "--yes"];
    Case { name: "rollback", world: released, arguments, goes_further: true }.check();
}

#[test]
fn rollback_to_a_tag_converges() {
    check("rollback to a tag", released, &["rollback", "--to", "tag=v1", "--yes"]);
}

#[test]
fn rollback_of_a_deployment_in_progress_converges() {
    let arguments = &["rollback", "web", "--yes"];
    let name = "rollback of a deployment in progress";
    Case { name, world: in_progress, arguments, goes_further: true }.check();
}

#[test]
fn automatic_rollback_converges() {
    check("automatic rollback", crashing, &["deploy", "service", "web", "--tag", "v2"]);
}

#[test]
fn run_converges() {
    check("run", with_release, &["run", "migrate", "--tag", "v2"]);
}

#[test]
fn schedules_converge() {
    check("schedules", with_release, &["deploy", "schedule", "--tag", "v2"]);
}

#[test]
fn creation_converges() {
    check("creation", empty, &["deploy", "web", "--tag", "v2"]);
}

#[test]
fn deletion_converges() {
    check("deletion", scaled, &["delete", "web", "--yes"]);
}
