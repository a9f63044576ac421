//! Operations on scheduled actions. They are never carried out.

use serde_json::{Value, json};

use super::policy::{targets, uuid};
use super::resource::{
    DIMENSION, check_namespace, is_wanted, missing, page, required_name, required_resource, required_text,
};
use super::target::not_registered;
use crate::api::ApiError;
use crate::expression::is_schedule_expression;
use crate::model::ScheduledAction;
use crate::params::{merge_members, text, texts};
use crate::state::{CallContext, Resources};
use crate::time::epoch_seconds;

/// The page size of `DescribeScheduledActions` (API reference).
const PAGE_SIZE: usize = 50;
/// Quota "Scheduled actions per scalable target".
const MAX_ACTIONS: usize = 200;
/// The pattern of `ScheduledActionName` (API reference).
const NAME_PATTERN: &str = r"(?!((^[ ]+.*)|(.*([\u0000-\u001f]|[\u007f-\u009f]|[:/|])+.*)|(.*[ ]+$))).+";

/// Creates or updates a scheduled action. What is not given stays as it is, except for start and end, which are removed
/// (API reference).
pub(super) fn put(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let id = required_resource(input)?;
    let name = required_name(input, "ScheduledActionName", NAME_PATTERN)?;
    if name.starts_with(' ') || name.ends_with(' ') || name.contains([':', '/', '|']) {
        let rule = format!("Member must satisfy regular expression pattern: {NAME_PATTERN}");
        return Err(crate::params::constraint_violation("ScheduledActionName", name, &rule));
    }
    let Some(target) = context.resources.scalable_targets.get_mut(id) else { return Err(not_registered(id)) };
    let known = target.actions.get(name);
    let mut settings = known.map(|action| action.settings.clone()).unwrap_or_default();
    for member in ["StartTime", "EndTime"] {
        settings.shift_remove(member);
    }
    for member in ["Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction"] {
        if !input[member].is_null() {
            settings.insert(member.to_owned(), input[member].clone());
        }
    }
    check_action(&Value::Object(settings.clone()))?;
    if known.is_none() && target.actions.len() >= MAX_ACTIONS {
        let message =
            format!("Maximum number of scheduled actions per scalable target exceeded: {MAX_ACTIONS}");
        return Err(ApiError::new("LimitExceededException", message));
    }
    let created = known.map_or(context.now, |action| action.created);
    target.actions.insert(name.to_owned(), ScheduledAction { settings, created });
    Ok(json!({}))
}

fn check_action(action: &Value) -> Result<(), ApiError> {
    let Some(schedule) = text(action, "Schedule") else { return Err(missing("schedule")) };
    if !is_schedule_expression(schedule) {
        return Err(ApiError::validation(format!("Invalid schedule expression: {schedule}")));
    }
    let is_zone =
        |name: &&str| jiff::tz::db().is_definitively_empty() || jiff::tz::TimeZone::get(name).is_ok();
    if let Some(zone) = text(action, "Timezone").filter(|zone| !is_zone(zone)) {
        return Err(ApiError::validation(format!("Invalid timezone: {zone}")));
    }
    let capacity = |member: &str| action["ScalableTargetAction"][member].as_i64();
    match (capacity("MinCapacity"), capacity("MaxCapacity")) {
        // aws-cloudformation/community-registry-extensions#255
        (None, None) => Err(ApiError::validation(
            "At least one of minimum capacity and maximum capacity should be provided",
        )),
        (Some(min), Some(max)) if max < min => {
            Err(ApiError::validation("Maximum capacity cannot be less than minimum capacity"))
        }
        _ => check_times(action),
    }
}

fn check_times(action: &Value) -> Result<(), ApiError> {
    let (start, end) = (action["StartTime"].as_f64(), action["EndTime"].as_f64());
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        return Err(ApiError::validation("The start time must be before the end time"));
    }
    Ok(())
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    check_namespace(input)?;
    let asked = texts(input, "ScheduledActionNames");
    let resources = &*context.resources;
    let all: Vec<Value> = targets(resources, text(input, "ResourceId"))
        .flat_map(|(id, target)| target.actions.iter().map(move |(name, action)| (id, name, action)))
        .filter(|(_, name, _)| is_wanted(name, &asked))
        .map(|(id, name, action)| view(resources, id, name, action))
        .collect();
    page(input, "ScheduledActions", &all, PAGE_SIZE)
}

fn view(resources: &Resources, id: &str, name: &str, action: &ScheduledAction) -> Value {
    let own = format!(
        "scheduledAction:{}:resource/ecs/{id}:scheduledActionName/{name}",
        uuid(&format!("{id}/action/{name}"))
    );
    let mut out = json!({
        "ScheduledActionName": name,
        "ScheduledActionARN": resources.service_arn("autoscaling", &own),
        "ServiceNamespace": "ecs",
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "CreationTime": epoch_seconds(action.created),
    });
    merge_members(&mut out, &action.settings);
    out
}

pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let id = required_resource(input)?;
    let name = required_text(input, "ScheduledActionName")?;
    let target = context.resources.scalable_targets.get_mut(id);
    match target.and_then(|target| target.actions.remove(name)) {
        Some(_) => Ok(json!({})),
        None => Err(ApiError::new(
            "ObjectNotFoundException",
            format!(
                "No scheduled action found for service namespace: ecs, resource ID: {id}, scalable dimension: \
                 {DIMENSION}, scheduled action name: {name}"
            ),
        )),
    }
}
