//! Every outcome of a rollout, through the binary: verdict, exit code and output.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;
use std::io::{BufRead, BufReader, Read};

use crate::support::{DEFINITION, MANIFEST};
use crate::support::{World, behind_target_group, service, with_port_80};

#[test]
fn a_crash_loop_without_breaker_ends_early_with_the_reason() {
    let world = World::new(Scenario::Crash);
    let run = world.deploy("v2").exits(3);
    let run = run.answers("web: web:2 cannot succeed: ");
    let run = run.answers(" tasks failed in the same way: container `app` exited with code 1");
    let run = run.says("container `app`: exit code 1").says("cause: the program exited with an error");
    run.answers("; rolled back, web:1 is running").says("running now: web:1, 2 of 2 tasks running");
}

#[test]
fn crash_loop_rolled_back_by_ecs_is_no_success() {
    let world = World::with_breaker(Scenario::Crash);
    let run = world.deploy("v2").exits(3).answers("web: web:2 was rolled back, web:1 is running: ");
    run.says("exit code 1");
    // The service is stable again with one deployment, which other tools report as success.
    let service = world.service("web");
    assert_eq!(service["taskDefinition"], "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
}

#[test]
fn a_rollback_as_a_deployment_with_a_new_id_is_no_success() {
    let world = World::with_breaker(Scenario::RollbackNewId);
    world.deploy("v2").exits(3).answers("web: web:2 was rolled back, web:1 is running: ");
}

#[test]
fn a_rollback_of_a_forced_deployment_of_the_same_revision_is_no_success() {
    let world = World::with_breaker(Scenario::Crash);
    world.run(&["deploy", "--tag", "v1", "--force"]).exits(3);
}

#[test]
fn the_breaker_without_rollback_is_a_failure() {
    let world = World::new(Scenario::CrashBreaker);
    world.deploy("v2").exits(3).says("exit code 1");
}

#[test]
fn an_image_that_cannot_be_pulled_is_explained() {
    for world in [World::new(Scenario::NoImage), World::with_breaker(Scenario::NoImage)] {
        let run = world
            .deploy("v2")
            .exits(3)
            .says("CannotPullContainerError")
            .says("cause: the image is not in the registry");
        run.says("remedy: push the image, or correct its tag");
    }
}

#[test]
fn a_secret_that_may_not_be_read_is_explained() {
    let world = World::with_breaker(Scenario::SecretDenied);
    world.deploy("v2").exits(3).says("cause: the execution role may not read a secret");
}

#[test]
fn a_container_that_runs_out_of_memory_is_explained() {
    let world = World::with_breaker(Scenario::Oom);
    world.deploy("v2").exits(3).says("cause: the container needed more memory than it has");
}

#[test]
fn an_unhealthy_target_is_explained() {
    for (breaker, scenario) in [(true, Scenario::Unhealthy), (false, Scenario::Unhealthy)] {
        let mut members = behind_target_group();
        if breaker {
            members["deploymentConfiguration"] =
                json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
        }
        let (seeded, definition) = with_port_80(members);
        let world = World::with(scenario, &[("ecsail.yml", MANIFEST), ("web.yml", &definition)], &[seeded]);
        world
            .deploy("v2")
            .exits(3)
            .says("failed ELB health checks")
            .says("cause: the load balancer's health check fails");
    }
}

#[test]
fn a_first_task_that_fails_does_not_fail_a_rollout_that_recovers() {
    World::new(Scenario::Flaky).deploy("v2").exits(0).answers("web: deployed web:2");
}

#[test]
fn slow_rollout_is_watched_to_its_end() {
    World::new(Scenario::Slow).deploy("v2").exits(0).answers("web: deployed web:2");
}

#[test]
fn an_alarm_that_rolls_back_is_no_success() {
    World::with_breaker(Scenario::Alarm)
        .deploy("v2")
        .exits(3)
        .answers("web: web:2 was rolled back, web:1 is running: ");
}

#[test]
fn stalled_rollout_times_out_with_a_reason() {
    let world = World::new(Scenario::Stuck);
    let run = world.run(&["deploy", "--tag", "v2", "--timeout", "400ms"]).exits(4);
    let run = run.answers("web: web:2 is still in progress after ").answers("waiting for: ");
    run.answers("0 of 2 tasks running").says("the rollout continues without ecsail");
}

#[test]
fn deployment_list_gives_the_same_verdicts() {
    let note = "note: watching the deployment list";
    let run = World::new(Scenario::NoDeploymentsApi)
        .deploy("v2")
        .exits(0)
        .answers("web: deployed web:2")
        .says(note);
    assert_eq!(run.stderr.matches(note).count(), 1, "the note is printed once");
    for (breaker, scenario) in [
        (true, Scenario::Crash),
        (true, Scenario::RollbackNewId),
        (false, Scenario::CrashBreaker),
        (false, Scenario::Crash),
    ] {
        let world = if breaker { World::with_breaker(scenario) } else { World::new(scenario) };
        for operation in ["ListServiceDeployments", "DescribeServiceDeployments", "DescribeServiceRevisions"]
        {
            world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
        }
        world.deploy("v2").exits(3).says(note).says("exit code 1");
    }
}

#[test]
fn a_deployment_that_another_replaces_is_superseded() {
    let world = World::new(Scenario::Slow);
    let mut child = world.start(&["deploy", "--tag", "v2"]);
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "web: 0/2 running");
    let other =
        json!({"cluster": "main", "service": "web", "taskDefinition": "web:1", "forceNewDeployment": true});
    world.call("UpdateService", other);
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(3));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("web: web:2 was superseded by web:1"), "{stdout}");
}

#[test]
fn a_service_that_is_deleted_meanwhile_has_failed() {
    let world = World::new(Scenario::Slow);
    let mut child = world.start(&["deploy", "--tag", "v2"]);
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "web: 0/2 running");
    world.call("DeleteService", json!({"cluster": "main", "service": "web", "force": true}));
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn interrupt_leaves_the_rollout_and_prints_the_next_command() {
    let world = World::new(Scenario::Stuck);
    let mut child = world.start(&["deploy", "--tag", "v2"]);
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "web: 0/2 running");
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("`kill` is there").success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(130));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("web: web:2 is still in progress; the watch was interrupted"), "{stdout}");
    assert!(
        rest.contains("the rollout continues")
            && rest.contains("ecsail wait web --cluster main --deployment ecs-svc/"),
        "{rest}"
    );
}

/// Reads lines until one contains the text.
pub(crate) fn until(lines: &mut impl BufRead, text: &str) {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(lines.read_line(&mut line).expect("text"), 0, "`{text}` never came: {seen}");
        seen.push_str(&line);
        if line.contains(text) {
            return;
        }
    }
}

#[test]
fn json_has_the_same_facts_one_event_a_line() {
    let world = World::with_breaker(Scenario::Crash);
    let run = world.run(&["deploy", "--tag", "v2", "--output", "json"]).exits(3);
    assert_eq!(run.stderr, "");
    assert_eq!(
        run.event("plan")["services"][0]["task_definition"][0]["path"],
        "containerDefinitions[app].image"
    );
    assert_eq!(run.event("registered")["revision"], "web:2");
    let settled = run.event("rollout.settled");
    assert_eq!(settled["verdict"], "rolled_back");
    assert_eq!(settled["runs"], "web:1");
    assert_eq!(settled["diagnosis"]["containers"][0]["exit_code"], 1);
    assert_eq!(settled["diagnosis"]["causes"][0]["cause"], "the program exited with an error");
}

#[test]
fn one_failed_service_among_several_decides_the_exit_code() {
    let manifest = format!("{MANIFEST}  api:\n    task_definition: web.yml\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world =
        World::with(Scenario::Steady, &files, &[service("web", json!({})), service("api", json!({}))]);
    world.sandbox.set_scenario(Some("api"), Scenario::Crash);
    let run = world.run(&["deploy", "--tag", "v2"]).exits(3);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("web: deployed web:2"), "{lines:?}");
    assert!(lines[1].starts_with("api: web:2 cannot succeed"), "what failed comes last: {lines:?}");
}

#[test]
fn a_failed_deployment_is_not_unchanged_the_second_time() {
    let world = World::new(Scenario::CrashBreaker);
    world.run(&["deploy", "--tag", "v2", "--on-failure", "leave"]).exits(3);
    // As a CI job that is run again.
    let again = world.run(&["deploy", "--tag", "v2", "--on-failure", "leave"]).exits(3);
    again.says("the last deployment of this revision failed");
    world.sandbox.set_scenario(None, Scenario::Steady);
    world.deploy("v2").exits(0).answers("web: deployed web:2");
}

#[test]
fn superseding_with_the_same_tag_redeploys() {
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.set_scenario(None, Scenario::Steady);
    let run = world.run(&["deploy", "--tag", "v2", "--supersede"]).exits(0).answers("web: deployed web:2");
    run.says("the deployment in progress is superseded");
}

#[test]
fn a_configured_threshold_of_the_breaker_counts() {
    let breaker =
        json!({"enable": true, "rollback": true, "thresholdConfiguration": {"type": "COUNT", "value": 8}});
    let members =
        json!({"desiredCount": 3, "deploymentConfiguration": {"deploymentCircuitBreaker": breaker}});
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Crash, &files, &[service("web", members)]);
    world.deploy("v2").exits(3).answers("web: web:2 was rolled back");
}

#[test]
fn a_digest_is_not_recorded_for_a_deployment_that_was_rolled_back() {
    let world = World::with_breaker(Scenario::Steady);
    world.deploy("v2").exits(0);
    let before = world.definition("web:2").1["ecsail:digest:app"].clone();
    world.move_tag("v2");
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.deploy("v2").exits(3);
    assert_eq!(world.definition("web:2").1["ecsail:digest:app"], before);
    world.sandbox.set_scenario(None, Scenario::Steady);
    world.deploy("v2").exits(0).answers("web: deployed web:2");
    assert_ne!(world.definition("web:2").1["ecsail:digest:app"], before);
}

#[test]
fn rollback_hint_is_shown_only_if_a_rollback_is_possible() {
    let hint = "roll back to web:1: `ecsail rollback web --cluster main`";
    let leave = ["--on-failure", "leave"];
    let deploy = |arguments: &[&str]| {
        World::new(Scenario::NoImage).run(&[arguments, leave.as_slice()].concat()).exits(3)
    };
    deploy(&["deploy", "--tag", "v2"]).says(hint);
    let forced = deploy(&["deploy", "--tag", "v1", "--force"]);
    forced.says("roll back to the previous deployment: `ecsail rollback web --cluster main`");
}
