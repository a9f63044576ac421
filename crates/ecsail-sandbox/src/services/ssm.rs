//! AWS Systems Manager: puts and reads parameters. The value of a `SecureString` is kept as it is given, and shown only with
//! `WithDecryption`.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::texts;
use crate::state::{CallContext, Resources};

/// The most names of a call of `GetParameters` (API reference of Systems Manager).
const MOST_NAMES: usize = 10;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let name = input["Name"].as_str().unwrap_or_default();
    match operation {
        "PutParameter" => {
            put(context.resources, name, input["Type"].as_str().unwrap_or("String"), &input["Value"]);
            Ok(json!({ "Version": 1, "Tier": "Standard" }))
        }
        "GetParameter" => match context.resources.parameters.get(bare_name(name)) {
            Some(parameter) => Ok(json!({ "Parameter": shown(parameter, input) })),
            None => Err(ApiError::new("ParameterNotFound", "")),
        },
        "GetParameters" => get_parameters(context.resources, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// Keeps a parameter, or with a number behind a colon one of its versions.
pub(crate) fn put(resources: &mut Resources, name: &str, kind: &str, value: &Value) {
    let path = bare_name(name.strip_prefix('/').unwrap_or(name));
    let arn = resources.service_arn("ssm", &format!("parameter/{path}"));
    let (bare, version) = split_selector(name);
    let version =
        version.and_then(|version| version.trim_start_matches(':').parse::<u64>().ok()).unwrap_or(1);
    let parameter = json!({
        "Name": bare, "Type": kind, "Value": value, "Version": version, "ARN": arn, "DataType": "text",
    });
    resources.parameters.insert(name.to_owned(), parameter);
}

fn get_parameters(resources: &Resources, input: &Value) -> Result<Value, ApiError> {
    let names = texts(input, "Names");
    if names.len() > MOST_NAMES {
        let message = format!(
            "1 validation error detected: Value '[{}]' at 'names' failed to satisfy constraint: Member must have length \
             less than or equal to {MOST_NAMES}",
            names.join(", ")
        );
        return Err(ApiError::validation(message));
    }
    let mut found = Vec::new();
    let mut invalid = Vec::new();
    for name in names {
        let (bare, selector) = split_selector(name);
        let is_named = |known: &&Value| known["Name"] == bare || known["ARN"] == bare;
        let is_asked = |known: &&Value| match selector.map(|selector| &selector[1..]) {
            Some(version) => version.parse().is_ok_and(|version: u64| known["Version"] == version),
            None => resources.parameters.get(bare).is_none_or(|newest| newest == *known),
        };
        match resources.parameters.values().filter(is_named).find(is_asked) {
            Some(parameter) => {
                let mut parameter = shown(parameter, input);
                if let Some(selector) = selector {
                    parameter["Selector"] = json!(selector);
                }
                found.push(parameter);
            }
            None => invalid.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
}

/// Returns a parameter as a call sees it: encrypted, unless it asks for the plain value.
fn shown(parameter: &Value, input: &Value) -> Value {
    let mut parameter = parameter.clone();
    if parameter["Type"] == "SecureString" && input["WithDecryption"] != true {
        parameter["Value"] = json!("AQICAHencrypted");
    }
    parameter
}

fn bare_name(name: &str) -> &str {
    split_selector(name).0
}

/// Splits a name into the name and the version or label behind it; an ARN has colons of its own.
fn split_selector(name: &str) -> (&str, Option<&str>) {
    let from = if name.starts_with("arn:") { name.find('/').unwrap_or(0) } else { 0 };
    match name[from..].find(':') {
        Some(at) => (&name[..from + at], Some(&name[from + at..])),
        None => (name, None),
    }
}
