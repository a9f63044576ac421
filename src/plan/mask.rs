//! Masks values that look secret, by their name or their form.

use serde_json::{Map, Value};

/// The text that replaces a secret.
pub const HIDDEN: &str = "(hidden)";

/// Parts of names whose values are masked. `KEY` alone would mask too much, such as `CACHE_KEY_PREFIX`.
const PARTS: &[&str] =
    &["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "PRIVATE", "APIKEY"];
const ENDINGS: &[&str] = &["_KEY", "_PW", "_PASS", "_DSN", "_AUTH"];

/// Returns whether the values of a setting with this name are masked.
pub fn hides(name: &str) -> bool {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    let part = PARTS.iter().any(|part| name.contains(part));
    part || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || matches!(name.as_str(), "KEY" | "PASS" | "AUTH" | "DSN")
}

/// Masks a value: as a whole if `secret`, else the secrets inside it.
pub fn masked(value: Value, secret: bool) -> Value {
    match value {
        _ if secret => Value::from(HIDDEN),
        Value::String(text) => match embedded(&text) {
            Some(inner) => Value::from(masked(inner, false).to_string()),
            None => Value::from(masked_text(&text)),
        },
        Value::Array(items) => masked_items(items),
        Value::Object(mut members) => {
            let pair = is_secret_pair(&members);
            for (_, value) in
                members.iter_mut().filter(|(name, _)| pair && name.eq_ignore_ascii_case("value"))
            {
                *value = Value::from(HIDDEN);
            }
            let masked = |(name, value): (String, Value)| {
                let secret = is_plain(&value) && hides(&name);
                (name, masked(value, secret))
            };
            Value::Object(members.into_iter().map(masked).collect())
        }
        other => other,
    }
}

/// Returns whether a mapping is a pair of a name and a value, with a secret name.
pub fn is_secret_pair(members: &Map<String, Value>) -> bool {
    let named = |name: &str| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let names = named("name").and_then(|(_, name)| name.as_str()).is_some_and(hides);
    names && named("value").is_some()
}

/// Returns whether a value can be a secret itself: a text, a number, or a list of these. Nested values are masked one
/// by one.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Number(_) => true,
        Value::Array(items) => items.iter().all(|item| item.is_string() || item.is_number()),
        _ => false,
    }
}

/// Returns the mapping or list that a text contains as JSON.
pub fn embedded(text: &str) -> Option<Value> {
    let opens = text.trim_start().starts_with(['{', '[']);
    let value = opens.then(|| serde_json::from_str(text).ok()).flatten();
    value.filter(|value: &Value| value.is_object() || value.is_array())
}

/// Masks the items of a list; in a command, the item after `--password` is masked.
fn masked_items(items: Vec<Value>) -> Value {
    let mut after_name = false;
    let mut shown = Vec::with_capacity(items.len());
    for item in items {
        let flag =
            item.as_str().and_then(|text| text.strip_prefix("-")).map(|text| text.trim_start_matches('-'));
        let names = flag.is_some_and(|flag| !flag.contains('=') && hides(flag));
        shown.push(masked(item, after_name));
        after_name = names;
    }
    Value::Array(shown)
}

/// Masks a text: the value of a secret-looking `name=value`, the word after `--password` in a command line, and the
/// credentials of URLs.
fn masked_text(text: &str) -> String {
    if looks_like_json(text) {
        // A template, or malformed JSON: the position of the secret in it is unknown.
        return HIDDEN.to_owned();
    }
    match text.split_once('=') {
        Some((name, value))
            if !value.is_empty()
                && !name.contains(char::is_whitespace)
                && hides(name.trim_start_matches('-')) =>
        {
            format!("{name}={HIDDEN}")
        }
        _ => without_credentials(&without_arguments(text)),
    }
}

/// Returns whether a text begins like JSON and contains a secret-looking name.
fn looks_like_json(text: &str) -> bool {
    let named = |text: &str| {
        text.split(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter)).any(hides)
    };
    text.trim_start().starts_with(['{', '[']) && named(text)
}

/// Masks the values of the secret-looking options and variables of a command line.
fn without_arguments(text: &str) -> String {
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

/// Masks the credentials of the URLs in a text: `postgres://(hidden)@host`.
///
/// A password may contain an unescaped slash, so everything up to the last `@` of the word is masked.
fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://").map(|at| at + 3) {
        let word =
            rest[start..].find([' ', '\t', '\n', ',', '"', '\'']).map_or(rest.len(), |end| start + end);
        shown.push_str(&rest[..start]);
        match rest[start..word].rfind('@') {
            Some(at) => {
                shown.push_str(HIDDEN);
                rest = &rest[start + at..];
            }
            None => rest = &rest[start..],
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_texts_are_hidden() {
        for (text, shown) in [
            ("postgres://u:p/w@h/db", "postgres://(hidden)@h/db"),
            (
                "https://token@github.com/a https://b:c@d, x",
                "https://(hidden)@github.com/a https://(hidden)@d, x",
            ),
            ("https://example.com/a@b", "https://(hidden)@b"),
            ("https://example.com/a", "https://example.com/a"),
            ("--password=x y", "--password=(hidden)"),
            ("A=b", "A=b"),
            ("run --password hunter2 -v", "run --password (hidden) -v"),
            ("env DB_PASSWORD='a b c' run", "env DB_PASSWORD=(hidden) run"),
            ("sh --token \"a b\"  c", "sh --token (hidden)  c"),
            (r#"{"API_TOKEN": <token>}"#, "(hidden)"),
            (r#"{"mode": <mode>}"#, r#"{"mode": <mode>}"#),
        ] {
            assert_eq!(masked(Value::from(text), false), Value::from(shown), "{text}");
        }
        let command = serde_json::json!(["run", "--password", "x", "--verbose", "y"]);
        assert_eq!(
            masked(command, false),
            serde_json::json!(["run", "--password", "(hidden)", "--verbose", "y"])
        );
    }

    #[test]
    fn names_that_look_secret() {
        for name in ["DB_PASSWORD", "api-token", "AWS_SECRET_ACCESS_KEY", "STRIPE_KEY", "private.pem", "KEY"]
        {
            assert!(hides(name), "{name}");
        }
        for name in ["LOG_LEVEL", "CACHE_KEY_PREFIX", "KEYBOARD", "PORT"] {
            assert!(!hides(name), "{name}");
        }
    }
}
