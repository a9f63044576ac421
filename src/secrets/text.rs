//! Finds secrets by their form, and by the name before them.

use super::HIDDEN;
use super::forms::{credential, credentials, user_and_password, webhook};
use super::names::hides;

/// Masks secrets that are recognised by their form: JWTs, access key ids, what follows `Bearer` and `Basic`.
pub(super) fn without_tokens(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut scheme = Scheme::None;
    let mut rest = line;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        if word.is_empty() {
            let next = behind.chars().next().map_or(1, char::len_utf8);
            // Only these characters may separate a scheme from its credentials.
            scheme = if behind.starts_with([' ', '\t', ':', '"', '\'']) { scheme } else { Scheme::None };
            shown.push_str(&behind[..next]);
            rest = &behind[next..];
            continue;
        }
        let hidden = scheme.hides(word);
        scheme = scheme.behind(word);
        shown.push_str(if hidden { HIDDEN } else { "" });
        if !hidden {
            shown.push_str(&without_form(word));
        }
        rest = behind;
    }
    shown
}

/// The part of an authorization header that was read last.
#[derive(Clone, Copy, PartialEq)]
enum Scheme {
    None,
    /// The header's name.
    Header,
    /// `Bearer` or `Basic`, within a header.
    Sure,
    /// `Bearer` or `Basic`, which may be plain words.
    Perhaps,
}

impl Scheme {
    fn behind(self, word: &str) -> Scheme {
        let named = |name: &str| word.eq_ignore_ascii_case(name);
        if named("authorization") || named("proxy-authorization") {
            Scheme::Header
        } else if named("bearer") || named("basic") || (self == Scheme::Header && named("token")) {
            if self == Scheme::Header { Scheme::Sure } else { Scheme::Perhaps }
        } else {
            Scheme::None
        }
    }

    fn hides(self, word: &str) -> bool {
        let plain = word.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(word);
        let plain = plain.trim_end_matches(['.', '-']).chars().all(|c| c.is_ascii_lowercase());
        match self {
            Scheme::None => false,
            Scheme::Header => !["bearer", "basic", "token"].contains(&word.to_lowercase().as_str()) && !plain,
            Scheme::Sure => true,
            Scheme::Perhaps => word.len() >= 6 && !plain,
        }
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/=".contains(c)
}

/// Masks the JWTs and access key ids in a word.
fn without_form(word: &str) -> String {
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let begins = !shown.ends_with(|c: char| c.is_ascii_alphanumeric());
        let found = credential(rest).filter(|_| begins);
        let (length, hidden) = found.map_or((1, false), |length| (length, true));
        shown.push_str(if hidden { HIDDEN } else { &rest[..length] });
        rest = &rest[length..];
    }
    shown
}

/// Masks the credentials in URLs: `postgres://(hidden)@host`.
///
/// An `@` in the path of a URL does not belong to its credentials, but a password may contain a slash that is not
/// escaped.
pub(super) fn without_credentials(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("://").map(|at| at + 3) {
        let before = &rest[..start - 3];
        let scheme = before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
        if let Some(length) = webhook(&rest[scheme..]) {
            shown.push_str(&rest[..scheme]);
            shown.push_str(HIDDEN);
            rest = &rest[scheme + length..];
            continue;
        }
        let word = rest[start..]
            .find([' ', '\t', ',', '"', '\'', '<', '>', '`'])
            .map_or(rest.len(), |end| start + end);
        shown.push_str(&rest[..start]);
        rest = match credentials(&rest[start..word]).or_else(|| user_and_password(&rest[start..])) {
            Some(length) => {
                shown.push_str(HIDDEN);
                &rest[start + length..]
            }
            None => &rest[start..],
        };
    }
    shown + rest
}

/// Masks the values of secret-looking names: `name=value`, `name: value`, `"name": "value"`, `--name value`.
pub(super) fn without_pairs(line: &str, names: Names) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((separator, value)) = next_pair(&shown, rest, names) {
        shown.push_str(&rest[..separator]);
        let (before, length) = value_at(&rest[separator..], value);
        shown.push_str(&rest[separator..separator + before]);
        let found = &rest[separator + before..separator + before + length];
        shown.push_str(if tells_nothing(found) { found } else { HIDDEN });
        rest = &rest[separator + before + length..];
    }
    shown + rest
}

/// Which names count before a colon without quotes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Names {
    /// All secret-looking names.
    All,
    /// Only those in the form of settings: `DB_PASSWORD: x`, and not `registry auth: …` or `shop/auth:v1`.
    Settings,
}

/// How a value is separated from its name.
#[derive(Clone, Copy, PartialEq)]
enum Parted {
    Mark,
    Space,
}

/// Returns where the separator after the next secret-looking name ends.
fn next_pair(before: &str, rest: &str, names: Names) -> Option<(usize, Parted)> {
    let marks = rest.char_indices().filter(|(_, c)| matches!(c, '=' | ':' | ' '));
    for (at, mark) in marks {
        let quoted = rest[..at].trim_end_matches('\\').ends_with(['"', '\'']);
        let name = name_before(&rest[..at]);
        let Some(name) = name.filter(|name| hides(name)) else { continue };
        let behind = &rest[at + 1..];
        match mark {
            '=' if !behind.starts_with('=') => {
                let arrow = usize::from(behind.starts_with('>'));
                return Some((at + 1 + arrow, Parted::Mark));
            }
            ':' if (quoted || names == Names::All || is_setting(name))
                && is_pair(name, &rest[..at], before, behind, quoted) =>
            {
                let assign = usize::from(behind.starts_with('='));
                return Some((at + 1 + assign, Parted::Mark));
            }
            ' ' if name.starts_with("--") && !behind.trim_start().starts_with('-') => {
                return Some((at + 1, Parted::Space));
            }
            _ => {}
        }
    }
    None
}

/// Returns whether a name has the form of a setting: in capitals.
fn is_setting(name: &str) -> bool {
    name.contains(|c: char| c.is_ascii_uppercase()) && !name.contains(|c: char| c.is_ascii_lowercase())
}

/// Returns whether a colon separates a name from its value: not in an ARN, an action, the path of a program or a
/// URL.
fn is_pair(name: &str, until: &str, before: &str, behind: &str, quoted: bool) -> bool {
    let word_start = until.rfind([' ', '\t', '"', '\'', ',', '{', '(']).map_or(0, |at| at + 1);
    let in_word =
        |text: &str| text.rsplit([' ', '\t', '"', '\'', ',', '{', '(']).next().unwrap_or_default().to_owned();
    let word = if word_start == 0 { in_word(before) + until } else { until[word_start..].to_owned() };
    let action = name.eq_ignore_ascii_case("secretsmanager") || word.starts_with("arn:");
    let path = behind.starts_with(':') || word.ends_with(':') || behind.starts_with("//");
    quoted || !(action || path)
}

/// Returns the name at the end of a text, before quotes and spaces.
fn name_before(text: &str) -> Option<&str> {
    let text = text.trim_end_matches([' ', '\\', '"', '\'']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let start = text.char_indices().rev().take_while(|(_, c)| is_name(*c)).last().map(|(at, _)| at)?;
    Some(&text[start..])
}

/// Returns the length of what precedes a value, and of the value.
fn value_at(text: &str, parted: Parted) -> (usize, usize) {
    let spaces = text.len() - text.trim_start_matches([' ', '\t']).len();
    let rest = &text[spaces..];
    let escaped = rest.starts_with("\\\"") || rest.starts_with("\\'");
    let quote = rest.trim_start_matches('\\').chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let end = |c: char| c.is_whitespace() || (parted == Parted::Mark && ",;&)]}\"'<>".contains(c));
        return (spaces, rest.find(end).unwrap_or(rest.len()));
    };
    let open = spaces + usize::from(escaped) + 1;
    (open, quoted_length(&text[open..], quote, escaped))
}

/// Returns the length of a quoted text, up to the closing quote.
fn quoted_length(text: &str, quote: char, escaped: bool) -> usize {
    if escaped {
        return text.find(&format!("\\{quote}")).unwrap_or(text.len());
    }
    let mut after_backslash = false;
    for (at, c) in text.char_indices() {
        if c == quote && !after_backslash {
            return at;
        }
        after_backslash = c == '\\' && !after_backslash;
    }
    text.len()
}

/// Returns whether a value cannot be a secret.
pub(super) fn tells_nothing(value: &str) -> bool {
    let words = ["", "true", "false", "null", "none", "nil", "undefined"];
    words.contains(&value.to_lowercase().as_str())
        || value.starts_with(HIDDEN)
        || value.bytes().all(|byte| byte == b'*')
}
