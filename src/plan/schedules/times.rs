//! Computes run times of schedules: whether one runs again, and the start that keeps a rate at its times. Pure: the
//! time is passed in.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::aws::types::Via;
use crate::expression::{Expression, ExpressionKind, NextRuns, RunWindow, time_zone};
use crate::manifest::schedules::schedule_noun;

/// Returns the note about an enabled schedule that never runs again.
pub(super) fn never_again_note(key: &str, via: Via, document: &Value, now: i64) -> Option<String> {
    let kind = if via == Via::Rule { ExpressionKind::Rule } else { ExpressionKind::Scheduler };
    let text = document["ScheduleExpression"].as_str()?;
    let expression = Expression::parse(text, kind).ok()?;
    let zone = document["ScheduleExpressionTimezone"].as_str().map(time_zone).transpose().ok()?;
    let next = expression.next_runs(&zone.unwrap_or(TimeZone::UTC), at(now)?, window(document), 1);
    let said =
        || format!("{} `{key}` never runs again: `{text}` has no time in the future", schedule_noun(via));
    (next == NextRuns::Never && document["State"] != "DISABLED").then(said)
}

/// Returns the next run of a rate whose start has passed, in seconds since 1970; `None` for other expressions. Sent as
/// the start, it keeps the rate at its times.
pub(super) fn next_run_of_rate(document: &Value, now: i64) -> Option<i64> {
    let text = document["ScheduleExpression"].as_str().filter(|text| text.starts_with("rate("))?;
    let expression = Expression::parse(text, ExpressionKind::Scheduler).ok()?;
    match expression.next_runs(&TimeZone::UTC, at(now)?, window(document), 1) {
        NextRuns::Times(times) => times.first().map(|time| time.timestamp().as_second()),
        NextRuns::Interval(_) | NextRuns::Never => None,
    }
}

fn window(document: &Value) -> RunWindow {
    let time = |name: &str| document[name].as_f64().and_then(|seconds| at(seconds as i64));
    RunWindow { start: time("StartDate"), end: time("EndDate") }
}

fn at(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}
