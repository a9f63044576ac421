//! Formats errors for people and for JSON: the message, its causes, the hints.

use super::given_flags::GivenFlags;
use super::printable::one_line;
use super::problems;
use super::screen::{Paint, paint};
use crate::error::{Details, ErrorKind, Failure};
use crate::events::answer as events;

/// Returns an error as text.
pub fn text(error: &Failure, color: bool, flags: &GivenFlags) -> String {
    match &error.details {
        Details::Problems(invalid) => {
            let counts = invalid.problems.counts().unwrap_or_default();
            let summary = paint(color, Paint::Bad, &counts);
            format!("{}\n\n{summary} in the files", problems::text(invalid, color))
        }
        Details::Several(failures) => {
            failures.iter().map(|failure| failure_text(failure, color, flags)).collect::<Vec<_>>().join("\n")
        }
        Details::None => failure_text(error, color, flags),
    }
}

/// Returns a failure as text.
pub fn failure_text(failure: &Failure, color: bool, flags: &GivenFlags) -> String {
    let mut lines = vec![format!("{}: {}", paint(color, Paint::Bad, "error"), one_line(&failure.message))];
    lines.extend(failure.causes().iter().map(|cause| format!("  caused by: {}", one_line(cause))));
    let hint = paint(color, Paint::Bold, "hint");
    lines
        .extend(failure.hints.iter().map(|text| format!("  {hint}: {}", one_line(&flags.in_commands(text)))));
    lines.join("\n")
}

/// The event of an error.
pub fn event(error: &Failure, flags: &GivenFlags) -> events::Error {
    events::Error {
        kind: kind_event(error.kind),
        message: error.message.clone(),
        detail: detail(error, flags),
    }
}

fn kind_event(kind: ErrorKind) -> events::ErrorKind {
    match kind {
        ErrorKind::Error => events::ErrorKind::Error,
        ErrorKind::Usage => events::ErrorKind::Usage,
        ErrorKind::Refused => events::ErrorKind::Refused,
        ErrorKind::Interrupted => events::ErrorKind::Interrupted,
    }
}

fn detail(error: &Failure, flags: &GivenFlags) -> events::ErrorDetail {
    match &error.details {
        Details::Problems(invalid) => {
            let shown = invalid.shown();
            let problems = shown.iter().map(|problem| problems::event(problem, &invalid.sources));
            events::ErrorDetail::Problems { problems: problems.collect() }
        }
        Details::Several(failures) => events::ErrorDetail::Failures {
            failures: failures.iter().map(|failure| failure_event(failure, flags)).collect(),
        },
        Details::None => events::ErrorDetail::Failure { causes: error.causes(), hints: hints(error, flags) },
    }
}

/// Returns the hints of a failure, with the flags of this run in their commands.
pub fn hints(failure: &Failure, flags: &GivenFlags) -> Vec<String> {
    failure.hints.iter().map(|hint| flags.in_commands(hint)).collect()
}

fn failure_event(failure: &Failure, flags: &GivenFlags) -> events::Failure {
    events::Failure {
        message: failure.message.clone(),
        causes: failure.causes(),
        hints: hints(failure, flags),
    }
}
