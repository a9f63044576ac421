//! The manifest, `ecsail.yml`: finds it, reads it with its stage, and defines its types.
//!
//! Only [`load`] reads files, and only `project` resolves their paths. This module never calls AWS.

pub mod autoscaling;
pub mod commit;
mod express;
pub mod fields;
pub mod github;
pub mod hooks;
mod ignore;
mod images;
mod keys;
mod layers;
pub mod load;
pub mod lock;
pub mod lookups;
pub mod notify;
mod patience;
mod project;
mod protection;
mod references;
mod render_passes;
mod request;
pub mod schedules;
mod select;
mod service_names;
pub mod task_spec;
pub mod tasks;
pub mod template_names;
pub mod types;

/// The JSON Schema of the manifest, for editors.
pub const SCHEMA: &str = include_str!("schema.json");

pub use layers::Layer;
pub use load::load;
pub use patience::Patience;
pub use request::{Request, Scope};
pub use types::{FailureAction, Manifest, ManifestImage, ManifestService};

#[cfg(test)]
mod tests;
