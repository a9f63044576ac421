//! Tests of `ecsail scale`: the desired count, and the range of autoscaling.

use ecsail_sandbox::{Fault, FaultKind, Scenario};
use serde_json::{Value, json};

use crate::rollout_outcomes::until;
use crate::support::{DEFINITION, MANIFEST, World, service};

/// Returns a world whose service has autoscaling between these numbers, with a policy.
fn scaled(min: i32, max: i32) -> World {
    let world = idle(min, max);
    let policy = json!({"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 42,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}});
    world.scaling("PutScalingPolicy", policy);
    world
}

/// Returns a world whose service has a range and no policy.
fn idle(min: i32, max: i32) -> World {
    let world = World::new(Scenario::Steady);
    register(&world, json!({"MinCapacity": min, "MaxCapacity": max}));
    world
}

fn register(world: &World, members: Value) {
    let mut input = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web",
        "ScalableDimension": "ecs:service:DesiredCount"});
    members.as_object().into_iter().flatten().for_each(|(name, value)| input[name.as_str()] = value.clone());
    let registered = world.sandbox.call("application-autoscaling", "RegisterScalableTarget", input);
    registered.expect("a good range");
}

/// Returns the range of the service, and whether all of its autoscaling is suspended.
fn target(world: &World) -> (i64, i64, bool) {
    let asked = json!({"ServiceNamespace": "ecs", "ResourceIds": ["service/main/web"]});
    let answer = world.sandbox.call("application-autoscaling", "DescribeScalableTargets", asked);
    let target = answer.expect("answers")["ScalableTargets"][0].clone();
    let state = target["SuspendedState"].as_object().expect("a state");
    let number = |name: &str| target[name].as_i64().expect("a number");
    (number("MinCapacity"), number("MaxCapacity"), state.values().all(|suspended| *suspended == true))
}

#[test]
fn a_service_is_scaled_out_and_watched_until_as_many_run() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(0);
    let run = run.answers("web: scaled from 2 to 4, 4 of 4 tasks running");
    run.says("web: 2/4 running, 2 pending; 2 more to run").says("web: 4/4 running");
    let service = world.service("web");
    assert_eq!((&service["desiredCount"], &service["runningCount"]), (&json!(4), &json!(4)));
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1), "no deployment is started");
    let asked = world.calls("UpdateService").remove(0).body;
    assert_eq!(
        asked,
        json!({"cluster": "main", "service": "web", "desiredCount": 4}),
        "nothing else is said"
    );
}

#[test]
fn a_service_is_scaled_in_down_to_nothing() {
    let world = World::new(Scenario::Steady);
    world
        .run(&["scale", "web", "--desired", "0", "--yes"])
        .exits(0)
        .answers("web: scaled from 2 to 0, 0 of 0");
    assert_eq!(world.service("web")["runningCount"], 0);
}

#[test]
fn as_json_the_answer_is_one_event() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["scale", "web", "--desired", "3", "--yes", "--output", "json"]).exits(0);
    let expected = json!({"event": "scaled", "service": "web", "cluster": "main", "outcome": "succeeded", "desired": 3,
        "desired_before": 2, "running": 3, "autoscaling": null});
    assert_eq!(run.event("scaled"), expected);
}

#[test]
fn the_number_that_is_there_changes_nothing() {
    let world = World::new(Scenario::Steady);
    world.run(&["scale", "web", "--desired", "2"]).exits(0).answers("web: 2 of 2 tasks running");
    world.unchanged();
}

#[test]
fn no_wait_does_not_watch() {
    let world = World::new(Scenario::Steady);
    let run = world.run(&["scale", "web", "--desired", "4", "--yes", "--no-wait"]).exits(0);
    run.answers("web: the desired count is 4 now, not waiting for the tasks");
    assert_eq!(world.calls("DescribeServices").len(), 2, "once for the plan, once before the change");
}

#[test]
fn it_needs_no_manifest() {
    let world = World::with(Scenario::Steady, &[], &[service("web", json!({}))]);
    let place = ["scale", "--cluster", "main", "--yes", "--desired"];
    world.run(&[&place[..], &["3", "web"]].concat()).exits(0).answers("web: scaled from 2 to 3");
    world.run(&[&place[..], &["1", "--service", "web"]].concat()).exits(0).answers("web: scaled from 3 to 1");
    world.run(&[&place[..], &["1", "wep"]].concat()).exits(2).says("did you mean `web`?");
}

#[test]
fn scale_requires_confirmation() {
    let world = World::new(Scenario::Steady);
    world.unattended(&["scale", "web", "--desired", "4"]).exits(2).says("add `--yes`");
    world.unchanged();
}

#[test]
fn scale_requires_exactly_one_change() {
    let world = World::new(Scenario::Steady);
    for arguments in [
        &["scale", "web"][..],
        &["scale", "web", "--desired", "4", "--min", "2"],
        &["scale", "web", "--suspend", "--resume"],
        &["scale", "web", "--desired", "-1"],
        &["scale", "web", "--min", "2", "--force"],
    ] {
        assert_eq!(world.run(arguments).code, 2, "{arguments:?}");
    }
    world.unchanged();
}

#[test]
fn a_number_that_autoscaling_would_move_again_is_refused_unless_forced() {
    let world = scaled(1, 6);
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(5);
    let run = run.says("service `web` is scaled automatically (1..6): autoscaling would change 4 again");
    run.says("`--suspend`").says("`--force`");
    world.unchanged();
    let run = world.run(&["scale", "web", "--desired", "4", "--yes", "--force"]).exits(0);
    run.answers("scaled from 2 to 4").says("note: autoscaling (1..6) will change it again");
}

#[test]
fn a_number_inside_a_range_without_policies_is_set() {
    let world = idle(1, 6);
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(0);
    run.answers("scaled from 2 to 4").says("has no policy and no scheduled action that changes the count");
    world.run(&["scale", "web", "--desired", "9", "--yes"]).exits(5).says("9 is outside of 1..6");
}

#[test]
fn desired_count_outside_of_the_range_is_noted() {
    let world = scaled(1, 6);
    world.run(&["scale", "web", "--desired", "9", "--yes"]).exits(5).says("9 is outside of 1..6");
    let run = world.run(&["scale", "web", "--desired", "9", "--yes", "--force"]).exits(0);
    run.says("note: 9 is outside of 1..6, and autoscaling corrects it when it next scales");
}

#[test]
fn while_autoscaling_is_suspended_a_number_can_be_set() {
    let world = scaled(1, 6);
    let run = world.run(&["scale", "web", "--suspend", "--yes"]).exits(0);
    run.answers("web: autoscaling is suspended, 1..6 tasks");
    assert_eq!(target(&world), (1, 6, true));
    world.run(&["scale", "web", "--suspend"]).exits(0).answers("unchanged, autoscaling is suspended");
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(0);
    run.says("nothing changes the count until `--resume`");
    let resumed =
        world.run(&["scale", "web", "--resume", "--yes", "--output", "json"]).exits(0).event("scaled");
    let state = json!({"min": 1, "max": 6, "scale_in_suspended": false, "scale_out_suspended": false,
        "scheduled_suspended": false});
    assert_eq!((&resumed["autoscaling"], &resumed["outcome"]), (&state, &json!("in_progress")));
    assert_eq!(target(&world), (1, 6, false));
}

#[test]
fn a_range_is_changed_and_what_it_moves_is_watched() {
    let world = scaled(1, 6);
    let run = world.run(&["scale", "web", "--max", "8", "--yes"]).exits(0);
    run.answers("web: autoscaling is on, 1..8 tasks");
    let run = world.run(&["scale", "web", "--min", "3", "--yes"]).exits(0);
    run.says("autoscaling will raise the count from 2 to 3 tasks")
        .answers("web: scaled from 2 to 3, 3 of 3 tasks running");
    assert_eq!(target(&world), (3, 8, false));
    assert!(world.calls("UpdateService").is_empty(), "autoscaling moves it");
    world.run(&["scale", "web", "--min", "9", "--yes"]).exits(2).says("the minimum 9 is above the maximum 8");
    world.run(&["scale", "web", "--min", "3", "--max", "8"]).exits(0).answers("unchanged, autoscaling is on");
}

#[test]
fn without_a_target_there_is_no_range() {
    let world = World::new(Scenario::Steady);
    for arguments in [&["--min", "1"][..], &["--suspend"], &["--resume"]] {
        let run = world.run(&[&["scale", "web", "--yes"], arguments].concat()).exits(1);
        run.says("service `web` is not scaled automatically").says("--resource-id service/main/web");
    }
    world.unchanged();
}

#[test]
fn without_the_permission_to_look_at_autoscaling_a_number_can_be_set() {
    let world = scaled(1, 6);
    world.sandbox.inject(Fault::on("DescribeScalableTargets", FaultKind::AccessDenied).always());
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(0);
    run.says("note: it is unknown whether autoscaling will change the number again");
    let run = world.run(&["scale", "web", "--suspend", "--yes"]).exits(1);
    run.says("hint: allow `application-autoscaling:DescribeScalableTargets`");
}

#[test]
fn without_the_permission_to_look_at_policies_that_is_said_and_a_number_needs_force() {
    for (call, what) in
        [("DescribeScalingPolicies", "policies"), ("DescribeScheduledActions", "scheduled actions")]
    {
        let world = idle(1, 6);
        world.sandbox.inject(Fault::on(call, FaultKind::AccessDenied).always());
        let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(5);
        run.says(&format!("note: it is unknown whether autoscaling has {what}: "));
        world.run(&["scale", "web", "--desired", "4", "--yes", "--force"]).exits(0);
    }
}

#[test]
fn lost_answer_is_retried() {
    let world = World::new(Scenario::Steady);
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::DropAfter));
    world.run(&["scale", "web", "--desired", "3", "--yes"]).exits(0).answers("3 of 3 tasks running");
    world.sandbox.inject(Fault::on("UpdateService", FaultKind::AccessDenied).always());
    let run = world.run(&["scale", "web", "--desired", "4", "--yes"]).exits(1);
    run.says("error: failed to set the desired count of service `web`")
        .says("hint: allow `ecs:UpdateService`");
}

#[test]
fn timeout_is_exit_code_4() {
    let world = World::new(Scenario::Steady);
    world.sandbox.set_scenario(None, Scenario::Stuck);
    let files = [("ecsail.yml", MANIFEST), ("web.yml", DEFINITION)];
    let stuck = World::with(Scenario::Stuck, &files, &[service("web", json!({}))]);
    // From here on, new tasks stay pending for ever.
    stuck.call("UpdateService", json!({"cluster": "main", "service": "web", "forceNewDeployment": true}));
    let run = stuck.run(&["scale", "web", "--desired", "3", "--yes", "--timeout", "300ms"]).exits(4);
    run.answers("web: timed out with ").answers("; ECS continues");
}

#[test]
fn count_changed_meanwhile_is_no_success() {
    let world = World::new(Scenario::Steady);
    let mut child = world.start(&["scale", "web", "--desired", "9", "--yes", "--poll-interval", "50ms"]);
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "2/9 running");
    world.call("UpdateService", json!({"cluster": "main", "service": "web", "desiredCount": 5}));
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let answer = String::from_utf8(output.stdout).expect("text");
    assert_eq!(answer, "web: the desired count was set to 5 meanwhile, not by this command\n");
}

#[test]
fn interrupt_ends_only_the_watch() {
    let world = World::new(Scenario::Steady);
    let mut child = world.start(&["scale", "web", "--desired", "9", "--yes", "--poll-interval", "200ms"]);
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    until(&mut stderr, "2/9 running");
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stdout).contains("interrupted; ECS continues to 9 tasks"));
    assert_eq!(world.service("web")["desiredCount"], 9);
}
