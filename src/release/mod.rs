//! Owns the order of a release, and what becomes of each of its targets. Pure: it says what may begin, and is told what
//! ended; it does nothing itself, and never calls a target done that nobody said is done.

use std::collections::BTreeMap;

use crate::outcome::Outcome;
use crate::plan::{Plan, TaskPlan};

pub mod id;

/// Says what kind of target it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A task that goes before the services.
    Before,
    Service,
    Schedule,
    /// A task that comes when all else is done.
    After,
}

/// Says what became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not begun.
    Waiting,
    /// It has begun, and its end is not known.
    InProgress,
    Unchanged,
    /// A task that no service needs which changes.
    NotNeeded,
    Succeeded,
    Failed,
    RolledBack,
    /// What came before it stopped the release.
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

    /// Returns whether what depends on it may begin.
    fn is_up(self) -> bool {
        matches!(self, State::Succeeded | State::Unchanged)
    }
}

/// Holds one target of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub kind: Kind,
    /// What commands call it.
    pub key: String,
    pub state: State,
    /// The revision that it has come to, or why it has not come further.
    pub detail: Option<String>,
}

/// Holds a release: its targets in order, and what each needs.
#[derive(Clone, Debug)]
pub struct Release {
    pub id: String,
    /// The tags as they were given.
    pub tag: Option<String>,
    pub targets: Vec<Target>,
    needs: BTreeMap<String, Vec<String>>,
}

impl Release {
    /// Returns the release that a plan makes, with nothing begun.
    pub fn of(plan: &Plan, id: &str, tag: Option<String>) -> Release {
        let of_task = |kind: Kind| {
            move |task: &TaskPlan| {
                let needed = task.work.is_some();
                Target {
                    kind,
                    key: task.key.clone(),
                    state: if needed { State::Waiting } else { State::NotNeeded },
                    detail: (!needed).then(|| "no service that needs it changes".to_owned()),
                }
            }
        };
        let services = plan.services.iter().map(|service| Target {
            kind: Kind::Service,
            key: service.key.clone(),
            state: if service.changes() { State::Waiting } else { State::Unchanged },
            detail: (!service.changes()).then(|| service.revision_before().to_owned()),
        });
        let schedules = plan.schedules.iter().map(|schedule| Target {
            kind: Kind::Schedule,
            key: schedule.key.clone(),
            state: if schedule.is_changing() { State::Waiting } else { State::Unchanged },
            detail: None,
        });
        let before = plan.before.iter().map(of_task(Kind::Before));
        let after = plan.after.iter().map(of_task(Kind::After));
        let targets = before.chain(services).chain(schedules).chain(after).collect();
        Release { id: id.to_owned(), tag, targets, needs: plan.needs.clone() }
    }

    /// Returns the state of a target; nothing where the release has none of that name.
    pub fn state(&self, kind: Kind, key: &str) -> Option<State> {
        self.targets.iter().find(|target| target.kind == kind && target.key == key).map(|target| target.state)
    }

    /// Returns the keys of the services that may begin now, of so many at the most.
    pub fn ready(&self, at_most: usize) -> Vec<String> {
        let services = self.targets.iter().filter(|target| target.kind == Kind::Service);
        let ready = services.filter(|target| target.state == State::Waiting && self.may_begin(&target.key));
        ready.take(at_most).map(|target| target.key.clone()).collect()
    }

    fn may_begin(&self, key: &str) -> bool {
        let is_up = |need: &String| self.state(Kind::Service, need).is_some_and(State::is_up);
        self.needs.get(key).into_iter().flatten().all(is_up)
    }

    /// Notes what became of a target. What needs a service that is not up will not be reached.
    pub fn set(&mut self, kind: Kind, key: &str, state: State, detail: Option<String>) {
        for target in self.targets.iter_mut().filter(|target| target.kind == kind && target.key == key) {
            (target.state, target.detail) = (state, detail.clone());
        }
        let ended = !matches!(state, State::Waiting | State::InProgress) && !state.is_up();
        if kind == Kind::Service && ended {
            self.leave_out(key);
        }
    }

    /// Notes that what needs a service is not reached, and so on.
    fn leave_out(&mut self, key: &str) {
        let needs = |needs: &Vec<String>| needs.iter().any(|need| need == key);
        let dependents: Vec<String> =
            self.needs.iter().filter(|(_, of)| needs(of)).map(|(dependent, _)| dependent.clone()).collect();
        for dependent in dependents {
            if self.state(Kind::Service, &dependent) == Some(State::Waiting) {
                self.set(Kind::Service, &dependent, State::NotReached, Some(format!("it needs `{key}`")));
            }
        }
    }

    /// Notes that nothing that waits is reached any more, and why.
    pub fn stop(&mut self, why: &str) {
        for target in self.targets.iter_mut().filter(|target| target.state == State::Waiting) {
            (target.state, target.detail) = (State::NotReached, Some(why.to_owned()));
        }
    }

    /// Returns whether all targets of a kind came where they should.
    pub fn is_done(&self, kind: Kind) -> bool {
        let good = |state: State| state.is_up() || state == State::NotNeeded;
        self.targets.iter().filter(|target| target.kind == kind).all(|target| good(target.state))
    }

    /// Returns the first target that kept the release from going on.
    pub fn stopped_by(&self) -> Option<&Target> {
        let bad = |state: State| matches!(state, State::Failed | State::RolledBack | State::InProgress);
        self.targets.iter().find(|target| bad(target.state))
    }

    /// Returns how it ended: a success only where every target came where it should.
    pub fn outcome(&self) -> Outcome {
        let any = |state: State| self.targets.iter().any(|target| target.state == state);
        // A failure that is known weighs more than an end that is not.
        if any(State::Failed) {
            return Outcome::Failed;
        }
        if any(State::InProgress) {
            return Outcome::InProgress;
        }
        // What a task has done is nothing that could go back.
        let stays = |target: &Target| {
            target.state == State::Succeeded && matches!(target.kind, Kind::Service | Kind::Schedule)
        };
        let changed = match any(State::RolledBack) {
            true => self.targets.iter().any(stays),
            false => any(State::Succeeded),
        };
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
