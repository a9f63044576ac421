//! Owns the services of a release while they roll out: which begin when, and what became of each.

use std::time::Duration;

use crate::apply;
use crate::apply::back::undo_attributes;
use crate::aws::Aws;
use crate::aws::types::{TaskDefinition, revision_of};
use crate::commands::following::Following;
use crate::error::Failure;
use crate::manifest::OnFailure;
use crate::plan::{Plan, ServicePlan};
use crate::release::{Kind, Release, State};
use crate::report::Report;
use crate::report::times::took;
use crate::watch::judge::Verdict;
use crate::watch::snapshot::Followed;
use crate::watch::{Aftermath, Ending, Settled};

/// Holds the services of a release.
pub struct Services<'a> {
    pub plan: &'a Plan,
    pub registered: &'a [TaskDefinition],
    pub release: &'a mut Release,
    /// How many may be under way at once.
    pub at_once: usize,
    /// Services that could not be updated, and those whose attributes alone were.
    pub failures: Vec<(String, Failure)>,
    pub attributes: Vec<String>,
}

impl Services<'_> {
    /// Begins with all that may begin: what was started, and the first service whose failure takes the release back.
    pub async fn begin(
        &mut self,
        following: &Following,
        aws: &Aws,
        report: &dyn Report,
    ) -> (Vec<Followed>, Option<String>) {
        let mut started = Vec::new();
        loop {
            let ready = self.release.ready(self.at_once);
            if ready.is_empty() {
                return (started, None);
            }
            let plans: Vec<&ServicePlan> =
                self.plan.services.iter().filter(|service| ready.contains(&service.key)).collect();
            // From here on each may have changed, also where nobody waits for the answer any more.
            for plan in &plans {
                self.release.set(Kind::Service, &plan.key, State::UnderWay, None);
            }
            let applied = apply::services(&plans, self.registered, aws, report).await;
            for key in &applied.settled {
                self.set(key, State::Changed, Some("attributes updated".to_owned()));
            }
            for (key, failure) in &applied.failures {
                self.set(key, State::Failed, Some(failure.to_string()));
            }
            let failed = applied.failures.iter().map(|(key, _)| key.clone());
            let failed: Vec<String> = failed.filter(|key| self.takes_all_back(key, following)).collect();
            started.extend(applied.followed);
            self.attributes.extend(applied.settled);
            self.failures.extend(applied.failures);
            if let Some(first) = failed.into_iter().next() {
                return (started, Some(first));
            }
        }
    }

    /// Gives the services whose attributes alone were changed what they had before.
    pub async fn restore_attributes(&mut self, aws: &Aws, report: &dyn Report) {
        for key in std::mem::take(&mut self.attributes) {
            let Some(plan) = self.plan.services.iter().find(|service| service.key == key) else { continue };
            let (state, detail) = match undo_attributes(plan, aws, report).await {
                Ok(true) => (State::RolledBack, "attributes as before"),
                Ok(false) => (State::Changed, "its attributes stay: what they were cannot be set"),
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
        self.set(&settled.followed.key, state, detail);
    }

    /// Notes that a service that was up is brought back.
    pub fn goes_back(&mut self, key: &str) {
        self.set(key, State::UnderWay, Some("going back".to_owned()));
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
            _ => (State::UnderWay, Some(format!("going back to {to}"))),
        };
    }
    match &settled.ending {
        Ending::Settled(Verdict::Succeeded | Verdict::Reached { .. }) => match &settled.aftermath {
            Some(Aftermath::Left { why }) => (State::Changed, Some(format!("it stays: {why}"))),
            Some(Aftermath::NotTakenBack { error }) => {
                (State::Failed, Some(format!("it could not be taken back: {error}")))
            }
            _ => (State::Changed, revision()),
        },
        Ending::Settled(Verdict::RolledBack { runs, .. }) => {
            (State::RolledBack, Some(format!("{runs} runs")))
        }
        Ending::Settled(Verdict::Superseded { by }) => (State::Failed, Some(format!("superseded by {by}"))),
        Ending::Settled(_) => (State::Failed, revision()),
        Ending::TimedOut { .. } => (State::UnderWay, Some(timed_out(settled.elapsed))),
        Ending::Interrupted => (State::UnderWay, Some("the watch was interrupted".to_owned())),
        Ending::Lost { error } => (State::UnderWay, Some(error.clone())),
    }
}

fn timed_out(elapsed: Duration) -> String {
    format!("not done after {}", took(elapsed.as_secs_f64()))
}
