//! The filter for everything that is printed: removes what controls a terminal from texts that others wrote, and breaks up what
//! a CI system would take as a command. Never decides what is printed.
//!
//! The colours of ecsail pass: their codes carry a mark of this process, which no other text can contain. The last step before a
//! write takes the mark out.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

use crate::secrets;

/// The beginning of a control sequence.
const CSI: &str = "\u{1b}[";

/// Returns 128 random bits as digits, which cannot be guessed.
pub(super) fn random_digits() -> String {
    // The keys of the standard library's hash maps are from the system's source of random numbers.
    let number = || RandomState::new().build_hasher().finish();
    format!("{:020}{:020}", number(), number())
}

/// Returns the end of a colour's code: the mark of this process.
fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    // In groups of four digits: the crate that measures texts knows no longer ones in a control sequence.
    MARK.get_or_init(|| {
        let digits: Vec<char> = random_digits().chars().collect();
        let groups = digits.chunks(4).map(|group| format!(";{}", group.iter().collect::<String>()));
        groups.collect::<String>() + "m"
    })
}

/// Returns a text in a style of the terminal, by its number.
pub(super) fn styled(style: &str, text: &str) -> String {
    format!("{CSI}{style}{mark}{text}{CSI}0{mark}", mark = mark())
}

/// Returns a text whose control sequences for colours are ours, so that they pass the filter.
pub(super) fn with_own_styles(text: &str) -> String {
    let mut parts = text.split(CSI);
    let mut marked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(part.len());
        let (style, rest) = part.split_at(digits);
        match rest.strip_prefix('m') {
            Some(rest) => marked.extend([CSI, style, mark(), rest]),
            None => marked.extend([CSI, part]),
        }
    }
    marked
}

/// Returns a text without what controls a terminal; its lines and our colours stay.
pub(super) fn filtered(text: &str) -> String {
    text.split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

/// Returns a text without what controls a terminal and without line breaks, for a place of one line; our colours stay.
pub fn one_line(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(end) = rest.find(mark()) {
        let (before, behind) = rest.split_at(end);
        let style = before.rfind(CSI).filter(|at| is_style(&before[at + CSI.len()..]));
        shown.push_str(&secrets::printable(&before[..style.unwrap_or(end)]));
        if let Some(at) = style {
            shown.extend([&before[at..], mark()]);
        }
        rest = &behind[mark().len()..];
    }
    shown + &secrets::printable(rest)
}

fn is_style(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
}

/// Returns a text as it is written: our colours without their mark.
pub(super) fn unmarked(text: &str) -> String {
    text.replace(mark(), "m")
}

/// Returns a text in which nothing is a command of a CI system: not `::error::` at the beginning of a line, and not `##[error]`,
/// `##vso[…]` or `##teamcity[…]` anywhere.
///
/// The runner of GitHub Actions (`ActionCommand.cs`) takes the first after any white space, and the second at any place. A space
/// breaks them up: characters without a width are ignored where texts are compared by the rules of a language.
pub(super) fn without_commands(text: &str) -> String {
    text.split('\n').map(line_without_commands).collect::<Vec<_>>().join("\n")
}

fn line_without_commands(line: &str) -> String {
    let indentation = line.len() - line.trim_start().len();
    let (blank, text) = line.split_at(indentation);
    let text = text.strip_prefix("::").map_or_else(|| text.to_owned(), |rest| format!(": :{rest}"));
    format!("{blank}{}", without_bracket_commands(&text))
}

/// Returns a text in which no `##` stands before a `[`, or before letters and a `[`.
pub(super) fn without_bracket_commands(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("##") {
        let behind = &rest[at + 2..];
        let is_command = behind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('[');
        shown.push_str(&rest[..=at]);
        shown.push_str(if is_command { " " } else { "" });
        rest = &rest[at + 1..];
    }
    shown + rest
}

/// Returns whether the runner of GitHub Actions could take a line of a text as a command.
pub(super) fn may_have_command(text: &str) -> bool {
    // Characters outside ASCII may be white space, or ignored.
    let ascii: String = text.chars().filter(char::is_ascii).collect();
    ascii.contains("::") || ascii.contains("##[")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_has_no_width() {
        assert_eq!(console::measure_text_width(&styled("31", "abc")), 3);
        assert_eq!(console::truncate_str(&styled("31", "abc"), 3, ""), styled("31", "abc"));
    }

    #[test]
    fn own_colours_pass_and_those_of_others_do_not() {
        let own = styled("31", "a\u{1b}[32mb");
        assert_eq!(unmarked(&filtered(&own)), "\u{1b}[31mab\u{1b}[0m");
        assert_eq!(unmarked(&filtered("\u{1b}[31;5ma\u{1b}[0m")), "a");
        let rendered = with_own_styles("\u{1b}[1m\u{1b}[91merror\u{1b}[0m: x\u{1b}[2J");
        assert_eq!(unmarked(&filtered(&rendered)), "\u{1b}[1m\u{1b}[91merror\u{1b}[0m: x");
        assert_eq!(filtered(&filtered(&own)), filtered(&own));
    }

    #[test]
    fn what_controls_a_terminal_is_removed() {
        for (text, shown) in [
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{9d}0;title\u{9c}b", "ab"),
            ("a\u{90}1$r0m\u{1b}\\b", "ab"),
            ("a\u{9b}2Jb\u{1b}cc", "abc"),
            ("a\u{8}\u{7f}\u{0}b", "ab"),
            ("a\u{202e}\u{2066}\u{200f}b", "ab"),
            ("a\u{2028}b\u{85}c\rd", "a b cd"),
            ("a\r\nb\n\tc", "a\nb\n\tc"),
        ] {
            assert_eq!(filtered(text), shown, "{text:?}");
        }
    }

    #[test]
    fn commands_of_ci_systems_are_broken_up() {
        for (text, shown) in [
            ("::error::x", ": :error::x"),
            ("ok\n \t\u{a0}::error::x", "ok\n \t\u{a0}: :error::x"),
            ("a::b ##[group]x", "a::b # #[group]x"),
            ("###[x] ##vso[task.x] ## a", "## #[x] # #vso[task.x] ## a"),
        ] {
            assert_eq!(without_commands(text), shown);
        }
    }
}
