//! Tests of `ecsail wait`: deployments in progress, and those that have ended.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::json;

use crate::support::{DEFINITION, MANIFEST};
use crate::support::{World, service};

#[test]
fn deployment_in_progress_is_watched() {
    let world = World::new(Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    world.run(&["wait", "web"]).exits(0).answers("web: deployed web:2 in ");
}

#[test]
fn it_needs_no_manifest() {
    let world = World::new(Scenario::Slow);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    std::fs::remove_file(world.folder.dir.path().join("ecsail.yml")).expect("it is there");
    world.run(&["wait", "web", "--cluster", "main"]).exits(0).answers("web: deployed web:2 in ");
}

#[test]
fn what_was_rolled_back_meanwhile_is_no_success() {
    let world = World::with_breaker(Scenario::Crash);
    world.deploy("v2").exits(3);
    // The service is stable and its PRIMARY deployment is completed, but it is the old one.
    world.run(&["wait", "web"]).exits(3).answers("web: web:2 was rolled back, web:1 is running: ");
}

/// Removes the permissions for service deployments.
fn deny_service_deployments(world: &World) {
    for operation in ["ListServiceDeployments", "DescribeServiceDeployments"] {
        world.sandbox.inject(Fault::on(operation, FaultKind::AccessDenied).always());
    }
}

#[test]
fn what_was_rolled_back_is_no_success_without_service_deployments_either() {
    for scenario in [Scenario::CrashRollback, Scenario::RollbackNewId] {
        let world = World::new(scenario);
        world.deploy("v2").exits(3);
        deny_service_deployments(&world);
        world.run(&["wait", "web"]).exits(3).answers(" was rolled back, web:1 is running: ");
    }
}

#[test]
fn rollback_in_progress_is_no_success_without_service_deployments() {
    for scenario in [Scenario::CrashRollback, Scenario::RollbackNewId] {
        let world = World::new(scenario);
        world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
        let failed = |service: &serde_json::Value| {
            let deployments = service["deployments"].as_array().expect("a list");
            deployments.iter().any(|deployment| deployment["rolloutState"] == "FAILED")
        };
        let seen = (0..500).any(|_| {
            world.sandbox.advance(std::time::Duration::from_secs(5));
            failed(&world.service("web"))
        });
        assert!(seen, "the breaker trips");
        deny_service_deployments(&world);
        world.run(&["wait", "web"]).exits(3).answers("web: web:2 was rolled back, web:1 is running: ");
    }
}

#[test]
fn invisible_rollback_is_noted() {
    let world = World::new(Scenario::Steady);
    deny_service_deployments(&world);
    let note =
        "it is unknown whether the last deployment was rolled back; allow `ecs:ListServiceDeployments`";
    world.run(&["wait", "web"]).exits(0).says(note);
}

#[test]
fn deployment_is_watched_by_id() {
    let world = World::with_breaker(Scenario::Steady);
    world.deploy("v2").exits(0);
    let id = world.service("web")["deployments"][0]["id"].as_str().expect("an id").to_owned();
    world.deploy("v3").exits(0);
    let run = world.run(&["wait", "web", "--deployment", &id]).exits(0);
    run.answers("web: web:2 was deployed");
    world
        .run(&["wait", "web", "--deployment", "ecs-svc/1"])
        .exits(1)
        .says("no deployment `ecs-svc/1` in service");
}

#[test]
fn wait_rolls_back_only_on_request() {
    let world = World::new(Scenario::Crash);
    world.run(&["deploy", "--tag", "v2", "--no-wait"]).exits(0);
    let run = world
        .run(&["wait", "web"])
        .exits(3)
        .says("the service was left as it is: `ecsail wait` only watches");
    assert!(!run.stderr.contains("`on_failure` is"), "{}", run.stderr);
    let left = world.run(&["wait", "web", "--on-failure", "leave", "--timeout", "500ms"]).exits(4);
    left.answers("web: web:2 is still in progress after ");
    assert!(world.calls("StopServiceDeployment").is_empty());
    world.run(&["wait", "web", "--on-failure", "rollback"]).exits(3).answers("rolled back, web:1 is running");
}

#[test]
fn service_of_codedeploy_is_refused() {
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let controller = json!({"deploymentController": {"type": "CODE_DEPLOY"}});
    let world = World::with(Scenario::Steady, &files, &[service("web", controller)]);
    world.run(&["wait", "web"]).exits(5).says("are made by CODE_DEPLOY, which ecsail cannot watch");
}

#[test]
fn a_service_that_is_not_there_is_an_error() {
    let world = World::new(Scenario::Steady);
    world
        .run(&["wait", "api", "--cluster", "main"])
        .exits(2)
        .says("no service named `api` in cluster `main`");
}

#[test]
fn empty_cluster_is_noted() {
    let world = World::with(Scenario::Steady, &[], &[]);
    world.call("CreateCluster", json!({"clusterName": "main"}));
    let run = world.run(&["wait", "--cluster", "main"]).exits(0);
    run.says("no services in cluster `main` to wait for");
}

#[test]
fn what_is_recorded_holds_no_members_of_the_service() {
    let manifest = format!("{MANIFEST}    service: {{ healthCheckGracePeriodSeconds: 60 }}\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let before = service("web", json!({"healthCheckGracePeriodSeconds": 20}));
    let world = World::with(Scenario::Steady, &files, &[before]);
    world.run(&["deploy", "--tag", "v2", "--record", "seen"]).exits(0);
    let seen = world.folder.dir.path().join("seen/web.yml");
    let seen = std::fs::read_to_string(seen).expect("it was recorded");
    assert!(seen.contains("way_back:"), "{seen}");
    assert!(!seen.contains("members:"), "{seen}");
}

#[cfg(unix)]
#[test]
fn what_is_recorded_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(Scenario::Steady);
    world.run(&["deploy", "--tag", "v2", "--record", "seen"]).exits(0);
    for (path, mode) in [("seen", 0o700), ("seen/web.yml", 0o600)] {
        let found = std::fs::metadata(world.folder.dir.path().join(path)).expect(path);
        assert_eq!(found.permissions().mode() & 0o777, mode, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn the_cache_of_names_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(Scenario::Steady);
    world.run(&["status"]).exits(0);
    for (path, mode) in [(".cache/ecsail", 0o700), (".cache/ecsail/names.json", 0o600)] {
        let found = std::fs::metadata(world.folder.dir.path().join(path)).expect(path);
        assert_eq!(found.permissions().mode() & 0o777, mode, "{path}");
    }
}
