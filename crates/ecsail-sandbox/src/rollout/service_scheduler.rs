//! The service scheduler: decides which tasks to start and to stop, within the deployment percentages and
//! the back-off.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::events::task_list;
use super::launch::{TaskLaunch, launch};
use super::service_step::ServiceStep;
use super::stages::StageLimits;
use super::task_lifecycle::stop;
use crate::model::{RolloutState, Service, Task};
use crate::scenario::{IncidentKind, TaskBehavior};
use crate::time::Millis;

/// The most tasks that a service starts in one second.
const MAX_STARTS_PER_SECOND: usize = 20;

/// The number of consecutive failures per desired task after which ECS backs off.
pub(super) const FAILURES_BEFORE_BACKOFF: usize = 4;
pub(super) const FIRST_BACKOFF: Millis = 15_000;
const FIRST_THROTTLED_BACKOFF: Millis = 5 * 60_000;
const MAX_BACKOFF: Millis = 27 * 60_000;

/// The tasks of a service, and the limits of the deployment percentages.
pub(super) struct TaskCounts {
    pub(super) desired: usize,
    pub(super) lower: usize,
    pub(super) upper: usize,
    /// Tasks of the PRIMARY deployment that have not been stopped.
    new: usize,
    new_healthy: usize,
    /// Tasks of all other deployments that have not been stopped.
    old: usize,
    old_healthy: usize,
}

impl ServiceStep<'_> {
    /// Counts the tasks that failed since the last second; resets the count once a task is healthy.
    pub(super) fn count_failures(&mut self) {
        let ServiceStep { service, resources, now, .. } = self;
        let desired = service.desired_count.max(1);
        for deployment in &mut service.deployments {
            let of_it = |t: &&mut Task| t.is_part_of(&deployment.id) && t.cluster == service.cluster;
            let mut failures = 0;
            let mut has_healthy_task = false;
            for task in resources.tasks.iter_mut().filter(of_it) {
                failures += usize::from(std::mem::take(&mut task.has_uncounted_failure));
                has_healthy_task |= task.is_healthy && task.is_live();
            }
            if failures > 0 {
                deployment.failed_tasks += failures;
                deployment.updated = *now;
                let throttled = deployment.current_incident(*now) == Some(IncidentKind::Throttled);
                let backoff_for = if throttled { throttled_backoff } else { backoff };
                deployment.next_launch_at = *now + backoff_for(deployment.failed_tasks / desired);
            } else if has_healthy_task && deployment.breaker.resets_on_healthy_task {
                deployment.failed_tasks = 0;
            }
            if let Some(service_deployment) = service
                .service_deployments
                .iter_mut()
                .find(|e| e.arn == deployment.service_deployment_arn && !e.breaker_triggered)
            {
                service_deployment.failure_count = deployment.failed_tasks;
            }
        }
    }

    /// Starts and stops tasks, within the deployment percentages.
    pub(super) fn schedule_tasks(&mut self) {
        let Some(primary) = self.service.deployments.first() else {
            return;
        };
        let counts = self.task_counts(&primary.id);
        let is_halted = primary.rollout_state == RolloutState::Failed || primary.launches_stopped;
        let incident = primary.current_incident(self.now);
        let placement_incident = incident
            .filter(|kind| {
                matches!(kind, IncidentKind::NoCapacity | IncidentKind::NoInstance | IncidentKind::NoRole)
            })
            .filter(|_| !is_halted);
        let is_backing_off = primary.next_launch_at > self.now;
        self.report_repeated_failures(incident);
        let missing = if is_halted { 0 } else { counts.desired.saturating_sub(counts.new) };
        let allowed = counts.upper.saturating_sub(counts.new + counts.old);
        let limits = if is_halted {
            StageLimits::default()
        } else {
            self.pass_stages(self.has_enough_new_tasks(&counts))
        };
        let cannot_start = is_backing_off || placement_incident.is_some() || limits.blocks_start;
        let started = if cannot_start { 0 } else { missing.min(allowed).min(MAX_STARTS_PER_SECOND) };
        let surplus = counts.new.saturating_sub(counts.desired);
        let stoppable = if is_halted || limits.blocks_stop || limits.blocks_start {
            0
        } else {
            stoppable_tasks(&counts, missing, allowed)
        };
        let stopped = if incident == Some(IncidentKind::Protected) { 0 } else { stoppable };
        self.start_tasks(started);
        self.stop_tasks(stopped, surplus);
        if let Some(kind) =
            placement_incident.filter(|_| missing > 0 && !is_backing_off && !limits.blocks_start)
        {
            self.report_unplaced_tasks(kind, missing.min(allowed));
        }
        if stoppable > stopped {
            self.report_protected_tasks(stoppable);
        }
        if started == 0 && stopped == 0 && missing > 0 && !cannot_start && counts.new + counts.old > 0 {
            self.report_blocking_percentages(&counts);
        }
    }

    /// Returns whether enough new tasks are healthy for the next lifecycle stage.
    fn has_enough_new_tasks(&self, counts: &TaskCounts) -> bool {
        let enough = self
            .service
            .service_deployments
            .last()
            .and_then(|service_deployment| service_deployment.early_success_tasks(counts.desired));
        counts.new_healthy >= enough.unwrap_or(counts.desired)
    }

    fn task_counts(&self, primary: &str) -> TaskCounts {
        let desired = self.service.desired_count;
        let percent = |name, default| self.service.deployment_percent(name, default) as usize * desired;
        let is_rolling = self
            .service
            .service_deployments
            .last()
            .is_none_or(|service_deployment| service_deployment.is_rolling());
        let mut counts = TaskCounts {
            desired,
            // Strategies other than ROLLING run two full sets of tasks side by side.
            lower: if is_rolling { percent("minimumHealthyPercent", 100).div_ceil(100) } else { desired },
            upper: percent("maximumPercent", 200) / 100,
            new: 0,
            new_healthy: 0,
            old: 0,
            old_healthy: 0,
        };
        for task in self.tasks().filter(|task| task.is_live()) {
            if task.is_part_of(primary) {
                counts.new += 1;
                counts.new_healthy += usize::from(task.is_healthy);
            } else {
                counts.old += 1;
                counts.old_healthy += usize::from(task.is_running());
            }
        }
        if !is_rolling {
            counts.upper = desired + counts.old;
        }
        counts
    }

    fn start_tasks(&mut self, number: usize) {
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        if number == 0 {
            return;
        }
        let effects = primary.effects;
        let replaces_unhealthy = primary.failed_tasks > 0
            && (primary.was_completed || effects.behavior.is_failing_health_checks());
        let before = primary.launched_tasks;
        let created = primary.created;
        primary.launched_tasks += number;
        let definition = primary.task_definition.clone();
        let tags = self.propagated_tags(&definition);
        let mut names = Vec::with_capacity(number);
        for n in 0..number {
            let is_affected = effects.affected.includes(before + n, self.now - created);
            let behavior = if is_affected { effects.behavior } else { TaskBehavior::Normal };
            let task = TaskLaunch::for_deployment(
                self.service,
                &self.service.deployments[0],
                behavior,
                tags.clone(),
            );
            names.extend(launch(self.resources, self.ids, self.now, task));
        }
        self.service.is_steady = false;
        let started = format!("has started {} tasks: {}.", names.len(), task_list(&names));
        let cause = format!(" Amazon ECS replaced {} tasks due to an unhealthy status.", names.len());
        self.add_event(&format!("{started}{}", if replaces_unhealthy { &cause } else { "" }));
    }

    /// Returns the tags that new tasks get from the service or its task definition, and from ECS.
    fn propagated_tags(&self, definition: &str) -> Vec<Value> {
        let service = &*self.service;
        let mut tags = match service.config.get("propagateTags").and_then(Value::as_str) {
            Some("SERVICE") => service.tags.clone(),
            Some("TASK_DEFINITION") => {
                self.resources.task_definition(definition).map(|d| d.tags.clone()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        if service.config.get("enableECSManagedTags") == Some(&Value::Bool(true)) {
            tags.push(json!({ "key": "aws:ecs:clusterName", "value": service.cluster }));
            tags.push(json!({ "key": "aws:ecs:serviceName", "value": service.name }));
        }
        tags
    }

    /// Stops `old` tasks of previous deployments and `surplus` tasks of the PRIMARY one.
    fn stop_tasks(&mut self, old: usize, surplus: usize) {
        let Some(primary) = self.service.deployments.first() else {
            return;
        };
        if old == 0 && surplus == 0 {
            return;
        }
        let id = primary.id.clone();
        let drain_time = Millis::from(primary.effects.drain_seconds) * 1000;
        let reason = format!("Scaling activity initiated by (deployment {id})");
        let is_running_task = |task: &Task| self.service.has_task(task) && task.is_live();
        let tasks = &mut self.resources.tasks;
        let (new, mut previous): (Vec<usize>, Vec<usize>) = (0..tasks.len())
            .filter(|at| is_running_task(&tasks[*at]))
            .partition(|at| tasks[*at].is_part_of(&id));
        // Of the previous tasks, pending ones are stopped first, then the oldest; of the new tasks, the
        // newest.
        previous.sort_by_key(|at| !tasks[*at].is_pending());
        let mut stops = StoppedTasks::default();
        for at in previous.into_iter().take(old).chain(new.into_iter().rev().take(surplus)) {
            let task = &mut tasks[at];
            stops.record(self.service, task);
            task.drain_time = if task.is_part_of(&id) { 0 } else { drain_time };
            stop(task, self.now, "ServiceSchedulerInitiated", &reason);
        }
        self.add_stop_events(&stops);
    }

    fn add_stop_events(&mut self, stops: &StoppedTasks) {
        if stops.running.is_empty() && stops.pending == 0 {
            return;
        }
        self.service.is_steady = false;
        if stops.pending > 0 {
            self.add_event(&format!("stopped {} pending tasks.", stops.pending));
        }
        for (group, number) in &stops.deregistered {
            self.add_event(&format!("deregistered {number} targets in (target-group {group})"));
        }
        if stops.drained > 0 {
            self.add_event(&format!("has begun draining connections on {} tasks.", stops.drained));
        }
        if !stops.running.is_empty() {
            let number = stops.running.len();
            self.add_event(&format!("has stopped {number} running tasks: {}.", task_list(&stops.running)));
        }
    }
}

/// The tasks that are stopped in one second, as the events report them.
#[derive(Default)]
struct StoppedTasks {
    running: Vec<String>,
    pending: usize,
    drained: usize,
    /// The number of deregistered targets, by target group.
    deregistered: BTreeMap<String, usize>,
}

impl StoppedTasks {
    fn record(&mut self, service: &Service, task: &Task) {
        if !task.is_running() {
            self.pending += 1;
            return;
        }
        self.running.push(task.id.clone());
        self.drained += usize::from(task.in_target_group);
        for group in service.target_groups_of(task) {
            *self.deregistered.entry(group).or_default() += 1;
        }
    }
}

/// Returns how many tasks of previous deployments may be stopped: those that healthy new tasks replace, and,
/// where new tasks would exceed the upper limit, as many as the lower limit allows.
fn stoppable_tasks(counts: &TaskCounts, missing: usize, allowed: usize) -> usize {
    let replaced = (counts.old + counts.new_healthy).saturating_sub(counts.desired);
    let spare = (counts.old_healthy + counts.new_healthy).saturating_sub(counts.lower);
    let for_room = missing.saturating_sub(allowed).min(spare);
    replaced.max(for_room).min(counts.old)
}

/// Returns the back-off after so many failures per desired task.
pub(super) fn backoff(rounds: usize) -> Millis {
    match rounds.checked_sub(FAILURES_BEFORE_BACKOFF) {
        None => 0,
        Some(beyond) => (FIRST_BACKOFF << beyond.min(10)).min(MAX_BACKOFF),
    }
}

/// Returns the back-off of a service that ECS throttles.
fn throttled_backoff(rounds: usize) -> Millis {
    (FIRST_THROTTLED_BACKOFF << rounds.saturating_sub(1).min(10)).min(MAX_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_27_minutes() {
        let pauses: Vec<Millis> = [0, 3, 4, 5, 9, 40].map(|rounds| backoff(rounds) / 1000).to_vec();
        assert_eq!(pauses, [0, 0, 15, 30, 480, 1620]);
    }

    #[test]
    fn previous_tasks_stop_when_replaced_or_over_the_upper_limit() {
        let counts = |lower, upper, new, healthy, old| TaskCounts {
            desired: 2,
            lower,
            upper,
            new,
            new_healthy: healthy,
            old,
            old_healthy: old,
        };
        let go = |c: &TaskCounts| {
            stoppable_tasks(c, 2_usize.saturating_sub(c.new), c.upper.saturating_sub(c.new + c.old))
        };
        assert_eq!(go(&counts(2, 4, 2, 0, 2)), 0, "nothing is up yet");
        assert_eq!(go(&counts(2, 4, 2, 1, 2)), 1, "one is up");
        assert_eq!(go(&counts(1, 2, 0, 0, 2)), 1, "room for one");
        assert_eq!(go(&counts(2, 2, 0, 0, 2)), 0, "can never move");
        assert_eq!(go(&counts(0, 2, 0, 0, 2)), 2, "all at once");
    }
}
