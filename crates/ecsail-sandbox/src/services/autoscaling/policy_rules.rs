//! Validates scaling policies, with AWS's error messages.

use serde_json::{Map, Value};

use super::metric::check_metric;
use super::resource::{check_value, missing};
use crate::api::ApiError;
use crate::model::ScalingPolicy;
use crate::state::Resources;

const TYPES: [&str; 3] = ["PredictiveScaling", "StepScaling", "TargetTrackingScaling"];
const STEP: &str = "StepScalingPolicyConfiguration";
const TRACKING: &str = "TargetTrackingScalingPolicyConfiguration";
const PREDICTIVE: &str = "PredictiveScalingPolicyConfiguration";
/// Quota "Step adjustments per step scaling policy".
const MAX_STEPS: usize = 20;

/// Checks the settings of a policy of the target `id`, which has these other policies.
pub(super) fn check_policy<'a>(
    settings: &Map<String, Value>,
    others: impl Iterator<Item = &'a ScalingPolicy>,
    resources: &Resources,
    id: &str,
) -> Result<(), ApiError> {
    let given = Value::Object(settings.clone());
    check_value(&given, "PolicyType", "policyType", &TYPES)?;
    // Step scaling is the type of a policy without one (hashicorp/terraform-provider-aws#3520).
    let kind = given["PolicyType"].as_str().unwrap_or("StepScaling");
    let own = match kind {
        "TargetTrackingScaling" => TRACKING,
        "PredictiveScaling" => PREDICTIVE,
        _ => STEP,
    };
    if let Some(other) = [STEP, TRACKING, PREDICTIVE].into_iter().find(|c| *c != own && given[*c].is_object())
    {
        return Err(ApiError::validation(format!("{other} cannot be specified for policy type {kind}")));
    }
    let Some(configuration) = settings.get(own).filter(|configuration| configuration.is_object()) else {
        return Err(ApiError::validation(format!("{own} must be specified for policy type {kind}")));
    };
    match own {
        TRACKING => check_tracking(configuration, others, resources, id),
        STEP => check_steps(configuration),
        _ => check_predictive(configuration),
    }
}

fn check_tracking<'a>(
    tracking: &Value,
    mut others: impl Iterator<Item = &'a ScalingPolicy>,
    resources: &Resources,
    id: &str,
) -> Result<(), ApiError> {
    if tracking["TargetValue"].as_f64().is_none() {
        return Err(missing("targetTrackingScalingPolicyConfiguration.targetValue"));
    }
    for cooldown in ["ScaleInCooldown", "ScaleOutCooldown"] {
        if tracking[cooldown].as_i64().is_some_and(|seconds| seconds < 0) {
            return Err(ApiError::validation(format!("{cooldown} must be greater than or equal to 0")));
        }
    }
    check_metric(tracking, resources, id)?;
    let metric = |of: &Value| {
        (of["PredefinedMetricSpecification"].clone(), of["CustomizedMetricSpecification"].clone())
    };
    let same = |policy: &ScalingPolicy| {
        policy.settings.get(TRACKING).is_some_and(|other| metric(other) == metric(tracking))
    };
    if others.any(same) {
        // hashicorp/terraform-provider-aws#41179
        return Err(ApiError::validation(
            "Only one TargetTrackingScaling policy for a given metric specification is allowed.",
        ));
    }
    Ok(())
}

fn check_steps(steps: &Value) -> Result<(), ApiError> {
    let path = "stepScalingPolicyConfiguration";
    let types = ["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"];
    check_value(steps, "AdjustmentType", &format!("{path}.adjustmentType"), &types)?;
    let aggregations = ["Average", "Minimum", "Maximum"];
    check_value(steps, "MetricAggregationType", &format!("{path}.metricAggregationType"), &aggregations)?;
    if steps["AdjustmentType"].is_null() {
        return Err(ApiError::validation("AdjustmentType is required for step scaling policies"));
    }
    let adjustments = steps["StepAdjustments"].as_array().map(Vec::as_slice).unwrap_or_default();
    if adjustments.is_empty() {
        return Err(ApiError::validation("At least one StepAdjustment is required"));
    }
    if adjustments.len() > MAX_STEPS {
        let message = format!("Maximum number of step adjustments per policy exceeded: {MAX_STEPS}");
        return Err(ApiError::new("LimitExceededException", message));
    }
    for (index, step) in adjustments.iter().enumerate() {
        if step["ScalingAdjustment"].as_i64().is_none() {
            let at = format!("{path}.stepAdjustments.{}.member.scalingAdjustment", index + 1);
            return Err(missing(&at));
        }
    }
    let upper = |step: &&Value| step["MetricIntervalUpperBound"].as_f64();
    let positive = adjustments.iter().any(|step| upper(&step).is_some_and(|bound| bound > 0.0));
    if positive && adjustments.iter().all(|step| upper(&step).is_some()) {
        // hashicorp/terraform-provider-aws#9077
        return Err(ApiError::validation(
            "There must be a StepAdjustment with an unspecified upper bound (i.e., upper bound is null) when one \
             StepAdjustment has a positive upper bound",
        ));
    }
    Ok(())
}

fn check_predictive(predictive: &Value) -> Result<(), ApiError> {
    let path = "predictiveScalingPolicyConfiguration";
    check_value(predictive, "Mode", &format!("{path}.mode"), &["ForecastAndScale", "ForecastOnly"])?;
    match predictive["MetricSpecifications"].as_array().map(Vec::as_slice) {
        None => Err(missing(&format!("{path}.metricSpecifications"))),
        Some([one]) if one["TargetValue"].as_f64().is_none() => {
            Err(missing(&format!("{path}.metricSpecifications.1.member.targetValue")))
        }
        Some([_]) => Ok(()),
        Some(_) => Err(ApiError::validation("Exactly one metric specification should be specified")),
    }
}
