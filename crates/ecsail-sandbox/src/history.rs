//! The state of the last two seconds, so that a read can be answered with an older one: AWS promises that what a call has
//! changed is shown later, not at once. Keeps nothing until the first such fault is added.

use std::collections::{BTreeMap, VecDeque};

use crate::state::Resources;
use crate::time::Millis;

/// How long an older state is kept.
pub(crate) const MAX_STALENESS: Millis = 2_000;

/// The resources of each account and region before the last changes.
#[derive(Debug, Default)]
pub(crate) struct History {
    is_kept: bool,
    /// The time of each change, and the resources before it; the oldest first.
    changes: VecDeque<(Millis, BTreeMap<String, Resources>)>,
}

impl History {
    /// Keeps older states from now on.
    pub(crate) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Records that the resources are about to change.
    pub(crate) fn record(&mut self, now: Millis, resources: &BTreeMap<String, Resources>) {
        if self.is_kept {
            self.changes.retain(|(at, _)| now - at <= MAX_STALENESS);
            self.changes.push_back((now, resources.clone()));
        }
    }

    /// Returns the resources as they were at a time; none where they have not changed since.
    pub(crate) fn at(&self, time: Millis) -> Option<&BTreeMap<String, Resources>> {
        self.changes.iter().find(|(at, _)| *at > time).map(|(_, before)| before)
    }
}
