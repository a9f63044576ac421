//! Changes schedules: creates, updates, enables, disables, deletes and restores them. Reads each one again right before
//! it is replaced, because it may have changed while services rolled out.
//!
//! Nothing is done twice: calls to EventBridge set absolute values, and calls to EventBridge Scheduler carry a client
//! token. After a lost answer, a call is sent again only where no other client has changed the schedule.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::apply::lost_answer::{Trace, send_once};
use crate::apply::reporter::{ApplyReporter, ScheduleAction};
use crate::aws::RULES_AT_ONCE;
use crate::aws::types::{ObservedSchedule, TaskDefinition, Via};
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::error::Failure;
use crate::manifest::schedules::schedule_noun;
use crate::plan::Revision;
use crate::plan::schedules::{Action, NewGroup, SchedulePlan, TargetPlan};
use crate::retry::{Policy, retry};

mod restore;
mod rules;
mod scheduler;
#[cfg(all(test, feature = "sandbox"))]
mod tests;

/// Creates or updates a schedule, as planned; `registered` are the plan's registrations, in their order.
///
/// # Errors
/// An API call failed, targets were not put, or the schedule has changed since the plan was made.
pub async fn apply_schedule(
    plan: &SchedulePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<(), Failure> {
    if let Some(group) = plan.new_group.as_ref().filter(|_| plan.is_changing()) {
        scheduler::create_group(group, aws).await?;
    }
    apply_without_group(plan, registered, aws, report).await
}

/// Applies plans concurrently, a few at a time, and returns the results in their order. Each schedule group is created
/// once.
pub async fn apply_schedules(
    plans: &[&SchedulePlan],
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Vec<Result<(), Failure>> {
    let lost = create_groups(plans, aws).await;
    let one = async |index: usize| {
        let plan = plans[index];
        let lost = plan.new_group.as_ref().and_then(|group| lost.get(group.name.as_str()));
        let result = match lost {
            Some((message, hints)) => {
                let failure = Failure::error(format!("failed to create schedule `{}`", plan.name));
                Err(hints.iter().cloned().fold(failure.with_cause(message.clone()), Failure::with_hint))
            }
            None => apply_without_group(plan, registered, aws, report).await,
        };
        (index, result)
    };
    let of = |via| (0..plans.len()).filter(|index| plans[*index].via == via).collect::<Vec<_>>();
    let (kept, rules) = (of(Via::Scheduler), of(Via::Rule));
    let kept =
        stream::iter(kept.into_iter().map(&one)).buffer_unordered(MAX_CONCURRENT_CALLS).collect::<Vec<_>>();
    let rules = stream::iter(rules.into_iter().map(&one)).buffer_unordered(RULES_AT_ONCE).collect::<Vec<_>>();
    let (mut all, rules) = join(kept, rules).await;
    all.extend(rules);
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

/// Creates the groups that plans need, and returns those that were not created, with the message and hints of the
/// failure.
async fn create_groups<'a>(
    plans: &[&'a SchedulePlan],
    aws: &Aws,
) -> BTreeMap<&'a str, (String, Vec<String>)> {
    let changing = plans.iter().filter(|plan| plan.is_changing());
    let groups: BTreeMap<&str, &NewGroup> = changing
        .filter_map(|plan| plan.new_group.as_ref())
        .map(|group| (group.name.as_str(), group))
        .collect();
    let mut lost = BTreeMap::new();
    for (name, group) in groups {
        if let Err(failure) = scheduler::create_group(group, aws).await {
            let cause =
                std::error::Error::source(&failure).map(|cause| format!(": {cause}")).unwrap_or_default();
            lost.insert(name, (format!("{failure}{cause}"), failure.hints));
        }
    }
    lost
}

/// Applies a plan whose group exists.
async fn apply_without_group(
    plan: &SchedulePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<(), Failure> {
    let action = match plan.action {
        Action::Unchanged => return Ok(()),
        Action::Create => ScheduleAction::Created,
        Action::Update => ScheduleAction::Updated,
    };
    match plan.via {
        Via::Scheduler => scheduler::apply_schedule(plan, registered, aws).await?,
        Via::Rule => rules::apply_rule(plan, registered, aws).await?,
    }
    report_applied(&plan.key, &plan.name, plan.via, action, report);
    Ok(())
}

/// Restores a schedule to its state before its plan was applied. One that the plan created is deleted.
///
/// # Errors
/// An API call failed, targets were not put, or the schedule is no longer as the plan left it, and is kept.
pub async fn restore(plan: &SchedulePlan, aws: &Aws, report: &dyn ApplyReporter) -> Result<(), Failure> {
    if !plan.is_changing() {
        return Ok(());
    }
    restore::restore(plan, aws).await?;
    let action = if plan.before.is_some() { ScheduleAction::Restored } else { ScheduleAction::Deleted };
    report_applied(&plan.key, &plan.name, plan.via, action, report);
    Ok(())
}

/// Enables or disables a schedule, and returns whether that was a change. Everything else about it is kept.
///
/// # Errors
/// The API call failed, or the schedule no longer exists.
pub async fn set_enabled(
    key: &str,
    observed: &ObservedSchedule,
    enabled: bool,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<bool, Failure> {
    if observed.is_enabled() == enabled {
        return Ok(false);
    }
    match observed.via {
        Via::Scheduler => scheduler::set_schedule_enabled(observed, enabled, aws).await?,
        Via::Rule => rules::set_rule_enabled(observed.name(), enabled, aws).await?,
    }
    report_applied(
        key,
        observed.name(),
        observed.via,
        if enabled { ScheduleAction::Enabled } else { ScheduleAction::Disabled },
        report,
    );
    Ok(true)
}

/// Deletes a schedule; a rule with all of its observed targets.
///
/// # Errors
/// An API call failed, or the rule got another target in the meantime, and is kept with all of them.
pub async fn delete(
    key: &str,
    observed: &ObservedSchedule,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<(), Failure> {
    match observed.via {
        Via::Scheduler => scheduler::delete_schedule(observed.group(), observed.name(), aws).await?,
        Via::Rule => {
            let ids = observed.targets.iter().filter_map(|target| target["Id"].as_str().map(str::to_owned));
            rules::delete_rule(observed.name(), &ids.collect::<Vec<_>>(), aws).await?;
        }
    }
    report_applied(key, observed.name(), observed.via, ScheduleAction::Deleted, report);
    Ok(())
}

/// Removes targets from a rule, and keeps the rule.
///
/// # Errors
/// The API call failed, or targets were not removed.
pub async fn remove_targets(
    key: &str,
    observed: &ObservedSchedule,
    ids: &[String],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<(), Failure> {
    rules::remove_targets(observed.name(), ids, aws).await?;
    report_applied(key, observed.name(), observed.via, ScheduleAction::TargetsRemoved, report);
    Ok(())
}

fn report_applied(schedule: &str, name: &str, via: Via, action: ScheduleAction, report: &dyn ApplyReporter) {
    report.schedule_applied(schedule, name, via, action);
}

/// Returns a target with the task definition that it is to run.
fn complete_target(target: &TargetPlan, registered: &[TaskDefinition]) -> Result<Value, Failure> {
    let arn = match &target.revision {
        Revision::Registered(arn) => Some(arn.as_str()),
        Revision::New(index) => registered.get(*index).map(|definition| definition.arn.as_str()),
        Revision::Same => target.revision_before.as_deref(),
    };
    let missing =
        || Failure::error(format!("no revision of `{}` was registered for a schedule", target.family));
    let mut document = target.document.clone();
    document["EcsParameters"]["TaskDefinitionArn"] = arn.ok_or_else(missing)?.into();
    Ok(document)
}

/// Retries a call while its error is transient, or has one of the codes in `passing`.
async fn retry_passing<T>(
    passing: &[&str],
    call: impl AsyncFn() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let passes = |error: &ApiError| {
        error.is_retryable() || error.code.as_deref().is_some_and(|code| passing.contains(&code))
    };
    retry(Policy::CALL, passes, call).await
}

/// Sends a call as [`send_once`] does; errors with one of the codes in `passing` are transient as well.
async fn send_passing<T>(
    aws: &Aws,
    attempted: &str,
    passing: &[&str],
    call: impl AsyncFn() -> Result<T, ApiError>,
    look: impl AsyncFn() -> Result<Trace<T>, ApiError>,
) -> Result<T, Failure> {
    let passes = |error: &ApiError| {
        error.is_retryable() || error.code.as_deref().is_some_and(|code| passing.contains(&code))
    };
    send_once(aws, attempted, passes, call, look).await
}

/// Returns the failure of a call whose answer was lost, to a schedule or rule that another client has changed since.
fn lost_failure(noun: &str, name: &str) -> Failure {
    let message =
        format!("no answer to the change of {noun} `{name}`, which another client has changed since");
    let hint = "it is unknown whether the change took effect, and it is not sent again: check with `ecsail schedule list`";
    Failure::error(message).with_hint(hint.to_owned()).unclear(true)
}

/// Returns the failure of a call.
fn call_failure(attempted: String, error: ApiError) -> Failure {
    Failure::error(attempted).with_hint(error.hint()).with_cause(error)
}

/// Returns the failure for a schedule that has changed since the plan was made.
fn changed_since_plan(plan: &SchedulePlan, what: &str) -> Failure {
    let message = format!("{} `{}` {what} since the plan was made", schedule_noun(plan.via), plan.name);
    Failure::refused(message).with_hint("check the changes with `ecsail plan`, then deploy again".to_owned())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
