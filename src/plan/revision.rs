//! Which revision of a task definition a service, a task or a target will run.

/// Says which revision a service will run.
#[derive(Clone, Debug, PartialEq)]
pub enum Revision {
    /// The one that it runs.
    Same,
    /// One that is registered already, by ARN.
    Registered(String),
    /// The one that a registration of the plan makes.
    New(usize),
}
