//! Watches rollouts to their end for all verbs that watch, and rolls back those that fail.
//! The watch concludes a verdict, `apply` starts the rollback, and the rollback is watched like any rollout.

use std::collections::BTreeSet;

use super::following::Following;
use super::interrupts::Interrupts;
use super::recording;
use super::release_services::Services;
use crate::apply::back::{TakingBack, take_back, undo};
use crate::aws::Aws;
use crate::aws::types::RolloutState;
use crate::context::Context;
use crate::manifest::OnFailure;
use crate::report::{Event, Interrupted, Outcome};
use crate::watch::judge::Verdict;
use crate::watch::snapshot::Followed;
use crate::watch::{Aftermath, Ending, Settled, Watch};

/// The rollouts of one run: those in progress, those being rolled back, and those that ended.
struct Rollouts<'a, 'b> {
    context: &'a Context,
    aws: &'a Aws,
    watch: Watch<'a>,
    following: &'a Following,
    /// The keys of all watched services, in the order in which their rollouts began.
    order: Vec<String>,
    /// The services of a release, which begin while others are watched. `None` outside of a release.
    services: Option<&'a mut Services<'b>>,
    /// Rollouts that ended without success and whose rollback is being watched.
    going_back: Vec<Settled>,
    /// Rollouts whose rollback is being requested. They are in no other list and must not be lost.
    answering: Vec<Settled>,
    /// The services that were rolled out, or not yet finished, and are rolled back with the release.
    undone: BTreeSet<String>,
    ends: Vec<Settled>,
}

/// Watches rollouts to their end. Returns how each ended, and what was done about those that failed.
pub async fn settle(
    followed: Vec<Followed>,
    following: &Following,
    aws: &Aws,
    context: &Context,
    interrupts: &mut Interrupts,
) -> Vec<Settled> {
    settle_all(followed, None, following, aws, context, interrupts).await
}

/// Rolls out the services of a release. A service that needs others begins as soon as those are up.
pub async fn release<'a>(
    services: &'a mut Services<'_>,
    following: &'a Following,
    aws: &'a Aws,
    context: &'a Context,
    interrupts: &mut Interrupts,
) -> Vec<Settled> {
    settle_all(Vec::new(), Some(services), following, aws, context, interrupts).await
}

async fn settle_all<'a>(
    followed: Vec<Followed>,
    services: Option<&'a mut Services<'_>>,
    following: &'a Following,
    aws: &'a Aws,
    context: &'a Context,
    interrupts: &mut Interrupts,
) -> Vec<Settled> {
    let mut watch = Watch::new(Vec::new(), aws, context.report.as_ref(), context.poll_interval());
    if following.record.is_some() {
        watch.record();
    }
    let mut rollouts = Rollouts {
        context,
        aws,
        watch,
        following,
        order: Vec::new(),
        services,
        going_back: Vec::new(),
        answering: Vec::new(),
        undone: BTreeSet::new(),
        ends: Vec::new(),
    };
    rollouts.follow(followed);
    let mut interrupted = false;
    loop {
        // A pending interrupt is handled before another service begins.
        if !interrupts.is_kept()
            && interrupts.finish(rollouts.begin(), context.report.as_ref()).await.is_none()
        {
            rollouts.leave();
        }
        let ended = tokio::select! {
            ended = rollouts.watch.next() => ended,
            () = interrupts.next() => {
                // A second interrupt ends the wait without a prompt, unless the first answer was to continue.
                let answer = match interrupted {
                    true => Interrupted::Leave,
                    false => rollouts.interrupted(interrupts).await,
                };
                if answer == Interrupted::Leave {
                    rollouts.leave();
                }
                interrupted = answer != Interrupted::GoOn;
                continue;
            }
        };
        let Some(settled) = ended else { break };
        if interrupts.finish(rollouts.answer(settled), context.report.as_ref()).await.is_none() {
            rollouts.leave();
        }
    }
    context.report.tell(&Event::Done);
    let (mut ends, order) = (rollouts.ends, rollouts.order);
    ends.sort_by_key(|settled| order.iter().position(|key| *key == settled.followed.key));
    if let Some(folder) = &following.record {
        recording::keep(&ends, folder, context);
    }
    ends
}

/// Reports how each rollout ended: those that succeeded first, so that failures are last on the screen.
pub fn tell_ends(settled: &[Settled], context: &Context) -> Outcome {
    let (good, bad): (Vec<&Settled>, Vec<&Settled>) = settled.iter().partition(|settled| settled.is_good());
    for settled in good.into_iter().chain(bad) {
        context.report.tell(&Event::Settled(settled));
    }
    Outcome::of(settled)
}

impl Rollouts<'_, '_> {
    /// Updates the services of a release that may begin now.
    async fn begin(&mut self) {
        let Some(services) = &mut self.services else { return };
        let failed = services.begin(self.following, self.aws, self.context.report.as_ref()).await;
        self.follow_begun();
        if let Some(failed) = failed {
            self.all_back(&format!("`{failed}` failed")).await;
        }
    }

    /// Watches the rollouts that have begun.
    fn follow_begun(&mut self) {
        let begun = self.services.as_mut().map(|services| std::mem::take(&mut services.begun));
        self.follow(begun.unwrap_or_default());
    }

    fn follow(&mut self, followed: Vec<Followed>) {
        for followed in followed {
            self.order.push(followed.key.clone());
            self.watch.follow(self.following.of(followed));
        }
    }

    fn stop(&mut self, why: &str) {
        self.services.iter_mut().for_each(|services| services.release.stop(why));
    }

    /// Stores the end of a rollout, and updates the release.
    fn end(&mut self, settled: Settled) {
        self.answering.retain(|known| known.followed.key != settled.followed.key);
        self.services.iter_mut().for_each(|services| services.ended(&settled));
        self.ends.push(settled);
    }

    /// Rolls back everything that the release has changed.
    async fn all_back(&mut self, why: &str) {
        self.stop(why);
        self.take_open_back().await;
        if let Some(services) = &mut self.services {
            services.restore_attributes(self.aws, self.context.report.as_ref()).await;
        }
        while let Some(index) = self.ends.iter().position(|settled| self.may_be_undone(settled)) {
            let settled = self.ends.remove(index);
            self.undone.insert(settled.followed.key.clone());
            self.services.iter_mut().for_each(|services| services.goes_back(&settled.followed.key));
            self.answering.push(settled.clone());
            let report = self.context.report.as_ref();
            let taken = match settled.is_good() {
                true => undo(&settled.followed, self.aws, report).await,
                false => take_back(&settled.followed, self.aws, report).await,
            };
            self.taking_back(settled, taken);
        }
    }

    /// Returns whether a rollout succeeded, or timed out and continues, and has not been rolled back with the release
    /// yet.
    fn may_be_undone(&self, settled: &Settled) -> bool {
        let goes_on = matches!(settled.ending, Ending::TimedOut { .. }) && settled.aftermath.is_none();
        (settled.is_good() || goes_on) && !self.undone.contains(&settled.followed.key)
    }

    /// Handles the end of a watch: starts a rollback if the policy asks for one, and rolls back the release if
    /// `on_failure: rollback` is set.
    async fn answer(&mut self, settled: Settled) {
        let key = settled.followed.key.clone();
        let all = self.services.is_some() && goes_back_together(&settled);
        self.answer_one(settled).await;
        if all {
            self.all_back(&format!("`{key}` failed")).await;
        }
    }

    async fn answer_one(&mut self, settled: Settled) {
        let back = self.going_back.iter().position(|known| known.followed.key == settled.followed.key);
        if let Some(index) = back {
            let origin = self.going_back.remove(index);
            self.end(taken_back(origin, settled));
            return;
        }
        match wanted(&settled) {
            None => self.end(settled),
            Some(Err(why)) => self.end(Settled { aftermath: Some(Aftermath::Left { why }), ..settled }),
            Some(Ok(())) => self.take_back(settled).await,
        }
    }

    async fn take_back(&mut self, settled: Settled) {
        self.answering.retain(|known| known.followed.key != settled.followed.key);
        self.answering.push(settled.clone());
        let taken = take_back(&settled.followed, self.aws, self.context.report.as_ref()).await;
        self.taking_back(settled, taken);
    }

    fn taking_back(&mut self, settled: Settled, taken: TakingBack) {
        self.answering.retain(|known| known.followed.key != settled.followed.key);
        match taken {
            TakingBack::Begun(followed) => {
                self.watch.follow(*followed);
                self.going_back.push(settled);
            }
            TakingBack::Completed => self.end(completed_first(settled)),
            TakingBack::Left(why) => {
                self.end(Settled { aftermath: Some(Aftermath::Left { why }), ..settled });
            }
            TakingBack::Failed(failure) => {
                let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}"));
                let error = format!("{failure}{}", cause.unwrap_or_default());
                self.end(Settled { aftermath: Some(Aftermath::NotTakenBack { error }), ..settled });
            }
        }
    }

    /// Prompts for what to do about the rollouts in progress, and starts rollbacks if that is the answer.
    async fn interrupted(&mut self, interrupts: &mut Interrupts) -> Interrupted {
        let Some(question) = self.context.report.ask_interrupted() else { return Interrupted::Leave };
        let (tell, told) = tokio::sync::oneshot::channel();
        // The prompt runs on a thread of its own, so that it blocks neither a second Ctrl-C nor the end of the process.
        std::thread::spawn(move || tell.send(question()));
        let answer = tokio::select! {
            answer = told => answer.unwrap_or(Interrupted::Leave),
            () = interrupts.next() => Interrupted::Leave,
        };
        match answer {
            // In a release, services that have succeeded are rolled back too.
            Interrupted::RollBack if self.services.is_some() => {
                self.all_back("the release was interrupted").await
            }
            Interrupted::RollBack => self.take_open_back().await,
            Interrupted::Leave | Interrupted::GoOn => {}
        }
        answer
    }

    /// Starts rollbacks of the rollouts in progress.
    async fn take_open_back(&mut self) {
        let open = self.watch.interrupt();
        self.answering.extend(open.iter().cloned());
        for settled in open {
            let goes_back = self.going_back.iter().any(|known| known.followed.key == settled.followed.key);
            match settled.ending {
                Ending::Interrupted if goes_back => {
                    self.answering.retain(|known| known.followed.key != settled.followed.key);
                    self.watch.follow(settled.followed);
                }
                Ending::Interrupted => self.take_back(settled).await,
                // It ended by itself in the meantime.
                _ => self.answer_one(settled).await,
            }
        }
    }

    /// Stops watching, and leaves the rollouts in progress.
    fn leave(&mut self) {
        self.stop("the release was interrupted");
        self.follow_begun();
        let given_up = std::mem::take(&mut self.answering).into_iter().map(not_answered);
        for settled in given_up.collect::<Vec<_>>().into_iter().chain(self.watch.interrupt()) {
            let back = self.going_back.iter().position(|known| known.followed.key == settled.followed.key);
            let end = match back {
                Some(index) => taken_back(self.going_back.remove(index), settled),
                None => settled,
            };
            self.end(end);
        }
    }
}

/// Returns the end of a rollout whose rollback was being requested when a second interrupt arrived.
fn not_answered(settled: Settled) -> Settled {
    let error = "interrupted: it is unknown whether the rollback was started".to_owned();
    Settled { aftermath: Some(Aftermath::NotTakenBack { error }), ..settled }
}

/// Returns the end of a rollout that succeeded before the rollback took effect.
fn completed_first(settled: Settled) -> Settled {
    let why = "it succeeded before the rollback could start".to_owned();
    Settled {
        ending: Ending::Settled(Verdict::Succeeded),
        aftermath: Some(Aftermath::Left { why }),
        diagnosis: None,
        ..settled
    }
}

/// Combines the end of a rollout with the end of its rollback.
fn taken_back(origin: Settled, back: Settled) -> Settled {
    // ECS was asked to stop this deployment, and it is this deployment that succeeded, not a rollback.
    if back.followed.going_back && back.ending == Ending::Settled(Verdict::Succeeded) {
        return completed_first(Settled { runs: back.runs, ..origin });
    }
    let to = match (&back.ending, &origin.followed.way_back) {
        (Ending::Settled(Verdict::RolledBack { runs, .. }), _) => runs.clone(),
        (_, Some(way)) => way.revision_name().to_owned(),
        (_, None) => "the previous revision".to_owned(),
    };
    let diagnosis = match &back.ending {
        Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => None,
        _ => back.diagnosis.map(Box::new),
    };
    let aftermath = Some(Aftermath::TakenBack { to, end: back.ending, diagnosis });
    Settled { aftermath, elapsed: origin.elapsed + back.elapsed, runs: back.runs.or(origin.runs), ..origin }
}

/// Returns `Ok` if the rollout is to be rolled back, the reason if it is not although it failed, and `None` if nothing
/// is to be decided.
fn wanted(settled: &Settled) -> Option<Result<(), String>> {
    let Settled { followed, ending, .. } = settled;
    let asked = match ending {
        Ending::Settled(Verdict::Stuck { .. }) => followed.policy.on_failure,
        // ECS failed it without a rollback, and it is still the PRIMARY deployment.
        Ending::Settled(Verdict::Failed { .. }) if is_still_primary(settled) => followed.policy.on_failure,
        Ending::TimedOut { .. } if followed.policy.on_timeout == OnFailure::Rollback => {
            Some(OnFailure::Rollback)
        }
        _ => return None,
    };
    match (asked, &followed.way_back) {
        (Some(OnFailure::Leave), _) => Some(Err("`on_failure` is `leave`".to_owned())),
        (Some(OnFailure::Rollback), _) | (None, Some(_)) => Some(Ok(())),
        (None, None) => {
            Some(Err("no previous deployment was completed: there is nothing to roll back to".to_owned()))
        }
    }
}

/// Returns whether the end of this service rolls back the whole release, which needs `on_failure: rollback`.
fn goes_back_together(settled: &Settled) -> bool {
    let policy = &settled.followed.policy;
    let failed = match settled.ending {
        Ending::Settled(Verdict::Stuck { .. } | Verdict::Failed { .. }) => true,
        Ending::Settled(Verdict::RolledBack { .. }) => !settled.followed.going_back,
        Ending::TimedOut { .. } => policy.on_timeout == OnFailure::Rollback,
        _ => false,
    };
    failed && policy.on_failure == Some(OnFailure::Rollback)
}

/// Returns whether the deployment failed and is still the PRIMARY one of its service.
fn is_still_primary(settled: &Settled) -> bool {
    settled.runs.as_ref().is_some_and(|runs| {
        settled.followed.deployment.as_deref() == Some(runs.deployment.as_str())
            && runs.rollout_state == Some(RolloutState::Failed)
    })
}
