//! The events of `ecsail import`.

use schemars::JsonSchema;
use serde::Serialize;

/// Reported by `ecsail import` for each file of another tool that it imports.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ImportFound {
    /// The tool, as on the command line.
    pub tool: String,
    /// Relative to the working folder.
    pub path: String,
}

/// What became of a part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportedKind {
    /// It is in the written files, and means the same.
    CarriedOver,
    /// It is carried over or replaced, and means something else.
    Changed,
    /// It is not carried over.
    Missing,
    /// It is a command to run in place of the other tool's.
    Command,
    /// It is the difference of a file that the user changes, as a patch.
    Difference,
}

/// Reported by `ecsail import` for each part of a file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ImportFinding {
    pub kind: ImportedKind,
    /// Relative to the working folder; absent for a command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The key, call or flag.
    pub what: String,
    /// What it became, what is different, or why it is missing.
    pub why: String,
}

/// Reported by `ecsail import` for each file that it writes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ImportFile {
    /// Relative to the folder of the manifest.
    pub path: String,
    /// Whether it was written; not in a dry run, and where it was there with this text.
    pub written: bool,
    /// Its text, in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
