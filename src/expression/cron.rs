//! Parses `cron(…)` and checks its six fields together. The modules `field` and `days` parse single fields.

use super::days::{self, CronDays};
use super::field::{HOURS, MINUTES, MONTHS_OF_YEAR, YEARS};
use super::{Expression, ExpressionError, ExpressionKind, TextSlice, suggestion};

/// A cron expression: the days on which it runs, and the hours and minutes of these days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    pub(super) minutes: Vec<i16>,
    pub(super) hours: Vec<i16>,
    pub(super) days: CronDays,
    pub(super) months: Vec<i16>,
    pub(super) years: Vec<i16>,
}

const FIELD_NAMES: &str = "minutes, hours, day of month, month, day of week, year";

/// Parses the text between the brackets.
pub(super) fn parse(inside: TextSlice<'_>, kind: ExpressionKind) -> Result<Cron, ExpressionError> {
    let mut fields = inside.words();
    // EventBridge Scheduler takes the year as any if it is left out. Without a `?`, the fields are those of a crontab.
    if kind == ExpressionKind::Scheduler && fields.len() == 5 && fields.iter().any(|field| field.text == "?")
    {
        fields.push(TextSlice { text: "*", offset: inside.offset + inside.text.len() });
    }
    let [minutes, hours, of_month, month, of_week, year] = fields[..] else {
        return Err(field_count_error(inside, &fields));
    };
    let minutes = MINUTES.parse_list(minutes, kind)?;
    let hours = HOURS.parse_list(hours, kind)?;
    let in_month =
        unless_question_mark(of_month).map(|field| days::parse_day_of_month(field, kind)).transpose()?;
    let months = MONTHS_OF_YEAR.parse_list(month, kind)?;
    let in_week =
        unless_question_mark(of_week).map(|field| days::parse_day_of_week(field, kind)).transpose()?;
    let years = YEARS.parse_list(year, kind).map_err(|wrong| with_quartz_hint(wrong, &fields))?;
    let days = match (in_month, in_week) {
        (Some(days), None) | (None, Some(days)) => days,
        (Some(_), Some(_)) => return Err(both_days_error(of_month, of_week, &fields)),
        (None, None) => return Err(no_day_error(of_month, of_week, &fields)),
    };
    Ok(Cron { minutes, hours, days, months, years })
}

/// Returns the field, unless it is `?`.
fn unless_question_mark(field: TextSlice<'_>) -> Option<TextSlice<'_>> {
    (field.text != "?").then_some(field)
}

/// Returns the expression in backticks, with one of its fields replaced.
fn with_field(fields: &[TextSlice<'_>], index: usize, text: &str) -> String {
    let mut texts: Vec<&str> = fields.iter().map(|field| field.text).collect();
    texts[index] = text;
    format!("`cron({})`", texts.join(" "))
}

/// Returns the byte range from the start of the day-of-month field to the end of the day-of-week field.
fn days_range(of_month: TextSlice<'_>, of_week: TextSlice<'_>) -> std::ops::Range<usize> {
    of_month.offset..of_week.offset + of_week.text.len()
}

/// Returns the error for an expression in which neither day field is `?`.
fn both_days_error(
    of_month: TextSlice<'_>,
    of_week: TextSlice<'_>,
    fields: &[TextSlice<'_>],
) -> ExpressionError {
    let message = format!(
        "the day of month is `{}` and the day of week is `{}`: one of them must be `?`",
        of_month.text, of_week.text
    );
    let hint = match (of_month.text, of_week.text) {
        (_, "*") => format!("write {}", with_field(fields, 4, "?")),
        ("*", _) => format!("write {}", with_field(fields, 2, "?")),
        _ => format!(
            "write two schedules to run on either day: {} and {}",
            with_field(fields, 4, "?"),
            with_field(fields, 2, "?")
        ),
    };
    ExpressionError { message, hint: Some(hint), range: days_range(of_month, of_week) }
}

/// Returns the error for an expression in which both day fields are `?`.
fn no_day_error(
    of_month: TextSlice<'_>,
    of_week: TextSlice<'_>,
    fields: &[TextSlice<'_>],
) -> ExpressionError {
    let message = "the day of month and the day of week are both `?`: one of them must be given".to_owned();
    ExpressionError {
        message,
        hint: Some(format!("write {}", with_field(fields, 2, "*"))),
        range: days_range(of_month, of_week),
    }
}

/// Adds a hint if the fields are those of Quartz: seconds first, and no year.
fn with_quartz_hint(wrong: ExpressionError, fields: &[TextSlice<'_>]) -> ExpressionError {
    let rest: Vec<&str> = fields.iter().skip(1).map(|field| field.text).collect();
    let cron = format!("cron({} *)", rest.join(" "));
    if rest.last() == Some(&"?") && Expression::parse(&cron, ExpressionKind::Rule).is_ok() {
        wrong.with_hint(format!("write `{cron}`: EventBridge has a field for years, and none for seconds"))
    } else {
        wrong
    }
}

/// Returns the error for a number of fields other than six.
fn field_count_error(inside: TextSlice<'_>, fields: &[TextSlice<'_>]) -> ExpressionError {
    let message = match fields.len() {
        0 => format!("the brackets are empty: expected six fields ({FIELD_NAMES})"),
        1 => format!("one field: expected six ({FIELD_NAMES})"),
        found => format!("{found} fields: expected six ({FIELD_NAMES})"),
    };
    let texts: Vec<&str> = fields.iter().map(|field| field.text).collect();
    let wrong = inside.error(message);
    match &texts[..] {
        five @ [_, _, _, _, _] => with_five_fields_hint(wrong, five),
        [_, six @ ..] if six.len() == 6 => {
            wrong.with_hint(format!("write `cron({})`: EventBridge has no field for seconds", six.join(" ")))
        }
        _ => wrong,
    }
}

/// Adds a hint for five fields: a crontab line, or six fields without the year.
fn with_five_fields_hint(wrong: ExpressionError, five: &[&str]) -> ExpressionError {
    match &suggestion::expressions_from_crontab(five)[..] {
        [] if five.contains(&"?") => wrong.with_hint(format!("add the year: `cron({} *)`", five.join(" "))),
        [] => wrong,
        [one] => {
            wrong.with_hint(format!("write `{one}`: crontab has no year, and counts days of the week from 0"))
        }
        two => wrong.with_hint(suggestion::two_schedules_hint(two)),
    }
}
