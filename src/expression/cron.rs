//! Parses `cron(…)` and checks its six fields together. The modules `field` and `days` parse single fields.

use super::days::{self, Days};
use super::field::{HOURS, MINUTES, MONTHS_OF_YEAR, YEARS};
use super::{Expression, Kind, Piece, Wrong, bare};

/// A cron expression: the days on which it runs, and the hours and minutes of these days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    pub(super) minutes: Vec<i16>,
    pub(super) hours: Vec<i16>,
    pub(super) days: Days,
    pub(super) months: Vec<i16>,
    pub(super) years: Vec<i16>,
}

const SIX: &str = "minutes, hours, day of month, month, day of week, year";

/// Parses the text between the brackets.
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

/// Returns the field, unless it is `?`.
fn some(field: Piece<'_>) -> Option<Piece<'_>> {
    (field.text != "?").then_some(field)
}

/// Returns the expression in backticks, with one of its fields replaced.
fn with(fields: &[Piece<'_>], index: usize, text: &str) -> String {
    let mut texts: Vec<&str> = fields.iter().map(|field| field.text).collect();
    texts[index] = text;
    format!("`cron({})`", texts.join(" "))
}

/// Returns the byte range from the start of the day-of-month field to the end of the day-of-week field.
fn days_range(of_month: Piece<'_>, of_week: Piece<'_>) -> std::ops::Range<usize> {
    of_month.at..of_week.at + of_week.text.len()
}

/// Returns the error for an expression in which neither day field is `?`.
fn both(of_month: Piece<'_>, of_week: Piece<'_>, fields: &[Piece<'_>]) -> Wrong {
    let message = format!(
        "the day of month is `{}` and the day of week is `{}`: one of them must be `?`",
        of_month.text, of_week.text
    );
    let hint = match (of_month.text, of_week.text) {
        (_, "*") => format!("write {}", with(fields, 4, "?")),
        ("*", _) => format!("write {}", with(fields, 2, "?")),
        _ => format!(
            "write two schedules to run on either day: {} and {}",
            with(fields, 4, "?"),
            with(fields, 2, "?")
        ),
    };
    Wrong { message, hint: Some(hint), range: days_range(of_month, of_week) }
}

/// Returns the error for an expression in which both day fields are `?`.
fn neither(of_month: Piece<'_>, of_week: Piece<'_>, fields: &[Piece<'_>]) -> Wrong {
    let message = "the day of month and the day of week are both `?`: one of them must be given".to_owned();
    Wrong {
        message,
        hint: Some(format!("write {}", with(fields, 2, "*"))),
        range: days_range(of_month, of_week),
    }
}

/// Adds a hint if the fields are those of Quartz: seconds first, and no year.
fn seconds_first(wrong: Wrong, fields: &[Piece<'_>]) -> Wrong {
    let rest: Vec<&str> = fields.iter().skip(1).map(|field| field.text).collect();
    let cron = format!("cron({} *)", rest.join(" "));
    match rest.last() == Some(&"?") && Expression::parse(&cron, Kind::Rule).is_ok() {
        true => {
            wrong.hint(format!("write `{cron}`: EventBridge has a field for years, and none for seconds"))
        }
        false => wrong,
    }
}

/// Returns the error for a number of fields other than six.
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
            wrong.hint(format!("write `cron({})`: EventBridge has no field for seconds", six.join(" ")))
        }
        _ => wrong,
    }
}

/// Adds a hint for five fields: a crontab line, or six fields without the year.
fn missing_year(wrong: Wrong, five: &[&str]) -> Wrong {
    match &bare::from_crontab(five)[..] {
        [] if five.contains(&"?") => wrong.hint(format!("add the year: `cron({} *)`", five.join(" "))),
        [] => wrong,
        [one] => {
            wrong.hint(format!("write `{one}`: crontab has no year, and counts days of the week from 0"))
        }
        two => wrong.hint(bare::as_two(two)),
    }
}
