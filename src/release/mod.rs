//! Orders the targets of a release and records their states. Pure: it returns what may begin and is given what ended.
//! Never starts anything itself, and never counts a target as succeeded unless it was recorded so.

use std::collections::BTreeMap;

use crate::destination::Destination;
use crate::outcome::Outcome;
use crate::plan::{Plan, TaskPlan};

pub mod id;
pub mod running_tasks;
pub mod task_origin;

/// The kind of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// A task that runs before the services.
    Before,
    Service,
    /// The autoscaling of a service, by the key of the service.
    Autoscaling,
    Schedule,
    /// A task that runs last.
    After,
}

/// The state of one target of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not begun.
    Waiting,
    /// It is in progress.
    InProgress,
    Unchanged,
    /// A task that is not needed, because no service that names it changes.
    NotNeeded,
    Succeeded,
    Failed,
    RolledBack,
    /// It was skipped, because something before it stopped the release.
    NotReached,
}

impl State {
    /// How the target has ended, by the end of the release.
    pub fn outcome(self) -> Outcome {
        match self {
            State::Succeeded => Outcome::Succeeded,
            State::Unchanged => Outcome::Unchanged,
            State::Failed => Outcome::Failed,
            State::RolledBack => Outcome::RolledBack,
            State::InProgress => Outcome::InProgress,
            State::Waiting | State::NotNeeded | State::NotReached => Outcome::Skipped,
        }
    }

    /// Returns whether targets that depend on it may begin.
    fn is_up(self) -> bool {
        matches!(self, State::Succeeded | State::Unchanged)
    }
}

/// One target of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseTarget {
    pub kind: TargetKind,
    /// The name of the target in commands.
    pub key: String,
    pub state: State,
    /// The revision that it runs now, or why it did not get further.
    pub detail: Option<String>,
}

/// A release: its targets in order, and what each service needs.
#[derive(Clone, Debug)]
pub struct Release {
    pub id: String,
    /// The values of `--tag` as given.
    pub tag: Option<String>,
    pub destination: Destination,
    pub targets: Vec<ReleaseTarget>,
    needs: BTreeMap<String, Vec<String>>,
}

impl Release {
    /// Creates the release of a plan; nothing has begun.
    pub fn from_plan(plan: &Plan, id: &str, tag: Option<String>) -> Release {
        let of_task = |kind: TargetKind| {
            move |task: &TaskPlan| {
                let needed = task.work.is_some();
                ReleaseTarget {
                    kind,
                    key: task.key.clone(),
                    state: if needed { State::Waiting } else { State::NotNeeded },
                    detail: (!needed).then(|| "no service that needs it changes".to_owned()),
                }
            }
        };
        let services = plan.services.iter().map(|service| ReleaseTarget {
            kind: TargetKind::Service,
            key: service.key.clone(),
            state: if service.is_unchanged() { State::Unchanged } else { State::Waiting },
            detail: service.is_unchanged().then(|| service.revision_before().to_owned()),
        });
        // What stays as it is is no target: the service is one.
        let autoscaling =
            plan.autoscaling.iter().filter(|plan| plan.is_changing()).map(|plan| ReleaseTarget {
                kind: TargetKind::Autoscaling,
                key: plan.key.clone(),
                state: State::Waiting,
                detail: None,
            });
        let schedules = plan.schedules.iter().map(|schedule| ReleaseTarget {
            kind: TargetKind::Schedule,
            key: schedule.key.clone(),
            state: if schedule.is_changing() { State::Waiting } else { State::Unchanged },
            detail: None,
        });
        let before = plan.before.iter().map(of_task(TargetKind::Before));
        let after = plan.after.iter().map(of_task(TargetKind::After));
        let targets = before.chain(services).chain(autoscaling).chain(schedules).chain(after).collect();
        Release {
            id: id.to_owned(),
            tag,
            destination: plan.destination.clone(),
            targets,
            needs: plan.needs.clone(),
        }
    }

    /// Returns the state of a target, or `None` if the release does not have it.
    pub fn state(&self, kind: TargetKind, key: &str) -> Option<State> {
        self.targets.iter().find(|target| target.kind == kind && target.key == key).map(|target| target.state)
    }

    /// Returns the keys of the services that may begin now, at most `at_most`.
    pub fn ready_services(&self, at_most: usize) -> Vec<String> {
        let services = self.targets.iter().filter(|target| target.kind == TargetKind::Service);
        let ready = services.filter(|target| target.state == State::Waiting && self.can_begin(&target.key));
        ready.take(at_most).map(|target| target.key.clone()).collect()
    }

    fn can_begin(&self, key: &str) -> bool {
        let is_up = |need: &String| self.state(TargetKind::Service, need).is_some_and(State::is_up);
        self.needs.get(key).into_iter().flatten().all(is_up)
    }

    /// Records the state of a target. Services that need a service that is not up are skipped.
    pub fn set_state(&mut self, kind: TargetKind, key: &str, state: State, detail: Option<String>) {
        for target in self.targets.iter_mut().filter(|target| target.kind == kind && target.key == key) {
            (target.state, target.detail) = (state, detail.clone());
        }
        let ended = !matches!(state, State::Waiting | State::InProgress) && !state.is_up();
        if kind == TargetKind::Service && ended {
            self.skip_dependents(key);
        }
    }

    /// Skips the services that need a service, directly or indirectly.
    fn skip_dependents(&mut self, key: &str) {
        let needs = |needs: &Vec<String>| needs.iter().any(|need| need == key);
        let dependents: Vec<String> =
            self.needs.iter().filter(|(_, of)| needs(of)).map(|(dependent, _)| dependent.clone()).collect();
        for dependent in dependents {
            if self.state(TargetKind::Service, &dependent) == Some(State::Waiting) {
                self.set_state(
                    TargetKind::Service,
                    &dependent,
                    State::NotReached,
                    Some(format!("it needs `{key}`")),
                );
            }
        }
    }

    /// Skips every waiting target, with a reason.
    pub fn skip_waiting(&mut self, why: &str) {
        for target in self.targets.iter_mut().filter(|target| target.state == State::Waiting) {
            (target.state, target.detail) = (State::NotReached, Some(why.to_owned()));
        }
    }

    /// Returns whether all targets of a kind succeeded, or need not run.
    pub fn has_succeeded(&self, kind: TargetKind) -> bool {
        let good = |state: State| state.is_up() || state == State::NotNeeded;
        self.targets.iter().filter(|target| target.kind == kind).all(|target| good(target.state))
    }

    /// Returns the first target that stopped the release.
    pub fn first_failure(&self) -> Option<&ReleaseTarget> {
        let bad = |state: State| matches!(state, State::Failed | State::RolledBack | State::InProgress);
        self.targets.iter().find(|target| bad(target.state))
    }

    /// Returns the outcome: `Succeeded` only if every target succeeded or had nothing to do.
    pub fn outcome(&self) -> Outcome {
        let any = |state: State| self.targets.iter().any(|target| target.state == state);
        // A known failure outweighs an unknown end.
        if any(State::Failed) {
            return Outcome::Failed;
        }
        if any(State::InProgress) {
            return Outcome::InProgress;
        }
        // A task cannot be rolled back, so it does not count here.
        let stays = |target: &ReleaseTarget| {
            target.state == State::Succeeded
                && matches!(target.kind, TargetKind::Service | TargetKind::Autoscaling | TargetKind::Schedule)
        };
        let changed =
            if any(State::RolledBack) { self.targets.iter().any(stays) } else { any(State::Succeeded) };
        match (any(State::RolledBack), changed, any(State::NotReached) || any(State::Waiting)) {
            (true, false, _) => Outcome::RolledBack,
            (true, true, _) | (false, _, true) => Outcome::Failed,
            (false, true, false) => Outcome::Succeeded,
            (false, false, false) => Outcome::Unchanged,
        }
    }
}

#[cfg(test)]
mod tests;
