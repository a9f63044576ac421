//! Tests of `ecsail status`: what runs, deployments in progress and problems, with few calls.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::Duration;

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

#[cfg(unix)]
use crate::support::pseudo_terminal::PseudoTerminal;
use crate::support::{DEFINITION, MANIFEST, World, behind_target_group, service, with_port_80};

/// Returns a world with this number of services in one cluster, without a manifest.
fn many(number: usize) -> World {
    let services: Vec<_> = (0..number).map(|n| service(&format!("web-{n:03}"), json!({}))).collect();
    World::with(Scenario::Steady, &[], &services)
}

#[test]
fn it_shows_what_runs_and_since_when() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["status"]).exits(0).answers("web: web:1, 2/2 running\n");
    let digest = world.image("v1")["imageDigest"].as_str().expect("a digest").to_owned();
    let image = format!("  image     app shop/app:v1 {}\n", &digest[..19]);
    run.answers(&image).answers("  deployed  2025-12-31 23:00Z, ");
    world.unchanged();
}

#[test]
fn it_shows_who_deployed_and_what() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    let run = world.run(&["status"]).exits(0);
    run.answers("web: web:2, 2/2 running\n").answers("by sandbox, tag v2\n");
    let status = world.run(&["status", "--output", "json"]).exits(0).event("status");
    assert_eq!(status["deployed"]["tag"], "v2");
    assert_eq!(status["deployed"]["by"], "arn:aws:iam::123456789012:user/sandbox");
    assert_eq!(status["images"][0]["digest"], world.image("v2")["imageDigest"]);
}

#[test]
fn deployment_in_progress_is_shown_with_its_own_tasks_and_its_stage() {
    let world = World::new(Scenario::Stuck);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.advance(Duration::from_secs(30));
    let run = world.run(&["status", "web"]).exits(0);
    let run =
        run.answers("web: web:2, 0/2 running").answers("a deployment is in progress; web:1 serves with 2\n");
    let run =
        run.answers("  rollout   web:2 in progress, scale up\n").answers("  primary   web:2 0/2 running");
    let run = run.answers("  active    web:1 2/2 running, completed").answers("app shop/app:v1 sha256:");
    run.answers(" (web:1)\n");
    let status =
        world.run(&["status", "web", "--cluster", "main", "--output", "json"]).exits(0).event("status");
    assert_eq!((&status["in_progress"], &status["standing"]), (&json!(true), &json!("deploying")));
    assert_eq!(status["rollouts"][0]["stage"], "SCALE_UP");
    assert_eq!(status["deployments"].as_array().map(Vec::len), Some(2));
}

/// Runs `status` until its first service is failing, and returns that event.
fn until_failing(world: &World) -> Value {
    for _ in 0..100 {
        let status = world.run(&["status", "--output", "json"]).exits(0).event("status");
        if status["standing"] == "failing" {
            return status;
        }
    }
    panic!("it does not fail");
}

#[test]
fn what_is_wrong_comes_first_with_the_command_that_explains_it() {
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let status = until_failing(&world);
    assert_eq!(status["cause"], "container `app` exited with code 1");
    let run = world.run(&["status", "web", "--cluster", "main"]).exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("web: FAILING web:2 0/2 ("), "{}", run.stdout);
    let cause = " failed: container `app` exited with code 1); web:1 serves with 2";
    assert!(lines[0].ends_with(cause), "{}", run.stdout);
    assert_eq!(lines[1], "  next      `ecsail --cluster main why web`");
    world.run(&["why", "web", "--cluster", "main"]).exits(0).answers("exit code 1");
}

#[test]
fn the_exit_code_tells_scripts_what_is_wrong() {
    let world = World::new(Scenario::Stuck);
    world.run(&["status", "--exit-code"]).exits(0);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.run(&["status", "--exit-code"]).exits(4);
    world.run(&["status"]).exits(0);
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    until_failing(&world);
    world.run(&["status", "--exit-code"]).exits(3);
    world.run(&["status", "nope", "--cluster", "main", "--exit-code"]).exits(1);
    world.run(&["status", "--watch", "--exit-code"]).exits(2);
}

#[test]
fn a_service_that_is_short_of_tasks_is_no_success() {
    let world = World::held();
    let tasks = world.call("ListTasks", json!({"cluster": "main", "serviceName": "web"}));
    world.call("StopTask", json!({"cluster": "main", "task": tasks["taskArns"][0]}));
    let run = world.run(&["status", "--exit-code"]).exits(3).answers("web: SHORT OF TASKS web:1 1/2");
    run.answers("  next      `ecsail why web`\n");
}

/// Returns a world with three services, of which the first fails.
fn one_of_three() -> World {
    let services = ["api", "job", "web"].map(|name| service(name, json!({})));
    let world = World::with(Scenario::Steady, &[], &services);
    world.sandbox.set_scenario(Some("api"), Scenario::Crash);
    let update = json!({"cluster": "main", "service": "api", "forceNewDeployment": true});
    world.call("UpdateService", update);
    for _ in 0..100 {
        if world.run(&["status", "--cluster", "main", "--exit-code"]).code == 3 {
            return world;
        }
    }
    panic!("it does not fail");
}

#[test]
fn a_failing_service_is_the_last_one() {
    let world = one_of_three();
    let run = world.run(&["status", "--cluster", "main"]).exits(0);
    let names: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(names, ["job", "web", "api"], "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn on_a_terminal_a_failing_service_is_red_and_the_first_one_of_a_watch() {
    let world = one_of_three();
    let command = world.folder.command(&["status", "--cluster", "main"]);
    let (text, _) = PseudoTerminal::start(command, 80, 24).finish();
    assert!(text.contains("\u{1b}[31mapi: FAILING api:1 0/2"), "{text:?}");
    let mut terminal =
        PseudoTerminal::start(world.folder.command(&["status", "--cluster", "main", "--watch"]), 80, 24);
    let shown = terminal.wait_for("web: web:1").to_owned();
    interrupt(&terminal.child);
    let (all, code) = terminal.finish();
    assert_eq!(code, 0, "{all}");
    assert!(shown.find("api: FAILING") < shown.find("job: job:1"), "{shown}");
    let said = console::strip_ansi_codes(&shown).into_owned();
    assert!(said.trim_start().starts_with("as of 20") && said.contains("; Ctrl-C ends it"), "{said}");
}

#[test]
fn rollback_in_progress_is_shown_with_its_reason() {
    let world = World::with_breaker(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let mut printed = String::new();
    for _ in 0..100 {
        printed = world.run(&["status"]).exits(0).stdout;
        if printed.contains(", rolling back") {
            break;
        }
    }
    assert!(
        printed.contains("web: FAILING web:2 ") && printed.contains("; web:1 serves with 2\n"),
        "{printed}"
    );
    assert!(printed.contains("web:2 rollback in progress, rolling back to web:1"), "{printed}");
    assert!(printed.contains("circuit breaker"), "{printed}");
}

#[test]
fn a_steady_service_takes_one_call_for_its_last_deployment_once() {
    let world = World::new(Scenario::Steady);
    world.run(&["status"]).exits(0);
    assert_eq!(world.calls("ListServiceDeployments").len(), 1);
    assert!(world.calls("DescribeServiceDeployments").is_empty());
    assert!(world.calls("DescribeTargetHealth").is_empty());
    assert!(world.calls("ListTasks").is_empty());
    assert_eq!(
        world.sandbox.requests().len(),
        5,
        "services, revisions, definition, range, the last deployment"
    );
}

#[test]
fn unhealthy_targets_are_named() {
    let (seeded, definition) = with_port_80(behind_target_group());
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Unhealthy, &files, &[seeded]);
    world.run(&["status"]).exits(0).answers("  target    2 of 2 healthy\n");
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let mut printed = String::new();
    for _ in 0..60 {
        printed = world.run(&["status"]).exits(0).stdout;
        if printed.contains(" is unhealthy: Health checks failed with these codes: [503]\n") {
            return;
        }
    }
    panic!("no target became unhealthy:\n{printed}");
}

#[test]
fn the_end_of_the_last_deployment_is_a_sentence() {
    let world = World::with_breaker(Scenario::Crash);
    world.deploy("v2").exits(3);
    let run = world.run(&["status"]).exits(0).answers("web: web:1, 2/2 running\n");
    let run = run.answers("  last      v2 (web:2) rolled back ");
    let run = run
        .answers(" ago: Service deployment rolled back because the circuit breaker threshold was exceeded.");
    let run = run.answers("  next      `ecsail why web`\n");
    assert!(!run.stdout.contains("  event "), "{}", run.stdout);
    let ended = world.run(&["status", "--output", "json"]).exits(0).event("status")["ended"].clone();
    assert_eq!((&ended["outcome"], &ended["tag"]), (&json!("rolled_back"), &json!("v2")));
    world.sandbox.set_scenario(None, Scenario::Steady);
    world.deploy("v3").exits(0);
    assert!(!world.run(&["status"]).exits(0).stdout.contains("  last "));
}

#[test]
fn events_are_shown_where_they_are_asked_for_and_routine_ones_never() {
    let world = World::with_breaker(Scenario::Crash);
    world.deploy("v2").exits(3);
    let run = world.run(&["status", "--events", "3"]).exits(0);
    let run = run.answers("deployment failed: tasks failed to start.");
    assert!(!run.stdout.contains("steady state") && !run.stdout.contains("has started"), "{}", run.stdout);
    let one = world.run(&["status", "--events", "1"]).exits(0).stdout;
    assert_eq!(one.matches("  event ").count(), 1, "{one}");
}

#[test]
fn a_hundred_services_take_few_calls() {
    let world = many(100);
    let run = world.run(&["status", "--cluster", "main"]).exits(0);
    assert_eq!(run.stdout.lines().count(), 102, "{}", run.stdout);
    let run = run.answers("SERVICE  REVISION   TASKS  IMAGE").answers("100 services: 100 steady");
    run.answers("web-099  web-099:1  2/2    v1 ");
    let calls = world.sandbox.requests().len();
    assert!(calls <= 25, "{calls} calls");
    for (operation, number) in
        [("ListServices", 1), ("DescribeServices", 10), ("DescribeServiceRevisions", 5)]
    {
        assert_eq!(world.calls(operation).len(), number, "{operation}");
    }
}

#[test]
fn a_hundred_services_that_all_are_deployed_take_no_more_calls() {
    let world = many(100);
    world.sandbox.set_scenario(None, Scenario::Stuck);
    for n in 0..100 {
        let name = format!("web-{n:03}");
        let update = json!({"cluster": "main", "service": name, "forceNewDeployment": true});
        world.call("UpdateService", update);
    }
    let run = world.run(&["status", "--cluster", "main", "--output", "json"]).exits(0);
    assert_eq!(run.events().len(), 100);
    assert_eq!(run.event("status")["standing"], "deploying");
    let calls = world.sandbox.requests().len();
    assert!(calls <= 25, "{calls} calls");
}

#[test]
fn a_few_services_are_found_by_their_cluster_alone() {
    let world = many(2);
    let run = world.run(&["status", "--cluster", "main"]).exits(0);
    run.answers("web-000: web-000:1, 2/2 running").answers("web-001: web-001:1, 2/2 running");
}

#[test]
fn an_empty_cluster_has_nothing_to_show() {
    let world = World::with(Scenario::Steady, &[], &[]);
    world.call("CreateCluster", json!({"clusterName": "main"}));
    let run = world.run(&["status", "--cluster", "main"]).exits(0);
    assert_eq!(run.stdout, "cluster `main` has no services\n");
    world.run(&["status", "--cluster", "nope"]).exits(1).says("no cluster named `nope`");
}

#[test]
fn what_differs_from_the_manifest_is_marked() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    assert!(!world.run(&["status"]).exits(0).stdout.contains("drift"));
    world.folder.write("web.yml", &DEFINITION.replace("memory: 512", "memory: 1024"));
    world.run(&["status"]).exits(0).answers("  drift     differs from the manifest: memory\n");
    let status = world.run(&["status", "--output", "json"]).exits(0).event("status");
    assert_eq!(status["drift"], json!(["memory"]));
}

#[test]
fn a_manifest_that_cannot_be_rendered_is_no_error() {
    let world = World::new(Scenario::Steady);
    let definition = DEFINITION.replace("memory: 512", "memory: {{ env.MEMORY }}");
    world.folder.write("web.yml", &definition);
    let run = world.run(&["status"]).exits(0).answers("web: web:1, 2/2 running");
    let run = run.says("note: the drift of `web` is unknown");
    assert!(!run.stdout.contains("drift"));
    std::fs::remove_file(world.folder.dir.path().join("web.yml")).expect("the file was there");
    world.run(&["status"]).exits(0).answers("web: web:1, 2/2 running");
}

#[test]
fn without_a_manifest_nothing_is_rendered() {
    let world = many(1);
    let run = world.run(&["status", "web-000", "--cluster", "main"]).exits(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_permission_that_is_missing_costs_only_what_it_is_for() {
    for (operation, note) in [
        ("DescribeServiceRevisions", "the images and digests that run are unknown"),
        ("DescribeTaskDefinition", "tags, commits and users of deployments are unknown"),
        ("ListServiceDeployments", "the lifecycle stages of deployments in progress are unknown"),
        ("DescribeServiceDeployments", "the lifecycle stages of deployments in progress are unknown"),
    ] {
        let world = World::new(Scenario::Stuck);
        world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
        let run = world.run(&["status"]).exits(0).answers("web: web:2, ");
        assert_eq!(run.stderr.matches(note).count(), 1, "{operation}: {}", run.stderr);
    }
    let world = World::with_breaker(Scenario::Crash);
    world.deploy("v2").exits(3);
    world.sandbox.inject(Fault::on("ListServiceDeployments", FaultKind::AccessDenied).always());
    let run = world.run(&["status"]).exits(0).answers("web: web:1, 2/2 running");
    run.says("note: how the last deployments ended is unknown: ecs:ListServiceDeployments");
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    until_failing(&world);
    world.sandbox.inject(Fault::on("ListTasks", FaultKind::AccessDenied).always());
    let run = world.run(&["status"]).exits(0).answers("web: FAILING web:2 0/2 (");
    run.says("note: why tasks failed is unknown: ecs:ListTasks");
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::AccessDenied).always());
    world.run(&["status"]).exits(1).says("ecs:DescribeServices");
}

#[test]
fn a_throttle_is_waited_out() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::Throttling));
    world.run(&["status"]).exits(0).answers("web: web:1, 2/2 running");
}

#[test]
fn missing_service_has_a_suggestion() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["status", "wbe", "web", "--cluster", "main"]).exits(1);
    run.answers("wbe: no such service in cluster `main`\n  did you mean `web`?\n")
        .answers("web: web:1, 2/2 running");
    let run = world.run(&["status", "wbe", "--cluster", "main", "--output", "json"]).exits(1);
    assert_eq!(run.event("status")["status"], "MISSING");
}

#[test]
fn stage_is_required_if_there_are_stages() {
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &format!("{MANIFEST}stages: {{ a: {{}} }}\n"));
    world.run(&["status"]).exits(2).says("the manifest has stages, and none was chosen");
}

#[test]
fn a_name_that_is_not_used_need_not_be_defined() {
    let world = World::new(Scenario::Steady);
    let manifest = MANIFEST.replace("services:", "vars: { release: '{{ tag }}-{{ env.NOPE }}' }\nservices:");
    world.folder.write("ecsail.yml", &manifest);
    world.run(&["status"]).exits(0).answers("web: web:1");
    world.folder.write("ecsail.yml", &manifest.replace("cluster: main", "cluster: 'c-{{ vars.nope }}'"));
    world.run(&["status"]).exits(1).says("this value uses a name that is not defined");
}

#[test]
fn a_deleted_service_is_not_there() {
    let world = World::new(Scenario::Steady);
    world.call("DeleteService", json!({"cluster": "main", "service": "web", "force": true}));
    for _ in 0..20 {
        world.sandbox.advance(Duration::from_mins(1));
    }
    world.run(&["status"]).exits(1).answers("web: no such service in cluster `main`");
}

/// Reads lines until one contains this text, and returns them.
fn until(stdout: &mut impl BufRead, text: &str) -> String {
    let mut printed = String::new();
    while !printed.contains(text) {
        assert_ne!(stdout.read_line(&mut printed).expect("text"), 0, "`{text}` is not in:\n{printed}");
    }
    printed
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
}

#[cfg(unix)]
#[test]
fn watch_prints_only_changes() {
    let world = World::new(Scenario::Steady);
    let mut child = world.start(&["status", "--watch", "--output", "json"]);
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let first = until(&mut stdout, "\n");
    // Refreshes continue without a change, so the next line is of the deploy.
    while world.calls("DescribeServices").len() < 5 {
        std::thread::yield_now();
    }
    world.deploy("v2").exits(0);
    let rest = until(&mut stdout, "\"tag\":\"v2\"");
    interrupt(&child);
    assert!(child.wait().expect("ends").success(), "Ctrl-C is the end of a watch, not an error");
    let first: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!((&first["revision"], &first["standing"]), (&json!("web:1"), &json!("steady")));
    let next: Value = serde_json::from_str(rest.lines().next().expect("a line")).expect("JSON");
    assert_ne!(next["deployments"], first["deployments"], "{next}");
}

#[cfg(unix)]
#[test]
fn watch_continues_after_a_transient_error() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::ServerError(503)).times(12).after(2));
    let mut child = world.start(&["status", "--watch"]);
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let shown = until(&mut stdout, "web: web:1, 2/2 running");
    assert!(shown.starts_with("as of ") && shown.contains("; Ctrl-C ends it\n"), "{shown}");
    let said = until(&mut stderr, "refresh failed, trying again: ");
    assert!(said.contains("ecs:DescribeServices"), "{said}");
    let update = json!({"cluster": "main", "service": "web", "forceNewDeployment": true});
    world.call("UpdateService", update);
    until(&mut stdout, ", a deployment is in progress");
    interrupt(&child);
    assert!(child.wait().expect("ends").success());
}

#[test]
fn watch_ends_if_the_first_read_fails() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("DescribeServices", FaultKind::AccessDenied).always());
    world.run(&["status", "--watch"]).exits(1).says("ecs:DescribeServices");
}

#[test]
fn an_image_outside_ecr_is_named_whole() {
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["image"] = json!("public.ecr.aws/nginx/nginx:1.27");
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    let run = world.run(&["status", "--cluster", "main"]).exits(0);
    run.answers("  image     app public.ecr.aws/nginx/nginx:1.27");
}

#[test]
fn range_of_autoscaling_is_shown_beside_the_number_of_tasks() {
    let world = crate::autoscaling::scaled("    autoscaling: { min: 1, max: 4, cpu: 60 }\n");
    world.run(&["status"]).exits(0).answers("web: web:1, 2/2 running (1–4 autoscaled)");
    let shown = world.run(&["status", "--output", "json"]).exits(0).event("status");
    assert_eq!((&shown["autoscaling"]["min"], &shown["autoscaling"]["max"]), (&json!(1), &json!(4)));
    world.run(&["scale", "web", "--suspend", "--yes"]).exits(0);
    world.run(&["status"]).exits(0).answers("(1–4 autoscaling suspended)");
}

#[test]
fn cluster_beside_a_manifest_is_the_whole_cluster() {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let world =
        World::with(Scenario::Steady, &files, &[service("web", json!({})), service("other", json!({}))]);
    let run = world.run(&["status", "--cluster", "main"]).exits(0);
    run.answers("web: web:1, 2/2 running").answers("other: other:1, 2/2 running");
    let run = world.run(&["status"]).exits(0);
    assert!(!run.stdout.contains("other"), "{}", run.stdout);
}
