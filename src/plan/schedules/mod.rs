//! Owns the comparison of schedules: what is created or updated in EventBridge Scheduler or in EventBridge's rules, what of
//! it is kept, and what stands against it. Pure: the time is passed in.
//!
//! Both services forget what an update does not give. So the document that is sent is what is there, with what the
//! manifest names laid over it; members that nobody here knows stay as they are.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::work::ResolvedWork;
use super::{Change, Revision};
use crate::aws::scheduled::{ObservedSchedule, ObservedSchedules};
use crate::aws::types::Caller;
use crate::error::Failure;
use crate::manifest::schedules::Via;
use crate::render::schedules::DesiredSchedule;

pub mod back;
mod input;
pub mod now;
pub mod owner;
pub mod prune;
mod role;
pub mod rule;
mod run_task;
pub mod schedule;
mod shown;
mod target;
mod times;
mod whose;

/// Holds where schedules are, whose they are, and the time.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    pub account: String,
    /// Such as `aws` or `aws-cn`.
    pub partition: String,
    pub region: String,
    pub app: Option<String>,
    pub stage: Option<String>,
    /// In seconds since 1970: a start that has passed says nothing any more.
    pub now: i64,
}

impl Ground {
    /// Returns the ground of a caller's account, for an app and its stage.
    pub fn of(
        caller: &Caller,
        region: &str,
        (app, stage): (Option<String>, Option<String>),
        now: i64,
    ) -> Ground {
        let partition = caller.arn.split(':').nth(1).filter(|partition| !partition.is_empty());
        let (account, partition) = (caller.account.clone(), partition.unwrap_or("aws").to_owned());
        Ground { account, partition, region: region.to_owned(), app, stage, now }
    }
}

/// Says what happens to a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Unchanged,
}

/// Holds what happens to one schedule.
#[derive(Clone, Debug)]
pub struct SchedulePlan {
    /// What commands call it.
    pub key: String,
    /// Its name in AWS.
    pub name: String,
    pub via: Via,
    /// The schedule group; none for a rule.
    pub group: Option<String>,
    pub action: Action,
    /// What changes, without secrets.
    pub changes: Vec<Change>,
    /// The ids of a rule's targets that the manifest does not name. They are kept.
    pub foreign: Vec<String>,
    /// The ids of a rule's targets that are taken off: the manifest's of old, and those whose place another one takes.
    pub removed: Vec<String>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// What was there; none where it is created.
    pub before: Option<ObservedSchedule>,
    /// What CreateSchedule and UpdateSchedule (without the target) or PutRule are given.
    pub document: Value,
    /// Whether a rule itself changes, and not only its targets. A schedule is always sent whole.
    pub changes_document: bool,
    pub targets: Vec<TargetPlan>,
    /// The schedule group that has to be created first, with its tags.
    pub new_group: Option<NewGroup>,
    /// The tags that a rule that is there gets when all else is done; a new one gets them as it is created.
    pub new_tags: BTreeMap<String, String>,
}

/// Holds one target of a schedule, whole but for its task definition.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    /// The id of a rule's target; empty for a schedule.
    pub id: String,
    /// What it will run.
    pub revision: Revision,
    /// The family of what it will run.
    pub family: String,
    /// The ARN that it runs now; none for a new one.
    pub revision_before: Option<String>,
    /// The target as it is sent, but for `EcsParameters.TaskDefinitionArn`.
    pub document: Value,
    pub changes: bool,
}

/// Holds a schedule group that is to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGroup {
    pub name: String,
    pub tags: BTreeMap<String, String>,
}

impl SchedulePlan {
    /// Returns whether anything is to be done.
    pub fn is_changing(&self) -> bool {
        self.action != Action::Unchanged
    }
}

/// Returns what brings a schedule to what is desired; `works` is what its targets run, in their order.
///
/// # Errors
/// Everything that stands against it: a name that is taken, a role that is missing, what a target cannot take.
pub fn compare(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    observed: &ObservedSchedules,
    ground: &Ground,
) -> Result<SchedulePlan, Vec<Failure>> {
    let twice = whose::twice(desired, works, observed, ground);
    if !twice.is_empty() {
        return Err(twice);
    }
    let mut plan = match desired.via {
        Via::Scheduler => schedule::compare(desired, works, observed, ground),
        Via::Rule => rule::compare(desired, works, observed, ground),
    }?;
    plan.notes.extend(times::never_again(&plan.key, plan.via, &plan.document, ground.now));
    Ok(plan)
}

/// Returns how a schedule itself, without what it runs, differs from what is desired; an empty expression is not known.
pub fn settings(desired: &DesiredSchedule, observed: &ObservedSchedule, now: i64) -> Vec<Change> {
    let mut desired = desired.clone();
    if desired.expression.is_empty() {
        let there = observed.document["ScheduleExpression"].as_str();
        desired.expression = there.unwrap_or_default().to_owned();
    }
    match desired.via {
        Via::Scheduler => {
            schedule::settings(&desired, &observed.document, &Ground { now, ..Ground::default() })
        }
        Via::Rule => rule::settings(&desired, observed),
    }
}

#[cfg(test)]
mod tests;
