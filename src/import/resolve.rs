//! Values that have to be known while files are imported, such as paths. Pure.

use std::collections::BTreeMap;

use super::go_text::{GoPart, GoText};
use crate::template::go_call;

/// Returns a value with those of the environment in place of its tags.
///
/// # Errors
/// The variable that has no value, or the tag that reads none.
pub fn resolved(go: &GoText, value: &str, environment: &BTreeMap<String, String>) -> Result<String, String> {
    let mut written = String::new();
    for part in go.parts(value) {
        match part {
            GoPart::Text(text) => written.push_str(text),
            GoPart::Tag(tag) => {
                let variables = go_call::variables(&tag.inner);
                let set = |name: &String| environment.get(name).filter(|value| !value.is_empty());
                let found = variables.iter().find_map(|(name, _)| set(name)).cloned();
                let default = variables.last().and_then(|(_, default)| default.clone());
                let missing = || {
                    variables
                        .first()
                        .map_or_else(|| go.text[tag.range.clone()].to_owned(), |(name, _)| name.clone())
                };
                written.push_str(&found.or(default).ok_or_else(missing)?);
            }
        }
    }
    Ok(written)
}
