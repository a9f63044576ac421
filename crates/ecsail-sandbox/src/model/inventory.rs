//! What exists beside what the sandbox simulates: roles, subnets, file systems and other things that documents name. They are
//! declared, and no call changes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The things of each kind, by the name of the kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Inventory {
    pub(crate) kinds: BTreeMap<String, InventoryKind>,
}

/// The things of one kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct InventoryKind {
    /// By name or id; the value is what is known of one.
    pub(crate) items: BTreeMap<String, Value>,
    /// Whether nothing else of the kind exists, also where the simulation would have it.
    pub(crate) is_complete: bool,
}

impl Inventory {
    /// Returns what is known of a thing, if it exists.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Option<&Value> {
        self.kinds.get(kind)?.items.get(name)
    }

    /// Returns the things of a kind.
    pub(crate) fn items(&self, kind: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.kinds.get(kind).into_iter().flat_map(|kind| &kind.items)
    }

    /// Returns whether nothing but what is declared exists of a kind.
    pub(crate) fn is_complete(&self, kind: &str) -> bool {
        self.kinds.get(kind).is_some_and(|kind| kind.is_complete)
    }
}
