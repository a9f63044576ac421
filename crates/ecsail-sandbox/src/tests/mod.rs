//! Tests of the sandbox as a whole: through `call` for the simulation, over HTTP for the protocols.

mod access;
mod autoscaling;
mod clock;
mod dependencies;
mod eventbridge;
mod exec;
mod express;
mod faults;
mod http;
mod limits;
mod logs;
mod operations;
mod presigned;
mod rollouts;
mod scenarios;
mod scheduler;
mod services;
mod support;
mod targets;
mod wire;
