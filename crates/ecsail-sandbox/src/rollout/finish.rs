//! The end of a deployment, and the life of its service deployment. Owns what counts as complete;
//! never starts or stops a task.

use std::collections::BTreeMap;

use super::Hand;
use super::breaker::REQUESTED;
use crate::model::{Deployment, EntryStatus, Phase, Rollout, Service, Task};
use crate::script::{Fate, What};
use crate::state::Millis;

/// How long a service deployment is PENDING, and how long a stop takes.
const STARTING: Millis = 2000;
const STOPPING: Millis = 4000;

/// How long a target runs before ECS tells that its target group calls it unhealthy.
const SICK: Millis = 40_000;

/// How long a failed deployment is shown at least, before it is dropped.
const SHOWN: Millis = 12_000;

/// How long a rollback takes at least, even where no task has to be started again.
const LOOKING_BACK: Millis = 20_000;

/// Marks a deployment as completed.
pub(crate) fn completed(deployment: &mut Deployment, now: Millis) {
    deployment.rollout = Rollout::Completed;
    deployment.completed = true;
    deployment.updated = now;
    deployment.reason = format!("ECS deployment {} completed.", deployment.id);
}

impl Hand<'_> {
    /// Moves the service deployments on that wait for time to pass.
    pub(super) fn settle_entries(&mut self) {
        let now = self.now;
        let mut blocked = false;
        let mut roll_back = false;
        for entry in &mut self.service.history {
            let since = now - entry.updated;
            match entry.status {
                EntryStatus::StopRequested if since >= STOPPING => {
                    entry.end(EntryStatus::Stopped, now);
                }
                EntryStatus::RollbackRequested if since >= STARTING => roll_back = true,
                EntryStatus::Pending if since >= STARTING && !blocked => {
                    entry.status = EntryStatus::InProgress;
                    entry.started = Some(now);
                    entry.updated = now;
                }
                _ => {}
            }
            blocked |= !entry.status.is_final();
        }
        if roll_back {
            self.roll_back(REQUESTED);
        }
    }

    /// Tells of targets that came up, and of tasks whose health checks fail.
    pub(super) fn announce(&mut self) {
        let now = self.now;
        let failed: Vec<String> = self
            .tasks()
            .filter(|t| t.fate == Fate::UnhealthyContainer && t.failed && t.times.stopping == Some(now))
            .map(|task| task.id.clone())
            .collect();
        for task in failed {
            self.say(&format!("(task {task}) failed container health checks."));
        }
        self.announce_targets();
    }

    fn announce_targets(&mut self) {
        let now = self.now;
        let port = self.service.config["loadBalancers"][0]["containerPort"].as_u64().unwrap_or(80);
        let arrived: Vec<&Task> =
            self.tasks().filter(|t| t.targeted && t.is_running() && t.since == now).collect();
        let mut texts: Vec<String> = counted(self.service, &arrived)
            .into_iter()
            .map(|(group, number)| format!("registered {number} targets in (target-group {group})"))
            .collect();
        let sick = self
            .tasks()
            .filter(|t| matches!(t.fate, Fate::Unhealthy | Fate::TimedOut) && t.is_running())
            .filter(|t| now - t.since == SICK);
        texts.extend(sick.filter_map(|task| {
            let group = self.service.groups_of(task).into_iter().next()?;
            Some(format!(
                "(task {}) (port {port}) is unhealthy in (target-group {group}) due to (reason {}).",
                task.id,
                trouble(task.fate)
            ))
        }));
        texts.iter().for_each(|text| self.say(text));
    }

    /// Drops deployments that have been drained and completes the PRIMARY one when it is alone and up.
    pub(super) fn finish(&mut self) {
        self.drop_drained();
        let Some(primary) = self.service.deployments.first() else {
            return;
        };
        let up = self.tasks_of(&primary.id).filter(|t| t.healthy && t.is_live()).count();
        let live = self.tasks_of(&primary.id).filter(|t| t.is_live()).count();
        let is_alarmed = primary.incident(self.now) == Some(What::Alarm);
        if self.has_early_success(up) {
            self.complete();
        }
        let others = self.service.deployments.len() > 1;
        if up < self.service.desired || live != self.service.desired || others {
            return;
        }
        if self.is_held() || self.is_looking_back() {
            return;
        }
        if self.is_in_progress() {
            if is_alarmed {
                return self.roll_back_for_alarm();
            }
            self.complete();
        }
        if !self.service.steady && self.tasks().all(|t| t.is_live() || t.phase >= Phase::Deprovisioning) {
            self.service.steady = true;
            self.say("has reached a steady state.");
        }
        self.retire();
    }

    /// Returns whether there is a deployment to be completed.
    fn is_in_progress(&self) -> bool {
        let primary = self.service.deployments.first().filter(|_| self.service.status == "ACTIVE");
        primary.is_some_and(|d| d.rollout == Rollout::InProgress && !d.aborted)
    }

    /// Returns whether so many tasks are enough for a deployment that need not wait for the old ones to go.
    fn has_early_success(&self, up: usize) -> bool {
        let entry = self.service.history.last();
        let needed = entry.and_then(|entry| entry.enough(self.service.desired));
        needed.is_some_and(|needed| up >= needed) && self.is_in_progress() && !self.is_held()
    }

    /// Returns whether the deployment under way has stages before it.
    fn is_held(&self) -> bool {
        self.service.history.last().is_some_and(|entry| entry.holds_completion())
    }

    /// Returns whether a rollback has only just begun.
    fn is_looking_back(&self) -> bool {
        self.service.history.last().is_some_and(|entry| {
            let note = entry.rollback.as_ref().filter(|_| entry.status == EntryStatus::RollbackInProgress);
            note.is_some_and(|note| self.now - note.started < LOOKING_BACK)
        })
    }

    fn drop_drained(&mut self) {
        let (tasks, now) = (&self.realm.tasks, self.now);
        let busy = |id: &str| tasks.iter().any(|t: &Task| t.is_in(id) && t.phase < Phase::Deprovisioning);
        let shown = |d: &Deployment| d.rollout == Rollout::Failed && now - d.updated < SHOWN;
        self.service.deployments.retain(|d| d.primary || busy(&d.id) || shown(d));
    }

    fn complete(&mut self) {
        let now = self.now;
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        completed(primary, now);
        let (id, entry) = (primary.id.clone(), primary.entry.clone());
        if let Some(entry) = self.service.entry(&entry) {
            entry.status = match entry.status {
                EntryStatus::RollbackInProgress => EntryStatus::RollbackSuccessful,
                status if status.is_final() => status,
                _ => EntryStatus::Successful,
            };
            entry.started.get_or_insert(now);
            entry.finished.get_or_insert(now);
            entry.updated = now;
        }
        self.say(&format!("(deployment {id}) deployment completed."));
        self.service.steady = false;
    }

    /// Makes a deleted service INACTIVE once its last task has gone.
    fn retire(&mut self) {
        let is_over = self.service.history.iter().all(|entry| entry.status.is_final());
        let is_empty = self.tasks().all(|t| t.phase >= Phase::Deprovisioning);
        if self.service.status == "DRAINING" && is_empty && is_over {
            self.service.status = "INACTIVE".to_owned();
            self.service.gone = Some(self.now);
            self.service.deployments.clear();
        }
    }
}

/// Returns how many of these tasks each target group has.
pub(super) fn counted(service: &Service, tasks: &[&Task]) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for group in tasks.iter().flat_map(|task| service.groups_of(task)) {
        *out.entry(group).or_default() += 1;
    }
    out
}

/// Returns what a target group says of a target of this fate.
pub(crate) fn trouble(fate: Fate) -> &'static str {
    match fate {
        Fate::TimedOut => "Request timed out",
        _ => "Health checks failed with these codes: [503]",
    }
}

/// Deletes a service: its tasks go, and it with them.
pub(crate) fn dismiss(service: &mut Service, now: Millis) {
    service.status = "DRAINING".to_owned();
    service.desired = 0;
    service.steady = false;
    for entry in service.history.iter_mut().filter(|entry| !entry.status.is_final()) {
        entry.status = EntryStatus::StopRequested;
        entry.updated = now;
    }
}
