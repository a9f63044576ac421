//! `ecsail import` of genova, GitHub workflows, Compose files, Copilot, ecs-cli, `ecs_deployer` and fabfuel/ecs-deploy: an app of each,
//! written after what the tools document and what their source says, and what a careful person would make of it.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use crate::examples::copy;
use crate::support::{Folder, Run};

/// Returns a folder with a copy of an app of `tests/fixtures/import`.
fn app(name: &str) -> Folder {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name))
}

fn read(folder: &Folder, path: &str) -> String {
    std::fs::read_to_string(folder.dir.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the report and the files of an import, one after the other.
fn shown(folder: &Folder, run: &Run, files: &[&str]) -> String {
    let mut text = run.stdout.clone();
    for path in files {
        text.push_str(&format!("\n=== {path}\n{}", read(folder, path)));
    }
    text
}

/// Deploys a stage in the sandbox; a plan after it changes nothing.
fn deploys(folder: &Folder, stage: &[&str], tags: &[&str]) {
    let run = |words: &[&str]| folder.run(&[words, stage, tags].concat());
    run(&["--sandbox", "deploy", "--create", "--no-image-check"]).exits(0);
    run(&["--sandbox", "plan", "--exit-code", "--no-image-check"]).exits(0);
}

#[test]
fn genova_becomes_one_manifest_with_its_clusters_as_stages() {
    let folder = app("genova");
    let run = folder.run(&["import", "--name", "shop"]).exits(6);
    let files = [
        "ecsail.yml",
        "ecsail/config/deploy/web.yml",
        "ecsail/config/deploy/api.yml",
        "ecsail/build-images.sh",
        ".github/workflows/ecsail.yml",
    ];
    assert_snapshot!("import_genova", shown(&folder, &run, &files));
    folder.run(&["check"]).exits(0);
    folder.run(&["import", "--name", "shop"]).exits(6).answers("unchanged: ecsail.yml");
    deploys(&folder, &["--stage", "staging"], &["--tag", "v2"]);
    deploys(&folder, &["--stage", "production"], &["--tag", "v2"]);
}

#[test]
fn a_workflow_becomes_a_manifest_and_a_patch() {
    let folder = app("workflow").env("AWS_ACCOUNT", "123456789012").env("API_TOKEN", "x");
    let run = folder.run(&["import", "--name", "shop"]).exits(6);
    assert_snapshot!("import_workflow", shown(&folder, &run, &["ecsail.yml", "ecsail/ecs/web.json"]));
    folder.run(&["check"]).exits(0);
    folder.run(&["import", "--name", "shop"]).exits(6).answers("unchanged: ecsail.yml");
    deploys(&folder, &["--stage", "staging"], &["--tag", "v2"]);
    deploys(&folder, &["--stage", "production"], &["--tag", "v2"]);
    renders_as_the_action_did(&folder);
}

/// Compares a stage with what `dist/index.js` of amazon-ecs-render-task-definition 1.9 made of the same steps, with `ACCOUNT` replaced
/// and the image of tag `v2`: `INPUT_TASK-DEFINITION=… INPUT_CONTAINER-NAME=app INPUT_IMAGE=… node dist/index.js`, and so on.
fn renders_as_the_action_did(folder: &Folder) {
    let run = folder
        .run(&["--sandbox", "render", "--stage", "staging", "--tag", "v2", "--output", "json"])
        .exits(0);
    let rendered: Value = find(&run.events(), "containerDefinitions").expect("a definition");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import/workflow.rendered.json");
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("text")).expect("JSON");
    for (at, container) in expected["containerDefinitions"].as_array().expect("containers").iter().enumerate()
    {
        for (name, value) in container.as_object().expect("a container") {
            assert_eq!(sorted(&rendered["containerDefinitions"][at][name]), sorted(value), "{name}");
        }
    }
    assert_eq!(rendered["executionRoleArn"], expected["executionRoleArn"]);
}

/// Returns the first mapping with a member.
fn find(events: &[Value], member: &str) -> Option<Value> {
    events.iter().find_map(|value| match value {
        Value::Object(members) if members.contains_key(member) => Some(value.clone()),
        Value::Object(members) => find(&members.values().cloned().collect::<Vec<_>>(), member),
        Value::Array(items) => find(items, member),
        _ => None,
    })
}

/// Returns a list in an order of its own: that of variables means nothing.
fn sorted(value: &Value) -> Value {
    let Value::Array(items) = value else { return value.clone() };
    let mut items = items.clone();
    items.sort_by_key(|item| item["name"].as_str().map(str::to_owned));
    items.into()
}

#[test]
fn a_compose_file_becomes_services_and_tasks() {
    let folder = app("compose");
    let run = folder.run(&["import", "--name", "shop"]).exits(6);
    let files = [
        "ecsail.yml",
        "task/web.yml",
        "task/worker.yml",
        "task/cache.yml",
        "task/migrate.yml",
        "ecsail/build-images.sh",
    ];
    assert_snapshot!("import_compose", shown(&folder, &run, &files));
    let folder = folder.env("EDITOR", "vi");
    folder.run(&["check"]).exits(0);
    deploys(&folder, &[], &["--tag", "v2"]);
}

#[test]
fn a_compose_file_becomes_one_task() {
    let folder = app("compose").env("EDITOR", "vi");
    let run = folder.run(&["import", "--name", "shop", "--one-task"]).exits(6);
    assert_snapshot!("import_compose_one_task", shown(&folder, &run, &["ecsail.yml", "task/app.yml"]));
    folder.run(&["check"]).exits(0);
}

#[test]
fn copilot_services_keep_what_they_run() {
    let folder = app("copilot");
    let run = folder.run(&["import", "--name", "shop"]).exits(6);
    assert_snapshot!("import_copilot", shown(&folder, &run, &["ecsail.yml"]));
    folder.run(&["check"]).exits(0);
}

#[test]
fn a_compose_file_with_parameters_of_ecs_cli() {
    let folder = Folder::new(&[
        (
            "docker-compose.yml",
            "version: '3'\nservices:\n  web:\n    image: nginx:1.27\n    ports: ['80:80']\n",
        ),
        (
            "ecs-params.yml",
            "version: 1\ntask_definition:\n  task_execution_role: ecsTaskExecutionRole\n  ecs_network_mode: awsvpc\n  task_size: { mem_limit: 0.5GB, cpu_limit: 256 }\n  \
             services:\n    web: { essential: true, mem_limit: 256m }\nrun_params:\n  network_configuration:\n    awsvpc_configuration: { subnets: [subnet-1], security_groups: [sg-1], assign_public_ip: ENABLED }\n",
        ),
    ]);
    let run = folder.run(&["import", "--name", "shop"]).exits(0);
    assert_snapshot!("import_ecs_cli", shown(&folder, &run, &["ecsail.yml", "task/app.yml"]));
    folder.run(&["check"]).exits(0);
    deploys(&folder, &[], &[]);
}

#[test]
fn a_definition_and_a_command_line_of_ecs_deployer() {
    let definition = "family: '{{env}}-web'\nnetwork_mode: bridge\ncontainer_definitions:\n  - name: app\n    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:{{tag}}\n    memory: 512\n    \
                      environment:\n      - { name: MODE, value: '{{mode}}' }\n";
    let folder = Folder::new(&[("web.yml", definition)]);
    let words = [
        "--",
        "update-service",
        "--cluster",
        "main",
        "--service",
        "web",
        "--wait",
        "true",
        "--replace_variables",
        "env:production",
    ];
    let run =
        folder.run(&[&["import", "ecs-deployer", "web.yml", "--name", "shop"][..], &words].concat()).exits(6);
    assert_snapshot!("import_ecs_deployer", shown(&folder, &run, &["ecsail.yml", "ecsail/web.yml"]));
    folder.run(&["check"]).exits(0);
    deploys(&folder, &[], &["--tag", "v2"]);
}

#[test]
fn a_command_line_of_fabfuel() {
    let folder = Folder::new(&[]);
    let run = folder
        .run(&[
            "import", "fabfuel", "--", "ecs", "deploy", "main", "web", "-t", "1.2", "-e", "app", "MODE", "b",
        ])
        .exits(0);
    assert_snapshot!("import_fabfuel", run.stdout);
    folder
        .run(&["import", "fabfuel", "--", "ecs", "deploy", "main", "web", "--nope"])
        .exits(2)
        .says("has no flag `--nope`");
    folder.run(&["import", "fabfuel", "--", "ecs", "run", "main", "report"]).exits(0);
    folder.run(&["check"]).exits(0);
}

#[test]
fn hostile_files_end_in_errors() {
    let folder = Folder::new(&[(
        "compose.yml",
        "services: { a: { image: x }, include: [compose.yml] }\ninclude: [compose.yml]\n",
    )]);
    folder.run(&["import", "compose", "compose.yml"]).exits(1).says("docker compose config");
    let folder = Folder::new(&[(
        "config/deploy.yml",
        "clusters:\n  - name: a\n    services: { w: { path: ../../../../etc/passwd, containers: [] } }\n",
    )]);
    folder.run(&["import", "genova", "config/deploy.yml"]).exits(1);
    let folder = Folder::new(&[("config/deploy.yml", "clusters: &a [*a]\n")]);
    folder.run(&["import", "genova", "config/deploy.yml"]).exits(1);
    let folder =
        Folder::new(&[(".github/workflows/w.yml", "jobs: [\n# amazon-ecs-deploy-task-definition\n")]);
    folder.run(&["import", "github-workflow", ".github/workflows/w.yml"]).exits(1);
}
