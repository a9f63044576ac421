//! Computes the plan: what a deploy would change, and what blocks it. Pure: everything was observed before.
//!
//! A plan never contains the value of a secret in what it shows. The documents to register are kept apart from the
//! printed changes.

pub mod after_marks;
pub mod autoscaling;
pub mod blockers;
mod compare;
mod creation;
pub mod deletion;
pub mod desired_document;
pub mod diff;
mod edited_definition;
pub mod express;
pub mod image_checks;
pub mod image_pins;
mod immutable;
pub mod lost_update;
mod plan_revision;
pub mod prune;
pub mod record;
pub mod references;
mod release;
pub mod rollback;
pub mod rollback_point;
pub mod scale;
pub mod schedules;
pub mod service;
pub mod service_state;
pub mod task;
pub mod task_spec;
mod types;

pub use autoscaling::AutoscalingPlan;
pub use compare::compare;
pub use desired_document::desired_document;
pub use diff::Change;
pub use plan_revision::Revision;
pub use record::DeployRecord;
pub use rollback_point::RollbackPoint;
pub use schedules::SchedulePlan;
pub use service_state::ServiceState;
pub use types::{
    Creation, Options, Plan, Reason, Registration, ResolvedWork, ServicePlan, TaskPlan, run_members,
};
