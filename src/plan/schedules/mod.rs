//! Compares schedules: plans what is created or updated in EventBridge Scheduler or EventBridge rules, what is kept,
//! and returns the blockers. Pure: the time is passed in.
//!
//! Both services drop what an update does not contain. So the document to send is the existing one, overridden by what
//! the manifest contains; members that ecsail does not know are kept.

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

/// The account and region of schedules, their owner, and the time.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    pub account: String,
    /// Such as `aws` or `aws-cn`.
    pub partition: String,
    pub region: String,
    pub app: Option<String>,
    pub stage: Option<String>,
    /// In seconds since 1970; a start before it has no effect.
    pub now: i64,
}

impl Ground {
    /// Creates the context from the caller's account, for an app and its stage.
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

/// What a plan does with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Unchanged,
}

/// The plan of one schedule.
#[derive(Clone, Debug)]
pub struct SchedulePlan {
    /// Its name in commands.
    pub key: String,
    /// The name in AWS.
    pub name: String,
    pub via: Via,
    /// The schedule group; `None` for a rule.
    pub group: Option<String>,
    pub action: Action,
    /// The changes, without secrets.
    pub changes: Vec<Change>,
    /// The ids of a rule's targets that are not in the manifest. They are kept.
    pub foreign: Vec<String>,
    /// The ids of a rule's targets that are removed: former ones of the manifest, and those that another target
    /// replaces.
    pub removed: Vec<String>,
    /// Notes for the reader.
    pub notes: Vec<String>,
    /// The observed schedule; `None` if it is created.
    pub before: Option<ObservedSchedule>,
    /// The document for CreateSchedule and UpdateSchedule (without the target), or for PutRule.
    pub document: Value,
    /// Whether the rule itself changes, not only its targets. A schedule is always sent as a whole.
    pub changes_document: bool,
    pub targets: Vec<TargetPlan>,
    /// The schedule group to create first, with its tags.
    pub new_group: Option<NewGroup>,
    /// The tags that an existing rule gets at the end; a new rule gets them when it is created.
    pub new_tags: BTreeMap<String, String>,
}

/// The plan of one schedule target, complete except for its task definition.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    /// The id of a rule's target; empty for a schedule.
    pub id: String,
    /// The revision that it will run.
    pub revision: Revision,
    /// The family of that revision.
    pub family: String,
    /// The task definition that it runs now; `None` for a new target.
    pub revision_before: Option<String>,
    /// The target to send, without `EcsParameters.TaskDefinitionArn`.
    pub document: Value,
    pub changes: bool,
}

/// A schedule group to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGroup {
    pub name: String,
    pub tags: BTreeMap<String, String>,
}

impl SchedulePlan {
    /// Returns whether the schedule is created or updated.
    pub fn is_changing(&self) -> bool {
        self.action != Action::Unchanged
    }
}

/// Returns the plan that changes a schedule into the desired one; `works` is what its targets run, in their order.
///
/// # Errors
/// All blockers: a name that is taken, a missing role, settings that a target does not support.
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

/// Returns how a schedule, without what it runs, differs from the desired one; an empty expression counts as unknown.
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
