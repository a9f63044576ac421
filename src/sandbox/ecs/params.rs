//! Reading an operation's input. Owns the errors that missing and mistyped members give, and paging;
//! never knows an operation.

use serde_json::{Value, json};

use super::super::wire::ApiError;

/// Returns a text member; an empty one is as good as none.
pub(crate) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input[name].as_str().filter(|text| !text.is_empty())
}

/// Returns a text member that must be there.
pub(crate) fn need<'a>(input: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    let mut capital = name.to_owned();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text(input, name).ok_or_else(|| ApiError::invalid(format!("{capital} can not be blank.")))
}

/// Returns the texts of a list member, none when it is absent.
pub(crate) fn texts<'a>(input: &'a Value, name: &str) -> Vec<&'a str> {
    input[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns whether `include` asks for `what`.
pub(crate) fn includes(input: &Value, what: &str) -> bool {
    texts(input, "include").contains(&what)
}

/// Returns a list member as it is, empty when it is absent.
pub(crate) fn list(input: &Value, name: &str) -> Vec<Value> {
    input[name].as_array().cloned().unwrap_or_default()
}

/// Returns one page of `items` under `name`, with a `nextToken` when there are more.
pub(crate) fn page(input: &Value, name: &str, items: &[Value], size: usize) -> Result<Value, ApiError> {
    let most = match input["maxResults"].as_i64() {
        Some(given) if !(1..=1000).contains(&given) => {
            return Err(ApiError::invalid(format!("maxResults must be between 1 and {size}")));
        }
        Some(given) => (given as usize).min(size),
        None => size,
    };
    let start = match text(input, "nextToken") {
        Some(token) => offset(token).ok_or_else(|| ApiError::invalid("Invalid token."))?,
        None => 0,
    };
    let end = (start + most).min(items.len());
    let mut out = json!({ name: items.get(start..end).unwrap_or_default() });
    if end < items.len() {
        out["nextToken"] = json!(format!("eyJzYW5kYm94IjoxfQ{end:08x}"));
    }
    Ok(out)
}

fn offset(token: &str) -> Option<usize> {
    usize::from_str_radix(token.strip_prefix("eyJzYW5kYm94IjoxfQ")?, 16).ok()
}

/// Checks tags as given on creation or by TagResource.
pub(crate) fn checked_tags(tags: &[Value]) -> Result<(), ApiError> {
    if tags.len() > 50 {
        return Err(ApiError::invalid("The number of tags exceeds the limit of 50."));
    }
    let mut keys = Vec::with_capacity(tags.len());
    for tag in tags {
        let key = tag["key"].as_str().unwrap_or_default();
        let value = tag["value"].as_str().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(ApiError::invalid("Invalid tag: keys have 1 to 128 characters, values up to 256."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::invalid("Tag keys starting with 'aws:' are reserved for system use."));
        }
        if keys.contains(&key) {
            return Err(ApiError::invalid(format!("Duplicate tag key: {key}.")));
        }
        keys.push(key);
    }
    Ok(())
}
