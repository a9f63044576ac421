//! Measures the watch against the sandbox with a real-time clock: `cargo bench --bench watch [-- MINUTES]`.
//!
//! - the time between the end of a rollout and the end of the program, also after a drain of four minutes: the median must be
//!   at most 0.5 s, and the worst at most 2 s;
//! - the number of calls of a plain deploy of some seconds, on a clock of 20 seconds a second: at most 15;
//! - the number of calls to watch one service for ten minutes: at most 300;
//! - the number of `DescribeServices` calls for 50 services of one cluster: at most 5 times those for one.
//!
//! The time is real, so this takes as long as the second part (10 minutes without an argument).

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ecsail_sandbox::{Clock, Options, Sandbox, Scenario, Seed, SeedRepository, SeedService};
use serde_json::{Value, json};
use tempfile::TempDir;

const IMAGE: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app";
/// The number of rollouts that the delay is measured on.
const ROLLOUTS: usize = 15;
/// How many simulated seconds pass in one second where a rollout takes some seconds.
const FAST: f64 = 20.0;
const MANY: usize = 50;

/// A sandbox with services, and a folder with their manifest.
struct World {
    sandbox: Sandbox,
    folder: TempDir,
}

fn definition(tag: &str) -> Value {
    json!({"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{"name": "app", "image": format!("{IMAGE}:{tag}")}]})
}

impl World {
    fn new(services: usize, scenario: Scenario) -> World {
        World::at_speed(1.0, services, scenario)
    }

    fn at_speed(factor: f64, services: usize, scenario: Scenario) -> World {
        let clock = Clock::Wall { factor };
        let sandbox = Sandbox::start(Options { clock, scenario, ..Options::default() }).expect("starts");
        let service = |n| SeedService {
            name: format!("web-{n}"),
            cluster: "main".to_owned(),
            task_definition: definition("v1"),
            service: json!({"desiredCount": 2}),
        };
        let repositories = vec![SeedRepository::with_tags("shop/app", &["v1", "v2"])];
        let services: Vec<_> = (0..services).map(service).collect();
        let names = services.len();
        sandbox.seed(&Seed { services, repositories, ..Seed::default() }).expect("the seed is valid");
        let folder = TempDir::new().expect("a folder");
        let text = definition("{{ tag }}").to_string();
        std::fs::write(folder.path().join("web.json"), text).expect("can be written");
        let entries: String =
            (0..names).map(|n| format!("  web-{n}: {{ task_definition: web.json }}\n")).collect();
        let manifest = format!(
            "ecsail: 1\nregion: us-east-1\ncluster: main\nimages: {{ app: {IMAGE} }}\nservices:\n{entries}"
        );
        std::fs::write(folder.path().join("ecsail.yml"), manifest).expect("can be written");
        World { sandbox, folder }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecsail"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("AWS_ENDPOINT_URL", self.sandbox.url());
        command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    }

    /// Returns the number of calls of each operation since the deployment began.
    fn calls(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        let requests = self.sandbox.requests();
        let updated = requests.iter().rposition(|request| request.operation == "UpdateService");
        for request in requests.into_iter().skip(updated.map_or(0, |at| at + 1)) {
            *calls.entry(request.operation).or_default() += 1;
        }
        calls
    }

    /// Returns when the newest service deployment of a service ended, in seconds since 1970.
    fn finished_at(&self, service: &str) -> f64 {
        let input = json!({"cluster": "main", "service": service});
        let list = self.sandbox.call("ecs", "ListServiceDeployments", input).expect("lists");
        let newest = list["serviceDeployments"].as_array().into_iter().flatten();
        newest.filter_map(|known| known["finishedAt"].as_f64()).fold(0.0, f64::max)
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Returns the delays between the end of a rollout and the end of the program, sorted.
fn delays(scenario: Scenario) -> Vec<f64> {
    let world = World::new(ROLLOUTS, scenario);
    let mut open = Vec::new();
    for n in 0..ROLLOUTS {
        let name = format!("web-{n}");
        open.push((name.clone(), world.start(&["deploy", "service", &name, "--tag", "v2"])));
        // The rollouts are staggered by a fraction of a second, so that they are not polled at the same time.
        std::thread::sleep(Duration::from_millis(730));
    }
    let mut delays = Vec::new();
    while !open.is_empty() {
        open.retain_mut(|(name, child)| match child.try_wait().expect("waits") {
            None => true,
            Some(status) => {
                assert!(status.success(), "{name} was deployed");
                delays.push(now() - world.finished_at(name));
                false
            }
        });
        std::thread::sleep(Duration::from_millis(5));
    }
    delays.sort_by(f64::total_cmp);
    delays
}

/// Returns the calls of each operation during a watch of this length, of a service whose tasks never start.
fn watched(scenario: Scenario, minutes: u64) -> (BTreeMap<String, usize>, Duration) {
    let world = World::new(1, scenario);
    let started = Instant::now();
    let timeout = format!("{minutes}m");
    let arguments = ["deploy", "--tag", "v2", "--on-failure", "leave", "--timeout", &timeout];
    world.start(&arguments).wait().expect("ends");
    (world.calls(), started.elapsed())
}

/// Returns the number of all calls of a plain deploy of one service, from its start to its end, and how long it takes.
fn plain() -> (BTreeMap<String, usize>, Duration) {
    let world = World::at_speed(FAST, 1, Scenario::Steady);
    let started = Instant::now();
    assert!(world.start(&["deploy", "--tag", "v2"]).wait().expect("ends").success(), "deployed");
    let elapsed = started.elapsed();
    let mut calls = BTreeMap::new();
    for request in world.sandbox.requests() {
        *calls.entry(request.operation).or_default() += 1;
    }
    (calls, elapsed)
}

/// Returns the calls of a deploy of this number of services.
fn deployed(services: usize) -> BTreeMap<String, usize> {
    let world = World::new(services, Scenario::Steady);
    assert!(world.start(&["deploy", "--tag", "v2"]).wait().expect("ends").success(), "deployed");
    world.calls()
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its results")]
fn main() {
    let minutes = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10);
    let stuck = std::thread::spawn(move || watched(Scenario::Stuck, minutes));
    let slow = std::thread::spawn(move || watched(Scenario::Slow, minutes));
    let (calls, elapsed) = plain();
    let sum: usize = calls.values().sum();
    println!("calls of a plain deploy of {:.1} s: {sum} (aim: 15) {calls:?}", elapsed.as_secs_f64());
    let drained = std::thread::spawn(|| delays(Scenario::Drain));
    for (what, delays) in
        [("a rollout", delays(Scenario::Steady)), ("a long drain", drained.join().expect("drained"))]
    {
        let median = delays[delays.len() / 2];
        let worst = delays.last().copied().unwrap_or_default();
        println!(
            "exit after {what}, {} rollouts: median {median:.2} s, worst {worst:.2} s (aim: 0.5 s and 2 s)",
            delays.len()
        );
    }
    let (one, many) = (deployed(1), deployed(MANY));
    let looks = |calls: &BTreeMap<String, usize>| calls.get("DescribeServices").copied().unwrap_or_default();
    println!(
        "DescribeServices until settled: 1 service {}, {MANY} services {} (aim: at most {})",
        looks(&one),
        looks(&many),
        looks(&one) * 5
    );
    for (name, thread) in [("stuck", stuck), ("slow", slow)] {
        let (calls, elapsed) = thread.join().expect("watched");
        let sum: usize = calls.values().sum();
        println!(
            "calls while `{name}` was watched for {:.0} s: {sum} (aim: 300 in 600 s) {calls:?}",
            elapsed.as_secs_f64()
        );
    }
}
