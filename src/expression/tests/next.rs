//! Tests of the next runs, with expected values from another implementation and from a calendar.

use super::*;
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn next(text: &str, zone_name: &str, after: &str, count: usize) -> Next {
    let expression = Expression::parse(text, Kind::Scheduler).expect(text);
    expression.next(&zone(zone_name).expect("a zone"), time(after), Window::default(), count)
}

/// Returns the times as `2026-11-23T03:00+09`, in the time zone.
fn written(next: &Next) -> String {
    match next {
        Next::At(times) => {
            let times: Vec<String> =
                times.iter().map(|time| time.strftime("%Y-%m-%dT%H:%M%:::z").to_string()).collect();
            times.join(" ")
        }
        Next::Every(words) => words.clone(),
        Next::Never => "never".to_owned(),
    }
}

/// Checks the first runs of expressions after Sunday, 2026-11-22T03:00 UTC.
#[track_caller]
fn assert_runs(rows: &[(&str, &str)]) {
    for (fields, expected) in rows {
        let count = expected.split(' ').count();
        let found = written(&next(&format!("cron({fields})"), "UTC", "2026-11-22T03:00:00Z", count));
        assert_eq!(found.replace("+00", ""), *expected, "{fields}");
    }
}

/// The expected values are from aws-croniter 2.1.1.
#[test]
fn runs_are_those_that_another_program_finds() {
    assert_runs(&[
        ("0 3 * * ? *", "2026-11-23T03:00 2026-11-24T03:00 2026-11-25T03:00 2026-11-26T03:00"),
        ("15 12 * * ? *", "2026-11-22T12:15 2026-11-23T12:15 2026-11-24T12:15 2026-11-25T12:15"),
        ("0/15 * * * ? *", "2026-11-22T03:15 2026-11-22T03:30 2026-11-22T03:45 2026-11-22T04:00"),
        ("*/20 * * * ? *", "2026-11-22T03:20 2026-11-22T03:40 2026-11-22T04:00 2026-11-22T04:20"),
        ("7/25 4 * * ? *", "2026-11-22T04:07 2026-11-22T04:32 2026-11-22T04:57 2026-11-23T04:07"),
        ("0-10/5 8-10 * * ? *", "2026-11-22T08:00 2026-11-22T08:05 2026-11-22T08:10 2026-11-22T09:00"),
        ("0,30 9,17 * * ? *", "2026-11-22T09:00 2026-11-22T09:30 2026-11-22T17:00 2026-11-22T17:30"),
        ("5,10-12,50/4 0 1 1 ? *", "2027-01-01T00:05 2027-01-01T00:10 2027-01-01T00:11 2027-01-01T00:12"),
        ("0 18 ? * MON-FRI *", "2026-11-23T18:00 2026-11-24T18:00 2026-11-25T18:00 2026-11-26T18:00"),
        ("0 18 ? * 2-6 *", "2026-11-23T18:00 2026-11-24T18:00 2026-11-25T18:00 2026-11-26T18:00"),
        ("0 18 ? * mon,Wed,FRI *", "2026-11-23T18:00 2026-11-25T18:00 2026-11-27T18:00 2026-11-30T18:00"),
        ("0 9 ? * SUN *", "2026-11-22T09:00 2026-11-29T09:00 2026-12-06T09:00 2026-12-13T09:00"),
        ("0 9 ? * 1 *", "2026-11-22T09:00 2026-11-29T09:00 2026-12-06T09:00 2026-12-13T09:00"),
        ("0 9 ? * 7 *", "2026-11-28T09:00 2026-12-05T09:00 2026-12-12T09:00 2026-12-19T09:00"),
        ("0 9 ? * 2#1 *", "2026-12-07T09:00 2027-01-04T09:00 2027-02-01T09:00 2027-03-01T09:00"),
        ("0 9 ? * TUE#5 *", "2026-12-29T09:00 2027-03-30T09:00 2027-06-29T09:00 2027-08-31T09:00"),
        ("0 9 ? * 6L *", "2026-11-27T09:00 2026-12-25T09:00 2027-01-29T09:00 2027-02-26T09:00"),
        ("0 9 ? 2 6L *", "2027-02-26T09:00 2028-02-25T09:00 2029-02-23T09:00 2030-02-22T09:00"),
        ("0 9 L * ? *", "2026-11-30T09:00 2026-12-31T09:00 2027-01-31T09:00 2027-02-28T09:00"),
        ("0 9 L 2 ? *", "2027-02-28T09:00 2028-02-29T09:00 2029-02-28T09:00 2030-02-28T09:00"),
        ("0 9 3W * ? *", "2026-12-03T09:00 2027-01-04T09:00 2027-02-03T09:00 2027-03-03T09:00"),
        ("0 9 1W * ? *", "2026-12-01T09:00 2027-01-01T09:00 2027-02-01T09:00 2027-03-01T09:00"),
        ("0 9 31W * ? *", "2026-12-31T09:00 2027-01-29T09:00 2027-03-31T09:00 2027-05-31T09:00"),
        ("0 9 15W 8 ? *", "2027-08-16T09:00 2028-08-15T09:00 2029-08-15T09:00 2030-08-15T09:00"),
        ("0 0 29 2 ? *", "2028-02-29T00:00 2032-02-29T00:00 2036-02-29T00:00 2040-02-29T00:00"),
        ("0 0 31 * ? *", "2026-12-31T00:00 2027-01-31T00:00 2027-03-31T00:00 2027-05-31T00:00"),
        ("0 0 1 1/3 ? *", "2027-01-01T00:00 2027-04-01T00:00 2027-07-01T00:00 2027-10-01T00:00"),
        ("0 0 1 JAN,JUL ? *", "2027-01-01T00:00 2027-07-01T00:00 2028-01-01T00:00 2028-07-01T00:00"),
        ("0 0 1 nov-dec ? *", "2026-12-01T00:00 2027-11-01T00:00 2027-12-01T00:00 2028-11-01T00:00"),
        ("0 12 1-7 * ? *", "2026-12-01T12:00 2026-12-02T12:00 2026-12-03T12:00 2026-12-04T12:00"),
        ("0 12 */10 * ? *", "2026-12-01T12:00 2026-12-11T12:00 2026-12-21T12:00 2026-12-31T12:00"),
        ("0 12 28/2 * ? *", "2026-11-28T12:00 2026-11-30T12:00 2026-12-28T12:00 2026-12-30T12:00"),
        ("59 23 31 12 ? *", "2026-12-31T23:59 2027-12-31T23:59 2028-12-31T23:59 2029-12-31T23:59"),
        ("* * * * ? *", "2026-11-22T03:01 2026-11-22T03:02 2026-11-22T03:03 2026-11-22T03:04"),
        ("0 9 ? * FRI-MON *", "2026-11-22T09:00 2026-11-23T09:00 2026-11-27T09:00 2026-11-28T09:00"),
        ("0 22-2 * * ? *", "2026-11-22T22:00 2026-11-22T23:00 2026-11-23T00:00 2026-11-23T01:00"),
        ("0 9 L-2 * ? *", "2026-11-28T09:00 2026-12-29T09:00 2027-01-29T09:00 2027-02-26T09:00"),
        ("0 9 ? 11-2 WED#4 *", "2026-11-25T09:00 2026-12-23T09:00 2027-01-27T09:00 2027-02-24T09:00"),
    ]);
}

/// The expected values are from a calendar.
#[test]
fn runs_are_those_of_the_calendar() {
    assert_runs(&[
        ("0 9 ? * L *", "2026-11-28T09:00 2026-12-05T09:00"),
        (
            "0 9 LW * ? *",
            "2026-11-30T09:00 2026-12-31T09:00 2027-01-29T09:00 2027-02-26T09:00 2027-03-31T09:00",
        ),
        ("0 9 1W 8 ? 2026-2027", "2027-08-02T09:00"),
        ("0 9 1W 5 ? 2027", "2027-05-03T09:00"),
        ("0 9 ? * 2/3 *", "2026-11-23T09:00 2026-11-26T09:00 2026-11-30T09:00"),
        ("0/0 5 * * ? *", "2026-11-22T05:00 2026-11-23T05:00"),
        ("*/0 5 * * ? *", "2026-11-22T05:00 2026-11-22T05:01"),
        ("0/90 5 * * ? *", "2026-11-22T05:00 2026-11-23T05:00"),
        ("0 22-6/4 * * ? *", "2026-11-22T06:00 2026-11-22T22:00 2026-11-23T02:00"),
        ("0 9 ? * FRIL *", "2026-11-27T09:00 2026-12-25T09:00"),
        ("0 0 1 1 ? 2030", "2030-01-01T00:00"),
        ("0 0 1 1 ? 2027-2029", "2027-01-01T00:00 2028-01-01T00:00 2029-01-01T00:00"),
        ("0 0 1 1 ? 2026/4", "2030-01-01T00:00 2034-01-01T00:00"),
        ("0 0 1 1 ? 2027,2031,2199", "2027-01-01T00:00 2031-01-01T00:00 2199-01-01T00:00"),
        // 2100 is not a leap year.
        ("0 0 29 2 ? 2096-2108", "2096-02-29T00:00 2104-02-29T00:00 2108-02-29T00:00"),
        ("59 23 31 12 ? 2199", "2199-12-31T23:59"),
    ]);
}

#[test]
fn fewer_runs_are_given_where_no_more_follow() {
    assert_eq!(
        written(&next("cron(0 0 1 1 ? 2030)", "UTC", "2026-11-22T03:00:00Z", 3)),
        "2030-01-01T00:00+00"
    );
}

#[test]
fn what_never_comes_is_never() {
    for text in [
        "cron(0 0 31 2 ? *)",
        "cron(0 0 30 FEB ? *)",
        "cron(0 0 31W 4,6,9,11 ? *)",
        "cron(0 0 L-30 FEB ? *)",
        "cron(0 0 * * ? 1970-2025)",
        "cron(0 0 29 2 ? 2027)",
        "cron(0 0 ? 2 MON#5 2027)",
        "at(2026-11-22T02:59:00)",
        "at(2026-11-22T03:00:00)",
    ] {
        assert_eq!(next(text, "UTC", "2026-11-22T03:00:00Z", 3), Next::Never, "{text}");
    }
}

/// Visits every day until 2199, and the time exists on none of them.
#[test]
fn a_time_that_the_clocks_always_skip_is_never() {
    let skipped = next("cron(30 2 ? 3 1#2 2027-2199)", "America/New_York", "2026-11-22T03:00:00Z", 1);
    assert_eq!(skipped, Next::Never);
}

#[test]
fn a_time_that_is_not_there_in_spring_is_skipped() {
    let new_york = next("cron(30 2 * * ? *)", "America/New_York", "2027-03-12T12:00:00Z", 3);
    assert_eq!(written(&new_york), "2027-03-13T02:30-05 2027-03-15T02:30-04 2027-03-16T02:30-04");
    let berlin = next("cron(0/30 2-3 * * ? *)", "Europe/Berlin", "2027-03-28T00:00:00Z", 3);
    assert_eq!(written(&berlin), "2027-03-28T03:00+02 2027-03-28T03:30+02 2027-03-29T02:00+02");
}

#[test]
fn a_time_that_comes_twice_in_autumn_runs_once_at_the_first() {
    let new_york = next("cron(30 1 * * ? *)", "America/New_York", "2027-11-06T00:00:00Z", 3);
    assert_eq!(written(&new_york), "2027-11-06T01:30-04 2027-11-07T01:30-04 2027-11-08T01:30-05");
    let berlin = next("cron(0 * * * ? *)", "Europe/Berlin", "2027-10-30T23:30:00Z", 3);
    assert_eq!(written(&berlin), "2027-10-31T02:00+02 2027-10-31T03:00+01 2027-10-31T04:00+01");
}

#[test]
fn between_the_two_the_second_is_not_a_run() {
    // Clocks have shown 01:45 for the first time, and show 01:10 for the second.
    let found = next("cron(45 1 * * ? *)", "America/New_York", "2027-11-07T06:10:00Z", 1);
    assert_eq!(written(&found), "2027-11-08T01:45-05");
}

#[test]
fn a_zone_without_daylight_saving_keeps_its_times() {
    let tokyo = next("cron(0 3 ? * MON *)", "Asia/Tokyo", "2026-11-22T03:00:00Z", 2);
    assert_eq!(written(&tokyo), "2026-11-23T03:00+09 2026-11-30T03:00+09");
}

#[test]
fn a_day_that_a_zone_left_out_has_no_run() {
    let apia = next("cron(0 12 * 12 ? 2011)", "Pacific/Apia", "2011-12-29T12:00:00Z", 3);
    assert_eq!(written(&apia), "2011-12-29T12:00-10 2011-12-31T12:00+14");
}

#[test]
fn clocks_that_change_at_midnight_leave_a_day_without_its_first_hour() {
    let found = next("cron(0 0 * * ? *)", "Africa/Cairo", "2027-04-28T12:00:00Z", 3);
    assert_eq!(written(&found), "2027-04-29T00:00+02 2027-05-01T00:00+03 2027-05-02T00:00+03");
}

#[test]
fn a_rule_is_utc_and_only_shown_in_the_zone() {
    let rule = Expression::parse("cron(0 3 * * ? *)", Kind::Rule).expect("well formed");
    let tokyo = zone("Asia/Tokyo").expect("a zone");
    let found = rule.next(&tokyo, time("2026-11-22T03:00:00Z"), Window::default(), 1);
    assert_eq!(written(&found), "2026-11-23T12:00+09");
}

#[test]
fn a_rate_without_a_start_has_no_times() {
    let after = "2026-11-22T03:00:00Z";
    assert_eq!(
        written(&next("rate(5 minutes)", "UTC", after, 3)),
        "every 5 minutes, from when it was created"
    );
    assert_eq!(written(&next("rate(1 hours)", "UTC", after, 3)), "every hour, from when it was created");
}

#[test]
fn a_rate_counts_from_the_start_of_its_window() {
    let every = Expression::parse("rate(2 days)", Kind::Scheduler).expect("well formed");
    let window =
        Window { start: Some(time("2027-03-13T12:00:00Z")), end: Some(time("2027-03-17T12:00:00Z")) };
    let zone = zone("America/New_York").expect("a zone");
    let found = |after| written(&every.next(&zone, time(after), window, 9));
    // A day is 24 hours, so the run is an hour later on the clock after daylight saving time began.
    assert_eq!(found("2026-11-22T03:00:00Z"), "2027-03-13T07:00-05 2027-03-15T08:00-04 2027-03-17T08:00-04");
    assert_eq!(found("2027-03-13T12:00:00Z"), "2027-03-15T08:00-04 2027-03-17T08:00-04");
    assert_eq!(found("2027-03-15T11:59:59Z"), "2027-03-15T08:00-04 2027-03-17T08:00-04");
    assert_eq!(found("2027-03-17T12:00:00Z"), "never");
}

#[test]
fn the_longest_rate_ends_where_time_does() {
    let rate = Expression::parse("rate(200000000 days)", Kind::Scheduler).expect("well formed");
    let window = Window { start: Some(time("2027-01-01T00:00:00Z")), end: None };
    let found = rate.next(&TimeZone::UTC, time("2026-11-22T03:00:00Z"), window, 3);
    assert_eq!(written(&found), "2027-01-01T00:00+00");
}

#[test]
fn a_window_that_is_over_leaves_nothing() {
    let window = Window { start: None, end: Some(time("2026-11-22T03:00:00Z")) };
    for text in ["cron(* * * * ? *)", "rate(1 minute)"] {
        let expression = Expression::parse(text, Kind::Scheduler).expect("well formed");
        let found = expression.next(&TimeZone::UTC, time("2026-11-22T03:00:00Z"), window, 3);
        assert_eq!(found, Next::Never, "{text}");
    }
}

#[test]
fn both_ends_belong_to_the_window() {
    let window =
        Window { start: Some(time("2027-01-01T03:00:00Z")), end: Some(time("2027-01-02T03:00:00Z")) };
    let expression = Expression::parse("cron(0 3 * * ? *)", Kind::Scheduler).expect("well formed");
    let found = expression.next(&TimeZone::UTC, time("2026-11-22T03:00:00Z"), window, 9);
    assert_eq!(written(&found), "2027-01-01T03:00+00 2027-01-02T03:00+00");
}

#[test]
fn a_time_runs_once_in_its_zone_whatever_the_window() {
    let at = Expression::parse("at(2027-11-07T01:30:00)", Kind::Scheduler).expect("well formed");
    let window = Window { start: None, end: Some(time("2026-12-01T00:00:00Z")) };
    let found = at.next(&zone("America/New_York").expect("a zone"), time("2026-11-22T03:00:00Z"), window, 3);
    assert_eq!(written(&found), "2027-11-07T01:30-04");
    assert_eq!(next("at(2027-03-14T02:30:00)", "America/New_York", "2026-11-22T03:00:00Z", 3), Next::Never);
}
