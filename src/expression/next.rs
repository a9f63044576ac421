//! When an expression runs next. Owns what daylight saving does to it; the time that it is now is passed in.
//!
//! EventBridge Scheduler user guide, "Schedule types", "Daylight savings time on EventBridge Scheduler": a run whose time
//! is not there in spring is skipped; in autumn a run whose time comes twice runs once; a day of a rate is 24 hours. The
//! guide does not say at which of the two times it runs: here it is the first. Nor does it speak of `at(…)` at a time that
//! is not there: it is said to be skipped, as the others are.

use super::cron::Cron;
use super::rate::Rate;
use super::{Expression, Form, Kind};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};

/// When an expression runs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// At these times, in order; fewer than asked for where no more follow.
    At(Vec<Zoned>),
    /// So often, in words. The times depend on something that the expression does not say.
    Every(String),
    /// Not at all: the time is past, the window is over, or there is no such date.
    Never,
}

/// When a schedule may run. Both ends belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The schedule's start date.
    pub start: Option<Timestamp>,
    /// The schedule's end date.
    pub end: Option<Timestamp>,
}

impl Window {
    fn is_over_at(&self, time: Timestamp) -> bool {
        self.end.is_some_and(|end| end < time)
    }
}

impl Expression {
    /// Returns the first `count` runs after a time.
    ///
    /// The fields of a schedule are read in `zone`. Those of a rule are UTC, whatever the zone: its runs are only shown
    /// in it. A rate's first run is at the start of the window (CreateSchedule, `StartDate`); without one it counts from
    /// when the schedule or rule was created, which nobody here knows. `at(…)` has no window: Scheduler ignores it.
    pub fn next(&self, zone: &TimeZone, after: Timestamp, window: Window, count: usize) -> Next {
        let read_in = if self.kind == Kind::Rule { &TimeZone::UTC } else { zone };
        let times: Vec<Timestamp> = match &self.form {
            Form::Cron(cron) => cron.runs(read_in, after, window).take(count).collect(),
            Form::At(time) => instant(read_in, *time).filter(|time| *time > after).into_iter().collect(),
            Form::Rate(rate) => match window.start {
                Some(start) => rate.runs(start, after, window).take(count).collect(),
                None if window.end.is_some_and(|end| end <= after) => Vec::new(),
                None => return Next::Every(format!("{}, from when it was created", rate.words())),
            },
        };
        match times.is_empty() {
            true => Next::Never,
            false => Next::At(times.into_iter().map(|time| time.to_zoned(zone.clone())).collect()),
        }
    }
}

/// Returns when clocks in the zone show this time for the first time, if they ever do.
fn instant(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    let offset = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } => before,
        AmbiguousOffset::Gap { .. } => return None,
    };
    offset.to_timestamp(time).ok()
}

impl Cron {
    /// Returns the runs after a time, in order: at most one look at each day until 2199.
    fn runs<'a>(
        &'a self,
        zone: &'a TimeZone,
        after: Timestamp,
        window: Window,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        let start = window.start.unwrap_or(Timestamp::MIN);
        let first = zone.to_datetime(after.max(start)).date();
        self.dates(first)
            .flat_map(move |date| self.times().filter_map(move |time| instant(zone, date.to_datetime(time))))
            .filter(move |time| *time > after && *time >= start)
            .take_while(move |time| !window.is_over_at(*time))
    }

    /// Returns the dates on which it runs, from a date on.
    fn dates(&self, first: Date) -> impl Iterator<Item = Date> + '_ {
        let years = self.years.iter().filter(move |year| **year >= first.year());
        let months = years.flat_map(|year| self.months.iter().map(|month| (*year, *month as i8)));
        months
            .flat_map(|(year, month)| (1..=31).filter_map(move |day| Date::new(year, month, day).ok()))
            .filter(move |date| *date >= first && self.days.has(*date))
    }

    /// Returns the times of a day at which it runs.
    fn times(&self) -> impl Iterator<Item = Time> + '_ {
        let minutes = |hour: i16| self.minutes.iter().map(move |minute| (hour, *minute));
        let pairs = self.hours.iter().copied().flat_map(minutes);
        pairs.filter_map(|(hour, minute)| Time::new(hour as i8, minute as i8, 0, 0).ok())
    }
}

impl Rate {
    /// Returns the runs after a time of a schedule that starts at `start`.
    fn runs(&self, start: Timestamp, after: Timestamp, window: Window) -> impl Iterator<Item = Timestamp> {
        let (every, start) = (self.seconds(), start.as_second());
        let passed = after.as_second().saturating_sub(start);
        let first = if passed < 0 { 0 } else { passed / every + 1 };
        (first..)
            .map_while(move |nth| Timestamp::from_second(every.checked_mul(nth)?.checked_add(start)?).ok())
            .filter(move |time| *time > after)
            .take_while(move |time| !window.is_over_at(*time))
    }
}
