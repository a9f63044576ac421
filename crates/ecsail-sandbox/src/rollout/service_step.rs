//! One simulated second of one service.

use crate::ids::Ids;
use crate::model::{Service, Task};
use crate::state::Resources;
use crate::time::Millis;

/// A service, what surrounds it (all but the services), and the time.
pub(super) struct ServiceStep<'a> {
    pub(super) service: &'a mut Service,
    pub(super) resources: &'a mut Resources,
    pub(super) ids: &'a mut Ids,
    pub(super) now: Millis,
}

impl ServiceStep<'_> {
    /// Returns the service's tasks.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.resources.tasks.iter().filter(|task| self.service.has_task(task))
    }

    /// Returns the tasks of one of its deployments.
    pub(super) fn tasks_of(&self, deployment: &str) -> impl Iterator<Item = &Task> {
        self.tasks().filter(move |task| task.is_part_of(deployment))
    }
}
