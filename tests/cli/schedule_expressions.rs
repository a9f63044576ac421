//! Checks that schedule expressions are taken and refused as EventBridge does, by `check` and by the sandbox alike.

use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::support::{Folder, MANIFEST, Run, World, service};

/// Returns a manifest with one schedule.
fn manifest(lines: &str) -> String {
    format!(
        "ecsail: 1\napp: shop\nregion: us-east-1\ncluster: main\nschedule_role: starter\nservices:\n  web: {{ task_definition: web.yml }}\nschedules:\n  one:\n    task: {{ like: web }}\n{lines}"
    )
}

const DEFINITION: &str =
    "family: web\ncontainerDefinitions: [ { name: web, image: \"nginx:1\", memory: 128 } ]\n";

fn checked(lines: &str) -> Run {
    Folder::new(&[("ecsail.yml", &manifest(lines)), ("web.yml", DEFINITION)]).run(&["check"])
}

fn of_schedule(expression: &str) -> String {
    format!("    expression: {expression}\n")
}

fn of_rule(expression: &str) -> String {
    format!("    via: rule\n{}", of_schedule(expression))
}

/// Returns the expressions of the table that `check` refuses: `column` is that of a rule or of a schedule.
fn refused_of_table(via: &str, column: usize) -> (Vec<String>, Vec<String>) {
    let table = include_str!("schedule_expressions.tsv");
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('\t').collect()).collect();
    let schedules = rows.iter().enumerate().map(|(index, row)| {
        format!("  s{index}: {{ via: {via}, expression: \"{}\", task: {{ like: web }} }}\n", row[1])
    });
    let manifest = manifest(&of_schedule("rate(1 day)")) + &schedules.collect::<String>();
    let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)]);
    let run = folder.run(&["check", "--output", "json"]).exits(1);
    let answer: Value = serde_json::from_str(run.stdout.trim()).expect("an event");
    let errors = answer["problems"].as_array().into_iter().flatten();
    let errors = errors.filter(|problem| problem["rule"] == "schedule-expression");
    let found: Vec<String> = errors.map(|problem| problem["path"].to_string()).collect();
    let expected = rows.iter().enumerate().filter(|(_, row)| row[column] == "no");
    let expected = expected.map(|(index, _)| format!("\"schedules.s{index}.expression\""));
    (found, expected.collect())
}

#[test]
fn check_refuses_in_rules_what_the_table_says() {
    let (found, expected) = refused_of_table("rule", 2);
    assert_eq!(found, expected);
}

#[test]
fn check_refuses_in_schedules_what_the_table_says() {
    let (found, expected) = refused_of_table("scheduler", 3);
    assert_eq!(found, expected);
}

#[test]
fn an_expression_check_can_be_ignored() {
    checked(&format!("{}    ignore: [schedule-expression]\n", of_schedule("cron(0 3 L-3W * ? *)"))).exits(0);
}

#[test]
fn a_schedule_that_never_runs_is_a_warning() {
    for (expression, reason) in [
        ("cron(0 0 31 2 ? *)", "there is no such date"),
        ("cron(0 0 30W 2 ? *)", "there is no such date"),
        ("cron(0 0 L-30 2 ? *)", "there is no such date"),
        ("cron(15 10 ? * 6L 2002-2005)", "its times have passed"),
        ("cron(0 20 * * ? 2500)", "EventBridge documents the years 1970-2199"),
        ("at(2001-01-01T00:00:00)", "its times have passed"),
    ] {
        let run = checked(&of_schedule(expression)).exits(0);
        assert!(run.stderr.contains("warning[schedule-never-runs]"), "{expression}:\n{}", run.stderr);
        assert!(run.stderr.contains(reason), "{expression}:\n{}", run.stderr);
    }
}

#[test]
fn a_schedule_whose_window_holds_none_of_its_times_is_a_warning() {
    let window = "    start: 2098-01-02T00:00:00Z\n    end: 2098-01-03T00:00:00Z\n";
    let run = checked(&format!("{}{window}", of_schedule("cron(0 0 1 * ? *)"))).exits(0);
    run.says("it has no time between `start` and `end`");
}

#[test]
fn a_disabled_schedule_and_the_29th_of_february_are_no_warnings() {
    for lines in [
        format!("{}    enabled: false\n", of_schedule("cron(0 0 31 2 ? *)")),
        of_schedule("cron(0 0 29 2 ? *)"),
    ] {
        let run = checked(&lines).exits(0);
        assert!(!run.stderr.contains("never"), "{}", run.stderr);
    }
}

#[test]
fn the_sandbox_refuses_in_the_words_of_aws_what_check_was_told_to_ignore() {
    for (lines, expected) in [
        (of_schedule("cron(0 3 W * ? *)"), "Invalid Schedule Expression cron(0 3 W * ? *)."),
        (of_rule("rate(10 minute)"), "Parameter ScheduleExpression is not valid."),
    ] {
        let schedules = format!(
            "schedule_role: starter\nschedules:\n  one:\n    task: {{ like: web }}\n    ignore: [schedule-expression]\n{lines}"
        );
        let manifest = format!("{MANIFEST}{schedules}");
        let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
        let files = [("ecsail.yml", manifest.as_str()), ("web.yml", crate::support::DEFINITION)];
        let world = World::with(Scenario::Steady, &files, &[service("web", network)]);
        world.run(&["deploy", "schedule", "--tag", "v2", "--yes"]).exits(1).says(expected);
    }
}
