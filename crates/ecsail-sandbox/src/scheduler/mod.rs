//! Amazon EventBridge Scheduler: schedules and the groups that they are in. Owns which operation goes where,
//! and the errors that the operations share; nothing is ever invoked.

mod check;
mod group;
mod schedule;

use serde_json::Value;

pub(super) use group::Group;
pub(super) use schedule::Schedule;

use super::state::Env;
use super::wire::ApiError;

/// The group that every account has in every region, and the marks that names may have.
const DEFAULT: &str = "default";
const NAME_MARKS: &str = "-_.";

/// Answers an operation of the scheduler.
pub(super) fn answer(env: &mut Env<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "CreateSchedule" => schedule::create(env, input),
        "GetSchedule" => schedule::get(env, input),
        "UpdateSchedule" => schedule::update(env, input),
        "DeleteSchedule" => schedule::delete(env, input),
        "ListSchedules" => schedule::list(env, input),
        "CreateScheduleGroup" => group::create(env, input),
        "GetScheduleGroup" => group::get(env, input),
        "DeleteScheduleGroup" => group::delete(env, input),
        "ListScheduleGroups" => group::list(env, input),
        "TagResource" => group::tag(env, input),
        "UntagResource" => group::untag(env, input),
        "ListTagsForResource" => group::tags(env, input),
        _ => Err(ApiError { status: 404, ..ApiError::unknown_operation() }),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn missing(what: &str, name: &str) -> ApiError {
    let message = format!("{what} {name} does not exist.");
    ApiError { status: 404, ..ApiError::new("ResourceNotFoundException", message) }
}

fn conflict(message: impl Into<String>) -> ApiError {
    ApiError { status: 409, ..ApiError::new("ConflictException", message) }
}
