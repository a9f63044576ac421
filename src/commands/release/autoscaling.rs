//! Changes the autoscaling of the services of a release, once all of them are up: no failed rollout has changed any of it.
//! Where a change fails and `on_failure` is `rollback`, the release goes back, the autoscaling of other services with it.

use std::collections::BTreeSet;

use super::ReleaseRunner;
use crate::apply::autoscaling::{apply_autoscaling, restore};
use crate::commands::interrupts::Interrupts;
use crate::commands::release_services::Services;
use crate::commands::rollouts;
use crate::manifest::FailureAction;
use crate::plan::AutoscalingPlan;
use crate::release::{State, TargetKind};
use crate::report::CommandOutcome;

impl ReleaseRunner<'_> {
    /// Changes the autoscaling of the services, all at once. Returns whether all succeeded.
    pub(super) async fn apply_autoscaling(&mut self, interrupts: &mut Interrupts) -> bool {
        let changing: Vec<&AutoscalingPlan> =
            self.plan.autoscaling.iter().filter(|plan| plan.is_changing()).collect();
        if changing.is_empty() {
            return true;
        }
        if self.stop_if_interrupted(interrupts) {
            return false;
        }
        let report = self.context.reporter.as_ref();
        for plan in &changing {
            self.set_autoscaling(plan, State::InProgress, None);
        }
        let applying = apply_autoscaling(&changing, self.aws, report);
        let Some(results) = interrupts.run_to_end(applying, report).await else {
            self.release.skip_waiting("the release was interrupted");
            self.outcome = self.outcome.worse(CommandOutcome::Interrupted);
            return false;
        };
        let mut failed = Vec::new();
        for (plan, result) in changing.iter().zip(results) {
            match result {
                Ok(()) => self.set_autoscaling(plan, State::Succeeded, Some(changed_keys(plan))),
                Err(failure) => {
                    self.set_autoscaling(plan, State::Failed, Some(failure.to_string()));
                    report.report_error(&failure);
                    self.outcome = self.outcome.worse(CommandOutcome::Error);
                    failed.push(*plan);
                }
            }
        }
        let Some(first) = failed.first() else { return true };
        let why = format!("the autoscaling of `{}` failed", first.key);
        self.release.skip_waiting(&why);
        if failed.iter().any(|plan| self.rolls_back_release(plan)) {
            self.roll_back_release(&why, &changing, interrupts).await;
        }
        false
    }

    fn set_autoscaling(&mut self, plan: &AutoscalingPlan, state: State, detail: Option<String>) {
        self.release.set_state(TargetKind::Autoscaling, &plan.key, state, detail);
    }

    /// Returns whether a failure to change the autoscaling of a service rolls back the release.
    fn rolls_back_release(&self, plan: &AutoscalingPlan) -> bool {
        self.options.watch.on_failure.or(plan.on_failure) == Some(FailureAction::Rollback)
    }

    /// Restores the autoscaling that was changed, then rolls back the services.
    async fn roll_back_release(
        &mut self,
        why: &str,
        changing: &[&AutoscalingPlan],
        interrupts: &mut Interrupts,
    ) {
        let report = self.context.reporter.as_ref();
        let changed = |plan: &&&AutoscalingPlan| {
            self.release.state(TargetKind::Autoscaling, &plan.key) == Some(State::Succeeded)
        };
        let changed: Vec<&AutoscalingPlan> = changing.iter().filter(changed).copied().collect();
        for plan in changed {
            let restoring = restore(plan, self.aws, report);
            let (state, detail) = match interrupts.run_to_end(restoring, report).await {
                Some(Ok(())) => (State::RolledBack, None),
                Some(Err(failure)) => {
                    report.report_error(&failure);
                    (State::Failed, Some(format!("failed to restore it: {failure}")))
                }
                None => (State::InProgress, Some("it is unknown whether it was restored".to_owned())),
            };
            self.set_autoscaling(plan, state, detail);
        }
        let mut services = Services {
            plan: self.plan,
            attached: self.options.attached,
            registered: &self.registered,
            release: &mut self.release,
            at_once: Some(self.options.parallel),
            watched: BTreeSet::new(),
            begun: Vec::new(),
            failures: std::mem::take(&mut self.failures),
            attributes: std::mem::take(&mut self.attributes),
        };
        let settled = std::mem::take(&mut self.settled);
        let (watch, aws, context) = (self.options.watch, self.aws, self.context);
        self.settled =
            rollouts::roll_back_release(settled, &mut services, why, watch, aws, context, interrupts).await;
        self.failures = services.failures;
    }
}

/// Returns the keys of `autoscaling` that were changed.
fn changed_keys(plan: &AutoscalingPlan) -> String {
    let mut keys: Vec<&str> =
        plan.changes.iter().filter_map(|change| change.path.split("].").next()).collect();
    keys.dedup();
    let closed = |key: &&str| {
        if key.contains('[') && !key.ends_with(']') { format!("{key}]") } else { (*key).to_owned() }
    };
    keys.iter().map(closed).collect::<Vec<_>>().join(", ")
}
