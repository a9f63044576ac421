//! Masks a command line: the values of options and variables with secret-looking names.

use super::HIDDEN;
use super::names::hides;

/// Masks the values of the secret-looking options and variables of a command line.
pub(super) fn without_arguments(text: &str) -> String {
    let (mut shown, mut hiding) = (String::with_capacity(text.len()), Hiding::Nothing);
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = &piece[word.len()..];
        let (kept, next) = masked_word(word, hiding);
        shown.push_str(&kept);
        // A masked value that contains spaces is one value.
        if !matches!(next, Hiding::Until(_)) {
            shown.push_str(space);
        }
        hiding = next;
    }
    shown
}

/// What is masked next in a command line.
#[derive(Clone, Copy)]
enum Hiding {
    Nothing,
    /// The next word.
    Next,
    /// Everything up to this quote.
    Until(char),
}

fn masked_word(word: &str, hiding: Hiding) -> (String, Hiding) {
    let after = |value: &str| match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        Some(quote) if value.len() == 1 || !value.ends_with(quote) => Hiding::Until(quote),
        _ => Hiding::Nothing,
    };
    match hiding {
        Hiding::Until(quote) if word.ends_with(quote) => (String::new(), Hiding::Nothing),
        Hiding::Until(_) => (String::new(), hiding),
        Hiding::Next if word.is_empty() => (String::new(), hiding),
        Hiding::Next => (HIDDEN.to_owned(), after(word)),
        Hiding::Nothing => match word.split_once('=') {
            Some((name, value)) if !value.is_empty() && hides(name.trim_start_matches(['-', '"', '\''])) => {
                (format!("{name}={HIDDEN}"), after(value))
            }
            None if word.starts_with('-') && hides(word.trim_start_matches('-')) => {
                (word.to_owned(), Hiding::Next)
            }
            _ => (word.to_owned(), Hiding::Nothing),
        },
    }
}
