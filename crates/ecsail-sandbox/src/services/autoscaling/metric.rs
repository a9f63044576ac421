//! Checks the metric of a target tracking policy.

use serde_json::Value;

use super::resource::{check_value, missing};
use crate::api::ApiError;
use crate::state::Resources;

const CONFIGURATION: &str = "targetTrackingScalingPolicyConfiguration";
/// The predefined metrics of ECS services (API reference, `PredefinedMetricSpecification`).
const PREDEFINED: [&str; 5] = [
    "ALBRequestCountPerTarget",
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageCPUUtilizationHighResolution",
    "ECSServiceAverageMemoryUtilization",
    "ECSServiceAverageMemoryUtilizationHighResolution",
];
const STATISTICS: [&str; 5] = ["Average", "Minimum", "Maximum", "SampleCount", "Sum"];
const REQUESTS: &str = "ALBRequestCountPerTarget";

/// Checks the metric of a target tracking configuration.
pub(super) fn check_metric(tracking: &Value, resources: &Resources, id: &str) -> Result<(), ApiError> {
    let predefined = &tracking["PredefinedMetricSpecification"];
    let customized = &tracking["CustomizedMetricSpecification"];
    match (predefined.is_object(), customized.is_object()) {
        (true, false) => check_predefined(predefined, resources, id),
        (false, true) => check_customized(customized),
        _ => Err(ApiError::validation(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification should be specified",
        )),
    }
}

fn check_predefined(predefined: &Value, resources: &Resources, id: &str) -> Result<(), ApiError> {
    let path = format!("{CONFIGURATION}.predefinedMetricSpecification.predefinedMetricType");
    let Some(kind) = predefined["PredefinedMetricType"].as_str() else { return Err(missing(&path)) };
    check_value(predefined, "PredefinedMetricType", &path, &PREDEFINED)?;
    let label = predefined["ResourceLabel"].as_str();
    match (kind, label) {
        // terraform-aws-modules/terraform-aws-autoscaling#192
        (REQUESTS, None) => Err(ApiError::validation(
            "Resource label should be specified for predefined metric type ALBRequestCountPerTarget",
        )),
        (REQUESTS, Some(label)) if !is_label_of_service(label, resources, id) => {
            Err(ApiError::validation(format!("Invalid resource label: {label}")))
        }
        (REQUESTS, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(ApiError::validation(format!(
            "Resource label should not be specified for predefined metric type {kind}"
        ))),
    }
}

/// Returns whether a label is `app/NAME/ID/targetgroup/NAME/ID`, with a target group that is attached to the service.
fn is_label_of_service(label: &str, resources: &Resources, id: &str) -> bool {
    let parts: Vec<&str> = label.split('/').collect();
    let ["app", _, _, "targetgroup", group, group_id] = parts[..] else { return false };
    let suffix = format!(":targetgroup/{group}/{group_id}");
    let service = id.strip_prefix("service/").and_then(|id| id.split_once('/'));
    let service =
        service.and_then(|(cluster, name)| resources.services.get(&crate::arn::service_key(cluster, name)));
    let balancers = service.and_then(|service| service.config.get("loadBalancers")).and_then(Value::as_array);
    let mut arns = balancers.into_iter().flatten().filter_map(|balancer| balancer["targetGroupArn"].as_str());
    arns.any(|arn| arn.ends_with(&suffix))
}

fn check_customized(customized: &Value) -> Result<(), ApiError> {
    let path = format!("{CONFIGURATION}.customizedMetricSpecification.statistic");
    check_value(customized, "Statistic", &path, &STATISTICS)?;
    let queries = customized["Metrics"].as_array();
    if queries.is_some_and(|queries| !queries.is_empty()) {
        return Ok(());
    }
    let is_absent = |member: &&str| customized[*member].as_str().is_none_or(str::is_empty);
    match ["MetricName", "Namespace", "Statistic"].iter().find(|member| is_absent(member)) {
        Some(member) => {
            let member = super::resource::lower(member);
            Err(missing(&format!("{CONFIGURATION}.customizedMetricSpecification.{member}")))
        }
        None => Ok(()),
    }
}
