//! Measures a large plan and a large release against a sandbox that throttles at the rates of ECS, in real time: `cargo
//! bench --bench rates`.
//!
//! - the plan of 500 services with a definition of their own, and of 500 schedules: no call may be throttled;
//! - the plan of 100 services that share nothing, with its calls by kind: at most 40 where calls take several items;
//! - the release of 100 different definitions: no call may be throttled, and no revision registered twice.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ecsail_sandbox::{Clock, Options, Sandbox, Seed, SeedRepository, SeedService};
use serde_json::json;
use tempfile::TempDir;

const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
/// The operations that take several items a call. The others are called once for each item.
const BATCHED: &[&str] = &["DescribeServices", "DescribeServiceRevisions", "DescribeServiceDeployments"];

/// A sandbox with services, and a folder with their manifest.
struct World {
    sandbox: Sandbox,
    folder: TempDir,
}

impl World {
    fn new(services: usize, schedules: usize) -> World {
        let clock = Clock::Wall { factor: 1.0 };
        let options = Options { clock, rate_limits: true, ..Options::default() };
        let sandbox = Sandbox::start(options).expect("starts");
        let seed = Seed {
            services: (0..services).map(service).collect(),
            repositories: (0..services).map(repository).collect(),
            ..Seed::default()
        };
        sandbox.seed(&seed).expect("the seed is valid");
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("ecsail.yml"), manifest(services, schedules)).expect("written");
        for number in 0..services {
            let path = folder.path().join(format!("app-{number:03}.json"));
            let image = format!("{{{{ image.app_{number:03} }}}}");
            std::fs::write(path, definition(number, &image).to_string()).expect("written");
        }
        World { sandbox, folder }
    }

    /// Runs the binary, and returns how long it took and its exit code.
    fn run(&self, arguments: &[&str]) -> (Duration, Option<i32>) {
        self.sandbox.clear_requests();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecsail"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("AWS_ENDPOINT_URL", self.sandbox.url());
        command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let started = Instant::now();
        let status = command.status().expect("the binary runs");
        (started.elapsed(), status.code())
    }

    /// Returns the number of calls by operation.
    fn calls(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for request in self.sandbox.requests() {
            *calls.entry(request.operation).or_default() += 1;
        }
        calls
    }

    fn throttled(&self) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|request| request.error.as_deref() == Some("ThrottlingException")).count()
    }
}

fn definition(number: usize, image: &str) -> serde_json::Value {
    json!({"family": format!("app-{number:03}"), "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{"name": "app", "image": image}]})
}

fn service(number: usize) -> SeedService {
    SeedService {
        name: format!("app-{number:03}"),
        cluster: "main".to_owned(),
        task_definition: definition(number, &format!("{REGISTRY}/app-{number:03}:v1")),
        service: json!({"desiredCount": 1, "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}),
    }
}

fn repository(number: usize) -> SeedRepository {
    SeedRepository::with_tags(&format!("app-{number:03}"), &["v1", "v2"])
}

fn manifest(services: usize, schedules: usize) -> String {
    let mut text =
        "ecsail: 1\napp: shop\nregion: us-east-1\ncluster: main\nschedule_role: starter\nimages:\n"
            .to_owned();
    let written = "a String can be written";
    for number in 0..services {
        writeln!(text, "  app_{number:03}: {REGISTRY}/app-{number:03}").expect(written);
    }
    text.push_str("services:\n");
    for number in 0..services {
        writeln!(text, "  app-{number:03}: {{ task_definition: app-{number:03}.json }}").expect(written);
    }
    if schedules > 0 {
        text.push_str("schedules:\n");
    }
    for number in 0..schedules {
        let at = format!("{} {}", number % 60, number / 60);
        let like = number % services.max(1);
        writeln!(
            text,
            "  job-{number:03}: {{ expression: cron({at} * * ? *), task: {{ like: app-{like:03} }} }}"
        )
        .expect(written);
    }
    text
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its results")]
fn print_calls(what: &str, world: &World, time: Duration, code: Option<i32>) {
    assert_eq!(code, Some(0), "{what}");
    let calls = world.calls();
    let total: usize = calls.values().sum();
    println!(
        "{what}: {:.1} s, {total} calls, {} throttled (target: 0)",
        time.as_secs_f64(),
        world.throttled()
    );
    println!("  {calls:?}");
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its results")]
fn main() {
    let world = World::new(500, 500);
    let (time, code) = world.run(&["plan", "--tag", "v2"]);
    print_calls("plan of 500 services and 500 schedules", &world, time, code);

    let world = World::new(100, 0);
    let (time, code) = world.run(&["plan", "--tag", "v2"]);
    print_calls("plan of 100 services that share nothing", &world, time, code);
    let calls = world.calls();
    let batched: usize = BATCHED.iter().filter_map(|operation| calls.get(*operation)).sum();
    println!("  calls that take several items: {batched} (target: at most 40)");

    // A sandbox of its own: the plan before it has emptied the buckets, which a new run cannot know.
    let world = World::new(100, 0);
    let (time, code) = world.run(&["deploy", "--tag", "v2", "--yes"]);
    print_calls("release of 100 different definitions", &world, time, code);
    let registered = world.calls().get("RegisterTaskDefinition").copied().unwrap_or_default();
    println!("  registrations: {registered} (target: 100)");
}
