//! Tests of the names of services: ARNs, services that were deleted, and services of other deployment controllers.

use ecsail_sandbox::Scenario;
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST, World, behind_target_group, service, with_port_80};

const WEB: &str = "arn:aws:ecs:us-east-1:123456789012:service/main/web";

/// The verbs that take a service, with their arguments around its ARN, and a part of their answer.
const VERBS: &[(&[&str], &[&str], &str)] = &[
    (&["status"], &[], "web: web:1, 2/2 running"),
    (&["history"], &[], "web:"),
    (&["tasks"], &[], "RUNNING"),
    (&["images"], &[], "v1"),
    (&["wait"], &[], "web: web:1 was deployed"),
    (&["revisions"], &[], "web:1"),
    (&["prune"], &["--keep", "5", "--dry-run"], "web: "),
    (&["logs"], &[], ""),
    (&["scale"], &["--desired", "3", "--yes"], "web: scaled from 2 to 3, 3 of 3 tasks running"),
    (&["restart"], &["--yes"], "web: restarted web:1"),
    (&["deploy", "service"], &["--tag", "v2", "--yes"], "web: deployed web:2"),
    (&["plan", "service"], &["--tag", "v3"], "web: web:2"),
    (&["rollback"], &["--yes"], "web: rolled back to web:1"),
    (&["run", "--like"], &["--", "true"], ""),
    (&["run", "--tag", "v2", "--like"], &["--", "true"], ""),
];

/// Returns a service that writes a log and has a network.
fn logging() -> ecsail_sandbox::SeedService {
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "launchType": "FARGATE"});
    let mut seeded = service("web", network);
    seeded.task_definition["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs",
        "options": {"awslogs-group": "/shop", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}});
    seeded
}

#[test]
fn a_service_arn_is_a_name_for_every_verb() {
    let world = World::with(Scenario::Steady, &[], &[logging()]);
    for &(before, after, answer) in VERBS {
        let run = world.run(&[before, &[WEB][..], after].concat()).exits(0);
        assert!(run.stdout.contains(answer), "{before:?}: {run:?}");
    }
}

#[test]
fn tasks_of_a_service_are_stopped_by_its_arn() {
    let world = World::with(Scenario::Steady, &[], &[logging()]);
    let listed = world.call("ListTasks", json!({"cluster": "main", "serviceName": "web"}));
    let task = listed["taskArns"][0].as_str().expect("a task").to_owned();
    world.run(&["stop-task", WEB, &task, "--yes"]).exits(0);
}

#[test]
fn an_arn_finds_the_service_of_the_manifest() {
    let manifest = MANIFEST.replace("  web:\n", "  shop:\n    name: web\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let world = World::with(Scenario::Steady, &files, &[service("web", json!({}))]);
    world.run(&["deploy", "service", WEB, "--tag", "v2"]).exits(0).answers("shop: deployed web:2");
    world.run(&["status", WEB]).exits(0).answers("shop (web): web:2, 2/2 running");
    world.run(&["status", &WEB.replace("main", "other")]).exits(1);
}

#[test]
fn an_arn_of_another_region_or_cluster_than_asked_is_refused() {
    let world = World::with(Scenario::Steady, &[], &[logging()]);
    world
        .run(&["status", WEB, "--region", "eu-west-1"])
        .exits(2)
        .says("is in region `us-east-1`, not `eu-west-1`");
    world.run(&["status", WEB, "--cluster", "other"]).exits(2).says("is in cluster `main`, not `other`");
}

/// Deletes service `web`; once its tasks have stopped, it is INACTIVE.
fn delete(world: &World, until_inactive: bool) {
    world.call("DeleteService", json!({"cluster": "main", "service": "web", "force": true}));
    if until_inactive {
        let is_inactive = |_| {
            world.sandbox.advance(std::time::Duration::from_secs(5));
            world.service("web")["status"] == "INACTIVE"
        };
        assert!((0..100).any(is_inactive), "{}", world.service("web"));
    }
}

#[test]
fn a_deleted_service_is_said_to_be_deleted() {
    let world = World::new(Scenario::Steady);
    delete(&world, true);
    let deleted = "service `web` in cluster `main` was deleted";
    for verb in [
        &["deploy", "--tag", "v2"][..],
        &["plan", "--tag", "v2"],
        &["wait"],
        &["history"],
        &["tasks"],
        &["logs"],
        &["images"],
        &["scale", "web", "--desired", "3", "--yes"],
        &["restart", "--yes"],
        &["rollback", "--yes"],
        &["run", "--like", "web", "--", "true"],
        &["run", "--like", "web", "--tag", "v2", "--", "true"],
    ] {
        world.run(verb).exits(1).says(deleted);
    }
    let run = world.run(&["status"]).exits(1).answers("web: the service was deleted from cluster `main`");
    assert!(!run.stdout.contains("no such service"), "{run:?}");
    let shown = world.run(&["status", "--output", "json"]).exits(1);
    assert_eq!(shown.event("status")["status"], "INACTIVE");
}

#[test]
fn a_service_that_is_being_deleted_is_said_to_be() {
    let (seeded, definition) = with_port_80(behind_target_group());
    let files = [("ecsail.yml", MANIFEST), ("web.yml", definition.as_str())];
    let world = World::with(Scenario::Steady, &files, &[seeded]);
    delete(&world, false);
    for verb in [&["deploy", "--tag", "v2"][..], &["restart", "--yes"], &["rollback", "--yes"]] {
        world.run(verb).exits(5).says("service `web` is being deleted");
    }
    world.run(&["wait"]).exits(3).answers("the service was deleted");
}

#[test]
fn readers_take_a_service_of_another_controller() {
    for controller in ["CODE_DEPLOY", "EXTERNAL"] {
        let mut seeded = logging();
        seeded.service["deploymentController"] = json!({"type": controller});
        let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
        let world = World::with(Scenario::Steady, &files, &[seeded]);
        for verb in [
            &["status"][..],
            &["history"],
            &["tasks"],
            &["logs"],
            &["images"],
            &["revisions", "web"],
            &["scale", "web", "--desired", "3", "--yes"],
            &["run", "--like", "web", "--", "true"],
            &["run", "--like", "web", "--tag", "v2", "--", "true"],
        ] {
            let run = world.run(verb);
            assert_eq!(run.code, 0, "{controller} {verb:?}: {run:?}");
        }
        world.run(&["deploy", "--tag", "v2"]).exits(5).says("has the deployment controller");
    }
}

#[test]
fn an_arn_of_another_account_is_refused_by_every_verb() {
    let world = World::with(Scenario::Steady, &[], &[logging()]);
    let elsewhere = WEB.replace("123456789012", "999999999999");
    for &(before, after, _) in VERBS {
        let run = world.run(&[before, &[elsewhere.as_str()][..], after].concat());
        assert!(run.code == 5, "{before:?}: {run:?}");
        run.says("this is for account `999999999999`, but the credentials belong to account `123456789012`");
    }
    world.unchanged();
}
