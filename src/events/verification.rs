//! Events of `ecsail verify`.

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::Place;

/// Reported by `ecsail verify` for each thing in AWS that documents name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VerifiedTarget {
    /// Such as `role`, `image` or `target group`.
    pub kind: String,
    /// The name or the ARN, as the document has it.
    pub name: String,
    pub result: VerifiedResult,
    /// What is wrong, or why it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The action that is not permitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Where documents name it.
    pub places: Vec<Place>,
}

/// What a look-up has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifiedResult {
    /// It exists, and is as the documents need it.
    Ok,
    /// A deploy would fail, or its tasks would not start.
    Broken,
    /// It could not be looked up.
    Unknown,
}

/// Reported by `ecsail verify` at its end.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Verified {
    pub ok: usize,
    pub broken: usize,
    pub unknown: usize,
    /// The actions that are not permitted.
    pub actions: Vec<String>,
}
