//! Suggests an expression for a text that has no `cron(…)`, `rate(…)` or `at(…)` around it, such as a crontab line. Never
//! accepts such a text as an expression.

use super::field::WEEKDAYS;
use super::{Expression, ExpressionError, ExpressionKind, FORM_NAMES, FORMS_HINT, TextSlice};
use crate::document::problem::most_similar;

/// Returns the error for a text that has no opening bracket.
pub(super) fn missing_bracket_error(whole: TextSlice<'_>, kind: ExpressionKind) -> ExpressionError {
    let text = whole.text.strip_suffix(')').unwrap_or(whole.text);
    let first = text.split_whitespace().next().unwrap_or_default();
    if let Some(name) = FORM_NAMES.iter().find(|name| first.eq_ignore_ascii_case(name)) {
        let rest = text[first.len()..].trim();
        return whole
            .error(format!("`{first}` has no opening bracket"))
            .with_hint(format!("write `{name}({rest})`"));
    }
    if let Some(name) = FORM_NAMES.iter().filter(|name| **name != "at").find(|name| text.starts_with(**name))
    {
        return whole
            .error(format!("`{name}` has no opening bracket"))
            .with_hint(format!("write `{name}({})`", text[name.len()..].trim()));
    }
    let wrong = whole.error("expected `cron(…)`, `rate(…)` or `at(…)`");
    match &suggestions(text, kind)[..] {
        [] => wrong.with_hint(FORMS_HINT),
        [one] => wrong.with_hint(format!("did you mean `{one}`?")),
        two => wrong.with_hint(two_schedules_hint(two)),
    }
}

/// Returns the expressions to suggest: one, or two for a crontab line with both days, or none.
fn suggestions(text: &str, kind: ExpressionKind) -> Vec<String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let rate = text.strip_prefix("every ").unwrap_or(text);
    if let Some(cron) = expression_for_nickname(text) {
        return vec![cron.to_owned()];
    }
    let forms = [format!("cron({text})"), format!("rate({rate})"), format!("at({text})")];
    let form = forms.into_iter().find(|form| Expression::parse(form, kind).is_ok());
    form.map_or_else(|| expressions_from_crontab(&fields), |form| vec![form])
}

/// Returns the hint for a crontab line that needs two expressions.
pub(super) fn two_schedules_hint(two: &[String]) -> String {
    format!("write two schedules, because crontab runs on either day: `{}`", two.join("` and `"))
}

/// Returns the expression for a cron nickname such as `@daily`.
fn expression_for_nickname(text: &str) -> Option<&'static str> {
    const MACROS: [(&str, &str); 7] = [
        ("@yearly", "cron(0 0 1 1 ? *)"),
        ("@annually", "cron(0 0 1 1 ? *)"),
        ("@monthly", "cron(0 0 1 * ? *)"),
        ("@weekly", "cron(0 0 ? * SUN *)"),
        ("@daily", "cron(0 0 * * ? *)"),
        ("@midnight", "cron(0 0 * * ? *)"),
        ("@hourly", "cron(0 * * * ? *)"),
    ];
    let near = most_similar(text, MACROS.iter().map(|(name, _)| *name))?;
    MACROS.iter().find(|(name, _)| *name == near).map(|(_, cron)| *cron)
}

/// Returns the cron expressions that run at the times of a crontab line, or none if it is not a valid line.
///
/// crontab counts days of the week from 0 for Sunday, and 7 is Sunday too. If both the day of the month and the day of
/// the week are given, it runs on either, which takes two expressions.
pub(super) fn expressions_from_crontab(fields: &[&str]) -> Vec<String> {
    let [minutes, hours, day, month, weekday] = fields else { return Vec::new() };
    let cron = |day: &str, weekday: &str| format!("cron({minutes} {hours} {day} {month} {weekday} *)");
    let Some(weekdays) = weekday_names(weekday) else { return Vec::new() };
    let crons = match (*day, *weekday) {
        (day, "*") => vec![cron(day, "?")],
        ("*", _) => vec![cron("?", &weekdays)],
        (day, _) => vec![cron(day, "?"), cron("?", &weekdays)],
    };
    let all = crons.iter().all(|cron| Expression::parse(cron, ExpressionKind::Rule).is_ok());
    if all && !fields.contains(&"?") { crons } else { Vec::new() }
}

/// Returns a crontab list of days of the week with names instead of numbers.
fn weekday_names(list: &str) -> Option<String> {
    let parts: Option<Vec<String>> = list.split(',').map(weekday_part_names).collect();
    Some(parts?.join(","))
}

fn weekday_part_names(part: &str) -> Option<String> {
    let (base, step) =
        part.split_once('/').map_or((part, String::new()), |(base, step)| (base, format!("/{step}")));
    let days = match base.split_once('-') {
        // From Sunday to the next Sunday: every day.
        Some(("0", "7")) => "*".to_owned(),
        Some((from, to)) => format!("{}-{}", weekday_name(from)?, weekday_name(to)?),
        None if base == "*" => base.to_owned(),
        None => weekday_name(base)?,
    };
    Some(days + &step)
}

fn weekday_name(day: &str) -> Option<String> {
    match day.parse::<usize>() {
        Ok(number) => (number <= 7).then(|| WEEKDAYS[number % 7].to_owned()),
        Err(_) => Some(day.to_ascii_uppercase()),
    }
}
