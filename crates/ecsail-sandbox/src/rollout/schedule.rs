//! The scheduler of one service: which tasks to start and to stop now. Owns the arithmetic of the
//! deployment percentages and the back-off; never judges whether a deployment is done.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::events::listed;
use super::life::stop;
use super::stages::Holds;
use super::{Hand, Launch, launch};
use crate::model::{Rollout, Service, Task};
use crate::script::{Fate, What};
use crate::state::Millis;

/// How many tasks a service starts in one second.
const PACE: usize = 20;

/// How often in a row each task may fail before ECS takes its time between tries.
pub(super) const PATIENCE: usize = 4;
pub(super) const FIRST_PAUSE: Millis = 15_000;
const FIRST_LONG_PAUSE: Millis = 5 * 60_000;
const LONGEST_PAUSE: Millis = 27 * 60_000;

/// What a service has and may have.
pub(super) struct Count {
    pub(super) desired: usize,
    pub(super) lower: usize,
    pub(super) upper: usize,
    /// Tasks of the PRIMARY deployment that are up or on their way up.
    fresh: usize,
    fresh_healthy: usize,
    /// The same of all other deployments.
    old: usize,
    old_healthy: usize,
}

impl Hand<'_> {
    /// Counts what failed since the last step, and resets the count once a task is well.
    pub(super) fn count(&mut self) {
        let Hand { service, realm, now, .. } = self;
        let desired = service.desired.max(1);
        for deployment in &mut service.deployments {
            let of_it = |t: &&mut Task| t.is_in(&deployment.id) && t.cluster == service.cluster;
            let (mut failures, mut well) = (0, false);
            for task in realm.tasks.iter_mut().filter(of_it) {
                failures += usize::from(std::mem::take(&mut task.failed));
                well |= task.healthy && task.is_live();
            }
            if failures > 0 {
                deployment.failed += failures;
                deployment.updated = *now;
                let throttled = deployment.incident(*now) == Some(What::Throttled);
                let wait = if throttled { long_pause } else { pause };
                deployment.launch_at = *now + wait(deployment.failed / desired);
            } else if well && deployment.breaker.resets {
                deployment.failed = 0;
            }
            if let Some(entry) =
                service.history.iter_mut().find(|e| e.arn == deployment.entry && !e.triggered)
            {
                entry.failures = deployment.failed;
            }
        }
    }

    /// Starts and stops tasks, within the deployment percentages.
    pub(super) fn schedule(&mut self) {
        let Some(primary) = self.service.deployments.first() else {
            return;
        };
        let count = self.tally(&primary.id);
        let halted = primary.rollout == Rollout::Failed || primary.aborted;
        let incident = primary.incident(self.now);
        let blocked = incident
            .filter(|what| matches!(what, What::NoCapacity | What::NoInstance | What::NoRole))
            .filter(|_| !halted);
        let late = primary.launch_at > self.now;
        self.complain_of_failures(incident);
        let wanted = if halted { 0 } else { count.desired.saturating_sub(count.fresh) };
        let room = count.upper.saturating_sub(count.fresh + count.old);
        let holds = if halted { Holds::default() } else { self.pass_stages(self.is_up(&count)) };
        let waits = late || blocked.is_some() || holds.start;
        let started = if waits { 0 } else { wanted.min(room).min(PACE) };
        let surplus = count.fresh.saturating_sub(count.desired);
        let due = if halted || holds.stop || holds.start { 0 } else { retired(&count, wanted, room) };
        let stopped = if incident == Some(What::Protected) { 0 } else { due };
        self.start_tasks(started);
        self.stop_tasks(stopped, surplus);
        if let Some(what) = blocked.filter(|_| wanted > 0 && !late && !holds.start) {
            self.explain_no_task(what, wanted.min(room));
        }
        if due > stopped {
            self.explain_protection(due);
        }
        if started == 0 && stopped == 0 && wanted > 0 && !waits && count.fresh + count.old > 0 {
            self.explain_standstill(&count);
        }
    }

    /// Returns whether enough new tasks are up for the deployment to go on.
    fn is_up(&self, count: &Count) -> bool {
        let enough = self.service.history.last().and_then(|entry| entry.enough(count.desired));
        count.fresh_healthy >= enough.unwrap_or(count.desired)
    }

    fn tally(&self, primary: &str) -> Count {
        let desired = self.service.desired;
        let percent = |name, default| self.service.percent(name, default) as usize * desired;
        let rolling = self.service.history.last().is_none_or(|entry| entry.is_rolling());
        let mut count = Count {
            desired,
            // Two whole sets of tasks side by side, or one that is replaced within the percentages.
            lower: if rolling { percent("minimumHealthyPercent", 100).div_ceil(100) } else { desired },
            upper: percent("maximumPercent", 200) / 100,
            fresh: 0,
            fresh_healthy: 0,
            old: 0,
            old_healthy: 0,
        };
        for task in self.tasks().filter(|task| task.is_live()) {
            if task.is_in(primary) {
                count.fresh += 1;
                count.fresh_healthy += usize::from(task.healthy);
            } else {
                count.old += 1;
                count.old_healthy += usize::from(task.is_running());
            }
        }
        if !rolling {
            count.upper = desired + count.old;
        }
        count
    }

    fn start_tasks(&mut self, number: usize) {
        let Some(primary) = self.service.deployments.first_mut() else {
            return;
        };
        if number == 0 {
            return;
        }
        let script = primary.script;
        let replaces = primary.failed > 0 && (primary.completed || script.fate.is_sick());
        let before = primary.launched_ever;
        primary.launched_ever += number;
        let definition = primary.definition.clone();
        let tags = self.propagated(&definition);
        let mut names = Vec::with_capacity(number);
        for n in 0..number {
            let spared = script.only_first.is_some_and(|first| before + n >= first);
            let fate = if spared { Fate::Good } else { script.fate };
            let order = Launch::of(self.service, &self.service.deployments[0], fate, tags.clone());
            names.extend(launch(self.realm, self.ids, self.now, order));
        }
        self.service.steady = false;
        let started = format!("has started {} tasks: {}.", names.len(), listed(&names));
        let cause = format!(" Amazon ECS replaced {} tasks due to an unhealthy status.", names.len());
        self.say(&format!("{started}{}", if replaces { &cause } else { "" }));
    }

    /// Returns the tags that new tasks get from the service or its definition, and from ECS itself.
    fn propagated(&self, definition: &str) -> Vec<Value> {
        let service = &*self.service;
        let config = |name: &str| service.config.get(name);
        let mut tags = match config("propagateTags").and_then(Value::as_str) {
            Some("SERVICE") => service.tags.clone(),
            Some("TASK_DEFINITION") => {
                self.realm.definition(definition).map(|d| d.tags.clone()).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        if config("enableECSManagedTags") == Some(&Value::Bool(true)) {
            tags.push(json!({ "key": "aws:ecs:clusterName", "value": service.cluster }));
            tags.push(json!({ "key": "aws:ecs:serviceName", "value": service.name }));
        }
        tags
    }

    /// Stops `old` tasks of former deployments, and `surplus` of the PRIMARY one.
    fn stop_tasks(&mut self, old: usize, surplus: usize) {
        let Some(primary) = self.service.deployments.first() else {
            return;
        };
        if old == 0 && surplus == 0 {
            return;
        }
        let id = primary.id.clone();
        let lingers = Millis::from(primary.script.drains) * 1000;
        let reason = format!("Scaling activity initiated by (deployment {id})");
        let mine = |task: &Task| task.is_of(self.service) && task.is_live();
        let tasks = &mut self.realm.tasks;
        let (fresh, mut former): (Vec<usize>, Vec<usize>) =
            (0..tasks.len()).filter(|at| mine(&tasks[*at])).partition(|at| tasks[*at].is_in(&id));
        // Of the old tasks those that are not up yet go first, then the oldest; of the new ones the newest.
        former.sort_by_key(|at| !tasks[*at].is_pending());
        let mut stops = Stops::default();
        for at in former.into_iter().take(old).chain(fresh.into_iter().rev().take(surplus)) {
            let task = &mut tasks[at];
            stops.note(self.service, task);
            task.lingers = if task.is_in(&id) { 0 } else { lingers };
            stop(task, self.now, "ServiceSchedulerInitiated", &reason);
        }
        self.report_stops(&stops);
    }

    fn report_stops(&mut self, stops: &Stops) {
        if stops.running.is_empty() && stops.pending == 0 {
            return;
        }
        self.service.steady = false;
        if stops.pending > 0 {
            self.say(&format!("stopped {} pending tasks.", stops.pending));
        }
        for (group, number) in &stops.deregistered {
            self.say(&format!("deregistered {number} targets in (target-group {group})"));
        }
        if stops.drained > 0 {
            self.say(&format!("has begun draining connections on {} tasks.", stops.drained));
        }
        if !stops.running.is_empty() {
            let number = stops.running.len();
            self.say(&format!("has stopped {number} running tasks: {}.", listed(&stops.running)));
        }
    }
}

/// What is told to stop in one second.
#[derive(Default)]
struct Stops {
    running: Vec<String>,
    pending: usize,
    drained: usize,
    /// By target group.
    deregistered: BTreeMap<String, usize>,
}

impl Stops {
    fn note(&mut self, service: &Service, task: &Task) {
        if !task.is_running() {
            self.pending += 1;
            return;
        }
        self.running.push(task.id.clone());
        self.drained += usize::from(task.targeted);
        for group in service.groups_of(task) {
            *self.deregistered.entry(group).or_default() += 1;
        }
    }
}

/// Returns how many tasks of former deployments may go: those that healthy new ones replace, and,
/// where new ones have no room, as many as the lower limit lets go.
fn retired(count: &Count, wanted: usize, room: usize) -> usize {
    let replaced = (count.old + count.fresh_healthy).saturating_sub(count.desired);
    let spare = (count.old_healthy + count.fresh_healthy).saturating_sub(count.lower);
    let for_room = wanted.saturating_sub(room).min(spare);
    replaced.max(for_room).min(count.old)
}

/// Returns how long ECS waits before the next try, after so many rounds of failures.
pub(super) fn pause(rounds: usize) -> Millis {
    match rounds.checked_sub(PATIENCE) {
        None => 0,
        Some(beyond) => (FIRST_PAUSE << beyond.min(10)).min(LONGEST_PAUSE),
    }
}

/// Returns how long ECS waits where it throttles a service.
fn long_pause(rounds: usize) -> Millis {
    (FIRST_LONG_PAUSE << rounds.saturating_sub(1).min(10)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_27_minutes() {
        let pauses: Vec<Millis> = [0, 3, 4, 5, 9, 40].map(|rounds| pause(rounds) / 1000).to_vec();
        assert_eq!(pauses, [0, 0, 15, 30, 480, 1620]);
    }

    #[test]
    fn old_tasks_go_when_replaced_or_when_room_is_needed() {
        let count = |lower, upper, fresh, healthy, old| Count {
            desired: 2,
            lower,
            upper,
            fresh,
            fresh_healthy: healthy,
            old,
            old_healthy: old,
        };
        let go =
            |c: &Count| retired(c, 2_usize.saturating_sub(c.fresh), c.upper.saturating_sub(c.fresh + c.old));
        assert_eq!(go(&count(2, 4, 2, 0, 2)), 0, "nothing is up yet");
        assert_eq!(go(&count(2, 4, 2, 1, 2)), 1, "one is up");
        assert_eq!(go(&count(1, 2, 0, 0, 2)), 1, "room for one");
        assert_eq!(go(&count(2, 2, 0, 0, 2)), 0, "can never move");
        assert_eq!(go(&count(0, 2, 0, 0, 2)), 2, "all at once");
    }
}
