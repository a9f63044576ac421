//! Rolls out the services of a release: which may begin, and the state of each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apply::rollback::restore_attributes;
use crate::apply::{self, ApplyReporter};
use crate::aws::Aws;
use crate::aws::types::{TaskDefinition, revision_name};
use crate::commands::attach::planned::AttachedRollouts;
use crate::commands::watch_args::WatchArgs;
use crate::duration;
use crate::error::Failure;
use crate::manifest::FailureAction;
use crate::plan::{Plan, ServicePlan, ServiceState};
use crate::release::{Release, State, TargetKind};
use crate::watch::judge::Verdict;
use crate::watch::snapshot::WatchedRollout;
use crate::watch::{FailureResponse, WatchOutcome, WatchResult};

/// The services of a release.
pub struct Services<'a> {
    pub plan: &'a Plan,
    /// The rollouts in progress that are watched instead of updating their services.
    pub attached: &'a AttachedRollouts,
    pub registered: &'a [TaskDefinition],
    pub release: &'a mut Release,
    /// The number of services that may roll out at once; `None` if the rollouts are not watched.
    pub at_once: Option<usize>,
    /// The keys of the services being watched, and the rollouts that have begun and are not watched yet.
    pub watched: BTreeSet<String>,
    pub begun: Vec<WatchedRollout>,
    /// The services that could not be updated, and those that were updated without a deployment, as the update
    /// left them.
    pub failures: Vec<(String, Failure)>,
    pub attributes: BTreeMap<String, ServiceState>,
}

impl Services<'_> {
    /// Updates all services that may begin. Returns the first failed service whose policy rolls back the release.
    pub async fn begin(
        &mut self,
        following: &WatchArgs,
        aws: &Aws,
        report: &dyn ApplyReporter,
    ) -> Option<String> {
        loop {
            let places = self.at_once.map_or(usize::MAX, |most| most.saturating_sub(self.watched.len()));
            let ready = self.release.ready_services(places);
            if ready.is_empty() {
                return None;
            }
            let failed = self.failures.len();
            let ready = self.attach(ready, report);
            self.update(&ready, aws, report).await;
            let failed = self.failures[failed..].iter().map(|(key, _)| key);
            let mut failed = failed.filter(|key| self.takes_all_back(key, following));
            let first = failed.next().cloned();
            if first.is_some() {
                return first;
            }
        }
    }

    /// Watches the services whose rollout is in progress already, and returns the others.
    fn attach(&mut self, mut keys: Vec<String>, report: &dyn ApplyReporter) -> Vec<String> {
        for rollout in self.attached.values().filter(|rollout| keys.contains(&rollout.key)) {
            let revision = revision_name(&rollout.revision);
            report.note(&format!("{}: {revision} is being deployed already; watching that", rollout.key));
            self.release.set_state(TargetKind::Service, &rollout.key, State::InProgress, None);
            self.watched.insert(rollout.key.clone());
            self.begun.push(rollout.clone());
        }
        keys.retain(|key| !self.attached.contains_key(key));
        keys
    }

    /// Updates services and records the state of each.
    async fn update(&mut self, keys: &[String], aws: &Aws, report: &dyn ApplyReporter) {
        let plans: Vec<&ServicePlan> =
            self.plan.services.iter().filter(|service| keys.contains(&service.key)).collect();
        // From here on each may have been updated, even if an interrupt ends the wait for the answer.
        for plan in &plans {
            let detail = "it is unknown whether it was updated".to_owned();
            self.release.set_state(TargetKind::Service, &plan.key, State::InProgress, Some(detail));
        }
        let applied = apply::update_services(&plans, self.registered, aws, report).await;
        for key in applied.without_deployment.keys() {
            self.set(key, State::Succeeded, Some("attributes updated".to_owned()));
        }
        for followed in &applied.rollouts {
            self.set(&followed.key, State::InProgress, None);
            self.watched.insert(followed.key.clone());
        }
        for (key, failure) in &applied.failures {
            self.set(key, State::Failed, Some(failure.to_string()));
        }
        self.begun.extend(applied.rollouts);
        self.attributes.extend(applied.without_deployment);
        self.failures.extend(applied.failures);
    }

    /// Restores the attributes of services that were updated without a deployment.
    pub async fn restore_attributes(&mut self, aws: &Aws, report: &dyn ApplyReporter) {
        for (key, after) in std::mem::take(&mut self.attributes) {
            let Some(plan) = self.plan.services.iter().find(|service| service.key == key) else { continue };
            if plan.members.is_empty() {
                self.set(&key, State::Succeeded, Some("its tags stay as they are".to_owned()));
                continue;
            }
            let (state, detail) = match restore_attributes(plan, &after, aws, report).await {
                Ok(true) => (State::RolledBack, "attributes restored"),
                Ok(false) => {
                    (State::Succeeded, "attributes that the service did not have before cannot be removed")
                }
                Err(failure) => {
                    self.failures.push((key.clone(), failure));
                    (State::Failed, "failed to restore the attributes")
                }
            };
            self.set(&key, state, Some(detail.to_owned()));
        }
    }

    fn takes_all_back(&self, key: &str, following: &WatchArgs) -> bool {
        let plan = self.plan.services.iter().find(|service| service.key == key);
        let asked = following.on_failure.or(plan.and_then(|plan| plan.on_failure));
        asked == Some(FailureAction::Rollback)
    }

    fn set(&mut self, key: &str, state: State, detail: Option<String>) {
        self.release.set_state(TargetKind::Service, key, state, detail);
    }

    /// Records how a rollout ended.
    pub fn ended(&mut self, settled: &WatchResult) {
        let (state, detail) = state_of(settled);
        self.watched.remove(&settled.rollout.key);
        self.set(&settled.rollout.key, state, detail);
    }

    /// Records that a service that was up is being rolled back.
    pub fn goes_back(&mut self, key: &str) {
        self.watched.insert(key.to_owned());
        self.set(key, State::InProgress, Some("rolling back".to_owned()));
    }
}

/// Returns the state of a service after its rollout and the rollback of it.
fn state_of(settled: &WatchResult) -> (State, Option<String>) {
    let revision = || Some(revision_name(&settled.rollout.revision).to_owned());
    if let Some(FailureResponse::TakenBack { to, end, .. }) = &settled.failure_response {
        return match end {
            WatchOutcome::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => {
                (State::RolledBack, Some(format!("{to} is running")))
            }
            WatchOutcome::Settled(_) => (State::Failed, Some(format!("failed to roll back to {to}"))),
            _ => (State::InProgress, Some(format!("rolling back to {to}"))),
        };
    }
    match &settled.outcome {
        WatchOutcome::Settled(Verdict::Succeeded | Verdict::Reached { .. }) => {
            match &settled.failure_response {
                Some(FailureResponse::Left { why }) => {
                    (State::Succeeded, Some(format!("not rolled back: {why}")))
                }
                Some(FailureResponse::NotTakenBack { error }) => {
                    (State::Failed, Some(format!("failed to roll back: {error}")))
                }
                _ => (State::Succeeded, revision()),
            }
        }
        WatchOutcome::Settled(Verdict::RolledBack { runs, .. }) => {
            (State::RolledBack, Some(format!("{runs} is running")))
        }
        WatchOutcome::Settled(Verdict::Superseded { by }) => {
            (State::Failed, Some(format!("superseded by {by}")))
        }
        WatchOutcome::Settled(_) => (State::Failed, revision()),
        WatchOutcome::TimedOut { .. } => (State::InProgress, Some(timed_out(settled.elapsed))),
        WatchOutcome::Interrupted => (State::InProgress, Some("the watch was interrupted".to_owned())),
        WatchOutcome::Lost { error } => (State::InProgress, Some(error.clone())),
    }
}

fn timed_out(elapsed: Duration) -> String {
    format!("timed out after {}", duration::text(elapsed))
}
