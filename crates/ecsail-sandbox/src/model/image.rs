//! Repositories and images as the sandbox stores them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::Millis;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) created: Millis,
    pub(crate) settings: Map<String, Value>,
    pub(crate) images: Vec<Image>,
}

/// A pull-through cache rule: repositories below a prefix are filled from another registry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PullThroughRule {
    /// Without the slash at its end; `ROOT` stands for all repositories without another rule.
    pub(crate) prefix: String,
    pub(crate) upstream_url: String,
    pub(crate) created: Millis,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) digest: String,
    pub(crate) tags: Vec<String>,
    pub(crate) pushed: Millis,
    pub(crate) manifest: Option<String>,
    pub(crate) media_type: String,
    /// The number of findings of a scan, by severity; none if the image was not scanned.
    pub(crate) findings: Option<BTreeMap<String, i64>>,
}
