//! Owns the services of a release while they roll out: which begin when, and what became of each.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::apply::back::undo_attributes;
use crate::apply::{self, ApplyReporter};
use crate::aws::Aws;
use crate::aws::types::{Observed, TaskDefinition, revision_of};
use crate::commands::change::moved;
use crate::commands::following::Following;
use crate::error::Failure;
use crate::manifest::OnFailure;
use crate::plan::{Plan, ServicePlan};
use crate::release::{Kind, Release, State};
use crate::report::times::took;
use crate::watch::judge::Verdict;
use crate::watch::snapshot::Followed;
use crate::watch::{Aftermath, Ending, Settled};

/// Holds the services of a release.
pub struct Services<'a> {
    pub plan: &'a Plan,
    pub registered: &'a [TaskDefinition],
    pub release: &'a mut Release,
    /// The services as they were when this was planned; none where another's deployment is to be replaced.
    pub seen: Option<&'a Observed>,
    /// Whether something was waited for since then: a service may be another by now.
    pub waited: bool,
    /// How many may be under way at once; all where nobody waits for them.
    pub at_once: Option<usize>,
    /// Those that are watched, and those that were begun and are to be.
    pub watched: BTreeSet<String>,
    pub begun: Vec<Followed>,
    /// Services that could not be updated, and those whose attributes alone were.
    pub failures: Vec<(String, Failure)>,
    pub attributes: Vec<String>,
}

impl Services<'_> {
    /// Begins with all that may begin, and returns the first service whose failure takes the release back.
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

    /// Updates services, and notes what came of each.
    async fn update(&mut self, keys: &[String], aws: &Aws, report: &dyn ApplyReporter) {
        let plans: Vec<&ServicePlan> =
            self.plan.services.iter().filter(|service| keys.contains(&service.key)).collect();
        // From here on each may have changed, also where nobody waits for the answer any more.
        for plan in &plans {
            let detail = "whether it was updated is not known".to_owned();
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

    /// Returns the services that are as they were when this was planned; of the others it is noted that they are not.
    ///
    /// A migration may take an hour: what somebody else has deployed in that time must not be replaced unseen.
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

    /// Gives the services whose attributes alone were changed what they had before.
    pub async fn restore_attributes(&mut self, aws: &Aws, report: &dyn ApplyReporter) {
        for key in std::mem::take(&mut self.attributes) {
            let Some(plan) = self.plan.services.iter().find(|service| service.key == key) else { continue };
            let (state, detail) = match undo_attributes(plan, aws, report).await {
                Ok(true) => (State::RolledBack, "attributes as before"),
                Ok(false) => (State::Succeeded, "attributes that it did not have cannot be unset"),
                Err(failure) => {
                    self.failures.push((key.clone(), failure));
                    (State::Failed, "its attributes could not be set back")
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

    /// Notes how a rollout ended.
    pub fn ended(&mut self, settled: &Settled) {
        let (state, detail) = state_of(settled);
        self.watched.remove(&settled.followed.key);
        self.set(&settled.followed.key, state, detail);
    }

    /// Notes that a service that was up is brought back.
    pub fn goes_back(&mut self, key: &str) {
        self.watched.insert(key.to_owned());
        self.set(key, State::InProgress, Some("going back".to_owned()));
    }
}

/// Returns what became of a service by the end of its rollout, and of what was done about it.
fn state_of(settled: &Settled) -> (State, Option<String>) {
    let revision = || Some(revision_of(&settled.followed.revision).to_owned());
    if let Some(Aftermath::TakenBack { to, end, .. }) = &settled.aftermath {
        return match end {
            Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => {
                (State::RolledBack, Some(format!("{to} runs")))
            }
            Ending::Settled(_) => (State::Failed, Some(format!("going back to {to} failed"))),
            _ => (State::InProgress, Some(format!("going back to {to}"))),
        };
    }
    match &settled.ending {
        Ending::Settled(Verdict::Succeeded | Verdict::Reached { .. }) => match &settled.aftermath {
            Some(Aftermath::Left { why }) => (State::Succeeded, Some(format!("it stays: {why}"))),
            Some(Aftermath::NotTakenBack { error }) => {
                (State::Failed, Some(format!("it could not be taken back: {error}")))
            }
            _ => (State::Succeeded, revision()),
        },
        Ending::Settled(Verdict::RolledBack { runs, .. }) => {
            (State::RolledBack, Some(format!("{runs} runs")))
        }
        Ending::Settled(Verdict::Superseded { by }) => (State::Failed, Some(format!("superseded by {by}"))),
        Ending::Settled(_) => (State::Failed, revision()),
        Ending::TimedOut { .. } => (State::InProgress, Some(timed_out(settled.elapsed))),
        Ending::Interrupted => (State::InProgress, Some("the watch was interrupted".to_owned())),
        Ending::Lost { error } => (State::InProgress, Some(error.clone())),
    }
}

fn timed_out(elapsed: Duration) -> String {
    format!("not done after {}", took(elapsed.as_secs_f64()))
}
