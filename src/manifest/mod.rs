//! Owns the manifest, `ecsail.yml`: finding it, reading it with its stage, and its types.
//!
//! [`load`] is the only part that touches files. It never talks to AWS.

pub mod fields;
pub mod git;
pub mod hooks;
pub mod image;
pub mod load;
pub mod names;
mod passes;
mod references;
pub mod schedules;
mod select;
pub mod tasks;
pub mod types;
pub mod work;

/// The JSON Schema of the manifest, for editors.
pub const SCHEMA: &str = include_str!("schema.json");

pub use load::load;
pub use select::Scope;
pub use types::{Layer, Manifest, OnFailure, Service};

#[cfg(test)]
mod tests;
