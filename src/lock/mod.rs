//! The lock of a stage: what its record holds, when it may be taken, and how long it is surely held. Pure: the time is passed
//! in, and never is a decision made from the clocks of two machines.

pub mod holder;
pub mod lease;
pub mod record;
pub mod watch;

pub use holder::Holder;
pub use lease::Lease;
pub use record::{LockKind, LockRecord};
pub use watch::{LeaseWatch, LockDecision};

/// The length of a lease where the manifest has none.
pub const DEFAULT_LEASE: std::time::Duration = std::time::Duration::from_mins(1);

/// Returns the key of the lock of an app and stage.
pub fn lock_key(app: &str, stage: Option<&str>) -> String {
    match stage {
        Some(stage) => format!("{app}/{stage}"),
        None => app.to_owned(),
    }
}
