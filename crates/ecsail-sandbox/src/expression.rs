//! Schedule expressions: `cron(…)`, `rate(…)`, `at(…)`. Owns what is well formed; never computes a time.

use jiff::civil::DateTime;

/// A field of a cron expression: its least and greatest number, the names for numbers, and the marks that it alone may have.
struct Field {
    least: u16,
    most: u16,
    names: &'static [&'static str],
    marks: &'static str,
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Minutes, hours, day of month, month, day of week, year (EventBridge user guide, "Cron expressions").
const FIELDS: [Field; 6] = [
    Field { least: 0, most: 59, names: &[], marks: "" },
    Field { least: 0, most: 23, names: &[], marks: "" },
    Field { least: 1, most: 31, names: &[], marks: "?LW" },
    Field { least: 1, most: 12, names: MONTHS, marks: "" },
    Field { least: 1, most: 7, names: DAYS, marks: "?L#" },
    Field { least: 1970, most: 2199, names: &[], marks: "" },
];

/// Returns whether a rule of an event bus may have this expression.
pub(crate) fn fits_rule(text: &str) -> bool {
    is_cron(text) || rate(text).is_some_and(|(value, plural)| (value > 1) == plural)
}

/// Returns whether a schedule may have this expression: a rate's unit need not agree with its value, and a time will do.
pub(crate) fn fits_schedule(text: &str) -> bool {
    is_cron(text) || rate(text).is_some() || is_time(text)
}

/// Returns what stands between the brackets of `name(…)`.
fn inside<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

/// Returns the value of a rate, and whether its unit is in the plural.
fn rate(text: &str) -> Option<(u64, bool)> {
    let mut parts = inside(text, "rate")?.split_whitespace();
    let (value, unit) = (parts.next()?.parse::<u64>().ok()?, parts.next()?);
    let known = ["minute", "minutes", "hour", "hours", "day", "days"].contains(&unit);
    (known && value > 0 && parts.next().is_none()).then(|| (value, unit.ends_with('s')))
}

fn is_time(text: &str) -> bool {
    inside(text, "at").is_some_and(|time| time.len() == 19 && time.parse::<DateTime>().is_ok())
}

fn is_cron(text: &str) -> bool {
    let Some(inside) = inside(text, "cron") else { return false };
    let fields: Vec<&str> = inside.split_whitespace().collect();
    let [_, _, day, _, weekday, _] = fields[..] else { return false };
    // One of the two days has to be left open.
    (day == "?") != (weekday == "?") && FIELDS.iter().zip(&fields).all(|(field, text)| field.takes(text))
}

impl Field {
    fn takes(&self, text: &str) -> bool {
        match text {
            "?" => self.marks.contains('?'),
            _ => text.split(',').all(|part| self.takes_part(part)),
        }
    }

    /// Returns whether one part of a list is well formed: a value, a range, either with an increment, or a mark.
    fn takes_part(&self, part: &str) -> bool {
        if let Some((base, step)) = part.split_once('/') {
            return step.parse::<u16>().is_ok_and(|step| step > 0) && self.takes_base(base);
        }
        if let Some((day, nth)) = part.split_once('#').filter(|_| self.marks.contains('#')) {
            return self.takes_value(day) && matches!(nth, "1" | "2" | "3" | "4" | "5");
        }
        let before = |mark: char| part.strip_suffix(mark).filter(|_| self.marks.contains(mark));
        match (before('L'), before('W')) {
            (Some(day), _) => day.is_empty() || self.takes_value(day),
            (_, Some(day)) => day == "L" || self.takes_value(day),
            (None, None) => self.takes_base(part),
        }
    }

    fn takes_base(&self, base: &str) -> bool {
        match base.split_once('-') {
            Some((from, to)) => self.takes_value(from) && self.takes_value(to),
            None => base == "*" || self.takes_value(base),
        }
    }

    fn takes_value(&self, value: &str) -> bool {
        let number = value.parse::<u16>().is_ok_and(|number| (self.least..=self.most).contains(&number));
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
            assert!(fits_rule(good) && fits_schedule(good), "{good}");
        }
        assert!(fits_schedule("at(2026-11-20T13:00:00)") && !fits_rule("at(2026-11-20T13:00:00)"));
        assert!(fits_schedule("rate(1 minutes)") && !fits_rule("rate(1 minutes)"));
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
            assert!(!fits_rule(bad) && !fits_schedule(bad), "{bad}");
        }
    }
}
