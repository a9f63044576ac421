//! Tests of releases: tasks, services and schedules with one tag, in order, and their states if one fails.

use std::io::{BufReader, Read};
use std::process::{Child, ChildStderr, Command};

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::events::all_as_the_schema_says;
use crate::rollout_outcomes::until;
use crate::support::{REPOSITORY, Run, World, service};

pub(crate) const DEFINITION: &str = "\
family: shop
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::123456789012:role/execution
containerDefinitions:
  - name: app
    image: {{ image.app }}
";

pub(crate) const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
schedule_role: ecsSchedulerRole
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web: { task_definition: task.yml, before: [ migrate ] }
  worker: { task_definition: task.yml, needs: [ web ] }
  mailer: { task_definition: task.yml, needs: [ worker ], after: [ warm ] }
tasks:
  migrate: { like: web, command: [ bin/migrate ] }
  warm: { like: web, command: [ bin/warm ] }
schedules:
  nightly:
    expression: cron(0 3 * * ? *)
    timezone: Asia/Tokyo
    task: { like: worker, command: [ bin/report ] }
";

/// Returns a world with the three services of the manifest, which have a network and share a family.
pub(crate) fn world(manifest: &str) -> World {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
    let seeded = ["web", "worker", "mailer"].map(|name| {
        let mut seeded = service(name, network.clone());
        seeded.task_definition["family"] = json!("shop");
        seeded
    });
    World::with(Scenario::Steady, &[("ecsail.yml", manifest), ("task.yml", DEFINITION)], &seeded)
}

pub(crate) fn release(world: &World, arguments: &[&str]) -> Run {
    world.run(&[&["deploy", "--tag", "v2"], arguments].concat())
}

/// Returns the state of each target: kind, key and state.
fn targets(run: &Run) -> Vec<(String, String, String)> {
    let ended = run.event("release.ended");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let targets = ended["targets"].as_array().expect("targets").clone();
    targets
        .iter()
        .map(|target| (text(&target["kind"]), text(&target["key"]), text(&target["outcome"])))
        .collect()
}

pub(crate) fn states(run: &Run) -> String {
    targets(run).iter().map(|(_, key, state)| format!("{key} {state}")).collect::<Vec<_>>().join(", ")
}

/// Returns the image of the service's revision.
pub(crate) fn image(world: &World, name: &str) -> String {
    let definition = world.service(name)["taskDefinition"].as_str().expect("a definition").to_owned();
    let image = world.definition(&definition).0["containerDefinitions"][0]["image"].clone();
    image.as_str().expect("an image").trim_start_matches(&format!("{REPOSITORY}:")).to_owned()
}

/// Returns the names of the calls that change something, in order, without repetitions.
pub(crate) fn changes(world: &World) -> Vec<String> {
    let changing = [
        "RegisterTaskDefinition",
        "RunTask",
        "UpdateService",
        "CreateScheduleGroup",
        "CreateSchedule",
        "UpdateSchedule",
    ];
    let mut calls: Vec<String> =
        world.sandbox.requests().into_iter().map(|request| request.operation).collect();
    calls.retain(|call| changing.contains(&call.as_str()));
    calls.dedup();
    calls
}

#[test]
fn all_that_renders_the_same_is_registered_once_and_done_in_order() {
    let world = world(MANIFEST);
    let run = release(&world, &["--output", "json"]).exits(0);
    assert_eq!(
        states(&run),
        "migrate succeeded, web succeeded, worker succeeded, mailer succeeded, nightly succeeded, warm succeeded"
    );
    assert_eq!(world.calls("RegisterTaskDefinition").len(), 1);
    assert_eq!(
        changes(&world),
        [
            "RegisterTaskDefinition",
            "RunTask",
            "UpdateService",
            "CreateScheduleGroup",
            "CreateSchedule",
            "RunTask"
        ]
    );
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v2", "v2", "v2"]);
    assert_eq!(run.event("release.ended")["outcome"], "succeeded");
}

#[test]
fn a_release_has_one_id_on_definitions_tasks_and_in_its_events() {
    let world = world(MANIFEST);
    let id = release(&world, &["--output", "json"]).exits(0).event("release.ended")["release"].clone();
    let id = id.as_str().expect("an id");
    let runs = world.service("web")["taskDefinition"].as_str().expect("a definition").to_owned();
    assert_eq!(world.definition(&runs).1["ecsail:release"], id);
    assert_eq!(world.calls("RunTask").len(), 2);
    for call in world.calls("RunTask") {
        let started_by = call.body["startedBy"].as_str().expect("a text").to_owned();
        assert!(started_by.starts_with(&format!("ecsail/{id}")), "{started_by}");
        assert!(started_by.len() <= 36);
    }
}

#[test]
fn a_service_begins_when_what_it_needs_is_up() {
    let world = world(MANIFEST);
    release(&world, &[]).exits(0);
    let updated: Vec<Value> =
        world.calls("UpdateService").iter().map(|call| call.body["service"].clone()).collect();
    assert_eq!(updated, [json!("web"), json!("worker"), json!("mailer")]);
    let created = |name: &str| world.service(name)["deployments"][0]["createdAt"].as_f64().expect("a time");
    let up = |name: &str| world.service(name)["deployments"][0]["updatedAt"].as_f64().expect("a time");
    assert!(up("web") <= created("worker") && up("worker") <= created("mailer"));
}

#[test]
fn services_that_need_nothing_begin_together() {
    let manifest = MANIFEST.replace(", needs: [ web ]", "").replace(", needs: [ worker ]", "");
    let world = world(&manifest);
    release(&world, &[]).exits(0);
    let calls = world.sandbox.requests();
    let at = |operation: &str, last: bool| {
        let mut found =
            calls.iter().enumerate().filter(|(_, call)| call.operation == operation).map(|(at, _)| at);
        if last { found.next_back() } else { found.next() }.expect("a call")
    };
    let watched = calls[at("UpdateService", false)..at("UpdateService", true)].iter();
    assert_eq!(
        watched.filter(|call| call.operation == "DescribeServices").count(),
        0,
        "no look between the updates"
    );
}

#[test]
fn where_the_migration_fails_no_service_and_no_schedule_changes() {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("shop"), Scenario::Crash);
    let run = release(&world, &["--output", "json"]).exits(3);
    assert_eq!(
        states(&run),
        "migrate failed, web skipped, worker skipped, mailer skipped, nightly skipped, warm skipped"
    );
    assert_eq!(changes(&world), ["RegisterTaskDefinition", "RunTask"]);
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v1", "v1", "v1"]);
    assert_eq!(run.event("release.ended")["outcome"], "failed");
}

#[test]
fn second_failed_service_rolls_back_the_first_and_skips_the_third() {
    let world = world(MANIFEST);
    let before = world.service("web")["taskDefinition"].clone();
    world.sandbox.set_scenario(Some("worker"), Scenario::Crash);
    let run = release(&world, &["--on-failure", "rollback"]).exits(3);
    let run = run.answers("web: deployed shop:4 in ").answers("; rolled back, shop:1 is running");
    let run = run.answers("worker: shop:4 cannot succeed: ").answers("; rolled back, shop:2 is running");
    let table: Vec<String> =
        run.stdout.lines().skip_while(|line| !line.starts_with("TARGET")).map(one_spaced).collect();
    assert_eq!(
        table[..7],
        [
            "TARGET NAME OUTCOME DETAIL",
            "task migrate succeeded shop:4",
            "service web rolled back shop:1 is running",
            "service worker rolled back shop:2 is running",
            "service mailer skipped `worker` failed",
            "schedule nightly skipped `worker` failed",
            "task warm skipped `worker` failed",
        ]
    );
    assert!(table[7].ends_with(" of v2: rolled back"), "{}", table[7]);
    assert_eq!(world.service("web")["taskDefinition"], before);
    assert_eq!(world.service("web")["deployments"][0]["rolloutState"], "COMPLETED");
    let of_mailer = world.calls("UpdateService").into_iter().filter(|call| call.body["service"] == "mailer");
    assert_eq!(of_mailer.count(), 0);
    assert!(world.calls("CreateSchedule").is_empty());
}

fn one_spaced(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn parallel_rollouts_are_rolled_back_with_a_failed_service() {
    let manifest = MANIFEST.replace(", needs: [ web ]", "").replace(", needs: [ worker ]", "");
    let world = world(&manifest);
    world.sandbox.set_scenario(Some("worker"), Scenario::Crash);
    world.sandbox.set_scenario(Some("mailer"), Scenario::Slow);
    let run = release(&world, &["--on-failure", "rollback", "--output", "json"]).exits(3);
    assert_eq!(
        states(&run),
        "migrate succeeded, web rolled_back, worker rolled_back, mailer rolled_back, nightly skipped, warm skipped"
    );
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v1", "v1", "v1"]);
}

#[test]
fn by_default_only_the_failed_service_is_rolled_back() {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("worker"), Scenario::Crash);
    let run = release(&world, &["--output", "json"]).exits(3);
    assert_eq!(
        states(&run),
        "migrate succeeded, web succeeded, worker rolled_back, mailer skipped, nightly skipped, warm skipped"
    );
    assert_eq!(["web", "worker", "mailer"].map(|name| image(&world, name)), ["v2", "v1", "v1"]);
    assert_eq!(run.event("release.ended")["outcome"], "failed");
}

#[test]
fn failed_update_rolls_back_the_release() {
    let world = world(&MANIFEST.replace("cluster: main", "cluster: main\non_failure: rollback"));
    let update = Fault::on("UpdateService", FaultKind::AccessDenied);
    world.sandbox.inject(update.after(1).times(1));
    let run = release(&world, &["--output", "json"]).exits(3);
    assert_eq!(
        states(&run).split(", nightly").next(),
        Some("migrate succeeded, web rolled_back, worker failed, mailer skipped")
    );
    assert_eq!(image(&world, "web"), "v1");
}

#[test]
fn a_release_that_changes_nothing_runs_nothing() {
    let world = world(MANIFEST);
    release(&world, &[]).exits(0);
    world.sandbox.clear_requests();
    let run = release(&world, &[]).exits(0);
    assert!(changes(&world).is_empty());
    run.answers("web: unchanged").answers("nightly: unchanged");
}

#[test]
fn a_deploy_of_services_leaves_schedules_and_runs_their_tasks() {
    let world = world(MANIFEST);
    let run = world.run(&["deploy", "service", "web", "--tag", "v2", "--output", "json"]).exits(0);
    assert_eq!(states(&run), "migrate succeeded, web succeeded");
    assert_eq!(changes(&world), ["RegisterTaskDefinition", "RunTask", "UpdateService"]);
}

#[test]
fn tasks_that_only_unchanged_services_name_do_not_run() {
    let world = world(MANIFEST);
    world.run(&["deploy", "service", "web", "--tag", "v2"]).exits(0);
    world.sandbox.clear_requests();
    let run = release(&world, &["--output", "json"]).exits(0);
    assert_eq!(
        states(&run),
        "migrate skipped, web unchanged, worker succeeded, mailer succeeded, nightly succeeded, warm succeeded"
    );
    assert_eq!(world.calls("RunTask").len(), 1);
    assert!(world.calls("RegisterTaskDefinition").is_empty(), "what web runs serves all");
}

#[test]
fn a_mistake_in_a_schedule_stops_before_anything_changes() {
    let wrong = MANIFEST.replace("cron(0 3 * * ? *)", "cron(0 3 * * * *)");
    let world = world(&wrong);
    release(&world, &[]).exits(1).says("ecsail.yml:");
    assert!(changes(&world).is_empty());
}

#[test]
fn a_dropped_answer_to_the_migration_starts_no_second_one() {
    let world = world(MANIFEST);
    world.sandbox.inject(Fault::on("RunTask", FaultKind::DropAfter).times(1));
    release(&world, &["--output", "json"]).exits(0);
    let calls = world.calls("RunTask");
    let tokens: Vec<&Value> = calls.iter().map(|call| &call.body["clientToken"]).collect();
    assert_eq!(tokens[0], tokens[1], "the same call again");
    let listed =
        world.call("ListTasks", json!({"cluster": "main", "family": "shop", "desiredStatus": "STOPPED"}));
    let arns = listed["taskArns"].clone();
    let tasks = world.call("DescribeTasks", json!({"cluster": "main", "tasks": arns}));
    let own = tasks["tasks"].as_array().expect("tasks").iter();
    let migrations =
        own.filter(|task| task["overrides"]["containerOverrides"][0]["command"][0] == "bin/migrate");
    assert_eq!(migrations.count(), 1);
}

#[test]
fn without_waiting_nothing_can_wait_for_another() {
    let world = world(MANIFEST);
    release(&world, &["--no-wait"]).exits(2).says("`mailer` needs `worker`");
    assert!(changes(&world).is_empty());
}

#[test]
fn hooks_get_a_payload_and_the_first_can_stop_the_release() {
    let hooks = "hooks:\n  before_deploy: 'echo to $ECSAIL_TARGETS; exit 4'\n  on_failure: 'echo ended $ECSAIL_OUTCOME'\n";
    let world = world(&format!("{MANIFEST}{hooks}"));
    let run = release(&world, &[]).exits(1).says("to task/migrate service/web");
    run.says("nothing was changed").says("ended failed");
    assert!(changes(&world).is_empty());
}

#[test]
fn last_hook_gets_the_outcome() {
    let hooks = "hooks:\n  after_deploy: [ 'echo ended $ECSAIL_OUTCOME for $ECSAIL_APP $ECSAIL_TAG', 'cat > told.json' ]\n";
    let world = world(&format!("{MANIFEST}{hooks}"));
    release(&world, &[]).exits(0).says("ended succeeded for shop v2");
    let told = std::fs::read_to_string(world.folder.dir.path().join("told.json")).expect("it was written");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        told["targets"][1],
        json!({"kind": "service", "name": "web", "outcome": "succeeded", "detail": "shop:4"})
    );
}

#[test]
fn a_plan_shows_the_whole_release_in_order() {
    let world = world(MANIFEST);
    let run = world.run(&["plan", "--tag", "v2"]).exits(0);
    let heads: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split(':').next())
        .collect();
    let place = "123456789012 · us-east-1 · cluster main";
    let targets = ["task migrate", "web", "worker", "mailer", "schedule nightly", "task warm"];
    assert_eq!(heads[0], place);
    assert_eq!(heads[1..7], targets);
    assert_eq!(heads[7], "3 change, 1 created");
    assert!(changes(&world).is_empty());
}

#[test]
fn changed_attributes_are_rolled_back_with_the_release() {
    let manifest = MANIFEST.replace(
        "web: { task_definition: task.yml, before: [ migrate ] }",
        "web: { task_definition: task.yml, service: { healthCheckGracePeriodSeconds: 60 } }",
    );
    let world = world(&manifest);
    // `web` already has the new revision, so only its attributes change.
    world.run(&["deploy", "service", "web", "--tag", "v2"]).exits(0);
    world.folder.write("ecsail.yml", &manifest.replace("Seconds: 60", "Seconds: 90"));
    world.sandbox.set_scenario(Some("worker"), Scenario::Crash);
    let run = release(&world, &["--on-failure", "rollback", "--output", "json"]).exits(3);
    let expected = "web rolled_back, worker rolled_back, mailer skipped, nightly skipped, warm skipped";
    assert_eq!(states(&run), expected);
    assert_eq!(world.service("web")["healthCheckGracePeriodSeconds"], 60);
}

#[test]
fn rolled_back_service_is_no_success_in_github_actions() {
    let mut world = world(MANIFEST);
    let output = world.folder.dir.path().join("output");
    world.folder =
        world.folder.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", output.to_str().expect("text"));
    let summary = world.folder.dir.path().join("summary.md");
    world.folder = world.folder.env("GITHUB_STEP_SUMMARY", summary.to_str().expect("text"));
    world.sandbox.set_scenario(Some("worker"), Scenario::Crash);
    release(&world, &["--on-failure", "rollback"]).exits(3).says("::error title=ecsail%3A web::");
    let summary = std::fs::read_to_string(summary).expect("a summary");
    assert!(summary.contains("| service | `web` | rolled back | shop:1 is running |"), "{summary}");
}

#[test]
fn no_wait_changes_no_schedule() {
    let manifest =
        MANIFEST.replace(", needs: [ web ]", "").replace(", needs: [ worker ], after: [ warm ]", "");
    let world = world(&manifest);
    release(&world, &["--no-wait"]).exits(2).says("schedule `nightly` is changed after the services are up");
    assert!(changes(&world).is_empty());
    world
        .run(&["deploy", "service", "--tag", "v2", "--no-wait"])
        .exits(0)
        .answers("web: shop:4 is being deployed");
}

/// Starts a release, and returns it once its output contains a text.
#[cfg(unix)]
pub(crate) fn until_it_says(
    world: &World,
    arguments: &[&str],
    said: &str,
) -> (Child, BufReader<ChildStderr>) {
    let mut child = world.start(&[&["deploy", "--tag", "v2"], arguments].concat());
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, said);
    (child, stderr)
}

/// Interrupts the process, and returns its exit code and the rest of its output, stdout last.
#[cfg(unix)]
pub(crate) fn interrupted(child: Child, mut stderr: impl Read, times: usize) -> (Option<i32>, String) {
    for _ in 0..times {
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.expect("`kill` is there").success());
    }
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), rest + &String::from_utf8(output.stdout).expect("text"))
}

#[cfg(unix)]
#[test]
fn interrupted_migration_stops_the_release() {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("shop"), Scenario::Slow);
    let (child, stderr) = until_it_says(&world, &[], "migrate: pending");
    let (code, said) = interrupted(child, stderr, 1);
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("web") && said.contains("skipped"), "{said}");
    assert_eq!(changes(&world), ["RegisterTaskDefinition", "RunTask"]);
}

#[cfg(unix)]
#[test]
fn interrupted_registration_starts_no_migration() {
    let world = world(MANIFEST);
    let latency = FaultKind::Latency(std::time::Duration::from_millis(1500));
    world.sandbox.inject(Fault::on("RegisterTaskDefinition", latency).times(1));
    let (child, stderr) = until_it_says(&world, &[], "task warm: runs after");
    // It has shown the plan and registers. The call is slow enough for the signal to arrive during it.
    while world.calls("RegisterTaskDefinition").is_empty() {
        std::thread::yield_now();
    }
    let (code, said) = interrupted(child, stderr, 1);
    assert_eq!(code, Some(130), "{said}");
    assert!(world.calls("RunTask").is_empty() && world.calls("UpdateService").is_empty(), "{said}");
}

#[cfg(unix)]
#[test]
fn second_interrupt_during_a_rollback_is_reported() {
    let world = world(MANIFEST);
    world.sandbox.set_scenario(Some("web"), Scenario::Crash);
    let latency = FaultKind::Latency(std::time::Duration::from_mins(1));
    world.sandbox.inject(Fault::on("StopServiceDeployment", latency).always());
    let (child, mut stderr) = until_it_says(&world, &[], "web: deploying shop:4");
    while world.calls("StopServiceDeployment").is_empty() {
        std::thread::yield_now();
    }
    let kill = |child: &Child| Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill(&child).expect("`kill` is there").success());
    until(&mut stderr, "finishing what has begun");
    let (code, said) = interrupted(child, stderr, 1);
    assert_eq!(code, Some(3), "it failed, and that is known: {said}");
    assert!(said.contains("web: shop:4 cannot succeed"), "{said}");
    assert!(said.contains("it is unknown whether the rollback was started"), "{said}");
    assert!(!said.contains("of v2: succeeded"), "{said}");
}

#[test]
fn deployment_made_during_the_migration_is_not_superseded() {
    let hooks = "hooks:\n  before_deploy: 'aws-like'\n";
    let world = world(&format!("{MANIFEST}{hooks}"));
    // The hook makes another deployment in that time.
    let binary = env!("CARGO_BIN_EXE_ecsail");
    let other = format!("{binary} -f other.yml deploy service web --tag v3 --yes");
    world.folder.write("other.yml", &MANIFEST.replace(", before: [ migrate ]", ""));
    world.folder.write("ecsail.yml", &format!("{MANIFEST}{}", hooks.replace("aws-like", &other)));
    let run = release(&world, &[]).exits(1).says("service `web` has changed since the plan");
    run.answers("web: not updated");
    assert_eq!(image(&world, "web"), "v3");
}

#[test]
fn no_wait_updates_all_services_whatever_parallel_is() {
    let manifest =
        MANIFEST.replace(", needs: [ web ]", "").replace(", needs: [ worker ], after: [ warm ]", "");
    let world = world(&manifest);
    let run =
        world.run(&["deploy", "service", "--tag", "v2", "--no-wait", "--parallel", "1", "--output", "json"]);
    assert_eq!(
        states(&run.exits(0)),
        "migrate succeeded, web in_progress, worker in_progress, mailer in_progress"
    );
    assert_eq!(world.calls("UpdateService").len(), 3);
}

#[test]
fn timed_out_service_is_rolled_back_with_its_release() {
    let manifest = MANIFEST
        .replace(", needs: [ web ]", ", timeout: 1ms")
        .replace(", needs: [ worker ], after: [ warm ]", "")
        .replace(", before: [ migrate ]", "");
    let world = world(&manifest);
    world.sandbox.set_scenario(Some("worker"), Scenario::Stuck);
    world.sandbox.set_scenario(Some("mailer"), Scenario::Crash);
    let run = release(&world, &["--on-failure", "rollback", "--output", "json"]);
    assert_ne!(run.code, 0);
    assert_eq!(
        ["web", "worker", "mailer"].map(|name| image(&world, name)),
        ["v1", "v1", "v1"],
        "{}",
        run.stdout
    );
}

#[test]
fn a_task_like_a_service_is_refused_in_the_wrong_account() {
    let world = world(&MANIFEST.replace("cluster: main", "cluster: main\naccount: \"999999999999\""));
    world.run(&["run", "--like", "web", "--", "true"]).exits(5).says("this is for account `999999999999`");
    assert!(world.calls("RunTask").is_empty());
}

#[test]
fn a_task_runs_what_the_service_runs_though_its_tag_has_moved() {
    let world = world(MANIFEST);
    world.run(&["deploy", "service", "web", "--tag", "v2"]).exits(0);
    world.move_tag("v2");
    world.sandbox.clear_requests();
    world.run(&["run", "migrate"]).exits(0).says("migrate: started shop:4 in `main`");
    assert!(world.calls("RegisterTaskDefinition").is_empty());
}

#[test]
fn a_hook_in_the_sandbox_reaches_no_account_and_shows_no_secret() {
    let folder = crate::support::Folder::new(&[("ecsail.yml", MANIFEST), ("task.yml", DEFINITION)]);
    let hooks = "hooks:\n  before_deploy: 'echo $AWS_PROFILE $AWS_ENDPOINT_URL $SLACK_TOKEN'\n";
    folder.write("ecsail.yml", &format!("{MANIFEST}{hooks}"));
    let folder = folder.env("AWS_PROFILE", "production").env("SLACK_TOKEN", "abcdef123456789");
    let folder = folder.env("ECSAIL_POLL_INTERVAL", "20ms");
    let run = folder.run(&["--sandbox", "deploy", "service", "web", "--tag", "v2"]);
    assert!(run.stderr.contains("before_deploy: http://127.0.0.1:"), "{}", run.stderr);
    assert!(!run.stderr.contains("production") && !run.stderr.contains("abcdef123456789"), "{}", run.stderr);
}

#[test]
fn release_events_match_the_schema() {
    let hooks = "hooks:\n  before_deploy: 'echo on'\n  on_failure: 'echo off'\n";
    let world = world(&format!("{MANIFEST}{hooks}"));
    let plan = world.run(&["plan", "--tag", "v2", "--output", "json"]).exits(0);
    all_as_the_schema_says(&plan.stdout);
    assert_eq!(plan.event("plan")["before"][0]["runs"], json!({"register": "shop"}));
    world.sandbox.set_scenario(Some("worker"), Scenario::Crash);
    let failed = release(&world, &["--on-failure", "rollback", "--output", "json"]).exits(3);
    all_as_the_schema_says(&failed.stdout);
    world.sandbox.set_scenario(Some("worker"), Scenario::Steady);
    let done = release(&world, &["--output", "json"]).exits(0);
    all_as_the_schema_says(&done.stdout);
    all_as_the_schema_says(&release(&world, &["--output", "json"]).exits(0).stdout);
}
