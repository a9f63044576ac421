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
        Value::String(text) => Value::from(without_passwords(&text)),
        Value::Array(items) => items.into_iter().map(|item| masked(item, false)).collect(),
        Value::Object(mut members) => {
            let pair = members.get("name").and_then(Value::as_str).is_some_and(hides);
            if let Some(value) = members.get_mut("value").filter(|_| pair) {
                *value = Value::from(HIDDEN);
            }
            let masked = |(name, value): (String, Value)| {
                let secret = value.is_string() && hides(&name);
                (name, masked(value, secret))
            };
            Value::Object(members.into_iter().map(masked).collect())
        }
        other => other,
    }
}

/// Returns a text with the password of a URL hidden: `postgres://user:(hidden)@host`.
fn without_passwords(text: &str) -> String {
    let Some(start) = text.find("://").map(|at| at + 3) else { return text.to_owned() };
    let authority = &text[start..start + text[start..].find(['/', '?', '#']).unwrap_or(text.len() - start)];
    let Some((user, _)) = authority.rsplit_once('@') else { return text.to_owned() };
    let Some((name, _)) = user.split_once(':') else { return text.to_owned() };
    format!("{}{name}:{HIDDEN}{}", &text[..start], &text[start + user.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

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
