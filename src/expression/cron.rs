//! `cron(…)` with its six fields. Owns what the fields must be together; a field alone is `field`'s and `days`'.

use super::days::{self, Days};
use super::field::{HOURS, MINUTES, MONTHS_OF_YEAR, YEARS};
use super::{Expression, Kind, Piece, Wrong, bare};

/// A cron expression: on which days, and at which hours and minutes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    pub(super) minutes: Vec<i16>,
    pub(super) hours: Vec<i16>,
    pub(super) days: Days,
    pub(super) months: Vec<i16>,
    pub(super) years: Vec<i16>,
}

const SIX: &str = "minutes, hours, day of month, month, day of week, year";

/// Returns the cron expression that stands between the brackets.
pub(super) fn read(inside: Piece<'_>) -> Result<Cron, Wrong> {
    let fields = inside.words();
    let [minutes, hours, of_month, month, of_week, year] = fields[..] else {
        return Err(count(inside, &fields));
    };
    let minutes = MINUTES.values(minutes)?;
    let hours = HOURS.values(hours)?;
    let in_month = some(of_month).map(days::of_month).transpose()?;
    let months = MONTHS_OF_YEAR.values(month)?;
    let in_week = some(of_week).map(days::of_week).transpose()?;
    let years = YEARS.values(year).map_err(|wrong| seconds_first(wrong, &fields))?;
    let days = match (in_month, in_week) {
        (Some(days), None) | (None, Some(days)) => days,
        (Some(_), Some(_)) => return Err(both(of_month, of_week, &fields)),
        (None, None) => return Err(neither(of_month, of_week, &fields)),
    };
    Ok(Cron { minutes, hours, days, months, years })
}

/// Returns the field, unless it is left open.
fn some(field: Piece<'_>) -> Option<Piece<'_>> {
    (field.text != "?").then_some(field)
}

/// Returns the expression with one of its fields replaced.
fn with(fields: &[Piece<'_>], index: usize, text: &str) -> String {
    let mut texts: Vec<&str> = fields.iter().map(|field| field.text).collect();
    texts[index] = text;
    format!("`cron({})`", texts.join(" "))
}

/// From the first of the two fields of days to the end of the second.
fn days_range(of_month: Piece<'_>, of_week: Piece<'_>) -> std::ops::Range<usize> {
    of_month.at..of_week.at + of_week.text.len()
}

/// Returns what is wrong where both the day of month and the day of week are given.
fn both(of_month: Piece<'_>, of_week: Piece<'_>, fields: &[Piece<'_>]) -> Wrong {
    let message = format!(
        "the day of month is `{}` and the day of week is `{}`: one of them must be `?`",
        of_month.text, of_week.text
    );
    let hint = match (of_month.text, of_week.text) {
        (_, "*") => with(fields, 4, "?"),
        ("*", _) => with(fields, 2, "?"),
        _ => format!(
            "to run on both kinds of days, make two: {} and {}",
            with(fields, 4, "?"),
            with(fields, 2, "?")
        ),
    };
    Wrong { message, hint: Some(hint), range: days_range(of_month, of_week) }
}

/// Returns what is wrong where both days are left open.
fn neither(of_month: Piece<'_>, of_week: Piece<'_>, fields: &[Piece<'_>]) -> Wrong {
    let message = "the day of month and the day of week are both `?`: one of them must be given".to_owned();
    Wrong { message, hint: Some(with(fields, 2, "*")), range: days_range(of_month, of_week) }
}

/// Returns the same with what is meant where six fields are Quartz's: seconds first, and no year.
fn seconds_first(wrong: Wrong, fields: &[Piece<'_>]) -> Wrong {
    let rest: Vec<&str> = fields.iter().skip(1).map(|field| field.text).collect();
    let cron = format!("cron({} *)", rest.join(" "));
    match rest.last() == Some(&"?") && Expression::parse(&cron, Kind::Rule).is_ok() {
        true => wrong.hint(format!("EventBridge has no seconds, and has a year: `{cron}`")),
        false => wrong,
    }
}

/// Returns what is wrong with another number of fields than six.
fn count(inside: Piece<'_>, fields: &[Piece<'_>]) -> Wrong {
    let message = match fields.len() {
        0 => format!("the brackets are empty: expected six fields ({SIX})"),
        1 => format!("one field: expected six ({SIX})"),
        found => format!("{found} fields: expected six ({SIX})"),
    };
    let texts: Vec<&str> = fields.iter().map(|field| field.text).collect();
    let wrong = inside.wrong(message);
    match &texts[..] {
        five @ [_, _, _, _, _] => missing_year(wrong, five),
        [_, six @ ..] if six.len() == 6 => {
            wrong.hint(format!("EventBridge has no seconds: `cron({})`", six.join(" ")))
        }
        _ => wrong,
    }
}

/// Returns the same with what five fields would be: those of a crontab, or six without the year.
fn missing_year(wrong: Wrong, five: &[&str]) -> Wrong {
    match &bare::from_crontab(five)[..] {
        [] if five.contains(&"?") => wrong.hint(format!("the year is missing: `cron({} *)`", five.join(" "))),
        [] => wrong,
        [one] => wrong.hint(format!("crontab has no year, and days of the week from 0: `{one}`")),
        two => wrong.hint(bare::as_two(two)),
    }
}
