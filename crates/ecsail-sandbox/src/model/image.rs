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
