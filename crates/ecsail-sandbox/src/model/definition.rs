//! Task definitions as the sandbox stores them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TaskDefinition {
    pub(crate) family: String,
    pub(crate) revision: u64,
    pub(crate) arn: String,
    /// ACTIVE, INACTIVE or `DELETE_IN_PROGRESS`.
    pub(crate) status: String,
    /// The document that `DescribeTaskDefinition` returns, without the status.
    pub(crate) document: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
}

impl TaskDefinition {
    /// Returns the container definitions.
    pub(crate) fn containers(&self) -> &[Value] {
        self.document.get("containerDefinitions").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Returns the images of all containers, in the order of the document.
    pub(crate) fn images(&self) -> Vec<String> {
        self.containers().iter().filter_map(|c| c["image"].as_str()).map(str::to_owned).collect()
    }

    /// Returns a text field of the document.
    pub(crate) fn text_field(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }
}
