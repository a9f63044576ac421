//! The last log lines of a container, as a diagnosis shows them.

use serde::Serialize;

/// The last log lines of a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    pub group: String,
    pub stream: String,
    pub lines: Vec<String>,
    /// Why there are none, or not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
