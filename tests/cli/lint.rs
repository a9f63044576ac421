//! Tests of the linter's rules: the output of `check` and `deploy`, `ignore`, and `explain`.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{DEFINITION, Folder, MANIFEST, World, service};

fn folder(manifest: &str, definition: &str) -> Folder {
    Folder::new(&[("ecsail.yml", manifest), ("web.yml", definition)])
}

#[test]
fn a_broken_rule_is_named_at_its_place_in_text_and_json() {
    let folder = folder(MANIFEST, &DEFINITION.replace("memory: 512", "memory: 1536"));
    let run = folder.run(&["check"]).exits(1);
    insta::assert_snapshot!(run.stderr, @"
    error[fargate-cpu-memory]: Fargate does not support `cpu` `256` with `memory` `1536`
     --> web.yml:5:9
      |
    5 | memory: 1536
      |         ^^^^
      |
      = note: at `memory`
      = help: the nearest `memory` for this `cpu`: `1024` and `2048`

    1 error in the files
    ");
    let error = folder.run(&["check", "--output", "json"]).exits(1).event("error");
    assert_eq!(error["problems"][0]["rule"], "fargate-cpu-memory");
    assert_eq!(error["problems"][0]["line"], 5);
}

#[test]
fn a_service_is_looked_at_with_its_definition() {
    let balancer = "      loadBalancers: [ { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0', containerName: ap, containerPort: 80 } ]\n";
    let manifest = format!("{MANIFEST}    service:\n{balancer}");
    let run = folder(&manifest, DEFINITION).run(&["check"]).exits(1);
    run.says("error[load-balancer-target]: no container named `ap` in the task definition")
        .says("did you mean `app`?");
}

#[test]
fn a_deploy_stops_before_anything_changes() {
    let definition = format!("{DEFINITION}    essential: false\n");
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.deploy("v2").exits(1).says("error[essential-container]: no container is essential");
    world.unchanged();
}

#[test]
fn the_line_of_a_secret_is_not_shown() {
    let definition = format!("{DEFINITION}    environment: {{ DB_PASSWORD: hunter2 }}\n");
    let run = folder(MANIFEST, &definition).run(&["check"]).exits(0);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    run.says("warning[plaintext-secret]: the plain value of `DB_PASSWORD` looks like a secret")
        .says("--> web.yml:10:20");
}

#[test]
fn what_is_undefined_is_reported_once_and_breaks_no_rule() {
    let manifest = format!("{MANIFEST}  again: {{ task_definition: web.yml }}\n");
    let definition = DEFINITION.replace("cpu: 256", "cpu: {{ nope }}").replace("FARGATE", "{{ nope }}");
    let run = folder(&manifest, &definition).run(&["check"]).exits(1).says("`nope` is not defined");
    assert!(!run.stderr.contains("error["), "{}", run.stderr);
}

#[test]
fn rules_are_ignored_at_the_root_in_a_stage_and_in_a_service() {
    let definition = DEFINITION.replace("memory: 512", "memory: 1536").replace("{{ image.app }}", "nginx")
        + "    environment: { IMAGE: '{{ image.app }}' }\n";
    let ignore = "ignore: [fargate-cpu-memory, image-latest]";
    let clean = |manifest: &str, arguments: &[&str]| {
        let run = folder(manifest, &definition).run(arguments).exits(0);
        assert!(run.stderr.is_empty(), "{}", run.stderr);
    };
    clean(&format!("{MANIFEST}{ignore}\n"), &["check"]);
    clean(&format!("{MANIFEST}    {ignore}\n"), &["check"]);
    let stages = format!("{MANIFEST}stages:\n  a: {{ {ignore} }}\n  b: {{}}\n");
    clean(&stages, &["check", "--stage", "a"]);
    folder(&stages, &definition).run(&["check", "--stage", "b"]).exits(1).says("error[fargate-cpu-memory]");
    let both = format!("{MANIFEST}    ignore: [image-latest]\nignore: [fargate-cpu-memory]\n");
    clean(&both, &["check"]);
}

#[test]
fn an_unknown_id_under_ignore_is_a_problem() {
    let manifest =
        format!("{MANIFEST}    ignore: [image-latst]\nstages: {{ a: {{ ignore: [port-nam] }}, b: {{}} }}\n");
    let run = folder(&manifest, DEFINITION).run(&["check", "--stage", "b"]).exits(1);
    let run = run.says("no check with the id `image-latst`").says("did you mean `image-latest`?");
    run.says("no check with the id `port-nam`").says("did you mean `port-name`?");
    let run = folder(&format!("{MANIFEST}ignore: image-latest\n"), DEFINITION).run(&["check"]).exits(1);
    run.says("`ignore` must be a list");
}

#[test]
fn explain_lists_rules_and_explains_one() {
    let folder = Folder::new(&[]);
    let list = folder.run(&["explain"]).exits(0).answers("fargate-cpu-memory").stdout;
    assert!(list.lines().count() > 30 && list.contains("image-latest"), "{list}");
    let run = folder.run(&["explain", "host-port"]).exits(0);
    insta::assert_snapshot!(run.stdout, @"
    error[host-port]: With `awsvpc` and `host`, `hostPort` equals `containerPort` or is absent

    The container uses the network of the task or the host directly, so a port cannot be mapped to another.

    source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html (hostPort)
    ignore it: `ignore: [host-port]` in the manifest: at its root, in a stage, or in a service
    ");
}

#[test]
fn explain_answers_in_json_and_suggests_ids() {
    let folder = Folder::new(&[]);
    let one = folder.run(&["explain", "host-port", "--output", "json"]).exits(0).event("explain");
    assert_eq!(one["id"], "host-port");
    assert_eq!(one["severity"], "error");
    assert!(one["source"].as_str().is_some_and(|source| source.starts_with("https://docs.aws.amazon.com/")));
    let all = folder.run(&["explain", "--output", "json"]).exits(0).event("explain");
    assert!(all["rules"].as_array().is_some_and(|rules| rules.len() > 30));
    let run = folder.run(&["explain", "host-prot"]).exits(2).says("no rule with the id `host-prot`");
    run.says("did you mean `host-port`?");
}
