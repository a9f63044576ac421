use super::*;

#[test]
fn a_text_that_is_no_expression_gets_the_one_that_was_meant() {
    insta::assert_snapshot!(format_errors(ExpressionKind::Scheduler, &[
        "",
        " cron(0 3 * * ? *)\n",
        "nightly",
        "0 3 * * *",
        "*/5 * * * 1-5",
        "0 3 * * 5-7",
        "0 3 * * 0-7",
        "0 3 13 * 5",
        "0 3 * * ? *",
        "@daily",
        "@dayly",
        "5 minutes",
        "every 5 minutes",
        "2026-11-20T13:00:00",
        "cron 0 3 * * ? *",
        "cron0 3 * * ? *)",
        "cron(0 3 * * ? *",
        "cron(0 3 * * ? *) # nightly",
        "cron (0 3 * * ? *)",
        "corn(0 3 * * ? *)",
        "every(5 minutes)",
        "(5 minutes)",
    ]), @r"
> 
  ^ the expression is empty
  = write `cron(minutes hours day-of-month month day-of-week year)`, `rate(number unit)` or `at(time)`
>  cron(0 3 * * ? *)⏎
  ^^^^^^^^^^^^^^^^^^^ white space around the expression
  = write `cron(0 3 * * ? *)`
> nightly
  ^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = write `cron(minutes hours day-of-month month day-of-week year)`, `rate(number unit)` or `at(time)`
> 0 3 * * *
  ^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `cron(0 3 * * ? *)`?
> */5 * * * 1-5
  ^^^^^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `cron(*/5 * ? * MON-FRI *)`?
> 0 3 * * 5-7
  ^^^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `cron(0 3 ? * FRI-SUN *)`?
> 0 3 * * 0-7
  ^^^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `cron(0 3 ? * * *)`?
> 0 3 13 * 5
  ^^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = write two schedules, because crontab runs on either day: `cron(0 3 13 * ? *)` and `cron(0 3 ? * FRI *)`
> 0 3 * * ? *
  ^^^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `cron(0 3 * * ? *)`?
> @daily
  ^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `cron(0 0 * * ? *)`?
> @dayly
  ^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `cron(0 0 * * ? *)`?
> 5 minutes
  ^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `rate(5 minutes)`?
> every 5 minutes
  ^^^^^^^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `rate(5 minutes)`?
> 2026-11-20T13:00:00
  ^^^^^^^^^^^^^^^^^^^ expected `cron(…)`, `rate(…)` or `at(…)`
  = did you mean `at(2026-11-20T13:00:00)`?
> cron 0 3 * * ? *
  ^^^^^^^^^^^^^^^^ `cron` has no opening bracket
  = write `cron(0 3 * * ? *)`
> cron0 3 * * ? *)
  ^^^^^^^^^^^^^^^^ `cron` has no opening bracket
  = write `cron(0 3 * * ? *)`
> cron(0 3 * * ? *
                  ^ the closing bracket is missing
  = write `cron(0 3 * * ? *)`
> cron(0 3 * * ? *) # nightly
                   ^^^^^^^^^^ unexpected ` # nightly` after the closing bracket
> cron (0 3 * * ? *)
  ^^^^^ unexpected `cron ` before the bracket: expected `cron`, `rate` or `at`
  = did you mean `cron(0 3 * * ? *)`?
> corn(0 3 * * ? *)
  ^^^^ unexpected `corn` before the bracket: expected `cron`, `rate` or `at`
  = did you mean `cron(0 3 * * ? *)`?
> every(5 minutes)
  ^^^^^ unexpected `every` before the bracket: expected `cron`, `rate` or `at`
  = write `cron(minutes hours day-of-month month day-of-week year)`, `rate(number unit)` or `at(time)`
> (5 minutes)
  ^ nothing before the bracket: expected `cron`, `rate` or `at`
  = write `cron(minutes hours day-of-month month day-of-week year)`, `rate(number unit)` or `at(time)`
");
}

#[test]
fn every_expression_that_a_hint_suggests_is_one() {
    let mut seen = 0;
    for text in [
        "0 3 * * *",
        "@weekly",
        "0 3 * * ? *",
        "cron(0 3 * * *)",
        "cron(0 3 1 * 1)",
        "cron(0 0 3 * * ? *)",
        "cron(0 3 * * * *)",
        "cron(0 3 * * MON *)",
        "cron(0 3 1 * MON *)",
        "cron(0 3 ? * ? *)",
        "cron(0 3 * * ? *",
        "rate(2 weeks)",
        "rate(1 month)",
        "rate(5 mins)",
        "at(2026-11-20)",
        "at(2026-11-20 13:00)",
        "at(2026-11-20T13:00:00Z)",
        "rate 5 minutes",
        "every 2 hours",
    ] {
        let hint = Expression::parse(text, ExpressionKind::Scheduler)
            .expect_err("wrong")
            .hint
            .unwrap_or_else(|| panic!("{text} has no hint"));
        for better in hint.split('`').filter(|part| part.contains('(')) {
            seen += 1;
            assert!(Expression::parse(better, ExpressionKind::Scheduler).is_ok(), "{text}: {better}");
        }
    }
    assert!(seen >= 20);
}
