//! Validates schedule expressions: `cron(…)`, `rate(…)`, `at(…)`. Never computes a time.
//!
//! Rules and schedules differ. `tests/cli/schedule_expressions.tsv` has what AWS documents, and what it was seen to refuse and
//! to take, with the sources. What is not known is taken.

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

/// Minutes, hours, day of month, month, day of week, year (EventBridge user guide, "Cron expressions"). The documented
/// range of years, 1970 to 2199, is not enforced.
const FIELDS: [Field; 6] = [
    Field { minimum: 0, maximum: 59, names: &[], wildcards: "" },
    Field { minimum: 0, maximum: 23, names: &[], wildcards: "" },
    Field { minimum: 1, maximum: 31, names: &[], wildcards: "?LW" },
    Field { minimum: 1, maximum: 12, names: MONTHS, wildcards: "" },
    Field { minimum: 1, maximum: 7, names: DAYS, wildcards: "?L#" },
    Field { minimum: 1, maximum: 9999, names: &[], wildcards: "" },
];

/// Returns whether an EventBridge rule may have this expression.
pub(crate) fn is_rule_expression(text: &str) -> bool {
    let cron = arguments(text, "cron").is_some_and(|inside| is_cron(inside, true));
    let rate = arguments(text, "rate").filter(|inside| inside.contains(' ')).and_then(parse_rate);
    cron || rate.is_some_and(|(value, plural)| (value > 1) == plural)
}

/// Returns whether a schedule may have this expression: unlike a rule's, its name may be in any case, the unit of a rate
/// need not agree with its value, the year may be left out, and `at(…)` is allowed.
pub(crate) fn is_schedule_expression(text: &str) -> bool {
    let Some((name, _)) = text.split_once('(') else { return false };
    let lower = format!("{}{}", name.to_ascii_lowercase(), &text[name.len()..]);
    let cron = arguments(&lower, "cron").is_some_and(|inside| {
        let missing_year = if inside.split_whitespace().count() == 5 { " *" } else { "" };
        is_cron(&format!("{inside}{missing_year}"), false)
    });
    cron || arguments(&lower, "rate").and_then(parse_rate).is_some() || is_time(&lower)
}

/// Returns the text between the parentheses of `name(…)`.
fn arguments<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

/// Returns the value of a rate, and whether its unit is plural. Blanks may stand between the two only.
fn parse_rate(inside: &str) -> Option<(u64, bool)> {
    let end = inside.find(|letter: char| !letter.is_ascii_digit())?;
    let (value, unit) = inside.split_at(end);
    let value = value.parse::<u64>().ok().filter(|value| *value > 0)?;
    let unit = unit.trim_start();
    let known = ["minute", "minutes", "hour", "hours", "day", "days"].contains(&unit);
    known.then(|| (value, unit.ends_with('s')))
}

/// Returns whether this is one date and time; the seconds may be left out.
fn is_time(text: &str) -> bool {
    arguments(text, "at").is_some_and(|time| {
        // A leap second is none to EventBridge.
        let has_shape = matches!(time.len(), 16 | 19) && time.contains('T') && !time.ends_with(":60");
        has_shape && time.parse::<DateTime>().is_ok()
    })
}

fn is_cron(inside: &str, is_rule: bool) -> bool {
    let fields: Vec<&str> = inside.split_whitespace().collect();
    let [_, _, day, _, weekday, _] = fields[..] else { return false };
    // Exactly one of day of month and day of week must be `?`, and `#` stands alone.
    let has_days = (day == "?") != (weekday == "?");
    let has_lone_number = !(weekday.contains('#') && weekday.contains(','));
    has_days
        && has_lone_number
        && FIELDS.iter().zip(&fields).all(|(field, text)| field.is_valid(text, is_rule))
}

impl Field {
    fn is_valid(&self, text: &str, is_rule: bool) -> bool {
        match text {
            "?" => self.wildcards.contains('?'),
            _ => text.split(',').all(|part| self.is_valid_part(part, is_rule)),
        }
    }

    /// Returns whether one item of a comma-separated list is valid: a value or a range, each with an
    /// optional step, or a wildcard.
    fn is_valid_part(&self, part: &str, is_rule: bool) -> bool {
        if let Some((base, step)) = part.split_once('/') {
            let most = if is_rule { self.maximum } else { u16::MAX };
            return step.parse::<u16>().is_ok_and(|step| step <= most) && self.is_valid_base(base);
        }
        if let Some(days) = part.strip_prefix("L-").filter(|_| self.wildcards.contains('W')) {
            return days.parse::<u16>().is_ok_and(|days| days <= 30);
        }
        if let Some((day, nth)) = part.split_once('#').filter(|_| self.wildcards.contains('#')) {
            return self.is_valid_value(day) && matches!(nth, "1" | "2" | "3" | "4" | "5");
        }
        let upper = part.to_ascii_uppercase();
        let before = |mark: char| upper.strip_suffix(mark).filter(|_| self.wildcards.contains(mark));
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
            "cron(0 9 L-3 * ? *)",
            "cron(0 9 LW * ? *)",
            "cron(0 20 * * ? 2500)",
            "cron(0/0 3 * * ? *)",
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
            "cron(0 3 32 * ? *)",
            "cron(0 3 0 * ? *)",
            "cron(0 3 1 13 ? *)",
            "cron(0 3 ? * 8 *)",
            "cron(0 3 W * ? *)",
            "cron(0 3 * FOO ? *)",
            "cron(0 3 2#1 * ? *)",
            "cron(0 3 ? * 2#6 *)",
            "cron(0 3 ? * 3#1,6#3 *)",
            "cron(0 3 * * ? * *)",
            "rate(0 minutes)",
            "rate(5 seconds)",
            "at(2026-11-20)",
            "at(2026-13-20T13:00:00)",
            "at(2026-11-20T13:00:00Z)",
        ] {
            assert!(!is_rule_expression(bad) && !is_schedule_expression(bad), "{bad}");
        }
    }

    #[test]
    fn the_table_of_expressions_holds() {
        let table = include_str!("../../../tests/cli/schedule_expressions.tsv");
        for row in table.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = row.split('\t').collect();
            let [_, text, rule, schedule, _] = cells[..] else { panic!("{row}") };
            assert_eq!(is_rule_expression(text), rule != "no", "rule: {row}");
            assert_eq!(is_schedule_expression(text), schedule != "no", "schedule: {row}");
        }
    }

    #[test]
    fn what_only_a_schedule_may_have_is_refused_in_a_rule() {
        for text in [
            "cron(0 3 * * ?)",
            "at(2026-11-20T13:00)",
            "AT(2026-11-20T13:00:00)",
            "rate(10 minute)",
            "rate(10minutes)",
            "cron(*/60 * * * ? *)",
        ] {
            assert!(is_schedule_expression(text) && !is_rule_expression(text), "{text}");
        }
    }
}
