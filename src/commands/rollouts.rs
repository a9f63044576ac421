//! Owns what the verbs that watch share: each rollout is followed to its end, and what does not succeed is answered.
//!
//! The watch finds out, `apply` takes back, and the way back is watched like any rollout.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::apply::back::{TakingBack, take_back};
use crate::aws::Aws;
use crate::context::Context;
use crate::manifest::OnFailure;
use crate::manifest::fields::parse_duration;
use crate::report::{Event, Interrupted, Outcome, Report};
use crate::watch::judge::{Verdict, is_stage, stage_named};
use crate::watch::snapshot::{Followed, Policy, Until};
use crate::watch::{Aftermath, Ending, Settled, Watch};

/// Holds the arguments that say how far and how long a rollout is followed, and what is done where it fails.
#[derive(Clone, Debug, Args)]
pub struct Following {
    /// How long to watch at the most, such as `15m`; the rollout goes on after it
    #[arg(long, value_name = "DURATION", value_parser = duration, global = true)]
    timeout: Option<Duration>,
    /// What to do about a rollout that fails; by default it is taken back where a deployment before it was completed
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    on_failure: Option<OnFailure>,
    /// What to do when the time is up; by default the rollout goes on
    #[arg(long, value_name = "ANSWER", value_enum, global = true)]
    on_timeout: Option<OnFailure>,
    /// How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage
    #[arg(long, value_name = "STAGE", value_parser = until, default_value = "stable", global = true)]
    until: Until,
    /// Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict
    #[arg(long, value_name = "FOLDER", hide_short_help = true, global = true)]
    record: Option<PathBuf>,
}

impl Following {
    /// Returns a deployment to follow, as the arguments say.
    fn of(&self, followed: Followed) -> Followed {
        let given = followed.policy;
        let policy = Policy {
            timeout: self.timeout.unwrap_or(given.timeout),
            on_failure: self.on_failure.or(given.on_failure),
            on_timeout: self.on_timeout.unwrap_or(given.on_timeout),
        };
        Followed { until: self.until.clone(), policy, ..followed }
    }
}

/// Returns the duration of an argument.
fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "not a duration such as `90s`, `15m` or `1h30m`".to_owned())
}

/// Returns how far an argument says to follow.
fn until(text: &str) -> Result<Until, String> {
    let name = stage_named(text);
    match name.as_str() {
        "STABLE" => Ok(Until::Stable),
        stage if is_stage(stage) => Ok(Until::Stage(name)),
        _ => Err("neither `stable`, `bake` nor a lifecycle stage such as `POST_PRODUCTION_TRAFFIC_SHIFT`"
            .to_owned()),
    }
}

/// Hears Ctrl-C, and what a CI system sends when it cancels.
pub struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
    /// One was heard while something was being finished, and is still to be answered.
    kept: bool,
}

impl Interrupts {
    /// Returns a listener; from now on neither ends the process by itself.
    ///
    /// # Errors
    /// A system that has no signals to give.
    #[cfg(unix)]
    pub fn listen() -> std::io::Result<Interrupts> {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        Ok(Interrupts { signals, kept: false })
    }

    /// Returns a listener.
    ///
    /// # Errors
    /// None here.
    #[cfg(not(unix))]
    pub fn listen() -> std::io::Result<Interrupts> {
        Ok(Interrupts { kept: false })
    }

    /// Returns when somebody interrupts, or has done so while something was being finished.
    pub async fn next(&mut self) {
        if std::mem::take(&mut self.kept) {
            return;
        }
        self.heard().await;
    }

    /// Returns what some work comes to; nothing where somebody interrupts a second time before it is done.
    ///
    /// The first time it is only said: a change that was begun is better finished than left half done.
    pub async fn finish<T>(&mut self, work: impl Future<Output = T>, report: &dyn Report) -> Option<T> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return Some(done),
            () = self.heard() => {}
        }
        report.tell(&Event::Note("interrupted: what was begun is finished first; once more quits at once"));
        self.kept = true;
        tokio::select! {
            done = &mut work => Some(done),
            () = self.heard() => None,
        }
    }

    async fn heard(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

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
                // The second time there is nothing to ask any more.
                if interrupted || !rollouts.interrupted(interrupts).await {
                    rollouts.leave();
                }
                interrupted = true;
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
        let path = folder.join(format!("{}.yml", settled.followed.key.replace('/', "-")));
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

    /// Asks what to do about the open rollouts; returns whether the watch goes on, to see them taken back.
    async fn interrupted(&mut self, interrupts: &mut Interrupts) -> bool {
        let Some(question) = self.context.report.ask_interrupted() else { return false };
        let (tell, told) = tokio::sync::oneshot::channel();
        // A thread of its own: waiting for an answer must keep neither a second Ctrl-C nor the end of the process.
        std::thread::spawn(move || tell.send(question()));
        let answer = tokio::select! {
            answer = told => answer.unwrap_or(Interrupted::Leave),
            () = interrupts.next() => Interrupted::Leave,
        };
        match answer {
            Interrupted::Leave => false,
            Interrupted::GoOn => true,
            Interrupted::RollBack => {
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
                true
            }
        }
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
