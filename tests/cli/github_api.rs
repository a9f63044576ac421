//! Plans on pull requests, deployments and tags on GitHub: what is sent, and that no failure of GitHub is one of a command.

use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::support::github_api::{GitHubApi, Scripted, TOKEN, written};
use crate::support::{DEFINITION, Folder, MANIFEST, Run, World, service};

pub(crate) const OLD: &str = "1111111111111111111111111111111111111111";
pub(crate) const NEW: &str = "2222222222222222222222222222222222222222";

/// Returns a world in a workflow run of `octo/shop`, whose service runs commit [`OLD`], with these lines of the manifest.
pub(crate) fn world(lines: &str, scenario: Scenario, api: &str) -> World {
    let manifest = format!("{MANIFEST}{lines}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let breaker =
        json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    let mut running = service("web", breaker);
    running.task_definition["tags"] = json!([{ "key": "ecsail:git-sha", "value": OLD }]);
    let mut world = World::with(scenario, &files, &[running]);
    world.folder.write("event.json", &json!({ "pull_request": { "number": 7 } }).to_string());
    let event = world.folder.dir.path().join("event.json");
    world.folder = std::mem::replace(&mut world.folder, Folder::new(&[]))
        .env("GITHUB_TOKEN", TOKEN)
        .env("GITHUB_API_URL", api)
        .env("GITHUB_SERVER_URL", "https://github.com")
        .env("GITHUB_REPOSITORY", "octo/shop")
        .env("GITHUB_RUN_ID", "12")
        .env("GITHUB_SHA", NEW)
        .env("GITHUB_ACTOR", "alice")
        .env("GITHUB_EVENT_PATH", event.to_str().expect("text"));
    world
}

#[track_caller]
fn has_no_token(run: Run) -> Run {
    assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN), "{}\n{}", run.stdout, run.stderr);
    run
}

fn fails(method: &'static str, path: &'static str, status: u16) -> Scripted {
    Scripted { method, path, status, headers: "", is_executed: false }
}

fn deploy(world: &World) -> Run {
    world.run(&["deploy", "--tag", "v2"])
}

fn label_names(api: &GitHubApi) -> Vec<Value> {
    api.state().labels.iter().map(|label| label["name"].clone()).collect()
}

#[test]
fn a_plan_is_one_comment_that_is_replaced_and_labelled() {
    let api = GitHubApi::start();
    let world = world("", Scenario::Steady, api.url());
    let planted = json!({
        "id": 1, "user": { "id": 9, "login": "mallory", "type": "User" }, "body": "<!-- ecsail plan shop -->\nNo changes.",
    });
    api.state().comments.push(planted.clone());
    let run = world.run(&["plan", "--tag", "v2", "--comment", "-vv"]).exits(0);
    has_no_token(run).says("note: the plan is on pull request #7");
    let calls = [
        "GET compare/1111111111111111111111111111111111111111...2222222222222222222222222222222222222222",
        "GET issues/7/comments?per_page=100&page=1",
        "POST issues/7/comments",
        "GET issues/7/comments?per_page=100&page=1",
        "GET issues/7/labels?per_page=100&page=1",
        "POST labels",
        "POST issues/7/labels",
    ];
    assert_eq!(api.take_calls(), calls);
    assert_eq!(label_names(&api), ["ecsail: changes"]);
    let text = api.state().comments[1]["body"].as_str().unwrap_or_default().to_owned();
    assert!(text.starts_with("<!-- ecsail plan shop -->\n\n**shop "), "{text}");
    let run = "<sub>by [this run](https://github.com/octo/shop/actions/runs/12)</sub>\n";
    assert!(text.ends_with(run), "{text}");

    world.run(&["plan", "--tag", "v1", "--comment"]).exits(0);
    let calls = [
        "GET issues/7/comments?per_page=100&page=1",
        "PATCH issues/comments/101",
        "GET issues/7/labels?per_page=100&page=1",
        "POST labels",
        "POST issues/7/labels",
        "DELETE issues/7/labels/ecsail%3A%20changes",
    ];
    assert_eq!(api.take_calls(), calls);
    assert_eq!(label_names(&api), ["ecsail: no changes"]);
    let state = api.state();
    assert_eq!(state.comments.len(), 2);
    assert_eq!(state.comments[0], planted);
    assert!(state.comments[1]["body"].as_str().is_some_and(|text| text.contains("No changes.")));
}

#[test]
fn a_plan_that_fails_takes_the_place_of_the_last_one() {
    let api = GitHubApi::start();
    api.state()
        .comments
        .push(written(5, &json!("<!-- ecsail plan shop -->\n\n### `web`: web:1 → a new revision\n")));
    let world = world("", Scenario::Steady, api.url());
    world.run(&["plan", "--tag", "v9", "--comment"]).exits(1).says("note: the plan is on pull request #7");
    let state = api.state();
    let text = state.comments[0]["body"].as_str().expect("text");
    let head =
        "<!-- ecsail plan shop -->\n\n**There is no plan.**\n\n**error**: no tag \\`v9\\` in repository";
    assert!(text.starts_with(head) && state.comments.len() == 1 && state.labels.is_empty(), "{text}");
}

#[test]
fn two_runs_at_once_leave_the_older_comment() {
    let api = GitHubApi::start();
    api.state().has_rival = true;
    let world = world("", Scenario::Steady, api.url());
    world.run(&["plan", "--tag", "v2", "--comment"]).exits(0);
    let comments = api.state().comments.clone();
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert_eq!(comments[0]["id"], 101);
    assert!(!comments[0]["body"].as_str().is_some_and(|text| text.contains("rival")));
}

#[test]
fn a_plan_of_another_stage_with_changes_keeps_the_label() {
    let api = GitHubApi::start();
    let staging = written(5, &json!("<!-- ecsail plan shop/staging -->\r\n\r\n**shop**\r\n"));
    api.state().comments.push(staging);
    let world = world("", Scenario::Steady, api.url());
    world.run(&["plan", "--tag", "v1", "--comment"]).exits(0);
    assert_eq!(label_names(&api), ["ecsail: changes"]);
}

#[test]
fn what_fails_of_a_comment_is_a_note() {
    let api = GitHubApi::start();
    api.state().scripted.push_back(fails("POST", "issues/7/comments", 403));
    let world = world("", Scenario::Steady, api.url());
    world.run(&["plan", "--tag", "v2", "--comment", "--exit-code"]).exits(6).says(
        "note: failed to write the plan on the pull request: HTTP 403: Resource not accessible by integration; the job \
         needs `pull-requests: write` under `permissions:`",
    );
    assert_eq!(api.state().requests.iter().filter(|request| request.method == "POST").count(), 1);
    world.folder.write("event.json", "{}");
    world.run(&["plan", "--tag", "v2", "--comment"]).exits(0).says("the run is not of a pull request");
    let sandboxed = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)])
        .env("GITHUB_TOKEN", TOKEN)
        .env("GITHUB_REPOSITORY", "octo/shop");
    sandboxed.write("event.json", r#"{"pull_request": {"number": 7}}"#);
    let sandboxed = sandboxed.env("GITHUB_EVENT_PATH", "event.json");
    let run = sandboxed.run(&["--sandbox", "plan", "--tag", "v2", "--comment"]).exits(0);
    run.says("in the sandbox, only a GitHub API on this machine is called");
}

#[test]
fn a_plan_shows_the_commits_that_come() {
    let api = GitHubApi::start();
    let commit = |sha: &str, message: &str| json!({ "sha": sha, "commit": { "message": message } });
    api.state().commits = vec![commit(OLD, "First"), commit(NEW, "Fix the cart [x](y)\n\nLonger.")];
    let world = world("", Scenario::Steady, api.url());
    world.run(&["plan", "--tag", "v2"]).exits(0).answers(
        "\ncommits from 1111111 to 2222222: 2 new, https://github.com/octo/shop/compare/1111111111111111111111111111111111111111...2222222222222222222222222222222222222222\n  \
         2222222 Fix the cart [x](y)\n  1111111 First\n",
    );
    let plan = world.run(&["plan", "--tag", "v2", "--output", "json"]).exits(0).event("plan");
    assert_eq!(plan["commits"][0]["commits"][0]["subject"], "Fix the cart [x](y)");
    assert_eq!(plan["commits"][0]["services"], json!(["web"]));
}

const RECORDED: &str = "\
github: { deployments: true, environment: live, url: 'https://shop.example.com', tag: 'deployed/live/{{ tag }}' }
";

#[test]
fn a_deploy_is_a_deployment_with_its_statuses_and_a_tag() {
    let api = GitHubApi::start();
    let world = world(RECORDED, Scenario::Steady, api.url());
    let busy = Scripted { headers: "retry-after: 0\r\n", ..fails("POST", "deployments/", 429) };
    api.state().scripted.push_back(busy);
    has_no_token(deploy(&world).exits(0));
    let state = api.state();
    let deployment = &state.deployments[0];
    let release = deployment["payload"]["release"].as_str().expect("a release");
    let expected = json!({
        "ref": NEW, "task": "deploy", "auto_merge": false, "required_contexts": [], "environment": "live",
        "description": "deploy of shop v2", "payload": { "release": release, "app": "shop", "tag": "v2" }, "id": 101,
    });
    assert_eq!(deployment, &expected);
    let run = "https://github.com/octo/shop/actions/runs/12";
    let statuses = [
        json!({ "state": "in_progress", "description": "deploy of shop v2", "log_url": run, "deployment": "101" }),
        json!({
            "state": "success", "description": "succeeded", "environment_url": "https://shop.example.com",
            "log_url": run, "deployment": "101",
        }),
    ];
    assert_eq!(state.statuses, statuses);
    assert_eq!(state.tags.get("deployed/live/v2").map(String::as_str), Some(NEW));
}

#[test]
fn a_deploy_that_is_rolled_back_is_a_failure_without_a_tag() {
    let api = GitHubApi::start();
    let world = world(RECORDED, Scenario::Crash, api.url());
    deploy(&world).exits(3);
    let state = api.state();
    let last = state.statuses.last().expect("a status");
    assert_eq!((&last["state"], &last["description"]), (&json!("failure"), &json!("web rolled back")));
    assert!(state.tags.is_empty() && last["environment_url"].is_null());
}

#[test]
#[cfg(unix)]
fn a_deploy_that_is_interrupted_is_an_error() {
    let api = GitHubApi::start();
    let world = world("github: { deployments: true }\n", Scenario::Stuck, api.url());
    let mut child = world.start(&["deploy", "--tag", "v2"]);
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    crate::rollout_outcomes::until(&mut stderr, "0/2 running");
    crate::rollout_failures::signal(&child, "-TERM");
    // The pipe stays open until the end.
    std::io::Read::read_to_string(&mut stderr, &mut String::new()).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(api.state().statuses.last().map(|status| &status["state"]), Some(&json!("error")));
}

#[test]
fn a_deployment_whose_answer_is_lost_is_not_made_twice() {
    let api = GitHubApi::start();
    let lost = Scripted { is_executed: true, ..fails("POST", "deployments", 502) };
    api.state().scripted.push_back(lost);
    let world = world("github: { deployments: true }\n", Scenario::Steady, api.url());
    let run = deploy(&world).exits(0);
    assert!(!run.stderr.contains("GitHub"), "{}", run.stderr);
    let state = api.state();
    assert_eq!((state.deployments.len(), state.statuses.len()), (1, 2));
    assert_eq!(state.deployments[0]["environment"], "production");
}

#[test]
fn what_fails_of_a_deployment_is_a_note() {
    let api = GitHubApi::start();
    api.state().scripted.push_back(fails("POST", "deployments", 403));
    api.state().tags.insert("deployed/live/v2".to_owned(), OLD.to_owned());
    let world = world(RECORDED, Scenario::Steady, api.url());
    let run = deploy(&world).exits(0);
    let run = run.says(
        "note: failed to record the deployment on GitHub: HTTP 403: Resource not accessible by integration; the job needs \
         `deployments: write` under `permissions:`",
    );
    run.says("note: git tag `deployed/live/v2` is on 1111111 already and stays there");
    assert_eq!(api.state().tags["deployed/live/v2"], OLD);
}

#[test]
fn a_rollback_is_a_deployment_of_the_commit_that_runs_again() {
    let api = GitHubApi::start();
    let lines = "github: { deployments: true, tag: deployed/live, move_tag: true }\n";
    let world = world(lines, Scenario::Steady, api.url());
    deploy(&world).exits(0);
    assert_eq!(api.state().tags["deployed/live"], NEW);
    world.run(&["rollback", "web"]).exits(0);
    let state = api.state();
    let deployment = state.deployments.last().expect("a deployment");
    assert_eq!((&deployment["task"], &deployment["ref"]), (&json!("rollback"), &json!(OLD)));
    assert_eq!(state.statuses.last().map(|status| &status["state"]), Some(&json!("success")));
    assert_eq!(state.tags["deployed/live"], OLD);
}

#[test]
fn names_and_addresses_of_the_manifest_are_checked() {
    let manifest = format!("{MANIFEST}github: {{ tag: 'a b', url: shop.example.com, deploy: true }}\n");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    let run = folder.run(&["check"]).exits(1);
    let run = run
        .says("`a b` is not the name of a git tag")
        .says("`shop.example.com` is not the address of a page");
    run.says("unknown key `deploy`");
}
