//! Changes schedules of EventBridge Scheduler, and creates the groups that they are in.

use serde_json::Value;

use super::{failed, moved, now, persistently, whole};
use crate::aws::Aws;
use crate::aws::error::Meaning;
use crate::aws::types::{ObservedSchedule, TaskDefinition};
use crate::error::Failure;
use crate::plan::schedules::schedule::{is_same, sendable};
use crate::plan::schedules::{NewGroup, SchedulePlan};
use crate::retry::token;

/// The error code for a schedule or group that exists already, or that another call is changing.
const CONFLICT: &str = "ConflictException";
/// The error code while a new group has not reached all of EventBridge Scheduler yet.
const NOT_FOUND: &str = "ResourceNotFoundException";

pub(super) async fn apply(
    plan: &SchedulePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
) -> Result<(), Failure> {
    let mut document = plan.document.clone();
    for target in &plan.targets {
        document["Target"] = whole(target, registered)?;
    }
    let mut document = sendable(&document, now());
    document["ClientToken"] = token().into();
    match &plan.before {
        Some(before) => {
            is_unmoved(plan, before, aws).await?;
            update(&document, &plan.name, aws).await
        }
        None => create(plan, &document, aws).await,
    }
}

/// Fails if the schedule has changed since the plan was made: the update would overwrite that change.
async fn is_unmoved(plan: &SchedulePlan, before: &ObservedSchedule, aws: &Aws) -> Result<(), Failure> {
    let group = plan.group.as_deref().unwrap_or("default");
    let found = aws.schedule(group, &plan.name).await;
    let found = found.map_err(|error| failed(format!("failed to read schedule `{}`", plan.name), error))?;
    match found {
        Some(found) if found.document == before.document => Ok(()),
        Some(_) => Err(moved(plan, "was changed")),
        None => Err(moved(plan, "was deleted")),
    }
}

/// Creates a schedule. An existing one is compared: it may come from our call with a lost response, or from another
/// client.
async fn create(plan: &SchedulePlan, document: &Value, aws: &Aws) -> Result<(), Failure> {
    let passing: &[&str] = if plan.new_group.is_some() { &[NOT_FOUND] } else { &[] };
    let Err(error) = persistently(passing, async || aws.create_schedule(document).await).await else {
        return Ok(());
    };
    let attempted = format!("failed to create schedule `{}`", plan.name);
    if error.code.as_deref() != Some(CONFLICT) {
        return Err(failed(attempted, error));
    }
    let group = plan.group.as_deref().unwrap_or("default");
    match aws.schedule(group, &plan.name).await {
        Ok(Some(found)) if is_same(document, &found.document, now()) => Ok(()),
        Ok(Some(_)) => Err(moved(plan, "was created")),
        Ok(None) => Err(failed(attempted, error)),
        Err(lookup) => Err(super::super::unknown_effect(&attempted, &error, lookup)),
    }
}

/// Replaces a schedule.
async fn update(document: &Value, name: &str, aws: &Aws) -> Result<(), Failure> {
    let updated = persistently(&[CONFLICT], async || aws.update_schedule(document).await).await;
    updated.map_err(|error| failed(format!("failed to update schedule `{name}`"), error))
}

/// Creates a schedule group. An existing one must have the same tags, or it belongs to another owner.
pub(super) async fn create_group(group: &NewGroup, aws: &Aws) -> Result<(), Failure> {
    let token = token();
    let call = async || aws.create_schedule_group(&group.name, &group.tags, &token).await;
    let Err(error) = persistently(&[], call).await else { return Ok(()) };
    let attempted = format!("failed to create schedule group `{}`", group.name);
    if error.code.as_deref() != Some(CONFLICT) {
        return Err(failed(attempted, error));
    }
    match aws.schedule_group(&group.name).await {
        Ok(Some(tags)) if group.tags.iter().all(|(key, value)| tags.get(key) == Some(value)) => Ok(()),
        Ok(Some(_)) => {
            let message = format!("schedule group `{}` is taken: it was created with other tags", group.name);
            Err(Failure::refused(message).hint("choose another group with `group:`".to_owned()))
        }
        Ok(None) => Err(failed(attempted, error)),
        Err(lookup) => Err(super::super::unknown_effect(&attempted, &error, lookup)),
    }
}

/// Restores a schedule.
pub(super) async fn put_back(before: &ObservedSchedule, aws: &Aws) -> Result<(), Failure> {
    let mut document = sendable(&before.document, now());
    document["ClientToken"] = token().into();
    update(&document, before.name(), aws).await
}

/// Enables or disables a schedule. Reads it again, because an update replaces all of it.
pub(super) async fn set_enabled(
    observed: &ObservedSchedule,
    enabled: bool,
    aws: &Aws,
) -> Result<(), Failure> {
    let name = observed.name();
    let found = aws.schedule(observed.group().unwrap_or("default"), name).await;
    let found = found.map_err(|error| failed(format!("failed to read schedule `{name}`"), error))?;
    let found = found.ok_or_else(|| Failure::error(format!("schedule `{name}` no longer exists")))?;
    let mut document = sendable(&found.document, now());
    document["State"] = if enabled { "ENABLED" } else { "DISABLED" }.into();
    document["ClientToken"] = token().into();
    update(&document, name, aws).await
}

/// Deletes a schedule. Succeeds if it no longer exists.
pub(super) async fn delete(group: Option<&str>, name: &str, aws: &Aws) -> Result<(), Failure> {
    let (group, token) = (group.unwrap_or("default"), token());
    match persistently(&[CONFLICT], async || aws.delete_schedule(group, name, &token).await).await {
        Err(error) if error.meaning != Meaning::NotFound => {
            Err(failed(format!("failed to delete schedule `{name}`"), error))
        }
        _ => Ok(()),
    }
}
