//! Restores a schedule. Reads it first, and restores it only if it is still as the plan left it or as it was before:
//! what others have changed since is kept.

use serde_json::Value;

use super::{call_failure, changed_since_plan, now, rules, scheduler};
use crate::aws::Aws;
use crate::aws::types::{ObservedSchedule, Via, family_of};
use crate::error::Failure;
use crate::manifest::schedules::schedule_noun;
use crate::plan::Revision;
use crate::plan::schedules::{SchedulePlan, TargetPlan, rule, schedule};

/// Restores a schedule to its state before the plan. One that the plan created is deleted, and one that no longer
/// exists is not created again.
pub(super) async fn restore(plan: &SchedulePlan, aws: &Aws) -> Result<(), Failure> {
    let group = plan.group.as_deref().unwrap_or("default");
    let found = match plan.via {
        Via::Scheduler => aws.schedule(group, &plan.name).await,
        Via::Rule => aws.observe_rule(&plan.name).await,
    };
    let looked =
        |error| call_failure(format!("failed to read {} `{}`", schedule_noun(plan.via), plan.name), error);
    let Some(found) = found.map_err(looked)? else {
        return if plan.before.is_some() { Err(changed_since_plan(plan, "was deleted")) } else { Ok(()) };
    };
    let is_ours = match plan.via {
        Via::Scheduler => is_schedule_as_left(plan, &found),
        Via::Rule => is_rule_as_left(plan, &found),
    };
    if !is_ours {
        return Err(changed_since_plan(plan, "was changed"));
    }
    match (&plan.before, plan.via) {
        (Some(before), Via::Scheduler) => scheduler::restore_schedule(before, &found, aws).await,
        (None, Via::Scheduler) => scheduler::delete_schedule(plan.group.as_deref(), &plan.name, aws).await,
        (Some(before), Via::Rule) => rules::restore_rule(plan, before, &found, aws).await,
        (None, Via::Rule) => {
            let ids: Vec<String> = plan.targets.iter().map(|target| target.id.clone()).collect();
            rules::delete_rule(&plan.name, &ids, aws).await
        }
    }
}

fn is_schedule_as_left(plan: &SchedulePlan, found: &ObservedSchedule) -> bool {
    let now = now();
    let mut left = plan.document.clone();
    if let Some(target) = plan.targets.first() {
        left["Target"] = target_as_left(target, &found.document["Target"]);
    }
    let before = plan.before.as_ref().map(|before| &before.document);
    schedule::is_same(&left, &found.document, now)
        || before.is_some_and(|before| schedule::is_same(before, &found.document, now))
}

/// Returns whether the rule, and each of its targets in the plan, is as the plan left it or as it was before: the plan
/// may have been applied only in part.
fn is_rule_as_left(plan: &SchedulePlan, found: &ObservedSchedule) -> bool {
    let before = plan.before.as_ref();
    let was = |id: &str| before.and_then(|before| before.target(id));
    let same = |one: Option<&Value>, other: Option<&Value>| match (one, other) {
        (Some(one), Some(other)) => rule::is_same_target(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    let itself = rule::is_same(&plan.document, &found.document)
        || before.is_some_and(|before| rule::is_same(&before.document, &found.document));
    let put = plan.targets.iter().filter(|target| target.changes).all(|target| {
        let there = found.target(&target.id);
        let left = there.map(|there| target_as_left(target, there));
        same(was(&target.id), there) || left.is_some_and(|left| same(Some(&left), there))
    });
    let gone = |id: &String| found.target(id).is_none() || same(was(id), found.target(id));
    itself && put && plan.removed.iter().all(gone)
}

/// Returns a target as the plan left it. The number of a new revision is not known here, so any of its family counts.
fn target_as_left(target: &TargetPlan, found: &Value) -> Value {
    let there = found["EcsParameters"]["TaskDefinitionArn"].as_str();
    let arn = match &target.revision {
        Revision::Registered(arn) => Some(arn.as_str()),
        Revision::Same => target.revision_before.as_deref(),
        Revision::New(_) => there.filter(|arn| family_of(arn) == target.family),
    };
    let mut left = target.document.clone();
    left["EcsParameters"]["TaskDefinitionArn"] = arn.into();
    left
}
