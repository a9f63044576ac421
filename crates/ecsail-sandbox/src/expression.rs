//! Validates schedule expressions: `cron(…)`, `rate(…)`, `at(…)`. Never computes a time.

use jiff::civil::DateTime;

/// A field of a cron expression: the range of its numbers, the names that stand for numbers, and the
/// wildcards that only this field may have.
struct Field {
    minimum: u16,
    maximum: u16,
    names: &'static [&'static str],
    wildcards: &'static str,
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Minutes, hours, day of month, month, day of week, year (EventBridge user guide, "Cron expressions").
const FIELDS: [Field; 6] = [
    Field { minimum: 0, maximum: 59, names: &[], wildcards: "" },
    Field { minimum: 0, maximum: 23, names: &[], wildcards: "" },
    Field { minimum: 1, maximum: 31, names: &[], wildcards: "?LW" },
    Field { minimum: 1, maximum: 12, names: MONTHS, wildcards: "" },
    Field { minimum: 1, maximum: 7, names: DAYS, wildcards: "?L#" },
    Field { minimum: 1970, maximum: 2199, names: &[], wildcards: "" },
];

/// Returns whether an EventBridge rule may have this expression.
pub(crate) fn is_rule_expression(text: &str) -> bool {
    is_cron(text) || parse_rate(text).is_some_and(|(value, plural)| (value > 1) == plural)
}

/// Returns whether a schedule may have this expression: unlike a rule's, a rate's unit need not agree with
/// its value, and `at(…)` is allowed.
pub(crate) fn is_schedule_expression(text: &str) -> bool {
    is_cron(text) || parse_rate(text).is_some() || is_time(text)
}

/// Returns the text between the parentheses of `name(…)`.
fn arguments<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

/// Returns the value of a rate, and whether its unit is plural.
fn parse_rate(text: &str) -> Option<(u64, bool)> {
    let mut parts = arguments(text, "rate")?.split_whitespace();
    let value = parts.next()?.parse::<u64>().ok()?;
    let unit = parts.next()?;
    let known = ["minute", "minutes", "hour", "hours", "day", "days"].contains(&unit);
    (known && value > 0 && parts.next().is_none()).then(|| (value, unit.ends_with('s')))
}

fn is_time(text: &str) -> bool {
    arguments(text, "at").is_some_and(|time| time.len() == 19 && time.parse::<DateTime>().is_ok())
}

fn is_cron(text: &str) -> bool {
    let Some(inside) = arguments(text, "cron") else { return false };
    let fields: Vec<&str> = inside.split_whitespace().collect();
    let [_, _, day, _, weekday, _] = fields[..] else { return false };
    // Exactly one of day of month and day of week must be `?`.
    (day == "?") != (weekday == "?") && FIELDS.iter().zip(&fields).all(|(field, text)| field.is_valid(text))
}

impl Field {
    fn is_valid(&self, text: &str) -> bool {
        match text {
            "?" => self.wildcards.contains('?'),
            _ => text.split(',').all(|part| self.is_valid_part(part)),
        }
    }

    /// Returns whether one item of a comma-separated list is valid: a value or a range, each with an
    /// optional step, or a wildcard.
    fn is_valid_part(&self, part: &str) -> bool {
        if let Some((base, step)) = part.split_once('/') {
            return step.parse::<u16>().is_ok_and(|step| step > 0) && self.is_valid_base(base);
        }
        if let Some((day, nth)) = part.split_once('#').filter(|_| self.wildcards.contains('#')) {
            return self.is_valid_value(day) && matches!(nth, "1" | "2" | "3" | "4" | "5");
        }
        let before = |mark: char| part.strip_suffix(mark).filter(|_| self.wildcards.contains(mark));
        match (before('L'), before('W')) {
            (Some(day), _) => day.is_empty() || self.is_valid_value(day),
            (_, Some(day)) => day == "L" || self.is_valid_value(day),
            (None, None) => self.is_valid_base(part),
        }
    }

    fn is_valid_base(&self, base: &str) -> bool {
        match base.split_once('-') {
            Some((from, to)) => self.is_valid_value(from) && self.is_valid_value(to),
            None => base == "*" || self.is_valid_value(base),
        }
    }

    fn is_valid_value(&self, value: &str) -> bool {
        let number = value.parse::<u16>().is_ok_and(|number| (self.minimum..=self.maximum).contains(&number));
        number || self.names.contains(&value.to_ascii_uppercase().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_documents_as_good_is_good() {
        for good in [
            "cron(0 10 * * ? *)",
            "cron(15 12 * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0 8 1 * ? *)",
            "cron(0/10 * ? * MON-FRI *)",
            "cron(0/5 8-17 ? * MON-FRI *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 9 L * ? *)",
            "cron(0 9 3W * ? *)",
            "cron(0 9 ? * 6L 2026-2030)",
            "rate(1 minute)",
            "rate(5 minutes)",
            "rate(7 days)",
        ] {
            assert!(is_rule_expression(good) && is_schedule_expression(good), "{good}");
        }
        assert!(
            is_schedule_expression("at(2026-11-20T13:00:00)")
                && !is_rule_expression("at(2026-11-20T13:00:00)")
        );
        assert!(is_schedule_expression("rate(1 minutes)") && !is_rule_expression("rate(1 minutes)"));
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in [
            "",
            "nightly",
            "cron(0 3 * * *)",
            "cron(0 3 * * * *)",
            "cron(0 3 ? * ? *)",
            "cron(60 3 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 3 W * ? *)",
            "cron(0 3 * FOO ? *)",
            "cron(0/0 3 * * ? *)",
            "rate(0 minutes)",
            "rate(5 seconds)",
            "at(2026-11-20)",
            "at(2026-13-20T13:00:00)",
        ] {
            assert!(!is_rule_expression(bad) && !is_schedule_expression(bad), "{bad}");
        }
    }
}
