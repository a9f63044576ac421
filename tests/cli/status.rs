//! `ecsail status`: what runs, without rendering anything.

use ecsail::sandbox::Scenario;

use crate::support::World;

#[test]
fn status_shows_what_runs_and_what_is_under_way() {
    let world = World::new(Scenario::Stuck);
    world
        .run(&["status"])
        .exits(0)
        .answers("web: web:1, 2/2 running\n  PRIMARY web:1: 2/2 running, 0 pending, 0 failed  COMPLETED");
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let run = world
        .run(&["status", "web"])
        .exits(0)
        .answers("a deployment is under way")
        .answers("PRIMARY web:2: 0/2 running");
    run.answers("ACTIVE web:1: 2/2 running");
    let status =
        world.run(&["status", "web", "--cluster", "main", "--output", "json"]).exits(0).event("status");
    assert_eq!(status["under_way"], true);
}

#[test]
fn status_reads_no_definition_and_says_what_is_missing() {
    let world = World::new(Scenario::Steady);
    std::fs::remove_file(world.folder.dir.path().join("web.yml")).expect("the file was there");
    world.run(&["status"]).exits(0);
    world.run(&["status", "nope", "--cluster", "main"]).exits(1).answers("nope: not there in cluster `main`");
}

#[test]
fn status_asks_for_a_stage_where_there_are_stages() {
    let world = World::new(Scenario::Steady);
    world.folder.write("ecsail.yml", &format!("{}stages: {{ a: {{}} }}\n", crate::support::MANIFEST));
    world.run(&["status"]).exits(1).says("none was chosen");
}

#[test]
fn status_needs_no_name_that_it_does_not_use() {
    let world = World::new(Scenario::Steady);
    let manifest = crate::support::MANIFEST
        .replace("services:", "vars: { release: '{{ tag }}-{{ env.NOPE }}' }\nservices:");
    world.folder.write("ecsail.yml", &manifest);
    world.run(&["status"]).exits(0).answers("web: web:1");
    world.folder.write("ecsail.yml", &manifest.replace("cluster: main", "cluster: 'c-{{ vars.nope }}'"));
    world.run(&["status"]).exits(1).says("this uses a name that is not defined");
}

#[test]
fn a_deleted_service_is_not_there() {
    let world = World::new(Scenario::Steady);
    world.call("DeleteService", serde_json::json!({"cluster": "main", "service": "web", "force": true}));
    for _ in 0..20 {
        world.sandbox.advance(std::time::Duration::from_secs(60));
    }
    world.run(&["status"]).exits(1).answers("web: not there in cluster `main`");
}
