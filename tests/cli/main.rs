//! The verbs, through the binary, against the embedded sandbox: stdout, stderr, exit code, and what AWS was asked.

mod check;
mod completions;
mod conformance;
mod deploy;
mod endings;
mod examples;
mod exec;
mod faults;
mod github;
mod going_back;
mod lint;
mod logs;
mod plan;
mod properties;
mod render;
mod round_trip;
mod running;
mod sandbox;
mod scale;
mod schema;
mod status;
mod stop_task;
mod support;
mod tidy;
mod wait;
