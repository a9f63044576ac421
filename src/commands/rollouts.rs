//! Owns what the verbs that watch share: each rollout is followed to its end, and what does not succeed is answered.
//!
//! The watch finds out, `apply` takes back, and the way back is watched like any rollout.

use std::collections::BTreeSet;

use super::following::Following;
use super::interrupts::Interrupts;
use super::recording;
use super::release_services::Services;
use crate::apply::back::{TakingBack, take_back, undo};
use crate::aws::Aws;
use crate::context::Context;
use crate::manifest::OnFailure;
use crate::report::{Event, Interrupted, Outcome};
use crate::watch::judge::Verdict;
use crate::watch::snapshot::Followed;
use crate::watch::{Aftermath, Ending, Settled, Watch};

/// Holds the rollouts of one run: those that go on, those that are being taken back, and the ends.
struct Rollouts<'a, 'b> {
    context: &'a Context,
    aws: &'a Aws,
    watch: Watch<'a>,
    following: &'a Following,
    /// The keys of all that was followed, in the order in which it began.
    order: Vec<String>,
    /// What begins while others are watched; none but in a release.
    services: Option<&'a mut Services<'b>>,
    /// What ended without success and is being taken back; its rollback is what is watched.
    going_back: Vec<Settled>,
    /// What is being answered right now: it is in none of the other lists, and must not be lost.
    answering: Vec<Settled>,
    /// The services that were up, and that were to be brought back all the same.
    undone: BTreeSet<String>,
    ends: Vec<Settled>,
}

/// Returns how each followed deployment ended, and what was done about those that did not succeed.
pub async fn settle(
    followed: Vec<Followed>,
    following: &Following,
    aws: &Aws,
    context: &Context,
    interrupts: &mut Interrupts,
) -> Vec<Settled> {
    settle_all(followed, None, following, aws, context, interrupts).await
}

/// Returns how each service of a release ended: those that wait begin as soon as what they need is up.
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
        // Who has interrupted is asked first.
        if !interrupts.is_kept()
            && interrupts.finish(rollouts.begin(), context.report.as_ref()).await.is_none()
        {
            rollouts.leave();
        }
        let ended = tokio::select! {
            ended = rollouts.watch.next() => ended,
            () = interrupts.next() => {
                // The second time there is nothing to ask any more, unless the answer was to watch on.
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

/// Tells how every rollout ended: the good ones first, so that what failed is the last thing on the screen.
pub fn tell_ends(settled: &[Settled], context: &Context) -> Outcome {
    let (good, bad): (Vec<&Settled>, Vec<&Settled>) = settled.iter().partition(|settled| settled.is_good());
    for settled in good.into_iter().chain(bad) {
        context.report.tell(&Event::Settled(settled));
    }
    Outcome::of(settled)
}

impl Rollouts<'_, '_> {
    /// Begins with the services of a release that may begin now.
    async fn begin(&mut self) {
        let Some(services) = &mut self.services else { return };
        let failed = services.begin(self.following, self.aws, self.context.report.as_ref()).await;
        self.follow_begun();
        if let Some(failed) = failed {
            self.all_back(&format!("`{failed}` failed")).await;
        }
    }

    /// Watches what was begun.
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

    /// Keeps an end, and tells the release.
    fn end(&mut self, settled: Settled) {
        self.answering.retain(|known| known.followed.key != settled.followed.key);
        self.services.iter_mut().for_each(|services| services.ended(&settled));
        self.ends.push(settled);
    }

    /// Takes back, together, all that this release has changed.
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

    /// Returns whether an end is of what is up, or goes on though its time was up, and was not to go back yet.
    fn may_be_undone(&self, settled: &Settled) -> bool {
        let goes_on = matches!(settled.ending, Ending::TimedOut { .. }) && settled.aftermath.is_none();
        (settled.is_good() || goes_on) && !self.undone.contains(&settled.followed.key)
    }

    /// Answers the end of a watch: takes the rollout back where that is to be done, and with it the release where that
    /// was asked for.
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

    /// Asks what to do about the open rollouts, and begins to take them back where that is the answer.
    async fn interrupted(&mut self, interrupts: &mut Interrupts) -> Interrupted {
        let Some(question) = self.context.report.ask_interrupted() else { return Interrupted::Leave };
        let (tell, told) = tokio::sync::oneshot::channel();
        // A thread of its own: waiting for an answer must keep neither a second Ctrl-C nor the end of the process.
        std::thread::spawn(move || tell.send(question()));
        let answer = tokio::select! {
            answer = told => answer.unwrap_or(Interrupted::Leave),
            () = interrupts.next() => Interrupted::Leave,
        };
        match answer {
            // Of a release, what is up already goes back as well.
            Interrupted::RollBack if self.services.is_some() => self.all_back("it was interrupted").await,
            Interrupted::RollBack => self.take_open_back().await,
            Interrupted::Leave | Interrupted::GoOn => {}
        }
        answer
    }

    /// Begins to take back what is still open.
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
                // It has ended by itself in the meantime.
                _ => self.answer_one(settled).await,
            }
        }
    }

    /// Leaves what is still open as it is.
    fn leave(&mut self) {
        self.stop("it was interrupted");
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

/// Returns the end of a rollout that was about to be taken back when somebody wanted to wait no longer.
fn not_answered(settled: Settled) -> Settled {
    let error = "interrupted: whether it goes back is not known".to_owned();
    Settled { aftermath: Some(Aftermath::NotTakenBack { error }), ..settled }
}

/// Returns the end of a rollout that was to be taken back, and has succeeded before that took effect.
fn completed_first(settled: Settled) -> Settled {
    let why = "it was to be taken back, and was completed first".to_owned();
    Settled {
        ending: Ending::Settled(Verdict::Succeeded),
        aftermath: Some(Aftermath::Left { why }),
        diagnosis: None,
        ..settled
    }
}

/// Returns a rollout's end together with that of its rollback.
fn taken_back(origin: Settled, back: Settled) -> Settled {
    // ECS was asked to stop it, and it is this deployment that succeeded, not a way back.
    if back.followed.going_back && back.ending == Ending::Settled(Verdict::Succeeded) {
        return completed_first(Settled { runs: back.runs, ..origin });
    }
    let to = match (&back.ending, &origin.followed.way_back) {
        (Ending::Settled(Verdict::RolledBack { runs, .. }), _) => runs.clone(),
        (_, Some(way)) => way.revision_name().to_owned(),
        (_, None) => "the revision before".to_owned(),
    };
    let diagnosis = match &back.ending {
        Ending::Settled(Verdict::Succeeded | Verdict::RolledBack { .. }) => None,
        _ => back.diagnosis.map(Box::new),
    };
    let aftermath = Some(Aftermath::TakenBack { to, end: back.ending, diagnosis });
    Settled { aftermath, elapsed: origin.elapsed + back.elapsed, runs: back.runs.or(origin.runs), ..origin }
}

/// Returns whether a rollout that ended so is to be taken back; why not, where somebody should know; nothing where the
/// question does not arise.
fn wanted(settled: &Settled) -> Option<Result<(), String>> {
    let Settled { followed, ending, .. } = settled;
    let asked = match ending {
        Ending::Settled(Verdict::Stuck { .. }) => followed.policy.on_failure,
        // Failed by ECS without a rollback, and still what the service is to run.
        Ending::Settled(Verdict::Failed { .. }) if is_still_primary(settled) => followed.policy.on_failure,
        Ending::TimedOut { .. } if followed.policy.on_timeout == OnFailure::Rollback => {
            Some(OnFailure::Rollback)
        }
        _ => return None,
    };
    match (asked, &followed.way_back) {
        (Some(OnFailure::Leave), _) => Some(Err("`leave` was asked for".to_owned())),
        (Some(OnFailure::Rollback), _) | (None, Some(_)) => Some(Ok(())),
        (None, None) => {
            Some(Err("no deployment before it was completed: there is nothing to go back to".to_owned()))
        }
    }
}

/// Returns whether the end of one service takes back all that its release has changed: that has to be asked for.
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

/// Returns whether the followed deployment, though it failed, is what the service is to run.
fn is_still_primary(settled: &Settled) -> bool {
    settled.runs.as_ref().is_some_and(|runs| {
        settled.followed.deployment.as_deref() == Some(runs.deployment.as_str())
            && runs.rollout_state.as_deref() == Some("FAILED")
    })
}
