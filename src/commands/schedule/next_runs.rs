//! Formats the next runs of a schedule, for people and for JSON.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::aws::types::{ObservedSchedule, Via};
use crate::events::schedule as events;
use crate::expression::{Expression, ExpressionKind, NextRuns, RunWindow, time_zone};
use crate::render::schedules::DesiredSchedule;

/// The number of runs to show.
const SHOWN_RUNS: usize = 3;

/// When a schedule runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleTimes {
    pub via: Via,
    pub expression: String,
    /// `None` is UTC.
    pub timezone: Option<String>,
    /// In seconds since 1970.
    pub start: Option<i64>,
    pub end: Option<i64>,
}

impl ScheduleTimes {
    /// Returns the times of a schedule in AWS.
    pub fn from_observed(schedule: &ObservedSchedule) -> ScheduleTimes {
        let text = |name: &str| schedule.document[name].as_str().map(str::to_owned);
        let time = |name: &str| schedule.document[name].as_f64().map(|time| time as i64);
        ScheduleTimes {
            via: schedule.via,
            expression: text("ScheduleExpression").unwrap_or_default(),
            timezone: text("ScheduleExpressionTimezone"),
            start: time("StartDate"),
            end: time("EndDate"),
        }
    }

    /// Returns the times of a schedule in the manifest.
    pub fn from_desired(schedule: &DesiredSchedule) -> ScheduleTimes {
        ScheduleTimes {
            via: schedule.kind,
            expression: schedule.expression.clone(),
            timezone: schedule.timezone.clone(),
            start: schedule.start,
            end: schedule.end,
        }
    }

    /// Returns the name of the time zone.
    pub fn zone_name(&self) -> &str {
        self.timezone.as_deref().unwrap_or("UTC")
    }

    /// Returns the next runs after a time.
    ///
    /// # Errors
    /// The expression or the time zone cannot be parsed.
    pub fn next_runs(&self, after: Timestamp) -> Result<NextRuns, String> {
        let kind = match self.via {
            Via::Scheduler => ExpressionKind::Scheduler,
            Via::Rule => ExpressionKind::Rule,
        };
        let expression = Expression::parse(&self.expression, kind).map_err(|wrong| wrong.message)?;
        let zone = match &self.timezone {
            Some(name) => time_zone(name).map_err(|wrong| wrong.message)?,
            None => TimeZone::UTC,
        };
        let moment = |seconds: Option<i64>| seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let window = RunWindow { start: moment(self.start), end: moment(self.end) };
        Ok(expression.next_runs(&zone, after, window, SHOWN_RUNS))
    }
}

/// Formats the next runs: the first, and the others.
pub fn format_next(next: &Result<NextRuns, String>, zone: &str) -> (String, Vec<String>) {
    match next {
        Ok(NextRuns::Times(times)) => {
            let mut times = times.iter().map(format_time);
            let first = times.next().map(|first| format!("{first} {zone}")).unwrap_or_default();
            (first, times.collect())
        }
        Ok(NextRuns::Interval(words)) => (words.clone(), Vec::new()),
        Ok(NextRuns::Never) => ("never".to_owned(), Vec::new()),
        Err(_) => ("unknown".to_owned(), Vec::new()),
    }
}

/// Formats a time in its time zone: `2026-11-23 03:00`.
fn format_time(time: &Zoned) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The next runs, as events carry them.
pub fn event(next: &Result<NextRuns, String>) -> events::NextRuns {
    let rfc = |time: &Zoned| time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    match next {
        Ok(NextRuns::Times(times)) => events::NextRuns { next: times.iter().map(rfc).collect(), every: None },
        Ok(NextRuns::Interval(words)) => events::NextRuns { next: Vec::new(), every: Some(words.clone()) },
        _ => events::NextRuns::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(via: Via, expression: &str, zone: Option<&str>) -> ScheduleTimes {
        let timezone = zone.map(str::to_owned);
        ScheduleTimes { via, expression: expression.to_owned(), timezone, ..ScheduleTimes::default() }
    }

    fn format_next_runs(times: &ScheduleTimes) -> (String, Vec<String>) {
        let after = "2026-11-22T12:00:00Z".parse().expect("a time");
        format_next(&times.next_runs(after), times.zone_name())
    }

    #[test]
    fn runs_are_shown_in_the_schedules_time_zone() {
        let (first, others) =
            format_next_runs(&times(Via::Scheduler, "cron(0 3 * * ? *)", Some("Asia/Tokyo")));
        assert_eq!(first, "2026-11-23 03:00 Asia/Tokyo");
        assert_eq!(others, ["2026-11-24 03:00", "2026-11-25 03:00"]);
        assert_eq!(format_next_runs(&times(Via::Rule, "cron(0 3 * * ? *)", None)).0, "2026-11-23 03:00 UTC");
    }

    #[test]
    fn rate_is_shown_without_times() {
        let rate = times(Via::Rule, "rate(5 minutes)", None);
        assert_eq!(
            format_next_runs(&rate),
            ("every 5 minutes, from when it was created".to_owned(), Vec::new())
        );
        let every = Some("every 5 minutes, from when it was created".to_owned());
        assert_eq!(
            event(&rate.next_runs(Timestamp::UNIX_EPOCH)),
            events::NextRuns { next: Vec::new(), every }
        );
    }

    #[test]
    fn past_schedule_never_runs_and_invalid_one_is_unknown() {
        assert_eq!(format_next_runs(&times(Via::Scheduler, "at(2020-01-01T00:00:00)", None)).0, "never");
        assert_eq!(format_next_runs(&times(Via::Scheduler, "sometimes", None)).0, "unknown");
    }
}
