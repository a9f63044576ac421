//! Owns the folding of long lines at words, so that a block keeps its indentation at the terminal's width. Pure.

use console::measure_text_width;

/// Returns a text in lines of at most `width` columns; what goes on is indented by two more than its line began.
///
/// What stands in backticks is never folded: a command that was would break where it is pasted.
pub fn wrapped(text: &str, width: usize) -> String {
    text.lines().map(|line| line_wrapped(line, width)).collect::<Vec<_>>().join("\n")
}

fn line_wrapped(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width {
        return line.to_owned();
    }
    let indentation = line.len() - line.trim_start().len();
    let further = " ".repeat(indentation + 2);
    let mut lines = Vec::new();
    let mut current = line[..indentation].to_owned();
    let mut is_empty = true;
    for word in words(&line[indentation..]) {
        let fits = measure_text_width(&current) + 1 + measure_text_width(word) <= width;
        if !is_empty && !fits {
            lines.push(std::mem::replace(&mut current, further.clone()));
            is_empty = true;
        }
        if !is_empty {
            current.push(' ');
        }
        current.push_str(word);
        is_empty = false;
    }
    lines.push(current);
    lines.join("\n")
}

/// Returns the words of a line; what stands in backticks is one word with what touches it.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, character) in line.char_indices() {
        match character {
            '`' => quoted = !quoted,
            ' ' if !quoted => {
                words.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&line[start..]);
    words.retain(|word| !word.is_empty());
    words
}
