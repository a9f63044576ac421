//! Tests of `autoscaling:` in the files: what is refused without AWS, with its place.

use crate::support::{DEFINITION, Folder, MANIFEST, Run};

/// Checks a manifest whose service `web` has this autoscaling, indented by six spaces.
fn check(autoscaling: &str) -> Run {
    let manifest = format!("{MANIFEST}    autoscaling:\n{autoscaling}");
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder.run(&["check"])
}

#[test]
fn a_maximum_below_the_minimum_is_an_error_at_its_place() {
    let run = check("      min: 4\n      max: 2\n").exits(1).says("error: `max` is below `min`: 2 and 4");
    run.says("--> ecsail.yml:12:12").says("at `services.web.autoscaling.max`");
}

#[test]
fn an_unknown_key_is_an_error_with_the_near_one() {
    let run = check("      mim: 4\n").exits(1).says("error: unknown key `mim`");
    run.says("--> ecsail.yml:11:7").says("did you mean `min`?");
}

#[test]
fn numbers_that_are_none_are_errors() {
    check("      min: -1\n").exits(1).says("`min` must be a number of tasks, found `-1`");
    check("      max: many\n").exits(1).says("`max` must be a number of tasks, found `many`");
    check("      cpu: 0\n").exits(1).says("`cpu` must be a number above 0, found `0`");
    check("      requests_per_target: .nan\n")
        .exits(1)
        .says("`requests_per_target` must be a number above 0");
}

#[test]
fn a_policy_is_read_as_aws_writes_it() {
    let policy = "      policies:
        - PolicyName: backlog
          StepScalingPolicyConfiguration:
            AdjustmentTyp: ChangeInCapacity
            StepAdjustments: [ { MetricIntervalLowerBound: 0, ScalingAdjustment: 1 } ]
";
    let run = check(policy).exits(1).says("error: unknown key `AdjustmentTyp`").says("--> ecsail.yml:14:13");
    run.says("did you mean `AdjustmentType`?");
    check(&policy.replace("AdjustmentTyp:", "AdjustmentType:")).exits(0);
    let wrong = policy.replace("AdjustmentTyp: ChangeInCapacity", "AdjustmentType: Change");
    check(&wrong).exits(1).says("`Change` is not one of `ChangeInCapacity`");
}

#[test]
fn what_describe_scaling_policies_returns_is_a_policy() {
    let policy = "      policies:
        - PolicyARN: arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1
          PolicyName: memory
          ServiceNamespace: ecs
          ResourceId: service/main/web
          ScalableDimension: ecs:service:DesiredCount
          PolicyType: TargetTrackingScaling
          TargetTrackingScalingPolicyConfiguration:
            TargetValue: 70.0
            PredefinedMetricSpecification: { PredefinedMetricType: ECSServiceAverageMemoryUtilization }
          Alarms: []
          CreationTime: 1700000000.0
";
    let run = check(policy).exits(0);
    run.says(
        "ignored members that Application Auto Scaling sets itself: `PolicyARN`, `Alarms`, `CreationTime`",
    );
    let other = policy.replace("service/main/web", "service/main/api");
    check(&other).exits(1).says(
        "`ResourceId` is the string `service/main/api`, but it is that of the service: `service/main/web`",
    );
}

#[test]
fn a_policy_without_a_name_or_a_configuration_is_an_error() {
    let unnamed =
        "      policies: [ { StepScalingPolicyConfiguration: { AdjustmentType: ExactCapacity } } ]\n";
    check(unnamed).exits(1).says("`PolicyName` is missing");
    check("      policies: [ { PolicyName: a } ]\n").exits(1).says("a policy must have one of");
    let no_value = "      policies: [ { PolicyName: a, TargetTrackingScalingPolicyConfiguration: {} } ]\n";
    check(no_value).exits(1).says("`TargetValue` is missing in `TargetTrackingScalingPolicyConfiguration`");
}

#[test]
fn two_policies_of_one_name_or_one_metric_are_an_error() {
    let cpu = "{ TargetValue: 50, PredefinedMetricSpecification: { PredefinedMetricType: ECSServiceAverageCPUUtilization } }";
    let named = |name: &str| {
        format!(
            "      cpu: 60\n      policies: [ {{ PolicyName: {name}, TargetTrackingScalingPolicyConfiguration: {cpu} }} ]\n"
        )
    };
    check(&named("ecsail-cpu")).exits(1).says("`ecsail-cpu` is there twice");
    check(&named("other")).exits(1).says("policy `other` tracks the metric of another policy");
}

#[test]
fn a_scheduled_action_has_a_schedule_and_a_range() {
    let action = |rest: &str| {
        check(&format!("      scheduled_actions: [ {{ ScheduledActionName: night, {rest} }} ]\n"))
    };
    action("Schedule: cron(0 22 * * ? *), ScalableTargetAction: { MinCapacity: 0 }").exits(0);
    action("ScalableTargetAction: { MinCapacity: 0 }")
        .exits(1)
        .says("a scheduled action must have a `Schedule`");
    action("Schedule: rate(1 day)").exits(1).says("a scheduled action must set a bound");
    let reversed = "Schedule: rate(1 day), ScalableTargetAction: { MinCapacity: 3, MaxCapacity: 1 }";
    action(reversed).exits(1).says("`MaxCapacity` is below `MinCapacity`: 1 and 3");
    let wrong = "Schedule: rate(1 day), ScalableTargetAction: { MinCapacity: 3 }, EndTime: tomorrow";
    action(wrong).exits(1).says("`EndTime` is not a time");
}

#[test]
fn the_check_of_a_schedule_can_be_switched_off() {
    let action = "      scheduled_actions:
        - ScheduledActionName: night
          Schedule: cron(0 25 * * ? *)
          Timezone: Europe/Atlantis
          ScalableTargetAction: { MinCapacity: 0 }
";
    let run = check(action).exits(1).says("[scaling-schedule]");
    run.says("--> ecsail.yml:13:21").says("--> ecsail.yml:14:21");
    check(&format!("{action}    ignore: [ scaling-schedule ]\n")).exits(0);
}

#[test]
fn a_stage_changes_a_bound_and_null_takes_the_key_away() {
    let manifest = format!(
        "{MANIFEST}    autoscaling: {{ min: 2, max: 4 }}\nstages:\n  small: {{ services: {{ web: {{ autoscaling: {{ max: 1 }} }} }} }}\n\
         \x20 none: {{ services: {{ web: {{ autoscaling: null }} }} }}\n"
    );
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder.run(&["check", "--stage", "small"]).exits(1).says("`max` is below `min`: 1 and 2");
    folder.run(&["check", "--stage", "none"]).exits(0);
}

#[test]
fn a_value_may_come_from_a_template() {
    let manifest = format!(
        "{MANIFEST}    autoscaling: {{ min: '{{{{ vars.least }}}}', max: 4 }}\nvars: {{ least: 2 }}\n"
    );
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    folder.run(&["check"]).exits(0);
    let run = folder.run(&["check", "--set", "least=9"]).exits(1);
    run.says("`max` is below `min`: 4 and 9");
}
