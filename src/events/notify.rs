//! Events about the messages of a release.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Reported by `ecsail notify --dry-run` for each message.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NotificationPreview {
    /// The index of the entry in `notify`, from 0.
    pub index: usize,
    /// `slack` or `webhook`.
    pub channel: String,
    /// The event: `started`, `succeeded`, `failed`, `rolled_back` or `waiting`.
    pub on: String,
    /// The body of the request.
    pub body: Map<String, Value>,
}
