//! Computes the plan: what a deploy would change, and what blocks it. Pure: everything was observed before.
//!
//! A plan never contains the value of a secret in what it shows. The documents to register are kept apart from the
//! printed changes.

pub mod back;
mod compare;
pub mod diff;
pub mod prune;
pub mod record;
pub mod references;
pub mod refuse;
mod release;
pub mod replace;
mod revision;
pub mod rollback;
pub mod scale;
pub mod schedules;
pub mod service;
pub mod task;
mod types;
pub mod work;

pub use back::WayBack;
pub use compare::compare;
pub use diff::Change;
pub use record::Record;
pub use replace::desired_document;
pub use revision::Revision;
pub use schedules::SchedulePlan;
pub use types::{Options, Plan, Reason, Registration, ResolvedWork, ServicePlan, TaskPlan, run_members};
