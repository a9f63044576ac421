//! Checks the expressions and time zones of schedules, and whether they ever run. The time is passed in with the manifest.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::schedules::parse_time;
use crate::aws::types::Via;
use crate::document::problem::{Problem, Problems};
use crate::expression::{Expression, ExpressionError, ExpressionKind, NextRuns, RunWindow, time_zone};
use crate::lint::problem_of_check;
use crate::manifest::Manifest;
use crate::manifest::fields::LocatedValue;
use crate::manifest::schedules::{ManifestSchedule, schedule_noun};

/// The ids of the checks of expressions and runs.
const EXPRESSION: &str = "schedule-expression";
const NEVER_RUNS: &str = "schedule-never-runs";

/// Checks the expression and the time zone of a schedule, and reports errors at their place in the text.
pub(super) fn check_times(schedule: &ManifestSchedule, manifest: &Manifest, problems: &mut Problems) {
    let ignore = [manifest.ignore.as_slice(), &schedule.ignore].concat();
    let zone = match &schedule.timezone {
        None => Some(TimeZone::UTC),
        Some(text) => check_zone(text, schedule, &ignore, problems),
    };
    let Some(text) = &schedule.expression else { return };
    let path = format!("schedules.{}.expression", schedule.key);
    let kind = match schedule.kind {
        Via::Scheduler => ExpressionKind::Scheduler,
        Via::Rule => ExpressionKind::Rule,
    };
    let expression = match Expression::parse(&text.value, kind) {
        Ok(expression) => expression,
        Err(wrong) => {
            let problem = value_problem(wrong, text, &path);
            problems.extend(problem_of_check(EXPRESSION, &ignore, problem));
            return;
        }
    };
    let Some((zone, now)) = zone.zip(manifest.now) else { return };
    if let Some(message) = never_runs(&expression, schedule, &zone, now) {
        let problem = Problem::warning(text.span, message).path(path);
        problems.extend(problem_of_check(NEVER_RUNS, &ignore, problem));
    }
}

fn check_zone(
    text: &LocatedValue<String>,
    schedule: &ManifestSchedule,
    ignore: &[String],
    problems: &mut Problems,
) -> Option<TimeZone> {
    match time_zone(&text.value) {
        Ok(zone) => Some(zone),
        Err(wrong) => {
            let problem = value_problem(wrong, text, &format!("schedules.{}.timezone", schedule.key));
            problems.extend(problem_of_check(EXPRESSION, ignore, problem));
            None
        }
    }
}

/// Returns the problem for an invalid text; the value of a template expression is not repeated.
fn value_problem(wrong: ExpressionError, text: &LocatedValue<String>, path: &str) -> Problem {
    if text.span.from_expression {
        Problem::error(text.span, "the value of `{{ … }}` is not valid in EventBridge").path(path)
    } else {
        Problem::error(text.span, wrong.message).path(path).hint(wrong.hint)
    }
}

/// Returns the message for an enabled schedule that has no run after `now`.
fn never_runs(
    expression: &Expression,
    schedule: &ManifestSchedule,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<String> {
    if schedule.enabled == Some(false) {
        return None;
    }
    let noun = schedule_noun(schedule.kind);
    if expression.is_outside_documented_years() {
        return Some(format!("this {noun} may never run: EventBridge documents the years 1970-2199"));
    }
    let window =
        RunWindow { start: window_time(schedule.start.as_ref()), end: window_time(schedule.end.as_ref()) };
    let has_run =
        |from: Timestamp, window: RunWindow| expression.next_runs(zone, from, window, 1) != NextRuns::Never;
    if has_run(now, window) {
        return None;
    }
    let reason = if !has_run(Timestamp::UNIX_EPOCH, RunWindow::default()) {
        "there is no such date"
    } else if !has_run(now, RunWindow::default()) {
        "its times have passed"
    } else {
        "it has no time between `start` and `end`"
    };
    Some(format!("this {noun} never runs: {reason}"))
}

/// Returns a time of the window of a schedule; what is no time is reported where the schedule is rendered.
fn window_time(text: Option<&LocatedValue<String>>) -> Option<Timestamp> {
    let seconds = parse_time(text, &mut Problems::default())?;
    Timestamp::from_second(seconds).ok()
}
