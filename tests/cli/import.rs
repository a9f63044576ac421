//! `ecsail import` of ecspresso, ecschedule and definition files, and what every import keeps to.

use std::path::Path;

use ecsail_sandbox::Scenario;
use insta::assert_snapshot;
use serde_json::json;

use crate::examples::copy;
use crate::support::{Folder, World, service};

/// Returns a folder with the app of ecspresso and ecschedule: two stages, three services, look-ups, conditions.
fn shop() -> Folder {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import/shop"))
        .env("NGINX_VERSION", "1.27")
}

fn read(folder: &Folder, path: &str) -> String {
    std::fs::read_to_string(folder.dir.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn configurations_of_two_stages_become_one_manifest() {
    let folder = shop();
    let run = folder.run(&["import", "--name", "shop"]).exits(0);
    assert_snapshot!("import_shop_report", run.stdout);
    assert_snapshot!("import_shop_manifest", read(&folder, "ecsail.yml"));
    assert_snapshot!("import_shop_definition", read(&folder, "ecsail/ecs/web/ecs-task-def.json"));
    assert_snapshot!("import_shop_service", read(&folder, "ecsail/ecs/api/ecs-service-def.json"));
}

#[test]
fn an_imported_app_deploys_and_plans_no_change() {
    for stage in ["staging", "production"] {
        let folder = shop().env("ENV", stage);
        folder.run(&["import", "--name", "shop"]).exits(0);
        folder.write(
            "ecsail.sandbox.yml",
            "parameters: { /shop/concurrency: \"5\" }\nsecrets: [shop/database]\n",
        );
        folder.run(&["--stage", stage, "check", "--tag", "v2"]).exits(0);
        let run = |words: &[&str]| {
            folder.run(
                &[&["--sandbox", "--stage", stage], words, &["--tag", "v2", "--no-image-check"]].concat(),
            )
        };
        run(&["deploy", "shop-web", "shop-worker", "shop-api", "shop-nightly"]).exits(0);
        run(&["plan", "shop-web", "shop-worker", "shop-api", "shop-nightly", "--exit-code"]).exits(0);
    }
}

#[test]
fn a_second_import_changes_nothing() {
    let folder = shop();
    folder.run(&["import", "--name", "shop"]).exits(0);
    let before = read(&folder, "ecsail.yml");
    let run = folder.run(&["import", "--name", "shop"]).exits(0);
    assert!(!run.stdout.contains("wrote "), "{}", run.stdout);
    assert_eq!(read(&folder, "ecsail.yml"), before);
}

#[test]
fn nothing_is_overwritten_without_force() {
    let folder = shop();
    folder.write("ecsail.yml", "ecsail: 1\n");
    folder.run(&["import"]).exits(5).says("`ecsail.yml` exists already").says("--force");
    assert_eq!(read(&folder, "ecsail.yml"), "ecsail: 1\n");
    folder.run(&["import", "--force"]).exits(0);
    assert!(read(&folder, "ecsail.yml").contains("services:"));
}

#[test]
fn a_dry_run_and_another_folder_leave_everything_as_it_is() {
    let folder = shop();
    folder.run(&["import", "--dry-run"]).exits(0).answers("# ecsail.yml\n");
    assert!(!folder.dir.path().join("ecsail.yml").exists());
    folder.run(&["import", "--out", "try"]).exits(0);
    assert!(read(&folder, "try/ecsail.yml").contains("ecsail/ecs/web/ecs-task-def.json"));
    assert!(!folder.dir.path().join("ecsail").exists());
}

#[test]
fn events_name_files_and_lines() {
    let run = shop().run(&["--output", "json", "import"]).exits(0);
    let events = run.events();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!(of("import.found"), 8);
    let timeout = events.iter().find(|event| event["what"] == "timeout").expect("the timeout is reported");
    assert_eq!((&timeout["kind"], &timeout["line"]), (&"changed".into(), &6.into()));
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let config = "region: us-east-1\ncluster: main\nservice: web\ntask_definition: task.json\n";
    let folder = Folder::new(&[("ecspresso.yml", config)]);
    folder.run(&["import"]).exits(1).says("no file `task.json`").says("`ecspresso.yml` names it");
    let templated = config.replace("task.json", "{{ must_env `FILE` }}.json");
    folder.write("ecspresso.yml", &templated);
    folder.run(&["import"]).exits(1).says("depends on the variable `FILE`").says("--env-file");
    folder.write("ecspresso.yml", &config.replace("main", "{{ must_env `A`"));
    folder
        .run(&["import", "ecspresso", "ecspresso.yml"])
        .exits(1)
        .says("a tag of a template without an end")
        .says("ecspresso.yml:2");
    folder.write("ecspresso.yml", &format!("{config}x: \"{}\"\n", "y".repeat(2 << 20)));
    folder.run(&["import", "ecspresso", "ecspresso.yml"]).exits(1).says("larger than 1 MiB");
    Folder::new(&[]).run(&["import"]).exits(1).says("in this folder");
    folder.run(&["import", "nothing.yml"]).exits(2).says("no file or folder `nothing.yml`");
}

#[test]
fn services_that_contradict_each_other_are_refused_with_a_hint() {
    let config = |cluster: &str| {
        format!("region: us-east-1\ncluster: {cluster}\nservice: web\ntask_definition: ../task.json\n")
    };
    let folder = Folder::new(&[
        ("a/ecspresso.yml", &config("one")),
        ("b/ecspresso.yml", &config("two").replace("../task", "../other")),
        ("task.json", "{\"family\": \"web\", \"containerDefinitions\": []}"),
        ("other.json", "{\"family\": \"web\", \"containerDefinitions\": []}"),
    ]);
    folder.run(&["import"]).exits(1).says("describe service `web` differently").says("--stage NAME=PATH");
    folder.run(&["import", "--stage", "a=a", "--stage", "b=b"]).exits(0);
    assert!(read(&folder, "ecsail.yml").contains("stages:"));
}

#[test]
fn definition_files_become_a_service() {
    let folder = Folder::new(&[
        (
            "task.json",
            "{\"family\": \"web\", \"containerDefinitions\": [{\"name\": \"app\", \"image\": \"{{ACCOUNT}}.dkr.ecr.us-east-1.amazonaws.com/app:1\", \
             \"memory\": 128, \"command\": [\"sh\", \"-c\", \"echo ${HOME_DIR}\"], \"dockerLabels\": {\"x\": \"{{.Name}}\"}}]}\n",
        ),
        ("service.json", "{\"serviceName\": \"web\", \"cluster\": \"main\", \"taskDefinition\": \"web:3\", \"desiredCount\": 1}\n"),
    ])
    .env("ACCOUNT", "123456789012");
    folder.run(&["import", "--name", "shop"]).exits(0).answers("{{ACCOUNT}}");
    assert_snapshot!(
        "import_definitions",
        format!("{}\n{}", read(&folder, "ecsail.yml"), read(&folder, "ecsail/task.json"))
    );
    folder.run(&["check"]).exits(0);
}

const JSONNET_CONFIG: &str = "\
{
  region: 'us-east-1',
  cluster: 'main',
  service: 'web',
  service_definition: 'service.jsonnet',
  task_definition: 'task.jsonnet',
  timeout: '10m',
  plugins: [{ name: 'tfstate', config: { path: 'terraform.tfstate' } }],
}
";

const JSONNET_TASK: &str = "\
local app = import 'lib/app.libsonnet';
local must_env = std.native('must_env');
{
  family: 'web',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '256',
  memory: if std.extVar('env') == 'prod' then '1024' else '512',
  executionRoleArn: std.native('tfstate')('output.execution_role'),
  containerDefinitions: [
    app.container('app', '123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:{{ must_env `TAG` }}') + {
      environment: [{ name: 'LEVEL', value: std.native('env')('LEVEL', 'info') }],
    },
  ],
}
";

const JSONNET_STATE: &str = r#"{"version": 4, "outputs": {"execution_role": {"value": "arn:aws:iam::123456789012:role/execution",
    "type": "string"}}, "resources": []}"#;

fn jsonnet_app() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ecspresso.jsonnet", JSONNET_CONFIG),
        ("task.jsonnet", JSONNET_TASK),
        ("service.jsonnet", "{ desiredCount: 2, launchType: 'FARGATE' }\n"),
        ("lib/app.libsonnet", "{ container(name, image):: { name: name, image: image, essential: true } }\n"),
        ("terraform.tfstate", JSONNET_STATE),
    ]
}

#[test]
fn programs_in_jsonnet_are_evaluated_with_their_imports_and_look_ups() {
    let world = World::with(Scenario::Steady, &jsonnet_app(), &[service("web", json!({}))]);
    let run = world.run(&["import", "--ext-str", "env=prod"]).exits(0);
    assert!(run.stdout.contains("task.jsonnet: Jsonnet: the JSON that it gives is written"), "{run:?}");
    let definition = read(&world.folder, "ecsail/task.json");
    for part in [
        r#""memory": "1024""#,
        "{{ image.app }}",
        "{{ tfstate('output.execution_role') }}",
        "{{ env.LEVEL | default('info', true) }}",
    ] {
        assert!(definition.contains(part), "{part}: {definition}");
    }
    world.run(&["check"]).exits(0);
    world.run(&["deploy", "--tag", "v2"]).exits(0).answers("web: deployed web:2");
    world.run(&["plan", "--tag", "v2"]).exits(0).answers("web: no changes");
}

#[test]
fn a_program_that_needs_a_variable_says_how_to_give_it() {
    let run = Folder::new(&jsonnet_app()).run(&["import"]).exits(1);
    run.says("external variable `env` is not set").says("--ext-str env=VALUE").says("task.jsonnet:");
}

#[test]
fn programs_that_import_each_other_end() {
    let mut files = jsonnet_app();
    files.retain(|(name, _)| *name != "lib/app.libsonnet");
    files.push((
        "lib/app.libsonnet",
        "{ container(name, image):: (import '../task.jsonnet').containerDefinitions[0] }\n",
    ));
    Folder::new(&files).run(&["import", "--ext-str", "env=x"]).exits(1).says("calls itself without an end");
}
