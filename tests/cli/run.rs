//! Tests of `ecsail run`: one-off tasks, with their log lines and their exit code.

#[cfg(unix)]
use std::io::{BufReader, Read};

use ecsail_sandbox::{Fault, FaultKind, Scenario, SeedService};
use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use crate::deploy::{at_a_terminal, until_asked};
use crate::events::all_as_the_schema_says;
#[cfg(unix)]
use crate::rollout_outcomes::until;
use crate::support::{DEFINITION, MANIFEST, Run, World, service};

/// Returns service `web`, whose container writes to a log group, with a network.
fn logging() -> SeedService {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"]}},
        "launchType": "FARGATE", "platformVersion": "1.4.0"});
    let mut seeded = service("web", network);
    seeded.task_definition["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs",
        "options": {"awslogs-group": "/shop/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}});
    seeded
}

fn world(scenario: Scenario) -> World {
    World::with(scenario, &[], &[logging()])
}

/// Runs a task like service `web`, with flags and a command.
fn run(world: &World, arguments: &[&str], command: &[&str]) -> Run {
    let like = ["run", "--cluster", "main", "--like", "web"];
    world.run(&[&like, arguments, &["--"], command].concat())
}

/// Returns the one-off tasks, as of `DescribeTasks`.
fn tasks(world: &World) -> Vec<Value> {
    let of = |status: &str| {
        let listed =
            world.call("ListTasks", json!({"cluster": "main", "family": "web", "desiredStatus": status}));
        listed["taskArns"].as_array().cloned().unwrap_or_default()
    };
    let arns: Vec<Value> = of("RUNNING").into_iter().chain(of("STOPPED")).collect();
    let described = world.call("DescribeTasks", json!({"cluster": "main", "tasks": arns}));
    let mut tasks = described["tasks"].as_array().cloned().unwrap_or_default();
    tasks.retain(|task| !task["group"].as_str().unwrap_or_default().starts_with("service:"));
    tasks
}

#[test]
fn a_task_that_ends_well_gives_its_lines_and_zero() {
    let world = world(Scenario::Steady);
    let run = run(&world, &[], &["bin/migrate"]).exits(0);
    assert!(
        run.stdout.starts_with("starting app, web:1\n") && run.stdout.ends_with("done\n"),
        "{}",
        run.stdout
    );
    run.says("web: web:1 ended with exit code 0 after ");
}

#[test]
fn task_has_revision_and_network_of_the_service() {
    let world = world(Scenario::Steady);
    run(&world, &["--env", "BATCH=5=5", "--memory", "2048"], &["bin/migrate", "--now"]).exits(0);
    let sent = &world.calls("RunTask")[0].body;
    assert_eq!(
        sent["networkConfiguration"]["awsvpcConfiguration"]["subnets"],
        json!(["subnet-1", "subnet-2"])
    );
    assert_eq!((&sent["launchType"], &sent["platformVersion"]), (&json!("FARGATE"), &json!("1.4.0")));
    let expected = json!({"name": "app", "command": ["bin/migrate", "--now"],
        "environment": [{"name": "BATCH", "value": "5=5"}]});
    assert_eq!(tasks(&world)[0]["overrides"]["containerOverrides"], json!([expected]));
}

#[test]
fn the_exit_code_is_the_containers() {
    let world = world(Scenario::ExitSeven);
    let run = run(&world, &[], &["bin/migrate"]).exits(7);
    assert!(run.stdout.ends_with("\nexiting with code 7\n"), "{}", run.stdout);
    let run = run.says("web: web:1 failed with exit code 7 after ").says("container `app`: exit code 7");
    assert!(!run.stderr.contains("ERROR step 4"), "the lines were shown as they came: {}", run.stderr);
}

#[test]
fn a_task_that_never_ran_is_a_failure_with_its_cause() {
    let told = |scenario| run(&world(scenario), &[], &["bin/migrate"]).exits(3);
    let run = told(Scenario::NoImage).says("the task did not start: CannotPullContainerError");
    assert_eq!(run.stdout, "");
    run.says("cause: the image is not in the registry").says("remedy: push the image, or correct its tag");
    told(Scenario::SecretDenied).says("cause: the execution role may not read a secret");
    told(Scenario::ExecFormat).says("cause: the image is for another CPU architecture than the task");
}

#[test]
fn a_container_that_runs_out_of_memory_says_so() {
    let run = run(&world(Scenario::Oom), &[], &["bin/import"]).exits(137);
    run.says("OutOfMemoryError: Container killed due to memory usage").says("cause: ").says("remedy: ");
}

#[test]
fn lines_that_come_late_and_over_several_pages_are_shown_to_the_last_one() {
    let world = world(Scenario::LateLogs);
    let run = run(&world, &[], &["bin/migrate"]).exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let steps = (1..8).map(|step| format!("step {step} of 7"));
    let start = ["starting app, web:1", "working"].map(str::to_owned).into_iter();
    assert_eq!(lines, start.chain(steps).chain(["done".to_owned()]).collect::<Vec<_>>());
    let reads = world.calls("FilterLogEvents");
    assert!(reads.iter().any(|read| read.body["nextToken"].is_string()), "over pages");
}

#[test]
fn a_dropped_connection_after_the_start_starts_no_second_task() {
    for kind in [FaultKind::DropAfter, FaultKind::DropBefore, FaultKind::ServerError(500), FaultKind::Html500]
    {
        let world = world(Scenario::Steady);
        world.sandbox.inject(Fault::on("RunTask", kind.clone()).times(1));
        run(&world, &[], &["bin/migrate"]).exits(0).answers("done");
        assert_eq!(tasks(&world).len(), 1, "{kind:?}");
        let calls = world.calls("RunTask");
        assert_eq!(calls.len(), 2, "{kind:?}");
        assert!(calls.iter().all(|call| call.body == calls[0].body), "the same token: {calls:?}");
        assert!(calls[0].body["clientToken"].as_str().is_some_and(|token| token.len() <= 64));
    }
}

#[test]
fn two_runs_have_two_tokens() {
    let world = world(Scenario::Steady);
    for _ in 0..2 {
        run(&world, &["--no-wait"], &["bin/migrate"]).exits(0);
    }
    assert_eq!(tasks(&world).len(), 2);
}

#[test]
fn a_start_that_is_denied_says_which_permission_is_missing() {
    let world = world(Scenario::Steady);
    world.sandbox.inject(Fault::on("RunTask", FaultKind::AccessDenied).always());
    run(&world, &[], &["bin/migrate"]).exits(1).says("hint: allow `ecs:RunTask`");
    assert_eq!(world.calls("RunTask").len(), 1);
}

#[test]
fn placement_failures_are_reported_with_remedies() {
    let world = world(Scenario::Placement);
    let run = run(&world, &["--count", "2"], &["bin/migrate"]).exits(1);
    let run = run
        .says("caused by: RESOURCE:MEMORY of `arn:aws:ecs:us-east-1:123456789012:container-instance/main/");
    run.says("hint: no container instance has room for the task: add instances, or request less");
    assert!(tasks(&world).is_empty());
}

#[test]
fn capacity_that_is_missing_for_the_call_has_a_remedy() {
    let world = world(Scenario::Steady);
    let message =
        "Capacity is unavailable at this time. Please try again later or in a different availability zone";
    let kind = FaultKind::Code { status: 400, code: "ClientException".into(), message: message.into() };
    world.sandbox.inject(Fault::on("RunTask", kind).always());
    let run = run(&world, &[], &["bin/migrate"]).exits(1).says("Capacity is unavailable at this time.");
    run.says("hint: Fargate has no capacity at the moment: try again, or add availability zones");
}

#[test]
fn partly_started_run_is_watched_and_is_no_success() {
    let world = world(Scenario::Scarce);
    let run = run(&world, &["--count", "3"], &["bin/migrate"]).exits(3).answers("done");
    let run = run.says("web: not all tasks were started: RESOURCE:MEMORY of `arn:aws:ecs:");
    run.says("2 more could not be started");
    assert_eq!((tasks(&world).len(), world.calls("StopTask").len()), (1, 0));
}

#[test]
fn timeout_stops_the_task() {
    let world = world(Scenario::Stuck);
    let run = run(&world, &["--timeout", "150ms"], &["bin/migrate"]).exits(4);
    run.says("web: web:1 was stopped: timed out after ");
    let stops = world.calls("StopTask");
    assert_eq!(
        (stops.len(), &stops[0].body["reason"]),
        (1, &json!("Stopped by ecsail: the run exceeded its timeout"))
    );
    assert_eq!(tasks(&world)[0]["lastStatus"], "STOPPED");
}

#[test]
fn unstoppable_task_is_reported_as_running() {
    let world = world(Scenario::Stuck);
    world.sandbox.inject(Fault::on("StopTask", FaultKind::AccessDenied).always());
    let run =
        run(&world, &["--timeout", "50ms"], &["bin/migrate"]).exits(4).says("ecs:StopTask: AccessDenied");
    let id = tasks(&world)[0]["taskArn"]
        .as_str()
        .and_then(|arn| arn.rsplit('/').next())
        .expect("an id")
        .to_owned();
    let run = run.says("web:1 keeps running and could not be stopped");
    run.says(&format!("stop it: `aws ecs stop-task --cluster main --region us-east-1 --task {id}`"));
}

#[test]
fn without_waiting_the_ids_are_the_answer() {
    let world = world(Scenario::Crash);
    let run = run(&world, &["--no-wait", "--count", "2"], &["bin/migrate"]).exits(0);
    let mut started: Vec<String> = tasks(&world).iter().map(id).collect();
    let mut printed: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
    started.sort();
    printed.sort();
    assert_eq!(printed, started);
    assert!(world.calls("DescribeTasks").is_empty());
}

fn id(task: &Value) -> String {
    task["taskArn"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned()
}

#[test]
fn lines_of_several_tasks_are_prefixed() {
    let world = world(Scenario::Steady);
    let run = run(&world, &["--count", "2"], &["bin/migrate"]).exits(0);
    assert_eq!(world.calls("RunTask").len(), 1);
    for task in tasks(&world) {
        let last = format!("{} app | done", &id(&task)[..8]);
        assert!(run.stdout.lines().any(|line| line == last), "{last}: {}", run.stdout);
    }
}

#[test]
fn only_the_named_container_counts_and_is_shown() {
    let mut seeded = logging();
    let containers = seeded.task_definition["containerDefinitions"].as_array_mut().expect("a list");
    let mut proxy = containers[0].clone();
    proxy["name"] = json!("proxy");
    containers.push(proxy);
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    // Without `--container` the proxy counts too: it is essential, and was stopped with the other.
    let both = run(&world, &[], &["bin/migrate"]).exits(143);
    assert!(
        both.stdout.contains("app   | done") && both.stdout.contains("proxy | starting"),
        "{}",
        both.stdout
    );
    let one = run(&world, &["--container", "app"], &["bin/migrate"]).exits(0);
    assert!(one.stdout.starts_with("starting app") && !one.stdout.contains("proxy"), "{}", one.stdout);
    let other = run(&world, &["--container", "ap"], &["bin/migrate"]).exits(2);
    other.says("error: no container named `ap` in task definition `web`").says("hint: did you mean `app`?");
    assert_eq!(world.calls("RunTask").len(), 2);
}

#[test]
fn quietly_it_gives_the_lines_and_what_failed() {
    let good = run(&world(Scenario::Steady), &["-q"], &["bin/x"]).exits(0).answers("done");
    assert_eq!(good.stderr, "");
    let bad = run(&world(Scenario::ExitSeven), &["-q"], &["bin/x"]).exits(7).says("failed with exit code 7");
    assert!(!bad.stderr.contains("web: pending"), "{}", bad.stderr);
}

#[test]
fn in_github_actions_a_run_that_failed_is_an_annotation() {
    for (scenario, code) in [(Scenario::ExitSeven, 7), (Scenario::Steady, 0)] {
        let mut world = world(scenario);
        let summary = world.folder.dir.path().join("summary.md");
        let named = summary.to_str().expect("text").to_owned();
        world.folder = world.folder.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &named);
        let run = run(&world, &[], &["bin/x"]).exits(code);
        let annotated =
            run.stderr.contains("::error title=ecsail%3A web::web:1 failed with exit code 7 after ");
        assert_eq!(annotated, code != 0, "{}", run.stderr);
        assert!(std::fs::read_to_string(summary).expect("written").starts_with("**web**: web:1 "));
    }
}

#[test]
fn a_sidecar_that_is_not_essential_neither_counts_nor_puts_names_before_lines() {
    let mut seeded = logging();
    let sidecar = json!({"name": "agent", "image": "public.ecr.aws/datadog/agent:7", "essential": false});
    seeded.task_definition["containerDefinitions"].as_array_mut().expect("a list").push(sidecar);
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    let run = run(&world, &[], &["bin/migrate"]).exits(0);
    assert!(run.stdout.starts_with("starting app, web:1\n"), "{}", run.stdout);
    assert_eq!(tasks(&world)[0]["containers"][1]["exitCode"], 143);
    run.says("note: failed to read the log of container `agent` of web:1: it has no `logConfiguration`");
}

#[test]
fn api_errors_are_retried() {
    let world = world(Scenario::Steady);
    // More than the attempts of the SDK.
    world.sandbox.inject(Fault::on("DescribeTasks", FaultKind::ServerError(503)).times(4));
    world.sandbox.inject(Fault::on("FilterLogEvents", FaultKind::DropAfter).times(1));
    run(&world, &[], &["bin/migrate"]).exits(0).answers("done");
}

#[test]
fn a_watch_that_cannot_go_on_is_no_failed_task() {
    let world = world(Scenario::Slow);
    world.sandbox.inject(Fault::on("DescribeTasks", FaultKind::ExpiredToken).always().after(3));
    let run =
        run(&world, &[], &["bin/migrate"]).exits(1).says("can no longer be watched, it keeps running: ");
    run.says("renew the credentials")
        .says("show its state: `aws ecs describe-tasks --cluster main --region us-east-1");
    assert!(world.calls("StopTask").is_empty());
}

#[test]
fn unreadable_log_is_reported_once_and_changes_no_outcome() {
    let run = run(&world(Scenario::NoLogs), &[], &["bin/migrate"]).exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.matches("AccessDenied").count()), ("", 1), "{}", run.stderr);
}

#[test]
fn environment_overrides_are_not_printed() {
    for scenario in [Scenario::ExitSeven, Scenario::NoImage, Scenario::Placement] {
        for format in ["text", "json"] {
            let world = world(scenario);
            let run = run(&world, &["--env", "DB_PASSWORD=hunter22", "-v", "--output", format], &["bin/x"]);
            assert_ne!(run.code, 0);
            assert!(!run.stdout.contains("hunter22") && !run.stderr.contains("hunter22"), "{run:?}");
        }
    }
    let run = run(&world(Scenario::Steady), &["--env", "hunter22"], &["bin/x"]).exits(2);
    assert!(!run.stderr.contains("hunter22"), "{}", run.stderr);
}

#[test]
fn a_service_may_be_a_key_of_the_manifest_and_has_to_be_there() {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[logging()]);
    world.run(&["run", "--like", "web", "--", "true"]).exits(0).answers("done");
    let near = world.run(&["run", "--cluster", "main", "--like", "wep", "--", "true"]).exits(2);
    near.says("no service named `wep` in cluster `main`").says("did you mean `web`?");
    world.run(&["run", "--", "true"]).exits(2).says("no task and no `--like SERVICE` is named");
}

#[test]
fn run_events_match_the_schema() {
    for (scenario, arguments, code, outcome) in [
        (Scenario::Steady, &[][..], 0, "succeeded"),
        (Scenario::ExitSeven, &["--count", "2"], 7, "failed"),
        (Scenario::NoImage, &[], 3, "failed"),
        (Scenario::Scarce, &["--count", "2"], 3, "failed"),
        (Scenario::Stuck, &["--timeout", "100ms"], 4, "timed_out"),
        (Scenario::Steady, &["--no-wait"], 0, "in_progress"),
    ] {
        let run = run(&world(scenario), &[arguments, &["--output", "json"]].concat(), &["bin/x"]).exits(code);
        all_as_the_schema_says(&run.stdout);
        assert_eq!((run.stderr.as_str(), &run.event("task.ended")["outcome"]), ("", &json!(outcome)));
        assert!(run.event("task.started")["tasks"][0].is_string());
    }
}

#[test]
fn lines_that_could_not_be_read_for_long_are_shown_once_they_can() {
    let world = world(Scenario::Steady);
    world.sandbox.inject(Fault::on("FilterLogEvents", FaultKind::AccessDenied).times(6));
    let run = run(&world, &[], &["bin/migrate"]).exits(0);
    assert!(run.stdout.starts_with("starting app") && run.stdout.ends_with("done\n"), "{}", run.stdout);
    assert_eq!(run.stderr.matches("AccessDenied").count(), 1, "said once: {}", run.stderr);
}

/// Starts a long run, and returns it once it is in progress.
#[cfg(unix)]
fn under_way(
    world: &World,
    arguments: &[&str],
) -> (std::process::Child, BufReader<std::process::ChildStderr>) {
    let like = ["run", "--cluster", "main", "--like", "web"];
    let mut child = world.start(&[&like, arguments, &["--", "bin/x"]].concat());
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "web: started web:1 in `main` as task ");
    until(&mut stderr, "web: pending");
    (child, stderr)
}

/// Interrupts a run, and returns its exit code and the rest of its output.
#[cfg(unix)]
fn interrupted(mut child: std::process::Child, mut stderr: impl Read) -> (Option<i32>, String) {
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    (child.wait().expect("ends").code(), rest)
}

#[cfg(unix)]
#[test]
fn interrupt_without_terminal_leaves_the_task_with_a_hint() {
    let world = slow();
    let (child, stderr) = under_way(&world, &[]);
    let (code, said) = interrupted(child, stderr);
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("web: web:1 keeps running; the watch was interrupted"), "{said}");
    assert!(said.contains("stop it: `aws ecs stop-task --cluster main --region us-east-1 --task "), "{said}");
    assert!(world.calls("StopTask").is_empty());
}

#[cfg(unix)]
#[test]
fn stop_on_interrupt_stops_the_task() {
    let world = slow();
    let (child, stderr) = under_way(&world, &["--stop-on-interrupt"]);
    let (code, said) = interrupted(child, stderr);
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("web: web:1 was stopped after ") && said.contains(": interrupted"), "{said}");
    assert_eq!(tasks(&world)[0]["stoppedReason"], "Stopped by ecsail: the run was interrupted");
}

/// Returns a world with slow tasks: polls are far enough apart that nothing ends by itself.
#[cfg(unix)]
fn slow() -> World {
    let mut world = world(Scenario::Slow);
    world.folder = world.folder.env("ECSAIL_POLL_INTERVAL", "60ms");
    world
}

#[test]
#[cfg(target_os = "linux")]
fn interrupt_in_a_terminal_prompts() {
    let world = world(Scenario::Stuck);
    let mut child = at_a_terminal(&world, "run --cluster main --like web -- bin/x");
    let mut keys = child.stdin.take().expect("piped");
    for answer in [b"w\n", b"s\n"] {
        // An interrupt drops typed input that was not read yet, so the watch has to continue first.
        let looks = world.calls("DescribeTasks").len();
        while world.calls("DescribeTasks").len() == looks {
            std::thread::yield_now();
        }
        std::io::Write::write_all(&mut keys, b"\x03").expect("it listens");
        until_asked(&mut child, "[L/s/w] ");
        std::io::Write::write_all(&mut keys, answer).expect("it listens");
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(world.calls("StopTask").len(), 1);
}

#[test]
fn sizes_are_written_as_in_the_manifest() {
    let world = world(Scenario::Steady);
    for (cpu, memory) in [(".25vCPU", "0.5 GB"), ("0.25 vCPU", ".5gb"), ("256", "512")] {
        world.sandbox.clear_requests();
        run(&world, &["--no-wait", "--cpu", cpu, "--memory", memory], &["bin/migrate"]).exits(0);
        let overrides = &world.calls("RunTask")[0].body["overrides"];
        assert_eq!(
            (&overrides["cpu"], &overrides["memory"]),
            (&json!("256"), &json!("512")),
            "{cpu} {memory}"
        );
    }
    run(&world, &["--cpu", "much"], &["x"]).exits(2).says("not a size such as `256` or `.25 vCPU`");
    run(&world, &["--memory", "0"], &["x"]).exits(2).says("not a size such as `512` or `0.5 GB`");
}

#[test]
fn a_command_of_one_word_with_blanks_is_a_warning_with_the_right_form() {
    let world = world(Scenario::Steady);
    let run_one = run(&world, &["--no-wait"], &["bin/rails db:migrate"]).exits(0);
    run_one.says("warning: the command is one word with blanks").says("write `-- bin/rails db:migrate`");
    let several = run(&world, &["--no-wait"], &["sh", "-c", "bin/rails db:migrate"]).exits(0);
    assert!(!several.stderr.contains("warning"), "{}", several.stderr);
}

#[test]
fn one_word_with_blanks_is_right_where_the_entry_point_is_a_shell() {
    let mut seeded = logging();
    seeded.task_definition["containerDefinitions"][0]["entryPoint"] = json!(["sh", "-c"]);
    let world = World::with(Scenario::Steady, &[], &[seeded]);
    let one = run(&world, &["--no-wait"], &["bin/rails db:migrate"]).exits(0);
    assert!(!one.stderr.contains("warning"), "{}", one.stderr);
}

#[test]
fn a_task_of_the_manifest_with_one_word_is_a_warning_too() {
    let manifest =
        format!("{MANIFEST}tasks:\n  migrate: {{ like: web, command: [\"bin/rails db:migrate\"] }}\n");
    let folder = crate::support::Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder
        .run(&["check"])
        .exits(0)
        .says("warning[override-words]")
        .says("write it as a list of words, such as `[bin/rails, \"db:migrate\"]`");
}
