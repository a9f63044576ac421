//! Owns the comparison of schedules: what is created or updated in EventBridge Scheduler or in EventBridge's rules, what of
//! it is kept, and what stands against it. Pure: the time is passed in.
//!
//! Both services forget what an update does not give. So the document that is sent is what is there, with what the
//! manifest names laid over it; members that nobody here knows stay as they are.

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
