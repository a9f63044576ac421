//! Rolls out the services of a release: which may begin, and the state of each.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::apply::back::undo_attributes;
use crate::apply::{self, ApplyReporter};
use crate::aws::Aws;
use crate::aws::types::{Observed, TaskDefinition, revision_of};
use crate::commands::change::moved;
use crate::commands::following::Following;
use crate::duration;
use crate::error::Failure;
use crate::manifest::OnFailure;
use crate::plan::{Plan, ServicePlan};
use crate::release::{Kind, Release, State};
use crate::watch::judge::Verdict;
use crate::watch::snapshot::Followed;
use crate::watch::{Aftermath, Ending, Settled};

/// The services of a release.
pub struct Services<'a> {
    pub plan: &'a Plan,
    pub registered: &'a [TaskDefinition],
    pub release: &'a mut Release,
    /// The services as observed for the plan, or `None` with `--supersede`.
    pub seen: Option<&'a Observed>,
    /// Whether the release has waited since the plan, so that services may have changed.
    pub waited: bool,
    /// The number of services that may roll out at once; `None` if the rollouts are not watched.
    pub at_once: Option<usize>,
    /// The keys of the services being watched, and the rollouts that have begun and are not watched yet.
    pub watched: BTreeSet<String>,
    pub begun: Vec<Followed>,
    /// The services that could not be updated, and those that were updated without a deployment.
    pub failures: Vec<(String, Failure)>,
    pub attributes: Vec<String>,
}

impl Services<'_> {
    /// Updates all services that may begin. Returns the first failed service whose policy rolls back the release.
    pub async fn begin(
        &mut self,
        following: &Following,
        aws: &Aws,
        report: &dyn ApplyReporter,
    ) -> Option<String> {
        loop {
            let places = self.at_once.map_or(usize::MAX, |most| most.saturating_sub(self.watched.len()));
            let ready = self.release.ready(places);
            if ready.is_empty() {
                return None;
            }
            let failed = self.failures.len();
            let ready = self.unmoved(ready, aws).await;
            self.update(&ready, aws, report).await;
            let failed = self.failures[failed..].iter().map(|(key, _)| key);
            let mut failed = failed.filter(|key| self.takes_all_back(key, following));
            let first = failed.next().cloned();
            if first.is_some() {
                return first;
            }
        }
    }

    /// Updates services and records the state of each.
    async fn update(&mut self, keys: &[String], aws: &Aws, report: &dyn ApplyReporter) {
        let plans: Vec<&ServicePlan> =
            self.plan.services.iter().filter(|service| keys.contains(&service.key)).collect();
        // From here on each may have been updated, even if an interrupt ends the wait for the answer.
        for plan in &plans {
            let detail = "it is unknown whether it was updated".to_owned();
            self.release.set(Kind::Service, &plan.key, State::InProgress, Some(detail));
        }
        let applied = apply::services(&plans, self.registered, aws, report).await;
        for key in &applied.settled {
            self.set(key, State::Succeeded, Some("attributes updated".to_owned()));
        }
        for followed in &applied.followed {
            self.set(&followed.key, State::InProgress, None);
            self.watched.insert(followed.key.clone());
        }
        for (key, failure) in &applied.failures {
            self.set(key, State::Failed, Some(failure.to_string()));
        }
        self.begun.extend(applied.followed);
        self.attributes.extend(applied.settled);
        self.failures.extend(applied.failures);
    }

    /// Returns the services that have not changed since the plan. Marks the others as failed.
    ///
    /// A migration may take an hour: a deployment made by others in that time must not be superseded by accident.
    async fn unmoved(&mut self, keys: Vec<String>, aws: &Aws) -> Vec<String> {
        let Some(seen) = self.seen.filter(|_| self.waited) else {
            self.waited = true;
            return keys;
        };
        let plans = self.plan.services.iter().filter(|service| keys.contains(&service.key));
        let mut unmoved = Vec::new();
        for (plan, moved) in moved(plans.collect(), seen, aws).await {
            match moved {
                None => unmoved.push(plan.key.clone()),
                Some(failure) => {
                    self.set(&plan.key, State::Failed, Some(failure.to_string()));
                    self.failures.push((plan.key.clone(), failure));
                }
            }
        }
        unmoved
    }

    /// Restores the attributes of services that were updated without a deployment.
    pub async fn restore_attributes(&mut self, aws: &Aws, report: &dyn ApplyReporter) {
        for key in std::mem::take(&mut self.attributes) {
            let Some(plan) = self.plan.services.iter().find(|service| service.key == key) else { continue };
            let (state, detail) = match undo_attributes(plan, aws, report).await {
                Ok(true) => (State::RolledBack, "attributes as before"),
                Ok(false) => (State::Succeeded, "attributes that it did not have cannot be unset"),
                Err(failure) => {
                    self.failures.push((key.clone(), failure));
                    (State::Failed, "failed to restore the attributes")
                }
            };
            self.set(&key, state, Some(detail.to_owned()));
        }
    }

    fn takes_all_back(&self, key: &str, following: &Following) -> bool {
        let plan = self.plan.services.iter().find(|service| service.key == key);
        let asked = following.on_failure.or(plan.and_then(|plan| plan.on_failure));
        asked == Some(OnFailure::Rollback)
    }

    fn set(&mut self, key: &str, state: State, detail: Option<String>) {
        self.release.set(Kind::Service, key, state, detail);
    }

    /// Records how a rollout ended.
    pub fn ended(&mut self, settled: &Settled) {
        let (state, detail) = state_of(settled);
        self.watched.remove(&settled.followed.key);
        self.set(&settled.followed.key, state, detail);
    }

    /// Records that a service that was up is being rolled back.
    pub fn goes_back(&mut self, key: &str) {
        self.watched.insert(key.to_owned());
        self.set(key, State::InProgress, Some("going back".to_owned()));
    }
}

/// Returns the state of a service after its rollout and the rollback of it.
fn state_of(settled: &Settled) -> (State, Option<String>) {
    let revision = || Some(revision_of(&settled.followed.revision).to_owned());
    if let Some(Aftermath::TakenBack { to, end, .. }) = &settled.aftermath {
        return match end {
            Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => {
                (State::RolledBack, Some(format!("{to} is running")))
            }
            Ending::Settled(_) => (State::Failed, Some(format!("going back to {to} failed"))),
            _ => (State::InProgress, Some(format!("going back to {to}"))),
        };
    }
    match &settled.ending {
        Ending::Settled(Verdict::Succeeded | Verdict::Reached { .. }) => match &settled.aftermath {
            Some(Aftermath::Left { why }) => (State::Succeeded, Some(format!("it stays: {why}"))),
            Some(Aftermath::NotTakenBack { error }) => {
                (State::Failed, Some(format!("failed to roll back: {error}")))
            }
            _ => (State::Succeeded, revision()),
        },
        Ending::Settled(Verdict::RolledBack { runs, .. }) => {
            (State::RolledBack, Some(format!("{runs} is running")))
        }
        Ending::Settled(Verdict::Superseded { by }) => (State::Failed, Some(format!("superseded by {by}"))),
        Ending::Settled(_) => (State::Failed, revision()),
        Ending::TimedOut { .. } => (State::InProgress, Some(timed_out(settled.elapsed))),
        Ending::Interrupted => (State::InProgress, Some("the watch was interrupted".to_owned())),
        Ending::Lost { error } => (State::InProgress, Some(error.clone())),
    }
}

fn timed_out(elapsed: Duration) -> String {
    format!("not done after {}", duration::text(elapsed))
}
