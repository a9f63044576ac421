//! Owns the changing of schedules: creating and updating them, switching them on and off, deleting them, and bringing one back
//! to what it was. What is there is looked at again right before it is replaced: it may have changed while services rolled out.
//!
//! Nothing is done twice: what EventBridge takes says what is to be, and the scheduler's calls carry a token of our own.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::{ATTEMPTS, pause};
use crate::apply::reporter::{ApplyReporter, ScheduleAction};
use crate::aws::scheduled::{ObservedSchedule, RULES_AT_ONCE};
use crate::aws::types::TaskDefinition;
use crate::aws::{ApiError, Aws, CALLS_AT_ONCE};
use crate::error::Failure;
use crate::manifest::schedules::{Via, noun};
use crate::plan::Revision;
use crate::plan::schedules::{Action, NewGroup, SchedulePlan, TargetPlan};

mod back;
mod rules;
mod scheduler;
#[cfg(all(test, feature = "sandbox"))]
mod tests;

/// Creates or updates a schedule, as its plan says; `registered` are the plan's registrations, in their order.
///
/// # Errors
/// The API's; targets that were not put; a schedule that is no longer what the plan was made from.
pub async fn apply(
    plan: &SchedulePlan,
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<(), Failure> {
    if let Some(group) = plan.new_group.as_ref().filter(|_| plan.is_changing()) {
        scheduler::create_group(group, aws).await?;
    }
    apply_one(plan, registered, aws, report).await
}

/// Applies plans side by side, a few at a time, and returns how each went, in their order. Each schedule group is created once.
pub async fn apply_all(
    plans: &[&SchedulePlan],
    registered: &[TaskDefinition],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Vec<Result<(), Failure>> {
    let lost = groups_not_created(plans, aws).await;
    let one = async |index: usize| {
        let plan = plans[index];
        let lost = plan.new_group.as_ref().and_then(|group| lost.get(group.name.as_str()));
        let result = match lost {
            Some((message, hints)) => {
                let failure = Failure::error(format!("create schedule `{}`", plan.name));
                Err(hints.iter().cloned().fold(failure.because(anyhow::anyhow!("{message}")), Failure::hint))
            }
            None => apply_one(plan, registered, aws, report).await,
        };
        (index, result)
    };
    let of = |via| (0..plans.len()).filter(|index| plans[*index].via == via).collect::<Vec<_>>();
    let (kept, rules) = (of(Via::Scheduler), of(Via::Rule));
    let kept = stream::iter(kept.into_iter().map(&one)).buffer_unordered(CALLS_AT_ONCE).collect::<Vec<_>>();
    let rules = stream::iter(rules.into_iter().map(&one)).buffer_unordered(RULES_AT_ONCE).collect::<Vec<_>>();
    let (mut all, rules) = join(kept, rules).await;
    all.extend(rules);
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

/// Creates the groups that plans need, and returns those that were not created, with what was said of it.
async fn groups_not_created<'a>(
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

/// Does what a plan says; the group that it needs is there.
async fn apply_one(
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
        Via::Scheduler => scheduler::apply(plan, registered, aws).await?,
        Via::Rule => rules::apply(plan, registered, aws).await?,
    }
    tell(&plan.key, &plan.name, plan.via, action, report);
    Ok(())
}

/// Brings a schedule back to what it was before its plan was applied; one that was created is deleted.
///
/// # Errors
/// The API's; targets that were not put back; a schedule that is no longer as it was left, which stays.
pub async fn restore(plan: &SchedulePlan, aws: &Aws, report: &dyn ApplyReporter) -> Result<(), Failure> {
    if !plan.is_changing() {
        return Ok(());
    }
    back::restore(plan, aws).await?;
    let action = if plan.before.is_some() { ScheduleAction::Restored } else { ScheduleAction::Deleted };
    tell(&plan.key, &plan.name, plan.via, action, report);
    Ok(())
}

/// Switches a schedule on or off, and returns whether it was not so already. All else about it stays.
///
/// # Errors
/// The API's; a schedule that is gone.
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
        Via::Scheduler => scheduler::set_enabled(observed, enabled, aws).await?,
        Via::Rule => rules::set_enabled(observed.name(), enabled, aws).await?,
    }
    tell(
        key,
        observed.name(),
        observed.via,
        if enabled { ScheduleAction::Enabled } else { ScheduleAction::Disabled },
        report,
    );
    Ok(true)
}

/// Deletes a schedule; a rule with all targets that were seen on it.
///
/// # Errors
/// The API's; a rule that got another target in the meantime stays, with all of them.
pub async fn delete(
    key: &str,
    observed: &ObservedSchedule,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<(), Failure> {
    match observed.via {
        Via::Scheduler => scheduler::delete(observed.group(), observed.name(), aws).await?,
        Via::Rule => {
            let ids = observed.targets.iter().filter_map(|target| target["Id"].as_str().map(str::to_owned));
            rules::delete(observed.name(), &ids.collect::<Vec<_>>(), aws).await?;
        }
    }
    tell(key, observed.name(), observed.via, ScheduleAction::Deleted, report);
    Ok(())
}

/// Removes targets of a rule, which stays.
///
/// # Errors
/// The API's; targets that were not removed.
pub async fn remove_targets(
    key: &str,
    observed: &ObservedSchedule,
    ids: &[String],
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<(), Failure> {
    rules::remove_targets(observed.name(), ids, aws).await?;
    tell(key, observed.name(), observed.via, ScheduleAction::TargetsRemoved, report);
    Ok(())
}

fn tell(schedule: &str, name: &str, via: Via, action: ScheduleAction, report: &dyn ApplyReporter) {
    report.schedule_applied(schedule, name, via, action);
}

/// Returns a target with the task definition that it is to run.
fn whole(target: &TargetPlan, registered: &[TaskDefinition]) -> Result<Value, Failure> {
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

/// Makes a call again for as long as its error may pass, or has one of the codes that pass here.
async fn persistently<T>(
    passing: &[&str],
    call: impl AsyncFn() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let passes = error.may_pass() || error.code.as_deref().is_some_and(|code| passing.contains(&code));
        if attempt >= ATTEMPTS || !passes {
            return Err(error);
        }
        tokio::time::sleep(pause(attempt)).await;
    }
}

/// Returns the failure of a call.
fn failed(attempted: String, error: ApiError) -> Failure {
    Failure::error(attempted).hint(error.hint()).because(error)
}

/// Returns the refusal of a schedule that is not what the plan was made from.
fn moved(plan: &SchedulePlan, what: &str) -> Failure {
    let message = format!("{} `{}` {what} since it was looked at", noun(plan.via), plan.name);
    Failure::refused(message)
        .hint("somebody else works on it: look at the plan again, then deploy again".to_owned())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Returns a token for one request: the same text at another time is another request.
fn token(document: &str) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let hash = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, since, std::process::id(), document).hash(&mut hasher);
        hasher.finish()
    };
    format!("ecsail-{:016x}{:016x}", hash(0), hash(1))
}
