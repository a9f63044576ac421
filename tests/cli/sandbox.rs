//! Tests of `--sandbox` and `ecsail sandbox`: a first deploy without an account, and the state between commands.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use ecsail_sandbox::{Clock, Options, Sandbox, Scenario, Seed, SeedService, scenarios};
use serde_json::{Value, json};

use crate::support::{DEFINITION, Folder, MANIFEST, finished};

fn folder() -> Folder {
    Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]).env("ECSAIL_POLL_INTERVAL", "20ms")
}

#[test]
fn state_is_kept_from_one_command_to_the_next_until_reset() {
    let folder = folder();
    let run = folder
        .run(&["--sandbox", "deploy", "service", "web", "--tag", "v2"])
        .exits(0)
        .answers("web: deployed web:2");
    assert!(run.stderr.lines().all(|line| line.starts_with("sandbox: ")), "{run:?}");
    assert!(!run.stdout.contains("sandbox: "), "an answer is for other programs too: {run:?}");
    folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0).answers("web: unchanged, web:2 stays");
    folder.run(&["--sandbox", "status"]).exits(0).answers("web: web:2, 2/2 running");
    folder.run(&["sandbox", "reset"]).exits(0).answers("removed ");
    folder.run(&["--sandbox", "deploy", "--tag", "v1"]).exits(0).answers("web: unchanged, web:1 stays");
}

#[test]
fn a_mistyped_service_does_not_exist_in_the_sandbox() {
    let folder = folder();
    for (command, code) in [(&["status", "wbe"][..], 1), (&["restart", "wbe"], 2), (&["why", "wbe"], 2)] {
        let run = folder.run(&[&["--sandbox"], command].concat()).exits(code);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("did you mean `web`?"), "{command:?}: {said}");
    }
    folder.run(&["--sandbox", "status"]).exits(0).answers("web: web:1, 2/2 running");
}

#[test]
fn a_scenario_is_picked_by_name() {
    let folder = folder();
    folder
        .run(&["--sandbox=crash-rollback", "deploy", "--tag", "v2"])
        .exits(3)
        .says("exit code 1")
        .answers("was rolled back, web:1 is running");
    folder
        .run(&["--sandbox=nope", "deploy", "--tag", "v2"])
        .exits(2)
        .says("no sandbox scenario named `nope`")
        .says("`ecsail sandbox scenarios`");
    folder.run(&["--sandbox=crsh", "status"]).exits(2).says("did you mean `crash`?");
    folder.run(&["sandbox", "scenarios"]).exits(0).answers("crash-rollback  ");
}

#[test]
fn a_tag_that_is_asked_for_is_made() {
    let folder = folder();
    folder
        .run(&["--sandbox", "deploy", "--tag", "3f2a9c1"])
        .exits(0)
        .says("sandbox: note: the sandbox had no image `3f2a9c1`, and has one now")
        .answers("web: deployed web:2");
    let again = folder.run(&["--sandbox", "deploy", "--tag", "3f2a9c1"]).exits(0).answers("unchanged");
    assert!(!again.stderr.contains("had no image"), "{}", again.stderr);
}

#[test]
fn where_images_are_missing_a_tag_is_too() {
    folder().run(&["--sandbox=no-image", "deploy", "--tag", "v9"]).exits(1).says("newest tags: v3, v2, v1");
}

#[test]
fn images_can_be_pushed() {
    let folder = folder();
    folder.run(&["sandbox", "push", "v7"]).exits(0).answers("pushed `v7` to app");
    folder.run(&["sandbox", "push", "v7"]).exits(0).answers("nothing to push");
    folder.run(&["sandbox", "push", "v8", "--image", "ap"]).exits(2).says("did you mean `app`?");
    folder.run(&["--sandbox", "images", "web"]).exits(0).answers("v7");
}

#[test]
fn a_first_deploy_of_what_runs_already_says_so() {
    let folder = folder();
    let note = "in a new sandbox `v1` runs already; deploy `v2` to see a rollout";
    folder.run(&["--sandbox", "deploy", "--tag", "v1"]).exits(0).says(note);
    let second = folder.run(&["--sandbox", "deploy", "--tag", "v1"]).exits(0);
    assert!(!second.stderr.contains(note), "{}", second.stderr);
}

#[test]
fn it_works_without_a_manifest_and_with_no_definition() {
    let bare = Folder::new(&[]).env("ECSAIL_POLL_INTERVAL", "20ms");
    bare.run(&["--sandbox", "deploy", "service", "api", "--cluster", "main", "--tag", "v2"])
        .exits(0)
        .answers("api: deployed api:2");
}

#[test]
fn invalid_state_has_a_hint_to_reset() {
    let folder = folder();
    folder.write(".ecsail/sandbox.json", "{");
    folder
        .run(&["--sandbox", "status"])
        .exits(1)
        .says("read the sandbox's state")
        .says("`ecsail sandbox reset`");
}

#[test]
fn json_marks_every_line() {
    let run = folder().run(&["--sandbox", "plan", "--tag", "v2", "--output", "json"]).exits(0);
    assert!(run.events().iter().all(|event| event["sandbox"] == true), "{}", run.stdout);
}

#[test]
fn it_can_be_served_for_other_clients() {
    let folder = folder();
    let mut command = folder.command(&["sandbox", "serve"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let variables: Vec<(String, String)> = (0..5)
        .map(|_| {
            let line = lines.next().expect("a line").expect("text");
            let (name, value) = line.trim_start_matches("export ").split_once('=').expect("an assignment");
            (name.to_owned(), value.to_owned())
        })
        .collect();
    assert!(variables[0].1.starts_with("http://127.0.0.1:"), "{variables:?}");
    let mut client = folder.command(&["status"]);
    client.envs(variables);
    finished(client).exits(0).answers("web: web:1, 2/2 running");
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("`kill` is there").success());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

/// The result of a deployment of `web:2` within half an hour: the status of the newest service deployment,
/// and the revision that the service names.
const ENDS: &[(&str, &str, u64)] = &[
    ("steady", "SUCCESSFUL", 2),
    ("slow", "SUCCESSFUL", 2),
    ("crash", "IN_PROGRESS", 2),
    ("crash-later", "SUCCESSFUL", 2),
    ("crash-breaker", "STOPPED", 2),
    ("crash-rollback", "ROLLBACK_SUCCESSFUL", 1),
    ("rollback-new-id", "ROLLBACK_SUCCESSFUL", 1),
    ("rollback-fails", "ROLLBACK_FAILED", 1),
    ("no-rollback-target", "ROLLBACK_FAILED", 2),
    ("throttled", "IN_PROGRESS", 2),
    ("many", "IN_PROGRESS", 2),
    ("no-image", "IN_PROGRESS", 2),
    ("platform", "IN_PROGRESS", 2),
    ("exec-format", "IN_PROGRESS", 2),
    ("no-network", "IN_PROGRESS", 2),
    ("secret-denied", "IN_PROGRESS", 2),
    ("secret-missing", "IN_PROGRESS", 2),
    ("role", "IN_PROGRESS", 2),
    ("unhealthy", "IN_PROGRESS", 2),
    ("unhealthy-container", "IN_PROGRESS", 2),
    ("unhealthy-recovers", "SUCCESSFUL", 2),
    ("oom", "IN_PROGRESS", 2),
    ("exit-zero", "IN_PROGRESS", 2),
    ("exit-7", "IN_PROGRESS", 2),
    ("flaky", "SUCCESSFUL", 2),
    ("dependency", "SUCCESSFUL", 2),
    ("flaky-half", "SUCCESSFUL", 2),
    ("spot", "SUCCESSFUL", 2),
    ("stuck", "IN_PROGRESS", 2),
    ("capacity", "SUCCESSFUL", 2),
    ("placement", "IN_PROGRESS", 2),
    ("scarce", "SUCCESSFUL", 2),
    ("protected", "SUCCESSFUL", 2),
    ("drain", "SUCCESSFUL", 2),
    ("early-success", "SUCCESSFUL", 2),
    ("scales", "SUCCESSFUL", 2),
    ("alarm", "ROLLBACK_SUCCESSFUL", 1),
    ("superseded", "SUCCESSFUL", 3),
    ("stopped", "ROLLBACK_SUCCESSFUL", 1),
    ("deleted", "", 0),
    ("blue-green", "SUCCESSFUL", 2),
    ("linear", "SUCCESSFUL", 2),
    ("canary", "SUCCESSFUL", 2),
    ("hook-fails", "ROLLBACK_SUCCESSFUL", 1),
    ("hook-times-out", "ROLLBACK_SUCCESSFUL", 1),
    ("hook-pauses", "IN_PROGRESS", 2),
    ("late-death", "SUCCESSFUL", 2),
    ("dead-sidecar", "SUCCESSFUL", 2),
    ("throttled-details", "SUCCESSFUL", 2),
    ("canary-unreadable", "SUCCESSFUL", 2),
    ("no-deployments-api", "SUCCESSFUL", 2),
    ("no-logs", "SUCCESSFUL", 2),
    ("late-logs", "SUCCESSFUL", 2),
    ("no-tagging", "SUCCESSFUL", 2),
    ("expires", "SUCCESSFUL", 2),
    ("by-tag", "SUCCESSFUL", 2),
];

/// Returns the revision that `web` runs, and in a revision of another tag the one that it is to run.
fn definition(tag: &str) -> Value {
    json!({
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{ "name": "app", "image": format!("registry.example/app:{tag}") }],
    })
}

/// Returns a sandbox with a stopped clock, where a deployment of `web:2` has begun under a scenario.
fn begun(scenario: Scenario) -> Sandbox {
    let options = Options { clock: Clock::Held, ..Options::default() };
    let sandbox = Sandbox::start(options).expect("the sandbox starts");
    let (name, cluster) = ("web".to_owned(), "main".to_owned());
    let service = SeedService { name, cluster, task_definition: definition("1"), service: json!({}) };
    sandbox.seed(&Seed { services: vec![service], ..Seed::default() }).expect("the seed is well formed");
    sandbox.set_scenario(None, scenario);
    ecs(&sandbox, "RegisterTaskDefinition", definition("2"));
    ecs(&sandbox, "UpdateService", json!({ "cluster": "main", "service": "web", "taskDefinition": "web:2" }));
    sandbox
}

fn ecs(sandbox: &Sandbox, operation: &str, input: Value) -> Value {
    sandbox.call("ecs", operation, input).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn web(sandbox: &Sandbox) -> Value {
    ecs(sandbox, "DescribeServices", json!({ "cluster": "main", "services": ["web"] }))["services"][0].clone()
}

/// Returns the status of the newest service deployment of `web`, and the revision that the service names.
fn state(sandbox: &Sandbox) -> (String, u64) {
    let listed =
        sandbox.call("ecs", "ListServiceDeployments", json!({ "cluster": "main", "service": "web" }));
    let listed = listed.unwrap_or_default();
    let status = listed["serviceDeployments"][0]["status"].as_str().unwrap_or_default().to_owned();
    let service = web(sandbox);
    let revision = service["taskDefinition"].as_str().and_then(|arn| arn.rsplit(':').next()?.parse().ok());
    (status, revision.unwrap_or_default())
}

#[test]
fn every_scenario_ends_as_in_its_summary() {
    let listed: Vec<&str> = scenarios().iter().map(|info| info.name).collect();
    let expected: Vec<&str> = ENDS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(listed, expected, "each scenario has its end here");
    for (info, (name, status, revision)) in scenarios().iter().zip(ENDS) {
        let sandbox = begun(info.scenario);
        sandbox.advance(Duration::from_mins(30));
        // The history can be read only if the scenario allows it.
        sandbox.set_scenario(None, Scenario::Steady);
        assert_eq!(state(&sandbox), ((*status).to_owned(), *revision), "{name}: {}", info.summary);
    }
}

#[test]
fn timed_scenario_continues_after_a_restart() {
    let sandbox = begun(Scenario::Capacity);
    sandbox.advance(Duration::from_secs(100));
    let state_then = sandbox.save();
    drop(sandbox);
    let options = Options { clock: Clock::Held, state: Some(state_then), ..Options::default() };
    let again = Sandbox::start(options).expect("the state is its own");
    again.advance(Duration::from_secs(40));
    assert_eq!(web(&again)["pendingCount"], 0, "there is no capacity yet");
    again.advance(Duration::from_mins(2));
    assert_eq!(state(&again), ("SUCCESSFUL".to_owned(), 2));
}

#[test]
fn the_list_has_every_scenario_on_a_line() {
    let run = Folder::new(&[]).run(&["sandbox", "scenarios"]).exits(0);
    for info in scenarios() {
        let line = run.stdout.lines().find(|line| line.split_whitespace().next() == Some(info.name));
        assert!(line.is_some_and(|line| line.ends_with(info.summary)), "{}", info.name);
    }
}

#[test]
fn status_is_a_good_first_command_whatever_the_manifest_names() {
    let manifest = "ecsail: 1\napp: shop\nregion: us-east-1\ncluster: main\nservices: { web: { task_definition: web.yml } }\n";
    let definition = |image: &str| {
        format!("family: web\ncontainerDefinitions: [ {{ name: web, image: \"{image}\", memory: 128 }} ]\n")
    };
    for image in ["nginx:1.27", "nginx:{{ tag }}", "{{ env.NOT_SET }}", "nginx:1 }}{{ a b"] {
        let folder = Folder::new(&[("ecsail.yml", manifest), ("web.yml", &definition(image))]);
        let run = folder.run(&["--sandbox", "status"]).exits(0);
        assert!(run.stdout.contains("web: web:1, 2/2 running"), "{image}: {run:?}");
    }
}

/// Moves the start of the sandbox of a folder back, as if a command had run ten minutes ago.
fn ten_minutes_pass(folder: &Folder) {
    let path = folder.dir.path().join(".ecsail/sandbox.json");
    let mut saved: Value = serde_json::from_slice(&std::fs::read(&path).expect("a state")).expect("JSON");
    for time in ["/saved_at", "/state/reported_times/wall"] {
        let time = saved.pointer_mut(time).expect("it is saved");
        *time = json!(time.as_i64().expect("a number") - 600_000);
    }
    std::fs::write(path, saved.to_string()).expect("it can be written");
}

/// Returns all times in an event, in seconds since 1970.
fn times(event: &Value) -> Vec<f64> {
    match event {
        Value::Array(items) => items.iter().flat_map(times).collect(),
        Value::Object(members) => {
            let is_time = |name: &str| name == "at" || name.ends_with("_at");
            let own = members.iter().filter(|(name, _)| is_time(name)).filter_map(|(_, at)| at.as_f64());
            own.chain(members.values().flat_map(times)).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn people_see_the_times_of_their_own_clock() {
    let folder = folder();
    folder.run(&["--sandbox", "deploy", "--tag", "v2"]).exits(0);
    ten_minutes_pass(&folder);
    folder.run(&["--sandbox", "status"]).exits(0).answers(", 10m ago, by sandbox, tag v2");
    folder.run(&["--sandbox", "tasks", "web"]).exits(0).answers("10m ago");
    for command in ["status", "history", "tasks", "images", "revisions"] {
        let arguments = ["--sandbox", command, "web", "--output", "json"];
        let found: Vec<_> = folder.run(&arguments).exits(0).events().iter().flat_map(times).collect();
        let latest = found.into_iter().max_by(f64::total_cmp);
        let latest = latest.unwrap_or_else(|| panic!("{command} shows no time"));
        let now = jiff::Timestamp::now().as_millisecond() as f64 / 1000.0;
        assert!(latest <= now, "{command}: {latest} is after {now}");
    }
}

#[test]
fn a_service_that_the_manifest_gets_later_is_created_by_a_deploy() {
    let folder = folder();
    folder.run(&["--sandbox", "status"]).exits(0);
    let service = "{ launchType: FARGATE, desiredCount: 1, networkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1] } } }";
    folder.write("worker.yml", &DEFINITION.replace("family: web", "family: worker"));
    let manifest = format!("{MANIFEST}  worker:\n    task_definition: worker.yml\n    service: {service}\n");
    folder.write("ecsail.yml", &manifest);
    let run = folder.run(&["--sandbox", "deploy", "worker", "--tag", "v2"]).exits(0);
    run.says("worker: created, deploying worker:1").answers("worker: deployed worker:1");
}

#[test]
fn a_deleted_service_stays_deleted() {
    let folder = folder().env("ECSAIL_SANDBOX_STEP", "40m");
    folder.run(&["--sandbox", "delete", "web"]).exits(0).answers("web: deleted in");
    for _ in 0..4 {
        folder.run(&["--sandbox", "history", "web"]);
    }
    let run = folder.run(&["--sandbox", "plan", "--tag", "v2"]).exits(1);
    run.says("no service named `web` in cluster `main`").says("to create the service, add `desiredCount`");
}
