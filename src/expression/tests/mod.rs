//! Tests of valid expressions, and of the errors of invalid ones. `cron(…)` and texts without a name have files of their
//! own.

use super::*;

mod bare;
mod cron;
mod next;
mod properties;

/// Returns an error in the form of the report: the text, carets below the place, the message and the hint.
fn format_error(text: &str, wrong: &ExpressionError) -> String {
    let width = text[wrong.range.clone()].chars().count().max(1);
    let before = 2 + text[..wrong.range.start].chars().count();
    let hint = wrong.hint.as_deref().map(|hint| format!("\n  = {hint}")).unwrap_or_default();
    let line = text.replace('\n', "⏎");
    format!("> {line}\n{}{} {}{hint}\n", " ".repeat(before), "^".repeat(width), wrong.message)
}

fn format_errors(kind: ExpressionKind, texts: &[&str]) -> String {
    let one = |text: &&str| match Expression::parse(text, kind) {
        Ok(_) => format!("> {text}\n  is taken\n"),
        Err(wrong) => format_error(text, &wrong),
    };
    texts.iter().map(one).collect()
}

#[test]
fn expressions_valid_for_both_kinds_are_accepted() {
    for good in [
        "cron(0 10 * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0/5 8-17 ? * MON-FRI *)",
        "cron(*/10 * ? * mon,Wed *)",
        "cron(0 9 ? * 2#1 *)",
        "cron(0 9 ? * MON#5 *)",
        "cron(0 9 ? * 6L *)",
        "cron(0 9 ? * FRIL *)",
        "cron(0 9 ? * L *)",
        "cron(0 9 L * ? *)",
        "cron(0 9 L-3 * ? *)",
        "cron(0 9 LW * ? *)",
        "cron(0 9 1W,15W * ? *)",
        "cron(05 08 01 01 ? 1970,2026-2199)",
        "cron(  0  3\t* *  ? * )",
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(1 hour)",
        "rate(12 hours)",
        "rate(1 day)",
        "rate(7 days)",
    ] {
        for kind in [ExpressionKind::Rule, ExpressionKind::Scheduler] {
            let read = Expression::parse(good, kind)
                .unwrap_or_else(|wrong| panic!("{}", format_error(good, &wrong)));
            assert_eq!(read.to_string(), good);
        }
    }
}

#[test]
fn undocumented_forms_are_accepted() {
    for silent in [
        "cron(0 9 ? * FRI-MON *)",
        "cron(0 22-6 * * ? *)",
        "cron(0 9 28-3 NOV-FEB ? *)",
        "cron(0 22-6/2 * * ? *)",
        "cron(0 9 ? * 2/3 *)",
        "cron(0/0 9 * * ? *)",
        "cron(0/59 9 * * ? *)",
        "cron(0 9 * * ? 2500)",
    ] {
        assert!(Expression::parse(silent, ExpressionKind::Rule).is_ok(), "{silent}");
    }
}

#[test]
fn the_table_of_expressions_holds() {
    let table = include_str!("../../../tests/cli/schedule_expressions.tsv");
    for row in table.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [_, text, rule, schedule, _] = cells[..] else { panic!("{row}") };
        assert_eq!(Expression::parse(text, ExpressionKind::Rule).is_ok(), rule != "no", "rule: {row}");
        let parsed = Expression::parse(text, ExpressionKind::Scheduler);
        assert_eq!(parsed.is_ok(), schedule != "no", "schedule: {row}");
    }
}

#[test]
fn only_schedules_accept_at_and_any_unit_form() {
    for text in ["at(2026-11-20T13:00:00)", "rate(1 minutes)", "rate(5 minute)", "rate(1 days)"] {
        assert!(Expression::parse(text, ExpressionKind::Scheduler).is_ok(), "{text}");
    }
    insta::assert_snapshot!(format_errors(ExpressionKind::Rule, &[
        "at(2026-11-20T13:00:00)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(1 days)",
    ]), @r"
> at(2026-11-20T13:00:00)
  ^^ a rule cannot use `at(…)`
  = remove `via: rule`: only EventBridge Scheduler can run a schedule once
> rate(1 minutes)
         ^^^^^^^ `minutes` after 1: a rule must use `minute`
  = write `rate(1 minute)`
> rate(5 minute)
         ^^^^^^ `minute` after 5: a rule must use `minutes`
  = write `rate(5 minutes)`
> rate(1 days)
         ^^^^ `days` after 1: a rule must use `day`
  = write `rate(1 day)`
");
}

#[test]
fn invalid_rates_are_explained() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "rate()",
        "rate(5)",
        "rate(minutes)",
        "rate(5 or 6 minutes)",
        "rate(0 minutes)",
        "rate(-5 minutes)",
        "rate(1.5 hours)",
        "rate(99999999999999999999 days)",
        "rate(30 seconds)",
        "rate(2 weeks)",
        "rate(1 month)",
        "rate(5 mins)",
        "rate(1 h)",
        "rate(5 Minutes)",
        "rate(5 minuets)",
        "rate(5 fortnights)",
    ]), @r"
> rate()
       ^ nothing in the rate: expected a number and a unit
  = write it as `rate(5 minutes)`
> rate(5)
       ^ `5` in the rate: expected a number and a unit
  = write it as `rate(5 minutes)`
> rate(minutes)
       ^^^^^^^ `minutes` in the rate: expected a number and a unit
  = write it as `rate(5 minutes)`
> rate(5 or 6 minutes)
       ^^^^^^^^^^^^^^ `5 or 6 minutes` in the rate: expected a number and a unit
  = write it as `rate(5 minutes)`
> rate(0 minutes)
       ^ `0` in the rate: expected a whole number from 1 to 200000000
> rate(-5 minutes)
       ^^ `-5` in the rate: expected a whole number from 1 to 200000000
> rate(1.5 hours)
       ^^^ `1.5` in the rate: expected a whole number from 1 to 200000000
> rate(99999999999999999999 days)
       ^^^^^^^^^^^^^^^^^^^^ `99999999999999999999` in the rate: expected a whole number from 1 to 200000000
> rate(30 seconds)
          ^^^^^^^ `seconds` in the rate: expected minutes, hours or days
  = the shortest rate is 1 minute
> rate(2 weeks)
         ^^^^^ `weeks` in the rate: expected minutes, hours or days
  = write `rate(14 days)`
> rate(1 month)
         ^^^^^ `month` in the rate: expected minutes, hours or days
  = write `cron(0 0 1 * ? *)` for the first of each month: a month has no fixed length
> rate(5 mins)
         ^^^^ `mins` in the rate: expected minutes, hours or days
  = did you mean `rate(5 minutes)`?
> rate(1 h)
         ^ `h` in the rate: expected minutes, hours or days
  = did you mean `rate(1 hour)`?
> rate(5 Minutes)
         ^^^^^^^ `Minutes` in the rate: expected minutes, hours or days
  = did you mean `rate(5 minutes)`?
> rate(5 minuets)
         ^^^^^^^ `minuets` in the rate: expected minutes, hours or days
  = did you mean `rate(5 minutes)`?
> rate(5 fortnights)
         ^^^^^^^^^^ `fortnights` in the rate: expected minutes, hours or days
");
}

#[test]
fn a_rate_of_a_rule_needs_a_space_between_number_and_unit() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Rule, &["rate(5minutes)"]), @r"
> rate(5minutes)
       ^^^^^^^^ `5minutes` in the rate: expected a number and a unit
  = write `rate(5 minutes)`, with a space
");
}

#[test]
fn white_space_at_the_brackets_of_a_rate_is_explained() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &["rate( 5 minutes )"]), @r"
> rate( 5 minutes )
       ^^^^^^^^^^^ white space at the brackets of a rate
  = write `rate(5 minutes)`
");
}

#[test]
fn invalid_times_are_explained() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "at()",
        "at(2026-11-20)",
        "at(2026-11-20 13:00:00)",
        "at(2026-11-20T13:00:00Z)",
        "at(2026-11-20T13:00:00+09:00)",
        "at(2026-02-30T13:00:00)",
        "at(2026-11-20T24:00:00)",
        "at(2026-11-20T13:00:60)",
        "at(tomorrow)",
    ]), @r"
> at()
     ^ nothing in `at`: expected yyyy-mm-ddThh:mm:ss
> at(2026-11-20)
     ^^^^^^^^^^ `2026-11-20` in `at`: expected yyyy-mm-ddThh:mm:ss
  = write `at(2026-11-20T00:00:00)`
> at(2026-11-20 13:00:00)
     ^^^^^^^^^^^^^^^^^^^ `2026-11-20 13:00:00` in `at`: expected yyyy-mm-ddThh:mm:ss
  = write `at(2026-11-20T13:00:00)`
> at(2026-11-20T13:00:00Z)
     ^^^^^^^^^^^^^^^^^^^^ `2026-11-20T13:00:00Z` in `at`: expected yyyy-mm-ddThh:mm:ss
  = write `at(2026-11-20T13:00:00)`, and set the time zone with `timezone:`
> at(2026-11-20T13:00:00+09:00)
     ^^^^^^^^^^^^^^^^^^^^^^^^^ `2026-11-20T13:00:00+09:00` in `at`: expected yyyy-mm-ddThh:mm:ss
  = write `at(2026-11-20T13:00:00)`, and set the time zone with `timezone:`
> at(2026-02-30T13:00:00)
     ^^^^^^^^^^^^^^^^^^^ `2026-02-30T13:00:00` is not a valid date and time
> at(2026-11-20T24:00:00)
     ^^^^^^^^^^^^^^^^^^^ `2026-11-20T24:00:00` is not a valid date and time
> at(2026-11-20T13:00:60)
     ^^^^^^^^^^^^^^^^^^^ `2026-11-20T13:00:60` is not a valid date and time
> at(tomorrow)
     ^^^^^^^^ `tomorrow` in `at`: expected yyyy-mm-ddThh:mm:ss
");
}

#[test]
fn invalid_time_zones_are_explained() {
    for name in ["UTC", "Etc/UTC", "Asia/Tokyo", "America/Argentina/Buenos_Aires", "Europe/Berlin", "GMT"] {
        assert_eq!(time_zone(name).expect("a zone").iana_name(), Some(name));
    }
    let names = [
        "",
        "Asia/Tokio",
        "asia/tokyo",
        "Tokyo",
        "New York",
        "JST",
        "PST",
        "UTC+9",
        "+09:00",
        "Mars/Olympus",
    ];
    let shown: String =
        names.iter().map(|name| format_error(name, &time_zone(name).expect_err("no zone"))).collect();
    insta::assert_snapshot!(shown, @r"
> 
  ^ the name of the time zone is empty
  = use the name of a place, such as `Asia/Tokyo`, or `UTC`
> Asia/Tokio
  ^^^^^^^^^^ no time zone named `Asia/Tokio` in the tz database
  = did you mean `Asia/Tokyo`?
> asia/tokyo
  ^^^^^^^^^^ no time zone named `asia/tokyo` in the tz database
  = did you mean `Asia/Tokyo`?
> Tokyo
  ^^^^^ no time zone named `Tokyo` in the tz database
  = did you mean `Asia/Tokyo`?
> New York
  ^^^^^^^^ no time zone named `New York` in the tz database
  = did you mean `America/New_York`?
> JST
  ^^^ no time zone named `JST` in the tz database
  = did you mean `Asia/Tokyo`?
> PST
  ^^^ no time zone named `PST` in the tz database
  = did you mean `America/Los_Angeles`?
> UTC+9
  ^^^^^ no time zone named `UTC+9` in the tz database
  = use the name of a place instead of an offset, such as `Asia/Tokyo`, or `UTC`
> +09:00
  ^^^^^^ no time zone named `+09:00` in the tz database
  = use the name of a place instead of an offset, such as `Asia/Tokyo`, or `UTC`
> Mars/Olympus
  ^^^^^^^^^^^^ no time zone named `Mars/Olympus` in the tz database
  = use the name of a place, such as `Asia/Tokyo`, or `UTC`
");
}
