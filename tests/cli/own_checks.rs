//! Tests of the other look-ups before a change that AWS does not make: each that fails is a note.

use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, service};

const NIGHTLY: &str = "\
schedule_role: scheduler
schedules:
  nightly: { expression: cron(0 3 * * ? *), task: { like: web } }
";

fn refuse(world: &World, operation: &str, code: &str) {
    let kind = FaultKind::Code { status: 400, code: code.to_owned(), message: "Not now.".to_owned() };
    world.sandbox.inject(Fault::on(operation, kind).always());
}

#[test]
fn rules_that_cannot_be_read_do_not_end_a_deploy_of_schedules() {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "launchType": "FARGATE"});
    let manifest = format!("{MANIFEST}{NIGHTLY}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", network)]);
    refuse(&world, "ListRules", "SomethingException");
    let run = world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    run.says("could not check whether another schedule or rule already runs the new schedules");
    assert_eq!(world.calls("CreateSchedule").len(), 1);
}

#[test]
fn an_sts_that_does_not_answer_does_not_end_a_deploy() {
    let world = World::new(Scenario::Steady);
    let kind = FaultKind::Latency(Duration::from_mins(1));
    world.sandbox.inject(Fault::on("GetCallerIdentity", kind).always());
    world
        .deploy("v2")
        .exits(0)
        .says("failed to identify the caller: sts:GetCallerIdentity: no answer within 6 s");
}

#[test]
fn revisions_that_cannot_be_read_for_now_do_not_end_a_restart() {
    let world = World::new(Scenario::Steady);
    refuse(&world, "DescribeServiceRevisions", "ServerException");
    let run = world.run(&["restart", "web", "--yes"]).exits(0);
    run.says("`web`: the existence of its images is not checked");
}
