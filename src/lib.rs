//! ecsail deploys to Amazon ECS and reports how the rollout really ended.
//!
//! Data flows in one direction:
//!
//! ```text
//! manifest.yml ─ load ─ render ─ Desired ┐
//!                                        ├ plan ─ apply ─ watch ─ verdict
//! AWS ──────────────── observe ─ Observed┘
//! ```
//!
//! Every verb in [`commands`] is a prefix or a variation of it. These rules hold, and tests in `tests/` enforce them:
//!
//! - [`document`], [`secrets`], [`template`], [`lint`], [`render`], [`plan`], [`adopt`], [`import`], [`approval`], [`expression`], [`lock`], [`notify`], [`github`], [`watch::judge`] and [`diagnose`] are pure:
//!   synchronous, without IO, the time passed in.
//! - Only [`aws`] names an `aws_sdk_*` crate, and only [`github_api`] names octocrab. Only [`report`] writes to the terminal.
//! - Only [`apply`] changes anything in AWS, and only after everything was validated.
//! - Secret values never enter what a plan shows, a log line, an error or a tag: [`secrets`] masks them by name and by form.
//! - No two of these modules import each other.
//! - There is no "if dry run" below the commands: a dry run is a plan that is not applied.
//! - The sandbox shares no code with the rest, so that it cannot share its bugs.

pub mod adopt;
pub mod apply;
pub mod approval;
pub mod aws;
pub mod book;
pub mod cli;
pub mod commands;
pub mod completion;
pub mod context;
pub mod destination;
pub mod diagnose;
pub mod document;
pub mod duration;
pub mod env_file;
pub mod error;
pub mod events;
pub mod exit_codes;
pub mod expression;
pub mod fetch;
pub mod file_limits;
pub mod github;
pub mod github_api;
pub mod help;
pub mod history;
pub mod hooks;
pub mod image;
pub mod import;
pub mod interrupt;
pub mod lint;
pub mod local_http;
pub mod lock;
pub mod lookup;
pub mod manifest;
pub mod names_cache;
pub mod notify;
pub mod observe;
pub mod outcome;
pub mod parent;
pub mod permissions;
pub mod plan;
pub mod private_file;
pub mod promotion;
pub mod release;
pub mod render;
pub mod report;
pub mod retry;
#[cfg(feature = "sandbox")]
pub mod sandbox_session;
#[cfg(feature = "sandbox")]
mod sandbox_values;
pub mod saved_plan;
pub mod secrets;
pub mod service_arn;
pub mod settings;
pub mod shell;
pub mod tail;
pub mod template;
pub mod text_file;
pub mod watch;
pub mod yaml_writer;
