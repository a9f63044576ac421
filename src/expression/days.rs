//! The two day fields of a cron expression, day of month and day of week, with their special characters `L`, `W` and `#`,
//! and the dates that they match.

use super::field::{DAYS_OF_MONTH, DAYS_OF_WEEK, digits};
use super::{Piece, Wrong};
use jiff::civil::Date;

/// The days on which a cron expression runs: those that match any of the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Days(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `1-15`: some days of the month.
    OfMonth(Vec<i16>),
    /// `L`, `L-3`: the last day of the month, or a number of days before it.
    BeforeLast(i16),
    /// `15W`: the weekday nearest to a day of the month, in the same month.
    NearestWeekday(i16),
    /// `LW`: the last weekday of the month.
    LastWeekday,
    /// `MON-FRI`: some days of the week; 1 is Sunday.
    OfWeek(Vec<i16>),
    /// `6L`: the last such day of the week in the month.
    LastOfWeek(i16),
    /// `2#1`: the nth such day of the week in the month.
    Nth(i16, i16),
}

/// Parses a day-of-month field.
pub(super) fn of_month(field: Piece<'_>) -> Result<Days, Wrong> {
    field.list(',').into_iter().map(part_of_month).collect::<Result<_, _>>().map(Days)
}

fn part_of_month(part: Piece<'_>) -> Result<Part, Wrong> {
    let upper = part.text.to_ascii_uppercase();
    match upper.as_str() {
        "L" => return Ok(Part::BeforeLast(0)),
        "LW" => return Ok(Part::LastWeekday),
        _ => {}
    }
    if let Some(before) = upper.strip_prefix("L-") {
        let before = digits(before).and_then(|days| i16::try_from(days).ok()).filter(|days| *days <= 30);
        let wrong = || part.wrong(format!("`{}` in the day of month: expected `L-1` to `L-30`", part.text));
        return before.map(Part::BeforeLast).ok_or_else(wrong);
    }
    match upper.strip_suffix('W').filter(|day| !day.is_empty()) {
        Some(day) if day.contains('-') => Err(part
            .wrong(format!("`{}` in the day of month: `W` follows a single day, not a range", part.text))
            .hint("for every weekday, write `MON-FRI` in the day of week")),
        Some(day) => DAYS_OF_MONTH.value(part.to(day.len())).map(Part::NearestWeekday),
        None => DAYS_OF_MONTH.part(part).map(Part::OfMonth),
    }
}

/// Parses a day-of-week field.
///
/// A part with `#` must be the only one of the field (EventBridge user guide, "Cron expressions").
pub(super) fn of_week(field: Piece<'_>) -> Result<Days, Wrong> {
    let parts = field.list(',');
    if parts.len() > 1 && field.text.contains('#') {
        let message = format!("`{}` in the day of week: with `#` only one day can be given", field.text);
        return Err(field.wrong(message).hint("write a schedule for each"));
    }
    parts.into_iter().map(part_of_week).collect::<Result<_, _>>().map(Days)
}

fn part_of_week(part: Piece<'_>) -> Result<Part, Wrong> {
    if let Some((day, nth)) = part.halves('#') {
        let wrong = || {
            nth.wrong(format!("{} after `#` in the day of week: expected 1-5", nth.quoted()))
                .hint("`2#1` is the first Monday of the month")
        };
        let day = DAYS_OF_WEEK.value(day)?;
        let nth = digits(nth.text).filter(|nth| (1..=5).contains(nth)).ok_or_else(wrong)?;
        return Ok(Part::Nth(day, nth as i16));
    }
    match part.text.strip_suffix(['L', 'l']) {
        // `L` alone is Saturday of each week.
        Some("") => Ok(Part::OfWeek(vec![7])),
        Some(day) => DAYS_OF_WEEK.value(part.to(day.len())).map(Part::LastOfWeek),
        None => DAYS_OF_WEEK.part(part).map(Part::OfWeek),
    }
}

impl Days {
    /// Returns whether a date is one of the days.
    pub(super) fn has(&self, date: Date) -> bool {
        self.0.iter().any(|part| part.has(date))
    }
}

impl Part {
    fn has(&self, date: Date) -> bool {
        let day = i16::from(date.day());
        let last = i16::from(date.days_in_month());
        let weekday = i16::from(date.weekday().to_sunday_one_offset());
        match self {
            Part::OfMonth(days) => days.contains(&day),
            Part::BeforeLast(before) => day == last - before,
            Part::NearestWeekday(wanted) => *wanted <= last && day == nearest_weekday(date, *wanted, last),
            Part::LastWeekday => day == nearest_weekday(date, last, last),
            Part::OfWeek(days) => days.contains(&weekday),
            Part::LastOfWeek(wanted) => weekday == *wanted && day + 7 > last,
            Part::Nth(wanted, nth) => weekday == *wanted && (day - 1) / 7 + 1 == *nth,
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
