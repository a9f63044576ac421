//! Formats errors for people and for JSON: the message, its causes, the hints.

use super::problems;
use super::screen::{Paint, paint};
use crate::error::{Details, ErrorKind, Failure};
use crate::events::answer as events;

/// Returns an error as text.
pub fn text(error: &Failure, color: bool) -> String {
    match &error.details {
        Details::Problems(invalid) => {
            let summary = format!("{}: {invalid}", paint(color, Paint::Bad, "error"));
            format!("{}\n\n{summary}", problems::text(invalid, color))
        }
        Details::Several(failures) => {
            failures.iter().map(|failure| failure_text(failure, color)).collect::<Vec<_>>().join("\n")
        }
        Details::None => failure_text(error, color),
    }
}

/// Returns a failure as text.
pub fn failure_text(failure: &Failure, color: bool) -> String {
    let mut lines = vec![format!("{}: {failure}", paint(color, Paint::Bad, "error"))];
    lines.extend(failure.causes().iter().map(|cause| format!("  caused by: {cause}")));
    let hint = paint(color, Paint::Bold, "hint");
    lines.extend(failure.hints.iter().map(|text| format!("  {hint}: {text}")));
    lines.join("\n")
}

/// The event of an error.
pub fn event(error: &Failure) -> events::Error {
    events::Error { kind: kind_event(error.kind), message: error.message.clone(), detail: detail(error) }
}

fn kind_event(kind: ErrorKind) -> events::ErrorKind {
    match kind {
        ErrorKind::Error => events::ErrorKind::Error,
        ErrorKind::Usage => events::ErrorKind::Usage,
        ErrorKind::Refused => events::ErrorKind::Refused,
        ErrorKind::Interrupted => events::ErrorKind::Interrupted,
    }
}

fn detail(error: &Failure) -> events::ErrorDetail {
    match &error.details {
        Details::Problems(invalid) => {
            let sorted = invalid.problems.sorted();
            let problems = sorted.iter().map(|problem| problems::event(problem, &invalid.sources));
            events::ErrorDetail::Problems { problems: problems.collect() }
        }
        Details::Several(failures) => {
            events::ErrorDetail::Failures { failures: failures.iter().map(failure_event).collect() }
        }
        Details::None => events::ErrorDetail::Failure { causes: error.causes(), hints: error.hints.clone() },
    }
}

fn failure_event(failure: &Failure) -> events::Failure {
    events::Failure {
        message: failure.message.clone(),
        causes: failure.causes(),
        hints: failure.hints.clone(),
    }
}
