//! Application Auto Scaling: scalable targets of ECS services, their policies and scheduled actions. They are kept and
//! checked; nothing is scaled.
//!
//! Its messages are those that users of AWS report, with the source beside each; the others have the form that AWS's
//! protocols give to a violated constraint.

mod action;
mod metric;
mod policy;
mod policy_rules;
mod resource;
mod target;

use serde_json::Value;

use crate::api::ApiError;
use crate::state::CallContext;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "DescribeScalableTargets" => target::describe(context, input),
        "RegisterScalableTarget" => target::register(context, input),
        "DeregisterScalableTarget" => target::deregister(context, input),
        "PutScalingPolicy" => policy::put(context, input),
        "DescribeScalingPolicies" => policy::describe(context, input),
        "DeleteScalingPolicy" => policy::delete(context, input),
        "PutScheduledAction" => action::put(context, input),
        "DescribeScheduledActions" => action::describe(context, input),
        "DeleteScheduledAction" => action::delete(context, input),
        _ => Err(ApiError::unknown_operation()),
    }
}
