//! Tests of the live display (layout and drawing) and of plain progress lines.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use ecsail::aws::types::{Epoch, ServiceEvent};
use ecsail::diagnose::{ContainerOutcome, Diagnosis};
use ecsail::report::explanation;
use ecsail::report::layout::{DisplayRow, TerminalSize, frame};
use ecsail::report::live_lines::LiveLines;
use ecsail::report::progress_line::progress_line;
use ecsail::report::wrap::wrap;
use ecsail::watch::{Progress, ProgressState, Traffic};
use ecsail_sandbox::Scenario;
use indicatif::TermLike;

use crate::support::World;

fn progress(key: &str, standing: ProgressState, running: i64, detail: &str) -> Progress {
    Progress {
        key: key.to_owned(),
        standing,
        desired: 4,
        running,
        detail: detail.to_owned(),
        ..Progress::default()
    }
}

fn row(progress: Progress) -> DisplayRow {
    DisplayRow { progress, seconds: 65.4, note: None }
}

fn lines(rows: &[DisplayRow], columns: usize, rows_of_terminal: usize) -> Vec<String> {
    frame(rows, TerminalSize { columns, rows: rows_of_terminal }, "", false)
}

#[test]
fn failures_come_first_and_names_stand_in_a_column() {
    let going_back =
        Progress { desired: 0, ..progress("a", ProgressState::Failing, 0, "rolling back: no image") };
    let rows = [
        row(progress("done", ProgressState::Done, 4, "completed")),
        row(progress("slow-one", ProgressState::Moving, 0, "scale up")),
        row(Progress { failed: 2, ..progress("ill", ProgressState::Troubled, 1, "scale up") }),
        row(going_back),
        row(progress("asks", ProgressState::Waiting, 4, "waiting for hook approve")),
    ];
    let expected = [
        "a        ░░░░░░░░░░             1m 5s  rolling back: no image",
        "ill      ██░░░░░░░░ 1/4 running 1m 5s  2 failed; scale up",
        "asks     ██████████ 4/4 running 1m 5s  waiting for hook approve",
        "slow-one ░░░░░░░░░░ 0/4 running 1m 5s  scale up",
        "done     ██████████ 4/4 running 1m 5s  completed",
    ];
    assert_eq!(lines(&rows, 80, 24), expected);
}

#[test]
fn row_shows_counts_stage_traffic_hook_and_newest_event() {
    let full = Progress {
        pending: 1,
        stage: Some("bake time".to_owned()),
        traffic: Some(Traffic { test: 100.0, production: 10.0 }),
        hook: Some("smoke".to_owned()),
        ..progress("web", ProgressState::Moving, 3, "waits")
    };
    let row = DisplayRow { note: Some("was unable to place a task.".to_owned()), ..row(full) };
    let said =
        "1 pending; waits; bake time; traffic 10% (test 100%); hook smoke; was unable to place a task.";
    assert_eq!(lines(&[row], 140, 24), [format!("web ████████████░░░░ 3/4 running 1m 5s  {said}")]);
}

#[test]
fn at_no_width_does_a_line_reach_the_last_column() {
    let detail =
        "going on — 進行中 — with a reason that is far longer than any terminal is wide, again and again";
    let names = ["web", "a-service-whose-name-is-longer-than-most-names-are", "日本語のサービス"];
    let rows: Vec<DisplayRow> =
        names.iter().map(|name| row(progress(name, ProgressState::Moving, 2, &detail.repeat(3)))).collect();
    for columns in 1..200 {
        for line in frame(&rows, TerminalSize { columns, rows: 24 }, "sandbox: ", true) {
            let width = console_width(&line);
            assert!(width < columns, "{width} of {columns}: {line:?}");
        }
    }
}

/// Returns the width of a text in columns, without colours. CJK characters have two.
fn console_width(line: &str) -> usize {
    let mut width = 0;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => while characters.next().is_some_and(|next| next != 'm') {},
            '\u{3000}'..='\u{9fff}' => width += 2,
            _ => width += 1,
        }
    }
    width
}

#[test]
fn a_long_name_loses_its_middle() {
    let rows = [row(progress("production-shop-frontend-blue", ProgressState::Moving, 4, "scale up"))];
    assert_eq!(lines(&rows, 40, 24), ["produc…d-blue 4/4 1m 5s  scale up"]);
}

#[test]
fn hidden_rows_are_counted_in_one_line() {
    let mut rows: Vec<DisplayRow> =
        (0..35).map(|n| row(progress(&format!("m{n:02}"), ProgressState::Moving, 2, "scale up"))).collect();
    rows.extend((0..4).map(|n| row(progress(&format!("d{n}"), ProgressState::Done, 4, "completed"))));
    rows.push(row(progress("bad", ProgressState::Failing, 0, "cannot succeed")));
    let shown = lines(&rows, 80, 8);
    assert_eq!(shown.len(), 5, "the rest of the rows is for the story: {shown:?}");
    assert!(shown[0].starts_with("bad "), "{shown:?}");
    assert_eq!(shown[4], "… and 36 more: 32 in progress, 4 succeeded");
    assert_eq!(lines(&rows, 80, 1), ["40 services: 1 failing, 35 in progress, 4 succeeded"]);
}

#[test]
fn control_characters_of_events_are_removed() {
    let row = DisplayRow {
        note: Some("a\nb\u{1b}[2Jc".to_owned()),
        ..row(progress("web", ProgressState::Moving, 4, "x"))
    };
    assert_eq!(lines(&[row], 80, 24), ["web ██████████ 4/4 running 1m 5s  x; a bc"]);
}

/// A terminal, as far as the display needs one: it wraps, and rewraps when its width changes.
#[derive(Debug)]
struct Terminal {
    columns: usize,
    /// The rows, each with whether the next row continues the same line.
    rows: Vec<(String, bool)>,
    at: (usize, usize),
}

impl Terminal {
    fn new(columns: usize) -> Terminal {
        Terminal { columns, rows: vec![(String::new(), false)], at: (0, 0) }
    }

    fn write(&mut self, text: &str) {
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\r' => self.at.1 = 0,
                '\n' => self.line_feed(false),
                '\u{1b}' => {
                    let code: String = characters.by_ref().skip(1).take_while_inclusive();
                    self.control(&code);
                }
                other => self.put(other),
            }
        }
    }

    fn line_feed(&mut self, wrapped: bool) {
        self.rows[self.at.0].1 = wrapped;
        self.at = (self.at.0 + 1, 0);
        if self.at.0 == self.rows.len() {
            self.rows.push((String::new(), false));
        }
    }

    fn put(&mut self, character: char) {
        if self.at.1 == self.columns {
            self.line_feed(true);
        }
        let (row, column) = self.at;
        let mut characters: Vec<char> = self.rows[row].0.chars().collect();
        characters.resize(characters.len().max(column + 1), ' ');
        characters[column] = character;
        self.rows[row].0 = characters.into_iter().collect();
        self.at.1 += 1;
    }

    fn control(&mut self, code: &str) {
        let (row, column) = self.at;
        match code.split_at(code.len() - 1) {
            (count, "A") => self.at.0 = row.saturating_sub(count.parse().expect("a number")),
            // After the last column was written, the cursor is still on it.
            ("", "K") => {
                let kept = column.min(self.columns - 1);
                self.rows[row] = (self.rows[row].0.chars().take(kept).collect(), false);
            }
            // `J` is not among them: tmux moves a screen that is erased as a whole to its history.
            other => panic!("the display is not to use {other:?}"),
        }
    }

    /// Rewraps all lines. The cursor at the beginning of the last line stays there.
    fn resize(&mut self, columns: usize) {
        let lines = self.lines();
        self.columns = columns;
        self.rows = Vec::new();
        for line in lines {
            let characters: Vec<char> = line.chars().collect();
            let folded = characters.chunks(columns).map(|part| (part.iter().collect(), true));
            self.rows.extend(folded);
            if characters.is_empty() {
                self.rows.push((String::new(), false));
            } else {
                self.rows.last_mut().expect("a row was pushed").1 = false;
            }
        }
        self.at = (self.rows.len() - 1, 0);
    }

    /// Returns the lines as they were written, down to that of the cursor; nothing may be below it.
    fn lines(&self) -> Vec<String> {
        let (above, below) = self.rows.split_at(self.at.0 + 1);
        assert!(below.iter().all(|(text, _)| text.is_empty()), "below the cursor: {below:?}");
        let mut lines = vec![String::new()];
        for (text, goes_on) in above {
            lines.last_mut().expect("there is one").push_str(text);
            if !goes_on {
                lines.push(String::new());
            }
        }
        lines.pop();
        lines
    }
}

/// Consumes the characters of a control sequence, including the last one.
trait TakeControl {
    fn take_while_inclusive(self) -> String;
}

impl<I: Iterator<Item = char>> TakeControl for I {
    fn take_while_inclusive(self) -> String {
        let mut code = String::new();
        for character in self {
            code.push(character);
            if character.is_ascii_alphabetic() {
                break;
            }
        }
        code
    }
}

/// The terminal as the live lines see it.
#[derive(Debug)]
struct SharedTerminal(Mutex<Terminal>);

impl SharedTerminal {
    fn lock(&self) -> MutexGuard<'_, Terminal> {
        self.0.lock().expect("no test has panicked with it")
    }

    /// Returns the lines that are on the terminal, without padding.
    fn lines(&self) -> Vec<String> {
        self.lock().lines().iter().map(|line| line.trim_end().to_owned()).collect()
    }
}

impl TermLike for SharedTerminal {
    fn width(&self) -> u16 {
        self.lock().columns.try_into().expect("a small number")
    }

    fn height(&self) -> u16 {
        24
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.lock().write(text);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        unreachable!("what is drawn is written as one text")
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        unreachable!("what is drawn is written as one text")
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        unreachable!("what is drawn is written as one text")
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        unreachable!("what is drawn is written as one text")
    }

    fn write_line(&self, _: &str) -> io::Result<()> {
        unreachable!("what is drawn is written as one text")
    }

    fn clear_line(&self) -> io::Result<()> {
        unreachable!("what is drawn is written as one text")
    }
}

/// Draws frames of changing sizes with lines between them, on a terminal whose width changes; returns the lines that
/// are left on it, and those that were written above.
fn drawn(widths: &[usize]) -> (Vec<String>, Vec<String>) {
    let terminal = Arc::new(SharedTerminal(Mutex::new(Terminal::new(widths[0]))));
    let rows: Arc<Mutex<Vec<DisplayRow>>> = Arc::default();
    let shown = Arc::clone(&rows);
    let display = LiveLines::new(terminal.clone(), move |size| {
        frame(&shown.lock().expect("no test has panicked with it"), size, "", false)
    });
    terminal.lock().write("$ ecsail deploy\n");
    let mut told = vec!["$ ecsail deploy".to_owned()];
    display.show();
    for (index, columns) in widths.iter().enumerate() {
        let is_resized = *columns != terminal.lock().columns;
        if is_resized {
            terminal.lock().resize(*columns);
        }
        *rows.lock().expect("no test has panicked with it") = (0..(7 * index) % 9)
            .map(|n| row(progress(&format!("s{n}"), ProgressState::Moving, 1, "scale up")))
            .collect();
        let story: Vec<String> =
            (0..index % 3).map(|n| format!("story {index} {n} {}", "word ".repeat(12))).collect();
        if story.is_empty() {
            display.redraw();
        } else {
            assert!(display.write_above(&story.join("\n")));
        }
        told.extend(story);
        let frame = lines(&rows.lock().expect("no test has panicked with it"), *columns, 24);
        let shown: Vec<&str> = told.iter().chain(&frame).map(|line| line.trim_end()).chain([""]).collect();
        assert_eq!(terminal.lines(), shown, "drawing {index}, {columns} columns");
    }
    assert!(display.remove());
    (terminal.lines(), told)
}

#[test]
fn drawing_leaves_only_the_lines_above() {
    let (left, told) = drawn(&[80; 30]);
    let told: Vec<&str> = told.iter().map(|line| line.trim_end()).chain([""]).collect();
    assert_eq!(left, told);
}

#[test]
fn a_line_as_wide_as_the_terminal_keeps_its_last_column() {
    let terminal = Arc::new(SharedTerminal(Mutex::new(Terminal::new(20))));
    let display = LiveLines::new(terminal.clone(), |_| vec!["web".to_owned()]);
    display.show();
    let story = ["12345678901234567890", "1234567890123456789012345678901234567890", "short"];
    for line in story {
        assert!(display.write_above(line));
    }
    assert_eq!(terminal.lines(), [&story[..], &["web", ""]].concat());
}

#[test]
fn a_display_that_is_shown_again_is_below_what_was_written_meanwhile() {
    let terminal = Arc::new(SharedTerminal(Mutex::new(Terminal::new(20))));
    let display = LiveLines::new(terminal.clone(), |_| vec!["web".to_owned(), "worker".to_owned()]);
    display.show();
    display.redraw();
    assert!(display.remove());
    assert!(!display.write_above("nothing is above it"));
    terminal.lock().write("a question\n");
    display.show();
    display.redraw();
    assert_eq!(terminal.lines(), ["a question", "web", "worker", ""]);
    display.leave();
    terminal.lock().write("the end\n");
    assert_eq!(terminal.lines(), ["a question", "web", "worker", "the end", ""]);
}

#[test]
fn a_terminal_that_changes_its_width_keeps_no_old_lines() {
    drawn(&[80, 80, 40, 40, 33, 120, 120, 60, 7, 200, 80, 40, 80, 40, 80]);
}

#[test]
fn plain_line_shows_nonzero_counts_without_repetition() {
    let web = |running, detail: &str| progress("web", ProgressState::Moving, running, detail);
    let traffic = |test, production| Some(Traffic { test, production });
    let rows = [
        (web(4, "scale up"), "web: 4/4 running; scale up"),
        (
            Progress { pending: 1, failed: 2, stage: Some("scale up".to_owned()), ..web(1, "scale up") },
            "web: 1/4 running, 1 pending, 2 failed; scale up",
        ),
        (
            Progress {
                traffic: traffic(100.0, 10.0),
                stage: Some("bake time".to_owned()),
                ..web(4, "bake time")
            },
            "web: 4/4 running; bake time; traffic 10% (test 100%)",
        ),
        (Progress { traffic: traffic(100.0, 100.0), ..web(4, "x") }, "web: 4/4 running; x; traffic 100%"),
        (
            Progress {
                hook: Some("ok".to_owned()),
                standing: ProgressState::Waiting,
                ..web(4, "waiting for hook ok")
            },
            "web: 4/4 running; waiting for hook ok",
        ),
        (
            Progress { traffic: traffic(100.0, 100.0), standing: ProgressState::Done, ..web(4, "completed") },
            "web: 4/4 running; completed",
        ),
        (
            Progress {
                desired: 0,
                failed: 4,
                standing: ProgressState::Failing,
                ..web(0, "rolling back: why")
            },
            "web: rolling back: why",
        ),
    ];
    for (progress, expected) in rows {
        assert_eq!(progress_line(&progress, None), expected);
    }
}

#[test]
fn reason_of_a_rollback_is_shown_once() {
    let gone = |detail: &str| Progress { desired: 0, ..progress("web", ProgressState::Failing, 0, detail) };
    let before = gone("rolling back: the breaker");
    assert_eq!(progress_line(&gone("rolled back: the breaker"), Some(&before)), "web: rolled back");
    assert_eq!(progress_line(&gone("rolled back: an alarm"), Some(&before)), "web: rolled back: an alarm");
}

#[test]
fn plain_rollback_line_has_no_zero_counts() {
    let run = World::with_breaker(Scenario::Crash).deploy("v2").exits(3).says("web: rolling back: ");
    assert!(!run.stderr.contains("0/0 running"), "{}", run.stderr);
}

#[test]
fn rolled_back_rollout_is_never_shown_as_completed() {
    let run = World::new(Scenario::CrashBreaker).deploy("v2").exits(3).says("web: rolling back to web:1");
    assert!(!run.stderr.contains("completed"), "{}", run.stderr);
    run.says("web: 2/2 running; rolled back").answers("; rolled back, web:1 is running\n");
}

#[test]
fn routine_events_are_shown_with_v_only() {
    let ordinary = "has reached a steady state";
    let run = World::with_breaker(Scenario::Steady).deploy("v2").exits(0);
    assert!(!run.stderr.contains(ordinary), "{}", run.stderr);
    let world = World::with_breaker(Scenario::Steady);
    world.run(&["deploy", "--tag", "v2", "-v"]).exits(0).says(ordinary);
    World::with_breaker(Scenario::Crash).deploy("v2").exits(3).says("tasks failed to start");
}

#[test]
fn long_lines_are_folded_at_words_and_keep_their_indentation() {
    let rows = [
        ("short", "short"),
        ("web: one two three four", "web: one two\n  three four"),
        ("  stopped: one two three", "  stopped: one\n    two three"),
        ("a\n  b\n\nc", "a\n  b\n\nc"),
        ("  anextremelylongword next", "  anextremelylongword\n    next"),
        ("\u{1b}[31mred words that\u{1b}[0m go", "\u{1b}[31mred words that\u{1b}[0m\n  go"),
    ];
    for (text, expected) in rows {
        assert_eq!(wrap(text, 16), expected);
    }
}

#[test]
fn a_command_is_never_folded() {
    let text = "  look at it: `ecsail status web --cluster main` or not";
    assert_eq!(wrap(text, 20), "  look at it:\n    `ecsail status web --cluster main`\n    or not");
}

fn failed(reason: &str, containers: Vec<ContainerOutcome>) -> Diagnosis {
    Diagnosis {
        task: Some("t1".to_owned()),
        failed_tasks: 1,
        stop_code: Some("TaskFailedToStart".into()),
        stopped_reason: Some(reason.to_owned()),
        containers,
        ..Diagnosis::default()
    }
}

fn container(exit_code: Option<i64>, reason: &str) -> ContainerOutcome {
    ContainerOutcome { name: "app".to_owned(), exit_code, reason: Some(reason.to_owned()), failing: true }
}

#[test]
fn shared_reason_of_task_and_container_is_shown_once() {
    let reason = "CannotPullContainerError: not found";
    let text = explanation::text("web", &failed(reason, vec![container(None, reason)]), None, false);
    let expected = "web: one task failed: t1\n  stopped: CannotPullContainerError: not found (TaskFailedToStart)\n  \
                    container `app`: no exit code";
    assert_eq!(text, expected);
    let other = failed("Essential container exited", vec![container(Some(137), "OutOfMemoryError")]);
    let text = explanation::text("web", &other, None, false);
    assert!(text.ends_with("container `app`: exit code 137: OutOfMemoryError"), "{text}");
}

#[test]
fn of_many_events_the_newest_are_shown() {
    let event = |n: usize| ServiceEvent {
        created_at: Epoch(n as f64),
        message: format!("event {n}"),
        ..ServiceEvent::default()
    };
    let diagnosis = Diagnosis { events: (0..9).map(event).collect(), ..Diagnosis::default() };
    let text = explanation::text("web", &diagnosis, None, false);
    assert!(text.starts_with("web: service events\n  … 4 earlier\n  00:00:04Z event 4\n"), "{text}");
    assert!(text.ends_with("event 8"), "{text}");
}

#[test]
fn off_a_terminal_no_line_is_folded() {
    let run = World::with_breaker(Scenario::Crash).deploy("v2").exits(3);
    let long = "web: web:2 was rolled back, web:1 is running: Service deployment rolled back because the circuit breaker";
    run.answers(long);
}

#[test]
fn columns_keep_their_gaps_where_a_line_is_folded() {
    let line = "  rollout   web:2 in progress: it takes its time";
    assert_eq!(wrap(line, 30), "  rollout   web:2 in progress:\n    it takes its time");
}
