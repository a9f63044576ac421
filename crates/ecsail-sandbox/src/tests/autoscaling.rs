//! Application Auto Scaling: the range of a service's tasks.

use serde_json::{Value, json};

use super::http::post;
use super::support::seeded_sandbox;
use crate::{ApiError, Clock, Options, Sandbox};

impl Sandbox {
    fn scaling(&self, operation: &str, members: Value) -> Result<Value, ApiError> {
        let mut input = json!({ "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount" });
        members.as_object().into_iter().flatten().for_each(|(k, v)| input[k.as_str()] = v.clone());
        self.call("application-autoscaling", operation, input)
    }

    fn register(&self, members: Value) -> Result<Value, ApiError> {
        let mut input = json!({ "ResourceId": "service/shop/web" });
        members.as_object().into_iter().flatten().for_each(|(k, v)| input[k.as_str()] = v.clone());
        self.scaling("RegisterScalableTarget", input)
    }

    fn target(&self) -> Value {
        let asked = json!({ "ResourceIds": ["service/shop/web"] });
        self.scaling("DescribeScalableTargets", asked).expect("answers")["ScalableTargets"][0].clone()
    }
}

#[test]
fn a_target_is_registered_changed_and_deregistered() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    assert!(sandbox.target().is_null());
    sandbox.register(json!({ "MinCapacity": 1, "MaxCapacity": 4 })).expect("a range");
    sandbox.register(json!({ "MaxCapacity": 6 })).expect("a wider one");
    let suspended = json!({ "SuspendedState": { "DynamicScalingInSuspended": true } });
    sandbox.register(suspended).expect("suspended");
    let target = sandbox.target();
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(1), &json!(6)));
    let state = json!({ "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false,
        "ScheduledScalingSuspended": false });
    assert_eq!(target["SuspendedState"], state);
    let again =
        Sandbox::start(Options { clock: Clock::Held, state: Some(sandbox.save()), ..Options::default() });
    assert_eq!(again.expect("the state is good").target(), target);
    let id = json!({ "ResourceId": "service/shop/web" });
    sandbox.scaling("DeregisterScalableTarget", id.clone()).expect("it is there");
    let gone = sandbox.scaling("DeregisterScalableTarget", id).expect_err("it is gone");
    assert_eq!(gone.code, "ObjectNotFoundException");
}

#[test]
fn the_desired_count_is_put_into_the_range() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    sandbox.register(json!({ "MinCapacity": 3, "MaxCapacity": 4 })).expect("a range");
    assert_eq!(sandbox.web()["desiredCount"], 3);
    sandbox.until(90, |sandbox| sandbox.web()["runningCount"] == 3);
    assert_eq!(sandbox.web()["deployments"].as_array().map(Vec::len), Some(1), "no deployment is started");
}

#[test]
fn what_makes_no_range_is_refused() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let message = |members: Value| {
        let error = sandbox.register(members).expect_err("refused");
        assert_eq!(error.code, "ValidationException");
        error.message
    };
    assert!(message(json!({ "MinCapacity": 1 })).contains("required"));
    let reversed = message(json!({ "MinCapacity": 3, "MaxCapacity": 1 }));
    assert_eq!(reversed, "Maximum capacity cannot be less than minimum capacity");
    let range = json!({ "ResourceId": "service/shop/api", "MinCapacity": 1, "MaxCapacity": 2 });
    assert_eq!(message(range), "ECS service doesn't exist: service/shop/api");
}

#[test]
fn its_errors_have_a_message_with_a_capital() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let answer = post(&sandbox, "application-autoscaling", "DescribeScalableTargets", &json!({}));
    assert_eq!(answer.status, 400);
    assert!(answer.json()["Message"].as_str().is_some_and(|text| text.contains("'serviceNamespace'")));
}

/// Returns a `PutScalingPolicy` input that tracks the average CPU utilization.
fn tracking(name: &str, target: i64) -> Value {
    json!({ "ResourceId": "service/shop/web", "PolicyName": name, "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": { "TargetValue": target,
            "PredefinedMetricSpecification": { "PredefinedMetricType": "ECSServiceAverageCPUUtilization" } } })
}

/// Returns a `PutScheduledAction` input.
fn nightly(members: Value) -> Value {
    let mut input = json!({ "ResourceId": "service/shop/web", "ScheduledActionName": "night",
        "Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": { "MinCapacity": 0, "MaxCapacity": 1 } });
    members.as_object().into_iter().flatten().for_each(|(k, v)| input[k.as_str()] = v.clone());
    input
}

/// Returns a sandbox whose service `web` is a scalable target.
fn scalable(service: Value) -> Sandbox {
    let sandbox = seeded_sandbox(Clock::Held, service);
    sandbox.register(json!({ "MinCapacity": 1, "MaxCapacity": 4 })).expect("a range");
    sandbox
}

fn policies(sandbox: &Sandbox) -> Vec<Value> {
    let asked = json!({ "ResourceId": "service/shop/web" });
    let answer = sandbox.scaling("DescribeScalingPolicies", asked).expect("answers");
    answer["ScalingPolicies"].as_array().cloned().unwrap_or_default()
}

fn actions(sandbox: &Sandbox) -> Vec<Value> {
    let asked = json!({ "ResourceId": "service/shop/web" });
    let answer = sandbox.scaling("DescribeScheduledActions", asked).expect("answers");
    answer["ScheduledActions"].as_array().cloned().unwrap_or_default()
}

fn refusal(sandbox: &Sandbox, operation: &str, input: Value) -> String {
    let error = sandbox.scaling(operation, input).expect_err("refused");
    format!("{}: {}", error.code, error.message)
}

#[test]
fn a_policy_is_put_and_put_again_and_deleted() {
    let sandbox = scalable(json!({}));
    let put = sandbox.scaling("PutScalingPolicy", tracking("cpu", 60)).expect("a policy");
    let name = |alarm: &Value| alarm["AlarmName"].as_str().unwrap_or_default().to_owned();
    let alarms: Vec<String> = put["Alarms"].as_array().into_iter().flatten().map(name).collect();
    assert!(alarms[0].starts_with("TargetTracking-service/shop/web-AlarmHigh-"), "{alarms:?}");
    assert!(alarms[1].starts_with("TargetTracking-service/shop/web-AlarmLow-"), "{alarms:?}");
    let again = sandbox.scaling("PutScalingPolicy", tracking("cpu", 70)).expect("the same policy");
    assert_eq!(again["PolicyARN"], put["PolicyARN"]);
    let [policy] = policies(&sandbox).try_into().expect("one policy");
    assert_eq!(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"], 70.0);
    assert_eq!((&policy["PolicyName"], &policy["Alarms"]), (&json!("cpu"), &put["Alarms"]));
    let named = json!({ "ResourceId": "service/shop/web", "PolicyName": "cpu" });
    sandbox.scaling("DeleteScalingPolicy", named.clone()).expect("it is there");
    let gone = refusal(&sandbox, "DeleteScalingPolicy", named);
    assert!(gone.starts_with("ObjectNotFoundException: No scaling policy found"), "{gone}");
}

#[test]
fn a_policy_that_does_not_scale_in_has_one_alarm() {
    let sandbox = scalable(json!({}));
    let mut input = tracking("cpu", 60);
    input["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] = json!(true);
    let put = sandbox.scaling("PutScalingPolicy", input).expect("a policy");
    assert_eq!(put["Alarms"].as_array().map(Vec::len), Some(1));
}

#[test]
fn policies_are_returned_in_pages_of_ten() {
    let sandbox = scalable(json!({}));
    for number in 0..11 {
        let step = json!({ "ResourceId": "service/shop/web", "PolicyName": format!("step-{number}"),
            "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": { "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{ "MetricIntervalLowerBound": 0, "ScalingAdjustment": 1 }] } });
        sandbox.scaling("PutScalingPolicy", step).expect("a policy");
    }
    let first = sandbox.scaling("DescribeScalingPolicies", json!({})).expect("answers");
    assert_eq!(first["ScalingPolicies"].as_array().map(Vec::len), Some(10));
    let next = json!({ "NextToken": first["NextToken"] });
    let second = sandbox.scaling("DescribeScalingPolicies", next).expect("answers");
    assert_eq!(second["ScalingPolicies"].as_array().map(Vec::len), Some(1));
    assert!(second["NextToken"].is_null());
}

#[test]
fn policies_that_aws_refuses_are_refused_in_its_words() {
    let sandbox = seeded_sandbox(Clock::Held, json!({}));
    let refused = |input: Value| refusal(&sandbox, "PutScalingPolicy", input);
    let without_target = refused(tracking("cpu", 60));
    let expected = "ObjectNotFoundException: No scalable target registered for service namespace: ecs, resource ID: \
                    service/shop/web, scalable dimension: ecs:service:DesiredCount";
    assert_eq!(without_target, expected);
    sandbox.register(json!({ "MinCapacity": 1, "MaxCapacity": 4 })).expect("a range");
    sandbox.scaling("PutScalingPolicy", tracking("cpu", 60)).expect("a policy");
    let twice = "ValidationException: Only one TargetTrackingScaling policy for a given metric specification is allowed.";
    assert_eq!(refused(tracking("other", 70)), twice);
    let mut changed = tracking("memory", 60);
    changed["PolicyType"] = json!("Tracking");
    assert!(
        refused(changed.clone()).contains("Value 'Tracking' at 'policyType' failed to satisfy constraint")
    );
    changed["PolicyType"] = json!("StepScaling");
    assert!(refused(changed).contains("cannot be specified for policy type StepScaling"));
    let mut no_value = tracking("memory", 60);
    no_value["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] = Value::Null;
    assert!(refused(no_value).contains("'targetTrackingScalingPolicyConfiguration.targetValue'"));
    let mut requests = tracking("requests", 60);
    let metric = &mut requests["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"];
    *metric = json!({ "PredefinedMetricType": "ALBRequestCountPerTarget" });
    assert!(refused(requests).contains("Resource label should be specified"));
}

#[test]
fn a_label_names_a_target_group_of_the_service() {
    let sandbox = scalable(super::support::balanced());
    let group = super::support::GROUP.rsplit(':').next().unwrap_or_default();
    let with_label = |label: String| {
        let mut input = tracking("requests", 1000);
        input["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"] =
            json!({ "PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label });
        input
    };
    let foreign = with_label("app/sandbox/0123456789abcdef/targetgroup/api/0123456789abcdef".to_owned());
    assert!(refusal(&sandbox, "PutScalingPolicy", foreign).contains("Invalid resource label"));
    let own = with_label(format!("app/sandbox/0123456789abcdef/{group}"));
    sandbox.scaling("PutScalingPolicy", own).expect("its own");
}

#[test]
fn a_scheduled_action_keeps_what_is_not_given_except_for_its_times() {
    let sandbox = scalable(json!({}));
    let first =
        nightly(json!({ "Timezone": "Asia/Tokyo", "StartTime": 1_800_000_000, "EndTime": 1_900_000_000 }));
    sandbox.scaling("PutScheduledAction", first).expect("an action");
    let changed = json!({ "ResourceId": "service/shop/web", "ScheduledActionName": "night",
        "Schedule": "cron(0 23 * * ? *)" });
    sandbox.scaling("PutScheduledAction", changed).expect("another time");
    let [action] = actions(&sandbox).try_into().expect("one action");
    assert_eq!(
        (&action["Schedule"], &action["Timezone"]),
        (&json!("cron(0 23 * * ? *)"), &json!("Asia/Tokyo"))
    );
    assert_eq!(action["ScalableTargetAction"], json!({ "MinCapacity": 0, "MaxCapacity": 1 }));
    assert!(action["StartTime"].is_null() && action["EndTime"].is_null(), "{action}");
    let named = json!({ "ResourceId": "service/shop/web", "ScheduledActionName": "night" });
    sandbox.scaling("DeleteScheduledAction", named.clone()).expect("it is there");
    let gone = refusal(&sandbox, "DeleteScheduledAction", named);
    assert!(gone.starts_with("ObjectNotFoundException: No scheduled action found"), "{gone}");
}

#[test]
fn scheduled_actions_that_aws_refuses_are_refused_in_its_words() {
    let sandbox = scalable(json!({}));
    let refused = |members: Value| refusal(&sandbox, "PutScheduledAction", nightly(members));
    let nothing =
        "ValidationException: At least one of minimum capacity and maximum capacity should be provided";
    assert_eq!(refused(json!({ "ScalableTargetAction": {} })), nothing);
    let reversed = json!({ "ScalableTargetAction": { "MinCapacity": 2, "MaxCapacity": 1 } });
    assert!(refused(reversed).contains("Maximum capacity cannot be less than minimum capacity"));
    assert!(refused(json!({ "Schedule": "every night" })).contains("every night"));
    assert!(refused(json!({ "Schedule": null })).contains("Value null at 'schedule'"));
    assert!(refused(json!({ "Timezone": "Mars/Olympus" })).contains("Mars/Olympus"));
    assert!(refused(json!({ "ScheduledActionName": "a:b" })).contains("regular expression pattern"));
}

#[test]
fn a_target_that_is_deregistered_loses_its_policies_and_actions() {
    let sandbox = scalable(json!({}));
    sandbox.scaling("PutScalingPolicy", tracking("cpu", 60)).expect("a policy");
    sandbox.scaling("PutScheduledAction", nightly(json!({}))).expect("an action");
    let id = json!({ "ResourceId": "service/shop/web" });
    sandbox.scaling("DeregisterScalableTarget", id).expect("it is there");
    sandbox.register(json!({ "MinCapacity": 1, "MaxCapacity": 4 })).expect("a range");
    assert!(policies(&sandbox).is_empty() && actions(&sandbox).is_empty());
}

#[test]
fn a_changed_range_keeps_the_policies_and_the_suspension() {
    let sandbox = scalable(json!({}));
    sandbox.scaling("PutScalingPolicy", tracking("cpu", 60)).expect("a policy");
    let suspended = json!({ "SuspendedState": { "ScheduledScalingSuspended": true } });
    sandbox.register(suspended).expect("suspended");
    sandbox.register(json!({ "MaxCapacity": 9 })).expect("a wider range");
    assert_eq!(sandbox.target()["SuspendedState"]["ScheduledScalingSuspended"], true);
    assert_eq!(policies(&sandbox).len(), 1);
}
