//! Validates `CreateSchedule` and `UpdateSchedule` inputs, with the scheduler's error messages.

use serde_json::Value;

use crate::api::ApiError;
use crate::expression;
use crate::params::{constraint_violation, required_name, text};

/// The most seconds that a start may lie in the past. This applies to an update that repeats an older start
/// too.
const MAX_START_AGE: f64 = 300.0;

/// Checks a `CreateSchedule` or `UpdateSchedule` input; `now` is in seconds since 1970.
pub(super) fn check_schedule(input: &Value, now: f64, region: &str) -> Result<(), ApiError> {
    if !input["ClientToken"].is_null() {
        required_name(input, "ClientToken", 64, "-_")?;
    }
    check_flexible_window(&input["FlexibleTimeWindow"])?;
    let given = text(input, "ScheduleExpression").ok_or_else(|| missing_member("scheduleExpression"))?;
    if !expression::is_schedule_expression(given) {
        return Err(ApiError::validation(format!("Invalid Schedule Expression {given}.")));
    }
    if let Some(zone) = text(input, "ScheduleExpressionTimezone").filter(|zone| !is_zone(zone)) {
        return Err(ApiError::validation(format!("Invalid ScheduleExpressionTimezone {zone}.")));
    }
    check_enumeration(input, "State", &["ENABLED", "DISABLED"])?;
    check_enumeration(input, "ActionAfterCompletion", &["NONE", "DELETE"])?;
    if let Some(long) = text(input, "Description").filter(|text| text.chars().count() > 512) {
        return Err(constraint_violation(
            "Description",
            long,
            "Member must have length less than or equal to 512",
        ));
    }
    let start = input["StartDate"].as_f64();
    let end = input["EndDate"].as_f64();
    if start.is_some_and(|start| start < now - MAX_START_AGE) {
        return Err(ApiError::validation("The StartDate you specify cannot be earlier than 5 minutes ago."));
    }
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        return Err(ApiError::validation("The StartDate you specify must come before the EndDate."));
    }
    check_target(&input["Target"], region)
}

fn missing_member(member: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Returns whether a time zone exists; any does where no time zone database is available.
fn is_zone(name: &str) -> bool {
    jiff::tz::db().is_definitively_empty() || jiff::tz::TimeZone::get(name).is_ok()
}

fn check_enumeration(input: &Value, member: &str, known: &[&str]) -> Result<(), ApiError> {
    match text(input, member).filter(|given| !known.contains(given)) {
        Some(given) => {
            let rule = format!("Member must satisfy enum value set: [{}]", known.join(", "));
            Err(constraint_violation(member, given, &rule))
        }
        None => Ok(()),
    }
}

fn check_flexible_window(window: &Value) -> Result<(), ApiError> {
    if !window.is_object() {
        return Err(missing_member("flexibleTimeWindow"));
    }
    text(window, "Mode").ok_or_else(|| missing_member("flexibleTimeWindow.mode"))?;
    check_enumeration(window, "Mode", &["OFF", "FLEXIBLE"])?;
    let minutes = window["MaximumWindowInMinutes"].as_i64();
    match (text(window, "Mode"), minutes) {
        (Some("FLEXIBLE"), None) => Err(ApiError::validation(
            "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.",
        )),
        (Some("OFF"), Some(_)) => Err(ApiError::validation(
            "A MaximumWindowInMinutes must not be provided when using the OFF FlexibleTimeWindow mode.",
        )),
        (_, Some(minutes)) => check_range("MaximumWindowInMinutes", minutes, 1, 1440),
        _ => Ok(()),
    }
}

fn check_range(member: &str, value: i64, least: i64, most: i64) -> Result<(), ApiError> {
    let (bound, than) = match value {
        _ if value < least => ("greater", least),
        _ if value > most => ("less", most),
        _ => return Ok(()),
    };
    let rule = format!("Member must have value {bound} than or equal to {than}");
    Err(constraint_violation(member, &value.to_string(), &rule))
}

fn check_target(target: &Value, region: &str) -> Result<(), ApiError> {
    if !target.is_object() {
        return Err(missing_member("target"));
    }
    let arn = text(target, "Arn").ok_or_else(|| missing_member("target.arn"))?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, place, _, resource] = parts[..] else {
        return Err(ApiError::validation(format!("Provided Arn is not in correct format. Arn: {arn}")));
    };
    if service == "ecs" && place != region {
        return Err(ApiError::validation(format!(
            "The target ARN provided does not match the current region {region}."
        )));
    }
    if text(target, "Input").is_some_and(|input| serde_json::from_str::<Value>(input).is_err()) {
        return Err(ApiError::validation("JSON syntax error in input for the target."));
    }
    let role = text(target, "RoleArn").ok_or_else(|| missing_member("target.roleArn"))?;
    if role.split(':').nth(2) != Some("iam") || !role.contains(":role/") {
        let rule = "Member must satisfy regular expression pattern: \
                    ^arn:aws(-[a-z]+)?:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+$";
        return Err(constraint_violation("RoleArn", role, rule));
    }
    let retries = &target["RetryPolicy"];
    for (member, least, most) in [("MaximumRetryAttempts", 0, 185), ("MaximumEventAgeInSeconds", 60, 86_400)]
    {
        retries[member].as_i64().map_or(Ok(()), |value| check_range(member, value, least, most))?;
    }
    let runs_tasks = service == "ecs" && resource.starts_with("cluster/");
    match (runs_tasks, &target["EcsParameters"]) {
        (true, task) => check_ecs_target(task),
        (false, Value::Null) => Ok(()),
        (false, _) => Err(ApiError::validation("Parameters EcsParameters not supported for the target.")),
    }
}

fn check_ecs_target(task: &Value) -> Result<(), ApiError> {
    if text(task, "TaskDefinitionArn").is_none_or(|arn| !arn.contains(":task-definition/")) {
        return Err(ApiError::validation(
            "EcsParameters with a TaskDefinitionArn must be provided for an ECS target.",
        ));
    }
    task["TaskCount"].as_i64().map_or(Ok(()), |count| check_range("TaskCount", count, 1, 10))?;
    let strategy = task["CapacityProviderStrategy"].as_array().is_some_and(|items| !items.is_empty());
    if strategy && !task["LaunchType"].is_null() {
        return Err(ApiError::validation("LaunchType and CapacityProviderStrategy cannot both be provided."));
    }
    let vpc = &task["NetworkConfiguration"]["awsvpcConfiguration"];
    if vpc.is_object() && vpc["Subnets"].as_array().is_none_or(|subnets| subnets.is_empty()) {
        return Err(missing_member("target.ecsParameters.networkConfiguration.awsvpcConfiguration.subnets"));
    }
    Ok(())
}
