//! Tells those whom the manifest names of the release.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use super::ReleaseRunner;
use crate::aws::types::ServiceEvent;
use crate::commands::github::recorder::RecordedEnd;
use crate::commands::notify::sender::Teller;
use crate::github::deployment::DeploymentState;
use crate::notify::{NotificationKind, ReleaseNotice, TargetNotice};
use crate::outcome::Outcome;
use crate::report::{CommandOutcome, Reporter};

use crate::watch::{Progress, ProgressState, WatchReporter};

/// Reports rollouts, and tells once of each that waits for the answer to a lifecycle hook.
pub(super) struct WaitingReporter<'a> {
    inner: &'a dyn Reporter,
    teller: Teller,
    notice: ReleaseNotice,
    /// The services of which it was told.
    told: RefCell<BTreeSet<String>>,
}

impl WatchReporter for WaitingReporter<'_> {
    fn note(&self, text: &str) {
        WatchReporter::note(self.inner, text);
    }

    fn service_event(&self, service: &str, event: &ServiceEvent) {
        WatchReporter::service_event(self.inner, service, event);
    }

    fn progress(&self, progress: &Progress) {
        WatchReporter::progress(self.inner, progress);
        let is_waiting = progress.standing == ProgressState::Waiting;
        if is_waiting && self.told.borrow_mut().insert(progress.key.clone()) {
            let reason = Some(format!("{}: {}", progress.key, progress.detail));
            self.teller.tell(NotificationKind::Waiting, &ReleaseNotice { reason, ..self.notice.clone() });
        }
    }

    fn unchanged(&self, progress: &Progress, unchanged_for: Duration) {
        WatchReporter::unchanged(self.inner, progress, unchanged_for);
    }
}

impl<'a> ReleaseRunner<'a> {
    /// Tells that the release begins.
    pub(super) fn tell_start(&self) {
        self.notifier.tell(NotificationKind::Started, &self.notice(false, None));
    }

    /// Tells how the release ended. Of one that was not watched to its end, nothing is known.
    pub(super) fn tell_end(&self, reason: Option<String>) {
        let kind = match self.release.outcome() {
            _ if self.outcome == CommandOutcome::Interrupted => NotificationKind::Failed,
            Outcome::Succeeded | Outcome::Unchanged if self.outcome == CommandOutcome::Succeeded => {
                NotificationKind::Succeeded
            }
            Outcome::InProgress if self.outcome == CommandOutcome::Succeeded => return,
            Outcome::RolledBack => NotificationKind::RolledBack,
            _ => NotificationKind::Failed,
        };
        let interrupted = (self.outcome == CommandOutcome::Interrupted).then(|| "interrupted".to_owned());
        self.notifier.tell(kind, &self.notice(true, reason.or(interrupted)));
    }

    /// Returns the end for GitHub. Of a release that was not watched to its end, nothing is known.
    pub(super) fn recorded_end(&self) -> RecordedEnd {
        let is_interrupted = self.outcome == CommandOutcome::Interrupted;
        let outcome = if is_interrupted { Outcome::Interrupted } else { self.release.outcome() };
        let state = match (outcome, self.outcome) {
            (Outcome::InProgress, CommandOutcome::Succeeded) => None,
            (Outcome::InProgress, CommandOutcome::TimedOut) => Some(DeploymentState::of(Outcome::TimedOut)),
            (Outcome::Succeeded | Outcome::Unchanged, ended) if ended != CommandOutcome::Succeeded => {
                Some(DeploymentState::Failure)
            }
            (outcome, _) => Some(DeploymentState::of(outcome)),
        };
        let description = match self.release.first_failure() {
            Some(target) => format!("{} {}", target.key, target.state.outcome().words()),
            None => outcome.words().to_owned(),
        };
        let url = self.settled.iter().find_map(|settled| settled.rollout.url.clone());
        RecordedEnd { state, description, url }
    }

    /// Returns a reporter of the rollouts that also tells of those that wait for a person.
    pub(super) fn waiting_reporter(&self) -> WaitingReporter<'a> {
        WaitingReporter {
            inner: self.context.reporter.as_ref(),
            teller: self.notifier.teller(),
            notice: self.notice(false, None),
            told: RefCell::default(),
        }
    }

    fn notice(&self, has_ended: bool, reason: Option<String>) -> ReleaseNotice {
        let holder = crate::commands::stage_lock::runner(&self.context.settings);
        let destination = &self.release.destination;
        let targets = self.release.targets.iter().map(|target| TargetNotice {
            kind: super::hooks::kind_name(target.kind).to_owned(),
            name: target.key.clone(),
            outcome: has_ended.then(|| target.state.outcome().name().to_owned()),
            detail: target.detail.clone().filter(|_| has_ended),
        });
        ReleaseNotice {
            app: self.manifest.app.clone(),
            stage: self.manifest.stage.clone(),
            account: destination.account.clone(),
            region: destination.region.clone(),
            tag: self.release.tag.clone(),
            release: Some(self.release.id.clone()),
            who: holder.who,
            run_url: holder.run_url,
            emergency: self.context.settings.emergency.clone(),
            reason,
            targets: targets.collect(),
        }
    }
}
