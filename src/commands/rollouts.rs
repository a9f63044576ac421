//! Owns what the verbs that watch share: each rollout is followed to its end, and what does not succeed is answered.
//!
//! The watch finds out, `apply` takes back, and the way back is watched like any rollout.

use std::path::Path;

use super::following::Following;
use super::interrupts::Interrupts;
use crate::apply::back::{TakingBack, take_back};
use crate::aws::Aws;
use crate::context::Context;
use crate::manifest::OnFailure;
use crate::report::{Event, Interrupted, Outcome};
use crate::watch::judge::Verdict;
use crate::watch::snapshot::Followed;
use crate::watch::{Aftermath, Ending, Settled, Watch};

/// Holds the rollouts of one run: those that go on, those that are being taken back, and the ends.
struct Rollouts<'a> {
    context: &'a Context,
    aws: &'a Aws,
    watch: Watch<'a>,
    /// What ended without success and is being taken back; its rollback is what is watched.
    going_back: Vec<Settled>,
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
    let followed: Vec<Followed> = followed.into_iter().map(|followed| following.of(followed)).collect();
    let order: Vec<String> = followed.iter().map(|followed| followed.key.clone()).collect();
    let mut watch = Watch::new(followed, aws, context.report.as_ref(), context.poll_interval());
    if following.record.is_some() {
        watch.record();
    }
    let mut rollouts = Rollouts { context, aws, watch, going_back: Vec::new(), ends: Vec::new() };
    let mut interrupted = false;
    loop {
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
    let mut ends = rollouts.ends;
    ends.sort_by_key(|settled| order.iter().position(|key| *key == settled.followed.key));
    if let Some(folder) = &following.record {
        keep(&ends, folder, context);
    }
    ends
}

/// Writes the timelines of rollouts, a file each.
fn keep(ends: &[Settled], folder: &Path, context: &Context) {
    for (settled, timeline) in ends.iter().filter_map(|end| Some((end, end.timeline.as_ref()?))) {
        let path = folder.join(format!("{}.yml", file_name(&settled.followed.key)));
        let text = serde_saphyr::to_string(timeline).map_err(std::io::Error::other);
        let written = text.and_then(|text| {
            std::fs::create_dir_all(folder)?;
            std::fs::write(&path, text)
        });
        let note = match written {
            Ok(()) => format!("what was seen is kept in `{}`", path.display()),
            Err(error) => format!("what was seen could not be kept in `{}`: {error}", path.display()),
        };
        context.report.tell(&Event::Note(&note));
    }
}

/// Returns the name of a service's file: no two services share one, and none is in another folder.
fn file_name(key: &str) -> String {
    key.replace('%', "%25").replace('/', "%2F")
}

/// Tells how every rollout ended: the good ones first, so that what failed is the last thing on the screen.
pub fn tell_ends(settled: &[Settled], context: &Context) -> Outcome {
    let (good, bad): (Vec<&Settled>, Vec<&Settled>) = settled.iter().partition(|settled| settled.is_good());
    for settled in good.into_iter().chain(bad) {
        context.report.tell(&Event::Settled(settled));
    }
    Outcome::of(settled)
}

impl Rollouts<'_> {
    /// Answers the end of a watch: takes the rollout back where that is to be done.
    async fn answer(&mut self, settled: Settled) {
        let back = self.going_back.iter().position(|known| known.followed.key == settled.followed.key);
        if let Some(index) = back {
            let origin = self.going_back.remove(index);
            self.ends.push(taken_back(origin, settled));
            return;
        }
        match wanted(&settled) {
            None => self.ends.push(settled),
            Some(Err(why)) => self.ends.push(Settled { aftermath: Some(Aftermath::Left { why }), ..settled }),
            Some(Ok(())) => self.take_back(settled).await,
        }
    }

    async fn take_back(&mut self, settled: Settled) {
        match take_back(&settled.followed, self.aws, self.context.report.as_ref()).await {
            TakingBack::Begun(followed) => {
                self.watch.follow(*followed);
                self.going_back.push(settled);
            }
            TakingBack::Completed => self.ends.push(completed_first(settled)),
            TakingBack::Left(why) => {
                self.ends.push(Settled { aftermath: Some(Aftermath::Left { why }), ..settled });
            }
            TakingBack::Failed(failure) => {
                let cause = std::error::Error::source(&failure).map(|cause| format!(": {cause}"));
                let error = format!("{failure}{}", cause.unwrap_or_default());
                self.ends.push(Settled { aftermath: Some(Aftermath::NotTakenBack { error }), ..settled });
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
        if answer == Interrupted::RollBack {
            for settled in self.watch.interrupt() {
                let goes_back =
                    self.going_back.iter().any(|known| known.followed.key == settled.followed.key);
                match settled.ending {
                    Ending::Interrupted if goes_back => self.watch.follow(settled.followed),
                    Ending::Interrupted => self.take_back(settled).await,
                    // It has ended by itself in the meantime.
                    _ => self.answer(settled).await,
                }
            }
        }
        answer
    }

    /// Leaves what is still open as it is.
    fn leave(&mut self) {
        for settled in self.watch.interrupt() {
            let back = self.going_back.iter().position(|known| known.followed.key == settled.followed.key);
            let end = match back {
                Some(index) => taken_back(self.going_back.remove(index), settled),
                None => settled,
            };
            self.ends.push(end);
        }
    }
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

/// Returns whether the followed deployment, though it failed, is what the service is to run.
fn is_still_primary(settled: &Settled) -> bool {
    settled.runs.as_ref().is_some_and(|runs| {
        settled.followed.deployment.as_deref() == Some(runs.deployment.as_str())
            && runs.rollout_state.as_deref() == Some("FAILED")
    })
}
