//! Formats errors for people and for JSON: the message, its causes, the hints.

use serde_json::{Value, json};

use super::problems;
use super::screen::{Paint, paint};
use crate::error::{Details, Failure};

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

/// Returns an error as JSON.
pub fn json(error: &Failure) -> Value {
    let mut value = json!({"event": "error", "kind": error.kind, "message": error.message});
    match &error.details {
        Details::Problems(invalid) => {
            let sorted = invalid.problems.sorted();
            value["problems"] =
                sorted.iter().map(|problem| problems::json(problem, &invalid.sources)).collect();
        }
        Details::Several(failures) => value["failures"] = failures.iter().map(failure_json).collect(),
        Details::None => {
            value["causes"] = json!(error.causes());
            value["hints"] = json!(error.hints);
        }
    }
    value
}

fn failure_json(failure: &Failure) -> Value {
    json!({"message": failure.message, "causes": failure.causes(), "hints": failure.hints})
}
