//! Formats errors for people and for JSON: the message, its causes, the hints.

use super::outcome::kind_of;
use super::problems;
use super::screen::{Paint, paint};
use crate::document::problem::Invalid;
use crate::error::{Failure, Failures, Kind};
use crate::events::answer as events;

/// Returns an error as text.
pub fn text(error: &anyhow::Error, color: bool) -> String {
    if let Some(invalid) = error.downcast_ref::<Invalid>() {
        let summary = format!("{}: {invalid}", paint(color, Paint::Bad, "error"));
        return format!("{}\n\n{summary}", problems::text(invalid, color));
    }
    if let Some(failures) = error.downcast_ref::<Failures>() {
        return failures.0.iter().map(|failure| of_failure(failure, color)).collect::<Vec<_>>().join("\n");
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return of_failure(failure, color);
    }
    let mut lines = vec![format!("{}: {error}", paint(color, Paint::Bad, "error"))];
    lines.extend(error.chain().skip(1).map(|cause| format!("  caused by: {cause}")));
    lines.join("\n")
}

/// Returns a failure as text.
pub fn of_failure(failure: &Failure, color: bool) -> String {
    let mut lines = vec![format!("{}: {failure}", paint(color, Paint::Bad, "error"))];
    lines.extend(causes(failure).iter().map(|cause| format!("  caused by: {cause}")));
    let hint = paint(color, Paint::Bold, "hint");
    lines.extend(failure.hints.iter().map(|text| format!("  {hint}: {text}")));
    lines.join("\n")
}

fn causes(failure: &Failure) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(failure);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

/// The event of an error.
pub fn event(error: &anyhow::Error) -> events::Error {
    events::Error { kind: kind_event(kind_of(error)), message: error.to_string(), detail: detail(error) }
}

fn kind_event(kind: Kind) -> events::ErrorKind {
    match kind {
        Kind::Error => events::ErrorKind::Error,
        Kind::Usage => events::ErrorKind::Usage,
        Kind::Refused => events::ErrorKind::Refused,
        Kind::Interrupted => events::ErrorKind::Interrupted,
    }
}

fn detail(error: &anyhow::Error) -> events::ErrorDetail {
    if let Some(invalid) = error.downcast_ref::<Invalid>() {
        let sorted = invalid.problems.sorted();
        let problems = sorted.iter().map(|problem| problems::event(problem, &invalid.sources));
        return events::ErrorDetail::Problems { problems: problems.collect() };
    }
    if let Some(failures) = error.downcast_ref::<Failures>() {
        return events::ErrorDetail::Failures { failures: failures.0.iter().map(failure_event).collect() };
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return events::ErrorDetail::Failure { causes: causes(failure), hints: failure.hints.clone() };
    }
    let causes = error.chain().skip(1).map(ToString::to_string).collect();
    events::ErrorDetail::Failure { causes, hints: Vec::new() }
}

fn failure_event(failure: &Failure) -> events::Failure {
    events::Failure {
        message: failure.message.clone(),
        causes: causes(failure),
        hints: failure.hints.clone(),
    }
}
