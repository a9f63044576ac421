//! Clusters as the sandbox stores them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) settings: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
}
