//! Tests of the autoscaling that a deploy keeps in step with the manifest: scalable target, policies and scheduled actions.

use ecsail_sandbox::{Scenario, SeedService};
use serde_json::{Value, json};

use crate::support::{DEFINITION, MANIFEST, Run, World, behind_target_group, service, with_port_80};

/// The manifest of most tests: a range and a policy in short form.
pub(crate) const AUTOSCALING: &str = "    autoscaling: { min: 2, max: 6, cpu: 60 }\n";

fn world_of(autoscaling: &str, seeded: SeedService, definition: &str) -> World {
    let manifest = format!("{MANIFEST}{autoscaling}");
    World::with(Scenario::Steady, &[("ecsail.yml", &manifest), ("web.yml", definition)], &[seeded])
}

/// Returns a world whose manifest has this autoscaling, with service `web` running tag `v1`.
pub(crate) fn world(autoscaling: &str) -> World {
    world_of(autoscaling, service("web", json!({})), DEFINITION)
}

/// Returns the world in which the autoscaling of the manifest was applied.
pub(crate) fn scaled(autoscaling: &str) -> World {
    let world = world(autoscaling);
    world.deploy("v1").exits(0);
    world
}

impl World {
    /// Replaces the autoscaling of the manifest.
    pub(crate) fn write_autoscaling(&self, autoscaling: &str) {
        self.folder.write("ecsail.yml", &format!("{MANIFEST}{autoscaling}"));
    }

    /// Calls an operation of Application Auto Scaling on service `web`.
    pub(crate) fn scaling(&self, operation: &str, members: Value) -> Value {
        let mut input = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web",
            "ScalableDimension": "ecs:service:DesiredCount"});
        members
            .as_object()
            .into_iter()
            .flatten()
            .for_each(|(name, value)| input[name.as_str()] = value.clone());
        let answer = self.sandbox.call("application-autoscaling", operation, input);
        answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Returns the scalable target of service `web`; null where there is none.
    pub(crate) fn target(&self) -> Value {
        let asked = json!({"ServiceNamespace": "ecs", "ResourceIds": ["service/main/web"]});
        let answer = self.sandbox.call("application-autoscaling", "DescribeScalableTargets", asked);
        answer.expect("answers")["ScalableTargets"][0].clone()
    }

    /// Returns the policies of service `web`, as name and target value.
    pub(crate) fn policies(&self) -> Vec<(String, Value)> {
        let answer = self.scaling("DescribeScalingPolicies", json!({}));
        let policy = |policy: &Value| {
            let value = policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"].clone();
            (policy["PolicyName"].as_str().expect("a name").to_owned(), value)
        };
        answer["ScalingPolicies"].as_array().expect("a list").iter().map(policy).collect()
    }

    fn actions(&self) -> Vec<Value> {
        self.scaling("DescribeScheduledActions", json!({}))["ScheduledActions"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Puts a policy of another owner.
    fn put_foreign(&self, name: &str, metric: &str) {
        let policy = json!({"PolicyName": name, "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 42,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}});
        self.scaling("PutScalingPolicy", policy);
    }

    pub(crate) fn plan_v1(&self) -> Run {
        self.run(&["plan", "service", "web", "--tag", "v1", "--exit-code"])
    }
}

pub(crate) fn range(target: &Value) -> (i64, i64) {
    let number = |name: &str| target[name].as_i64().expect("a number");
    (number("MinCapacity"), number("MaxCapacity"))
}

pub(crate) fn policy(name: &str, value: f64) -> (String, Value) {
    (name.to_owned(), json!(value))
}

/// Returns the operations of Application Auto Scaling that a world has seen and that change something.
pub(crate) fn changes(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests().into_iter();
    let scaling = requests.filter(|request| request.service == "application-autoscaling");
    scaling.map(|request| request.operation).filter(|name| !name.starts_with("Describe")).collect()
}

#[test]
fn a_service_gets_its_scalable_target_and_its_policy_after_the_rollout() {
    let world = world(AUTOSCALING);
    let run = world.deploy("v2").exits(0);
    run.says("web: autoscaling created").answers("web: deployed web:2");
    assert_eq!(range(&world.target()), (2, 6));
    assert_eq!(world.policies(), [policy("ecsail-cpu", 60.0)]);
    let calls: Vec<String> = world.sandbox.requests().into_iter().map(|request| request.operation).collect();
    let at = |name: &str| calls.iter().position(|call| call == name).expect("it is called");
    assert!(at("UpdateService") < at("RegisterScalableTarget"), "{calls:?}");
    let polled = calls[at("UpdateService")..at("RegisterScalableTarget")].iter();
    assert!(
        polled.filter(|call| *call == "DescribeServices").count() > 1,
        "the rollout was watched: {calls:?}"
    );
}

#[test]
fn plan_shows_what_is_created() {
    let world = world("    autoscaling: { min: 2, max: 6, cpu: 60, memory: 70 }\n");
    let run = world.plan_v1().exits(6).answers("web: no changes (web:1 stays)");
    let run = run.answers("autoscaling web: is created");
    run.answers("  min: + 2").answers("  max: + 6").answers("  cpu: + 60").answers("  memory: + 70");
    world.unchanged();
}

#[test]
fn plan_as_json_has_the_differences() {
    let world = scaled(AUTOSCALING);
    world.put_foreign("own-memory", "ECSServiceAverageMemoryUtilization");
    world.write_autoscaling("    autoscaling: { min: 2, max: 9, cpu: 75.5 }\n");
    let run = world.run(&["plan", "service", "web", "--tag", "v1", "--output", "json"]).exits(0);
    let plan = run.event("plan");
    let expected = json!([{"service": "web", "name": "web", "cluster": "main", "action": "update",
        "differences": [{"path": "max", "before": 6, "after": 9}, {"path": "cpu", "before": 60, "after": 75.5}],
        "foreign": ["own-memory"]}]);
    assert_eq!((&plan["autoscaling"], &plan["changes"]), (&expected, &json!(true)));
}

#[test]
fn plan_as_markdown_has_a_table() {
    let world = world(AUTOSCALING);
    let run = world.run(&["plan", "service", "web", "--tag", "v1", "--output", "markdown"]).exits(0);
    run.answers("### autoscaling `web`: is created").answers("| `max` |  | `` 6 `` |");
}

#[test]
fn an_unchanged_deploy_makes_no_call_that_changes_anything() {
    let world = scaled(AUTOSCALING);
    let before = changes(&world).len();
    world.plan_v1().exits(0).answers("autoscaling web: no changes");
    let run = world.deploy("v1").exits(0);
    run.answers("web: unchanged, web:1 stays");
    assert_eq!(changes(&world).len(), before);
}

#[test]
fn without_the_key_nothing_is_read_or_changed() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("");
    let before = world.sandbox.requests().len();
    world.deploy("v2").exits(0);
    let after = world.sandbox.requests();
    assert!(after[before..].iter().all(|request| request.service != "application-autoscaling"));
    assert_eq!(world.policies(), [policy("ecsail-cpu", 60.0)]);
}

#[test]
fn only_the_bound_that_changes_is_sent() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 2, max: 8, cpu: 60 }\n");
    world.plan_v1().exits(6).answers("autoscaling web: changes").answers("  max: 6 → 8");
    let run = world.deploy("v1").exits(0);
    run.says("web: autoscaling updated");
    let sent = world.calls("RegisterScalableTarget").pop().expect("a call").body;
    assert_eq!((&sent["MaxCapacity"], &sent["MinCapacity"]), (&json!(8), &Value::Null));
    assert_eq!(range(&world.target()), (2, 8));
    assert_eq!(world.calls("PutScalingPolicy").len(), 1, "the policy was put once, when it was created");
}

#[test]
fn a_changed_target_value_is_a_change_of_the_short_form() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 2, max: 6, cpu: 70 }\n");
    world.plan_v1().exits(6).answers("  cpu: 60 → 70");
    world.deploy("v1").exits(0);
    assert_eq!(world.policies(), [policy("ecsail-cpu", 70.0)]);
}

#[test]
fn what_another_client_changed_about_a_short_policy_is_shown_and_put_back() {
    let world = scaled(AUTOSCALING);
    let tracking = json!({"TargetValue": 60, "ScaleInCooldown": 30,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}});
    let changed = json!({"PolicyName": "ecsail-cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking});
    world.scaling("PutScalingPolicy", changed);
    let path = "policies[ecsail-cpu].TargetTrackingScalingPolicyConfiguration.ScaleInCooldown: 30 → 300";
    world.plan_v1().exits(6).answers(path);
    world.deploy("v1").exits(0);
    world.plan_v1().exits(0);
}

#[test]
fn defaults_that_are_written_are_no_change() {
    let world = scaled("    autoscaling: { min: 2, max: 6 }\n");
    let policies = |rest: &str| {
        format!(
            "    autoscaling:\n      policies:\n        - PolicyName: cpu\n          TargetTrackingScalingPolicyConfiguration:\n\
             \x20           TargetValue: 60\n{rest}            PredefinedMetricSpecification: {{ PredefinedMetricType: ECSServiceAverageCPUUtilization }}\n"
        )
    };
    world.write_autoscaling(&policies(""));
    world.deploy("v1").exits(0);
    world.write_autoscaling(&policies(
        "            DisableScaleIn: false\n            ScaleOutCooldown: 300\n",
    ));
    world.plan_v1().exits(0);
    world.write_autoscaling(&policies("            DisableScaleIn: true\n"));
    world
        .plan_v1()
        .exits(6)
        .answers("policies[cpu].TargetTrackingScalingPolicyConfiguration.DisableScaleIn: false → true");
}

#[test]
fn policies_of_others_stay_and_own_ones_are_removed() {
    let world = scaled("    autoscaling: { min: 2, max: 6, cpu: 60, memory: 70 }\n");
    let steps = json!({"PolicyName": "night-watch", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration":
        {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]}});
    world.scaling("PutScalingPolicy", steps);
    world.write_autoscaling("    autoscaling: { min: 2, max: 6, cpu: 60 }\n");
    let run = world.plan_v1().exits(6).answers("  memory: - 70");
    let run = run.answers("  of other owners, kept: night-watch");
    run.answers("scaling policy `night-watch` is not in the manifest and stays; remove it with `aws application-autoscaling delete-scaling-policy");
    world.deploy("v1").exits(0);
    let names: Vec<String> = world.policies().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["ecsail-cpu", "night-watch"]);
}

#[test]
fn an_empty_mapping_removes_what_is_ours_and_keeps_the_range() {
    let world = scaled(AUTOSCALING);
    world.put_foreign("theirs", "ECSServiceAverageMemoryUtilization");
    world.write_autoscaling("    autoscaling: {}\n");
    world.plan_v1().exits(6).answers("  cpu: - 60");
    world.deploy("v1").exits(0);
    assert_eq!(world.policies(), [policy("theirs", 42.0)]);
    assert_eq!(range(&world.target()), (2, 6));
    world.plan_v1().exits(0);
}

#[test]
fn a_policy_that_the_manifest_names_is_taken_over() {
    let world = scaled("    autoscaling: { min: 2, max: 6 }\n");
    world.put_foreign("cpu", "ECSServiceAverageCPUUtilization");
    world.write_autoscaling(
        "    autoscaling: { policies: [ { PolicyName: cpu, TargetTrackingScalingPolicyConfiguration: { TargetValue: 50,
      PredefinedMetricSpecification: { PredefinedMetricType: ECSServiceAverageCPUUtilization } } } ] }\n",
    );
    let path = "policies[cpu].TargetTrackingScalingPolicyConfiguration.TargetValue: 42 → 50";
    world.plan_v1().exits(6).answers(path);
    world.deploy("v1").exits(0);
    assert_eq!(world.policies(), [policy("cpu", 50.0)]);
}

#[test]
fn a_metric_that_a_policy_of_others_tracks_is_refused_before_anything_changes() {
    let world = scaled("    autoscaling: { min: 2, max: 6 }\n");
    world.put_foreign("theirs", "ECSServiceAverageCPUUtilization");
    world.write_autoscaling(AUTOSCALING);
    let before = world.sandbox.requests().len();
    let run = world.deploy("v2").exits(5);
    run.says("policy `theirs` of service `web` tracks the same metric as `ecsail-cpu` already")
        .says("hint: AWS accepts one target tracking policy for a metric: delete `theirs`");
    let after = world.sandbox.requests();
    assert!(after[before..].iter().all(|request| request.operation != "RegisterTaskDefinition"));
}

#[test]
fn a_scheduled_action_is_created_changed_and_removed() {
    let action = |name: &str, schedule: &str, zone: &str| {
        format!(
            "    autoscaling:\n      min: 1\n      max: 4\n      scheduled_actions:\n        - ScheduledActionName: {name}\n\
             \x20         Schedule: {schedule}\n{zone}          EndTime: 2099-06-01T00:00:00Z\n\
             \x20         ScalableTargetAction: {{ MinCapacity: 0, MaxCapacity: 1 }}\n"
        )
    };
    let world = scaled(&action("ecsail-night", "cron(0 22 * * ? *)", "          Timezone: Asia/Tokyo\n"));
    let [night] = world.actions().try_into().expect("one action");
    assert_eq!((&night["Timezone"], &night["EndTime"]), (&json!("Asia/Tokyo"), &json!(4_083_955_200_i64)));
    world.plan_v1().exits(0);
    world.write_autoscaling(&action("ecsail-night", "cron(0 23 * * ? *)", ""));
    let run = world.plan_v1().exits(6);
    run.answers("scheduled_actions[ecsail-night].Schedule: cron(0 22 * * ? *) → cron(0 23 * * ? *)")
        .answers("scheduled_actions[ecsail-night].Timezone: Asia/Tokyo → UTC");
    world.deploy("v1").exits(0);
    world.plan_v1().exits(0);
    world.write_autoscaling("    autoscaling: { min: 1, max: 4 }\n");
    world.deploy("v1").exits(0);
    assert!(world.actions().is_empty());
}

#[test]
fn suspended_activities_stay_suspended() {
    let world = scaled(AUTOSCALING);
    world.run(&["scale", "web", "--suspend", "--yes"]).exits(0);
    world.plan_v1().exits(0);
    world.write_autoscaling("    autoscaling: { min: 1, max: 6, cpu: 60 }\n");
    world.deploy("v1").exits(0);
    let target = world.target();
    assert_eq!(range(&target), (1, 6));
    let suspended =
        target["SuspendedState"].as_object().expect("a state").values().all(|state| *state == true);
    assert!(suspended, "{target}");
}

#[test]
fn requests_for_each_target_name_the_load_balancer_and_its_target_group() {
    let (seeded, definition) = with_port_80(behind_target_group());
    let world =
        world_of("    autoscaling: { min: 2, max: 6, requests_per_target: 1000 }\n", seeded, &definition);
    world.plan_v1().exits(6).answers("  requests_per_target: + 1000");
    world.deploy("v1").exits(0);
    let sent = world.calls("PutScalingPolicy").pop().expect("a call").body;
    let metric = &sent["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"];
    let label = metric["ResourceLabel"].as_str().expect("a label");
    assert!(
        label.starts_with("app/sandbox/") && label.ends_with("/targetgroup/web/0123456789abcdef"),
        "{label}"
    );
    world.plan_v1().exits(0);
}

#[test]
fn requests_for_each_target_need_a_load_balancer() {
    let world = world("    autoscaling: { min: 2, max: 6, requests_per_target: 1000 }\n");
    let run = world.deploy("v2").exits(1);
    run.says("service `web` has no load balancer, which `requests_per_target` needs");
    world.unchanged();
}

#[test]
fn a_service_that_is_not_scaled_yet_needs_both_bounds() {
    for autoscaling in ["{ cpu: 60 }", "{ min: 2, cpu: 60 }", "{ max: 2 }"] {
        let world = world(&format!("    autoscaling: {autoscaling}\n"));
        let run = world.deploy("v2").exits(1);
        run.says("service `web` is not scaled automatically yet").says("write `min` and `max`");
        world.unchanged();
    }
}

#[test]
fn a_bound_beyond_the_one_that_is_there_is_refused() {
    let world = scaled(AUTOSCALING);
    world.write_autoscaling("    autoscaling: { min: 9 }\n");
    world
        .plan_v1()
        .exits(1)
        .says("the autoscaling of service `web` has no range: `min` is 9, and `max` is 6");
}

#[test]
fn policy_without_our_prefix_is_said_to_stay_once_it_is_created() {
    let metric = "PredefinedMetricSpecification: { PredefinedMetricType: ECSServiceAverageCPUUtilization }";
    let policy = format!(
        "    autoscaling:\n      min: 2\n      max: 6\n      policies:\n        - PolicyName: busy\n          \
         PolicyType: TargetTrackingScaling\n          TargetTrackingScalingPolicyConfiguration: {{ TargetValue: 50, {metric} }}\n"
    );
    let world = world(&policy);
    world.plan_v1().exits(6).answers("scaling policy `busy` stays when it is removed from the manifest");
    world.deploy("v1").exits(0);
    let run = world.plan_v1().exits(0);
    assert!(!run.stdout.contains("stays when it is removed"), "{}", run.stdout);
}
