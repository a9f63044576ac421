//! Puts texts that others wrote into Markdown: as plain text, without images, links, HTML or mentions of their making. Pure.
//!
//! The rules are those of GitHub Flavored Markdown, and of what GitHub links beyond it: names after `@`, numbers after `#`.

use super::printable::{one_line, without_bracket_commands};

/// Ends a name or a number that would be linked. Nothing is shown in its place.
const BREAK: &str = "&#8203;";

/// Returns a text for a sentence or a cell of a table.
pub(super) fn escape(text: &str) -> String {
    let text = without_bracket_commands(&one_line(text));
    let mut escaped = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let behind = &text[at + character.len_utf8()..];
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' | '#' => escaped.extend([character.to_string().as_str(), BREAK]),
            ':' if behind.starts_with("//") => escaped.push_str("\\:"),
            '.' if ends_with_word(&escaped, "www") => escaped.push_str("\\."),
            '-' if ends_with_word(&escaped, "gh") => escaped.extend([BREAK, "-"]),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => escaped.extend(['\\', character]),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let start = text.len().checked_sub(word.len());
    start.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// Returns a text as code, also for a cell of a table.
pub(super) fn code(text: &str) -> String {
    code_between(text, 1)
}

/// Returns a text as code between at least this many backticks: more than stand together in it.
pub(super) fn code_between(text: &str, least: usize) -> String {
    let text = without_bracket_commands(&one_line(text));
    let longest = longest_run(&text);
    let fence = "`".repeat(least.max(longest + 1));
    // A pipe ends a cell also within code, and two backslashes before it are one.
    let text = text.replace("\\|", "\\ |").replace('|', "\\|");
    let is_plain = least == 1 && longest == 0 && !text.trim().is_empty();
    let gap = if is_plain { "" } else { " " };
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// Returns lines as a block of code.
pub(super) fn code_block(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| without_bracket_commands(&one_line(line))).collect();
    let lines = lines.join("\n");
    let fence = "`".repeat(longest_run(&lines).max(2) + 1);
    format!("{fence}text\n{lines}\n{fence}")
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_make_nothing_but_text() {
        for (text, escaped) in [
            ("![x](https://a.example)", "\\!\\[x\\](https\\://a.example)"),
            ("<img src=x> & www.a.example", "&lt;img src=x&gt; &amp; www\\.a.example"),
            ("@team #12 GH-7", "@&#8203;team #&#8203;12 GH&#8203;-7"),
            ("a | b\n| c |", "a \\| b \\| c \\|"),
            ("web:2 failed: exit code 1", "web:2 failed: exit code 1"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn code_ends_where_its_text_ends() {
        assert_eq!(code("web"), "`web`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a|b\\|c"), "`a\\|b\\ \\|c`");
        assert_eq!(code_between("x", 2), "`` x ``");
        assert_eq!(code_block(&["````".to_owned(), "a\r".to_owned()]), "`````text\n````\na\n`````");
    }
}
