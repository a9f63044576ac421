//! Tests of commands that were cut off and are run again: they continue where they stopped, and say what is missing.

use ecsail_sandbox::{Fault, FaultKind, Scenario};

use crate::release::{MANIFEST, changes, image, release, states, world};
use crate::support::World;

/// Returns a world whose release is done but for its `after` task, which could not be started.
fn without_its_last_task() -> World {
    let world = world(MANIFEST);
    world.sandbox.inject(Fault::on("RunTask", FaultKind::AccessDenied).after(1));
    release(&world, &[]).exits(1);
    world.sandbox.clear_requests();
    world
}

#[test]
fn an_after_task_that_did_not_run_is_run_by_the_same_deploy_again() {
    let world = without_its_last_task();
    let run = release(&world, &["--output", "json"]).exits(0);
    let expected = "migrate skipped, web unchanged, worker unchanged, mailer unchanged, nightly unchanged, warm succeeded";
    assert_eq!(states(&run), expected);
    assert_eq!(changes(&world), ["RunTask"]);
}

#[test]
fn an_after_task_that_has_succeeded_is_not_run_again() {
    let world = without_its_last_task();
    release(&world, &[]).exits(0);
    world.sandbox.clear_requests();
    release(&world, &[]).exits(0);
    world.unchanged();
}

#[test]
fn a_plan_names_the_release_that_did_not_finish_a_task() {
    let world = without_its_last_task();
    let run = world.run(&["plan", "--tag", "v2", "--exit-code"]).exits(6);
    let run = run.answers("task warm: runs after mailer, as shop:4; release ");
    run.answers(" did not finish it");
}

#[test]
fn an_after_task_of_a_kept_revision_is_marked_on_that_revision() {
    let world = world(MANIFEST);
    world.sandbox.inject(Fault::on("RunTask", FaultKind::AccessDenied).after(1));
    world.run(&["deploy", "--tag", "v1", "--force"]).exits(1);
    world.run(&["deploy", "--tag", "v1"]).exits(0).says("task warm: runs after mailer");
}

#[test]
fn an_after_task_of_another_stage_is_not_taken_over() {
    let manifest = format!("{MANIFEST}stages: {{ a: {{ vars: {{ x: 1 }} }}, b: {{ vars: {{ x: 2 }} }} }}\n");
    let world = world(&manifest);
    world.sandbox.inject(Fault::on("RunTask", FaultKind::AccessDenied).after(1));
    world.run(&["deploy", "service", "--tag", "v2", "--stage", "a"]).exits(1);
    world.run(&["deploy", "service", "--tag", "v2", "--stage", "b"]).exits(0).answers("mailer: unchanged");
    world.run(&["deploy", "service", "--tag", "v2", "--stage", "a"]).exits(0).says("warm: started ");
}

#[test]
fn without_permission_for_tags_a_note_says_what_is_lost() {
    let world = world(MANIFEST);
    world.sandbox.inject(Fault::on("TagResource", FaultKind::AccessDenied).always());
    let run = world.run(&["deploy", "--tag", "v1", "--force"]).exits(0);
    let run = run
        .says("if this deploy is cut off, the next one does not notice that its `after` tasks are missing");
    run.says("the next deploy may run `warm` again");
}

#[test]
fn a_wait_names_the_task_that_is_missing_and_the_command_that_runs_it() {
    let world = without_its_last_task();
    let run = world.run(&["wait", "mailer"]).exits(0).says("mailer: task `warm` of release ");
    run.says("has not succeeded; unless that release still runs, finish it with `ecsail deploy --tag v2`");
    release(&world, &[]).exits(0);
    let run = world.run(&["wait", "mailer"]).exits(0);
    assert!(!run.stderr.contains("warm"), "{}", run.stderr);
}

#[test]
fn a_deploy_of_the_revision_that_is_being_deployed_watches_its_rollout() {
    let world = World::new(Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.clear_requests();
    let run = world.run(&["deploy", "--tag", "v2"]).exits(0).answers("web: deployed web:2 in ");
    run.says("web: web:2 is being deployed already; watching that");
    world.unchanged();
}

#[test]
fn a_release_that_was_cut_off_during_a_rollout_goes_on_from_there() {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("web"), Scenario::Slow);
    release(&world, &["--timeout", "20ms"]).exits(4);
    world.sandbox.clear_requests();
    let run = release(&world, &["--output", "json"]).exits(0);
    let expected = "migrate skipped, web succeeded, worker succeeded, mailer succeeded, nightly succeeded, warm succeeded";
    assert_eq!(states(&run), expected);
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v2", "v2", "v2"]);
}

#[test]
fn an_attached_rollout_that_fails_is_rolled_back() {
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world
        .run(&["deploy", "--tag", "v2"])
        .exits(3)
        .answers("web: web:2 cannot succeed: ")
        .answers("web:1 is running");
}

#[test]
fn a_deployment_that_is_being_rolled_back_is_not_attached_to() {
    let world = World::new(Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.run(&["cancel", "web", "--yes", "--no-wait"]).exits(0);
    let run = world.run(&["deploy", "--tag", "v1"]);
    assert!(run.code == 5, "{run:?}");
}

#[test]
fn a_refused_deploy_names_the_ways_out_of_a_crash_loop() {
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let run = world.run(&["deploy", "--tag", "v3"]).exits(5).says("`ecsail cancel web`");
    run.says("`ecsail rollback web`").says("`ecsail wait web`").says("--supersede");
}

/// Starts the command and kills it once an operation was called.
#[cfg(unix)]
fn killed_at(world: &World, arguments: &[&str], operation: &str) {
    let calls = world.calls(operation).len();
    let mut child = world.start(arguments);
    while world.calls(operation).iter().filter(|call| call.end_seq.is_some()).count() == calls {
        std::thread::yield_now();
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

/// Returns a world whose release was killed while its migration, which takes long, was running.
#[cfg(unix)]
fn killed_in_migration() -> World {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("shop"), Scenario::Slow);
    killed_at(&world, &["deploy", "--tag", "v2"], "RunTask");
    world.sandbox.clear_requests();
    world
}

#[cfg(unix)]
#[test]
fn a_migration_that_still_runs_is_watched_and_not_started_again() {
    let world = killed_in_migration();
    let run = release(&world, &[]).exits(0).says("migrate: shop:4 is running already in `main` as task ");
    assert_eq!(world.calls("RunTask").len(), 1, "only `warm`: {}", run.stderr);
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v2", "v2", "v2"]);
}

#[cfg(unix)]
#[test]
fn a_migration_of_another_release_is_a_refusal_before_anything_changes() {
    let world = killed_in_migration();
    let run = world.run(&["deploy", "--tag", "v3"]).exits(5);
    run.says("task `migrate` of release ")
        .says("is still running")
        .says("aws ecs stop-task --cluster main --task ");
    assert!(changes(&world).is_empty(), "{:?}", changes(&world));
    world.run(&["deploy", "--tag", "v3", "--supersede"]).exits(0);
}

#[test]
fn tasks_that_cannot_be_listed_are_a_note() {
    let world = world(MANIFEST);
    world.sandbox.inject(Fault::on("ListTasks", FaultKind::AccessDenied).always());
    release(&world, &[]).exits(0).says("could not check whether `migrate` is running already: ");
}

#[test]
fn the_same_run_is_watched_and_another_one_only_on_request() {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("shop"), Scenario::Slow);
    world.run(&["run", "migrate", "--tag", "v2", "--no-wait"]).exits(0);
    world.run(&["run", "migrate", "--tag", "v2"]).exits(0).says("migrate: shop:4 is running already");
    assert_eq!(world.calls("RunTask").len(), 1);
    world.run(&["run", "migrate", "--tag", "v2", "--no-wait"]).exits(0);
    world.run(&["run", "migrate", "--tag", "v2", "--no-wait", "--concurrent"]).exits(0);
    world.run(&["run", "migrate", "--tag", "v2", "--no-wait", "--", "bin/other"]).exits(0);
    assert_eq!(world.calls("RunTask").len(), 4);
}

/// Returns a world that runs `web:2`, after `web:1`.
fn after_two_deploys() -> World {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    world.sandbox.set_scenario(None, Scenario::Slow);
    world.sandbox.clear_requests();
    world
}

#[test]
fn a_second_rollback_watches_the_first() {
    let world = after_two_deploys();
    world.run(&["rollback", "web", "--yes", "--no-wait"]).exits(0);
    let run = world.run(&["rollback", "web", "--yes"]).exits(0).answers("web: rolled back to web:1 in ");
    run.says("web: is being rolled back from web:2 to web:1 already; watching that");
    assert_eq!(world.calls("UpdateService").len(), 1);
    assert!(world.calls("StopServiceDeployment").is_empty());
}

#[test]
fn a_second_rollback_to_a_named_revision_watches_the_first() {
    let world = after_two_deploys();
    world.run(&["rollback", "web", "--to", "web:1", "--yes", "--no-wait"]).exits(0);
    world
        .run(&["rollback", "web", "--to", "web:1", "--yes"])
        .exits(0)
        .answers("web: rolled back to web:1 in ");
    assert_eq!(world.calls("UpdateService").len(), 1);
}

#[test]
fn a_rollback_while_ecs_rolls_back_watches_it() {
    let world = after_two_deploys();
    world.run(&["deploy", "--tag", "v3", "--no-wait"]).exits(0);
    world.run(&["rollback", "web", "--yes", "--no-wait"]).exits(0);
    let run =
        world.run(&["rollback", "web", "--yes"]).exits(0).answers("web: rolled back from web:3 to web:2 in ");
    run.says("web: is being rolled back from web:3 to web:2 already");
    assert_eq!(world.calls("StopServiceDeployment").len(), 1);
}

#[test]
fn cancel_is_the_way_forward_from_a_rollback() {
    let world = after_two_deploys();
    world.run(&["rollback", "web", "--yes", "--no-wait"]).exits(0);
    let run = world.run(&["cancel", "web", "--yes"]).exits(0).answers("web: rolled back from web:1 to web:2");
    run.says("the deployment in progress is a rollback to the older web:1; stopping it returns to web:2");
}

#[test]
fn schedules_that_a_rollback_has_not_reached_are_rolled_back_alone() {
    let world = world(MANIFEST);
    world.run(&["deploy", "--tag", "v1"]).exits(0);
    release(&world, &[]).exits(0);
    world.sandbox.inject(Fault::on("UpdateSchedule", FaultKind::AccessDenied));
    world.run(&["rollback", "--yes"]).exits(1);
    world.sandbox.clear_requests();
    let run = world.run(&["rollback", "--yes"]).exits(0);
    run.says("the services are rolled back already, and these schedules are not");
    assert_eq!(changes(&world), ["UpdateSchedule"]);
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v1", "v1", "v1"]);
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
}

#[cfg(unix)]
#[test]
fn a_closed_terminal_ends_a_hook_with_the_deploy() {
    let world = world(&format!("{MANIFEST}hooks: {{ before_deploy: 'echo $$ > pid; exec sleep 60' }}\n"));
    let child = world.start(&["deploy", "--tag", "v2"]);
    let file = world.folder.dir.path().join("pid");
    let pid = loop {
        match std::fs::read_to_string(&file) {
            Ok(pid) if pid.ends_with('\n') => break pid.trim().to_owned(),
            _ => std::thread::yield_now(),
        }
    };
    signal(&child, "-HUP");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let still = std::process::Command::new("kill").args(["-0", &pid]).output().expect("`kill` is there");
    assert!(!still.status.success(), "the hook is gone");
    assert!(changes(&world).is_empty());
}

#[cfg(unix)]
#[test]
fn a_termination_before_the_plan_is_an_interrupt() {
    for name in ["-TERM", "-HUP"] {
        let world = world(MANIFEST);
        let latency = FaultKind::Latency(std::time::Duration::from_mins(1));
        world.sandbox.inject(Fault::on("DescribeServices", latency).always());
        let child = world.start(&["deploy", "--tag", "v2"]);
        while world.calls("DescribeServices").is_empty() {
            std::thread::yield_now();
        }
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains(&format!("interrupted by SIG{}", &name[1..])), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_release_names_the_command_that_continues_it() {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("shop"), Scenario::Slow);
    let mut child = world.start(&["deploy", "--cluster", "main", "--tag", "v2", "--no-progress"]);
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    crate::rollout_outcomes::until(&mut stderr, "migrate: pending");
    signal(&child, "-TERM");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut said).expect("text");
    assert_eq!(child.wait().expect("ends").code(), Some(130), "{said}");
    let command = "interrupted; continue with `ecsail --cluster main deploy --tag v2 --no-progress`";
    assert!(said.contains(command), "{said}");
}

#[test]
fn a_rollback_that_has_reached_some_services_goes_on_with_the_others() {
    let world = world(MANIFEST);
    release(&world, &[]).exits(0);
    world.run(&["rollback", "web", "--yes"]).exits(0);
    let run = world.run(&["rollback", "--yes"]).exits(0).answers("worker: rolled back to shop:2 in ");
    run.says("`web` was rolled back from release ");
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v1", "v1", "v1"]);
}
