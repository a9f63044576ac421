//! Conformance tests: GitHub's own description of its API judges what ecsail sends. A proxy from npm validates each request
//! against it, in front of the API on loopback of the other tests.

#![cfg(unix)]

use std::path::PathBuf;
use std::process::Command;

use ecsail::github::access::GitHubAccess;
use ecsail::github_api::GitHubClient;
use ecsail::settings::Settings;
use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::github_api::world;
use crate::support::github_api::{GitHubApi, Scripted, TOKEN};
use crate::support::python::{Server, folder, free_port, run};

const HINT: &str = "the conformance tests of GitHub need Node.js 20 or newer with npm, and its registry: install nodejs and npm";

/// Returns the folder of the pinned packages. They are installed once, in the target folder.
fn packages() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("conformance-node");
    let wanted = std::fs::read_to_string(folder().join("package.json")).expect("it is there");
    let stamp = root.join("installed.json");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return root.join("node_modules");
    }
    std::fs::create_dir_all(&root).expect("the target folder can be written");
    std::fs::write(root.join("package.json"), &wanted).expect("written");
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
    run(npm.current_dir(&root), HINT);
    std::fs::write(stamp, wanted).expect("written");
    root.join("node_modules")
}

/// Returns a proxy in front of an API that refuses what GitHub's description does not have.
fn judge(api: &GitHubApi) -> Server {
    let packages = packages();
    let cut = packages.join("../cut.json");
    let description = packages.join("@octokit/openapi/generated/api.github.com.json");
    let script = folder().join("cut_github_description.mjs");
    run(Command::new("node").arg(script).arg(description).arg(&cut), HINT);
    let port = free_port();
    let mut proxy = Command::new("node");
    proxy.arg(packages.join("@stoplight/prism-cli/dist/index.js"));
    proxy.args(["proxy", "--errors", "--port", &port.to_string()]).arg(cut).arg(api.url());
    Server::on_port(proxy, port)
}

#[test]
#[ignore = "needs Node.js and packages from npm"]
fn github_accepts_each_request() {
    let api = GitHubApi::start();
    let judge = judge(&api);
    let lines = "github: { deployments: true, url: 'https://shop.example.com', tag: deployed/live, move_tag: true }\n";
    let world = world(lines, Scenario::Steady, &judge.url());
    api.state().has_rival = true;
    world.run(&["plan", "--tag", "v2", "--comment"]).exits(0).says("note: the plan is on pull request #7\n");
    world.run(&["plan", "--tag", "v1", "--comment"]).exits(0).says("note: the plan is on pull request #7\n");
    let lost = Scripted { method: "POST", path: "deployments", status: 502, headers: "", is_executed: true };
    api.state().scripted.push_back(lost);
    for command in [["deploy", "--tag", "v2"].as_slice(), &["rollback", "web"]] {
        let run = world.run(command).exits(0);
        assert!(!run.stderr.contains("GitHub"), "{}", run.stderr);
    }
    let url = judge.url();
    let variable = |name: &str| match name {
        "GITHUB_TOKEN" => Some(TOKEN),
        "GITHUB_REPOSITORY" => Some("octo/shop"),
        "GITHUB_API_URL" => Some(url.as_str()),
        _ => None,
    };
    let access = GitHubAccess::from_variables(variable, false).expect("valid");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let run = runtime.block_on(async {
        GitHubClient::new(&access, &Settings::default()).expect("a client").reviewed_run("12").await
    });
    assert_eq!(run.expect("an answer").reviews, []);
    // Every operation of the description was used, so that none is left unjudged.
    let state = api.state();
    let used = |method: &str, part: &str| {
        state.requests.iter().any(|request| request.method == method && request.path.starts_with(part))
    };
    for (method, part) in [
        ("GET", "issues/7/comments"),
        ("POST", "issues/7/comments"),
        ("PATCH", "issues/comments/"),
        ("DELETE", "issues/comments/"),
        ("GET", "issues/7/labels"),
        ("POST", "issues/7/labels"),
        ("DELETE", "issues/7/labels/"),
        ("POST", "labels"),
        ("GET", "deployments"),
        ("POST", "deployments"),
        ("POST", "deployments/"),
        ("GET", "git/ref/tags%2F"),
        ("POST", "git/refs"),
        ("PATCH", "git/refs/tags%2F"),
        ("GET", "compare/"),
        ("GET", "actions/runs/12"),
        ("GET", "actions/runs/12/approvals"),
    ] {
        assert!(used(method, part), "{method} {part}");
    }
    drop(state);
    refuses_what_github_refuses(&judge, &api);
}

/// Fails unless the judge refuses requests that GitHub would refuse, before they reach the API.
fn refuses_what_github_refuses(judge: &Server, api: &GitHubApi) {
    let before = api.state().requests.len();
    for (path, body) in [
        ("deployments", json!({ "task": "deploy" })),
        ("deployments/101/statuses", json!({ "state": "rolled_back" })),
        ("issues/7/comments", json!({ "text": "x" })),
    ] {
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            "content-type: application/json",
            "-d",
        ]);
        curl.arg(body.to_string()).arg(format!("{}/repos/octo/shop/{path}", judge.url()));
        assert_eq!(run(&mut curl, HINT), "422", "{path} {body}");
    }
    assert_eq!(api.state().requests.len(), before);
}
