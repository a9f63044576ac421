//! Which revision of a task definition a service, a task or a target will run.

/// The revision that a service will run.
#[derive(Clone, Debug, PartialEq)]
pub enum Revision {
    /// The running one.
    Same,
    /// One that is already registered, by ARN.
    Registered(String),
    /// The one that a registration of the plan creates, by index.
    New(usize),
}
