//! Tests of the output in GitHub Actions: groups, annotations, the step summary and outputs.

use std::collections::BTreeMap;

use ecsail::diagnose::{Diagnosis, log::LogExcerpt};
use ecsail::report::step_summary::rollout as summary;
use ecsail::watch::judge::Verdict;
use ecsail::watch::snapshot::WatchedRollout;
use ecsail::watch::{WatchOutcome, WatchResult};
use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::rollout_failures::signal;
use crate::rollout_outcomes::until;
use crate::support::{DEFINITION, Folder, MANIFEST, World, service};

fn world(scenario: Scenario) -> World {
    in_github(World::with_breaker(scenario))
}

/// Returns a world that is a step of a workflow, with files for its summary and its outputs.
pub(crate) fn in_github(mut world: World) -> World {
    let path = |name: &str| world.folder.dir.path().join(name).to_str().expect("text").to_owned();
    let (summary, output) = (path("summary.md"), path("output.txt"));
    world.folder = world
        .folder
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_OUTPUT", &output);
    world
}

pub(crate) fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.folder.dir.path().join(name)).expect("written")
}

/// Returns the outputs of a step, in their order.
fn outputs(world: &World) -> Vec<(String, String)> {
    let text = read(world, "output.txt");
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some((name, delimiter)) = lines.next().and_then(|line| line.split_once("<<")) {
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        found.push((name.to_owned(), value.join("\n")));
    }
    found
}

/// Returns the last value of each output, as GitHub takes them; without the id of the release, and with the JSON apart.
fn values(world: &World) -> (BTreeMap<String, String>, Value) {
    let mut last: BTreeMap<String, String> = outputs(world).into_iter().collect();
    let json = last.remove("json").expect("an output");
    let mut json: Value = serde_json::from_str(&json).expect("JSON");
    // A file that several commands wrote to has the release of an earlier one.
    let release = last.remove("release");
    assert!(json["release"].is_null() || json["release"].as_str() == release.as_deref());
    json.as_object_mut().expect("an object").remove("release");
    (last, json)
}

/// Returns outputs that are written as `name=value`, separated by blanks.
fn expected(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split_whitespace().map(|pair| pair.split_once('=').expect("a pair"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
#[cfg(unix)]
fn cancelled_job_has_one_notice_with_one_command() {
    let manifest = MANIFEST.replace("  web:\n", "  api: { task_definition: web.yml }\n  web:\n");
    let seeded = ["web", "api"].map(|name| service(name, json!({})));
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = in_github(World::with(Scenario::Stuck, &files, &seeded));
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let mut child = world.start(&["wait"]);
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "0/2 running");
    until(&mut stderr, "0/2 running");
    signal(&child, "-TERM");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).expect("text");
    let annotations: Vec<&str> = rest.lines().filter(|line| line.starts_with("::")).collect();
    let text = "interrupted; watch on with `ecsail wait api web --cluster main`";
    assert_eq!(annotations, [format!("::notice title=ecsail::{text}")]);
}

#[test]
fn services_whose_names_are_alike_have_outputs_of_their_own() {
    let services = "  web-a: { task_definition: web.yml }\n  WEB_A: { task_definition: web.yml }\n  web_a:\n";
    let manifest = MANIFEST.replace("  web:\n", services);
    let seeded = ["web-a", "web_a", "WEB_A"].map(|name| service(name, json!({})));
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = in_github(World::with(Scenario::Steady, &files, &seeded));
    let run = world.run(&["deploy", "--tag", "v2"]).exits(0);
    let names: Vec<String> = outputs(&world).into_iter().map(|(name, _)| name.to_lowercase()).collect();
    for name in ["web-a_revision", "web-a_deployed", "web_a_revision", "web_a_deployed"] {
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name} in {names:?}");
    }
    run.says("::warning title=ecsail::the outputs of `");
}

#[test]
fn a_quiet_deploy_has_no_empty_group() {
    let run = world(Scenario::Steady).run(&["deploy", "--tag", "v2", "-q"]).exits(0);
    assert!(!run.stderr.contains("group::"), "{}", run.stderr);
}

#[test]
fn a_deploy_leaves_a_summary_and_outputs() {
    let world = world(Scenario::Steady);
    let run = world.deploy("v2").exits(0).says("::group::Plan\n").says("::endgroup::\n");
    assert!(!run.stderr.contains("::error"), "{}", run.stderr);
    let summary = read(&world, "summary.md");
    assert!(
        summary.contains("| `containerDefinitions[app].image` |")
            && summary.contains("**web**: deployed web:2"),
        "{summary}"
    );
    let (values, json) = values(&world);
    let expected = expected(
        "changes=true verdict=succeeded web_deployed=true web_previous_revision=web:1 web_revision=web:2 \
         web_running_revision=web:2 web_verdict=succeeded",
    );
    assert_eq!(values, expected);
    let service = json!({
        "verdict": "succeeded",
        "revision": "web:2",
        "previous_revision": "web:1",
        "running_revision": "web:2",
    });
    let all = json!({
        "verdict": "succeeded",
        "changes": true,
        "stage": null,
        "account": "123456789012",
        "region": "us-east-1",
        "services": { "web": service },
    });
    assert_eq!(json, all);
}

#[test]
fn the_plan_of_a_pull_request_has_outputs_and_a_summary() {
    let world = world(Scenario::Steady);
    world.run(&["plan", "--tag", "v2"]).exits(0);
    assert_eq!(values(&world).0, expected("changes=true"));
    let summary = read(&world, "summary.md");
    assert!(
        summary.contains("| `containerDefinitions[app].image` |") && summary.contains("· tag v2"),
        "{summary}"
    );
}

#[test]
fn what_is_refused_has_its_verdict() {
    let world = world(Scenario::Steady);
    world.deploy("v9").exits(1);
    assert_eq!(values(&world).0, expected("verdict=failed"));
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.deploy("v3").exits(5);
    assert_eq!(values(&world).0["verdict"], "refused");
}

#[test]
fn a_service_that_is_rolled_back_for_another_and_one_that_was_not_reached_have_verdicts() {
    let services = "  api: { task_definition: web.yml }\n  worker: { task_definition: web.yml, needs: [ api ] }\n\
                    \x20 last: { task_definition: web.yml, needs: [ worker ] }\n";
    let manifest = format!(
        "{}on_failure: rollback\n",
        MANIFEST.replace("  web:\n    task_definition: web.yml\n", services)
    );
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let seeded = ["api", "worker", "last"].map(|name| service(name, json!({})));
    let world = in_github(World::with(Scenario::Steady, &files, &seeded));
    world.sandbox.set_scenario(Some("worker"), Scenario::Crash);
    world.run(&["deploy", "--tag", "v2"]).exits(3);
    let (values, _) = values(&world);
    let verdicts =
        ["verdict", "api_verdict", "worker_verdict", "last_verdict"].map(|name| values[name].as_str());
    assert_eq!(verdicts, ["rolled_back", "rolled_back", "rolled_back", "skipped"]);
    assert_eq!(values["api_running_revision"], values["api_previous_revision"]);
}

#[test]
fn secrets_of_a_plan_are_registered_to_be_masked() {
    let world = world(Scenario::Steady);
    let secret = "environment: { DB_PASSWORD: \"100%-hunter2\", WEB_TOKEN: web }";
    world.folder.write("web.yml", &format!("{DEFINITION}    {secret}\n"));
    let run = world.deploy("v2").exits(0);
    let masks: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("::add-mask::")).collect();
    assert_eq!(masks, ["::add-mask::100%25-hunter2"]);
    let at = |text: &str| run.stderr.find(text).expect("it is there");
    assert!(at("::add-mask::") < at("::group::Plan"));
    let errors = std::fs::File::create(world.folder.dir.path().join("errors")).expect("a file");
    let status = world.folder.command(&["plan", "--tag", "v3"]).stderr(errors).status().expect("it runs");
    assert!(status.success());
    assert!(!read(&world, "errors").contains("hunter2"), "a file keeps what is written to it");
}

#[test]
fn a_rollback_is_an_annotation_and_no_deployed_output() {
    let world = world(Scenario::Crash);
    world.deploy("v2").exits(3).says("::error title=ecsail%3A web::web:2 was rolled back, web:1 is running");
    let expected = expected(
        "changes=true verdict=rolled_back web_deployed=false web_previous_revision=web:1 web_revision=web:2 \
         web_running_revision=web:1 web_verdict=rolled_back",
    );
    assert_eq!(values(&world).0, expected);
}

#[test]
fn problems_are_annotations_at_their_lines() {
    let definition = format!("{DEFINITION}    cpux: 1\n");
    let folder =
        Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", &definition)]).env("GITHUB_ACTIONS", "true");
    let run = folder.run(&["check"]).exits(1);
    run.says("::error file=web.yml,line=10,col=5::unknown key `cpux`%0Ahint: did you mean `cpu`?");
    folder
        .run(&["check", "service", "nope"])
        .exits(2)
        .says("::error title=ecsail::no service named `nope` in the manifest");
}

#[test]
fn an_unchanged_service_has_outputs_too() {
    let world = world(Scenario::Steady);
    world.deploy("v1").exits(0).answers("unchanged");
    let expected = expected(
        "changes=false verdict=unchanged web_deployed=false web_previous_revision=web:1 web_revision=web:1 \
         web_running_revision=web:1 web_verdict=unchanged",
    );
    assert_eq!(values(&world).0, expected);
}

#[test]
fn the_annotation_of_a_failure_says_cause_remedy_and_what_runs_now() {
    let run = world(Scenario::Crash).deploy("v2").exits(3);
    let annotation = run.stderr.lines().find(|line| line.starts_with("::error title=ecsail%3A web::"));
    let annotation = annotation.expect("an annotation");
    for part in [
        "%0Acause: the program exited with an error",
        "%0Aremedy: ",
        "%0Arunning now: web:1, 2 of 2 tasks running",
    ] {
        assert!(annotation.contains(part), "`{part}` is not in {annotation}");
    }
}

fn failed_with(lines: &[&str]) -> WatchResult {
    let log = LogExcerpt {
        group: "/shop".to_owned(),
        stream: "web/<app>/1".to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        note: None,
    };
    WatchResult {
        rollout: WatchedRollout { key: "web".to_owned(), ..WatchedRollout::default() },
        outcome: WatchOutcome::Settled(Verdict::Failed { reason: "<b>x</b>".to_owned() }),
        warnings: Vec::new(),
        diagnosis: Some(Diagnosis { log: Some(log), ..Diagnosis::default() }),
        elapsed: std::time::Duration::ZERO,
        failure_response: None,
        running: None,
        timeline: None,
    }
}

#[test]
fn summary_fences_the_log_safely() {
    let text = summary(&failed_with(&["````", "</details>", "a ``` b", "::error::no"]));
    let expected = "**web**: the deployment failed: &lt;b&gt;x&lt;/b&gt;\n\n\
        <details><summary>the last log lines (/shop web/&lt;app&gt;/1)</summary>\n\n\
        `````text\n````\n</details>\na ``` b\n::error::no\n`````\n\n</details>\n";
    assert_eq!(text, expected);
}

#[test]
fn without_log_lines_the_summary_is_the_verdict() {
    assert_eq!(summary(&failed_with(&[])), "**web**: the deployment failed: &lt;b&gt;x&lt;/b&gt;\n");
}

#[test]
fn a_report_has_the_events_beside_the_text() {
    let world = world(Scenario::Crash);
    let run = world.run(&["deploy", "--tag", "v2", "--report", "report.jsonl", "-q"]).exits(3);
    run.answers("web: web:2 was rolled back");
    let report = read(&world, "report.jsonl");
    let events: Vec<Value> =
        report.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    for name in ["plan", "registered", "rollout.progress", "rollout.settled", "release.ended"] {
        assert!(names.contains(&name), "no {name} in {names:?}");
    }
    let again =
        world.run(&["deploy", "--tag", "v9", "--report", "report.jsonl", "--output", "json"]).exits(1);
    assert_eq!(read(&world, "report.jsonl"), again.stdout, "an old report is replaced");
    world
        .run(&["deploy", "--tag", "v3", "--report", "none/report.jsonl"])
        .exits(1)
        .says("failed to write report `none/report.jsonl`");
    let running = world.service("web")["taskDefinition"].as_str().expect("text").to_owned();
    assert!(running.ends_with("web:1"), "nothing was deployed where the report cannot be written: {running}");
}
