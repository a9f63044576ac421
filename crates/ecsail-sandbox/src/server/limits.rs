//! How much one client can take of the server.

use std::time::Duration;

/// The limits of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of connections at the same time. More wait until one ends.
    pub connections: usize,
    /// The time after which a connection without a request is closed. HTTP clients that keep connections close them
    /// after 90 seconds (hyper, which the AWS SDK for Rust uses) or less, so that no request is cut off.
    pub idle: Duration,
    /// The time in which a request must be sent, from its first byte.
    pub request: Duration,
    /// The size of a request's body in bytes. ECR's `PutImage`, the largest of the operations, takes a manifest of
    /// 4 MiB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 256,
            idle: Duration::from_mins(2),
            request: Duration::from_secs(30),
            body: 6 * 1024 * 1024,
        }
    }
}
