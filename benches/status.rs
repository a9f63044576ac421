//! Measures `status` of 100 services in one cluster, with a latency of 20 ms for each call: `cargo bench --bench
//! status`.
//!
//! The target is at most 25 calls and less than 1 s.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ecsail_sandbox::{Clock, Fault, FaultKind, Options, Sandbox, Seed, SeedService};
use serde_json::json;

const SERVICES: usize = 100;
const LATENCY: Duration = Duration::from_millis(20);
const RUNS: usize = 9;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start(Options { clock: Clock::Held, ..Options::default() }).expect("starts");
    let service = |n| SeedService {
        name: format!("web-{n:03}"),
        cluster: "main".to_owned(),
        task_definition: json!({"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "containerDefinitions": [{"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27"}]}),
        service: json!({"desiredCount": 2}),
    };
    let services = (0..SERVICES).map(service).collect();
    sandbox.seed(&Seed { services, ..Seed::default() }).expect("the seed is valid");
    sandbox.inject(Fault::any(FaultKind::Latency(LATENCY)).always());
    sandbox
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its results")]
fn main() {
    let sandbox = sandbox();
    let folder = tempfile::TempDir::new().expect("a folder");
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecsail"));
        command.args(["status", "--cluster", "main", "--region", "us-east-1"]).current_dir(folder.path());
        command.env_clear().env("AWS_ENDPOINT_URL", sandbox.url());
        command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        sandbox.clear_requests();
        let started = Instant::now();
        assert!(command.status().expect("the binary runs").success(), "the status was shown");
        (started.elapsed(), sandbox.requests().len())
    };
    let mut runs: Vec<(Duration, usize)> = (0..RUNS).map(|_| run()).collect();
    runs.sort();
    let (median, calls) = runs[RUNS / 2];
    let worst = runs.last().map(|(time, _)| *time).unwrap_or_default();
    println!(
        "status of {SERVICES} services at {} ms: {calls} calls (target: 25), median {:.0} ms, worst {:.0} ms (target: 1000)",
        LATENCY.as_millis(),
        median.as_secs_f64() * 1000.0,
        worst.as_secs_f64() * 1000.0
    );
}
