//! Reads what all inputs of Application Auto Scaling have: namespace, resource and dimension, names and pages.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::{constraint_violation, text};

/// The scalable dimension of a service.
pub(super) const DIMENSION: &str = "ecs:service:DesiredCount";

/// Returns the name of a member in messages.
pub(super) fn lower(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}

/// Returns the error of a member that must not be absent; `member` is its path in messages.
pub(super) fn missing(member: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Returns a text member that must be present.
pub(super) fn required_text<'a>(input: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    text(input, name).ok_or_else(|| missing(&lower(name)))
}

/// Checks namespace and dimension. Only those of ECS services exist here.
pub(super) fn check_namespace(input: &Value) -> Result<(), ApiError> {
    let namespace = required_text(input, "ServiceNamespace")?;
    let dimension = text(input, "ScalableDimension").unwrap_or(DIMENSION);
    if namespace != "ecs" || dimension != DIMENSION {
        return Err(ApiError::validation(format!(
            "Unsupported service namespace, resource type or scalable dimension: {namespace}, {dimension}"
        )));
    }
    Ok(())
}

/// Returns the resource id of a call that changes something, which needs the dimension too.
pub(super) fn required_resource(input: &Value) -> Result<&str, ApiError> {
    check_namespace(input)?;
    let id = required_text(input, "ResourceId")?;
    required_text(input, "ScalableDimension")?;
    Ok(id)
}

/// Returns a name of 1 to 256 characters, none of which is a control character.
pub(super) fn required_name<'a>(input: &'a Value, name: &str, pattern: &str) -> Result<&'a str, ApiError> {
    let given = input[name].as_str().ok_or_else(|| missing(&lower(name)))?;
    let length = given.chars().count();
    if length == 0 || length > 256 {
        let (bound, than) = if length == 0 { ("greater", 1) } else { ("less", 256) };
        let rule = format!("Member must have length {bound} than or equal to {than}");
        return Err(constraint_violation(name, given, &rule));
    }
    if given.chars().any(char::is_control) {
        let rule = format!("Member must satisfy regular expression pattern: {pattern}");
        return Err(constraint_violation(name, given, &rule));
    }
    Ok(given)
}

/// Checks that a member has one of these values, if it is present; `path` is its name in messages.
pub(super) fn check_value(input: &Value, member: &str, path: &str, values: &[&str]) -> Result<(), ApiError> {
    match input[member].as_str().filter(|given| !values.contains(given)) {
        Some(given) => {
            let rule = format!("Member must satisfy enum value set: [{}]", values.join(", "));
            Err(constraint_violation(path, given, &rule))
        }
        None => Ok(()),
    }
}

/// Returns whether a name is one of those asked for; all are where none is.
pub(super) fn is_wanted(name: &str, asked: &[&str]) -> bool {
    asked.is_empty() || asked.contains(&name)
}

/// Returns one page of `items` under `name`, and a `NextToken` if there are more.
pub(super) fn page(input: &Value, name: &str, items: &[Value], size: usize) -> Result<Value, ApiError> {
    let most = input["MaxResults"].as_u64().map_or(size, |most| (most as usize).clamp(1, size));
    let start = match text(input, "NextToken") {
        Some(token) => token
            .parse::<usize>()
            .map_err(|_| ApiError::new("InvalidNextTokenException", "The next token is invalid."))?,
        None => 0,
    };
    let end = (start + most).min(items.len());
    let mut out = json!({ name: items.get(start..end).unwrap_or_default() });
    if end < items.len() {
        out["NextToken"] = json!(end.to_string());
    }
    Ok(out)
}
