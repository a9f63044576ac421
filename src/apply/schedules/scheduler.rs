//! Changes schedules of EventBridge Scheduler, and creates the groups that they are in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    call_failure, changed_since_plan, complete_target, lost_failure, now, retry_passing, send_passing,
};
use crate::apply::lost_answer::{Trace, look_repeatedly};
use crate::aws::Aws;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{ObservedSchedule, TaskDefinition};
use crate::error::Failure;
use crate::plan::schedules::schedule::{as_update, is_same};
use crate::plan::schedules::{NewGroup, SchedulePlan};
use crate::retry::token;

/// The error code for a schedule or group that exists already, or that another call is changing.
const CONFLICT: &str = "ConflictException";
/// The error code while a new group has not reached all of EventBridge Scheduler yet.
const NOT_FOUND: &str = "ResourceNotFoundException";

pub(super) async fn apply_schedule(
    plan: &SchedulePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
) -> Result<(), Failure> {
    let mut document = plan.document.clone();
    for target in &plan.targets {
        document["Target"] = complete_target(target, registered)?;
    }
    let mut document = as_update(&document, now());
    document["ClientToken"] = token().into();
    match &plan.before {
        Some(before) => {
            ensure_unchanged(plan, before, aws).await?;
            update_schedule(&document, &before.document, &plan.name, aws).await
        }
        None => create_schedule(plan, &document, aws).await,
    }
}

/// Fails if the schedule has changed since the plan was made: the update would overwrite that change.
async fn ensure_unchanged(plan: &SchedulePlan, before: &ObservedSchedule, aws: &Aws) -> Result<(), Failure> {
    let group = plan.group.as_deref().unwrap_or("default");
    let found = aws.schedule(group, &plan.name).await;
    let found =
        found.map_err(|error| call_failure(format!("failed to read schedule `{}`", plan.name), error))?;
    match found {
        Some(found) if found.document == before.document => Ok(()),
        Some(_) => Err(changed_since_plan(plan, "was changed")),
        None => Err(changed_since_plan(plan, "was deleted")),
    }
}

/// Creates a schedule. An existing one is compared: it may come from our call with a lost response, or from another
/// client.
async fn create_schedule(plan: &SchedulePlan, document: &Value, aws: &Aws) -> Result<(), Failure> {
    let passing: &[&str] = if plan.new_group.is_some() { &[NOT_FOUND] } else { &[] };
    let Err(error) = retry_passing(passing, async || aws.create_schedule(document).await).await else {
        return Ok(());
    };
    let attempted = format!("failed to create schedule `{}`", plan.name);
    if error.code.as_deref() != Some(CONFLICT) && !error.is_ambiguous() {
        return Err(call_failure(attempted, error));
    }
    let group = plan.group.as_deref().unwrap_or("default");
    let look = async || {
        Ok(match aws.schedule(group, &plan.name).await? {
            Some(found) if is_same(document, &found.document, now()) => Trace::Ours(()),
            Some(_) => Trace::Foreign(changed_since_plan(plan, "was created")),
            None => Trace::AsBefore,
        })
    };
    match look_repeatedly(aws, look).await {
        Ok(Trace::Ours(())) => Ok(()),
        Ok(Trace::Foreign(failure)) => Err(failure),
        Ok(Trace::AsBefore) => Err(call_failure(attempted, error)),
        Err(lookup) => Err(super::super::unknown_effect(&attempted, &error, lookup)),
    }
}

/// Replaces a schedule that was just read as `before`.
async fn update_schedule(document: &Value, before: &Value, name: &str, aws: &Aws) -> Result<(), Failure> {
    let group = document["GroupName"].as_str().unwrap_or("default");
    let look = async || {
        Ok(match aws.schedule(group, name).await? {
            Some(found) if is_same(document, &found.document, now()) => Trace::Ours(()),
            Some(found) if is_same(before, &found.document, now()) => Trace::AsBefore,
            _ => Trace::Foreign(lost_failure("schedule", name)),
        })
    };
    let attempted = format!("failed to update schedule `{name}`");
    send_passing(aws, &attempted, &[CONFLICT], async || aws.update_schedule(document).await, look).await
}

/// Creates a schedule group. An existing one must have the same tags, or it belongs to another owner.
pub(super) async fn create_group(group: &NewGroup, aws: &Aws) -> Result<(), Failure> {
    let token = token();
    let call = async || aws.create_schedule_group(&group.name, &group.tags, &token).await;
    let Err(error) = retry_passing(&[], call).await else { return Ok(()) };
    let attempted = format!("failed to create schedule group `{}`", group.name);
    if error.code.as_deref() != Some(CONFLICT) {
        return Err(call_failure(attempted, error));
    }
    let look = async || {
        Ok(match aws.schedule_group_tags(&group.name).await? {
            Some(tags) if has_tags_of(group, &tags) => Trace::Ours(()),
            Some(_) => {
                let message =
                    format!("schedule group `{}` is taken: it was created with other tags", group.name);
                let hint = "choose another group with `group:`".to_owned();
                Trace::Foreign(Failure::refused(message).with_hint(hint))
            }
            None => Trace::AsBefore,
        })
    };
    match look_repeatedly(aws, look).await {
        Ok(Trace::Ours(())) => Ok(()),
        Ok(Trace::Foreign(failure)) => Err(failure),
        Ok(Trace::AsBefore) => Err(call_failure(attempted, error)),
        Err(lookup) => Err(super::super::unknown_effect(&attempted, &error, lookup)),
    }
}

fn has_tags_of(group: &NewGroup, tags: &BTreeMap<String, String>) -> bool {
    group.tags.iter().all(|(key, value)| tags.get(key) == Some(value))
}

/// Restores a schedule that was just read as `found`.
pub(super) async fn restore_schedule(
    before: &ObservedSchedule,
    found: &ObservedSchedule,
    aws: &Aws,
) -> Result<(), Failure> {
    let mut document = as_update(&before.document, now());
    document["ClientToken"] = token().into();
    update_schedule(&document, &found.document, before.name(), aws).await
}

/// Enables or disables a schedule. Reads it again, because an update replaces all of it.
pub(super) async fn set_schedule_enabled(
    observed: &ObservedSchedule,
    enabled: bool,
    aws: &Aws,
) -> Result<(), Failure> {
    let name = observed.name();
    let found = aws.schedule(observed.group().unwrap_or("default"), name).await;
    let found = found.map_err(|error| call_failure(format!("failed to read schedule `{name}`"), error))?;
    let found = found.ok_or_else(|| Failure::error(format!("schedule `{name}` no longer exists")))?;
    let mut document = as_update(&found.document, now());
    document["State"] = if enabled { "ENABLED" } else { "DISABLED" }.into();
    document["ClientToken"] = token().into();
    update_schedule(&document, &found.document, name, aws).await
}

/// Deletes a schedule. Succeeds if it no longer exists.
pub(super) async fn delete_schedule(group: Option<&str>, name: &str, aws: &Aws) -> Result<(), Failure> {
    let (group, token) = (group.unwrap_or("default"), token());
    match retry_passing(&[CONFLICT], async || aws.delete_schedule(group, name, &token).await).await {
        Err(error) if error.kind != ApiErrorKind::NotFound => {
            Err(call_failure(format!("failed to delete schedule `{name}`"), error))
        }
        _ => Ok(()),
    }
}
