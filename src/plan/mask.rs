//! Owns the hiding of values that look secret, by the name that they stand under or by their form.

use serde_json::Value;

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
        Value::String(text) => Value::from(masked_text(&text)),
        Value::Array(items) => masked_items(items),
        Value::Object(mut members) => {
            let pair = members.get("name").and_then(Value::as_str).is_some_and(hides);
            if let Some(value) = members.get_mut("value").filter(|_| pair) {
                *value = Value::from(HIDDEN);
            }
            let masked = |(name, value): (String, Value)| {
                let secret = (value.is_string() || value.is_number()) && hides(&name);
                (name, masked(value, secret))
            };
            Value::Object(members.into_iter().map(masked).collect())
        }
        other => other,
    }
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

/// Returns a text without the value of a secret-looking `name=value`, and without what stands before the `@` of URLs.
fn masked_text(text: &str) -> String {
    match text.split_once('=') {
        Some((name, value))
            if !value.is_empty()
                && !name.contains(char::is_whitespace)
                && hides(name.trim_start_matches('-')) =>
        {
            format!("{name}={HIDDEN}")
        }
        _ => without_credentials(text),
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
