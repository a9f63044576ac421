//! Compares schedules: plans what is created or updated in EventBridge Scheduler or EventBridge rules, what is kept,
//! and returns the blockers. Pure: the time is passed in.
//!
//! Both services drop what an update does not contain. So the document to send is the existing one, overridden by what
//! the manifest contains; members that ecsail does not know are kept.

mod change_list;
pub(super) mod compare;
mod input;
pub mod owner;
mod ownership;
pub mod prune;
mod role;
pub mod rollback;
pub mod rule;
pub mod run_now;
mod run_task;
pub mod schedule;
mod target;
mod times;
pub(super) mod types;

pub use compare::{compare, settings};
pub use input::parse_overrides;
pub use run_task::run_task_members;
pub use types::{Action, NewGroup, ScheduleContext, SchedulePlan, TargetPlan};

#[cfg(test)]
mod tests;
