//! Watches rollouts to their end for all verbs that watch, and rolls back those that fail.
//! The watch concludes a verdict, `apply` starts the rollback, and the rollback is watched like any rollout.

use std::collections::BTreeSet;

use super::interrupts::Interrupts;
use super::recording;
use super::release_services::Services;
use super::watch_args::WatchArgs;
use crate::apply::rollback::{RollbackStart, roll_back_succeeded, start_rollback};
use crate::aws::Aws;
use crate::aws::types::RolloutState;
use crate::context::CommandContext;
use crate::manifest::FailureAction;
use crate::report::{CommandOutcome, Event, InterruptAnswer};
use crate::watch::judge::Verdict;
use crate::watch::snapshot::WatchedRollout;
use crate::watch::{FailureResponse, RolloutWatch, WatchOutcome, WatchReporter, WatchResult};

/// The rollouts of one run: those in progress, those being rolled back, and those that ended.
struct RolloutRunner<'a, 'b> {
    context: &'a CommandContext,
    aws: &'a Aws,
    watch: RolloutWatch<'a>,
    watch_args: &'a WatchArgs,
    /// The keys of all watched services, in the order in which their rollouts began.
    keys: Vec<String>,
    /// The services of a release, which begin while others are watched. `None` outside of a release.
    services: Option<&'a mut Services<'b>>,
    /// Rollouts that ended without success and whose rollback is being watched.
    rolling_back: Vec<WatchResult>,
    /// Rollouts whose rollback is being requested. They are in no other list and must not be lost.
    handling: Vec<WatchResult>,
    /// The services that were rolled out, or not yet finished, and are rolled back with the release.
    rolled_back_with_release: BTreeSet<String>,
    ends: Vec<WatchResult>,
}

/// Watches rollouts to their end. Returns how each ended, and what was done about those that failed.
pub async fn watch_rollouts(
    followed: Vec<WatchedRollout>,
    following: &WatchArgs,
    aws: &Aws,
    context: &CommandContext,
    interrupts: &mut Interrupts,
) -> Vec<WatchResult> {
    let mut rollouts = RolloutRunner::new(None, following, aws, context, context.reporter.as_ref());
    rollouts.watch_all(followed);
    watch_to_end(rollouts, interrupts).await
}

/// Rolls out the services of a release. A service that needs others begins as soon as those are up. What the watch observes
/// goes to `reporter`.
pub async fn watch_release<'a>(
    services: &'a mut Services<'_>,
    following: &'a WatchArgs,
    aws: &'a Aws,
    reporter: &'a dyn WatchReporter,
    context: &'a CommandContext,
    interrupts: &mut Interrupts,
) -> Vec<WatchResult> {
    let rollouts = RolloutRunner::new(Some(services), following, aws, context, reporter);
    watch_to_end(rollouts, interrupts).await
}

/// Rolls back the services of a release that has ended, whose rollouts ended so. Returns how each ended after that.
pub async fn roll_back_release<'a>(
    settled: Vec<WatchResult>,
    services: &'a mut Services<'_>,
    why: &str,
    following: &'a WatchArgs,
    aws: &'a Aws,
    context: &'a CommandContext,
    interrupts: &mut Interrupts,
) -> Vec<WatchResult> {
    let mut rollouts = RolloutRunner::new(Some(services), following, aws, context, context.reporter.as_ref());
    rollouts.keys = settled.iter().map(|settled| settled.rollout.key.clone()).collect();
    rollouts.ends = settled;
    let rolling_back = rollouts.roll_back_release(why);
    if interrupts.run_to_end(rolling_back, context.reporter.as_ref()).await.is_none() {
        rollouts.stop_watching();
    }
    watch_to_end(rollouts, interrupts).await
}

/// Watches the rollouts until each has ended, and begins those that wait for them.
async fn watch_to_end(mut rollouts: RolloutRunner<'_, '_>, interrupts: &mut Interrupts) -> Vec<WatchResult> {
    let context = rollouts.context;
    let mut interrupted = false;
    loop {
        // A pending interrupt is handled before another service begins.
        if !interrupts.is_pending()
            && interrupts.run_to_end(rollouts.begin_ready(), context.reporter.as_ref()).await.is_none()
        {
            rollouts.stop_watching();
        }
        let ended = tokio::select! {
            ended = rollouts.watch.next_result() => ended,
            () = interrupts.next() => {
                // A second interrupt ends the wait without a prompt, unless the first answer was to continue.
                let answer = if interrupted { InterruptAnswer::Leave } else { rollouts.handle_interrupt(interrupts).await };
                if answer == InterruptAnswer::Leave {
                    rollouts.stop_watching();
                }
                interrupted = answer != InterruptAnswer::KeepWatching;
                continue;
            }
        };
        let Some(settled) = ended else { break };
        if interrupts.run_to_end(rollouts.handle_end(settled), context.reporter.as_ref()).await.is_none() {
            rollouts.stop_watching();
        }
    }
    context.reporter.report(&Event::DisplayEnded);
    let (mut ends, order) = (rollouts.ends, rollouts.keys);
    ends.sort_by_key(|settled| order.iter().position(|key| *key == settled.rollout.key));
    if let Some(folder) = &rollouts.watch_args.record {
        recording::write_timelines(&ends, folder, context);
    }
    ends
}

/// Reports how each rollout ended: those that succeeded first, so that failures are last on the screen.
pub fn report_ends(settled: &[WatchResult], context: &CommandContext) -> CommandOutcome {
    let (good, bad): (Vec<&WatchResult>, Vec<&WatchResult>) =
        settled.iter().partition(|settled| settled.has_ended_as_requested());
    for settled in good.into_iter().chain(bad) {
        context.reporter.report(&Event::RolloutEnded(settled));
    }
    CommandOutcome::of_rollouts(settled)
}

impl<'a, 'b> RolloutRunner<'a, 'b> {
    /// Returns a runner without rollouts.
    fn new(
        services: Option<&'a mut Services<'b>>,
        watch_args: &'a WatchArgs,
        aws: &'a Aws,
        context: &'a CommandContext,
        reporter: &'a dyn WatchReporter,
    ) -> RolloutRunner<'a, 'b> {
        let mut watch = RolloutWatch::new(Vec::new(), aws, reporter, context.poll_interval());
        if watch_args.record.is_some() {
            watch.start_recording();
        }
        RolloutRunner {
            context,
            aws,
            watch,
            watch_args,
            keys: Vec::new(),
            services,
            rolling_back: Vec::new(),
            handling: Vec::new(),
            rolled_back_with_release: BTreeSet::new(),
            ends: Vec::new(),
        }
    }

    /// Updates the services of a release that may begin now.
    async fn begin_ready(&mut self) {
        let Some(services) = &mut self.services else { return };
        let failed = services.begin(self.watch_args, self.aws, self.context.reporter.as_ref()).await;
        self.watch_begun();
        if let Some(failed) = failed {
            self.roll_back_release(&format!("`{failed}` failed")).await;
        }
    }

    /// Watches the rollouts that have begun.
    fn watch_begun(&mut self) {
        let begun = self.services.as_mut().map(|services| std::mem::take(&mut services.begun));
        self.watch_all(begun.unwrap_or_default());
    }

    fn watch_all(&mut self, followed: Vec<WatchedRollout>) {
        for followed in followed {
            self.keys.push(followed.key.clone());
            self.watch.add(self.watch_args.apply_to(followed));
        }
    }

    fn stop_release(&mut self, why: &str) {
        self.services.iter_mut().for_each(|services| services.release.skip_waiting(why));
    }

    /// Stores the end of a rollout, and updates the release.
    fn record_end(&mut self, settled: WatchResult) {
        self.handling.retain(|known| known.rollout.key != settled.rollout.key);
        self.services.iter_mut().for_each(|services| services.ended(&settled));
        self.ends.push(settled);
    }

    /// Rolls back everything that the release has changed.
    async fn roll_back_release(&mut self, why: &str) {
        self.stop_release(why);
        self.roll_back_in_progress().await;
        if let Some(services) = &mut self.services {
            services.restore_attributes(self.aws, self.context.reporter.as_ref()).await;
        }
        while let Some(index) = self.ends.iter().position(|settled| self.can_be_rolled_back(settled)) {
            let settled = self.ends.remove(index);
            self.rolled_back_with_release.insert(settled.rollout.key.clone());
            self.services.iter_mut().for_each(|services| services.goes_back(&settled.rollout.key));
            self.handling.push(settled.clone());
            let report = self.context.reporter.as_ref();
            let taken = if settled.has_ended_as_requested() {
                roll_back_succeeded(&settled.rollout, self.aws, report).await
            } else {
                start_rollback(&settled.rollout, self.aws, report).await
            };
            self.record_rollback_start(settled, taken);
        }
    }

    /// Returns whether a rollout succeeded, or timed out and continues, and has not been rolled back with the release
    /// yet.
    fn can_be_rolled_back(&self, settled: &WatchResult) -> bool {
        let goes_on =
            matches!(settled.outcome, WatchOutcome::TimedOut { .. }) && settled.failure_response.is_none();
        (settled.has_ended_as_requested() || goes_on)
            && !self.rolled_back_with_release.contains(&settled.rollout.key)
    }

    /// Handles the end of a watch: starts a rollback if the policy asks for one, and rolls back the release if
    /// `on_failure: rollback` is set.
    async fn handle_end(&mut self, settled: WatchResult) {
        let key = settled.rollout.key.clone();
        let all = self.services.is_some() && rolls_back_release(&settled);
        self.handle_end_of_one(settled).await;
        if all {
            self.roll_back_release(&format!("`{key}` failed")).await;
        }
    }

    async fn handle_end_of_one(&mut self, settled: WatchResult) {
        let back = self.rolling_back.iter().position(|known| known.rollout.key == settled.rollout.key);
        if let Some(index) = back {
            let origin = self.rolling_back.remove(index);
            self.record_end(with_rollback(origin, settled));
            return;
        }
        match rollback_decision(&settled) {
            None => self.record_end(settled),
            Some(Err(why)) => self
                .record_end(WatchResult { failure_response: Some(FailureResponse::Left { why }), ..settled }),
            Some(Ok(())) => self.start_rollback(settled).await,
        }
    }

    async fn start_rollback(&mut self, settled: WatchResult) {
        self.handling.retain(|known| known.rollout.key != settled.rollout.key);
        self.handling.push(settled.clone());
        let taken = start_rollback(&settled.rollout, self.aws, self.context.reporter.as_ref()).await;
        self.record_rollback_start(settled, taken);
    }

    fn record_rollback_start(&mut self, settled: WatchResult, taken: RollbackStart) {
        self.handling.retain(|known| known.rollout.key != settled.rollout.key);
        match taken {
            RollbackStart::Started(followed) => {
                self.watch.add(*followed);
                self.rolling_back.push(settled);
            }
            RollbackStart::Completed => self.record_end(succeeded_before_rollback(settled)),
            RollbackStart::Skipped(why) => {
                self.record_end(WatchResult {
                    failure_response: Some(FailureResponse::Left { why }),
                    ..settled
                });
            }
            RollbackStart::Failed(failure) => {
                let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}"));
                let error = format!("{failure}{}", cause.unwrap_or_default());
                self.record_end(WatchResult {
                    failure_response: Some(FailureResponse::NotTakenBack { error }),
                    ..settled
                });
            }
        }
    }

    /// Prompts for what to do about the rollouts in progress, and starts rollbacks if that is the answer.
    async fn handle_interrupt(&mut self, interrupts: &mut Interrupts) -> InterruptAnswer {
        if interrupts.is_unattended() {
            return InterruptAnswer::Leave;
        }
        let Some(question) = self.context.reporter.rollout_question() else { return InterruptAnswer::Leave };
        let (tell, told) = tokio::sync::oneshot::channel();
        // The prompt runs on a thread of its own, so that it blocks neither a second Ctrl-C nor the end of the process.
        std::thread::spawn(move || tell.send(question()));
        let answer = tokio::select! {
            biased;
            answer = told => answer.unwrap_or(InterruptAnswer::Leave),
            () = interrupts.next() => InterruptAnswer::Leave,
        };
        // Only now: an interrupt that is given once the display is back is asked about again.
        if answer != InterruptAnswer::Leave {
            self.context.reporter.report(&Event::DisplayResumed);
        }
        match answer {
            // In a release, services that have succeeded are rolled back too.
            InterruptAnswer::RollBack if self.services.is_some() => {
                self.roll_back_release("the release was interrupted").await;
            }
            InterruptAnswer::RollBack => self.roll_back_in_progress().await,
            InterruptAnswer::Leave | InterruptAnswer::KeepWatching => {}
        }
        answer
    }

    /// Starts rollbacks of the rollouts in progress.
    async fn roll_back_in_progress(&mut self) {
        let open = self.watch.interrupt();
        self.handling.extend(open.iter().cloned());
        for settled in open {
            let goes_back = self.rolling_back.iter().any(|known| known.rollout.key == settled.rollout.key);
            match settled.outcome {
                WatchOutcome::Interrupted if goes_back => {
                    self.handling.retain(|known| known.rollout.key != settled.rollout.key);
                    self.watch.add(settled.rollout);
                }
                WatchOutcome::Interrupted => self.start_rollback(settled).await,
                // It ended by itself in the meantime.
                _ => self.handle_end_of_one(settled).await,
            }
        }
    }

    /// Stops watching, and leaves the rollouts in progress.
    fn stop_watching(&mut self) {
        self.stop_release("the release was interrupted");
        self.watch_begun();
        let given_up = std::mem::take(&mut self.handling).into_iter().map(with_unknown_rollback);
        for settled in given_up.collect::<Vec<_>>().into_iter().chain(self.watch.interrupt()) {
            let back = self.rolling_back.iter().position(|known| known.rollout.key == settled.rollout.key);
            let end = match back {
                Some(index) => with_rollback(self.rolling_back.remove(index), settled),
                None => settled,
            };
            self.record_end(end);
        }
    }
}

/// Returns the end of a rollout whose rollback was being requested when a second interrupt arrived.
fn with_unknown_rollback(settled: WatchResult) -> WatchResult {
    let error = "interrupted: it is unknown whether the rollback was started".to_owned();
    WatchResult { failure_response: Some(FailureResponse::NotTakenBack { error }), ..settled }
}

/// Returns the end of a rollout that succeeded before the rollback took effect.
fn succeeded_before_rollback(settled: WatchResult) -> WatchResult {
    let why = "it succeeded before the rollback could start".to_owned();
    WatchResult {
        outcome: WatchOutcome::Settled(Verdict::Succeeded),
        failure_response: Some(FailureResponse::Left { why }),
        diagnosis: None,
        ..settled
    }
}

/// Combines the end of a rollout with the end of its rollback.
fn with_rollback(origin: WatchResult, back: WatchResult) -> WatchResult {
    // ECS was asked to stop this deployment, and it is this deployment that succeeded, not a rollback.
    if back.rollout.going_back && back.outcome == WatchOutcome::Settled(Verdict::Succeeded) {
        return succeeded_before_rollback(WatchResult { running: back.running, ..origin });
    }
    let to = match (&back.outcome, &origin.rollout.way_back) {
        (WatchOutcome::Settled(Verdict::RolledBack { runs, .. }), _) => runs.clone(),
        (_, Some(way)) => way.revision_name().to_owned(),
        (_, None) => "the previous revision".to_owned(),
    };
    let diagnosis = match &back.outcome {
        WatchOutcome::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => None,
        _ => back.diagnosis.map(Box::new),
    };
    let aftermath = Some(FailureResponse::TakenBack { to, end: back.outcome, diagnosis });
    WatchResult {
        failure_response: aftermath,
        elapsed: origin.elapsed + back.elapsed,
        running: back.running.or(origin.running),
        ..origin
    }
}

/// Returns `Ok` if the rollout is to be rolled back, the reason if it is not although it failed, and `None` if nothing
/// is to be decided.
fn rollback_decision(settled: &WatchResult) -> Option<Result<(), String>> {
    let WatchResult { rollout: followed, outcome: ending, .. } = settled;
    let asked = match ending {
        WatchOutcome::Settled(Verdict::Stuck { .. }) => followed.policy.on_failure,
        // ECS failed it without a rollback, and it is still the PRIMARY deployment.
        WatchOutcome::Settled(Verdict::Failed { .. }) if is_still_primary(settled) => {
            followed.policy.on_failure
        }
        WatchOutcome::TimedOut { .. } if followed.policy.on_timeout == FailureAction::Rollback => {
            Some(FailureAction::Rollback)
        }
        _ => return None,
    };
    match (asked, &followed.way_back) {
        _ if followed.created => {
            Some(Err("this deploy created it, and there is nothing to roll back to".to_owned()))
        }
        (Some(FailureAction::Leave), _) => Some(Err("`on_failure` is `leave`".to_owned())),
        (Some(FailureAction::Rollback), _) | (None, Some(_)) => Some(Ok(())),
        (None, None) => {
            Some(Err("no previous deployment was completed: there is nothing to roll back to".to_owned()))
        }
    }
}

/// Returns whether the end of this service rolls back the whole release, which needs `on_failure: rollback`.
fn rolls_back_release(settled: &WatchResult) -> bool {
    let policy = &settled.rollout.policy;
    let failed = match settled.outcome {
        WatchOutcome::Settled(Verdict::Stuck { .. } | Verdict::Failed { .. }) => true,
        WatchOutcome::Settled(Verdict::RolledBack { .. }) => !settled.rollout.going_back,
        WatchOutcome::TimedOut { .. } => policy.on_timeout == FailureAction::Rollback,
        _ => false,
    };
    failed && policy.on_failure == Some(FailureAction::Rollback)
}

/// Returns whether the deployment failed and is still the PRIMARY one of its service.
fn is_still_primary(settled: &WatchResult) -> bool {
    settled.running.as_ref().is_some_and(|runs| {
        settled.rollout.deployment.as_deref() == Some(runs.deployment.as_str())
            && runs.rollout_state == Some(RolloutState::Failed)
    })
}
