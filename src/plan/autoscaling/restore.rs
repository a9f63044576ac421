//! Plans how the autoscaling of a service is restored after its plan was applied, whole or in part. What others have changed
//! since is kept.

use super::document::{ScalingKind, find, input_form, names};
use super::drift::{is_same_or_absent, of_kind, range, range_after};
use super::types::{AutoscalingPlan, ScalingStep};
use crate::aws::autoscaling::ObservedAutoscaling;
use crate::render::autoscaling::ScalingDocument;

/// The calls that restore the autoscaling of a service, and what they leave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestorePlan {
    pub steps: Vec<ScalingStep>,
    /// What was changed since, and is kept.
    pub kept: Vec<String>,
}

/// Returns how to restore the state before a plan, from what is there now.
pub fn restore_plan(plan: &AutoscalingPlan, now: &ObservedAutoscaling) -> RestorePlan {
    let mut restore = RestorePlan::default();
    for step in plan.steps.iter().rev() {
        match step {
            ScalingStep::Register { min, max } => restore.add_range(*min, *max, plan, now),
            ScalingStep::PutPolicy(policy) => {
                restore.add_document(&policy.name, Some(policy), ScalingKind::Policy, plan, now);
            }
            ScalingStep::DeletePolicy(name) => {
                restore.add_document(name, None, ScalingKind::Policy, plan, now);
            }
            ScalingStep::PutAction(action) => {
                restore.add_document(&action.name, Some(action), ScalingKind::Action, plan, now);
            }
            ScalingStep::DeleteAction(name) => {
                restore.add_document(name, None, ScalingKind::Action, plan, now);
            }
            ScalingStep::Deregister => {}
        }
    }
    restore
}

impl RestorePlan {
    /// Restores the range, if it is still the one of the plan. A target that the plan registered is deregistered, unless
    /// policies or actions of others use it by now.
    fn add_range(
        &mut self,
        min: Option<i32>,
        max: Option<i32>,
        plan: &AutoscalingPlan,
        now: &ObservedAutoscaling,
    ) {
        let Some(is) = range(now) else { return };
        let is_ours = Some(is) == range_after(plan, min, max);
        match range(&plan.before) {
            Some(was) if is == was => {}
            Some((min, max)) if is_ours => {
                self.steps.push(ScalingStep::Register { min: Some(min), max: Some(max) });
            }
            None if is_ours && !has_others(plan, now) => self.steps.push(ScalingStep::Deregister),
            _ => self.kept.push("the range".to_owned()),
        }
    }

    /// Restores a policy or an action that is still as the plan left it: `left`, or absent.
    fn add_document(
        &mut self,
        name: &str,
        left: Option<&ScalingDocument>,
        kind: ScalingKind,
        plan: &AutoscalingPlan,
        now: &ObservedAutoscaling,
    ) {
        let was = find(of_kind(&plan.before, kind), kind, name);
        let is = find(of_kind(now, kind), kind, name);
        if is_same_or_absent(was, is, kind) {
            return;
        }
        if !is_same_or_absent(left.map(|left| &left.document), is, kind) {
            self.kept.push(format!("{} `{name}`", kind.document().noun()));
            return;
        }
        let put = was.map(|was| ScalingDocument { name: name.to_owned(), document: input_form(was, kind) });
        self.steps.push(match (put, kind) {
            (Some(policy), ScalingKind::Policy) => ScalingStep::PutPolicy(policy),
            (Some(action), ScalingKind::Action) => ScalingStep::PutAction(action),
            (None, ScalingKind::Policy) => ScalingStep::DeletePolicy(name.to_owned()),
            (None, ScalingKind::Action) => ScalingStep::DeleteAction(name.to_owned()),
        });
    }
}

/// Returns whether the scalable target has policies or actions that the plan did not put there.
fn has_others(plan: &AutoscalingPlan, now: &ObservedAutoscaling) -> bool {
    let is_put = |kind: ScalingKind, name: &str| {
        plan.steps.iter().any(|step| match (step, kind) {
            (ScalingStep::PutPolicy(put), ScalingKind::Policy) => put.name == name,
            (ScalingStep::PutAction(put), ScalingKind::Action) => put.name == name,
            _ => false,
        })
    };
    [ScalingKind::Policy, ScalingKind::Action]
        .into_iter()
        .any(|kind| names(of_kind(now, kind), kind).any(|name| !is_put(kind, name)))
}
