//! How what is printed is read: by the runner of GitHub Actions, by a terminal, and as Markdown.

/// The commands that the runner takes from steps (the extensions in its `ActionCommandManager.cs`).
const COMMANDS: &[&str] = &[
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

/// A command that the runner has taken.
#[derive(Debug)]
pub(crate) struct TakenCommand {
    pub(crate) name: String,
    pub(crate) properties: String,
    pub(crate) data: String,
}

/// Returns the commands that the runner takes from one stream.
///
/// A line is a command if it begins with `::NAME`, after any white space, or if it has `##[NAME…]` anywhere. Between
/// `::stop-commands::TOKEN` and `::TOKEN::` there are none.
pub(crate) fn taken_commands(output: &str) -> Vec<TakenCommand> {
    let mut taken = Vec::new();
    let mut token: Option<String> = None;
    for line in output.split(['\n', '\r']) {
        let Some(command) = new_form(line).or_else(|| old_form(line)) else { continue };
        match &token {
            Some(stopped) if *stopped == command.name => token = None,
            Some(_) => {}
            None if !COMMANDS.contains(&command.name.as_str()) => {}
            None if command.name == "stop-commands" => token = Some(command.data),
            None => taken.push(command),
        }
    }
    assert!(token.is_none(), "commands stay stopped: {output}");
    taken
}

fn new_form(line: &str) -> Option<TakenCommand> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some(TakenCommand { name: name.to_owned(), properties: properties.to_owned(), data: data.to_owned() })
}

fn old_form(line: &str) -> Option<TakenCommand> {
    let (head, data) = line.split_once("##[")?.1.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some(TakenCommand { name: name.to_owned(), properties: properties.to_owned(), data: data.to_owned() })
}

/// Fails where a character would move the cursor, begin a control sequence, or change the direction of writing.
#[track_caller]
pub(crate) fn controls_no_terminal(text: &str) {
    for (at, character) in text.char_indices() {
        let controls = character.is_control() && !matches!(character, '\n' | '\t');
        let directs = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let around: String = text[at..].chars().take(30).collect();
        assert!(!controls && !directs, "{around:?} in {text:?}");
    }
}

/// Fails where Markdown shows an image, a link, HTML or a mention, or where a row of a table has another number of cells.
#[track_caller]
pub(crate) fn shows_only_text(markdown: &str) {
    controls_no_terminal(markdown);
    let mut fence: Option<&str> = None;
    let mut columns = None;
    for line in markdown.lines() {
        let run = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if run.len() >= 3 && !line[run.len()..].contains('`') => fence = Some(run),
            None => {
                let (text, pipes) = without_code(line);
                for made in ["![", "](", "<img", "://", "www.", "@forged", "#1", "##["] {
                    assert!(!text.contains(made), "`{made}` in {line}\nof {markdown}");
                }
                let is_row = line.starts_with('|');
                assert!(
                    !is_row || columns.is_none_or(|columns| columns == pipes),
                    "cells of {line}\nin {markdown}"
                );
                columns = is_row.then_some(pipes);
            }
        }
    }
    assert!(fence.is_none(), "a block of code has no end: {markdown}");
}

/// Returns a line without its code, escaped characters and `<summary>`, and the number of pipes that end a cell.
fn without_code(line: &str) -> (String, usize) {
    let line = line.replace("<details><summary>", "").replace("</summary>", "");
    let cells = line.replace("\\\\", "").replace("\\|", "");
    let mut text = String::new();
    let mut rest = line.as_str();
    while let Some(next) = rest.chars().next() {
        if next == '\\' {
            rest = rest.get(2..).unwrap_or_default();
            text.push('\u{fffd}');
            continue;
        }
        let run = rest.len() - rest.trim_start_matches('`').len();
        let behind = rest[run..].to_owned();
        if let Some(end) = (run > 0).then(|| closing(&behind, run)).flatten() {
            rest = &rest[run + end + run..];
        } else {
            text.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    (text, cells.matches('|').count())
}

/// Returns where a run of exactly this many backticks begins.
fn closing(text: &str, run: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`').map(|found| at + found) {
        let length = text[found..].len() - text[found..].trim_start_matches('`').len();
        if length == run {
            return Some(found);
        }
        at = found + length;
    }
    None
}
