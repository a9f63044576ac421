//! Formats errors for people and for JSON: the message, its causes, the hints.

use serde_json::{Value, json};

use super::outcome::kind_of;
use super::problems;
use super::screen::{Paint, paint};
use crate::document::problem::Invalid;
use crate::error::{Failure, Failures};

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

/// Returns an error as JSON.
pub fn json(error: &anyhow::Error) -> Value {
    let mut value = json!({"event": "error", "kind": kind_of(error), "message": error.to_string()});
    if let Some(invalid) = error.downcast_ref::<Invalid>() {
        let sorted = invalid.problems.sorted();
        value["problems"] = sorted.iter().map(|problem| problems::json(problem, &invalid.sources)).collect();
        return value;
    }
    let of = |failure: &Failure| json!({"message": failure.message, "causes": causes(failure), "hints": failure.hints});
    if let Some(failures) = error.downcast_ref::<Failures>() {
        value["failures"] = failures.0.iter().map(of).collect();
    } else if let Some(failure) = error.downcast_ref::<Failure>() {
        value["causes"] = json!(causes(failure));
        value["hints"] = json!(failure.hints);
    } else {
        value["causes"] = error.chain().skip(1).map(ToString::to_string).collect();
        value["hints"] = json!([]);
    }
    value
}
