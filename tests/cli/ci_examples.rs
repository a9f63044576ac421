//! Runs the commands of the pipelines in `examples/ci` in the sandbox, in the order of their files, with the variables that the
//! systems set.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::examples;
use crate::support::github_api::{GitHubApi, TOKEN};
use crate::support::{Folder, finished};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"))
}

/// Returns the command lines of ecsail in a pipeline, in their order.
fn commands(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join("ci").join(file)).expect("text");
    let mut found = Vec::new();
    collect(&serde_saphyr::from_str(&text).expect("YAML"), &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if members.get("uses").is_some_and(|uses| uses == "OWNER/ecsail@v1") => {
            let run = members.get("with").and_then(|with| with["run"].as_str());
            found.extend(run.map(|run| format!("ecsail {run}")));
        }
        Value::Object(members) => members.values().for_each(|member| collect(member, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::String(text) => {
            let lines = text.lines().map(|line| line.trim_start().trim_start_matches("exec "));
            found.extend(lines.filter(|line| line.starts_with("ecsail ")).map(str::to_owned));
        }
        _ => {}
    }
}

/// A checkout of `examples/shop`, and a program `ecsail` in its path that uses the sandbox.
fn checkout() -> Folder {
    let checkout = examples::copy(&folder().join("shop"));
    let program = format!("#!/bin/sh\nexec {:?} --sandbox \"$@\"\n", env!("CARGO_BIN_EXE_ecsail"));
    checkout.write("bin/ecsail", &program);
    let path = checkout.dir.path().join("bin/ecsail");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("ours");
    checkout
}

/// Runs commands one after the other, each in a shell of its own with fresh files for outputs and summary, and fails with the first
/// that does. Returns the folder, where the files of the first command are `output0` and `summary0`.
fn run_all(commands: &[String], variables: &[(&str, &str)]) -> Folder {
    let checkout = checkout();
    let path =
        format!("{}:{}", checkout.dir.path().join("bin").display(), std::env::var("PATH").expect("set"));
    for (number, command) in commands.iter().enumerate() {
        let own = checkout.command(&[]);
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", command]).current_dir(checkout.dir.path()).env_clear();
        shell.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", &path).envs(variables.iter().copied());
        for (name, file) in [("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary")] {
            checkout.write(&format!("{file}{number}"), "");
            shell.env(name, checkout.dir.path().join(format!("{file}{number}")));
        }
        finished(shell).exits(0);
    }
    checkout
}

fn read(checkout: &Folder, name: &str) -> String {
    std::fs::read_to_string(checkout.dir.path().join(name)).expect("written")
}

#[test]
fn the_pipeline_for_github_deploys_and_rolls_back() {
    let files = ["github/plan.yml", "github/deploy.yml", "github/rollback.yml"];
    let all: Vec<String> = files.iter().flat_map(|file| commands(file)).collect();
    let verbs: Vec<&str> = all.iter().filter_map(|command| command.split(' ').nth(1)).collect();
    assert_eq!(verbs, ["plan", "deploy", "deploy", "rollback"]);
    let api = GitHubApi::start();
    let event = Folder::new(&[("event.json", r#"{"pull_request": {"number": 7}}"#)]);
    let event = event.dir.path().join("event.json");
    let commit = "2".repeat(40);
    let variables = [
        ("TAG", "v2"),
        ("STAGE", "production"),
        ("SERVICE", "web"),
        ("TO", ""),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_TOKEN", TOKEN),
        ("GITHUB_API_URL", api.url()),
        ("GITHUB_REPOSITORY", "octo/shop"),
        ("GITHUB_SHA", &commit),
        ("GITHUB_EVENT_PATH", event.to_str().expect("text")),
    ];
    let checkout = run_all(&all, &variables);
    assert!(read(&checkout, "output0").contains("changes<<"), "plan: {}", read(&checkout, "output0"));
    assert!(read(&checkout, "output1").contains("web_revision<<"), "staging: {}", read(&checkout, "output1"));
    assert!(
        read(&checkout, "summary2").contains("shop-production-web:2"),
        "production: {}",
        read(&checkout, "summary2")
    );
    assert!(
        read(&checkout, "summary3").contains("shop-production-web:1"),
        "rollback: {}",
        read(&checkout, "summary3")
    );
    assert!(read(&checkout, "production.jsonl").contains("\"event\":\"release.ended\""));
    has_recorded(&api);
}

/// Fails unless the plan is a comment, and each release a deployment that succeeded.
fn has_recorded(api: &GitHubApi) {
    let state = api.state();
    let comment = state.comments[0]["body"].as_str().expect("text");
    assert!(
        comment.starts_with("<!-- ecsail plan shop/production -->\n\n**shop · production · "),
        "{comment}"
    );
    assert_eq!(state.labels[0]["name"], "ecsail: changes");
    let deployments = state.deployments.iter();
    let deployments: Vec<_> =
        deployments.map(|one| (one["task"].as_str(), one["environment"].as_str())).collect();
    let expected = [("deploy", "staging"), ("deploy", "production"), ("rollback", "production")];
    assert_eq!(deployments, expected.map(|(task, environment)| (Some(task), Some(environment))));
    let states: Vec<_> = state.statuses.iter().filter_map(|status| status["state"].as_str()).collect();
    assert_eq!(states, ["in_progress", "success", "in_progress", "success", "in_progress", "success"]);
}

#[test]
fn the_pipeline_for_gitlab_deploys_and_rolls_back() {
    let all = commands("gitlab-ci.yml");
    assert_eq!(all.len(), 4, "{all:?}");
    run_all(&all, &[("TAG", "v2")]);
}

#[test]
fn the_pipeline_for_circleci_deploys() {
    let all = commands("circleci.yml");
    assert_eq!(all.len(), 2, "{all:?}");
    run_all(&all, &[("CIRCLE_SHA1", "v2"), ("ECSAIL_STAGE", "production")]);
}

#[test]
fn the_pipeline_for_buildkite_deploys() {
    let all = commands("buildkite.yml");
    assert_eq!(all.len(), 2, "{all:?}");
    run_all(&all, &[("BUILDKITE_COMMIT", "v2")]);
}
