//! Writes a report in JSON to a file, beside another report: `--report`. Never asks anything, and never writes elsewhere.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::json::JsonReporter;
use super::{Event, Reporter, RolloutQuestion, SecretAnswer, TaskQuestion, screen};
use crate::aws::login::MfaQuestion;
use crate::error::Failure;

/// The file of a report. What it had before is removed.
#[derive(Clone, Debug)]
pub struct ReportFile {
    path: PathBuf,
    file: Rc<RefCell<File>>,
}

impl ReportFile {
    /// Creates the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path) -> Result<ReportFile, Failure> {
        let unwritable = |error| {
            Failure::error(format!("failed to write report `{}`", path.display()))
                .with_cause(error)
                .with_hint("name a file in a folder that exists with `--report`".to_owned())
        };
        let file = File::create(path).map_err(unwritable)?;
        Ok(ReportFile { path: path.to_owned(), file: Rc::new(RefCell::new(file)) })
    }

    /// Writes a line; that it could not be written is an error at the end of the run.
    pub(super) fn write_line(&self, line: &str) {
        let written = writeln!(self.file.borrow_mut(), "{line}");
        screen::record_write(&format!("`{}`", self.path.display()), written);
    }
}

/// A report to people or programs, of which a file has the events as well.
pub(super) struct RecordedReporter {
    pub(super) shown: Box<dyn Reporter>,
    pub(super) recorded: JsonReporter,
}

impl Reporter for RecordedReporter {
    fn report(&self, event: &Event<'_>) {
        self.recorded.report(event);
        self.shown.report(event);
    }

    fn report_error(&self, error: &Failure) {
        self.recorded.report_error(error);
        self.shown.report_error(error);
    }

    fn finish(&self) {
        self.shown.finish();
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        self.shown.confirm(question)
    }

    fn ask_text(&self, question: &str) -> Option<String> {
        self.shown.ask_text(question)
    }

    fn can_show_secret(&self) -> bool {
        self.shown.can_show_secret()
    }

    fn ask_secret(&self, question: &str) -> Option<SecretAnswer> {
        self.shown.ask_secret(question)
    }

    fn unasked_reason(&self) -> &'static str {
        self.shown.unasked_reason()
    }

    fn rollout_question(&self) -> Option<RolloutQuestion> {
        self.shown.rollout_question()
    }

    fn task_question(&self) -> Option<TaskQuestion> {
        self.shown.task_question()
    }

    fn mfa_code_question(&self, device: &str) -> Option<MfaQuestion> {
        self.shown.mfa_code_question(device)
    }
}
