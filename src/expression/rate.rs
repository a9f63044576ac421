//! Parses `rate(…)`: a number and a unit.

use super::field::parse_digits;
use super::{ExpressionError, ExpressionKind, TextSlice};
use crate::document::problem::most_similar;

/// The interval between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    number: i64,
    unit: &'static str,
    seconds: i64,
}

/// Units in the singular, with their length in seconds. A day is 24 hours, also when daylight saving time changes.
const UNITS: [(&str, i64); 3] = [("minute", 60), ("hour", 3_600), ("day", 86_400)];

/// A larger number would be past 2199, the last year of EventBridge, with any unit.
const MAX_NUMBER: usize = 200_000_000;

/// Parses the text between the brackets.
pub(super) fn parse(inside: TextSlice<'_>, kind: ExpressionKind) -> Result<Rate, ExpressionError> {
    let trimmed = inside.text.trim();
    if trimmed != inside.text && !trimmed.is_empty() {
        let message = "white space at the brackets of a rate";
        return Err(inside.error(message).with_hint(format!("write `rate({trimmed})`")));
    }
    let words = number_and_unit(inside, kind);
    let [number, unit] = words[..] else { return Err(shape_error(inside)) };
    let count = parse_count(number)?;
    let Some((singular, seconds)) =
        UNITS.into_iter().find(|(name, _)| unit.text.strip_suffix('s').unwrap_or(unit.text) == *name)
    else {
        return Err(unit_error(unit, count));
    };
    let plural = unit.text.ends_with('s');
    if kind == ExpressionKind::Rule && plural != (count > 1) {
        let right = unit_name(count, singular);
        let message = format!("`{}` after {count}: a rule must use `{right}`", unit.text);
        return Err(unit.error(message).with_hint(format!("write `rate({count} {right})`")));
    }
    Ok(Rate { number: count, unit: singular, seconds: seconds * count })
}

/// Returns the words of a rate. EventBridge Scheduler takes `5minutes` too.
fn number_and_unit(inside: TextSlice<'_>, kind: ExpressionKind) -> Vec<TextSlice<'_>> {
    let words = inside.words();
    let letter = inside.text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(0);
    if kind == ExpressionKind::Rule || words.len() != 1 || letter == 0 {
        return words;
    }
    vec![inside.slice_to(letter), inside.slice_from(letter)]
}

/// Returns the unit in the singular or the plural.
fn unit_name(count: i64, singular: &str) -> String {
    if count == 1 { singular.to_owned() } else { format!("{singular}s") }
}

fn parse_count(number: TextSlice<'_>) -> Result<i64, ExpressionError> {
    let count = parse_digits(number.text).filter(|count| (1..=MAX_NUMBER).contains(count));
    let wrong = || {
        number.error(format!("`{}` in the rate: expected a whole number from 1 to {MAX_NUMBER}", number.text))
    };
    count.map(|count| count as i64).ok_or_else(wrong)
}

/// Returns the error for a text that is not one number and one unit.
fn shape_error(inside: TextSlice<'_>) -> ExpressionError {
    let wrong =
        inside.error(format!("{} in the rate: expected a number and a unit", inside.quoted_or_nothing()));
    let text = inside.text.trim();
    let letter = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(letter);
    let unit = unit.trim();
    if number.is_empty() || unit.contains(char::is_whitespace) || unit.is_empty() {
        wrong.with_hint("write it as `rate(5 minutes)`")
    } else {
        wrong.with_hint(format!("write `rate({number} {unit})`, with a space"))
    }
}

/// Returns the error for an unknown unit.
fn unit_error(unit: TextSlice<'_>, count: i64) -> ExpressionError {
    let wrong = unit.error(format!("`{}` in the rate: expected minutes, hours or days", unit.text));
    let lower = unit.text.to_ascii_lowercase();
    let in_days = |days: i64| format!("write `rate({} days)`", count.saturating_mul(days));
    let near = || {
        let near = most_similar(&lower, ["minutes", "hours", "days", "minute", "hour", "day"]);
        let short = [
            ("min", "minute"),
            ("mins", "minute"),
            ("m", "minute"),
            ("h", "hour"),
            ("hr", "hour"),
            ("hrs", "hour"),
            ("d", "day"),
        ];
        short
            .iter()
            .find(|(short, _)| *short == lower)
            .map(|(_, unit)| unit_name(count, unit))
            .or(near.map(str::to_owned))
    };
    match lower.trim_end_matches('s') {
        "second" | "sec" => wrong.with_hint("the shortest rate is 1 minute"),
        "week" => wrong.with_hint(in_days(7)),
        "month" => wrong
            .with_hint("write `cron(0 0 1 * ? *)` for the first of each month: a month has no fixed length"),
        "year" => wrong.with_hint("write `cron(0 0 1 1 ? *)` for January 1: a year has no fixed length"),
        _ => match near() {
            Some(unit) => wrong.with_hint(format!("did you mean `rate({count} {unit})`?")),
            None => wrong,
        },
    }
}

impl Rate {
    /// Returns the interval in seconds.
    pub(super) fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Returns the interval in words, such as `every 5 minutes`.
    pub(super) fn in_words(&self) -> String {
        match self.number {
            1 => format!("every {}", self.unit),
            number => format!("every {number} {}s", self.unit),
        }
    }
}
