//! ecsail deploys to Amazon ECS and tells the truth about it.
//!
//! The road of the data, one direction, no way back:
//!
//! ```text
//! manifest.yml ─ load ─ render ─ Desired ┐
//!                                        ├ plan ─ apply ─ watch ─ verdict
//! AWS ──────────────── observe ─ Observed┘
//! ```
//!
//! Every verb in [`commands`] is a prefix or a variation of it. What holds, and a test in `tests/` holds it:
//!
//! - [`document`], [`lint`], [`render`], [`plan`], [`expression`], [`watch::judge`] and [`diagnose`] are pure:
//!   synchronous, without IO, the time passed in.
//! - Only [`aws`] names an `aws_sdk_*` crate. Only [`report`] writes to the terminal.
//! - Only [`apply`] changes anything in AWS, and only after everything was validated.
//! - Secret values never enter what a plan shows, a log line, an error or a tag.
//! - There is no "if dry run" below the commands: a dry run is a plan that nobody applied.
//! - The sandbox shares nothing with the rest, so that it cannot share our mistakes.

pub mod apply;
pub mod aws;
pub mod cli;
pub mod commands;
pub mod completing;
pub mod context;
pub mod diagnose;
pub mod document;
pub mod error;
pub mod expression;
pub mod history;
pub mod hooks;
pub mod lint;
pub mod manifest;
pub mod names_cache;
pub mod plan;
pub mod release;
pub mod render;
pub mod report;
#[cfg(feature = "sandbox")]
pub mod sandboxed;
pub mod settings;
pub mod tail;
pub mod watch;
