//! Tests of definitions in Jsonnet: deploys, look-ups, stages, imports and problems, through the binary.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{Folder, World, service};

const MANIFEST: &str = "\
ecsail: 1
app: shop
region: us-east-1
cluster: main
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
vars: { memory: 512 }
lookups:
  tfstate:
    default: { path: terraform.tfstate }
services:
  web:
    task_definition: ecs/web.jsonnet
    service: ecs/service.jsonnet
";

const DEFINITION: &str = "\
local lib = import '../lib/container.libsonnet';
local tfstate = std.native('tfstate');
{
  family: std.extVar('service').name,
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '256',
  memory: std.toString(std.extVar('vars').memory),
  executionRoleArn: tfstate('output.execution_role'),
  containerDefinitions: [
    lib.container('app', std.extVar('image').app) + {
      environment: [{ name: 'LEVEL', value: std.native('env')('LEVEL', 'info') }],
    },
  ],
}
";

const LIBRARY: &str = "{ container(name, image):: { name: name, image: image, essential: true } }\n";

const SERVICE: &str = "\
{ desiredCount: 2, networkConfiguration: { awsvpcConfiguration: { subnets: std.native('tfstate')('output.subnets') } } }
";

const STATE: &str = r#"{"version": 4, "outputs": {"execution_role": {"value": "arn:aws:iam::123456789012:role/execution",
    "type": "string"}, "subnets": {"value": ["subnet-1", "subnet-2"], "type": ["list", "string"]}}, "resources": []}"#;

fn files() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ecsail.yml", MANIFEST),
        ("ecs/web.jsonnet", DEFINITION),
        ("ecs/service.jsonnet", SERVICE),
        ("lib/container.libsonnet", LIBRARY),
        ("terraform.tfstate", STATE),
    ]
}

fn with(name: &str, text: &'static str) -> Vec<(&'static str, &'static str)> {
    files().into_iter().map(|(known, old)| if known == name { (known, text) } else { (known, old) }).collect()
}

#[test]
fn a_definition_in_jsonnet_is_deployed_and_unchanged_afterwards() {
    let world = World::with(Scenario::Steady, &files(), &[service("web", json!({}))]);
    world.run(&["deploy", "--tag", "v2"]).exits(0).answers("web: deployed web:2");
    let container = &world.definition("web:2").0["containerDefinitions"][0];
    assert_eq!(container["image"], "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app:v2");
    assert_eq!(container["environment"], json!([{"name": "LEVEL", "value": "info"}]));
    let subnets = &world.service("web")["networkConfiguration"]["awsvpcConfiguration"]["subnets"];
    assert_eq!(*subnets, json!(["subnet-1", "subnet-2"]));
    world.run(&["plan", "--tag", "v2"]).exits(0).answers("web: no changes");
}

#[test]
fn check_needs_no_tag_and_finds_no_problems() {
    Folder::new(&files()).run(&["check"]).exits(0).answers("1 service checked, no problems");
}

#[test]
fn without_a_tag_the_missing_variable_says_how_to_set_it() {
    let text = "{ family: 'web', containerDefinitions: [{ name: 'app', image: 'x:' + std.extVar('tag') }] }";
    let run = Folder::new(&with("ecs/web.jsonnet", text)).run(&["render"]).exits(2);
    run.says("--tag 1.4.2");
}

#[test]
fn a_mistake_against_the_model_is_an_error_at_the_file() {
    let text = "{ family: 'web', containerDefinitions: [{ name: 'app', imgae: 'x' }] }";
    let run = Folder::new(&with("ecs/web.jsonnet", text)).run(&["check"]).exits(1);
    run.says("unknown key `imgae`").says("ecs/web.jsonnet:1:1").says("did you mean `image`?");
}

#[test]
fn a_program_that_fails_is_an_error_at_its_line() {
    let run = Folder::new(&with("ecs/web.jsonnet", "{\n  family: error 'no family',\n}\n"))
        .run(&["check"])
        .exits(1);
    run.says("error: no family").says("ecs/web.jsonnet:2:");
}

#[test]
fn an_import_that_is_missing_is_an_error_where_it_is_written() {
    let run = Folder::new(&with("ecs/web.jsonnet", "local x = import 'no.libsonnet';\nx\n"))
        .run(&["check"])
        .exits(1);
    run.says("failed to import `no.libsonnet`: no such file").says("ecs/web.jsonnet:1:");
}

#[test]
fn a_file_outside_the_folder_is_not_imported() {
    let run =
        Folder::new(&with("ecs/web.jsonnet", "import '../../secret.libsonnet'\n")).run(&["check"]).exits(1);
    run.says("is outside the folder of the manifest");
}

#[test]
fn imports_in_a_circle_end() {
    let run = Folder::new(&with("ecs/web.jsonnet", "import 'web.jsonnet'\n")).run(&["check"]).exits(1);
    run.says("the program calls itself without an end");
}

#[test]
fn an_address_that_the_state_does_not_have_is_an_error() {
    let text = "{ family: 'web', taskRoleArn: std.native('tfstate')('output.role'), containerDefinitions: [{ name: 'app', image: std.extVar('image').app }] }";
    let run = Folder::new(&with("ecs/web.jsonnet", text)).run(&["render", "--tag", "v2"]).exits(1);
    run.says("`output.role`").says("ecs/web.jsonnet:");
}
