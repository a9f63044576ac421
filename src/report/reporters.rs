//! Implements the reporter traits of the stages for every report: what a stage reports becomes an [`Event`].

use std::time::Duration;

use super::{Event, Reporter};
use crate::apply::{ApplyReporter, AutoscalingAction, ScheduleAction};
use crate::aws::login::{LoginReporter, MfaQuestion};
use crate::aws::types;
use crate::aws::types::Via;
use crate::hooks::{HookFact, HookPoint, HookReporter};
use crate::tail::TailReporter;
use crate::tail::merge::LogLine;
use crate::watch::task::TaskReporter;
use crate::watch::{Progress, WatchReporter};

impl<R: Reporter> WatchReporter for R {
    fn note(&self, text: &str) {
        self.report(&Event::Note(text));
    }

    fn service_event(&self, service: &str, event: &types::ServiceEvent) {
        self.report(&Event::ServiceEvent { service, event });
    }

    fn progress(&self, progress: &Progress) {
        self.report(&Event::Progress(progress));
    }

    fn unchanged(&self, progress: &Progress, unchanged_for: Duration) {
        self.report(&Event::ProgressUnchanged { progress, unchanged_for });
    }
}

impl<R: Reporter> TaskReporter for R {
    fn task_progress(&self, key: &str, task: &types::Task, several: bool, seconds: f64) {
        self.report(&Event::TaskProgress { key, task, several, seconds });
    }

    fn task_unchanged(&self, key: &str, task: &types::Task, several: bool, seconds: f64) {
        self.report(&Event::TaskUnchanged { key, task, several, seconds });
    }
}

impl<R: Reporter> TailReporter for R {
    fn note(&self, text: &str) {
        self.report(&Event::Note(text));
    }

    fn service_line(&self, service: &str, line: &LogLine, width: usize) {
        self.report(&Event::LogLine { service, line, width, time: None });
    }

    fn task_line(&self, key: &str, line: &LogLine, width: usize, prefixed: bool, story: bool) {
        self.report(&Event::TaskLine { key, line, width, prefixed, story });
    }

    fn is_output_closed(&self) -> bool {
        Reporter::is_output_closed(self)
    }
}

impl<R: Reporter> ApplyReporter for R {
    fn note(&self, text: &str) {
        self.report(&Event::Note(text));
    }

    fn registered(&self, revision: &str) {
        self.report(&Event::Registered { revision });
    }

    fn retired(&self, revision: &str, deleted: bool, done: usize, of: usize) {
        self.report(&Event::RevisionRemoved { revision, deleted, done, of });
    }

    fn created(&self, service: &str, revision: &str, deployment: Option<&str>) {
        self.report(&Event::Created { service, revision, deployment });
    }

    fn updated(&self, service: &str, revision: &str, deployment: Option<&str>) {
        self.report(&Event::Updated { service, revision, deployment });
    }

    fn rolling_back(&self, service: &str, by: &str, to: Option<&str>) {
        self.report(&Event::RollbackStarted { service, by, to });
    }

    fn schedule_applied(&self, schedule: &str, name: &str, via: Via, action: ScheduleAction) {
        self.report(&Event::ScheduleApplied { schedule, name, via, action });
    }

    fn autoscaling_applied(&self, service: &str, action: AutoscalingAction) {
        self.report(&Event::AutoscalingApplied { service, action });
    }
}

impl<R: Reporter> LoginReporter for R {
    fn waiting_for_login(&self, what: &str) {
        self.report(&Event::Note(&format!("logging in: waiting for {what}")));
    }

    fn mfa_question(&self, device: &str) -> Option<MfaQuestion> {
        self.mfa_code_question(device)
    }
}

impl<R: Reporter> HookReporter for R {
    fn note(&self, text: &str) {
        self.report(&Event::Note(text));
    }

    fn hook(&self, hook: HookPoint, fact: HookFact<'_>) {
        self.report(&Event::Hook { hook, fact });
    }
}
