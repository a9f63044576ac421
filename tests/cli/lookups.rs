//! Tests what templates look up: parameters, secrets, stacks, Terraform states, commands and files.

use std::collections::BTreeMap;

use ecsail_sandbox::{Fault, FaultKind, Scenario, Seed, SeedObject, SeedParameter, SeedStack};
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, service};

const STATE: &str = r#"{"version": 4, "outputs": {"subnets": {"value": ["subnet-1", "subnet-2"]},
  "level": {"value": "/shop/level"}}, "resources": [{"mode": "managed", "type": "aws_security_group", "name": "web",
  "instances": [{"index_key": "a", "attributes": {"id": "sg-1"}}]}]}"#;

/// A pointer to a backend, as Terraform writes it into `.terraform`.
const POINTER: &str = r#"{"version": 3, "backend": {"type": "s3", "config": {"bucket": "states", "key": "net.tfstate",
  "region": "eu-west-1"}}}"#;

fn parameter(name: &str, kind: &str, value: &str) -> SeedParameter {
    SeedParameter { name: name.to_owned(), kind: kind.to_owned(), value: value.to_owned() }
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Returns a world with values to look up, further lines of the manifest, and environment variables of the container.
fn world(manifest: &str, variables: &str) -> World {
    let manifest = format!("{MANIFEST}{manifest}");
    let definition = format!("{DEFINITION}    environment:\n{variables}");
    let files = [
        ("ecsail.yml", manifest.as_str()),
        ("web.yml", definition.as_str()),
        ("infra/terraform.tfstate", STATE),
        ("infra/.terraform/terraform.tfstate", POINTER),
        ("motd.txt", "hello\n"),
    ];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    let seed = Seed {
        parameters: vec![
            parameter("/shop/level", "String", "info"),
            parameter("/shop/hosts", "StringList", "a,b"),
            parameter("/shop/token", "SecureString", "blue-sky-77"),
        ],
        secrets: vec!["shop/db".to_owned()],
        stacks: vec![SeedStack {
            name: "network".to_owned(),
            outputs: texts(&[("VpcId", "vpc-1")]),
            exports: texts(&[("shared-bus", "bus-1")]),
        }],
        ..Seed::default()
    };
    world.sandbox.seed(&seed).expect("the seed is good");
    let object = SeedObject {
        bucket: "states".to_owned(),
        key: "net.tfstate".to_owned(),
        text: r#"{"version": 4, "outputs": {"net": {"value": "net-1"}}, "resources": []}"#.to_owned(),
    };
    let seed = Seed { objects: vec![object], region: Some("eu-west-1".to_owned()), ..Seed::default() };
    world.sandbox.seed(&seed).expect("the seed is good");
    world
}

fn variables(expressions: &[&str]) -> String {
    let line = |(at, text): (usize, &&str)| format!("      - {{ name: V{at}, value: {{{{ {text} }}}} }}\n");
    expressions.iter().enumerate().map(line).collect()
}

/// Returns the values of the rendered variables, in their order.
fn values(world: &World) -> Vec<String> {
    let run = world.run(&["render", "--tag", "v2", "--output", "json"]).exits(0);
    let found = run.event("document")["document"]["containerDefinitions"][0]["environment"].clone();
    let items = found.as_array().expect("a list").clone();
    items.iter().map(|item| item["value"].as_str().unwrap_or_default().to_owned()).collect()
}

const LOOKUPS: &str = "\
vars:
  level: \"{{ ssm(tfstate('output.level')) }}\"
lookups:
  tfstate:
    default: { path: infra/terraform.tfstate }
    net: { path: infra/.terraform/terraform.tfstate }
    moved: { url: s3://states/net.tfstate }
  external:
    echo: { command: [sh, -c, 'echo \"{\\\"v\\\": \\\"$0-$1\\\"}\"'], format: json }
    fails: { command: [sh, -c, 'echo no luck >&2; exit 3'] }
    hangs: { command: [sleep, '30'], timeout: 1ms }
";

#[test]
fn every_kind_is_found() {
    let expressions = [
        "vars.level",
        "ssm('/shop/hosts') | join(';')",
        "ssm('/shop/hosts', 1)",
        "secret('shop/db')",
        "secret('shop/db', key='password')",
        "cfn_output('network', 'VpcId') ~ '-' ~ cfn_export('shared-bus')",
        "tfstate(\"aws_security_group.web['a'].id\")",
        "tfstate('output.net', state='net')",
        "tfstate('output.net', state='moved')",
        "external('echo', 'x', aws.region).v",
        "file('motd.txt') | trim",
        "aws.account",
    ];
    let world = world(LOOKUPS, &variables(&expressions));
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-db8e86";
    let expected = [
        "info",
        "a;b",
        "b",
        arn,
        &format!("{arn}:password::"),
        "vpc-1-bus-1",
        "sg-1",
        "net-1",
        "net-1",
        "x-us-east-1",
        "hello",
        "123456789012",
    ];
    assert_eq!(values(&world), expected);
}

#[test]
fn forty_of_each_kind_take_few_calls() {
    let mut expressions = Vec::new();
    let mut seed = Seed::default();
    for number in 0..40 {
        seed.parameters.push(parameter(&format!("/many/{number}"), "String", "x"));
        seed.secrets.push(format!("many/{number}"));
        expressions.push(format!("ssm('/many/{number}') ~ ssm('/many/{number}')"));
        expressions.push(format!("secret('many/{number}')"));
        expressions.push(format!("cfn_output('many-{}', 'K{number}')", number % 4));
        expressions.push(format!("cfn_export('many-{number}')"));
    }
    for number in 0..4 {
        let outputs = (0..40).map(|key| (format!("K{key}"), "x".to_owned())).collect();
        // More exports than a page has.
        let exports = (0..40).map(|key| (format!("many-{}", key + 40 * number), "x".to_owned())).collect();
        seed.stacks.push(SeedStack { name: format!("many-{number}"), outputs, exports });
    }
    let expressions: Vec<&str> = expressions.iter().map(String::as_str).collect();
    let world = world("", &variables(&expressions));
    world.sandbox.seed(&seed).expect("the seed is good");
    world.run(&["plan", "--tag", "v2"]).exits(0);
    let count = |operation: &str| world.calls(operation).len();
    let counts = ["GetParameters", "DescribeSecret", "DescribeStacks", "ListExports"].map(count);
    assert_eq!(counts, [4, 40, 4, 2]);
    assert_eq!(count("GetSecretValue") + count("BatchGetSecretValue") + count("GetParameter"), 0);
}

#[test]
fn what_is_missing_is_reported_at_each_place_in_one_run() {
    let expressions = [
        "ssm('/shop/levle')",
        "ssm('/shop/level', 0)",
        "ssm('/shop/hosts', 7)",
        "secret('shop/dbb')",
        "cfn_output('netwrok', 'VpcId')",
        "cfn_output('network', 'VpcIdd')",
        "cfn_export('shared-buss')",
        "tfstate('output.subnet')",
        "tfstate('output.x', state='nte')",
        "external('fails')",
        "external('hangs')",
        "external('ecoh')",
        "file('mtod.txt')",
        "file('../outside.txt')",
        "ssm()",
    ];
    let world = world(LOOKUPS, &variables(&expressions));
    let run = world.run(&["plan", "--tag", "v2"]).exits(1);
    insta::assert_snapshot!(run.stderr);
    world.unchanged();
}

#[test]
fn what_is_denied_names_the_action() {
    let expressions = [
        "ssm('/shop/level')",
        "secret('shop/db')",
        "cfn_output('network', 'VpcId')",
        "cfn_export('shared-bus')",
    ];
    let world = world("", &variables(&expressions));
    for operation in ["GetParameters", "DescribeSecret", "DescribeStacks", "ListExports"] {
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
    }
    let run = world.run(&["plan", "--tag", "v2"]).exits(1);
    for action in [
        "ssm:GetParameters",
        "secretsmanager:DescribeSecret",
        "cloudformation:DescribeStacks",
        "cloudformation:ListExports",
    ] {
        assert!(run.stderr.contains(&format!("help: allow `{action}`")), "{action}: {}", run.stderr);
    }
}

#[test]
fn throttled_and_dropped_calls_are_repeated() {
    let world = world("", &variables(&["ssm('/shop/level')", "cfn_export('shared-bus')"]));
    world.sandbox.inject(Fault::on("GetParameters", FaultKind::Throttling));
    world.sandbox.inject(Fault::on("ListExports", FaultKind::DropBefore));
    assert_eq!(values(&world), ["info", "bus-1"]);
}

#[test]
fn check_calls_no_aws_unless_it_is_asked_to() {
    let expressions =
        ["ssm('/no/such') | int + 1", "secret('no/such')", "vars.level | upper", "tfstate('output.level')"];
    let world = world(LOOKUPS, &variables(&expressions));
    world.run(&["check"]).exits(0).answers("1 service checked, no problems");
    assert_eq!(world.sandbox.requests().len(), 0);
    world.run(&["check", "--lookups"]).exits(1).says("no parameter named `/no/such` in us-east-1");
}

#[test]
fn check_reports_a_command_that_the_manifest_does_not_have() {
    let world = world(LOOKUPS, &variables(&["external('ecoh')"]));
    world.run(&["check"]).exits(1).says("the manifest has no command named `ecoh`");
}

#[test]
fn the_value_of_a_secure_string_is_shown_nowhere() {
    let world = world("", &variables(&["'x-' ~ ssm('/shop/token')"]));
    let hint = "`{ name: V0, valueFrom: arn:aws:ssm:us-east-1:123456789012:parameter/shop/token }`";
    for arguments in [
        &["render", "--tag", "v2"][..],
        &["render", "--tag", "v2", "--output", "json"],
        &["plan", "--tag", "v2"],
        &["plan", "--tag", "v2", "--output", "json"],
        &["-vv", "deploy", "--tag", "v2", "--yes"],
    ] {
        let run = world.run(arguments).exits(0);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(all.contains(hint) && !all.contains("blue-sky-77"), "{all}");
    }
    let (document, tags) = world.definition("web");
    assert_eq!(document["containerDefinitions"][0]["environment"][0]["value"], "x-blue-sky-77");
    assert!(!tags.values().any(|value| value.contains("blue-sky")), "{tags:?}");
    let refused = "the plan would have the value of a secret that a template looked up";
    world.run(&["plan", "--tag", "v3", "--out", "web.plan"]).exits(5).says(refused);
}

#[test]
fn the_value_of_a_secure_string_is_refused_in_a_tag() {
    let world = world("", "      []\ntags: [{ key: team, value: \"{{ ssm('/shop/token') }}\" }]\n");
    let refused = "the tag `team` has a value that is a secret where it was looked up";
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(1).says(refused);
    world.unchanged();
}

#[test]
fn a_stage_lays_over_the_look_ups_and_a_lock_is_looked_up_by_every_command() {
    let stage = "stages:\n  blue:\n    lookups: { tfstate: { default: { path: blue.json } } }\n    \
                 lock: { table: \"{{ tfstate('output.table') }}\" }\n";
    let world = world(&format!("{LOOKUPS}{stage}"), &variables(&["tfstate('output.level')"]));
    let state =
        r#"{"version": 4, "outputs": {"level": {"value": "/shop/level"}, "table": {"value": "locks"}}}"#;
    world.folder.write("blue.json", state);
    let run = world.run(&["--stage", "blue", "restart", "web", "--yes"]).exits(1);
    run.says("locks");
    world.unchanged();
}

#[test]
fn a_region_that_needs_a_look_up_in_aws_is_refused() {
    let manifest = MANIFEST.replace("region: us-east-1", "region: \"{{ ssm('/shop/level') }}\"");
    let world = world("", "      []\n");
    world.folder.write("ecsail.yml", &manifest);
    let refused = "the region and the role of look-ups cannot be looked up in AWS";
    world.run(&["plan", "--tag", "v2"]).exits(2).says(refused);
}

#[test]
fn each_call_of_a_go_template_gets_its_line() {
    let world = world("", "");
    let lines = [
        "{{ must_env `TAG` }}",
        "{{ tfstate `aws_subnet.a['x'].id` }}",
        "{{ ssm `/a` }}",
        "{{ cfn_output `net` `Vpc` }}",
        "{{ secretsmanager_arn `db` }}",
        "{{ secretsmanager_arn `db` }}:url::",
        "{{ must_env('TAG') }}",
        "{{ .Env.TAG }}",
        "{{ secrets('db') }}",
        "{{.Name}}",
    ];
    let variables: String =
        lines.iter().map(|line| format!("      - {{ name: X, value: \"{line}\" }}\n")).collect();
    world.folder.write("web.yml", &format!("{DEFINITION}    environment:\n{variables}"));
    let run = world.run(&["check"]).exits(1);
    let hints: Vec<&str> = run.stderr.lines().filter(|line| line.contains("= help")).collect();
    insta::assert_snapshot!(hints.join("\n"), @r#"
       = help: templates are Jinja: write `{{ env.TAG }}` in its place
       = help: templates are Jinja: write `{{ tfstate("aws_subnet.a['x'].id") }}` in its place
       = help: templates are Jinja: write `{{ ssm('/a') }}` in its place
       = help: templates are Jinja: write `{{ cfn_output('net', 'Vpc') }}` in its place
       = help: templates are Jinja: write `{{ secret('db') }}` in its place
       = help: templates are Jinja: write `{{ secret('db', key='url') }}` in its place, and in that of `:url::` behind it
       = help: templates are Jinja: write `{{ env.TAG }}` in its place
       = help: templates are Jinja: write `{{ env.TAG }}` in its place
       = help: templates are Jinja: write `{{ secret('db') }}` in its place
       = help: put text that is no template between `{% raw %}` and `{% endraw %}`: `{% raw %}{{.Name}}{% endraw %}`
    "#);
}
