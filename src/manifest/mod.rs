//! The manifest, `ecsail.yml`: finds it, reads it with its stage, and defines its types.
//!
//! Only [`load`] reads files. This module never calls AWS.

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
mod fuzz_tests;
