//! Releases and one-off tasks against MiniStack and moto, through the binary; boto3 reads the result.
//!
//! Ignored in a plain `cargo test`, as all conformance tests.

use serde_json::{Value, json};

use crate::support::Run;
use crate::support::emulator::Emulator;

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
schedule_role: starter
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
services:
  web: { task_definition: web.yml, before: [ migrate ] }
  worker: { task_definition: web.yml, needs: [ web ] }
tasks:
  migrate: { like: web, command: [ sh, -c, exit 0 ], timeout: 30s }
schedules:
  nightly: { expression: cron(0 3 * * ? *), task: { like: worker, command: [ report ] } }
  hourly: { via: rule, expression: rate(1 hour), task: { like: web, command: [ tidy ] } }
";

/// moto starts no task of a container without a memory size.
const DEFINITION: &str = "\
family: web
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::123456789012:role/execution
containerDefinitions:
  - name: app
    image: {{ image.app }}
    memory: 512
";

/// Returns an emulator on which services `web` and `worker` run tag `v1`.
fn watched(start: impl Fn(&[&str]) -> Emulator) -> Emulator {
    start(&["--also", "worker"]).watched(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)])
}

/// Returns the state of each target.
fn states(run: &Run) -> Vec<(String, String)> {
    let ended = run.event("release.ended");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let targets = ended["targets"].as_array().expect("targets").iter();
    targets.map(|target| (text(&target["key"]), text(&target["outcome"]))).collect()
}

/// Returns the revisions of the schedule and of the rule.
fn scheduled(state: &Value) -> [Option<&str>; 2] {
    let targets = [&state["schedules"]["nightly"]["Target"], &state["rules"]["hourly"]["Targets"]["hourly"]];
    targets.map(|target| target["EcsParameters"]["TaskDefinitionArn"].as_str()?.rsplit('/').next())
}

fn services(state: &Value) -> [&str; 2] {
    ["web", "worker"].map(|name| state["services"][name].as_str().expect("a revision"))
}

fn of(states: &[(String, String)]) -> String {
    states.iter().map(|(key, state)| format!("{key} {state}")).collect::<Vec<_>>().join(", ")
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_release_migrates_and_rolls_out_and_schedules_one_definition() {
    let emulator = watched(Emulator::ministack);
    let (run, changes) = emulator.changes(&["deploy", "--tag", "v2", "--output", "json"]);
    let run = run.exits(0);
    let done = "migrate succeeded, web succeeded, worker succeeded, nightly succeeded, hourly succeeded";
    assert_eq!(of(&states(&run)), done);
    let expected = ["POST /schedule-groups/shop", "POST /schedules/nightly", "PutRule", "PutTargets"];
    let ecs = ["RegisterTaskDefinition", "RunTask", "UpdateService", "UpdateService"];
    assert_eq!(changes, [expected, ecs].concat());
    let state = emulator.look();
    assert_eq!((services(&state), scheduled(&state)), (["web:2"; 2], [Some("web:2"); 2]));
    let id = run.event("release.ended")["release"].as_str().expect("an id").to_owned();
    let started_by = state["tasks"][0]["startedBy"].as_str().expect("a text");
    assert!(started_by.starts_with(&format!("ecsail/{id}/")), "{started_by}");
    let migration = json!([{"startedBy": started_by, "lastStatus": "STOPPED",
        "taskDefinition": "web:2", "containers": [0], "command": ["sh", "-c", "exit 0"]}]);
    assert_eq!((&state["tasks"], &state["images"]["web:2"]), (&migration, &json!("v2")));
    emulator.is_unchanged(&["--tag", "v2"]);
    let (run, changes) = emulator.changes(&["deploy", "--tag", "v2"]);
    run.exits(0);
    assert_eq!(changes, [""; 0]);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_migration_that_fails_stops_the_release_before_any_service() {
    let emulator = watched(Emulator::ministack);
    emulator.write("ecsail.yml", &MANIFEST.replace("exit 0", "exit 7"));
    let (run, changes) = emulator.changes(&["deploy", "--tag", "v2", "--output", "json"]);
    let run = run.exits(3);
    let stopped = "migrate failed, web skipped, worker skipped, nightly skipped, hourly skipped";
    assert_eq!(of(&states(&run)), stopped);
    assert_eq!(changes, ["RegisterTaskDefinition", "RunTask"]);
    let state = emulator.look();
    assert_eq!((services(&state), scheduled(&state)), (["web:1"; 2], [None; 2]));
    assert_eq!(state["tasks"][0]["containers"], json!([7]));
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_second_failed_service_rolls_back_the_first() {
    let emulator = watched(Emulator::ministack);
    let crashing = DEFINITION.replace("family: web", "family: worker") + "    command: [ sh, -c, exit 1 ]\n";
    let worker =
        MANIFEST.replace("worker: { task_definition: web.yml", "worker: { task_definition: worker.yml");
    emulator.write("worker.yml", &crashing);
    emulator.write("ecsail.yml", &format!("{worker}on_failure: rollback\n"));
    let run = emulator.folder.run(&["deploy", "--tag", "v2", "--output", "json"]).exits(3);
    let back = "migrate succeeded, web rolled_back, worker rolled_back, nightly skipped, hourly skipped";
    assert_eq!(of(&states(&run)), back);
    let state = emulator.look();
    assert_eq!((services(&state), scheduled(&state)), (["web:1"; 2], [None; 2]));
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_service_that_never_completes_leaves_the_schedules_unchanged() {
    let emulator = watched(Emulator::moto);
    // moto never completes a deployment.
    let arguments = ["deploy", "--tag", "v2", "--supersede", "--timeout", "1s", "--output", "json"];
    let (run, changes) = emulator.changes(&arguments);
    let run = run.exits(4);
    let reached = "migrate succeeded, web in_progress, worker skipped, nightly skipped, hourly skipped";
    assert_eq!(of(&states(&run)), reached);
    assert_eq!(changes, ["RegisterTaskDefinition", "RunTask", "UpdateService"]);
    let state = emulator.look();
    assert_eq!((services(&state), scheduled(&state)), (["web:2", "web:1"], [None; 2]));
    assert_eq!(state["tasks"][0]["containers"], json!([0]));
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn ministack_task_of_the_manifest_prints_its_log_and_exits_with_its_code() {
    let emulator = watched(Emulator::ministack);
    // MiniStack ignores the prefix of log streams, so lines of the service's tasks are included.
    emulator.folder.run(&["run", "migrate"]).exits(0).answers("sh -c exit 0\n").answers("done\n");
    let (run, changes) = emulator.changes(&["run", "migrate", "--tag", "v2", "--", "sh", "-c", "exit 7"]);
    run.exits(7).says("container `app`: exit code 7");
    assert_eq!(changes, ["RegisterTaskDefinition", "RunTask"]);
    let ended = |task: &Value| (task["taskDefinition"].clone(), task["containers"][0].clone());
    let tasks = emulator.look()["tasks"].clone();
    let ended: Vec<_> = tasks.as_array().expect("tasks").iter().map(ended).collect();
    assert_eq!(ended, [(json!("web:1"), json!(0)), (json!("web:2"), json!(7))]);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_task_of_the_manifest_is_watched_to_its_end() {
    let emulator = watched(Emulator::moto);
    emulator.folder.run(&["run", "migrate"]).exits(0).says("migrate: web:1 ended with exit code 0 after ");
    let task = emulator.look()["tasks"][0].clone();
    assert_eq!((&task["containers"], &task["command"]), (&json!([0]), &json!(["sh", "-c", "exit 0"])));
}
