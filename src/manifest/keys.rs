//! The keys of a manifest's entries, by what they are: for the hint where a name is of another kind than a command takes.

use std::collections::BTreeSet;

use super::types::Manifest;
use crate::shell::quote;

/// The keys of all services, tasks and schedules, also of those that a run does not select.
#[derive(Clone, Debug, Default)]
pub struct ManifestKeys {
    pub services: BTreeSet<String>,
    pub tasks: BTreeSet<String>,
    pub schedules: BTreeSet<String>,
}

impl ManifestKeys {
    pub(super) fn of(manifest: &Manifest) -> ManifestKeys {
        ManifestKeys {
            services: manifest.services.iter().map(|service| service.key.clone()).collect(),
            tasks: manifest.tasks.iter().map(|task| task.key.clone()).collect(),
            schedules: manifest.schedules.iter().map(|schedule| schedule.key.clone()).collect(),
        }
    }

    /// Returns what a name is in the manifest, with the command that takes it; `None` if the manifest does not have it.
    pub fn kind_hint(&self, name: &str) -> Option<String> {
        let quoted = quote(name);
        if self.tasks.contains(name) {
            return Some(format!("`{name}` is a task: run it with `ecsail run {quoted}`"));
        }
        if self.schedules.contains(name) {
            return Some(format!(
                "`{name}` is a schedule: deploy it with `ecsail deploy schedule {quoted}`, or run it now with `ecsail schedule run {quoted}`"
            ));
        }
        self.services.contains(name).then(|| {
            format!(
                "`{name}` is a service: run a command in its task definition with `ecsail run --like {quoted} -- COMMAND…`"
            )
        })
    }
}
