//! Tests of `ecsail check`: all problems at once, each with its position; no AWS, no credentials.

use crate::support::{DEFINITION, Folder, MANIFEST};

#[test]
fn a_good_manifest_has_no_problems_and_needs_no_tag() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]);
    folder.run(&["check"]).exits(0).answers("1 service checked, no problems");
}

/// A manifest with five mistakes of five kinds.
fn five_mistakes() -> Folder {
    let manifest = "\
ecsail: 1
app: shop
cluster: main
imagse: {}
timeout: soon
images:
  app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app
vars: { log_level: info }
services:
  unknown-key: { task_definition: unknown-key.yml }
  wrong-type: { task_definition: wrong-type.yml }
  undefined: { task_definition: undefined.yml }
  missing: { task_definition: task/missing.yml }
  bad-yaml: { task_definition: bad-yaml.yml }
";
    let container = "containerDefinitions:\n  - name: app\n    image: {{ image.app }}\n";
    Folder::new(&[
        ("ecsail.yml", manifest),
        ("unknown-key.yml", &format!("family: a\n{container}    enviroment: {{ A: b }}\n")),
        ("wrong-type.yml", &format!("family: b\n{container}    memory: lots\n    essential: yes\n")),
        (
            "undefined.yml",
            &format!(
                "family: c\n{container}    environment:\n      LOG: {{{{ vars.lgo_level }}}}\n      B: {{{{ nope }}}}\n    cpu: many\n"
            ),
        ),
        ("bad-yaml.yml", "family: d\ncontainerDefinitions:\n  - name: app\n   image: x\n"),
        ("task/misssing.yml", "family: e\n"),
    ])
}

#[test]
fn five_mistakes_are_reported_in_one_run_with_their_positions() {
    let run = five_mistakes().run(&["check"]).exits(1);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn five_mistakes_as_json_have_file_line_and_column() {
    let run = five_mistakes().run(&["check", "--output", "json"]).exits(1);
    let error = run.event("error");
    let problems: Vec<_> = error["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| {
            format!(
                "{}:{}:{} {}",
                problem["file"].as_str().unwrap_or("?"),
                problem["line"],
                problem["column"],
                problem["message"].as_str().unwrap_or_default()
            )
        })
        .collect();
    insta::assert_snapshot!(problems.join("\n"));
}

#[test]
fn every_stage_is_checked_when_none_is_chosen() {
    let manifest =
        format!("{MANIFEST}stages:\n  staging: {{}}\n  production: {{ servcies: {{}}, vars: {{ x: 1 }} }}\n");
    let definition = format!("{DEFINITION}    environment: {{ X: {{{{ vars.x }}}} }}\n");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", &definition)]);
    folder.run(&["check"]).exits(1).says("unknown key `servcies`").says("`vars.x` is not defined");
    folder.run(&["check", "--stage", "staging", "--set", "x=2"]).exits(1).says("did you mean `services`?");
}

#[test]
fn an_unknown_stage_suggests_the_nearest() {
    let manifest = format!("{MANIFEST}stages: {{ staging: {{}}, production: {{}} }}\n");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder
        .run(&["check", "--stage", "stagign"])
        .exits(2)
        .says("no stage named `stagign`")
        .says("did you mean `staging`?");
}

#[test]
fn deploy_requires_a_stage_if_there_are_stages() {
    let manifest = format!("{MANIFEST}stages: {{ staging: {{}}, production: {{}} }}\n");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    let run = folder.run(&["render", "--tag", "1"]).exits(2);
    run.says("the manifest has stages, and none was chosen: staging, production")
        .says("add `--stage staging`");
}

#[test]
fn an_unknown_service_suggests_the_nearest() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]);
    folder
        .run(&["check", "service", "wbe"])
        .exits(2)
        .says("no service named `wbe`")
        .says("did you mean `web`?");
}

#[test]
fn the_manifest_is_found_upwards_and_by_the_environment() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION), ("a/b/x", "")]);
    let mut command = folder.command(&["check"]);
    command.current_dir(folder.dir.path().join("a/b"));
    crate::support::finished(command).exits(0);
    let elsewhere =
        Folder::new(&[]).env("ECSAIL_MANIFEST", folder.dir.path().join("ecsail.yml").to_str().expect("text"));
    elsewhere.run(&["check"]).exits(0);
}

#[test]
fn unknown_names_are_reported_where_they_are_used() {
    let manifest = format!(
        "{MANIFEST}    before: [ migrat ]\n    needs: [ wbe ]\ntasks: {{ migrate: {{ like: wob }} }}\n"
    );
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    let run = folder.run(&["check"]).exits(1).says("no task named `migrat`").says("did you mean `migrate`");
    run.says("no service named `wbe`").says("no service named `wob`").says("3 errors");
}

#[test]
fn odd_manifests_give_a_clear_error_and_no_panic() {
    let manifests = [
        "",
        "null",
        "[]",
        "3",
        "ecsail: 2",
        "ecsail: [1]",
        "services: 3",
        "services: { web: 3 }",
        "services: { web: [] }",
        "ecsail: 1\nservices: null",
        "images: []",
        "images: { app: [] }",
        "images: { app: {} }",
        "vars: 3",
        "stages: []",
        "stages: { a: 3 }",
        "timeout: {}",
        "ecsail: 1\nservices: { web: { task_definition: [[]] } }",
        "\u{FEFF}ecsail: 1\n",
        "a: {{",
        "{% if %}",
        "{% include 'nope.yml' %}",
        "{{ undefined.x.y }}",
        "a: b: c",
        "\t- x",
        "&a [*a]",
        "? [x]\n: y",
        "!Sub x",
        "a: 1\na: 2",
        "---\na: 1\n---\nb: 2",
        "\u{E000}",
        "ecsail: 99999999999999999999999999",
        "{% include 'ecsail.yml' %}",
        "command: [\"echo ${#}\"]",
        "a: {{ éé }}",
        "{% raw %}{%}é{% endraw %}: {{ x",
        "é: {{ 'é' ~ nope }}",
        "ecsail: 1\r\nservices:\r\n  web: {x: 1}\r\n",
    ];
    for manifest in manifests {
        let folder = Folder::new(&[("ecsail.yml", manifest)]);
        let run = folder.run(&["check"]);
        assert!(matches!(run.code, 0..=2), "{manifest:?}: {run:?}");
        assert!(!run.stderr.contains("panicked"), "{manifest:?}: {run:?}");
        assert!(run.code == 0 || run.stderr.contains("error"), "{manifest:?}: {run:?}");
    }
}

#[test]
fn tags_and_variables_of_the_command_line_are_checked() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]);
    folder.run(&["check", "--tag", "a b"]).exits(2).says("`a b` is not a valid image tag");
    folder
        .run(&["check", "--tag", "ap=1"])
        .exits(2)
        .says("no image named `ap` in the manifest")
        .says("did you mean `app`?");
    folder.run(&["check", "--set", "x"]).exits(2).says("`--set x…` is not `name=value`");
    folder.run(&["check", "--env-file", "nope"]).exits(2).says("failed to read env file `nope`");
    folder
        .run(&["check", "--output", "markdown"])
        .exits(2)
        .says("is supported by `ecsail plan` and `ecsail verify` only");
    folder.run(&["chekc"]).exits(2);
}

#[test]
fn stages_and_vars_of_the_wrong_kind_are_problems() {
    for wrong in ["stages: [production]", "vars: [a]", "images: [a]", "services: [a]"] {
        let folder = Folder::new(&[("ecsail.yml", &format!("ecsail: 1\n{wrong}\n"))]);
        folder.run(&["check"]).exits(1).says("must be a mapping, found a list");
    }
}

#[test]
fn two_keys_for_one_service_are_a_problem() {
    let manifest = format!("{MANIFEST}  again: {{ name: web, task_definition: web.yml }}\n");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder.run(&["check"]).exits(1).says("`web` and `again` are the same service, `web`");
}

#[test]
fn a_definition_is_checked_without_a_manifest() {
    let folder = Folder::new(&[
        (
            "task.json",
            "// a comment\n{\"family\": \"a\", /* more */ \"containerDefinitions\": [{\"name\": \"a\", \"image\": \"b:1\", \"memory\": 64}],}\n",
        ),
        ("list.yml", "- { name: a, image: 'b:1' }\n"),
        ("service.yml", "serviceName: web\ndesiredCount: 2\nstatus: ACTIVE\n"),
        (
            "bad.json",
            "{\"family\": \"a\", \"containerDefinitions\": [{\"name\": \"a\", \"image\": \"b:1\", \"readonlyrootfilesystem\": true}]}",
        ),
        ("go.json", "{\"family\": \"{{ must_env `NAME` }}\", \"containerDefinitions\": []}"),
    ]);
    folder
        .run(&["check", "--definition", "task.json", "service.yml"])
        .exits(0)
        .answers("2 definitions checked, 1 note");
    let run = folder.run(&["check", "--definition", "list.yml", "bad.json", "go.json"]).exits(1);
    let run = run.says("a list of containers is read as `containerDefinitions`").says("`family` is missing");
    run.says("did you mean `readonlyRootFilesystem`?").says("templates are Jinja");
    folder.run(&["check", "--definition", "nope.json"]).exits(2).says("failed to read `nope.json`");
}

#[test]
fn layer_without_effect_is_a_warning() {
    let manifest = MANIFEST.replace("web.yml", "[ web.yml, over.yml, same.yml ]");
    let over = "containerDefinitions: [ { name: ap, cpu: 10 } ]\n";
    let folder = Folder::new(&[
        ("ecsail.yml", &manifest),
        ("web.yml", DEFINITION),
        ("over.yml", over),
        ("same.yml", "cpu: 256\n"),
    ]);
    let run = folder
        .run(&["check"])
        .says("container `ap` has no image in this layer, and no lower layer has the container");
    run.says("did you mean `app`?").says("this layer changes nothing");
}

#[test]
fn odd_yaml_has_a_clear_answer() {
    let laughs: String =
        (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))).collect();
    let cases = [
        ("family: a\nfamily: b\n".to_owned(), "duplicate key `family`"),
        ("family: a\n---\nfamily: b\n".to_owned(), "a second YAML document begins here"),
        (
            "family: a\ncontainerDefinitions:\n\t- name: a\n".to_owned(),
            "indent YAML with spaces, not with tabs",
        ),
        (format!("a0: &a0 [x]\n{laughs}"), "larger, or nested deeper, than any definition"),
        ("[".repeat(10_000), "nested deeper than any definition"),
        ("x".repeat(2_000_000), "it is larger than 1 MiB"),
        (
            "family: a\ncontainerDefinitions: [ { name: a, image: 'b:1', essential: NO } ]\n".to_owned(),
            "write `false`",
        ),
        ("family: *x\n".to_owned(), "no anchor named `&x`"),
    ];
    for (text, expected) in cases {
        let folder = Folder::new(&[("task.yml", &text)]);
        folder.run(&["check", "--definition", "task.yml"]).exits(1).says(expected);
    }
}

#[test]
fn anchors_have_positions_and_a_byte_order_mark_is_ignored() {
    let text = "\u{FEFF}x-defaults: &d { cpu: 10 }\nfamily: a\ncontainerDefinitions: [ { <<: *d, name: a, image: 'b:1', memory: 64 } ]\n";
    Folder::new(&[("task.yml", text)]).run(&["check", "--definition", "task.yml"]).exits(0);
}

#[test]
fn definition_is_checked_with_its_includes() {
    let part = "containerDefinitions: [ { name: a, image: 'b:{{ tag }}', memory: 64, cpux: 1 } ]\n";
    let folder = Folder::new(&[
        ("a/t.yml", "family: a\n{% include 'c.yml' %}"),
        ("a/c.yml", &part.replace(", cpux: 1", "")),
        ("b/t.yml", "family: b\n{% include 'c.yml' %}"),
        ("b/c.yml", part),
    ]);
    folder.run(&["check", "--definition", "a/t.yml"]).exits(0);
    folder
        .run(&["check", "--definition", "a/t.yml", "b/t.yml"])
        .exits(1)
        .says("b/c.yml:1")
        .says("unknown key `cpux`");
}

#[test]
fn two_keys_for_one_service_in_a_cluster_are_refused() {
    let manifest = format!("{MANIFEST}  other: {{ cluster: b, name: web, task_definition: web.yml }}\n");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder.run(&["check"]).exits(0);
    folder.run(&["check", "--cluster", "z"]).exits(2).says("`web` and `other` are the same service");
}
