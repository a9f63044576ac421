//! Express services: written whole into the manifest, and planned without changes.

use ecsail_sandbox::Scenario;
use serde_json::json;

use super::{exists, plan_is_empty, text};
use crate::support::{EXPRESS, World, service};

#[test]
fn an_express_service_is_written_whole_and_planned_without_changes() {
    let manifest = EXPRESS.replace("TEAM: shop", "DB_PASSWORD: hunter2hunter2");
    let world = World::with(Scenario::Steady, &[("ecsail.yml", &manifest)], &[service("other", json!({}))]);
    world.run(&["deploy", "web", "--tag", "v1"]).exits(0);
    let run = world.run(&["init", "--cluster", "main", "--force"]).exits(0);
    run.answers("no changes");
    let written = text(&world, "ecsail.yml");
    for line in [
        "image: \"{{ image.app }}\"",
        "LOG_LEVEL: info",
        "minTaskCount: 2",
        "securityGroups: [sg-1]",
        "team: shop",
    ] {
        assert!(written.contains(line), "{line} is not in {written}");
    }
    assert!(!written.contains("hunter2") && !written.contains("autoscaling"), "{written}");
    assert!(!written.contains("taskDefinitionArn"), "{written}");
    assert!(!exists(&world, "task/web.yml") && exists(&world, "task/other.yml"));
    plan_is_empty(&world, &["--tag", "v1", "--env-file", ".ecsail/init.env"]);
}
