//! AWS Systems Manager: puts, describes and reads parameters. The value of a `SecureString` is kept as it is given, and shown
//! only with `WithDecryption`. Of a parameter only the last version is kept. The words of errors are those of the API
//! reference and of the service.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::{constraint_violation, eventbridge_page, text, texts};
use crate::state::{CallContext, Resources};

/// The most names of a call of `GetParameters` (API reference of Systems Manager).
const MOST_NAMES: usize = 10;
/// The most levels of a name that is a path.
const MOST_LEVELS: usize = 15;
/// The most bytes of a value in the standard and in the advanced tier.
const STANDARD_BYTES: usize = 4096;
const ADVANCED_BYTES: usize = 8192;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let name = input["Name"].as_str().unwrap_or_default();
    match operation {
        "PutParameter" => put_parameter(context, name, input),
        "GetParameter" => match find(context.resources, name) {
            Some(parameter) => Ok(json!({ "Parameter": shown(parameter, input) })),
            None => Err(ApiError::new("ParameterNotFound", "")),
        },
        "GetParameters" => get_parameters(context.resources, input),
        "DescribeParameters" => describe_parameters(context.resources, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// Keeps a parameter, or with a number behind a colon one of its versions.
pub(crate) fn put(resources: &mut Resources, name: &str, kind: &str, value: &Value) {
    let path = split_selector(name.strip_prefix('/').unwrap_or(name)).0;
    let arn = resources.service_arn("ssm", &format!("parameter/{path}"));
    let (bare, version) = split_selector(name);
    let version =
        version.and_then(|version| version.trim_start_matches(':').parse::<u64>().ok()).unwrap_or(1);
    let parameter = json!({
        "Name": bare, "Type": kind, "Value": value, "Version": version, "ARN": arn, "DataType": "text",
        "Tier": "Standard",
    });
    resources.parameters.insert(name.to_owned(), parameter);
}

fn put_parameter(context: &mut CallContext<'_>, name: &str, input: &Value) -> Result<Value, ApiError> {
    ensure_name(name)?;
    let known = context.resources.parameters.get(name).cloned();
    let kind = text(input, "Type");
    match &known {
        Some(_) if input["Overwrite"] != true => {
            return Err(ApiError::new(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            ));
        }
        Some(known) if kind.is_some_and(|kind| known["Type"] != kind) => {
            return Err(ApiError::new(
                "HierarchyTypeMismatchException",
                "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a \
                 parameter from a String type to a SecureString type. You must create a new, unique parameter.",
            ));
        }
        None if kind.is_none() => {
            let message = "A parameter type is required when you create a parameter.";
            return Err(ApiError::validation(message));
        }
        _ => {}
    }
    let tier = tier(known.as_ref(), input)?;
    let version = known.as_ref().and_then(|known| known["Version"].as_u64()).unwrap_or_default() + 1;
    let kind =
        kind.map(str::to_owned).or_else(|| known.and_then(|known| Some(known["Type"].as_str()?.to_owned())));
    put(context.resources, name, &kind.unwrap_or_default(), &input["Value"]);
    let now = context.reported_now();
    if let Some(parameter) = context.resources.parameters.get_mut(name) {
        parameter["Version"] = json!(version);
        parameter["Tier"] = json!(tier);
        parameter["LastModifiedDate"] = json!(now);
        parameter["LastModifiedUser"] = json!(context.caller.arn);
        if parameter["Type"] == "SecureString" {
            // Without a key that of the account is taken, also where the version before had another one.
            parameter["KeyId"] = json!(text(input, "KeyId").unwrap_or("alias/aws/ssm"));
        }
    }
    Ok(json!({ "Version": version, "Tier": tier }))
}

fn ensure_name(name: &str) -> Result<(), ApiError> {
    let bare = name.trim_start_matches('/').to_ascii_lowercase();
    if bare.starts_with("aws") || bare.starts_with("ssm") {
        return Err(ApiError::validation(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, it can \
             consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
             following 3 symbols .-_",
        ));
    }
    if !name.starts_with('/') && name.contains('/') {
        return Err(ApiError::validation("Parameter name must be a fully qualified name."));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if name.is_empty() || !name.chars().all(is_allowed) || name.ends_with('/') || name.contains("//") {
        return Err(ApiError::validation(
            "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>",
        ));
    }
    if name.matches('/').count() > MOST_LEVELS {
        let message = format!("A hierarchy can have a maximum of {MOST_LEVELS} levels.");
        return Err(ApiError::new("HierarchyLevelLimitExceededException", message));
    }
    Ok(())
}

/// Returns the tier of a parameter that is put, once its value fits.
fn tier(known: Option<&Value>, input: &Value) -> Result<&'static str, ApiError> {
    let value = input["Value"].as_str().unwrap_or_default();
    if value.is_empty() {
        return Err(constraint_violation("Value", "", "Member must have length greater than or equal to 1"));
    }
    if value.contains("{{") && value.contains("}}") {
        let message = "Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.";
        return Err(ApiError::validation(message));
    }
    let is_advanced = input["Tier"] == "Advanced";
    if !is_advanced && known.is_some_and(|known| known["Tier"] == "Advanced") {
        return Err(ApiError::validation(
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter \
             tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a \
             standard parameter.",
        ));
    }
    if !is_advanced && value.len() > STANDARD_BYTES {
        return Err(ApiError::validation(format!(
            "Standard tier parameters support a maximum parameter value of {STANDARD_BYTES} characters. To create a larger \
             parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        )));
    }
    if value.len() > ADVANCED_BYTES {
        return Err(ApiError::validation(format!(
            "Advanced tier parameters support a maximum parameter value of {ADVANCED_BYTES} characters."
        )));
    }
    Ok(if is_advanced { "Advanced" } else { "Standard" })
}

/// Returns one page of parameters without their values. The filters are those of names and types.
fn describe_parameters(resources: &Resources, input: &Value) -> Result<Value, ApiError> {
    let filters = input["ParameterFilters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    for parameter in resources.parameters.values() {
        let mut is_meant = true;
        for filter in filters {
            is_meant &= fits(parameter, filter)?;
        }
        if is_meant {
            let mut described = parameter.clone();
            if let Some(members) = described.as_object_mut() {
                members.remove("Value");
            }
            found.push(described);
        }
    }
    if input["MaxResults"].as_i64().is_some_and(|most| most > 50) {
        let given = input["MaxResults"].to_string();
        return Err(constraint_violation(
            "MaxResults",
            &given,
            "Member must have value less than or equal to 50",
        ));
    }
    // Without a number, a page has ten parameters.
    let most = input["MaxResults"].as_i64().unwrap_or(10);
    let paged = json!({ "MaxResults": most, "NextToken": input["NextToken"] });
    eventbridge_page(&paged, "MaxResults", "Parameters", &found)
}

fn fits(parameter: &Value, filter: &Value) -> Result<bool, ApiError> {
    let values = texts(filter, "Values");
    let member = match text(filter, "Key") {
        Some("Name") => "Name",
        Some("Type") => "Type",
        key => {
            let message = format!("The sandbox has no filter {}", key.unwrap_or_default());
            return Err(ApiError::new("InvalidFilterKey", message));
        }
    };
    let own = parameter[member].as_str().unwrap_or_default();
    Ok(match text(filter, "Option") {
        None | Some("Equals") => values.contains(&own),
        // A name without a slash at its beginning is also found where it has one.
        Some("BeginsWith") => {
            values.iter().any(|value| own.trim_start_matches('/').starts_with(value.trim_start_matches('/')))
        }
        _ => return Err(ApiError::new("InvalidFilterOption", "The specified filter option isn't valid.")),
    })
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
        match find(resources, name) {
            Some(parameter) => {
                let mut parameter = shown(parameter, input);
                if let Some(selector) = split_selector(name).1 {
                    parameter["Selector"] = json!(selector);
                }
                found.push(parameter);
            }
            None => invalid.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
}

/// Returns a parameter by its name or its ARN, each with or without its version.
fn find<'a>(resources: &'a Resources, name: &str) -> Option<&'a Value> {
    let (bare, selector) = split_selector(name);
    let is_named = |known: &&Value| known["Name"] == bare || known["ARN"] == bare;
    let is_asked = |known: &&Value| match selector.map(|selector| selector.trim_start_matches(':')) {
        Some(version) => version.parse().is_ok_and(|version: u64| known["Version"] == version),
        // A version that was declared beside the newest one has a key of its own.
        None => resources.parameters.get(bare).is_none_or(|newest| newest == *known),
    };
    resources.parameters.values().filter(is_named).find(is_asked)
}

/// Returns a parameter as a call sees it: encrypted, unless it asks for the plain value.
fn shown(parameter: &Value, input: &Value) -> Value {
    let mut parameter = parameter.clone();
    if parameter["Type"] == "SecureString" && input["WithDecryption"] != true {
        parameter["Value"] = json!("AQICAHencrypted");
    }
    parameter
}

/// Splits a name into the name and the version or label behind it; an ARN has colons of its own.
fn split_selector(name: &str) -> (&str, Option<&str>) {
    let from = if name.starts_with("arn:") { name.find('/').unwrap_or(0) } else { 0 };
    match name[from..].find(':') {
        Some(at) => (&name[..from + at], Some(&name[from + at..])),
        None => (name, None),
    }
}
