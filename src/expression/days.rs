//! The two day fields of a cron expression, day of month and day of week, with their special characters `L`, `W` and `#`,
//! and the dates that they match.

use super::field::{DAYS_OF_MONTH, DAYS_OF_WEEK, parse_digits};
use super::{ExpressionError, ExpressionKind, TextSlice};
use jiff::civil::Date;

/// The days on which a cron expression runs: those that match any of the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CronDays(Vec<DayPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum DayPart {
    /// `1-15`: some days of the month.
    DaysOfMonth(Vec<i16>),
    /// `L`, `L-3`: the last day of the month, or a number of days before it.
    BeforeLastDay(i16),
    /// `15W`: the weekday nearest to a day of the month, in the same month.
    NearestWeekday(i16),
    /// `LW`: the last weekday of the month.
    LastWeekday,
    /// `MON-FRI`: some days of the week; 1 is Sunday.
    DaysOfWeek(Vec<i16>),
    /// `6L`: the last such day of the week in the month.
    LastDayOfWeek(i16),
    /// `2#1`: the nth such day of the week in the month.
    NthDayOfWeek(i16, i16),
}

/// Parses a day-of-month field.
pub(super) fn parse_day_of_month(
    field: TextSlice<'_>,
    kind: ExpressionKind,
) -> Result<CronDays, ExpressionError> {
    let parts = field.split(',').into_iter().map(|part| parse_day_of_month_part(part, kind));
    parts.collect::<Result<_, _>>().map(CronDays)
}

fn parse_day_of_month_part(part: TextSlice<'_>, kind: ExpressionKind) -> Result<DayPart, ExpressionError> {
    let upper = part.text.to_ascii_uppercase();
    match upper.as_str() {
        "L" => return Ok(DayPart::BeforeLastDay(0)),
        "LW" => return Ok(DayPart::LastWeekday),
        _ => {}
    }
    if let Some(before) = upper.strip_prefix("L-") {
        let before =
            parse_digits(before).and_then(|days| i16::try_from(days).ok()).filter(|days| *days <= 30);
        let wrong = || part.error(format!("`{}` in the day of month: expected `L-1` to `L-30`", part.text));
        return before.map(DayPart::BeforeLastDay).ok_or_else(wrong);
    }
    match upper.strip_suffix('W').filter(|day| !day.is_empty()) {
        Some(day) if day.contains('-') => Err(part
            .error(format!("`{}` in the day of month: `W` follows a single day, not a range", part.text))
            .with_hint("for every weekday, write `MON-FRI` in the day of week")),
        Some(day) => DAYS_OF_MONTH.parse_value(part.slice_to(day.len())).map(DayPart::NearestWeekday),
        None => DAYS_OF_MONTH.parse_part(part, kind).map(DayPart::DaysOfMonth),
    }
}

/// Parses a day-of-week field.
///
/// A part with `#` must be the only one of the field (EventBridge user guide, "Cron expressions").
pub(super) fn parse_day_of_week(
    field: TextSlice<'_>,
    kind: ExpressionKind,
) -> Result<CronDays, ExpressionError> {
    let parts = field.split(',');
    if parts.len() > 1 && field.text.contains('#') {
        let message = format!("`{}` in the day of week: with `#` only one day can be given", field.text);
        return Err(field.error(message).with_hint("write a schedule for each"));
    }
    let parts = parts.into_iter().map(|part| parse_day_of_week_part(part, kind));
    parts.collect::<Result<_, _>>().map(CronDays)
}

fn parse_day_of_week_part(part: TextSlice<'_>, kind: ExpressionKind) -> Result<DayPart, ExpressionError> {
    if let Some((day, nth)) = part.split_once('#') {
        let wrong = || {
            nth.error(format!("{} after `#` in the day of week: expected 1-5", nth.quoted_or_nothing()))
                .with_hint("`2#1` is the first Monday of the month")
        };
        let day = DAYS_OF_WEEK.parse_value(day)?;
        let nth = parse_digits(nth.text).filter(|nth| (1..=5).contains(nth)).ok_or_else(wrong)?;
        return Ok(DayPart::NthDayOfWeek(day, nth as i16));
    }
    match part.text.strip_suffix(['L', 'l']) {
        // `L` alone is Saturday of each week.
        Some("") => Ok(DayPart::DaysOfWeek(vec![7])),
        Some(day) => DAYS_OF_WEEK.parse_value(part.slice_to(day.len())).map(DayPart::LastDayOfWeek),
        None => DAYS_OF_WEEK.parse_part(part, kind).map(DayPart::DaysOfWeek),
    }
}

impl CronDays {
    /// Returns whether a date is one of the days.
    pub(super) fn contains(&self, date: Date) -> bool {
        self.0.iter().any(|part| part.matches(date))
    }
}

impl DayPart {
    fn matches(&self, date: Date) -> bool {
        let day = i16::from(date.day());
        let last = i16::from(date.days_in_month());
        let weekday = i16::from(date.weekday().to_sunday_one_offset());
        match self {
            DayPart::DaysOfMonth(days) => days.contains(&day),
            DayPart::BeforeLastDay(before) => day == last - before,
            DayPart::NearestWeekday(wanted) => *wanted <= last && day == nearest_weekday(date, *wanted, last),
            DayPart::LastWeekday => day == nearest_weekday(date, last, last),
            DayPart::DaysOfWeek(days) => days.contains(&weekday),
            DayPart::LastDayOfWeek(wanted) => weekday == *wanted && day + 7 > last,
            DayPart::NthDayOfWeek(wanted, nth) => weekday == *wanted && (day - 1) / 7 + 1 == *nth,
        }
    }
}

/// Returns the day from Monday to Friday that is nearest to a day of the date's month, within that month.
fn nearest_weekday(date: Date, wanted: i16, last: i16) -> i16 {
    // Computed from the given date, because the date of `wanted` may not exist.
    let weekday =
        (i16::from(date.weekday().to_sunday_zero_offset()) + wanted - i16::from(date.day())).rem_euclid(7);
    match weekday {
        6 if wanted == 1 => wanted + 2,
        6 => wanted - 1,
        0 if wanted == last => wanted - 2,
        0 => wanted + 1,
        _ => wanted,
    }
}
