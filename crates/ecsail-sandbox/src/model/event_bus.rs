//! Event buses, rules and targets as the sandbox stores them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::Millis;

/// An event bus and the rules on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EventBus {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Millis,
    pub(crate) tags: Vec<Value>,
    pub(crate) rules: BTreeMap<String, Rule>,
}

/// A rule and its targets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// The members of the `PutRule` input, with the state.
    pub(crate) settings: Map<String, Value>,
    pub(crate) created_by: String,
    pub(crate) tags: Vec<Value>,
    pub(crate) targets: Vec<Value>,
}
