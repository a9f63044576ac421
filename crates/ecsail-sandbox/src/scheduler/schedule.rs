//! Schedules. Owns their operations; what is well formed stands in a file of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::group::is_there;
use super::{DEFAULT, NAME_MARKS, check, conflict, missing};
use crate::params::{capital_page, need_name, overlay, text};
use crate::state::{Env, Millis, seconds};
use crate::wire::ApiError;

/// A schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Schedule {
    name: String,
    group: String,
    arn: String,
    /// What it was given, and what is filled in.
    settings: Map<String, Value>,
    created: Millis,
    modified: Millis,
    /// The token that it was created with, and what came with it.
    token: Option<(String, Value)>,
}

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

pub(super) fn create(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let (name, group) = place(input)?;
    let key = format!("{group}/{name}");
    if let Some(known) = env.realm.schedules.get(&key) {
        return repeated(known, input);
    }
    check::schedule(input, env.now as f64 / 1000.0)?;
    if !is_there(env.realm, &group) {
        return Err(missing("Schedule group", &group));
    }
    let arn = env.realm.arn_of("scheduler", &format!("schedule/{key}"));
    let token = text(input, "ClientToken").map(|token| (token.to_owned(), without_token(input)));
    let (created, settings) = (env.now, settings(input));
    let schedule = Schedule { name, group, arn: arn.clone(), settings, created, modified: created, token };
    env.realm.schedules.insert(key, schedule);
    Ok(json!({ "ScheduleArn": arn }))
}

/// Answers the creation of a schedule that is there: the same request, sent again under its token, has succeeded.
fn repeated(known: &Schedule, input: &Value) -> Result<Value, ApiError> {
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

/// Returns a schedule's name and group.
fn place(input: &Value) -> Result<(String, String), ApiError> {
    let name = need_name(input, "Name", 64, NAME_MARKS)?;
    let group = match input["GroupName"].is_null() {
        true => DEFAULT,
        false => need_name(input, "GroupName", 64, NAME_MARKS)?,
    };
    Ok((name.to_owned(), group.to_owned()))
}

/// Returns what a schedule says, with what the scheduler fills in.
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

pub(super) fn get(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let schedule = found(env, input)?;
    let mut out = summary(schedule);
    overlay(&mut out, &schedule.settings);
    Ok(out)
}

/// Replaces all that a schedule says: what is not given takes its default.
pub(super) fn update(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    check::schedule(input, env.now as f64 / 1000.0)?;
    let now = env.now;
    let schedule = found(env, input)?;
    schedule.settings = settings(input);
    schedule.modified = now;
    Ok(json!({ "ScheduleArn": schedule.arn }))
}

pub(super) fn delete(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let (name, group) = place(input)?;
    found(env, input)?;
    env.realm.schedules.remove(&format!("{group}/{name}"));
    Ok(json!({}))
}

/// Returns a schedule that must exist.
fn found<'a>(env: &'a mut Env<'_>, input: &Value) -> Result<&'a mut Schedule, ApiError> {
    let (name, group) = place(input)?;
    if !is_there(env.realm, &group) {
        return Err(missing("Schedule group", &group));
    }
    env.realm.schedules.get_mut(&format!("{group}/{name}")).ok_or_else(|| missing("Schedule", &name))
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let (group, state) = (text(input, "GroupName"), text(input, "State"));
    let prefix = text(input, "NamePrefix").unwrap_or_default();
    if let Some(gone) = group.filter(|group| !is_there(env.realm, group)) {
        return Err(missing("Schedule group", gone));
    }
    let fits = |schedule: &&Schedule| {
        group.is_none_or(|group| schedule.group == group)
            && state.is_none_or(|state| schedule.settings.get("State").is_some_and(|own| own == state))
            && schedule.name.starts_with(prefix)
    };
    let views: Vec<Value> = env.realm.schedules.values().filter(fits).map(brief).collect();
    capital_page(input, "MaxResults", "Schedules", &views)
}

fn summary(schedule: &Schedule) -> Value {
    json!({
        "Name": schedule.name,
        "GroupName": schedule.group,
        "Arn": schedule.arn,
        "CreationDate": seconds(schedule.created),
        "LastModificationDate": seconds(schedule.modified),
    })
}

/// Returns a schedule as a list has it: of its target only the ARN.
fn brief(schedule: &Schedule) -> Value {
    let mut out = summary(schedule);
    let member = |name: &str| schedule.settings.get(name).cloned().unwrap_or_default();
    out["State"] = member("State");
    out["Target"] = json!({ "Arn": member("Target")["Arn"] });
    out
}
