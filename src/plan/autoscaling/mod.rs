//! Plans the autoscaling of a service: its scalable target, policies and scheduled actions, and how they are restored.
//! Pure.
//!
//! Only what the manifest names, and policies and actions whose names begin with `ecsail-`, is ever changed or removed.
//! Which activities are suspended is never changed.

mod change_list;
mod compare;
mod document;
mod drift;
pub mod requests;
mod restore;
mod types;

#[cfg(test)]
mod tests;

pub use compare::compare;
pub use drift::drift;
pub use restore::{RestorePlan, restore_plan};
pub use types::{AutoscalingPlan, ScalingStep};
