//! Owns the manifest, `ecsail.yml`: finding it, reading it with its stage, and its types.
//!
//! [`load`] is the only part that touches files. It never talks to AWS.

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
