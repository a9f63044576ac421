//! Tests of the sandbox as a whole: through `call` where the simulation is at stake, over HTTP where
//! the wire is.

mod autoscaling;
mod dependencies;
mod eventbridge;
mod exec;
mod http;
mod logs;
mod operations;
mod rollouts;
mod scheduler;
mod services;
mod stories;
mod support;
mod targets;
mod wire;
