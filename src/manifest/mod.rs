//! The manifest, `ecsail.yml`: finds it, reads it with its stage, and defines its types.
//!
//! Only [`load`] reads files. This module never calls AWS.

pub mod fields;
pub mod git;
pub mod hooks;
mod ignore;
mod layers;
pub mod load;
pub mod names;
mod passes;
mod references;
mod request;
pub mod schedules;
mod select;
pub mod tasks;
pub mod types;
pub mod work;

/// The JSON Schema of the manifest, for editors.
pub const SCHEMA: &str = include_str!("schema.json");

pub use layers::Layer;
pub use load::load;
pub use request::{Request, Scope};
pub use types::{Manifest, OnFailure, Service};

#[cfg(test)]
mod tests;
