//! The autoscaling of a service against moto, through the binary; boto3 reads the result. MiniStack has no Application Auto
//! Scaling.
//!
//! Ignored in a plain `cargo test`, as all conformance tests.

use serde_json::{Value, json};

use crate::support::emulator::Emulator;

/// Returns the manifest of a service that keeps its definition, with this autoscaling.
fn manifest(autoscaling: &str) -> String {
    format!(
        "ecsail: 1\nregion: us-east-1\ncluster: main\n\
         images: {{ app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/app }}\n\
         services:\n  web:\n    autoscaling:\n{autoscaling}"
    )
}

const WHOLE: &str = "      min: 2
      max: 6
      cpu: 60
      policies:
        - PolicyName: steps
          StepScalingPolicyConfiguration:
            AdjustmentType: ChangeInCapacity
            Cooldown: 60
            StepAdjustments: [ { MetricIntervalLowerBound: 0, ScalingAdjustment: 1 } ]
      scheduled_actions:
        - ScheduledActionName: ecsail-night
          Schedule: cron(0 22 * * ? *)
          Timezone: Asia/Tokyo
          EndTime: 2099-06-01T00:00:00Z
          ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 2 }
";

fn watched(autoscaling: &str) -> Emulator {
    Emulator::completed_moto().watched(&[("ecsail.yml", &manifest(autoscaling))])
}

fn range(state: &Value) -> [&Value; 2] {
    let target = &state["targets"]["service/main/web"];
    [&target["MinCapacity"], &target["MaxCapacity"]]
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_gets_a_scalable_target_with_policies_and_a_scheduled_action_once() {
    let emulator = watched(WHOLE);
    let (run, changes) = emulator.changes(&["deploy", "--tag", "v1"]);
    run.exits(0).says("web: autoscaling created");
    let expected = ["PutScalingPolicy", "PutScalingPolicy", "PutScheduledAction", "RegisterScalableTarget"];
    assert_eq!(changes, expected);
    let state = emulator.other_client(&["scaling"]);
    assert_eq!(range(&state), [&json!(2), &json!(6)]);
    let tracking = json!({"TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}});
    assert_eq!(state["policies"]["ecsail-cpu"]["TargetTrackingScalingPolicyConfiguration"], tracking);
    assert_eq!(state["policies"]["steps"]["PolicyType"], "StepScaling");
    assert_eq!(state["actions"]["ecsail-night"]["Timezone"], "Asia/Tokyo");
    emulator.is_unchanged(&["--tag", "v1"]).answers("autoscaling web: no changes");
    let (run, changes) = emulator.changes(&["deploy", "--tag", "v1"]);
    run.exits(0);
    assert_eq!(changes, [""; 0]);
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_autoscaling_is_changed_and_only_what_is_ours_is_removed() {
    let emulator = watched(WHOLE);
    emulator.folder.run(&["deploy", "--tag", "v1"]).exits(0);
    emulator.write("ecsail.yml", &manifest("      max: 9\n"));
    let run = emulator.folder.run(&["plan", "--tag", "v1", "--exit-code"]).exits(6);
    let run = run.answers("max: 6 → 9").answers("cpu: - 60").answers("of other owners, kept: steps");
    run.answers("scheduled_actions[ecsail-night].Schedule: - cron(0 22 * * ? *)");
    let (run, changes) = emulator.changes(&["deploy", "--tag", "v1"]);
    run.exits(0);
    assert_eq!(changes, ["DeleteScalingPolicy", "DeleteScheduledAction", "RegisterScalableTarget"]);
    let state = emulator.other_client(&["scaling"]);
    assert_eq!(range(&state), [&json!(2), &json!(9)]);
    let policies = state["policies"].as_object().expect("an object");
    let names: Vec<&str> = policies.keys().map(String::as_str).collect();
    assert_eq!((names, &state["actions"]), (vec!["steps"], &json!({})));
    emulator.is_unchanged(&["--tag", "v1"]);
}
