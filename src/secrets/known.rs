//! Values of which a look-up has said that they are secrets, such as those of `SecureString` parameters. They are hidden wherever
//! they are shown, whatever their form.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::HIDDEN;
use super::text::tells_nothing;

/// A shorter value is hidden only where it is the whole text: it could not be distinguished from other text.
const SHORTEST_PART: usize = 4;

/// Where a known secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownSource {
    /// A parameter, to which an entry of `secrets` can refer.
    Parameter(String),
    /// A ciphertext of KMS in the definition.
    Ciphertext,
    /// Anything else, to which no entry can refer.
    Other,
}

/// Each value, and where it comes from.
static KNOWN: Mutex<BTreeMap<String, KnownSource>> = Mutex::new(BTreeMap::new());

/// Keeps a value as a secret for the rest of the run.
pub fn add_known(value: &str, source: KnownSource) {
    // `true` must not hide every `true`.
    if tells_nothing(value) {
        return;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.insert(value.to_owned(), source);
}

/// Returns where the known value comes from that a text is or contains.
pub fn known_source(text: &str) -> Option<KnownSource> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = known.iter().find(|(value, _)| has_value(text, value))?;
    Some(found.1.clone())
}

fn has_value(text: &str, value: &str) -> bool {
    text == value || (value.chars().count() >= SHORTEST_PART && text.contains(value))
}

/// Returns a text with the known values hidden.
pub fn without_known(text: &str) -> String {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut shown = text.to_owned();
    // A value may contain another one.
    let mut values: Vec<&String> = known.keys().filter(|value| has_value(text, value)).collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in values {
        shown = shown.replace(value.as_str(), HIDDEN);
    }
    shown
}

/// Returns a value with the known values in its texts hidden.
pub fn value_without_known(value: Value) -> Value {
    match value {
        Value::String(text) => Value::from(without_known(&text)),
        Value::Array(items) => items.into_iter().map(value_without_known).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, value_without_known(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_values_are_hidden_wherever_they_stand() {
        let source = KnownSource::Parameter("/shop/color".to_owned());
        add_known("blue-sky-7", source.clone());
        assert_eq!(without_known("a=blue-sky-7;"), "a=(hidden);");
        assert_eq!(known_source("x blue-sky-7"), Some(source));
        let shown = value_without_known(json!({ "a": ["blue-sky-7"], "b": 1 }));
        assert_eq!(shown, json!({ "a": ["(hidden)"], "b": 1 }));
    }

    #[test]
    fn a_short_value_is_hidden_only_as_a_whole() {
        add_known("q7w", KnownSource::Other);
        assert_eq!((without_known("q7w").as_str(), without_known("aq7wb").as_str()), ("(hidden)", "aq7wb"));
    }
}
