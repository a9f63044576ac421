//! Tests of `ecsail revisions`: the revisions of a family, and what refers to them.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::prune::{deploy, register, rule, schedule};
use crate::support::{MANIFEST, World};

#[test]
fn each_revision_is_shown_with_what_refers_to_it() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    register(&world.sandbox, "web", 3);
    world.call("DeregisterTaskDefinition", json!({"taskDefinition": "web:3"}));
    schedule(&world, "nightly", "web:1");
    rule(&world, "hourly", "web");
    let run = world.run(&["revisions", "web"]).exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("REVISION  STATUS    REGISTERED"), "{}", run.stdout);
    assert!(lines[1].starts_with("web:3     INACTIVE"), "{}", run.stdout);
    assert!(lines[2].starts_with("web:2     ACTIVE") && lines[2].ends_with("shop/app:v2"), "{}", run.stdout);
    assert!(lines[2].contains("  v2  "), "the tag of the deploy: {}", run.stdout);
    assert_eq!(lines[3], "  main/web runs it; rule hourly");
    assert_eq!(lines[5], "  rollback target of main/web; schedule default/nightly");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{}", run.stdout);
}

#[test]
fn programs_get_all_of_it() {
    let world = World::new(Scenario::Steady);
    world.deploy("v2").exits(0);
    let run = world.run(&["revisions", "web", "--cluster", "main", "--output", "json"]).exits(0);
    let revisions: Vec<Value> = run.events();
    assert_eq!(revisions.len(), 2);
    let newest = &revisions[0];
    for (member, value) in [
        ("event", json!("revision")),
        ("family", json!("web")),
        ("revision", json!("web:2")),
        ("number", json!(2)),
        ("status", json!("ACTIVE")),
        ("tag", json!("v2")),
        ("deregistered_at", Value::Null),
    ] {
        assert_eq!(newest[member], value, "{member}");
    }
    assert_eq!(newest["images"][0]["container"], "app");
    let runs = json!({"kind": "runs", "cluster": "main", "service": "web"});
    assert!(newest["references"].as_array().is_some_and(|all| all.contains(&runs)), "{newest}");
    assert!(newest["registered_at"].as_f64().is_some_and(|at| at > 1.7e9), "{newest}");
}

#[test]
fn only_what_is_shown_is_read() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "web", 30);
    let run = world.run(&["revisions", "web", "--limit", "3"]).exits(0);
    assert!(run.stdout.contains("web:28") && !run.stdout.contains("web:27 "), "{}", run.stdout);
    // The running revision is read too, to find the target of a rollback.
    assert_eq!(world.calls("DescribeTaskDefinition").len(), 3 + 1);
    world.sandbox.clear_requests();
    world.run(&["revisions", "web"]).exits(0);
    assert_eq!(world.calls("DescribeTaskDefinition").len(), 20 + 1);
    world.sandbox.clear_requests();
    world.run(&["revisions", "web", "--all"]).exits(0).answers("web:1 ");
    assert_eq!(world.calls("DescribeTaskDefinition").len(), 30 + 1);
    world.unchanged();
}

#[test]
fn what_may_not_be_read_is_a_note() {
    let world = World::new(Scenario::Steady);
    deploy(&world, "web:1");
    for operation in
        ["ListEventBuses", "ListSchedules", "ListServiceDeployments", "ListTasks", "ListServices"]
    {
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
    }
    let run = world.run(&["revisions", "web"]).exits(0).answers("web:1     ACTIVE");
    let run = run.says("note: references from rules are unknown: events:ListEventBuses: AccessDenied");
    run.says("references from schedules are unknown").says("references from services are unknown");
}

#[test]
fn a_family_may_be_named_and_one_that_is_not_there_is_an_error() {
    let world = World::new(Scenario::Steady);
    register(&world.sandbox, "job", 2);
    world.run(&["revisions", "--family", "job"]).exits(0).answers("job:2     ACTIVE");
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it was there");
    world.run(&["revisions", "--family", "job"]).exits(0).answers("job:1 ");
    world.run(&["revisions", "--family", "jbo"]).exits(1).says("no task definition family named `jbo`");
    world.run(&["revisions", "--family", "job", "web"]).exits(2);
    world.run(&["revisions", "wbe", "--cluster", "main"]).exits(2).says("did you mean `web`?");
}

#[test]
fn several_services_need_a_choice() {
    let manifest = format!("{MANIFEST}  api: {{}}\n");
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &manifest);
    world.run(&["revisions"]).exits(2).says("name one of web, api");
}
