//! Measures the look at 500 schedules, and at as many rules as a bus may have, each call taking 50 ms longer:
//! `cargo bench --bench schedules`.
//!
//! It is to take less than 10 s, at no more calls a second than GetSchedule (250) and EventBridge (50 of a kind) allow.

use std::time::{Duration, Instant};

use ecsail::aws::Aws;
use ecsail::manifest::Manifest;
use ecsail::manifest::schedules::Via;
use ecsail::render::DesiredSchedule;
use ecsail::sandbox::{Clock, Fault, FaultKind, Options, Sandbox};
use ecsail::settings::Settings;
use serde_json::json;

const SCHEDULES: usize = 500;
const RULES: usize = 300;
const LATENCY: Duration = Duration::from_millis(50);

fn desired(via: Via, count: usize) -> Vec<DesiredSchedule> {
    let one = |number: usize| DesiredSchedule {
        key: format!("nightly-{number:03}"),
        via,
        name: format!("nightly-{number:03}"),
        group: (via == Via::Scheduler).then(|| "shop".to_owned()),
        own_group: via == Via::Scheduler,
        expression: "rate(1 day)".to_owned(),
        timezone: None,
        enabled: None,
        description: None,
        flexible_window: None,
        start: None,
        end: None,
        targets: Vec::new(),
    };
    (0..count).map(one).collect()
}

/// Returns a sandbox in which all of them are.
fn sandbox(all: &[&[DesiredSchedule]]) -> Sandbox {
    let sandbox = Sandbox::start(Options { clock: Clock::Held, ..Options::default() }).expect("starts");
    let call = |service: &str, operation: &str, input| {
        sandbox.call(service, operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
    };
    call("scheduler", "CreateScheduleGroup", json!({"Name": "shop"}));
    let task = json!({"Id": "task", "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/main",
        "RoleArn": "arn:aws:iam::123456789012:role/starter", "EcsParameters": {"TaskDefinitionArn":
        "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"}});
    for schedule in all.iter().copied().flatten() {
        let rate = &schedule.expression;
        match schedule.via {
            Via::Scheduler => call(
                "scheduler",
                "CreateSchedule",
                json!({"Name": schedule.name, "GroupName": "shop",
                "ScheduleExpression": rate, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": task}),
            ),
            Via::Rule => {
                call("events", "PutRule", json!({"Name": schedule.name, "ScheduleExpression": rate}));
                call("events", "PutTargets", json!({"Rule": schedule.name, "Targets": [task]}))
            }
        };
    }
    sandbox.inject(Fault::any(FaultKind::Latency(LATENCY)).always());
    sandbox
}

#[allow(clippy::print_stdout, reason = "a benchmark says what it measured")]
fn main() {
    let (kept, rules) = (desired(Via::Scheduler, SCHEDULES), desired(Via::Rule, RULES));
    let sandbox = sandbox(&[&kept, &rules]);
    let settings = Settings {
        endpoint_url: Some(sandbox.url()),
        region: Some("us-east-1".to_owned()),
        sandbox: Some(String::new()),
        ..Settings::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let aws = runtime.block_on(Aws::connect(&settings, &Manifest::default())).expect("there is a region");
    for (what, schedules, operation) in
        [("schedules", &kept, "GetSchedule"), ("rules", &rules, "ListTargetsByRule")]
    {
        sandbox.clear_requests();
        let started = Instant::now();
        let found = runtime.block_on(aws.observe_schedules(schedules)).expect("looked at").found.len();
        let (time, requests) = (started.elapsed().as_secs_f64(), sandbox.requests());
        let of_a_kind = requests.iter().filter(|request| request.operation == operation).count();
        println!(
            "{found} {what} at {} ms: {:.1} s (aim: 10), {} calls, {:.0} {operation} a second",
            LATENCY.as_millis(),
            time,
            requests.len(),
            of_a_kind as f64 / time
        );
    }
}
