//! Amazon EventBridge: event buses, rules and their targets. No event is matched, and no target is invoked.

mod bus;
pub(crate) mod partial_failure;
mod rule;
mod tag;
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
        "CreateEventBus" => bus::create(context, input),
        "DescribeEventBus" => bus::describe(context, input),
        "DeleteEventBus" => bus::delete(context, input),
        "ListEventBuses" => bus::list(context, input),
        "PutRule" => rule::put(context, input),
        "DescribeRule" => rule::describe(context, input),
        "ListRules" => rule::list(context, input),
        "DeleteRule" => rule::delete(context, input),
        "EnableRule" => rule::switch(context, input, "ENABLED"),
        "DisableRule" => rule::switch(context, input, "DISABLED"),
        "PutTargets" => target::put(context, input),
        "RemoveTargets" => target::remove(context, input),
        "ListTargetsByRule" => target::list(context, input),
        "ListRuleNamesByTarget" => target::rule_names(context, input),
        "TagResource" => tag::tag(context, input),
        "UntagResource" => tag::untag(context, input),
        "ListTagsForResource" => tag::list(context, input),
        _ => Err(ApiError::unknown_operation()),
    }
}
