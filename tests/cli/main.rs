//! The verbs, through the binary, against the embedded sandbox: stdout, stderr, exit code, and what AWS was asked.

mod check;
mod completions;
mod conformance;
mod deploy;
mod display;
mod endings;
mod events;
mod examples;
mod faults;
mod github;
mod going_back;
mod lint;
mod plan;
mod properties;
mod render;
mod round_trip;
mod running;
mod sandbox;
mod scenarios;
mod schema;
mod status;
mod support;
mod tidy;
mod wait;
