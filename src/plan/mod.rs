//! Owns the plan: what would change, and what stands against it. Pure: everything was seen before.
//!
//! A plan never holds the value of a secret in what it shows; the documents to register are
//! kept apart from the differences that are printed.

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
