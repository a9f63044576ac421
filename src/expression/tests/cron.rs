use super::*;

#[test]
fn a_field_says_what_it_found_and_what_it_expects() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "cron(60 3 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 -1 * * ? *)",
        "cron(0 3 0 * ? *)",
        "cron(0 3 32 * ? *)",
        "cron(0 3 * 13 ? *)",
        "cron(0 3 ? * 0 *)",
        "cron(0 3 ? * 0-6 *)",
        "cron(0 3 ? * 8 *)",
        "cron(0 3 * * ? 0)",
        "cron(0 3 * * ? 10000)",
        "cron(0 3 * * ? 99999999999999999999999)",
        "cron(1.5 3 * * ? *)",
        "cron(é 3 * * ? *)",
        "cron(0 3pm * * ? *)",
    ]), @r"
> cron(60 3 * * ? *)
       ^^ `60` in the minutes: expected 0-59
  = write 0 for the full hour
> cron(0 24 * * ? *)
         ^^ `24` in the hours: expected 0-23
  = write 0 for midnight
> cron(0 -1 * * ? *)
         ^ a value is missing in the hours: expected 0-23
> cron(0 3 0 * ? *)
           ^ `0` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
> cron(0 3 32 * ? *)
           ^^ `32` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
> cron(0 3 * 13 ? *)
             ^^ `13` in the month: expected 1-12 or JAN-DEC
> cron(0 3 ? * 0 *)
               ^ `0` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
  = write `SUN`: days of the week are 1-7, from Sunday
> cron(0 3 ? * 0-6 *)
               ^ `0` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
  = write `SUN`: days of the week are 1-7, from Sunday
> cron(0 3 ? * 8 *)
               ^ `8` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
> cron(0 3 * * ? 0)
                 ^ `0` in the year: expected 1970-2199
> cron(0 3 * * ? 10000)
                 ^^^^^ `10000` in the year: expected 1970-2199
> cron(0 3 * * ? 99999999999999999999999)
                 ^^^^^^^^^^^^^^^^^^^^^^^ `99999999999999999999999` in the year: expected 1970-2199
> cron(1.5 3 * * ? *)
       ^^^ `1.5` in the minutes: expected 0-59
> cron(é 3 * * ? *)
       ^ `é` in the minutes: expected 0-59
> cron(0 3pm * * ? *)
         ^^^ `3pm` in the hours: expected 0-23
");
}

#[test]
fn a_name_that_is_none_has_its_neighbour() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "cron(0 3 * SEPT ? *)",
        "cron(0 3 * JUM ? *)",
        "cron(0 3 * January ? *)",
        "cron(0 3 ? * WEB *)",
        "cron(0 3 ? * MONDAY *)",
        "cron(0 3 ? * MON-FIR *)",
        "cron(0 3 ? * BANANA *)",
        "cron(0 3 MON * ? *)",
    ]), @r"
> cron(0 3 * SEPT ? *)
             ^^^^ `SEPT` in the month: expected 1-12 or JAN-DEC
  = did you mean `SEP`?
> cron(0 3 * JUM ? *)
             ^^^ `JUM` in the month: expected 1-12 or JAN-DEC
  = did you mean `JUN`?
> cron(0 3 * January ? *)
             ^^^^^^^ `January` in the month: expected 1-12 or JAN-DEC
  = did you mean `JAN`?
> cron(0 3 ? * WEB *)
               ^^^ `WEB` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
  = did you mean `WED`?
> cron(0 3 ? * MONDAY *)
               ^^^^^^ `MONDAY` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
  = did you mean `MON`?
> cron(0 3 ? * MON-FIR *)
                   ^^^ `FIR` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
  = did you mean `FRI`?
> cron(0 3 ? * BANANA *)
               ^^^^^^ `BANANA` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
> cron(0 3 MON * ? *)
           ^^^ `MON` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
  = write days of the week in the fifth field
");
}

#[test]
fn lists_ranges_and_increments_are_whole() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "cron(1,,2 3 * * ? *)",
        "cron(1, 3 * * ? *)",
        "cron(5- 3 * * ? *)",
        "cron(1-2-3 3 * * ? *)",
        "cron(0/ 3 * * ? *)",
        "cron(0/x 3 * * ? *)",
        "cron(/5 3 * * ? *)",
        "cron(0/5/5 3 * * ? *)",
        "cron(0 3 * * ? 2030-2026)",
    ]), @r"
> cron(1,,2 3 * * ? *)
         ^ a value is missing in the minutes: expected 0-59
> cron(1, 3 * * ? *)
         ^ a value is missing in the minutes: expected 0-59
> cron(5- 3 * * ? *)
         ^ a value is missing in the minutes: expected 0-59
> cron(1-2-3 3 * * ? *)
         ^^^ `2-3` in the minutes: expected 0-59
> cron(0/ 3 * * ? *)
         ^ nothing as an increment in the minutes: expected a number
> cron(0/x 3 * * ? *)
         ^ `x` as an increment in the minutes: expected a number
> cron(/5 3 * * ? *)
       ^^ nothing before `/` in the minutes
  = write `*/5`
> cron(0/5/5 3 * * ? *)
         ^^^ `5/5` as an increment in the minutes: expected a number
> cron(0 3 * * ? 2030-2026)
                 ^^^^^^^^^ the range of years `2030-2026` is reversed
  = write `2026-2030`
");
}

#[test]
fn marks_stand_where_they_mean_something() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "cron(? 3 * * ? *)",
        "cron(0 3 1,? * ? *)",
        "cron(0 L * * ? *)",
        "cron(0 3 W * ? *)",
        "cron(0 3 32W * ? *)",
        "cron(0 3 1-5W * ? *)",
        "cron(0 3 L-31 * ? *)",
        "cron(0 3 L-3W * ? *)",
        "cron(0 3 5L * ? *)",
        "cron(0 3 2#1 * ? *)",
        "cron(0 3 ? * 2#6 *)",
        "cron(0 3 ? * 2# *)",
        "cron(0 3 ? * #1 *)",
        "cron(0 3 ? * 3#1,6#3 *)",
        "cron(0 3 ? * LW *)",
        "cron(0 3 ? * 0L *)",
    ]), @r"
> cron(? 3 * * ? *)
       ^ `?` in the minutes: expected 0-59
  = write `*` for all values: `?` is only valid alone, in the day of month or the day of week
> cron(0 3 1,? * ? *)
             ^ `?` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
  = write `*` for all values: `?` is only valid alone, in the day of month or the day of week
> cron(0 L * * ? *)
         ^ `L` in the hours: expected 0-23
  = `L` belongs in the day of month or in the day of week
> cron(0 3 W * ? *)
           ^ `W` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
  = `15W` is the weekday nearest the 15th, `LW` the last of the month
> cron(0 3 32W * ? *)
           ^^ `32` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
> cron(0 3 1-5W * ? *)
           ^^^^ `1-5W` in the day of month: `W` follows a single day, not a range
  = for every weekday, write `MON-FRI` in the day of week
> cron(0 3 L-31 * ? *)
           ^^^^ `L-31` in the day of month: expected `L-1` to `L-30`
> cron(0 3 L-3W * ? *)
           ^^^^ `L-3W` in the day of month: expected `L-1` to `L-30`
> cron(0 3 5L * ? *)
           ^^ `5L` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
> cron(0 3 2#1 * ? *)
           ^^^ `2#1` in the day of month: expected 1-31, or such as `L`, `LW` or `15W`
  = `#` belongs in the day of week: `2#1` is the first Monday
> cron(0 3 ? * 2#6 *)
                 ^ `6` after `#` in the day of week: expected 1-5
  = `2#1` is the first Monday of the month
> cron(0 3 ? * 2# *)
                 ^ nothing after `#` in the day of week: expected 1-5
  = `2#1` is the first Monday of the month
> cron(0 3 ? * #1 *)
               ^ a value is missing in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
> cron(0 3 ? * 3#1,6#3 *)
               ^^^^^^^ `3#1,6#3` in the day of week: with `#` only one day can be given
  = write a schedule for each
> cron(0 3 ? * LW *)
               ^^ `LW` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
  = `W` belongs in the day of month: `15W`, `LW`
> cron(0 3 ? * 0L *)
               ^ `0` in the day of week: expected 1-7 or SUN-SAT, or such as `6L` or `2#1`
  = write `SUN`: days of the week are 1-7, from Sunday
");
}

#[test]
fn exactly_one_of_the_days_is_left_open() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "cron(0 3 * * * *)",
        "cron(0 3 * * MON-FRI *)",
        "cron(0 3 1 * * *)",
        "cron(0 3 1 * MON *)",
        "cron(0 3 ? * ? *)",
    ]), @r"
> cron(0 3 * * * *)
           ^^^^^ the day of month is `*` and the day of week is `*`: one of them must be `?`
  = write `cron(0 3 * * ? *)`
> cron(0 3 * * MON-FRI *)
           ^^^^^^^^^^^ the day of month is `*` and the day of week is `MON-FRI`: one of them must be `?`
  = write `cron(0 3 ? * MON-FRI *)`
> cron(0 3 1 * * *)
           ^^^^^ the day of month is `1` and the day of week is `*`: one of them must be `?`
  = write `cron(0 3 1 * ? *)`
> cron(0 3 1 * MON *)
           ^^^^^^^ the day of month is `1` and the day of week is `MON`: one of them must be `?`
  = write two schedules to run on either day: `cron(0 3 1 * ? *)` and `cron(0 3 ? * MON *)`
> cron(0 3 ? * ? *)
           ^^^^^ the day of month and the day of week are both `?`: one of them must be given
  = write `cron(0 3 * * ? *)`
");
}

#[test]
fn another_number_of_fields_is_explained() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "cron()",
        "cron(0)",
        "cron(0 3 * *)",
        "cron(0 3 * * *)",
        "cron(30 1,8 * * 0,1,4-6)",
        "cron(0 3 1 * 1)",
        "cron(0 3 1 * 32)",
        "cron(0 0 3 * * ? *)",
        "cron(0 0 3 * * ?)",
        "cron(0 0 0 3 * * ? *)",
    ]), @r"
> cron()
       ^ the brackets are empty: expected six fields (minutes, hours, day of month, month, day of week, year)
> cron(0)
       ^ one field: expected six (minutes, hours, day of month, month, day of week, year)
> cron(0 3 * *)
       ^^^^^^^ 4 fields: expected six (minutes, hours, day of month, month, day of week, year)
> cron(0 3 * * *)
       ^^^^^^^^^ 5 fields: expected six (minutes, hours, day of month, month, day of week, year)
  = write `cron(0 3 * * ? *)`: crontab has no year, and counts days of the week from 0
> cron(30 1,8 * * 0,1,4-6)
       ^^^^^^^^^^^^^^^^^^ 5 fields: expected six (minutes, hours, day of month, month, day of week, year)
  = write `cron(30 1,8 ? * SUN,MON,THU-SAT *)`: crontab has no year, and counts days of the week from 0
> cron(0 3 1 * 1)
       ^^^^^^^^^ 5 fields: expected six (minutes, hours, day of month, month, day of week, year)
  = write two schedules, because crontab runs on either day: `cron(0 3 1 * ? *)` and `cron(0 3 ? * MON *)`
> cron(0 3 1 * 32)
       ^^^^^^^^^^ 5 fields: expected six (minutes, hours, day of month, month, day of week, year)
> cron(0 0 3 * * ? *)
       ^^^^^^^^^^^^^ 7 fields: expected six (minutes, hours, day of month, month, day of week, year)
  = write `cron(0 3 * * ? *)`: EventBridge has no field for seconds
> cron(0 0 3 * * ?)
                 ^ `?` in the year: expected 1970-2199
  = write `cron(0 3 * * ? *)`: EventBridge has a field for years, and none for seconds
> cron(0 0 0 3 * * ? *)
       ^^^^^^^^^^^^^^^ 8 fields: expected six (minutes, hours, day of month, month, day of week, year)
");
}

#[test]
fn a_rule_needs_the_year() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Rule, &["cron(0 3 * * ?)"]), @r"
> cron(0 3 * * ?)
       ^^^^^^^^^ 5 fields: expected six (minutes, hours, day of month, month, day of week, year)
  = add the year: `cron(0 3 * * ? *)`
");
}
