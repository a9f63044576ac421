//! Decides whether the autoscaling of a service has changed since its plan was made.

use serde_json::Value;

use super::document::{ScalingKind, find, is_same};
use super::types::{AutoscalingPlan, ScalingStep};
use crate::aws::autoscaling::ObservedAutoscaling;
use crate::render::autoscaling::ScalingDocument;

/// Returns what has changed since the plan was made, of all that the plan changes; `None` if nothing has. What is as the plan
/// makes it is no change: another run may have made it.
pub fn drift(plan: &AutoscalingPlan, now: &ObservedAutoscaling) -> Option<String> {
    plan.steps.iter().find_map(|step| match step {
        ScalingStep::Register { min, max } => {
            let is_expected =
                range(now) == range(&plan.before) || range(now) == range_after(plan, *min, *max);
            (!is_expected).then(|| "the range".to_owned())
        }
        ScalingStep::Deregister => None,
        ScalingStep::PutPolicy(policy) => {
            document_drift(ScalingKind::Policy, &policy.name, Some(policy), plan, now)
        }
        ScalingStep::DeletePolicy(name) => document_drift(ScalingKind::Policy, name, None, plan, now),
        ScalingStep::PutAction(action) => {
            document_drift(ScalingKind::Action, &action.name, Some(action), plan, now)
        }
        ScalingStep::DeleteAction(name) => document_drift(ScalingKind::Action, name, None, plan, now),
    })
}

/// Returns a policy or an action if it is neither as it was before the plan nor as the plan makes it.
fn document_drift(
    kind: ScalingKind,
    name: &str,
    after: Option<&ScalingDocument>,
    plan: &AutoscalingPlan,
    now: &ObservedAutoscaling,
) -> Option<String> {
    let was = find(of_kind(&plan.before, kind), kind, name);
    let is = find(of_kind(now, kind), kind, name);
    let after = after.map(|after| &after.document);
    let is_expected = is_same_or_absent(was, is, kind) || is_same_or_absent(after, is, kind);
    (!is_expected).then(|| format!("{} `{name}`", kind.document().noun()))
}

/// Returns the range of a scalable target, if there is one.
pub(super) fn range(observed: &ObservedAutoscaling) -> Option<(i32, i32)> {
    observed.target.map(|target| (target.min, target.max))
}

/// Returns the range after the plan, which sets these bounds.
pub(super) fn range_after(plan: &AutoscalingPlan, min: Option<i32>, max: Option<i32>) -> Option<(i32, i32)> {
    let was = range(&plan.before);
    Some((min.or(was.map(|was| was.0))?, max.or(was.map(|was| was.1))?))
}

/// Returns the policies or the actions.
pub(super) fn of_kind(observed: &ObservedAutoscaling, kind: ScalingKind) -> &[Value] {
    match kind {
        ScalingKind::Policy => &observed.policies,
        ScalingKind::Action => &observed.scheduled_actions,
    }
}

/// Returns whether two documents mean the same, or both are absent.
pub(super) fn is_same_or_absent(one: Option<&Value>, other: Option<&Value>, kind: ScalingKind) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => is_same(one, other, kind),
        (one, other) => one.is_none() && other.is_none(),
    }
}
