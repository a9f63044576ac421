//! Operations on schedules.

use serde_json::{Map, Value, json};

use super::check;
use super::errors::{conflict, not_found};
use super::group::{DEFAULT, NAME_PUNCTUATION, has_group};
use crate::api::ApiError;
use crate::model::Schedule;
use crate::params::{eventbridge_page, merge_members, required_name, text};
use crate::state::CallContext;
use crate::time::epoch_seconds;

const SETTINGS: [&str; 10] = [
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
];

pub(super) fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let (name, group) = name_and_group(input)?;
    let key = format!("{group}/{name}");
    if let Some(known) = context.resources.schedules.get(&key) {
        return repeated_creation(known, input);
    }
    check::check_schedule(input, context.reported_now(), &context.resources.region)?;
    if !has_group(context.resources, &group) {
        return Err(not_found("Schedule group", &group));
    }
    let arn = context.resources.service_arn("scheduler", &format!("schedule/{key}"));
    let token = text(input, "ClientToken").map(|token| (token.to_owned(), without_token(input)));
    let created = context.now;
    let settings = settings(input);
    let schedule = Schedule { name, group, arn: arn.clone(), settings, created, modified: created, token };
    context.resources.schedules.insert(key, schedule);
    Ok(json!({ "ScheduleArn": arn }))
}

/// Answers the creation of a schedule that exists: it succeeds for the same request with the same client
/// token.
fn repeated_creation(known: &Schedule, input: &Value) -> Result<Value, ApiError> {
    match (&known.token, text(input, "ClientToken")) {
        (Some((token, given)), Some(again)) if token == again => {
            if *given == without_token(input) {
                return Ok(json!({ "ScheduleArn": known.arn }));
            }
            Err(conflict("The client token has been used with other parameters."))
        }
        _ => Err(conflict(format!("Schedule {} already exists.", known.name))),
    }
}

fn without_token(input: &Value) -> Value {
    let mut members = input.as_object().cloned().unwrap_or_default();
    members.shift_remove("ClientToken");
    Value::Object(members)
}

/// Returns the name and the group of an input.
fn name_and_group(input: &Value) -> Result<(String, String), ApiError> {
    let name = required_name(input, "Name", 64, NAME_PUNCTUATION)?;
    let group = if input["GroupName"].is_null() {
        DEFAULT
    } else {
        required_name(input, "GroupName", 64, NAME_PUNCTUATION)?
    };
    Ok((name.to_owned(), group.to_owned()))
}

/// Returns the settings of an input, with the scheduler's defaults.
fn settings(input: &Value) -> Map<String, Value> {
    let mut settings = Map::new();
    for name in SETTINGS.into_iter().filter(|name| !input[*name].is_null()) {
        settings.insert(name.to_owned(), input[name].clone());
    }
    for (name, value) in
        [("ActionAfterCompletion", "NONE"), ("ScheduleExpressionTimezone", "UTC"), ("State", "ENABLED")]
    {
        settings.entry(name).or_insert(json!(value));
    }
    if let Some(target) = settings.get_mut("Target").and_then(Value::as_object_mut) {
        let retries = target.entry("RetryPolicy").or_insert(json!({}));
        if let Some(retries) = retries.as_object_mut() {
            retries.entry("MaximumEventAgeInSeconds").or_insert(json!(86_400));
            retries.entry("MaximumRetryAttempts").or_insert(json!(185));
        }
        if let Some(task) = target.get_mut("EcsParameters").and_then(Value::as_object_mut) {
            task.entry("TaskCount").or_insert(json!(1));
            task.entry("EnableECSManagedTags").or_insert(json!(false));
            task.entry("EnableExecuteCommand").or_insert(json!(false));
        }
    }
    settings
}

pub(super) fn get(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let schedule = find_schedule_mut(context, input)?;
    let mut out = summary(schedule);
    merge_members(&mut out, &schedule.settings);
    Ok(out)
}

/// Replaces all settings of a schedule: members that are not given take their defaults.
pub(super) fn update(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    check::check_schedule(input, context.reported_now(), &context.resources.region)?;
    let now = context.now;
    let schedule = find_schedule_mut(context, input)?;
    schedule.settings = settings(input);
    schedule.modified = now;
    Ok(json!({ "ScheduleArn": schedule.arn }))
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let (name, group) = name_and_group(input)?;
    find_schedule_mut(context, input)?;
    context.resources.schedules.remove(&format!("{group}/{name}"));
    Ok(json!({}))
}

/// Returns a schedule that must exist.
fn find_schedule_mut<'a>(
    context: &'a mut CallContext<'_>,
    input: &Value,
) -> Result<&'a mut Schedule, ApiError> {
    let (name, group) = name_and_group(input)?;
    if !has_group(context.resources, &group) {
        return Err(not_found("Schedule group", &group));
    }
    context
        .resources
        .schedules
        .get_mut(&format!("{group}/{name}"))
        .ok_or_else(|| not_found("Schedule", &name))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let group = text(input, "GroupName");
    let state = text(input, "State");
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    if let Some(gone) = group.filter(|group| !has_group(context.resources, group)) {
        return Err(not_found("Schedule group", gone));
    }
    let fits = |schedule: &&Schedule| {
        group.is_none_or(|group| schedule.group == group)
            && state.is_none_or(|state| schedule.settings.get("State").is_some_and(|own| own == state))
            && schedule.name.starts_with(prefix)
    };
    let views: Vec<Value> = context.resources.schedules.values().filter(fits).map(list_item).collect();
    eventbridge_page(input, "MaxResults", "Schedules", &views)
}

fn summary(schedule: &Schedule) -> Value {
    json!({
        "Name": schedule.name,
        "GroupName": schedule.group,
        "Arn": schedule.arn,
        "CreationDate": epoch_seconds(schedule.created),
        "LastModificationDate": epoch_seconds(schedule.modified),
    })
}

/// Returns a schedule as `ListSchedules` returns it: of its target only the ARN.
fn list_item(schedule: &Schedule) -> Value {
    let mut out = summary(schedule);
    let member = |name: &str| schedule.settings.get(name).cloned().unwrap_or_default();
    out["State"] = member("State");
    out["Target"] = json!({ "Arn": member("Target")["Arn"] });
    out
}
