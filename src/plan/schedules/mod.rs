//! Compares schedules: plans what is created or updated in EventBridge Scheduler or EventBridge rules, what is kept,
//! and returns the blockers. Pure: the time is passed in.
//!
//! Both services drop what an update does not contain. So the document to send is the existing one, overridden by what
//! the manifest contains; members that ecsail does not know are kept.

pub mod back;
pub(super) mod compare;
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
pub(super) mod types;
mod whose;

pub use compare::{compare, settings};
pub use types::{Action, Ground, NewGroup, SchedulePlan, TargetPlan};

#[cfg(test)]
mod tests;
