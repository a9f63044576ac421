//! Tests of `ecsail plan`: the changes in three formats, without changing anything.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, service};

fn world() -> World {
    let definition = format!("{DEFINITION}    environment: {{ LOG_LEVEL: info, DB_PASSWORD: hunter2 }}\n");
    World::with(
        Scenario::Steady,
        &[("ecsail.yml", MANIFEST), ("web.yml", &definition)],
        &[service("web", json!({}))],
    )
}

#[test]
fn a_plan_is_a_difference_by_path() {
    let world = world();
    let run = world.run(&["plan", "--tag", "v2"]).exits(0);
    insta::assert_snapshot!(run.stdout, @r"
    123456789012 · us-east-1 · cluster main
    web: web:1 → a new revision of `web`
      containerDefinitions[app].environment[DB_PASSWORD]: + (hidden)
      containerDefinitions[app].environment[LOG_LEVEL]: + info
      containerDefinitions[app].image: …:v1 → …:v2
    ");
    world.unchanged();
}

#[test]
fn a_plan_as_markdown_is_a_table() {
    let run = world().run(&["plan", "--tag", "v2", "--output", "markdown"]).exits(0);
    insta::assert_snapshot!(run.stdout, @r"
    **shop · 123456789012 · us-east-1 · cluster main · tag v2 · by user/sandbox**

    ### `web`: web:1 → a new revision of `web`

    | path | before | after |
    | --- | --- | --- |
    | `containerDefinitions[app].environment[DB_PASSWORD]` |  | `` (hidden) `` |
    | `containerDefinitions[app].environment[LOG_LEVEL]` |  | `` info `` |
    | `containerDefinitions[app].image` | `` …:v1 `` | `` …:v2 `` |
    ");
}

#[test]
fn a_new_container_is_shown_by_its_members_and_a_default_by_its_value() {
    let long = "x".repeat(150);
    let container = format!(
        "  - name: log\n    image: public.ecr.aws/example/log:1\n    essential: false\n    command: [ run, {long} ]\n    \
         logConfiguration: {{ logDriver: awslogs, options: {{ awslogs-group: shop, awslogs-region: us-east-1 }} }}\n"
    );
    let definition = DEFINITION.replace("networkMode: awsvpc\n", "").replace("[FARGATE]", "[EC2]");
    let files = [("ecsail.yml", MANIFEST), ("web.yml", &format!("{definition}{container}"))];
    let mut seeded = service("web", json!({}));
    seeded.task_definition["containerDefinitions"][0]["cpu"] = json!(64);
    let world = World::with(Scenario::Steady, &files, &[seeded]);
    let run = world.run(&["plan", "--tag", "v2"]).exits(0);
    insta::assert_snapshot!(run.stdout);
    let run = world.run(&["plan", "--tag", "v2", "--output", "markdown"]).exits(0);
    assert!(
        run.stdout.contains("| `containerDefinitions[log].essential` |  | `` false `` |\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_plan_as_json_holds_no_secret() {
    let run = world().run(&["plan", "--tag", "v2", "--output", "json"]).exits(0);
    let plan = run.event("plan");
    assert_eq!(plan["changes"], true);
    assert_eq!(plan["services"][0]["before"]["revision"], "web:1");
    assert!(!run.stdout.contains("hunter2"));
}

#[test]
fn secrets_are_not_printed_at_any_verbosity() {
    let mut world = world();
    world.folder = world.folder.env("RUST_LOG", "trace");
    let run = world.run(&["deploy", "--tag", "v2", "-vv"]).exits(0);
    assert!(!run.stderr.contains("hunter2") && !run.stdout.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn exit_code_is_6_with_changes_and_0_without() {
    let world = World::new(Scenario::Steady);
    world.run(&["plan", "--tag", "v2", "--exit-code"]).exits(6);
    world.run(&["plan", "--tag", "v1", "--exit-code"]).exits(0).answers("web: no changes (web:1 stays)");
    world.unchanged();
}

#[test]
fn a_deployment_in_progress_is_noted_by_plan_and_by_a_dry_run_alike() {
    let world = World::new(Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.sandbox.clear_requests();
    let note = "note: a deployment of `web` is ";
    world.run(&["plan", "--tag", "v3"]).exits(0).answers(note);
    world.run(&["plan", "--tag", "v3", "--exit-code"]).exits(6).answers(note);
    world
        .run(&["deploy", "--tag", "v3", "--dry-run"])
        .exits(0)
        .says(note)
        .answers("dry run: nothing was changed");
    let json = |arguments: &[&str]| world.run(&[arguments, &["--output", "json"]].concat()).exits(0);
    let planned = json(&["plan", "--tag", "v3"]).event("plan");
    assert_eq!(json(&["deploy", "--tag", "v3", "--dry-run"]).event("plan"), planned);
    assert!(planned["notes"][0].as_str().is_some_and(|text| text.contains("`web`")), "{planned}");
    // Another tag is refused, and the same one is watched.
    world.deploy("v3").exits(5);
    world.deploy("v2").exits(0).says("already; watching that");
    world.unchanged();
}

#[test]
fn a_dry_run_without_changes_shows_the_plan_as_plan_does() {
    let world = World::new(Scenario::Steady);
    let line = "web: no changes (web:1 stays)";
    world.run(&["plan", "--tag", "v1"]).exits(0).answers(line);
    world
        .run(&["deploy", "--tag", "v1", "--dry-run"])
        .exits(0)
        .says(line)
        .answers("dry run: nothing was changed");
    world.unchanged();
}

#[test]
fn a_plan_without_a_tag_has_the_tags_that_run() {
    let world = World::new(Scenario::Steady);
    world.folder.write("web.yml", &format!("{DEFINITION}    cpu: 128\n"));
    let run = world.run(&["plan"]).exits(0).says("no tag was given, so the plan has the tags that run: v1");
    let run = run.answers("containerDefinitions[app].cpu");
    assert!(!run.stdout.contains("image"), "{}", run.stdout);
    world.run(&["deploy"]).exits(2).says("no tag was given for image `app`");
}

#[test]
fn a_plan_without_a_tag_is_refused_where_services_run_different_ones() {
    let manifest = format!("{MANIFEST}  api: {{ task_definition: web.yml }}\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world =
        World::with(Scenario::Steady, &files, &[service("web", json!({})), service("api", json!({}))]);
    world.run(&["deploy", "api", "--tag", "v2"]).exits(0);
    let run = world.run(&["plan"]).exits(2);
    run.says("no tag was given, and the services run different ones: `v1` in web, `v2` in api");
    world.run(&["plan", "api"]).exits(0).says("the tags that run: v2");
}

#[test]
fn a_comment_begins_with_its_mark() {
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &format!("{MANIFEST}stages: {{ production: {{}} }}\n"));
    world.run(&["plan", "--tag", "v2", "--stage", "production", "--comment-file", "comment.md"]).exits(0);
    let comment = std::fs::read_to_string(world.folder.dir.path().join("comment.md")).expect("a comment");
    assert!(
        comment.starts_with("<!-- ecsail plan shop/production -->\n\n**shop · production · "),
        "{comment}"
    );
    assert!(comment.contains("| `containerDefinitions[app].image` |"), "{comment}");
    world.run(&["plan", "--tag", "v1", "--stage", "production", "--comment-file", "comment.md"]).exits(0);
    let comment = std::fs::read_to_string(world.folder.dir.path().join("comment.md")).expect("a comment");
    assert!(comment.starts_with("<!-- ecsail plan shop/production -->\n\nNo changes.\n\n"), "{comment}");
    world
        .run(&["plan", "--tag", "v1", "--stage", "production", "--comment-file", "none/comment.md"])
        .exits(1)
        .says("failed to write comment `none/comment.md`");
}
