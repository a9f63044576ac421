//! Owns what a task or the target of a schedule runs, once everything about it is decided.

use serde_json::{Map, Value};

use super::Revision;

/// What a task or a target runs, with everything decided.
#[derive(Clone, Debug)]
pub struct ResolvedWork {
    pub key: String,
    /// A name or an ARN.
    pub cluster: String,
    pub cluster_arn: String,
    pub revision: Revision,
    pub family: String,
    /// The document that runs.
    pub definition: Value,
    /// Members of RunTask, without overrides and count.
    pub members: Map<String, Value>,
    /// RunTask's `overrides`.
    pub overrides: Option<Value>,
    pub count: u32,
    pub container: Option<String>,
}
