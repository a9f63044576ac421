//! Reports lines that cannot be read: each reason once, and what to do about it.

use std::collections::BTreeSet;

use super::Tail;
use super::sources::{Source, Unreadable};
use crate::aws::ApiError;
use crate::aws::error::Meaning;
use crate::aws::error::failure;
use crate::error::Failure;

impl Tail<'_> {
    /// Reports a note, once.
    pub(super) fn say(&mut self, note: &str) {
        self.say_once(note, note);
    }

    /// Reports a note once for what it is about: an error has another request id each time.
    pub(super) fn say_once(&mut self, about: &str, note: &str) {
        if self.said.insert(about.to_owned()) {
            self.report.note(note);
        }
    }

    pub(super) fn say_unreadable(&mut self) {
        let notes: Vec<String> =
            self.unreadable.iter().map(|one| format!("{}: {}", not_readable(one), one.why)).collect();
        notes.iter().for_each(|note| self.say(note));
    }

    /// Continues after an error of one source: it is reported once, and the source is read again.
    pub(super) fn ride_out(&mut self, source: &Source, error: ApiError) -> Result<(), Failure> {
        if is_fatal(&error) {
            return Err(failure(error));
        }
        if error.may_pass() {
            tracing::info!("still reading log lines after: {error}");
            return Ok(());
        }
        let attempted = self.not_read(source, &error).message;
        let note = match error.meaning {
            // The first container that writes may create it.
            Meaning::NotFound => attempted.clone(),
            _ => format!("{attempted}: {error}"),
        };
        self.say_once(&attempted, &note);
        Ok(())
    }

    pub(super) fn not_read(&self, source: &Source, error: &ApiError) -> Failure {
        let group = &source.group;
        let region = source.region.as_deref().unwrap_or(&self.aws.region);
        match error.meaning {
            Meaning::NotFound => {
                let hint = format!(
                    "create it (`aws logs create-log-group --log-group-name {group} --region {region}`), or set the log option `awslogs-create-group: \"true\"`"
                );
                let message = format!(
                    "no log group named `{group}` in {region}, to which container `{}` writes",
                    source.container
                );
                Failure::error(message).hint(hint)
            }
            _ => Failure::error(format!("failed to read log group `{group}` in {region}"))
                .hint(error.hint())
                .because(error.clone()),
        }
    }
}

/// Returns whether no later call can succeed.
pub(super) fn is_fatal(error: &ApiError) -> bool {
    matches!(error.meaning, Meaning::Expired | Meaning::NoCredentials)
}

pub(super) fn not_readable(one: &Unreadable) -> Failure {
    let message = format!("failed to read the log of container `{}` of {}", one.container, one.revision);
    Failure::error(message).because(one.why.clone())
}

/// Returns several failures as one error, without duplicates.
pub(super) fn of_all(mut failures: Vec<Failure>) -> Failure {
    let mut known = BTreeSet::new();
    failures.retain(|failure| known.insert(failure.message.clone()));
    Failure::combined(failures)
}
