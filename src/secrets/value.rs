//! Masks values that look secret, by their name or their form.

use serde_json::{Map, Value};

use super::HIDDEN;
use super::command::without_arguments;
use super::forms::{is_credential, user_and_password};
use super::known::{known_source, without_known};
use super::names::hides;
use super::setting::hides_value;
use super::text::without_tokens;

/// Masks a value: as a whole if `secret`, else the secrets inside it.
pub fn masked(value: Value, secret: bool) -> Value {
    match value {
        _ if secret => Value::from(HIDDEN),
        Value::String(text) if known_source(&text).is_some() => Value::from(without_known(&text)),
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

/// Returns whether a mapping is a pair of a name and a value, and the value is a secret by the name or by its form.
pub fn is_secret_pair(members: &Map<String, Value>) -> bool {
    let named = |name: &str| members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (Some((_, Value::String(name))), Some((_, value))) = (named("name"), named("value")) else {
        return false;
    };
    hides_value(name, value.as_str().unwrap_or_default())
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
    if is_whole_credential(text) {
        return HIDDEN.to_owned();
    }
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
        _ => without_tokens(&without_credentials(&without_arguments(text))),
    }
}

/// Returns whether a text is a credential and nothing else, or holds a private key.
fn is_whole_credential(text: &str) -> bool {
    is_credential(text) && !text.trim().contains(' ') || text.contains("PRIVATE KEY-----")
}

/// Returns whether a text begins like JSON and contains a secret-looking name.
fn looks_like_json(text: &str) -> bool {
    let named = |text: &str| {
        text.split(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter)).any(hides)
    };
    text.trim_start().starts_with(['{', '[']) && named(text)
}

/// Masks the credentials of the URLs in a text: `postgres://(hidden)@host`.
///
/// A password may hold a slash that should have been escaped: all up to the last `@` of the word is hidden.
fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://").map(|at| at + 3) {
        let url = &rest[start..];
        let word = url.find([' ', '\t', '\n', ',', '"', '\'']).unwrap_or(url.len());
        shown.push_str(&rest[..start]);
        match url[..word].rfind('@').max(user_and_password(url)) {
            Some(at) => {
                shown.push_str(HIDDEN);
                rest = &url[at..];
            }
            None => rest = url,
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
}
