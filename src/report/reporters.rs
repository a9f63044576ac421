//! Implements the reporter traits of the stages for every report: what a stage reports becomes an [`Event`].

use super::{Event, Report};
use crate::apply::{ApplyReporter, ScheduleAction};
use crate::aws::types;
use crate::aws::types::Via;
use crate::hooks::{HookFact, HookReporter, Moment};
use crate::tail::TailReporter;
use crate::tail::merge::Line;
use crate::watch::task::TaskReporter;
use crate::watch::{Progress, WatchReporter};

impl<R: Report> WatchReporter for R {
    fn note(&self, text: &str) {
        self.tell(&Event::Note(text));
    }

    fn service_event(&self, service: &str, event: &types::Event) {
        self.tell(&Event::ServiceEvent { service, event });
    }

    fn progress(&self, progress: &Progress) {
        self.tell(&Event::Progress(progress));
    }
}

impl<R: Report> TaskReporter for R {
    fn task_progress(&self, key: &str, task: &types::Task, several: bool, seconds: f64) {
        self.tell(&Event::TaskProgress { key, task, several, seconds });
    }
}

impl<R: Report> TailReporter for R {
    fn note(&self, text: &str) {
        self.tell(&Event::Note(text));
    }

    fn service_line(&self, service: &str, line: &Line, width: usize) {
        self.tell(&Event::Line { service, line, width });
    }

    fn task_line(&self, key: &str, line: &Line, width: usize, prefixed: bool, story: bool) {
        self.tell(&Event::TaskLine { key, line, width, prefixed, story });
    }

    fn is_output_closed(&self) -> bool {
        self.is_closed()
    }
}

impl<R: Report> ApplyReporter for R {
    fn note(&self, text: &str) {
        self.tell(&Event::Note(text));
    }

    fn registered(&self, revision: &str) {
        self.tell(&Event::Registered { revision });
    }

    fn retired(&self, revision: &str, deleted: bool, done: usize, of: usize) {
        self.tell(&Event::Retired { revision, deleted, done, of });
    }

    fn updated(&self, service: &str, revision: &str, deployment: Option<&str>) {
        self.tell(&Event::Updated { service, revision, deployment });
    }

    fn rolling_back(&self, service: &str, by: &str, to: Option<&str>) {
        self.tell(&Event::TakingBack { service, by, to });
    }

    fn schedule_applied(&self, schedule: &str, name: &str, via: Via, action: ScheduleAction) {
        self.tell(&Event::ScheduleApplied { schedule, name, via, action });
    }
}

impl<R: Report> HookReporter for R {
    fn note(&self, text: &str) {
        self.tell(&Event::Note(text));
    }

    fn hook(&self, hook: Moment, fact: HookFact<'_>) {
        self.tell(&Event::Hook { hook, fact });
    }
}
