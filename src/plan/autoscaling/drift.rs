//! Decides whether the autoscaling of a service has changed since its plan was made.

use super::document::{ScalingKind, find, is_same};
use super::types::{AutoscalingPlan, ScalingStep};
use crate::aws::autoscaling::ObservedAutoscaling;
use serde_json::Value;

/// Returns what has changed since the plan was made, of all that the plan changes; `None` if nothing has.
pub fn drift(plan: &AutoscalingPlan, now: &ObservedAutoscaling) -> Option<String> {
    plan.steps.iter().find_map(|step| {
        let (kind, name) = match step {
            ScalingStep::Register { .. } | ScalingStep::Deregister => {
                let range = |of: &ObservedAutoscaling| of.target.map(|target| (target.min, target.max));
                return (range(&plan.before) != range(now)).then(|| "the range".to_owned());
            }
            ScalingStep::PutPolicy(policy) => (ScalingKind::Policy, &policy.name),
            ScalingStep::DeletePolicy(name) => (ScalingKind::Policy, name),
            ScalingStep::PutAction(action) => (ScalingKind::Action, &action.name),
            ScalingStep::DeleteAction(name) => (ScalingKind::Action, name),
        };
        let was = find(of_kind(&plan.before, kind), kind, name);
        let is = find(of_kind(now, kind), kind, name);
        let noun = kind.document().noun();
        (!is_same_or_absent(was, is, kind)).then(|| format!("{noun} `{name}`"))
    })
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
