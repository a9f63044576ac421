//! Tests of `ecsail init`: the autoscaling of services.

use serde_json::{Value, json};

use super::{adopted, plan_is_empty, running, text};
use crate::support::{World, service};

fn scaling(world: &World, operation: &str, members: Value) {
    let mut input = json!({"ServiceNamespace": "ecs", "ResourceId": "service/main/web",
        "ScalableDimension": "ecs:service:DesiredCount"});
    for (name, value) in members.as_object().into_iter().flatten() {
        input[name.as_str()] = value.clone();
    }
    let answer = world.sandbox.call("application-autoscaling", operation, input);
    answer.unwrap_or_else(|error| panic!("{operation}: {error}"));
}

fn tracking(name: &str, metric: &str) -> Value {
    json!({"PolicyName": name, "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 55, "ScaleInCooldown": 120,
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}})
}

#[test]
fn the_autoscaling_of_a_service_is_written_as_it_is() {
    let world = running(&[service("web", json!({})), service("worker", json!({}))]);
    scaling(&world, "RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 6}));
    scaling(&world, "PutScalingPolicy", tracking("by-cpu", "ECSServiceAverageCPUUtilization"));
    scaling(
        &world,
        "PutScheduledAction",
        json!({"ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)",
        "Timezone": "Asia/Tokyo", "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 2}}),
    );
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    let manifest = text(&world, "ecsail.yml");
    for line in
        ["min: 1", "max: 6", "PolicyName: by-cpu", "ScaleInCooldown: 120", "ScheduledActionName: night"]
    {
        assert!(manifest.contains(line), "{line} is not in {manifest}");
    }
    assert_eq!(manifest.matches("autoscaling:").count(), 1, "{manifest}");
}

#[test]
fn the_autoscaling_that_a_deploy_keeps_has_its_short_form() {
    let world = running(&[service("web", json!({}))]);
    scaling(&world, "RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 6}));
    let mut policy = tracking("ecsail-cpu", "ECSServiceAverageCPUUtilization");
    policy["TargetTrackingScalingPolicyConfiguration"]["ScaleInCooldown"] = Value::Null;
    scaling(&world, "PutScalingPolicy", policy);
    adopted(&world, &[]);
    plan_is_empty(&world, &["--tag", "v1"]);
    assert!(text(&world, "ecsail.yml").contains("      cpu: 55\n"));
}
