//! Deploys under every scenario of the sandbox, through the binary: exit code and key lines.

use ecsail_sandbox::{Scenario, scenarios};
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, Run, World, behind_target_group, service};

/// The expected result of a deploy under a scenario.
struct Row {
    scenario: &'static str,
    code: i32,
    /// The beginning of the line on stdout, after the name of the service.
    answers: &'static str,
    /// Texts on stderr.
    says: &'static [&'static str],
}

const fn row(scenario: &'static str, code: i32, answers: &'static str, says: &'static [&'static str]) -> Row {
    Row { scenario, code, answers, says }
}

const BACK: &str = "running now: web:1, 2 of 2 tasks running";
const ON: &str = "ecsail wait web --cluster main --deployment ecs-svc/";
const CRASHED: &str = "cause: the program exited with an error";
const LINE: &str = "ERROR could not connect to the database";

const ROWS: &[Row] = &[
    row("steady", 0, "deployed web:2 in ", &["web: 2/2 running; completed"]),
    row("slow", 0, "deployed web:2 in ", &[]),
    row(
        "crash",
        3,
        "web:2 cannot succeed: 8 tasks failed in the same way: container `app` exited with code 1 (4 generations, none ran longer than 4s); rolled back, web:1 is running",
        &[
            "rolling back (StopServiceDeployment)",
            LINE,
            "postgres://(hidden)@db/shop",
            "container `app`: exit code 1",
            CRASHED,
            BACK,
        ],
    ),
    row("crash-later", 0, "deployed web:2 in ", &["web: 2/2 running; completed"]),
    row(
        "crash-breaker",
        3,
        "web:2 failed: ECS deployment circuit breaker: tasks failed to start; rolled back, web:1 is running",
        &["rolling back", LINE, CRASHED, BACK],
    ),
    row(
        "crash-rollback",
        3,
        "web:2 was rolled back, web:1 is running: Service deployment rolled back because the circuit breaker",
        &[LINE, "deployment failed: tasks failed to start.", CRASHED, BACK],
    ),
    row("rollback-new-id", 3, "web:2 was rolled back, web:1 is running: ", &[CRASHED, BACK]),
    row(
        "rollback-fails",
        3,
        "web:2 failed: the rollback failed: ",
        &[CRASHED, "running now: web:1 (failed), 0 of 2 tasks running"],
    ),
    row(
        "no-rollback-target",
        3,
        "web:2 failed: ",
        &["rolling back to web:1 (UpdateService)", CRASHED, "rolled back, web:1 is running", BACK],
    ),
    row("throttled", 3, "web:2 cannot succeed: ", &["unable to consistently start tasks", CRASHED, BACK]),
    row("many", 3, "web:2 cannot succeed: ", &[CRASHED, "running now: web:1, 60 of 60 tasks running"]),
    row(
        "no-image",
        3,
        "web:2 cannot succeed: 4 tasks failed in the same way: the task did not start: CannotPullContainerError",
        &["cause: the image is not in the registry", "remedy: push the image, or correct its tag", BACK],
    ),
    row(
        "platform",
        3,
        "web:2 cannot succeed: 4 tasks",
        &["cause: the image is for another CPU architecture than the task", BACK],
    ),
    row(
        "exec-format",
        3,
        "web:2 cannot succeed: 4 tasks",
        &["cause: the image is for another CPU architecture than the task", BACK],
    ),
    row("no-network", 3, "web:2 cannot succeed: ", &["cause: the task cannot get a login for ECR", BACK]),
    row(
        "secret-denied",
        3,
        "web:2 cannot succeed: 4 tasks",
        &["cause: the execution role may not read a secret", BACK],
    ),
    row(
        "secret-missing",
        3,
        "web:2 cannot succeed: 4 tasks",
        &["cause: a secret or parameter does not exist", BACK],
    ),
    row(
        "role",
        3,
        "web:2 cannot succeed: ECS failed to launch a task",
        &["cause: ECS cannot assume a role of the task", BACK],
    ),
    row(
        "unhealthy",
        3,
        "web:2 cannot succeed: 6 tasks failed in the same way: Task failed ELB health checks",
        &[
            "Health checks failed with these codes: [503]",
            "cause: the load balancer's health check fails",
            BACK,
        ],
    ),
    row(
        "unhealthy-container",
        3,
        "web:2 cannot succeed: 6 tasks",
        &["cause: the container's health check fails", BACK],
    ),
    row("unhealthy-recovers", 0, "deployed web:2 in ", &["is unhealthy in"]),
    row("oom", 3, "web:2 cannot succeed: ", &["cause: the container needed more memory than it has", BACK]),
    row(
        "exit-zero",
        3,
        "web:2 cannot succeed: ",
        &["cause: the program exited by itself; a service has to keep running", BACK],
    ),
    row(
        "exit-7",
        3,
        "web:2 cannot succeed: 8 tasks failed in the same way: container `app` exited with code 7 (4 generations, none ran longer than 6s); rolled back, web:1 is running",
        &["ERROR step 4 of 7 failed", "container `app`: exit code 7", BACK],
    ),
    row("flaky", 0, "deployed web:2 in ", &[]),
    row("dependency", 0, "deployed web:2 in ", &["0/2 running, 2 pending, 6 failed"]),
    row("flaky-half", 0, "deployed web:2 in ", &["4/4 running; completed"]),
    row("spot", 0, "deployed web:2 in ", &[]),
    row(
        "stuck",
        4,
        "web:2 is still in progress after ",
        &["Capacity is unavailable at this time", "cause: ", ON],
    ),
    row("capacity", 0, "deployed web:2 in ", &["Capacity is unavailable at this time"]),
    row(
        "placement",
        4,
        "web:2 is still in progress after ",
        &[
            "no container instance met all of its requirements",
            "cause: no container instance has enough CPU left",
            ON,
        ],
    ),
    row("scarce", 0, "deployed web:2 in ", &[]),
    row("protected", 0, "deployed web:2 in ", &["tasks under protection"]),
    row("drain", 0, "deployed web:2 in ", &["tasks of the previous deployment are still running"]),
    row("early-success", 0, "deployed web:2 in ", &[]),
    row("scales", 0, "deployed web:2 in ", &["3/3 running"]),
    row(
        "alarm",
        3,
        "web:2 was rolled back, web:1 is running: ",
        &["cause: alarm `sandbox-5xx` was triggered", BACK],
    ),
    row("superseded", 3, "web:2 was superseded by web:3 (ecs-svc/", &["running now: web:3"]),
    row(
        "stopped",
        3,
        "web:2 was rolled back, web:1 is running: ",
        &["cause: the deployment was stopped on request", BACK],
    ),
    row("deleted", 3, "web:2 failed: the service was deleted", &[]),
    row("blue-green", 0, "deployed web:2 in ", &["bake time", "traffic 100%"]),
    row("linear", 0, "deployed web:2 in ", &["production traffic shift", "traffic 25%", "traffic 50%"]),
    row("canary", 0, "deployed web:2 in ", &["traffic 10%", "bake time"]),
    row(
        "hook-fails",
        3,
        "web:2 was rolled back, web:1 is running: ",
        &["cause: a lifecycle hook failed", BACK],
    ),
    row(
        "hook-times-out",
        3,
        "web:2 was rolled back, web:1 is running: ",
        &["cause: a lifecycle hook failed", BACK],
    ),
    row(
        "hook-pauses",
        4,
        "web:2 is still in progress after ",
        &["waiting for hook", "answer the hook: `ecsail continue web --cluster main`", ON],
    ),
    row(
        "late-death",
        0,
        "deployed web:2 in ",
        &[
            "warning: web: 2 tasks have ended since the deployment succeeded: container `app` exited with code 1",
        ],
    ),
    row(
        "dead-sidecar",
        0,
        "deployed web:2 in ",
        &["warning: web: container `proxy` is dead in all 2 new tasks; it exited with code 1"],
    ),
    row(
        "throttled-details",
        0,
        "deployed web:2 in ",
        &[
            "note: ECS throttles the details of service deployments; their status comes from their list meanwhile",
        ],
    ),
    row(
        "canary-unreadable",
        0,
        "deployed web:2 in ",
        &[
            "note: ECS is slow to give the details of service deployments; their status comes from their list meanwhile",
        ],
    ),
    row("no-deployments-api", 0, "deployed web:2 in ", &["note: watching the deployment list"]),
    row("no-logs", 0, "deployed web:2 in ", &[]),
    row("late-logs", 0, "deployed web:2 in ", &[]),
    row("no-tagging", 0, "deployed web:2 in ", &["note: registering without `ecsail:` tags"]),
    row(
        "expires",
        1,
        "web:2 can no longer be watched, the rollout continues: ",
        &["renew the credentials", ON],
    ),
    row("by-tag", 0, "deployed web:2 in ", &[]),
];

/// Deploys `v2` under a scenario, to a service with a target group and a container that writes a log.
fn deploy(scenario: Scenario, code: i32) -> Run {
    let mut members = behind_target_group();
    if scenario == Scenario::ThrottledDetails {
        // Only where the list of deployments does not show all are the details read again and again.
        members["deploymentConfiguration"] = json!({"bakeTimeInMinutes": 1});
    }
    let mut seeded = service("web", members);
    seeded.task_definition["containerDefinitions"][0]["portMappings"] = json!([{"containerPort": 80}]);
    let options = "{ awslogs-group: /shop, awslogs-region: us-east-1, awslogs-stream-prefix: web }";
    let mut definition = format!(
        "{DEFINITION}    portMappings: [ {{ containerPort: 80 }} ]\n    logConfiguration: {{ logDriver: awslogs, options: {options} }}\n"
    );
    if scenario == Scenario::DeadSidecar {
        definition += "  - { name: proxy, image: \"{{ image.app }}\", essential: false }\n";
    }
    let world = World::with(scenario, &[("ecsail.yml", MANIFEST), ("web.yml", &definition)], &[seeded]);
    // Only scenarios that never end by themselves may reach the timeout.
    let timeout = if code == 4 { "2s" } else { "5m" };
    world.run(&["deploy", "service", "web", "--tag", "v2", "--timeout", timeout])
}

#[test]
fn every_scenario_has_a_row() {
    let named: Vec<&str> = ROWS.iter().map(|row| row.scenario).collect();
    let all: Vec<&str> = scenarios().iter().map(|info| info.name).collect();
    let missing: Vec<_> = all.iter().filter(|name| !named.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(named.len(), all.len(), "a row of a scenario that is not there, or two of one");
}

#[test]
fn every_scenario_ends_as_in_its_row() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let run = deploy(row.scenario.parse().expect("a scenario"), row.code);
        let answer = format!("web: {}", row.answers);
        let silent: Vec<_> = row
            .says
            .iter()
            .filter(|text| !run.stderr.contains(*text) && !run.stdout.contains(*text))
            .collect();
        if run.code != row.code || !run.stdout.contains(&answer) || !silent.is_empty() {
            wrong.push(format!(
                "`{}`: exit code {} (expected {}), not said: {silent:?}\nexpected: {answer}\nstdout:\n{}stderr:\n{}",
                row.scenario, run.code, row.code, run.stdout, run.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn unreadable_log_is_reported_and_changes_no_verdict() {
    let world = World::new(Scenario::Crash);
    let options = "{ awslogs-group: /shop, awslogs-region: us-east-1, awslogs-stream-prefix: web }";
    let log = format!("    logConfiguration: {{ logDriver: awslogs, options: {options} }}\n");
    world.folder.write("web.yml", &format!("{DEFINITION}{log}"));
    let fault = ecsail_sandbox::Fault::on("GetLogEvents", ecsail_sandbox::FaultKind::AccessDenied);
    world.sandbox.inject(fault.always());
    let run = world.deploy("v2").exits(3).says("failed to read the log: logs:GetLogEvents: AccessDenied");
    run.says(CRASHED).answers("rolled back, web:1 is running");
}
