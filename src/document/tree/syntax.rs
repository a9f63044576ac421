//! Turns the YAML library's errors into problems in ecsail's words, and finds the further syntax errors of a file.
//!
//! The library stops at the first error. The lines of an error are blanked, and the rest is parsed again, as long as the next
//! error cannot be a consequence of the one before.

use super::super::problem::Problem;
use super::super::rendered_text::RenderedText;
use super::raw_node::parse_raw;
use super::syntax_messages::{Explanation, explain};

/// The maximum number of syntax errors that are reported for a file.
const MAX_ERRORS: usize = 20;

/// A syntax error: its offset in the rendered text, and what is wrong.
struct SyntaxError {
    offset: usize,
    explanation: Explanation,
}

/// Returns the syntax errors of a text as problems, of which `error` is the first.
pub(super) fn syntax_problems(error: &serde_saphyr::Error, text: &RenderedText) -> Vec<Problem> {
    let mut current = text.text.clone();
    let mut found = vec![located(error, &current)];
    while found.len() < MAX_ERRORS {
        let Some(last) = found.last().filter(|last| last.explanation.is_confined) else { break };
        let Some(end) = blank_lines(&mut current, last.offset) else { break };
        let Err(next) = parse_raw(&current) else { break };
        let next = located(&next, &current);
        if next.offset < end || !next.explanation.is_confined {
            break;
        }
        found.push(next);
    }
    found.into_iter().map(|error| problem(error, text)).collect()
}

fn problem(error: SyntaxError, text: &RenderedText) -> Problem {
    let end = text.text[error.offset..].chars().next().map_or(1, char::len_utf8);
    Problem::error(text.span(error.offset..error.offset + end), error.explanation.message)
        .hint(error.explanation.hint)
}

fn located(error: &serde_saphyr::Error, text: &str) -> SyntaxError {
    let error = error.without_snippet();
    let offset = error.location().map_or(0, |at| {
        let byte = at.span().byte_offset().map(|byte| byte as usize).filter(|byte| *byte > 0);
        byte.unwrap_or_else(|| byte_offset(text, at.line() as usize, at.column() as usize))
    });
    let message = error.to_string();
    let offset = floor_char_boundary(text, offset);
    let (offset, explanation) = explain(&message, text, offset);
    SyntaxError { offset, explanation }
}

/// Replaces the line at an offset, and the lines below that are indented deeper, by spaces.
///
/// Returns the offset after these lines, or `None` if the line is already blank.
fn blank_lines(text: &mut String, offset: usize) -> Option<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next()?;
    if first.trim().is_empty() {
        return None;
    }
    let depth = indentation(first);
    let below = lines.take_while(|line| line.trim().is_empty() || indentation(line) > depth);
    let end = start + first.len() + below.map(str::len).sum::<usize>();
    let blank: String = text[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(start..end, &blank);
    Some(end)
}

/// Returns the number of white-space characters before the text of a line.
fn indentation(line: &str) -> usize {
    line.chars().take_while(|character| matches!(character, ' ' | '\t')).count()
}

/// Returns the byte offset of a line and a column, both starting at 1. Scanner errors have no byte offset.
fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let characters = text[start..].char_indices().map(|(at, _)| at);
    start + characters.take(column).last().unwrap_or(0)
}

/// Returns the nearest character boundary at or before `at`.
fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
