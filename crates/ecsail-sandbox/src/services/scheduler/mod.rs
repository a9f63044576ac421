//! Amazon EventBridge Scheduler: schedules and schedule groups. No target is invoked.

mod check;
mod errors;
mod group;
mod schedule;

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
        "CreateSchedule" => schedule::create(context, input),
        "GetSchedule" => schedule::get(context, input),
        "UpdateSchedule" => schedule::update(context, input),
        "DeleteSchedule" => schedule::delete(context, input),
        "ListSchedules" => schedule::list(context, input),
        "CreateScheduleGroup" => group::create(context, input),
        "GetScheduleGroup" => group::get(context, input),
        "DeleteScheduleGroup" => group::delete(context, input),
        "ListScheduleGroups" => group::list(context, input),
        "TagResource" => group::tag(context, input),
        "UntagResource" => group::untag(context, input),
        "ListTagsForResource" => group::tags(context, input),
        _ => Err(ApiError { status: 404, ..ApiError::unknown_operation() }),
    }
}
