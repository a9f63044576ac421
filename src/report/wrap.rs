//! Wraps long lines at words, and keeps their indentation. Pure.

use console::measure_text_width;

/// Wraps a text to lines of at most `width` columns; continued lines are indented by two more.
///
/// Text in backticks is never wrapped: a wrapped command would break where it is pasted.
pub fn wrap(text: &str, width: usize) -> String {
    text.lines().map(|line| wrap_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width {
        return line.to_owned();
    }
    let indentation = line.len() - line.trim_start().len();
    let further = " ".repeat(indentation + 2);
    let mut lines = Vec::new();
    let mut current = line[..indentation].to_owned();
    let mut is_empty = true;
    for (gap, word) in split_words(&line[indentation..]) {
        let fits = measure_text_width(&current) + gap + measure_text_width(word) <= width;
        if !is_empty && !fits {
            lines.push(std::mem::replace(&mut current, further.clone()));
            is_empty = true;
        }
        if !is_empty {
            current.push_str(&" ".repeat(gap));
        }
        current.push_str(word);
        is_empty = false;
    }
    lines.push(current);
    lines.join("\n")
}

/// Returns the words of a line, each with the width of the gap before it, so that columns keep theirs. Text in
/// backticks is one word with what touches it.
fn split_words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let (mut start, mut gap, mut quoted) = (0, 1, false);
    for (at, character) in line.char_indices() {
        match character {
            '`' => quoted = !quoted,
            ' ' if !quoted => {
                if at > start {
                    words.push((gap, &line[start..at]));
                    gap = 0;
                }
                gap += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push((gap, &line[start..]));
    words.retain(|(_, word)| !word.is_empty());
    words
}
