//! Tests of the output in GitHub Actions: groups, annotations, the step summary and outputs.

use ecsail::diagnose::{Diagnosis, log::LogExcerpt};
use ecsail::report::step_summary::rollout as summary;
use ecsail::watch::judge::Verdict;
use ecsail::watch::snapshot::WatchedRollout;
use ecsail::watch::{WatchOutcome, WatchResult};
use ecsail_sandbox::Scenario;
use serde_json::json;

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

fn owned(pair: (&str, &str)) -> (String, String) {
    (pair.0.to_owned(), pair.1.to_owned())
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
    assert_eq!(outputs(&world), [("web_revision", "web:2"), ("web_deployed", "true")].map(owned));
}

#[test]
fn a_rollback_is_an_annotation_and_no_deployed_output() {
    let world = world(Scenario::Crash);
    world.deploy("v2").exits(3).says("::error title=ecsail%3A web::web:2 was rolled back, web:1 is running");
    assert_eq!(outputs(&world), [("web_revision", "web:2"), ("web_deployed", "false")].map(owned));
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
    assert_eq!(outputs(&world), [("web_revision", "web:1"), ("web_deployed", "false")].map(owned));
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
