//! Computes the next runs of an expression, with daylight saving time. The current time is an argument.
//!
//! From the EventBridge Scheduler user guide, "Schedule types", "Daylight savings time on EventBridge Scheduler": a run
//! whose time does not exist in spring is skipped, a run whose time occurs twice in autumn runs once, and a day of a rate
//! is 24 hours. The guide does not specify which of the two times is used, so this assumes the first. It does not mention
//! `at(…)` with a time that does not exist either, so this assumes that it is skipped too.

use super::cron::Cron;
use super::rate::Rate;
use super::{Expression, ExpressionForm, ExpressionKind};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};

/// The next runs of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextRuns {
    /// The times in order; fewer than requested if there are no more.
    Times(Vec<Zoned>),
    /// The interval in words: the times depend on when the schedule was created.
    Interval(String),
    /// No run: the time has passed, the window has ended, or the date does not exist.
    Never,
}

/// The period in which a schedule may run, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunWindow {
    /// The schedule's start date.
    pub start: Option<Timestamp>,
    /// The schedule's end date.
    pub end: Option<Timestamp>,
}

impl RunWindow {
    fn has_ended_at(&self, time: Timestamp) -> bool {
        self.end.is_some_and(|end| end < time)
    }
}

impl Expression {
    /// Returns the first `count` runs after a time.
    ///
    /// The fields of a schedule are in the time zone `zone`. Those of a rule are in UTC; its runs are only converted to
    /// `zone`. The first run of a rate is at the start of the window (`CreateSchedule`, `StartDate`); without one, a rate
    /// counts from the creation of the schedule or rule, which is not known here. EventBridge Scheduler ignores the window
    /// for `at(…)`.
    pub fn next_runs(&self, zone: &TimeZone, after: Timestamp, window: RunWindow, count: usize) -> NextRuns {
        let read_in = if self.kind == ExpressionKind::Rule { &TimeZone::UTC } else { zone };
        let times: Vec<Timestamp> = match &self.form {
            ExpressionForm::Cron(cron) => cron.runs(read_in, after, window).take(count).collect(),
            ExpressionForm::At(time) => {
                first_instant(read_in, *time).filter(|time| *time > after).into_iter().collect()
            }
            ExpressionForm::Rate(rate) => match window.start {
                Some(start) => rate.runs(start, after, window).take(count).collect(),
                None if window.end.is_some_and(|end| end <= after) => Vec::new(),
                None => return NextRuns::Interval(format!("{}, from when it was created", rate.in_words())),
            },
        };
        if times.is_empty() {
            NextRuns::Never
        } else {
            NextRuns::Times(times.into_iter().map(|time| time.to_zoned(zone.clone())).collect())
        }
    }
}

/// Returns the first instant at which clocks in the time zone show this time, if there is one.
fn first_instant(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    let offset = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } => before,
        AmbiguousOffset::Gap { .. } => return None,
    };
    offset.to_timestamp(time).ok()
}

impl Cron {
    /// Returns the runs after a time, in order. Visits each day until 2199 at most once.
    fn runs<'a>(
        &'a self,
        zone: &'a TimeZone,
        after: Timestamp,
        window: RunWindow,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        let start = window.start.unwrap_or(Timestamp::MIN);
        let first = zone.to_datetime(after.max(start)).date();
        self.run_dates(first)
            .flat_map(move |date| {
                self.run_times().filter_map(move |time| first_instant(zone, date.to_datetime(time)))
            })
            .filter(move |time| *time > after && *time >= start)
            .take_while(move |time| !window.has_ended_at(*time))
    }

    /// Returns the dates of the runs, beginning at `first`.
    fn run_dates(&self, first: Date) -> impl Iterator<Item = Date> + '_ {
        let years = self.years.iter().filter(move |year| **year >= first.year());
        let months = years.flat_map(|year| self.months.iter().map(|month| (*year, *month as i8)));
        months
            .flat_map(|(year, month)| (1..=31).filter_map(move |day| Date::new(year, month, day).ok()))
            .filter(move |date| *date >= first && self.days.contains(*date))
    }

    /// Returns the times of day of the runs.
    fn run_times(&self) -> impl Iterator<Item = Time> + '_ {
        let minutes = |hour: i16| self.minutes.iter().map(move |minute| (hour, *minute));
        let pairs = self.hours.iter().copied().flat_map(minutes);
        pairs.filter_map(|(hour, minute)| Time::new(hour as i8, minute as i8, 0, 0).ok())
    }
}

impl Rate {
    /// Returns the runs after `after` of a schedule that starts at `start`.
    fn runs(&self, start: Timestamp, after: Timestamp, window: RunWindow) -> impl Iterator<Item = Timestamp> {
        let (every, start) = (self.seconds(), start.as_second());
        let passed = after.as_second().saturating_sub(start);
        let first = if passed < 0 { 0 } else { passed / every + 1 };
        (first..)
            .map_while(move |nth| Timestamp::from_second(every.checked_mul(nth)?.checked_add(start)?).ok())
            .filter(move |time| *time > after)
            .take_while(move |time| !window.has_ended_at(*time))
    }
}
