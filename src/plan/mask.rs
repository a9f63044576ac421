//! Owns the hiding of values that look secret, by the name that they stand under or by their form.

use serde_json::{Map, Value};

/// What stands in a secret's place.
pub const HIDDEN: &str = "(hidden)";

/// Parts of names whose values are hidden. `KEY` alone would hide too much: `CACHE_KEY_PREFIX`.
const PARTS: &[&str] =
    &["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "PRIVATE", "APIKEY"];
const ENDINGS: &[&str] = &["_KEY", "_PW", "_PASS", "_DSN", "_AUTH"];

/// Returns whether the values of a setting of this name are hidden.
pub fn hides(name: &str) -> bool {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    let part = PARTS.iter().any(|part| name.contains(part));
    part || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || matches!(name.as_str(), "KEY" | "PASS" | "AUTH" | "DSN")
}

/// Returns a value as it may be shown: hidden whole, or without the secrets inside it.
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

/// Returns whether a mapping is a pair of a name and a value, and the name hides the value.
pub fn is_secret_pair(members: &Map<String, Value>) -> bool {
    let named = |name: &str| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let names = named("name").and_then(|(_, name)| name.as_str()).is_some_and(hides);
    names && named("value").is_some()
}

/// Returns whether a value can be a secret itself: a text, a number, or a list of such. What is nested is looked into.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Number(_) => true,
        Value::Array(items) => items.iter().all(|item| item.is_string() || item.is_number()),
        _ => false,
    }
}

/// Returns the mapping or list that a text is as JSON.
pub fn embedded(text: &str) -> Option<Value> {
    let opens = text.trim_start().starts_with(['{', '[']);
    let value = opens.then(|| serde_json::from_str(text).ok()).flatten();
    value.filter(|value: &Value| value.is_object() || value.is_array())
}

/// Returns the items of a list as they may be shown; in a command, what follows `--password` is hidden.
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

/// Returns a text without the value of a secret-looking `name=value`, without what follows `--password` in a command line,
/// and without what stands before the `@` of URLs.
fn masked_text(text: &str) -> String {
    if looks_like_json(text) {
        // A template, or JSON with a mistake: where in it the secret stands is not known.
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

/// Returns whether a text begins as JSON does and names something secret.
fn looks_like_json(text: &str) -> bool {
    let named = |text: &str| {
        text.split(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter)).any(hides)
    };
    text.trim_start().starts_with(['{', '[']) && named(text)
}

/// Returns a command line without the values of its secret-looking options and variables.
fn without_arguments(text: &str) -> String {
    let (mut shown, mut hiding) = (String::with_capacity(text.len()), Hiding::Nothing);
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = &piece[word.len()..];
        let (kept, next) = masked_word(word, hiding);
        shown.push_str(&kept);
        // A hidden value with spaces is one value.
        if !matches!(next, Hiding::Until(_)) {
            shown.push_str(space);
        }
        hiding = next;
    }
    shown
}

/// Says what of a command line is hidden.
#[derive(Clone, Copy)]
enum Hiding {
    Nothing,
    /// The next word.
    Next,
    /// All up to this quote.
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

/// Returns a text with the credentials of its URLs hidden: `postgres://(hidden)@host`.
///
/// A password may hold a slash that should have been escaped, so all up to the last `@` of the word is hidden.
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
