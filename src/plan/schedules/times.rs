//! Computes run times of schedules: whether one runs again, and the start that keeps a rate at its times. Pure: the
//! time is passed in.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::aws::types::Via;
use crate::expression::{Expression, Kind, Next, Window, zone};
use crate::manifest::schedules::noun;

/// Returns the note about an enabled schedule that never runs again.
pub(super) fn never_again(key: &str, via: Via, document: &Value, now: i64) -> Option<String> {
    let kind = if via == Via::Rule { Kind::Rule } else { Kind::Scheduler };
    let text = document["ScheduleExpression"].as_str()?;
    let expression = Expression::parse(text, kind).ok()?;
    let zone = document["ScheduleExpressionTimezone"].as_str().map(zone).transpose().ok()?;
    let next = expression.next(&zone.unwrap_or(TimeZone::UTC), at(now)?, window(document), 1);
    let said = || format!("{} `{key}` never runs again: `{text}` has no time in the future", noun(via));
    (next == Next::Never && document["State"] != "DISABLED").then(said)
}

/// Returns the next run of a rate whose start has passed, in seconds since 1970; `None` for other expressions. Sent as
/// the start, it keeps the rate at its times.
pub(super) fn next_of_rate(document: &Value, now: i64) -> Option<i64> {
    let text = document["ScheduleExpression"].as_str().filter(|text| text.starts_with("rate("))?;
    let expression = Expression::parse(text, Kind::Scheduler).ok()?;
    match expression.next(&TimeZone::UTC, at(now)?, window(document), 1) {
        Next::At(times) => times.first().map(|time| time.timestamp().as_second()),
        Next::Every(_) | Next::Never => None,
    }
}

fn window(document: &Value) -> Window {
    let time = |name: &str| document[name].as_f64().and_then(|seconds| at(seconds as i64));
    Window { start: time("StartDate"), end: time("EndDate") }
}

fn at(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}
