//! Tests of the autoscaling in a release that fails, is cut off, or meets other clients: what is changed, and what goes back.

use ecsail_sandbox::{Fault, FaultKind, OtherCall, Scenario, Seed};
use serde_json::{Value, json};

use crate::autoscaling::{AUTOSCALING, changes, policy, range, scaled, world};
use crate::support::{DEFINITION, MANIFEST, Run, World, service};

/// Returns a call of another client that changes the maximum of service `web`.
fn other_range(max: i32) -> OtherCall {
    let input = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MaxCapacity": max});
    let service = "application-autoscaling".to_owned();
    OtherCall { service, operation: "RegisterScalableTarget".to_owned(), input }
}

#[test]
fn a_failed_rollout_changes_nothing_of_it() {
    let world = world(AUTOSCALING);
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.run(&["deploy", "service", "web", "--tag", "v2", "--on-failure", "rollback"]).exits(3);
    assert!(changes(&world).is_empty(), "{:?}", changes(&world));
    assert!(world.target().is_null());
}

#[test]
fn a_change_of_others_during_the_rollout_is_refused() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 2, max: 8, cpu: 60 }\n");
    let other = other_range(7);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Followed(other)));
    let run = world.deploy("v2").exits(1);
    run.says("the autoscaling of service `web` has changed since the plan was made: the range");
    assert_eq!(range(&world.target()), (2, 7));
}

#[test]
fn supersede_replaces_a_change_of_others_during_the_rollout() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 2, max: 8, cpu: 60 }\n");
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Followed(other_range(7))));
    world.run(&["deploy", "service", "web", "--tag", "v2", "--supersede"]).exits(0);
    assert_eq!(range(&world.target()), (2, 8));
}

#[test]
fn a_refused_policy_leaves_the_autoscaling_as_it_was() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 1, max: 8, cpu: 60, memory: 70 }\n");
    world.sandbox.inject(Fault::on("PutScalingPolicy", FaultKind::AccessDenied).always());
    let run = world.deploy("v1").exits(1);
    run.says("failed to put scaling policy `ecsail-memory` of service `web`")
        .says("hint: allow `application-autoscaling:PutScalingPolicy`")
        .says("hint: the autoscaling of the service is as it was before");
    assert_eq!(range(&world.target()), (2, 6));
    assert_eq!(world.policies(), [policy("ecsail-cpu", 60.0)]);
}

#[test]
fn a_new_target_whose_policy_is_refused_is_deregistered() {
    let world = world(AUTOSCALING);
    world.sandbox.inject(Fault::on("PutScalingPolicy", FaultKind::AccessDenied).always());
    world.deploy("v1").exits(1);
    assert!(world.target().is_null());
}

#[test]
fn lost_answers_are_sent_again() {
    let world = world(AUTOSCALING);
    for operation in ["RegisterScalableTarget", "PutScalingPolicy"] {
        world.sandbox.inject(Fault::on(operation, FaultKind::DropAfter));
    }
    world.deploy("v1").exits(0);
    assert_eq!(world.policies(), [policy("ecsail-cpu", 60.0)]);
    world.write_autoscaling("    autoscaling: {}\n");
    world.sandbox.inject(Fault::on("DeleteScalingPolicy", FaultKind::DropAfter));
    world.deploy("v1").exits(0);
    assert!(world.policies().is_empty());
}

#[test]
fn without_the_permission_to_read_it_the_plan_fails_with_the_action() {
    let world = world(AUTOSCALING);
    world.sandbox.inject(Fault::on("DescribeScalingPolicies", FaultKind::AccessDenied).always());
    world.plan_v1().exits(1).says("hint: allow `application-autoscaling:DescribeScalingPolicies`");
}

#[test]
fn no_wait_is_refused_where_a_service_changes_too() {
    let world = world(AUTOSCALING);
    let run = world.run(&["deploy", "service", "web", "--tag", "v2", "--no-wait"]).exits(2);
    run.says("the autoscaling of service `web` is changed after the services are up");
    world.unchanged();
    world.run(&["deploy", "service", "web", "--tag", "v1", "--no-wait"]).exits(0);
    assert_eq!(range(&world.target()), (2, 6));
}

#[test]
fn scale_notes_that_the_manifest_has_another_bound() {
    let world = scaled(AUTOSCALING);
    let run = world.run(&["scale", "web", "--max", "9", "--yes"]).exits(0);
    run.says("note: the manifest has `max: 6` under `autoscaling`: the next deploy sets that again");
    world.plan_v1().exits(6).answers("  max: 9 → 6");
    let run = world.run(&["scale", "web", "--max", "6", "--yes"]).exits(0);
    assert!(!run.stderr.contains("the next deploy"), "{}", run.stderr);
}

#[test]
fn a_rollback_leaves_the_autoscaling_as_it_is() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 2, max: 8, cpu: 60 }\n");
    world.deploy("v2").exits(0);
    world.run(&["rollback", "web", "--yes"]).exits(0);
    assert_eq!((running(&world, "web"), range(&world.target())), ("web:1".to_owned(), (2, 8)));
}

/// A policy that AWS refuses and that nothing finds before: its type is not that of its configuration.
const REFUSED: &str = "{ PolicyName: refused, PolicyType: StepScaling, TargetTrackingScalingPolicyConfiguration: { TargetValue: 9,
      PredefinedMetricSpecification: { PredefinedMetricType: ECSServiceAverageCPUUtilization } } }";

/// Returns a world with two services that have autoscaling; AWS refuses that of `worker`.
fn two_services(on_failure: &str) -> World {
    let manifest = format!(
        "{MANIFEST}{AUTOSCALING}  worker:\n    task_definition: worker.yml\n\
         \x20   autoscaling: {{ min: 1, max: 3, memory: 70, policies: [ {REFUSED} ] }}\n{on_failure}"
    );
    let worker = DEFINITION.replace("family: web", "family: worker");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION), ("worker.yml", &worker)];
    let services = [service("web", json!({})), service("worker", json!({}))];
    let world = World::with(Scenario::Steady, &files, &services);
    world.scaling("RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 4}));
    world
}

/// Returns the kind, the key and the outcome of each target of a release.
fn outcomes(run: &Run) -> Vec<String> {
    let ended = run.event("release.ended");
    let targets = ended["targets"].as_array().expect("targets").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let outcome = |target: &Value| [&target["kind"], &target["key"], &target["outcome"]].map(text).join(" ");
    targets.map(outcome).collect()
}

fn running(world: &World, name: &str) -> String {
    let arn = world.service(name)["taskDefinition"].as_str().unwrap_or_default().to_owned();
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn a_rollback_of_the_release_brings_the_autoscaling_back() {
    let world = two_services("on_failure: rollback\n");
    let run = world.run(&["deploy", "--tag", "v2", "--output", "json"]).exits(3);
    let expected = [
        "service web rolled_back",
        "service worker rolled_back",
        "autoscaling web rolled_back",
        "autoscaling worker failed",
    ];
    assert_eq!(outcomes(&run), expected, "{run:?}");
    assert_eq!((range(&world.target()), world.policies()), ((1, 4), Vec::new()));
    assert_eq!([running(&world, "web"), running(&world, "worker")], ["web:1", "worker:1"]);
    let worker = json!({"ServiceNamespace": "ecs", "ResourceIds": ["service/main/worker"]});
    let left = world.sandbox.call("application-autoscaling", "DescribeScalableTargets", worker);
    assert_eq!(left.expect("answers")["ScalableTargets"], json!([]), "what was new is gone");
}

#[test]
fn a_refused_change_leaves_the_rest_of_the_release_as_it_is() {
    let world = two_services("");
    let run = world.run(&["deploy", "--tag", "v2", "--output", "json"]).exits(1);
    let expected = [
        "service web succeeded",
        "service worker succeeded",
        "autoscaling web succeeded",
        "autoscaling worker failed",
    ];
    assert_eq!(outcomes(&run), expected, "{run:?}");
    assert_eq!((range(&world.target()), running(&world, "web")), ((2, 6), "web:2".to_owned()));
}

#[test]
fn what_others_changed_since_is_not_restored() {
    let world = two_services("on_failure: rollback\n");
    // The new target of `worker` is deregistered before the range of `web` is restored.
    let other = other_range(20);
    world.sandbox.inject(Fault::on("DeregisterScalableTarget", FaultKind::Followed(other)));
    let run = world.run(&["deploy", "--tag", "v2"]).exits(3);
    run.says("web: the range of its autoscaling was changed since and is not restored");
    assert_eq!((range(&world.target()), world.policies()), ((2, 20), Vec::new()));
}

#[test]
fn without_a_policy_a_refused_change_leaves_the_services_up() {
    let world = world(AUTOSCALING);
    world.sandbox.inject(Fault::on("RegisterScalableTarget", FaultKind::AccessDenied).always());
    let run = world.run(&["deploy", "service", "web", "--tag", "v2", "--output", "json"]).exits(1);
    let ended = run.event("release.ended");
    let outcomes: Vec<&str> = ended["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .filter_map(|target| target["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["succeeded", "failed"]);
    world.deploy("v2").exits(1).says("hint: allow `application-autoscaling:RegisterScalableTarget`");
}

#[test]
fn the_same_change_by_another_run_is_no_change_since_the_plan() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 2, max: 8, cpu: 60 }\n");
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::Followed(other_range(8))));
    world.deploy("v2").exits(0);
    assert_eq!(range(&world.target()), (2, 8));
}

#[test]
fn a_target_that_is_not_known_everywhere_yet_and_a_concurrent_update_are_waited_for() {
    let world = world(AUTOSCALING);
    for code in ["ObjectNotFoundException", "ConcurrentUpdateException"] {
        let (code, message) = (code.to_owned(), "later".to_owned());
        world.sandbox.inject(Fault::on("PutScalingPolicy", FaultKind::Code { status: 400, code, message }));
    }
    world.deploy("v1").exits(0);
    assert_eq!(world.policies(), [policy("ecsail-cpu", 60.0)]);
}

#[test]
fn a_release_that_was_cut_off_in_it_is_finished_by_the_next() {
    let world = world(AUTOSCALING);
    // What a run leaves that is killed after its first call.
    world.scaling("RegisterScalableTarget", json!({"MinCapacity": 2, "MaxCapacity": 6}));
    world.plan_v1().exits(6).answers("autoscaling web: changes").answers("  cpu: + 60");
    world.deploy("v1").exits(0);
    assert_eq!(world.policies(), [policy("ecsail-cpu", 60.0)]);
}

/// Returns a cluster with the service `other`, and a manifest whose service `web` is not there and has autoscaling.
fn without_service(autoscaling: &str) -> World {
    without_balanced_service(autoscaling, "")
}

/// Returns the same with more in the document of the service.
fn without_balanced_service(autoscaling: &str, balancers: &str) -> World {
    let document = format!(
        "{}{balancers}",
        "launchType: FARGATE\ndesiredCount: 2\nnetworkConfiguration: { awsvpcConfiguration: { subnets: [subnet-1] } }\n"
    );
    let manifest = format!("{MANIFEST}    service: service.yml\n{autoscaling}");
    let definition = format!("{DEFINITION}    portMappings: [ {{ containerPort: 80 }} ]\n");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", &definition), ("service.yml", &document)];
    World::with(Scenario::Steady, &files, &[service("other", json!({}))])
}

#[test]
fn a_service_that_is_created_gets_its_autoscaling_after_its_first_rollout() {
    let world = without_service(AUTOSCALING);
    let run = world.run(&["plan", "web", "--tag", "v1", "--exit-code"]).exits(6);
    run.answers("autoscaling web: is created").answers("  min: + 2");
    world.deploy("v1").exits(0).says("web: autoscaling created");
    let calls: Vec<String> = world.sandbox.requests().into_iter().map(|request| request.operation).collect();
    let at = |name: &str| calls.iter().position(|call| call == name).expect("it is called");
    let polled = calls[at("CreateService")..at("RegisterScalableTarget")].iter();
    assert!(
        polled.filter(|call| *call == "DescribeServices").count() > 1,
        "the rollout was watched: {calls:?}"
    );
    assert_eq!((range(&world.target()), world.policies()), ((2, 6), vec![policy("ecsail-cpu", 60.0)]));
    world.plan_v1().exits(0);
}

#[test]
fn a_service_that_is_created_and_does_not_come_up_gets_no_autoscaling() {
    let world = without_service(AUTOSCALING);
    world.sandbox.set_scenario(None, Scenario::Crash);
    world.deploy("v1").exits(3);
    assert!(changes(&world).is_empty() && world.target().is_null());
}

#[test]
fn a_service_that_is_created_behind_a_load_balancer_keeps_its_requests_for_each_target() {
    const GROUP: &str =
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef";
    let balancers = format!(
        "loadBalancers: [ {{ containerName: app, containerPort: 80, targetGroupArn: '{GROUP}' }} ]\n"
    );
    let autoscaling = "    autoscaling: { min: 2, max: 6, requests_per_target: 1000 }\n";
    let world = without_balanced_service(autoscaling, &balancers);
    world.deploy("v1").exits(1).says("One or more target groups not found");
    let seed = Seed { target_groups: vec![GROUP.to_owned()], ..Seed::default() };
    world.sandbox.seed(&seed).expect("the seed is good");
    world.deploy("v1").exits(0).says("web: autoscaling created");
    assert_eq!(world.policies(), [policy("ecsail-requests", 1000.0)]);
}
