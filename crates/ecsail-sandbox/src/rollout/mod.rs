//! The simulation: one second of all that moves. Owns the order of things within that second;
//! never answers a call.
//!
//! First every task moves on in its life (`life`), then each service looks at its tasks: what its scenario
//! has in store for it happens (`incident`), it counts
//! what failed and trips the circuit breaker (`breaker`), starts and stops tasks within the
//! deployment percentages (`schedule`), and completes what is complete (`finish`).

mod begin;
mod breaker;
mod complaints;
mod events;
mod finish;
mod hooks;
mod incident;
mod launch;
mod life;
mod reasons;
mod schedule;
mod stages;

pub(super) use begin::{Cause, REVISION_FIELDS, begin};
pub(super) use events::{listed, note};
pub(super) use finish::{completed, dismiss, trouble};
pub(super) use incident::{ask_back, halt};
pub(super) use launch::{Launch, launch, no_overrides};
pub(super) use life::{CHECKING, STOPPING, stop};

use super::ids::Ids;
use super::logs::remember;
use super::model::{Service, Task};
use super::state::{Millis, Realm};

/// How long ECS shows a stopped task.
const REMEMBERED: Millis = 3_600_000;

/// How long a deleted service is still described, as INACTIVE.
const PURGED: Millis = 600_000;

/// Moves everything in a realm on to `now`, one second after the step before.
pub(super) fn step(realm: &mut Realm, ids: &mut Ids, now: Millis) {
    let forgotten = |task: &Task| task.times.stopped.is_some_and(|at| now - at >= REMEMBERED);
    remember(realm, forgotten);
    realm.tasks.retain(|task| !forgotten(task));
    for task in &mut realm.tasks {
        life::step(task, now);
    }
    // The services are taken out while they work, so that they can look into the rest of the realm.
    let mut services = std::mem::take(&mut realm.services);
    for service in services.values_mut().filter(|s| s.status != "INACTIVE") {
        let mut hand = Hand { service, realm, ids, now };
        hand.step();
    }
    services.retain(|_, service| service.gone.is_none_or(|at| now - at < PURGED));
    realm.services = services;
}

/// A service at work: itself, the realm around it (without the services), and the time.
struct Hand<'a> {
    service: &'a mut Service,
    realm: &'a mut Realm,
    ids: &'a mut Ids,
    now: Millis,
}

impl Hand<'_> {
    fn step(&mut self) {
        self.settle_entries();
        self.strike();
        self.announce();
        self.count();
        self.check_breaker();
        self.schedule();
        self.finish();
    }

    /// Returns the service's own tasks.
    fn tasks(&self) -> impl Iterator<Item = &Task> {
        let service = &*self.service;
        self.realm.tasks.iter().filter(move |task| task.is_of(service))
    }

    /// Returns the tasks of one of its deployments.
    fn tasks_of(&self, deployment: &str) -> impl Iterator<Item = &Task> {
        self.tasks().filter(move |task| task.is_in(deployment))
    }
}
