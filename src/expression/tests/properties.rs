//! Property tests: compares the runs of random expressions with those of an independent matcher that checks each minute.

use super::*;
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use proptest::prelude::*;
use std::collections::HashSet;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Returns whether a value is in a list of values, ranges and increments, by its distance from the start of a part.
fn listed(list: &str, value: i32, (least, most): (i32, i32), names: &[&str]) -> bool {
    let number = |text: &str| match names.iter().position(|name| *name == text) {
        Some(index) => index as i32 + least,
        None => text.parse().expect("a number"),
    };
    list.split(',').any(|part| {
        let (base, step) = part.split_once('/').unwrap_or((part, "none"));
        let (from, to) = match base.split_once('-') {
            Some((from, to)) => (number(from), number(to)),
            None if base == "*" => (least, most),
            None => (number(base), if step == "none" { number(base) } else { most }),
        };
        let size = most - least + 1;
        let distance = (value - from).rem_euclid(size);
        distance <= (to - from).rem_euclid(size) && distance % step.parse().unwrap_or(1) == 0
    })
}

fn days_of_month(date: Date) -> Vec<Date> {
    date.first_of_month()
        .series(jiff::Span::new().days(1))
        .take_while(|day| day.month() == date.month())
        .collect()
}

fn works(date: &Date) -> bool {
    !matches!(date.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday)
}

fn day_listed(field: &str, date: Date) -> bool {
    let month = days_of_month(date);
    field.split(',').any(|part| match part {
        "L" => month.last() == Some(&date),
        "LW" => month.iter().rfind(|day| works(day)) == Some(&date),
        _ if part.starts_with("L-") => {
            let before: usize = part[2..].parse().expect("a number");
            month.iter().rev().nth(before) == Some(&date)
        }
        _ => match part.strip_suffix('W') {
            None => listed(part, i32::from(date.day()), (1, 31), &[]),
            Some(wanted) => {
                let wanted: i8 = wanted.parse().expect("a number");
                let there = month.iter().any(|day| day.day() == wanted);
                let nearest =
                    month.iter().filter(|day| works(day)).min_by_key(|day| (day.day() - wanted).abs());
                there && nearest == Some(&date)
            }
        },
    })
}

fn weekday_listed(field: &str, date: Date) -> bool {
    let alike: Vec<Date> =
        days_of_month(date).into_iter().filter(|day| day.weekday() == date.weekday()).collect();
    let number = i32::from(date.weekday().to_monday_zero_offset() + 1) % 7 + 1;
    let is = |day: &str| listed(day, number, (1, 7), &WEEKDAYS);
    field.split(',').any(|part| match part.split_once('#') {
        Some((day, nth)) => is(day) && alike.get(nth.parse::<usize>().expect("a number") - 1) == Some(&date),
        None if part == "L" => number == 7,
        None => match part.strip_suffix('L') {
            Some(day) => is(day) && alike.last() == Some(&date),
            None => is(part),
        },
    })
}

fn date_listed(fields: &[&str], date: Date) -> bool {
    listed(fields[3], i32::from(date.month()), (1, 12), &MONTHS)
        && listed(fields[5], i32::from(date.year()), (1970, 2199), &[])
        && (fields[2] == "?" || day_listed(fields[2], date))
        && (fields[4] == "?" || weekday_listed(fields[4], date))
}

fn fits(fields: &[&str], time: &Zoned) -> bool {
    listed(fields[0], i32::from(time.minute()), (0, 59), &[])
        && listed(fields[1], i32::from(time.hour()), (0, 23), &[])
        && date_listed(fields, time.date())
}

/// Generates a value, a range, an increment or `*`, within bounds.
fn part(least: i32, most: i32) -> impl Strategy<Value = String> {
    let value = move || least..=most;
    prop_oneof![
        3 => value().prop_map(|value| value.to_string()),
        2 => (value(), value()).prop_map(|(one, two)| format!("{one}-{two}")),
        1 => (value(), 1..40).prop_map(|(value, step)| format!("{value}/{step}")),
        1 => (1..40).prop_map(|step| format!("*/{step}")),
        1 => (value(), value(), 1..9).prop_map(|(one, two, step)| format!("{one}-{two}/{step}")),
        2 => Just("*".to_owned()),
    ]
}

fn list(part: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec(part, 1..4).prop_map(|parts| parts.join(","))
}

/// Generates the day of month, the month and the day of week.
fn days() -> impl Strategy<Value = (String, String, String)> {
    let marked = prop_oneof![
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (0..=30).prop_map(|before| format!("L-{before}")),
        (1..=31).prop_map(|day| format!("{day}W")),
    ];
    let of_month = list(prop_oneof![part(1, 31), marked]).prop_map(|day| (day, "?".to_owned()));
    let name = || (0..7_usize).prop_map(|index| WEEKDAYS[index]);
    let of_week = prop_oneof![
        list(prop_oneof![part(1, 7), Just("L".to_owned()), name().prop_map(|day| format!("{day}L"))]),
        (name(), name()).prop_map(|(from, to)| format!("{from}-{to}")),
        (1..=7, 1..=5).prop_map(|(day, nth)| format!("{day}#{nth}")),
    ];
    let of_week = of_week.prop_map(|day| ("?".to_owned(), day));
    let month = prop_oneof![3 => Just("*".to_owned()), 1 => list(part(1, 12))];
    (prop_oneof![of_month, of_week], month).prop_map(|((day, weekday), month)| (day, month, weekday))
}

/// Generates instants at which daylight saving time changes in a time zone, and one at which it does not.
fn moments() -> impl Strategy<Value = (&'static str, Timestamp)> {
    let at = |zone, text: &str| Just((zone, text.parse::<Timestamp>().expect("a time")));
    let moment = prop_oneof![
        at("America/New_York", "2027-03-14T07:00:00Z"),
        at("America/New_York", "2027-11-07T06:00:00Z"),
        at("Europe/Berlin", "2028-03-26T01:00:00Z"),
        at("Europe/Berlin", "2028-10-29T01:00:00Z"),
        at("Australia/Lord_Howe", "2027-04-03T15:00:00Z"),
        at("Africa/Cairo", "2027-10-28T21:00:00Z"),
        at("Asia/Tokyo", "2028-02-29T00:00:00Z"),
    ];
    (moment, 0..1_440_i64).prop_map(|((zone, time), before)| {
        (zone, Timestamp::from_second(time.as_second() - before * 60).expect("in range"))
    })
}

fn times(next: NextRuns) -> Vec<Zoned> {
    match next {
        NextRuns::Times(times) => times,
        NextRuns::Interval(words) => panic!("{words}"),
        NextRuns::Never => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Checks every minute of a day and a half. A time that clocks show for the second time is not a run.
    #[test]
    fn runs_are_the_minutes_that_fit(
        minutes in list(part(0, 59)), hours in list(part(0, 23)), (zone_name, after) in moments(),
    ) {
        let text = format!("cron({minutes} {hours} * * ? *)");
        let fields: Vec<&str> = vec![&minutes, &hours, "*", "*", "?", "*"];
        let zone = time_zone(zone_name).expect("a zone");
        let minute = |nth: i64| Timestamp::from_second(after.as_second() + nth * 60).expect("in range");
        // Times that clocks showed in the hours before count as shown.
        let mut shown: HashSet<_> =
            (-180..=0).map(|nth| minute(nth).to_zoned(zone.clone()).datetime()).collect();
        let all = (1..=2_160).map(|nth| minute(nth).to_zoned(zone.clone()));
        let expected: Vec<Zoned> = all.filter(|time| shown.insert(time.datetime()) && fits(&fields, time)).collect();

        let window = RunWindow { start: None, end: Some(minute(2_160)) };
        let expression = Expression::parse(&text, ExpressionKind::Scheduler).expect("well formed");
        prop_assert_eq!(times(expression.next_runs(&zone, after, window, usize::MAX)), expected, "{}", text);
    }

    /// Checks every day of three years, including a leap year.
    #[test]
    fn dates_are_the_days_that_fit((day, month, weekday) in days(), year in prop_oneof![Just("*".to_owned()), part(2026, 2029)]) {
        let text = format!("cron(0 12 {day} {month} {weekday} {year})");
        let fields: Vec<&str> = vec!["0", "12", &day, &month, &weekday, &year];
        let Ok(expression) = Expression::parse(&text, ExpressionKind::Scheduler) else {
            // A range of years cannot wrap around; every other generated expression is valid.
            let (from, to) = year.split('/').next().and_then(|range| range.split_once('-')).expect("a range");
            prop_assert!(from > to, "{}", text);
            return Ok(());
        };
        let first = jiff::civil::date(2026, 6, 1);
        let all = first.series(jiff::Span::new().days(1)).take(1_096);
        let expected: Vec<Date> = all.filter(|date| date_listed(&fields, *date)).collect();

        let after: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a time");
        let window = RunWindow { start: None, end: Some("2029-06-01T00:00:00Z".parse().expect("a time")) };
        let found = times(expression.next_runs(&jiff::tz::TimeZone::UTC, after, window, usize::MAX));
        prop_assert_eq!(found.iter().map(Zoned::date).collect::<Vec<_>>(), expected, "{}", text);
    }

    /// Each run matches the fields and is later than the previous run.
    #[test]
    fn runs_fit_and_follow_each_other(
        minutes in list(part(0, 59)), hours in list(part(0, 23)), (day, month, weekday) in days(), (zone_name, after) in moments(),
    ) {
        let fields: Vec<&str> = vec![&minutes, &hours, &day, &month, &weekday, "*"];
        let expression = Expression::parse(&format!("cron({})", fields.join(" ")), ExpressionKind::Scheduler).expect("well formed");
        let found = times(expression.next_runs(&time_zone(zone_name).expect("a zone"), after, RunWindow::default(), 20));
        let mut last = after;
        for time in found {
            prop_assert!(time.timestamp() > last && fits(&fields, &time) && time.second() == 0, "{:?} {}", fields, time);
            last = time.timestamp();
        }
    }

    #[test]
    fn whatever_the_text_reading_it_ends_in_a_place_within_it(
        text in prop_oneof![
            "\\PC{0,40}",
            "(cron|rate|at|Cron)[( ]{1,2}[0-9LW#/,?*é \\-A-Z]{0,30}[)]?",
            "cron\\(([0-9LW#/,?*\\-]{1,6} ){4,6}[0-9*\\-]{1,5}\\)",
            "at\\([0-9T:é Z\\-]{0,30}\\)",
            "rate\\([0-9 ]{0,25}[a-zé]{0,8}\\)",
        ],
    ) {
        for kind in [ExpressionKind::Rule, ExpressionKind::Scheduler] {
            if let Err(wrong) = Expression::parse(&text, kind) {
                prop_assert!(text.get(wrong.range.clone()).is_some(), "{:?}", wrong);
            }
        }
        if let Err(wrong) = time_zone(&text) {
            prop_assert!(text.get(wrong.range.clone()).is_some(), "{:?}", wrong);
        }
    }
}
