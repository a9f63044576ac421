//! Parses one field of a cron expression into its values. Independent of dates.
//!
//! The user guides of EventBridge and EventBridge Scheduler ("Cron expressions", "Cron-based schedules") do not specify
//! everything. For the rest, this accepts what EventBridge is reported to accept: names in any case, ranges that wrap
//! around such as `FRI-MON` and `22-6`, `L-3`, an increment for days of the week, an increment of 0 as none, and any year of
//! four digits. Refusing an expression that AWS accepts would be worse than accepting one that AWS then refuses.

use super::{ExpressionError, ExpressionKind, TextSlice};
use crate::document::problem::did_you_mean;

/// A field: its name and its valid values.
pub(super) struct CronField {
    pub(super) name: &'static str,
    min: i16,
    max: i16,
    names: &'static [&'static str],
    /// The valid values, for messages.
    expected: &'static str,
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
pub(super) const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

pub(super) const MINUTES: CronField = field("minutes", 0, 59, &[], "0-59");
pub(super) const HOURS: CronField = field("hours", 0, 23, &[], "0-23");
pub(super) const DAYS_OF_MONTH: CronField =
    field("day of month", 1, 31, &[], "1-31, or such as `L`, `LW` or `15W`");
pub(super) const MONTHS_OF_YEAR: CronField = field("month", 1, 12, MONTHS, "1-12 or JAN-DEC");
pub(super) const DAYS_OF_WEEK: CronField =
    field("day of week", 1, 7, WEEKDAYS, "1-7 or SUN-SAT, or such as `6L` or `2#1`");
pub(super) const YEARS: CronField = field("year", 1970, 2199, &[], "1970-2199");

/// The years that the user guides give. EventBridge takes others too, in rules at least.
pub(super) const DOCUMENTED_YEARS: std::ops::RangeInclusive<i16> = 1970..=2199;

/// The years that can be compared with a date.
const ACCEPTED_YEARS: std::ops::RangeInclusive<i16> = 1..=9999;

const fn field(
    name: &'static str,
    least: i16,
    most: i16,
    names: &'static [&'static str],
    expected: &'static str,
) -> CronField {
    CronField { name, min: least, max: most, names, expected }
}

impl CronField {
    /// Parses a list of values, ranges and increments.
    pub(super) fn parse_list(
        &self,
        list: TextSlice<'_>,
        kind: ExpressionKind,
    ) -> Result<Vec<i16>, ExpressionError> {
        let mut all = Vec::new();
        for part in list.split(',') {
            all.extend(self.parse_part(part, kind)?);
        }
        Ok(sorted_without_duplicates(all))
    }

    /// Parses one part of a list.
    pub(super) fn parse_part(
        &self,
        part: TextSlice<'_>,
        kind: ExpressionKind,
    ) -> Result<Vec<i16>, ExpressionError> {
        let Some((base, step)) = part.split_once('/') else { return self.parse_base(part, false) };
        let wrong = || {
            step.error(format!(
                "{} as an increment in the {}: expected a number",
                step.quoted_or_nothing(),
                self.name
            ))
        };
        let by: usize = parse_digits(step.text).ok_or_else(wrong)?;
        self.check_increment(step, by, kind)?;
        if base.text.is_empty() {
            let hint = format!("write `*{}`", part.text);
            return Err(part.error(format!("nothing before `/` in the {}", self.name)).with_hint(hint));
        }
        let values = self.parse_base(base, true)?;
        // An increment of 0 means no increment: the first value only, or all values of `*`.
        let first_alone = by == 0 && base.text != "*";
        Ok(values.into_iter().step_by(by.max(1)).take(if first_alone { 1 } else { usize::MAX }).collect())
    }

    /// Checks that an increment of a rule is not larger than the field. EventBridge Scheduler may take it.
    fn check_increment(
        &self,
        step: TextSlice<'_>,
        by: usize,
        kind: ExpressionKind,
    ) -> Result<(), ExpressionError> {
        let most = usize::try_from(self.max).unwrap_or_default();
        if kind == ExpressionKind::Scheduler || self.name == YEARS.name || by <= most {
            return Ok(());
        }
        let message = format!("`{}` as an increment in the {}: at most {most}", step.text, self.name);
        Err(step
            .error(message)
            .with_hint("an increment that is larger than the field has no effect: leave it out"))
    }

    /// Parses `*`, a range or a value. With an increment, a value is the start of a range to the end of the field.
    fn parse_base(&self, base: TextSlice<'_>, stepped: bool) -> Result<Vec<i16>, ExpressionError> {
        if base.text == "*" {
            return Ok((self.min..=self.max).collect());
        }
        let Some((from, to)) = base.split_once('-') else {
            let value = self.parse_value(base)?;
            let last = if stepped { self.max.max(value) } else { value };
            return Ok((value..=last).collect());
        };
        let (first, last) = (self.parse_value(from)?, self.parse_value(to)?);
        if first <= last { Ok((first..=last).collect()) } else { self.wrapped_range(base, first, last) }
    }

    /// Returns the values of a range that wraps around, such as `FRI-MON` or `22-6`. A range of years cannot wrap around.
    fn wrapped_range(
        &self,
        range: TextSlice<'_>,
        first: i16,
        last: i16,
    ) -> Result<Vec<i16>, ExpressionError> {
        if self.name == YEARS.name {
            let hint = format!("write `{last}-{first}`");
            return Err(range
                .error(format!("the range of years `{}` is reversed", range.text))
                .with_hint(hint));
        }
        Ok((first..=self.max).chain(self.min..=last).collect())
    }

    /// Returns the number of a value, which is given as a number or a name.
    pub(super) fn parse_value(&self, value: TextSlice<'_>) -> Result<i16, ExpressionError> {
        let upper = value.text.to_ascii_uppercase();
        if let Some(index) = self.names.iter().position(|name| *name == upper) {
            return Ok(self.min + index as i16);
        }
        let number = parse_digits(value.text).and_then(|number| i16::try_from(number).ok());
        let accepted = if self.name == YEARS.name { ACCEPTED_YEARS } else { self.min..=self.max };
        number.filter(|number| accepted.contains(number)).ok_or_else(|| self.value_error(value))
    }

    /// Returns the error for a value that is not valid in this field.
    fn value_error(&self, value: TextSlice<'_>) -> ExpressionError {
        let message = match value.text {
            "" => format!("a value is missing in the {}: expected {}", self.name, self.expected),
            text => format!("`{text}` in the {}: expected {}", self.name, self.expected),
        };
        let wrong = value.error(message);
        match self.value_hint(value.text) {
            Some(hint) => wrong.with_hint(hint),
            None => wrong,
        }
    }

    /// Returns a hint for an invalid value.
    fn value_hint(&self, text: &str) -> Option<String> {
        let upper = text.to_ascii_uppercase();
        let hint = match (self.name, text) {
            (_, "?") => {
                "write `*` for all values: `?` is only valid alone, in the day of month or the day of week"
            }
            ("hours", "24") => "write 0 for midnight",
            ("minutes", "60") => "write 0 for the full hour",
            ("day of week", "0") => "write `SUN`: days of the week are 1-7, from Sunday",
            ("day of month", _) if WEEKDAYS.contains(&upper.as_str()) => {
                "write days of the week in the fifth field"
            }
            _ => {
                let long = self.names.iter().find(|name| upper.len() > 3 && upper.starts_with(**name));
                let near = long.map(|name| format!("did you mean `{name}`?"));
                let near = near.or_else(|| did_you_mean(text, self.names.iter().copied()));
                return near.or_else(|| self.special_character_hint(&upper));
            }
        };
        Some(hint.to_owned())
    }

    /// Returns a hint for a special character that is not valid in this field.
    fn special_character_hint(&self, upper: &str) -> Option<String> {
        let in_month = self.name == DAYS_OF_MONTH.name;
        let in_week = self.name == DAYS_OF_WEEK.name;
        let hint = match upper {
            "W" if in_month => "`15W` is the weekday nearest the 15th, `LW` the last of the month",
            _ if upper.contains('#') && !in_week => {
                "`#` belongs in the day of week: `2#1` is the first Monday"
            }
            _ if upper.ends_with('W') && !in_month => "`W` belongs in the day of month: `15W`, `LW`",
            _ if upper.ends_with('L') && !in_month && !in_week => {
                "`L` belongs in the day of month or in the day of week"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Returns the number in a text that consists of digits only.
pub(super) fn parse_digits(text: &str) -> Option<usize> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// Returns the values sorted and without duplicates.
fn sorted_without_duplicates(mut values: Vec<i16>) -> Vec<i16> {
    values.sort_unstable();
    values.dedup();
    values
}
