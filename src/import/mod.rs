//! Turns the files of other tools into a manifest: what they say is read, translated, and reported line by line. Pure: files are
//! read by [`SourceFiles`], and nothing is written here.
//!
//! Each tool has a module with two functions: one recognises its files by their content, the other adds what they say to a
//! [`Session`]. [`merge::merge`] makes one manifest of everything that was added.

mod compose;
mod copilot;
pub mod definition;
pub mod definitions;
pub mod document;
pub mod draft;
pub mod draft_value;
mod ecs_cli;
mod ecs_deployer;
pub mod ecschedule;
pub mod ecspresso;
pub mod edits;
mod fabfuel;
pub mod findings;
mod genova;
mod github_workflow;
pub mod go_text;
pub mod images;
pub mod merge;
pub mod resolve;
pub mod session;
pub mod source;
pub mod stage_names;
pub mod tools;
mod unified_diff;
mod yaml_file;

pub use document::SourceDocument;
pub use draft::Draft;
pub use findings::{Finding, FindingKind, Findings};
pub use session::{ImportOptions, ImportedFile, Session, StageDraft};
pub use source::SourceFiles;

/// The folder of rewritten definitions, relative to the manifest.
pub const REWRITTEN_FOLDER: &str = "ecsail";
