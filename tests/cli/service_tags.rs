//! Tags and the number of tasks of services: kept in step where the manifest says so.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, World, service};

fn world(members: &str, observed: Value) -> World {
    let manifest = format!("{MANIFEST}{members}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    World::with(Scenario::Steady, &files, &[service("web", observed)])
}

fn tags(world: &World) -> Value {
    let input = json!({"cluster": "main", "services": ["web"], "include": ["TAGS"]});
    let found = world.call("DescribeServices", input)["services"][0]["tags"].clone();
    let tags = found.as_array().cloned().unwrap_or_default();
    tags.into_iter()
        .map(|tag| (tag["key"].as_str().unwrap_or_default().to_owned(), tag["value"].clone()))
        .collect()
}

#[test]
fn changed_tag_is_set_without_a_rollout() {
    let world = world(
        "    service: { tags: { team: shop, env: prod } }\n",
        json!({"tags": [{"key": "team", "value": "web"}, {"key": "cost", "value": "7"}]}),
    );
    let run = world.deploy("v1").exits(0);
    let plan = run.says("service.tags[env]: + prod").says("service.tags[team]: web → shop");
    plan.says("the same revision, attributes changed");
    assert_eq!(
        tags(&world),
        json!({"cost": "7", "env": "prod", "team": "shop", "ecsail:tags": "env / team"})
    );
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn tag_that_the_manifest_had_is_removed_and_those_of_others_stay() {
    let world =
        world("    service: { tags: { team: shop } }\n", json!({"tags": [{"key": "cost", "value": "7"}]}));
    world.deploy("v1").exits(0);
    world.folder.write("ecsail.yml", &format!("{MANIFEST}    service: {{}}\n"));
    world.deploy("v1").exits(0).says("service.tags[team]: - shop");
    assert_eq!(tags(&world), json!({"cost": "7"}));
}

#[test]
fn equal_tags_are_no_change() {
    let world =
        world("    service: { tags: { team: shop } }\n", json!({"tags": [{"key": "team", "value": "shop"}]}));
    world.run(&["plan", "--tag", "v1", "--exit-code"]).exits(0);
}

#[test]
fn ignored_tag_is_left_alone() {
    let world = world(
        "    service: { tags: { team: shop, revision: 1 } }\n    ignore_tags: [revision]\n",
        json!({"tags": [{"key": "team", "value": "shop"}, {"key": "revision", "value": "9"}]}),
    );
    world.run(&["plan", "--tag", "v1", "--exit-code"]).exits(0);
}

#[test]
fn tags_are_changed_before_the_tasks_that_get_them() {
    let world = world("    service: { tags: { team: shop } }\n", json!({}));
    world.deploy("v2").exits(0);
    let calls: Vec<String> = world.sandbox.requests().into_iter().map(|call| call.operation).collect();
    let at = |name: &str| calls.iter().position(|call| call == name);
    assert!(at("TagResource") < at("UpdateService"), "{calls:?}");
}

#[test]
fn tags_that_may_not_be_changed_stop_the_service() {
    let world = world("    service: { tags: { team: shop } }\n", json!({}));
    world.sandbox.inject(Fault::on("TagResource", FaultKind::AccessDenied).always());
    world.deploy("v2").exits(1).says("failed to change the tags of service `web`");
    assert!(world.calls("UpdateService").is_empty());
}

#[test]
fn number_of_tasks_only_applies_at_the_creation() {
    let world = world("    service: { desiredCount: 3 }\n", json!({"desiredCount": 1}));
    let run = world.deploy("v2").exits(0);
    run.says("`web` has `desiredCount` 3 in the manifest, and 1 in ECS, which stays")
        .says("enforce_desired_count");
    assert_eq!(world.service("web")["desiredCount"], 1);
}

#[test]
fn number_of_tasks_is_enforced_on_request() {
    let members = "    service: { desiredCount: 3 }\n    enforce_desired_count: true\n";
    let world = world(members, json!({"desiredCount": 1}));
    world.deploy("v1").exits(0).says("service.desiredCount: 1 → 3");
    assert_eq!(world.service("web")["desiredCount"], 3);
}

#[test]
fn number_of_tasks_is_not_enforced_where_the_service_is_scaled_automatically() {
    let members = "    service: { desiredCount: 3 }\n    enforce_desired_count: true\n";
    let world = world(members, json!({"desiredCount": 1}));
    let target = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 4});
    world.sandbox.call("application-autoscaling", "RegisterScalableTarget", target).expect("it is valid");
    world.deploy("v2").exits(0).says("which stays: the service is scaled automatically");
    assert_eq!(world.service("web")["desiredCount"], 1);
}
