//! Keeps what a command reports.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::Failure;
use crate::report::given_flags::GivenFlags;
use crate::report::{Event, Reporter, RolloutQuestion, error};
use crate::watch::judge::Verdict;
use crate::watch::{WatchOutcome, WatchResult};

/// Keeps the notes, errors and ends that a command reports, one text each.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder(pub(super) Rc<RefCell<Vec<String>>>);

impl Recorder {
    fn add(&self, text: String) {
        self.0.borrow_mut().push(text);
    }
}

impl Reporter for Recorder {
    fn report(&self, event: &Event<'_>) {
        match event {
            Event::Note(text) => self.add(format!("note: {text}")),
            Event::Answer { text, .. } => self.add((*text).to_owned()),
            Event::Unchanged { service, updated, .. } => {
                self.add(format!("{service}: {}", if *updated { "attributes updated" } else { "unchanged" }));
            }
            Event::UpdateFailed { service, error } => {
                self.add(format!("{service}: {}", error::failure_text(error, false, &GivenFlags::default())));
            }
            Event::RolloutEnded(settled) => self.add(end_of(settled)),
            Event::TaskEnded { end, .. } => {
                let how = if end.is_success() { "succeeded" } else { "failed" };
                self.add(format!("{}: {how}", end.key));
            }
            Event::ScheduleApplied { schedule, action, .. } => {
                self.add(format!("{schedule}: {}", action.name()));
            }
            Event::AutoscalingApplied { service, action } => {
                self.add(format!("{service}: autoscaling {}", action.name()));
            }
            _ => {}
        }
    }

    fn report_error(&self, failure: &Failure) {
        self.add(error::text(failure, false, &GivenFlags::default()));
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn rollout_question(&self) -> Option<RolloutQuestion> {
        None
    }
}

fn end_of(settled: &WatchResult) -> String {
    let (key, revision) = (&settled.rollout.key, crate::aws::types::revision_name(&settled.rollout.revision));
    match &settled.outcome {
        WatchOutcome::Settled(Verdict::Succeeded) => format!("{key}: {revision} deployed"),
        WatchOutcome::Settled(Verdict::Superseded { by }) => format!("{key}: {revision} superseded by {by}"),
        WatchOutcome::Settled(Verdict::RolledBack { .. }) => format!("{key}: {revision} rolled back"),
        other => format!("{key}: {revision} {other:?}"),
    }
}
