//! Measures `plan` of a manifest with 500 schedules, and of one with the maximum number of rules of a bus, with a
//! latency of 50 ms for each call: `cargo bench --bench schedules`.
//!
//! The target is less than 10 s, within the rates that `GetSchedule` (250 calls a second) and EventBridge (50 of each
//! operation) allow.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ecsail_sandbox::{
    Clock, Fault, FaultKind, Options, Request, Sandbox, Seed, SeedRepository, SeedService, SeedTag,
};
use serde_json::json;
use tempfile::TempDir;

const SCHEDULES: usize = 500;
const RULES: usize = 300;
const LATENCY: Duration = Duration::from_millis(50);

const DEFINITION: &str = "\
family: worker
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::123456789012:role/execution
containerDefinitions: [ { name: app, image: {{ image.app }} } ]
";

fn manifest(via: &str, count: usize) -> String {
    let mut text = "ecsail: 1\napp: shop\nregion: us-east-1\ncluster: main\nschedule_role: starter\n\
        images: { app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app }\n\
        services: { worker: { task_definition: worker.yml } }\nschedules:\n"
        .to_owned();
    for number in 0..count {
        let at = format!("{} {}", number % 60, number / 60);
        writeln!(text, "  report-{number:03}: {{ via: {via}, expression: cron({at} * * ? *), task: {{ like: worker, command: [ bin/report, '{number}' ] }} }}")
            .expect("a String can be written");
    }
    text
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start(Options { clock: Clock::Held, ..Options::default() }).expect("starts");
    let tag = |tag: &str| SeedTag { tag: tag.to_owned(), digest: None, pushed_at: None, findings: None };
    let repository = SeedRepository { name: "shop/app".to_owned(), tags: ["v1", "v2"].map(tag).to_vec() };
    let worker = SeedService {
        name: "worker".to_owned(),
        cluster: "main".to_owned(),
        task_definition: json!({"family": "worker", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "containerDefinitions": [{"name": "app",
                "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:v1"}]}),
        service: json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}),
    };
    let seed = Seed { services: vec![worker], repositories: vec![repository], ..Seed::default() };
    sandbox.seed(&seed).expect("the seed is valid");
    sandbox
}

fn run(folder: &TempDir, sandbox: &Sandbox, arguments: &[&str]) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecsail"));
    command.args(arguments).current_dir(folder.path()).env_clear().env("AWS_ENDPOINT_URL", sandbox.url());
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    assert!(command.status().expect("the binary runs").success(), "{arguments:?} succeeded");
    started.elapsed()
}

/// Returns the operation with the most calls, and their number.
fn busiest(requests: &[Request]) -> (String, usize) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for request in requests {
        *counts.entry(request.operation.as_str()).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count).unwrap_or_default();
    (most.0.to_owned(), most.1)
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its results")]
fn main() {
    for (via, count) in [("scheduler", SCHEDULES), ("rule", RULES)] {
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("ecsail.yml"), manifest(via, count)).expect("written");
        std::fs::write(folder.path().join("worker.yml"), DEFINITION).expect("written");
        let sandbox = sandbox();
        let created = run(&folder, &sandbox, &["deploy", "schedule", "--tag", "v1"]);
        sandbox.inject(Fault::any(FaultKind::Latency(LATENCY)).always());
        for (what, tag) in [("unchanged", "v1"), ("changed", "v2")] {
            sandbox.clear_requests();
            let time = run(&folder, &sandbox, &["plan", "--tag", tag]).as_secs_f64();
            let requests = sandbox.requests();
            let (operation, calls) = busiest(&requests);
            println!(
                "plan of {count}, via {via}, {what}, at {} ms: {time:.1} s (target: 10), {} calls, {calls} of {operation} ({:.0} a second)",
                LATENCY.as_millis(),
                requests.len(),
                calls as f64 / time
            );
        }
        println!("creating {count} via {via} without latency: {:.1} s", created.as_secs_f64());
    }
}
