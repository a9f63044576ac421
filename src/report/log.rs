//! Formats log lines: the task and container that wrote them, in a colour for each task.

use super::log_level::find_level;
use super::printable::{one_line, styled};
use super::screen::{Paint, paint};
use crate::events::service::Log;
use crate::tail::merge::LogLine;

/// How many characters of a task's id are shown.
const ID_CHARACTERS: usize = 8;

/// The colours of tasks: readable on dark and light backgrounds.
const COLORS: [&str; 6] = ["36", "33", "35", "32", "34", "31"];

/// Returns a log line as text, with the task and the container before each line of its message.
///
/// The message is not changed; only on a terminal, and in the story, control characters are removed.
pub fn text(line: &LogLine, width: usize, color: bool, terminal: bool) -> String {
    timed_text(line, width, None, color, terminal)
}

/// Returns a log line as [`text`], with a time before the task; its level is coloured.
pub fn timed_text(line: &LogLine, width: usize, time: Option<&str>, color: bool, terminal: bool) -> String {
    let time = time.map(|time| paint(color, Paint::Dim, time) + " ").unwrap_or_default();
    let id = line.task.get(..ID_CHARACTERS).unwrap_or(&line.task);
    let before = one_line(&format!("{id} {:width$}", line.container));
    let before = if color { styled(color_of(&line.task), &before) } else { before };
    let message = line.message.trim_end_matches(['\n', '\r']);
    let lines = message.split('\n').map(|one| format!("{time}{before} | {}", shown(one, color, terminal)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns one line of a message: on a terminal without control characters, and with its level in a colour.
fn shown(line: &str, color: bool, terminal: bool) -> String {
    let line = if terminal { one_line(line) } else { line.to_owned() };
    let level = if color { find_level(&line) } else { None };
    let Some((at, tint)) = level else { return line };
    format!("{}{}{}", &line[..at.start], paint(true, tint, &line[at.clone()]), &line[at.end..])
}

/// Returns a log line of a one-off task: as [`text`], or without a prefix where `width` is `None`.
pub fn task_line(line: &LogLine, width: Option<usize>, color: bool, terminal: bool) -> String {
    if let Some(width) = width {
        text(line, width, color, terminal)
    } else {
        let message = line.message.trim_end_matches(['\n', '\r']);
        let shown = |one: &str| if terminal { one_line(one) } else { one.to_owned() };
        message.split('\n').map(shown).collect::<Vec<_>>().join("\n")
    }
}

/// Returns the colour of a task: always the same for the same id.
fn color_of(task: &str) -> &'static str {
    let sum = task.bytes().fold(5381u32, |sum, byte| sum.wrapping_mul(33) ^ u32::from(byte));
    COLORS[sum as usize % COLORS.len()]
}

/// The event of a log line.
pub fn event(service: &str, line: &LogLine) -> Log {
    Log {
        service: service.to_owned(),
        task: line.task.clone(),
        container: line.container.clone(),
        at: seconds(line.at),
        message: line.message.clone(),
    }
}

/// The time of a log line in seconds since 1970.
pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str) -> LogLine {
        let (task, container) = ("0123456789abcdef".to_owned(), "app".to_owned());
        LogLine { at: 1_500, task, container, message: message.to_owned(), ..LogLine::default() }
    }

    #[test]
    fn a_line_has_its_task_and_its_container_before_it() {
        assert_eq!(text(&line("ready\n"), 5, false, false), "01234567 app   | ready");
        let trace = "ERROR\n  at main";
        assert_eq!(text(&line(trace), 3, false, false), "01234567 app | ERROR\n01234567 app |   at main");
    }

    #[test]
    fn json_is_left_whole_and_nothing_is_masked() {
        let message = r#"{"level":"info","password":"hunter2","text":"a\tb"}"#;
        assert_eq!(text(&line(message), 3, false, false), format!("01234567 app | {message}"));
        assert_eq!(text(&line(message), 3, false, true), format!("01234567 app | {message}"));
    }

    #[test]
    fn only_a_terminal_is_kept_from_being_steered() {
        let message = "\u{1b}[2J\u{1b}]0;title\u{7}red\r";
        assert_eq!(text(&line(message), 3, false, true), "01234567 app | red");
        assert_eq!(text(&line("\u{1b}[31mred"), 3, false, false), "01234567 app | \u{1b}[31mred");
    }

    #[test]
    fn a_task_keeps_its_colour() {
        let colored = text(&line("x"), 3, true, false);
        assert!(crate::report::printable::unmarked(&colored).ends_with("app\u{1b}[0m | x"), "{colored:?}");
        assert_eq!(colored, text(&line("x"), 3, true, false));
        let others = ["a1", "b2", "c3", "d4", "e5"].map(color_of);
        assert!(others.iter().any(|color| *color != others[0]), "{others:?}");
    }

    #[test]
    fn a_time_precedes_each_line_and_a_level_has_its_colour() {
        let shown = timed_text(&line("ERROR no\n  at main"), 3, Some("13:05:00"), false, true);
        assert_eq!(shown, "13:05:00 01234567 app | ERROR no\n13:05:00 01234567 app |   at main");
        let colored = timed_text(&line("ERROR no"), 3, Some("13:05:00"), true, true);
        let colored = crate::report::printable::unmarked(&colored);
        assert!(colored.starts_with("\u{1b}[2m13:05:00\u{1b}[0m "), "{colored:?}");
        assert!(colored.ends_with(" | \u{1b}[31mERROR\u{1b}[0m no"), "{colored:?}");
    }

    #[test]
    fn as_json_an_event_has_the_whole_id_and_its_time_in_seconds() {
        let event = event("web", &line("ready\n"));
        assert_eq!(event.task, "0123456789abcdef");
        assert!((event.at - 1.5).abs() < f64::EPSILON);
        assert_eq!(event.message, "ready\n");
    }
}
