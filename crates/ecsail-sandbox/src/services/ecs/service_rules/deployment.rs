//! Checks the deployment configuration of a service: percents, strategy, hooks, breaker.

use serde_json::Value;

use super::{CheckResult, has_items, items, member_text};
use crate::api::invalid_if;

pub(super) fn check(config: &Value) -> CheckResult {
    let given = &config["deploymentConfiguration"];
    let controller = member_text(&config["deploymentController"], "type");
    let daemon = config["schedulingStrategy"] == "DAEMON";
    if matches!(controller, "" | "ECS") {
        check_percents(given, daemon)?;
    }
    check_breaker(given)?;
    check_traffic(given)?;
    items(given, "lifecycleHooks").try_for_each(check_hook)?;
    check_early_success(given)
}

fn check_percents(given: &Value, daemon: bool) -> CheckResult {
    let most = given["maximumPercent"].as_u64().unwrap_or(if daemon { 100 } else { 200 });
    let least = given["minimumHealthyPercent"].as_u64().unwrap_or(if daemon { 0 } else { 100 });
    invalid_if(least > 100, "minimumHealthyPercent must be at most 100.")?;
    invalid_if(
        daemon && most > 100,
        "The daemon scheduling strategy does not support values above 100 for maximumPercent.",
    )?;
    invalid_if(most < 100, "maximumPercent must be at least 100.")?;
    let rolling = matches!(member_text(given, "strategy"), "" | "ROLLING");
    invalid_if(
        rolling && most == 100 && least == 100,
        "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
    )
}

fn check_breaker(given: &Value) -> CheckResult {
    let threshold = &given["deploymentCircuitBreaker"]["thresholdConfiguration"];
    invalid_if(
        threshold.is_object() && threshold["value"].as_i64().is_none_or(|value| value <= 0),
        "Invalid deployment circuit breaker threshold value.",
    )
}

fn check_traffic(given: &Value) -> CheckResult {
    let strategy = member_text(given, "strategy");
    for (member, name, wanted) in
        [("linearConfiguration", "Linear", "LINEAR"), ("canaryConfiguration", "Canary", "CANARY")]
    {
        invalid_if(
            given[member].is_object() && strategy != wanted,
            format!("{name} configuration can only be present with {wanted} deployment strategy."),
        )?;
    }
    for (block, member, low, high) in [
        ("linearConfiguration", "stepPercent", 3.0, 100.0),
        ("linearConfiguration", "stepBakeTimeInMinutes", 0.0, 1440.0),
        ("canaryConfiguration", "canaryPercent", 0.1, 100.0),
        ("canaryConfiguration", "canaryBakeTimeInMinutes", 0.0, 1440.0),
    ] {
        let value = given[block][member].as_f64();
        invalid_if(
            value.is_some_and(|value| !(low..=high).contains(&value)),
            format!("{member} must be between {low} and {high}."),
        )?;
    }
    let bake = given["bakeTimeInMinutes"].as_i64();
    invalid_if(
        bake.is_some_and(|minutes| !(0..=1440).contains(&minutes)),
        "bakeTimeInMinutes must be between 0 and 1440.",
    )
}

fn check_hook(hook: &Value) -> CheckResult {
    invalid_if(
        !has_items(hook, "lifecycleStages"),
        "Lifecycle stage cannot be null or empty for any deployment lifecycle hooks.",
    )?;
    let pauses = hook["targetType"] == "PAUSE";
    let lacks = |name: &str| member_text(hook, name).is_empty();
    invalid_if(
        !pauses && (lacks("roleArn") || lacks("hookTargetArn")),
        "Role arn or Hook Target arn is missing for one or more deployment lifecycle hooks.",
    )?;
    let mut stages = items(hook, "lifecycleStages");
    invalid_if(
        pauses && stages.any(|stage| stage == "TEST_TRAFFIC_SHIFT" || stage == "PRODUCTION_TRAFFIC_SHIFT"),
        "PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT stages.",
    )
}

fn check_early_success(given: &Value) -> CheckResult {
    let criteria = &given["earlySuccessCriteria"];
    if criteria["enable"] != true {
        return Ok(());
    }
    invalid_if(
        !matches!(member_text(given, "strategy"), "" | "ROLLING"),
        "Early success criteria can only be used with the ROLLING deployment strategy.",
    )?;
    invalid_if(
        criteria["healthyPercent"].is_null() || criteria["sourceServiceRevisionCleanup"].is_null(),
        "healthyPercent and sourceServiceRevisionCleanup are required when early success criteria is enabled.",
    )?;
    let healthy = criteria["healthyPercent"].as_u64();
    let least = given["minimumHealthyPercent"].as_u64();
    invalid_if(
        healthy.zip(least).is_some_and(|(healthy, least)| healthy < least),
        "healthyPercent must be greater than or equal to minimumHealthyPercent.",
    )
}
