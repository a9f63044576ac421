//! One simulated second of one service.

use crate::ids::Ids;
use crate::model::{Service, Task};
use crate::state::Resources;
use crate::time::Millis;

/// The tasks of one service among all tasks, so that a step of hundreds of services does not look through all tasks for each.
#[derive(Debug, Default)]
pub(super) struct OwnTasks {
    /// The positions of its tasks, in their order.
    pub(super) positions: Vec<usize>,
    /// How many tasks there were in all.
    pub(super) count: usize,
}

/// A service, what surrounds it (all but the services), and the time.
pub(super) struct ServiceStep<'a> {
    pub(super) service: &'a mut Service,
    pub(super) resources: &'a mut Resources,
    pub(super) own_tasks: &'a OwnTasks,
    pub(super) ids: &'a mut Ids,
    pub(super) now: Millis,
}

impl ServiceStep<'_> {
    /// Returns the service's tasks.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &Task> {
        let tasks = &self.resources.tasks;
        let known = self.own_tasks.positions.iter().filter_map(|position| tasks.get(*position));
        // This step may have launched tasks, which are behind those that there were.
        let launched = tasks.iter().skip(self.own_tasks.count);
        known.chain(launched).filter(|task| self.service.has_task(task))
    }

    /// Returns the tasks of one of its deployments.
    pub(super) fn tasks_of(&self, deployment: &str) -> impl Iterator<Item = &Task> {
        self.tasks().filter(move |task| task.is_part_of(deployment))
    }
}
