//! Reads the members of inputs, and assembles outputs: required members, paging, tags. Specific to no
//! operation.

use serde_json::{Value, json};

use crate::api::{ApiError, invalid_if};

/// Returns a text member; none where it is absent or empty.
pub(crate) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input[name].as_str().filter(|text| !text.is_empty())
}

/// Returns a text member that must be present.
pub(crate) fn required_text<'a>(input: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    text(input, name).ok_or_else(|| ApiError::invalid(format!("{} can not be blank.", capitalized(name))))
}

fn capitalized(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// Returns the texts of a list member; empty when it is absent.
pub(crate) fn texts<'a>(input: &'a Value, name: &str) -> Vec<&'a str> {
    input[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns the texts of a list member with at most `most` items.
pub(crate) fn texts_up_to<'a>(input: &'a Value, name: &str, most: usize) -> Result<Vec<&'a str>, ApiError> {
    let given = texts(input, name);
    invalid_if(given.len() > most, format!("{} cannot have more than {most} elements.", capitalized(name)))?;
    Ok(given)
}

/// Returns the texts of a list member with at least one and at most `most` items.
pub(crate) fn required_texts<'a>(
    input: &'a Value,
    name: &str,
    most: usize,
) -> Result<Vec<&'a str>, ApiError> {
    let given = texts_up_to(input, name, most)?;
    invalid_if(given.is_empty(), format!("{} cannot be empty.", capitalized(name)))?;
    Ok(given)
}

/// Returns whether the input's `include` lists `what`.
pub(crate) fn includes(input: &Value, what: &str) -> bool {
    texts(input, "include").contains(&what)
}

/// Returns whether a text is valid as the name of a family, container or service.
pub(crate) fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Returns a list member; empty when it is absent.
pub(crate) fn list(input: &Value, name: &str) -> Vec<Value> {
    input[name].as_array().cloned().unwrap_or_default()
}

/// Returns one page of `items` under `name`, and a `nextToken` when there are more.
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

/// Returns one page of `items` under `name` as EventBridge and the scheduler page: with `NextToken`, and the
/// member `limit` for the page size.
pub(crate) fn eventbridge_page(
    input: &Value,
    limit: &str,
    name: &str,
    items: &[Value],
) -> Result<Value, ApiError> {
    let most = match input[limit].as_i64() {
        Some(given) if !(1..=100).contains(&given) => {
            let (bound, than) = if given < 1 { ("greater", 1) } else { ("less", 100) };
            let rule = format!("Member must have value {bound} than or equal to {than}");
            return Err(constraint_violation(limit, &given.to_string(), &rule));
        }
        given => given.unwrap_or(100) as usize,
    };
    let start = match text(input, "NextToken") {
        Some(token) => {
            offset(token).ok_or_else(|| ApiError::new("ValidationException", "Invalid NextToken"))?
        }
        None => 0,
    };
    let end = (start + most).min(items.len());
    let mut out = json!({ name: items.get(start..end).unwrap_or_default() });
    if end < items.len() {
        out["NextToken"] = json!(format!("eyJzYW5kYm94IjoxfQ{end:08x}"));
    }
    Ok(out)
}

/// Returns the error of a value that violates a constraint of the API model.
pub(crate) fn constraint_violation(member: &str, value: &str, rule: &str) -> ApiError {
    let (first, rest) = member.split_at(1);
    let member = first.to_ascii_lowercase() + rest;
    ApiError::new(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
        ),
    )
}

/// Returns the error of a required member that is absent.
fn missing_member(member: &str) -> ApiError {
    let (first, rest) = member.split_at(1);
    let member = first.to_ascii_lowercase() + rest;
    ApiError::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Returns a required text member of 1 to `most` characters, each a letter, a digit, or one of `others`.
pub(crate) fn required_name<'a>(
    input: &'a Value,
    member: &str,
    most: usize,
    others: &str,
) -> Result<&'a str, ApiError> {
    let given = input[member].as_str().ok_or_else(|| missing_member(member))?;
    if given.is_empty() || given.len() > most {
        let (bound, than) = if given.is_empty() { ("greater", 1) } else { ("less", most) };
        let rule = format!("Member must have length {bound} than or equal to {than}");
        return Err(constraint_violation(member, given, &rule));
    }
    if !given.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c)) {
        let rule = format!("Member must satisfy regular expression pattern: [{others}0-9A-Za-z]+");
        return Err(constraint_violation(member, given, &rule));
    }
    Ok(given)
}

/// Adds tags with the members `Key` and `Value` to those of a resource; a tag with the same key is replaced.
pub(crate) fn merge_tags(slot: &mut Vec<Value>, given: &[Value], most: usize) -> Result<(), ApiError> {
    let mut merged = slot.clone();
    for tag in given {
        let key = tag["Key"].as_str().unwrap_or_default();
        let value = tag["Value"].as_str();
        let keys = key.chars().count();
        let values = value.map_or(0, |value| value.chars().count());
        if !(1..=128).contains(&keys) || value.is_none() || values > 256 {
            return Err(ApiError::validation(
                "Invalid tag: keys have 1 to 128 characters, values up to 256.",
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::validation("Tag keys starting with 'aws:' are reserved for system use."));
        }
        match merged.iter_mut().find(|old| old["Key"] == tag["Key"]) {
            Some(old) => *old = tag.clone(),
            None => merged.push(tag.clone()),
        }
    }
    if merged.len() > most {
        return Err(ApiError::validation("The number of tags exceeds the limit."));
    }
    *slot = merged;
    Ok(())
}

fn offset(token: &str) -> Option<usize> {
    usize::from_str_radix(token.strip_prefix("eyJzYW5kYm94IjoxfQ")?, 16).ok()
}

/// Looks up each of `asked`. Those found are listed under `name`, the others under `failures` by the ARN
/// that `find` returns.
pub(crate) fn describe_each<'a>(
    name: &str,
    asked: &[&'a str],
    find: impl Fn(&'a str) -> Result<Value, String>,
) -> Value {
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for given in asked {
        match find(given) {
            Ok(value) => found.push(value),
            Err(arn) => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    json!({ name: found, "failures": failures })
}

/// Sets a member of an output, unless the value is none.
pub(crate) fn set_some<T: Into<Value>>(out: &mut Value, name: &str, value: Option<T>) {
    if let Some(value) = value {
        out[name] = value.into();
    }
}

/// Copies members into an object, replacing those of the same name.
pub(crate) fn merge_members<'a>(out: &mut Value, members: impl IntoIterator<Item = (&'a String, &'a Value)>) {
    for (name, value) in members {
        out[name.as_str()] = value.clone();
    }
}

/// Checks the tags of a creation or a `TagResource` call.
pub(crate) fn checked_tags(tags: &[Value]) -> Result<(), ApiError> {
    invalid_if(tags.len() > 50, "The number of tags exceeds the limit of 50.")?;
    let mut keys = Vec::with_capacity(tags.len());
    for tag in tags {
        let key = tag["key"].as_str().unwrap_or_default();
        let value = tag["value"].as_str().unwrap_or_default();
        invalid_if(
            key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256,
            "Invalid tag: keys have 1 to 128 characters, values up to 256.",
        )?;
        invalid_if(
            key.to_ascii_lowercase().starts_with("aws:"),
            "Tag keys starting with 'aws:' are reserved for system use.",
        )?;
        invalid_if(keys.contains(&key), format!("Duplicate tag key: {key}."))?;
        keys.push(key);
    }
    Ok(())
}
