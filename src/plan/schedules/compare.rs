//! Compares a schedule with what is there, by the service that keeps it.

use super::types::{ScheduleContext, SchedulePlan};
use super::{ownership, rule, schedule, times};
use crate::aws::types::{ObservedSchedule, ObservedSchedules, Via};
use crate::error::{Failure, Result};
use crate::plan::diff::Change;
use crate::plan::types::ResolvedWork;
use crate::render::schedules::DesiredSchedule;

/// Returns the plan that changes a schedule into the desired one; `works` is what its targets run, in their order.
///
/// # Errors
/// All blockers: a name that is taken, a missing role, settings that a target does not support.
pub fn compare(
    desired: &DesiredSchedule,
    works: &[ResolvedWork],
    observed: &ObservedSchedules,
    schedule_context: &ScheduleContext,
) -> Result<SchedulePlan, Vec<Failure>> {
    let twice = ownership::duplicate_blockers(desired, works, observed, schedule_context);
    if !twice.is_empty() {
        return Err(twice);
    }
    let mut plan = match desired.kind {
        Via::Scheduler => schedule::compare(desired, works, observed, schedule_context),
        Via::Rule => rule::compare(desired, works, observed, schedule_context),
    }?;
    plan.notes.extend(times::never_again_note(&plan.key, plan.via, &plan.document, schedule_context.now));
    Ok(plan)
}

/// Returns how a schedule, without what it runs, differs from the desired one; an empty expression counts as unknown.
pub fn settings(desired: &DesiredSchedule, observed: &ObservedSchedule, now: i64) -> Vec<Change> {
    let mut desired = desired.clone();
    if desired.expression.is_empty() {
        let there = observed.document["ScheduleExpression"].as_str();
        desired.expression = there.unwrap_or_default().to_owned();
    }
    match desired.kind {
        Via::Scheduler => schedule::compare_settings(
            &desired,
            &observed.document,
            &ScheduleContext { now, ..ScheduleContext::default() },
        ),
        Via::Rule => rule::compare_settings(&desired, observed),
    }
}
