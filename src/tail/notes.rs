//! Reports lines that cannot be read: each reason once, and what to do about it.

use std::collections::BTreeSet;

use super::LogTail;
use super::sources::{LogSource, UnreadableLog};
use crate::aws::ApiError;
use crate::aws::error::ApiErrorKind;
use crate::aws::error::failure;
use crate::error::Failure;
use crate::shell;

impl LogTail<'_> {
    /// Reports a note, once.
    pub(super) fn note(&mut self, note: &str) {
        self.note_once(note, note);
    }

    /// Reports a note once for what it is about: an error has another request id each time.
    pub(super) fn note_once(&mut self, about: &str, note: &str) {
        if self.reported.insert(about.to_owned()) {
            self.reporter.note(note);
        }
    }

    pub(super) fn note_unreadable(&mut self) {
        let notes: Vec<String> = self
            .unreadable
            .iter()
            .map(|one| format!("{}: {}", unreadable_failure(one), one.reason))
            .collect();
        for note in &notes {
            self.note(note);
        }
    }

    /// Continues after an error of one source: it is reported once, and the source is read again.
    pub(super) fn continue_after(&mut self, source: &LogSource, error: ApiError) -> Result<(), Failure> {
        if is_fatal(&error) {
            return Err(failure(error));
        }
        if error.is_retryable() {
            tracing::info!("still reading log lines after: {error}");
            return Ok(());
        }
        let attempted = self.source_failure(source, &error).message;
        let note = match error.kind {
            // The first container that writes may create it.
            ApiErrorKind::NotFound => attempted.clone(),
            _ => format!("{attempted}: {error}"),
        };
        self.note_once(&attempted, &note);
        Ok(())
    }

    pub(super) fn source_failure(&self, source: &LogSource, error: &ApiError) -> Failure {
        let group = &source.group;
        let region = source.region.as_deref().unwrap_or(&self.aws.region);
        match error.kind {
            ApiErrorKind::NotFound => {
                let hint = format!(
                    "create it (`aws logs create-log-group --log-group-name {} --region {}`), or set the log option `awslogs-create-group: \"true\"`",
                    shell::quote(group),
                    shell::quote(region)
                );
                let message = format!(
                    "no log group named `{group}` in {region}, to which container `{}` writes",
                    source.container
                );
                Failure::error(message).with_hint(hint)
            }
            _ => Failure::error(format!("failed to read log group `{group}` in {region}"))
                .with_hint(error.hint())
                .with_cause(error.clone()),
        }
    }
}

/// Returns whether no later call can succeed.
pub(super) fn is_fatal(error: &ApiError) -> bool {
    matches!(error.kind, ApiErrorKind::Expired | ApiErrorKind::NoCredentials)
}

pub(super) fn unreadable_failure(one: &UnreadableLog) -> Failure {
    let message = format!("failed to read the log of container `{}` of {}", one.container, one.revision);
    Failure::error(message).with_cause(one.reason.clone())
}

/// Returns several failures as one error, without duplicates.
pub(super) fn combine_failures(mut failures: Vec<Failure>) -> Failure {
    let mut known = BTreeSet::new();
    failures.retain(|failure| known.insert(failure.message.clone()));
    Failure::combined(failures)
}
