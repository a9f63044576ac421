//! Formats the next runs of a schedule, for people and for JSON.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::aws::types::{ObservedSchedule, Via};
use crate::events::schedule::NextRuns;
use crate::expression::{Expression, Kind, Next, Window, zone};
use crate::render::schedules::DesiredSchedule;

/// The number of runs to show.
const RUNS: usize = 3;

/// When a schedule runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    pub via: Via,
    pub expression: String,
    /// `None` is UTC.
    pub timezone: Option<String>,
    /// In seconds since 1970.
    pub start: Option<i64>,
    pub end: Option<i64>,
}

impl Times {
    /// Returns the times of a schedule in AWS.
    pub fn observed(schedule: &ObservedSchedule) -> Times {
        let text = |name: &str| schedule.document[name].as_str().map(str::to_owned);
        let time = |name: &str| schedule.document[name].as_f64().map(|time| time as i64);
        Times {
            via: schedule.via,
            expression: text("ScheduleExpression").unwrap_or_default(),
            timezone: text("ScheduleExpressionTimezone"),
            start: time("StartDate"),
            end: time("EndDate"),
        }
    }

    /// Returns the times of a schedule in the manifest.
    pub fn desired(schedule: &DesiredSchedule) -> Times {
        Times {
            via: schedule.via,
            expression: schedule.expression.clone(),
            timezone: schedule.timezone.clone(),
            start: schedule.start,
            end: schedule.end,
        }
    }

    /// Returns the name of the time zone.
    pub fn zone(&self) -> &str {
        self.timezone.as_deref().unwrap_or("UTC")
    }

    /// Returns the next runs after a time.
    ///
    /// # Errors
    /// The expression or the time zone cannot be parsed.
    pub fn next(&self, after: Timestamp) -> Result<Next, String> {
        let kind = match self.via {
            Via::Scheduler => Kind::Scheduler,
            Via::Rule => Kind::Rule,
        };
        let expression = Expression::parse(&self.expression, kind).map_err(|wrong| wrong.message)?;
        let zone = match &self.timezone {
            Some(name) => zone(name).map_err(|wrong| wrong.message)?,
            None => TimeZone::UTC,
        };
        let moment = |seconds: Option<i64>| seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let window = Window { start: moment(self.start), end: moment(self.end) };
        Ok(expression.next(&zone, after, window, RUNS))
    }
}

/// Formats the next runs: the first, and the others.
pub fn in_words(next: &Result<Next, String>, zone: &str) -> (String, Vec<String>) {
    match next {
        Ok(Next::At(times)) => {
            let mut times = times.iter().map(moment);
            let first = times.next().map(|first| format!("{first} {zone}")).unwrap_or_default();
            (first, times.collect())
        }
        Ok(Next::Every(words)) => (words.clone(), Vec::new()),
        Ok(Next::Never) => ("never".to_owned(), Vec::new()),
        Err(_) => ("unknown".to_owned(), Vec::new()),
    }
}

/// Formats a time in its time zone: `2026-11-23 03:00`.
fn moment(time: &Zoned) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The next runs, as events carry them.
pub fn event(next: &Result<Next, String>) -> NextRuns {
    let rfc = |time: &Zoned| time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    match next {
        Ok(Next::At(times)) => NextRuns { next: times.iter().map(rfc).collect(), every: None },
        Ok(Next::Every(words)) => NextRuns { next: Vec::new(), every: Some(words.clone()) },
        _ => NextRuns::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(via: Via, expression: &str, zone: Option<&str>) -> Times {
        let timezone = zone.map(str::to_owned);
        Times { via, expression: expression.to_owned(), timezone, ..Times::default() }
    }

    fn told(times: &Times) -> (String, Vec<String>) {
        let after = "2026-11-22T12:00:00Z".parse().expect("a time");
        in_words(&times.next(after), times.zone())
    }

    #[test]
    fn runs_are_told_on_the_clocks_of_the_schedules_zone() {
        let (first, others) = told(&times(Via::Scheduler, "cron(0 3 * * ? *)", Some("Asia/Tokyo")));
        assert_eq!(first, "2026-11-23 03:00 Asia/Tokyo");
        assert_eq!(others, ["2026-11-24 03:00", "2026-11-25 03:00"]);
        assert_eq!(told(&times(Via::Rule, "cron(0 3 * * ? *)", None)).0, "2026-11-23 03:00 UTC");
    }

    #[test]
    fn of_a_rate_it_is_said_how_often_and_no_time_is_made_up() {
        let rate = times(Via::Rule, "rate(5 minutes)", None);
        assert_eq!(told(&rate), ("every 5 minutes, from when it was created".to_owned(), Vec::new()));
        let every = Some("every 5 minutes, from when it was created".to_owned());
        assert_eq!(event(&rate.next(Timestamp::UNIX_EPOCH)), NextRuns { next: Vec::new(), every });
    }

    #[test]
    fn what_is_past_never_runs_again_and_what_cannot_be_read_is_not_known() {
        assert_eq!(told(&times(Via::Scheduler, "at(2020-01-01T00:00:00)", None)).0, "never");
        assert_eq!(told(&times(Via::Scheduler, "sometimes", None)).0, "unknown");
    }
}
