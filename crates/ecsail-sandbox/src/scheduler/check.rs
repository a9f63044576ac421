//! What the scheduler refuses in a schedule. Owns the messages; never touches state.

use serde_json::Value;

use super::invalid;
use crate::expression;
use crate::params::{need_name, text, unsatisfied};
use crate::wire::ApiError;

/// How many seconds a start may lie back; an update that only repeats an older one is refused too.
const OLDEST_START: f64 = 300.0;

/// Checks what CreateSchedule and UpdateSchedule are given; `now` is in seconds since 1970.
pub(super) fn schedule(input: &Value, now: f64) -> Result<(), ApiError> {
    if !input["ClientToken"].is_null() {
        need_name(input, "ClientToken", 64, "-_")?;
    }
    window(&input["FlexibleTimeWindow"])?;
    let given = text(input, "ScheduleExpression").ok_or_else(|| null("scheduleExpression"))?;
    if !expression::fits_schedule(given) {
        return Err(invalid(format!("Invalid Schedule Expression {given}.")));
    }
    if let Some(zone) = text(input, "ScheduleExpressionTimezone").filter(|zone| !is_zone(zone)) {
        return Err(invalid(format!("Invalid ScheduleExpressionTimezone {zone}.")));
    }
    one_of(input, "State", &["ENABLED", "DISABLED"])?;
    one_of(input, "ActionAfterCompletion", &["NONE", "DELETE"])?;
    if let Some(long) = text(input, "Description").filter(|text| text.chars().count() > 512) {
        return Err(unsatisfied("Description", long, "Member must have length less than or equal to 512"));
    }
    let (start, end) = (input["StartDate"].as_f64(), input["EndDate"].as_f64());
    if start.is_some_and(|start| start < now - OLDEST_START) {
        return Err(invalid("The StartDate you specify cannot be earlier than 5 minutes ago."));
    }
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        return Err(invalid("EndDate must be greater than StartDate."));
    }
    target(&input["Target"])
}

fn null(member: &str) -> ApiError {
    invalid(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Returns whether a time zone is known; where no zones are installed, everything is.
fn is_zone(name: &str) -> bool {
    jiff::tz::db().is_definitively_empty() || jiff::tz::TimeZone::get(name).is_ok()
}

fn one_of(input: &Value, member: &str, known: &[&str]) -> Result<(), ApiError> {
    match text(input, member).filter(|given| !known.contains(given)) {
        Some(given) => {
            let rule = format!("Member must satisfy enum value set: [{}]", known.join(", "));
            Err(unsatisfied(member, given, &rule))
        }
        None => Ok(()),
    }
}

fn window(window: &Value) -> Result<(), ApiError> {
    if !window.is_object() {
        return Err(null("flexibleTimeWindow"));
    }
    text(window, "Mode").ok_or_else(|| null("flexibleTimeWindow.mode"))?;
    one_of(window, "Mode", &["OFF", "FLEXIBLE"])?;
    let minutes = window["MaximumWindowInMinutes"].as_i64();
    match (text(window, "Mode"), minutes) {
        (Some("FLEXIBLE"), None) => Err(invalid(
            "A MaximumWindowInMinutes must be provided when using the FLEXIBLE FlexibleTimeWindow mode.",
        )),
        (Some("OFF"), Some(_)) => Err(invalid(
            "A MaximumWindowInMinutes must not be provided when using the OFF FlexibleTimeWindow mode.",
        )),
        (_, Some(minutes)) => between("MaximumWindowInMinutes", minutes, 1, 1440),
        _ => Ok(()),
    }
}

fn between(member: &str, value: i64, least: i64, most: i64) -> Result<(), ApiError> {
    let (bound, than) = match value {
        _ if value < least => ("greater", least),
        _ if value > most => ("less", most),
        _ => return Ok(()),
    };
    let rule = format!("Member must have value {bound} than or equal to {than}");
    Err(unsatisfied(member, &value.to_string(), &rule))
}

fn target(target: &Value) -> Result<(), ApiError> {
    if !target.is_object() {
        return Err(null("target"));
    }
    let arn = text(target, "Arn").ok_or_else(|| null("target.arn"))?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, _, _, resource] = parts[..] else {
        return Err(invalid(format!("Provided Arn is not in correct format. Arn: {arn}")));
    };
    let role = text(target, "RoleArn").ok_or_else(|| null("target.roleArn"))?;
    if role.split(':').nth(2) != Some("iam") || !role.contains(":role/") {
        let rule = "Member must satisfy regular expression pattern: \
                    ^arn:aws(-[a-z]+)?:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+$";
        return Err(unsatisfied("RoleArn", role, rule));
    }
    let retries = &target["RetryPolicy"];
    for (member, least, most) in [("MaximumRetryAttempts", 0, 185), ("MaximumEventAgeInSeconds", 60, 86_400)]
    {
        retries[member].as_i64().map_or(Ok(()), |value| between(member, value, least, most))?;
    }
    let runs_tasks = service == "ecs" && resource.starts_with("cluster/");
    match (runs_tasks, &target["EcsParameters"]) {
        (true, task) => ecs(task),
        (false, Value::Null) => Ok(()),
        (false, _) => Err(invalid(format!("EcsParameters cannot be provided for the target {arn}."))),
    }
}

fn ecs(task: &Value) -> Result<(), ApiError> {
    if text(task, "TaskDefinitionArn").is_none_or(|arn| !arn.contains(":task-definition/")) {
        return Err(invalid("EcsParameters with a TaskDefinitionArn must be provided for an ECS target."));
    }
    task["TaskCount"].as_i64().map_or(Ok(()), |count| between("TaskCount", count, 1, 10))?;
    let strategy = task["CapacityProviderStrategy"].as_array().is_some_and(|items| !items.is_empty());
    if strategy && !task["LaunchType"].is_null() {
        return Err(invalid("LaunchType and CapacityProviderStrategy cannot both be provided."));
    }
    let vpc = &task["NetworkConfiguration"]["awsvpcConfiguration"];
    if vpc.is_object() && vpc["Subnets"].as_array().is_none_or(|subnets| subnets.is_empty()) {
        return Err(null("target.ecsParameters.networkConfiguration.awsvpcConfiguration.subnets"));
    }
    Ok(())
}
