//! Formats errors for people and for JSON: the message, its causes, the hints.

use super::problems;
use super::screen::{Paint, paint};
use crate::error::{Details, Failure, Kind};
use crate::events::answer as events;

/// Returns an error as text.
pub fn text(error: &Failure, color: bool) -> String {
    match &error.details {
        Details::Problems(invalid) => {
            let summary = format!("{}: {invalid}", paint(color, Paint::Bad, "error"));
            format!("{}\n\n{summary}", problems::text(invalid, color))
        }
        Details::Several(failures) => {
            failures.iter().map(|failure| of_failure(failure, color)).collect::<Vec<_>>().join("\n")
        }
        Details::None => of_failure(error, color),
    }
}

/// Returns a failure as text.
pub fn of_failure(failure: &Failure, color: bool) -> String {
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

fn kind_event(kind: Kind) -> events::ErrorKind {
    match kind {
        Kind::Error => events::ErrorKind::Error,
        Kind::Usage => events::ErrorKind::Usage,
        Kind::Refused => events::ErrorKind::Refused,
        Kind::Interrupted => events::ErrorKind::Interrupted,
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
