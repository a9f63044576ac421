//! Tests of `ecsail render`: the documents, exactly as they would be sent.

use serde_json::json;

use crate::support::{DEFINITION, Folder, MANIFEST};

#[test]
fn documents_are_printed_as_yaml_and_as_json() {
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)]);
    let run = folder.run(&["render", "service", "web", "--tag", "1.4.2"]).exits(0);
    insta::assert_snapshot!(run.stdout);
    let run = folder.run(&["render", "--tag", "1.4.2", "--output", "json"]).exits(0);
    assert_eq!(run.event("document")["document"]["cpu"], "256");
}

#[test]
fn env_stage_app_vars_and_set_are_known_where_they_may_be() {
    let manifest = "\
ecsail: 1
app: shop
cluster: '{{ app }}-{{ stage }}'
images: { app: 'repo/{{ vars.name }}' }
vars: { name: 'n-{{ stage }}-{{ app }}', level: info, port: '{{ env.PORT }}' }
stages:
  prod:
    vars: { level: warn }
    services: { web: { task_definition: [ { cpu: 1024 } ] } }
services:
  web:
    task_definition:
      - web.yml
      - containerDefinitions: [ { name: app, environment: { LEVEL: '{{ vars.level }}', GONE: null } } ]
";
    let web = "\
family: web-{{ stage }}
cpu: 256
memory: 512
containerDefinitions:
  - name: app
    image: {{ image.app }}
    command: [run, '{{ tag }}']
    environment: { PORT: {{ vars.port }}, GONE: x, KEPT: y }
  - { name: side, image: 'side:1' }
";
    let folder = Folder::new(&[("ecsail.yml", manifest), ("web.yml", web), ("ci.env", "PORT=8080\n")]);
    let arguments = [
        "render",
        "--stage",
        "prod",
        "--tag",
        "7",
        "--env-file",
        "ci.env",
        "--set",
        "level=error",
        "--output",
        "json",
    ];
    let run = folder.run(&arguments).exits(0);
    assert_eq!(
        run.event("document")["document"],
        json!({
            "family": "web-prod", "cpu": "1024", "memory": "512",
            "containerDefinitions": [
                {"name": "app", "image": "repo/n-prod-shop:7", "command": ["run", "7"], "environment": [
                    {"name": "PORT", "value": "8080"}, {"name": "KEPT", "value": "y"}, {"name": "LEVEL", "value": "error"}]},
                {"name": "side", "image": "side:1"}
            ]
        })
    );
}

#[test]
fn loops_macros_and_includes_write_definitions() {
    let web = "\
{% from 'macros.yml' import container %}
family: web
memory: 512
containerDefinitions:
{% for name in ['a', 'b'] %}
  - {{ container(name) }}
{% endfor %}
{% include 'volumes.yml' %}
";
    let macros = "{% macro container(name) %}{ name: {{ name }}, image: {{ image.app }} }{% endmacro %}";
    let files = [
        ("ecsail.yml", MANIFEST),
        ("web.yml", web),
        ("macros.yml", macros),
        ("volumes.yml", "volumes: [ { name: data } ]\n"),
    ];
    let run = Folder::new(&files).run(&["render", "--tag", "1", "--output", "json"]).exits(0);
    let document = &run.event("document")["document"];
    assert_eq!(document["containerDefinitions"][1]["name"], "b");
    assert_eq!(document["volumes"], json!([{"name": "data"}]));
}

#[test]
fn other_spellings_and_dumps_are_understood() {
    let snake = "family: web\ntask_role_arn: r\nmemory: 512\ncontainer_definitions: [ { name: a, image: b, docker_labels: { Some_Label: x } } ]\n";
    let pascal = "Family: web\nTaskRoleArn: r\nMemory: 512\nContainerDefinitions: [ { Name: a, Image: b, DockerLabels: { Some_Label: x } } ]\n";
    let dump = r#"{"taskDefinition": {"family": "web", "taskRoleArn": "r", "memory": "512", "revision": 3, "status": "ACTIVE", "pidMode": "",
        "containerDefinitions": [{"name": "a", "image": "b", "dockerLabels": {"Some_Label": "x"}}]}, "tags": []}"#;
    let expected = json!({"family": "web", "taskRoleArn": "r", "memory": "512",
        "containerDefinitions": [{"name": "a", "image": "b", "dockerLabels": {"Some_Label": "x"}}]});
    let manifest = "ecsail: 1\ncluster: main\nservices: { web: { task_definition: web.yml } }\n";
    for text in [snake, pascal, dump] {
        let run = Folder::new(&[("ecsail.yml", manifest), ("web.yml", text)])
            .run(&["render", "--output", "json"])
            .exits(0);
        assert_eq!(run.event("document")["document"], expected, "{text}");
    }
}

#[test]
fn a_field_newer_than_the_model_is_refused_or_let_through_by_name() {
    let web = "family: web\nmemory: 512\ncontainerDefinitions: [ { name: a, image: b, newField: { Deep: [1] } } ]\n";
    let manifest = "ecsail: 1\ncluster: main\nservices: { web: { task_definition: web.yml } }\n";
    let folder = Folder::new(&[("ecsail.yml", manifest), ("web.yml", web)]);
    folder.run(&["render"]).exits(1).says("allow_unknown: [containerDefinitions.newField]");
    folder.write("ecsail.yml", &format!("{manifest}allow_unknown: [ containerDefinitions.newField ]\n"));
    let run = folder.run(&["render", "--output", "json"]).exits(0);
    assert_eq!(
        run.event("document")["document"]["containerDefinitions"][0]["newField"],
        json!({"Deep": [1]})
    );
}

#[test]
fn variables_are_known_in_computations_of_the_manifest_itself() {
    let manifest = MANIFEST
        .replace("services:", "timeout: '{{ vars.n * 2 }}m'\nvars: { n: 3, service: api }\nservices:");
    let manifest = format!("{manifest}stages: {{ a: {{ vars: {{ service: api-a }} }} }}\n");
    let web = format!("{DEFINITION}    environment: {{ S: '{{{{ vars.service }}}}' }}\n");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", &web)]);
    let run = folder.run(&["render", "--stage", "a", "--tag", "1", "--output", "json"]).exits(0);
    assert_eq!(
        run.event("document")["document"]["containerDefinitions"][0]["environment"][0]["value"],
        "api-a"
    );
}

#[test]
fn a_variable_may_not_use_another_even_with_a_default() {
    let manifest = MANIFEST
        .replace("services:", "vars: { a: real, b: \"{{ vars.a | default('fallback') }}\" }\nservices:");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder.run(&["render", "--tag", "1"]).exits(1).says("variable `b` uses a name that is not defined yet");
}

#[test]
fn what_an_expression_gives_is_not_repeated_in_a_message() {
    let web = format!(
        "{DEFINITION}    environment: \"{{{{ env.MY_SECRET }}}}\"\n    cpu: {{{{ env.MY_SECRET }}}}\n    \"{{{{ env.MY_SECRET }}}}\": 1\n"
    );
    let folder = Folder::new(&[("ecsail.yml", MANIFEST), ("web.yml", &web)]).env("MY_SECRET", "hunter2");
    let run =
        folder.run(&["check"]).exits(1).says("`environment` must be a list, found the value of `{{ … }}`");
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    let run = folder.run(&["check", "--set", "db-password=hunter2"]).exits(2);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn blocks_of_the_manifest_may_use_variables() {
    let manifest = "\
ecsail: 1
cluster: main
vars: { n: 2 }
{% set twice = vars.n * 2 %}
services:
{% for i in range(vars.n) %}
  worker-{{ i }}: { task_definition: web.yml, timeout: '{{ twice }}m' }
{% endfor %}
{% if vars.n * 2 > 3 %}
  extra: { task_definition: web.yml }
{% endif %}
";
    let web = "family: web\ncontainerDefinitions: [ { name: a, image: 'b:1', memory: 64 } ]\n";
    let folder = Folder::new(&[("ecsail.yml", manifest), ("web.yml", web)]);
    folder.run(&["check"]).exits(0).answers("3 services checked");
}
