//! Prepares log lines for display: masks secrets, and removes what controls a terminal.

use serde_json::Value;
use std::collections::BTreeMap;

use super::HIDDEN;
use super::forms::user_and_password;
use super::known::without_known;
use super::names::hides;
use super::setting::looks_secret;
use super::text::{self, tells_nothing};

/// How many characters of a line are shown.
pub(super) const WIDTH: usize = 400;

/// How many characters of a line are searched for secrets.
const SEARCHED: usize = 4000;

/// Shorter values are not masked: they could not be distinguished from other text.
const SHORTEST: usize = 4;

/// Returns a log line as it may be shown: one line, secrets masked, at most 400 characters.
///
/// `secrets` are values that are masked wherever they occur.
pub fn masked_line(line: &str, secrets: &[String]) -> String {
    let line = without_known(&printable(line));
    let whole = without_values(line, secrets);
    let line = beginning(&whole);
    let cut = line.len() < whole.len();
    let line = text::without_tokens(line);
    let line = text::without_credentials(&line);
    let line = text::without_pairs(&line, text::Names::All);
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if cut => line + "…",
        None => line,
    }
}

/// Returns a log message with secrets masked: as it was written where it holds none, else as one line.
///
/// A secret may have several lines. What is not searched is left out.
pub fn masked_log_message(message: &str, secrets: &[String]) -> String {
    let whole = printable(message);
    let line = beginning(&whole);
    let masked = without_values(without_known(line), secrets);
    let masked = text::without_credentials(&text::without_tokens(&masked));
    let masked = text::without_pairs(&masked, text::Names::All);
    match (masked == line, line.len() < whole.len()) {
        (true, false) => message.split('\n').map(printable).collect::<Vec<_>>().join("\n"),
        (_, true) => masked + "…",
        (false, false) => masked,
    }
}

/// Returns a reason or a message of ECS as it may be shown: one line, secrets masked, at its full length.
///
/// ECS quotes commands and environments of containers. But "registry auth: service call has been retried" holds no
/// secret: what only resembles a name is kept, since the tables match such texts.
pub fn masked_reason(text: &str) -> String {
    let text = without_known(&printable(text));
    let text = text::without_tokens(&text);
    let text = text::without_credentials(&text);
    text::without_pairs(&text, text::Names::Settings)
}

/// Returns the part of a line that is searched; later masking only makes it shorter.
///
/// It ends at the end of a word: the beginning of a secret could not be distinguished from other text.
fn beginning(line: &str) -> &str {
    let Some((end, _)) = line.char_indices().nth(SEARCHED) else { return line };
    let words = line[..end].rfind(char::is_whitespace).filter(|at| *at > 0);
    &line[..words.unwrap_or(end)]
}

/// Returns a message as it may be shown: secrets that their form gives away are hidden, and the names in it stay.
pub fn masked_message(text: &str) -> String {
    text::without_credentials(&text::without_tokens(&without_known(text)))
}

/// Returns the values of a task definition's environment that are secrets, the longest first.
pub fn secrets_of(definition: &Value) -> Vec<String> {
    let containers = definition["containerDefinitions"].as_array().into_iter().flatten();
    let entries = containers.filter_map(|container| container["environment"].as_array()).flatten();
    let secret = |entry: &Value| {
        let name = entry["name"].as_str().unwrap_or_default();
        secret_in(name, entry["value"].as_str().unwrap_or_default())
    };
    longest_first(entries.filter_map(secret).collect())
}

/// Returns the values of variables that are secrets, the longest first.
///
/// Leaves out values such as `true`: `USE_TOKEN=true` must not mask every `true`.
pub fn secrets_among(environment: &BTreeMap<String, String>) -> Vec<String> {
    longest_first(environment.iter().filter_map(|(name, value)| secret_in(name, value)).collect())
}

/// Returns what of a setting's value is hidden wherever it stands: the value, or the credentials in it.
fn secret_in(name: &str, value: &str) -> Option<String> {
    let url = value.split_once("://").map(|(_, url)| url);
    let credentials = url.and_then(|url| Some(&url[..user_and_password(url)?]));
    let secret = match credentials {
        Some(credentials) if !hides(name) => credentials,
        _ if hides(name) || looks_secret(name, value).is_some() => value,
        _ => return None,
    };
    (secret.chars().count() >= SHORTEST && !tells_nothing(secret)).then(|| secret.to_owned())
}

fn longest_first(mut values: Vec<String>) -> Vec<String> {
    values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    values.dedup();
    values
}

/// Returns a line with the given values masked. A value of several lines is masked line by line.
fn without_values(line: String, secrets: &[String]) -> String {
    let lines = secrets.iter().flat_map(|secret| std::iter::once(secret.as_str()).chain(secret.lines()));
    let mut values: Vec<&str> =
        lines.map(str::trim).filter(|value| value.chars().count() >= SHORTEST).collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.iter().fold(line, |line, value| line.replace(value, HIDDEN))
}

/// Returns a text as one line without escape sequences, control characters, and characters that change the direction of
/// writing. Line breaks, but one at the end, become spaces.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_control_string(&mut rest),
            '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                shown.push_str(if rest.peek().is_some() { " " } else { "" });
            }
            '\t' => shown.push('\t'),
            c if controls_terminal(c) => {}
            c => shown.push(c),
        }
    }
    shown
}

/// Returns whether a character moves the cursor, begins a control sequence, ends a line, or changes the direction of writing.
pub fn controls_terminal(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips what follows an escape character (ECMA-48).
fn skip_escape(rest: &mut Characters<'_>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_control_sequence(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            skip_control_string(rest);
        }
        Some(' '..='/') => {
            while rest.next_if(|c| (' '..='/').contains(c)).is_some() {}
            rest.next_if(char::is_ascii);
        }
        Some('0'..='~') => {
            rest.next();
        }
        _ => {}
    }
}

/// Skips a string, such as a window's title, up to its end: BEL, ST, or `ESC \`.
fn skip_control_string(rest: &mut Characters<'_>) {
    while let Some(next) = rest.next() {
        match next {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// Skips a control sequence up to its final character.
fn skip_control_sequence(rest: &mut Characters<'_>) {
    while rest.next_if(|c| (' '..='?').contains(c)).is_some() {}
    rest.next_if(|c| ('@'..='~').contains(c));
}
