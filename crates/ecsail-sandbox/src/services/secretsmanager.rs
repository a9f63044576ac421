//! AWS Secrets Manager: which secrets there are, and their current values. The words of errors are those of the API reference
//! and of the service.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::ids::digest_of;
use crate::params::{constraint_violation, eventbridge_page, text, texts};
use crate::state::{CallContext, Resources};

const NOT_FOUND: &str = "Secrets Manager can't find the specified secret.";
/// The most bytes of a value (API reference).
const MOST_BYTES: usize = 65_536;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "CreateSecret" => create(context, input),
        "PutSecretValue" => put_value(context, input),
        "GetSecretValue" => get_value(context.resources, input),
        "DeleteSecret" => delete(context, input),
        "DescribeSecret" => {
            described(context.resources, input).map(|name| context.resources.secrets[&name].clone())
        }
        "ListSecrets" => list(context.resources, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// Creates a secret, unless there is one of its name, and returns it. Its ARN ends in six characters, as those of AWS do; where
/// the name is an ARN, it is that one.
pub(crate) fn put(resources: &mut Resources, name: &str) -> Value {
    if let Some((_, named)) = name.split_once(":secret:") {
        let has_suffix = named.rsplit_once('-').is_some_and(|(_, suffix)| suffix.len() == 6);
        let (bare, arn) = match named.rsplit_once('-').filter(|_| has_suffix) {
            Some((bare, _)) => (bare, name.to_owned()),
            None => (named, format!("{name}-{}", suffix_of(named))),
        };
        let secret = resources.secrets.entry(bare.to_owned());
        return secret.or_insert_with(|| json!({ "ARN": arn, "Name": bare })).clone();
    }
    let suffix = suffix_of(name);
    let arn = resources.service_arn("secretsmanager", &format!("secret:{name}-{suffix}"));
    let secret = resources.secrets.entry(name.to_owned());
    secret.or_insert_with(|| json!({ "ARN": arn, "Name": name })).clone()
}

fn suffix_of(name: &str) -> String {
    digest_of(name).trim_start_matches("sha256:").chars().take(6).collect()
}

fn create(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = text(input, "Name").unwrap_or_default();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-/_+=.@!".contains(c)) {
        let message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
        return Err(ApiError::validation(message));
    }
    ensure_length(input)?;
    let token = token(context, input);
    if let Some(known) = context.resources.secrets.get(name) {
        if !known["DeletedDate"].is_null() {
            let message = "You can't create this secret because a secret with this name is already scheduled for deletion.";
            return Err(ApiError::new("InvalidRequestException", message));
        }
        // The same token with the same value is the same request.
        if context.resources.secret_values.get(&token) != Some(&input["SecretString"]) {
            let message = format!("The operation failed because the secret {name} already exists.");
            return Err(ApiError::new("ResourceExistsException", message));
        }
    }
    let secret = put(context.resources, name);
    let now = context.reported_now();
    if let Some(secret) = context.resources.secrets.get_mut(name) {
        secret["CreatedDate"] = json!(now);
        if let Some(key) = text(input, "KmsKeyId") {
            secret["KmsKeyId"] = json!(key);
        }
    }
    if !input["SecretString"].is_null() {
        set_current(context, name, &token, &input["SecretString"]);
    }
    Ok(json!({ "ARN": secret["ARN"], "Name": name, "VersionId": token }))
}

fn put_value(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    ensure_length(input)?;
    let name = described(context.resources, input)?;
    let secret = context.resources.secrets[&name].clone();
    if !secret["DeletedDate"].is_null() {
        let message = "You can't perform this operation on the secret because it was marked for deletion.";
        return Err(ApiError::new("InvalidRequestException", message));
    }
    let token = token(context, input);
    match context.resources.secret_values.get(&token) {
        Some(value) if *value != input["SecretString"] => {
            let arn = secret["ARN"].as_str().unwrap_or_default();
            let message = format!(
                "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
            );
            return Err(ApiError::new("ResourceExistsException", message));
        }
        Some(_) => {}
        None => set_current(context, &name, &token, &input["SecretString"]),
    }
    Ok(json!({ "ARN": secret["ARN"], "Name": name, "VersionId": token, "VersionStages": ["AWSCURRENT"] }))
}

fn get_value(resources: &Resources, input: &Value) -> Result<Value, ApiError> {
    let name = described(resources, input)?;
    let secret = &resources.secrets[&name];
    let versions = secret["VersionIdsToStages"].as_object();
    let current = versions.and_then(|versions| versions.iter().find(|(_, stages)| stages[0] == "AWSCURRENT"));
    let Some(token) = current.map(|(token, _)| token) else {
        return Ok(made_up_value(resources, &name));
    };
    let value = resources.secret_values.get(token);
    Ok(json!({ "ARN": secret["ARN"], "Name": name, "VersionId": token, "SecretString": value }))
}

/// Returns a value for a secret of which only the name was declared: JSON with its declared keys.
fn made_up_value(resources: &Resources, name: &str) -> Value {
    let keys = resources.inventory.get("secret_keys", name).and_then(Value::as_array);
    let text = match keys {
        Some(keys) => {
            let keys = keys.iter().filter_map(Value::as_str);
            keys.map(|key| (key.to_owned(), json!(format!("value-of-{key}")))).collect::<Value>().to_string()
        }
        None => format!("value-of-{name}"),
    };
    let arn = &resources.secrets[name]["ARN"];
    json!({ "ARN": arn, "Name": name, "SecretString": text, "VersionStages": ["AWSCURRENT"] })
}

fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = described(context.resources, input)?;
    let now = context.reported_now();
    if let Some(secret) = context.resources.secrets.get_mut(&name) {
        secret["DeletedDate"] = json!(now);
    }
    Ok(json!({ "Name": name }))
}

/// Makes a value the current one of a secret.
fn set_current(context: &mut CallContext<'_>, name: &str, token: &str, value: &Value) {
    let now = context.reported_now();
    let Some(secret) = context.resources.secrets.get_mut(name) else { return };
    let before = secret["VersionIdsToStages"].as_object().cloned().unwrap_or_default();
    let current = before.into_iter().find(|(_, stages)| stages[0] == "AWSCURRENT");
    let mut versions = json!({ token: ["AWSCURRENT"] });
    if let Some((previous, _)) = current {
        versions[previous] = json!(["AWSPREVIOUS"]);
    }
    secret["VersionIdsToStages"] = versions;
    secret["LastChangedDate"] = json!(now);
    context.resources.secret_values.insert(token.to_owned(), value.clone());
}

/// Returns the token of a request, which becomes the id of the version.
fn token(context: &mut CallContext<'_>, input: &Value) -> String {
    text(input, "ClientRequestToken").map_or_else(|| context.ids.uuid(), str::to_owned)
}

fn ensure_length(input: &Value) -> Result<(), ApiError> {
    let length = input["SecretString"].as_str().map_or(1, str::len);
    if length == 0 || length > MOST_BYTES {
        let (bound, than) = if length == 0 { ("greater", 1) } else { ("less", MOST_BYTES) };
        let rule = format!("Member must have length {bound} than or equal to {than}");
        return Err(constraint_violation("SecretString", "Sensitive Data Sanitized in String", &rule));
    }
    Ok(())
}

/// Returns one page of the secrets, without those that are deleted.
fn list(resources: &Resources, input: &Value) -> Result<Value, ApiError> {
    let prefixes: Vec<&str> = input["Filters"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|filter| texts(filter, "Values"))
        .collect();
    let is_meant = |secret: &&Value| {
        let name = secret["Name"].as_str().unwrap_or_default();
        secret["DeletedDate"].is_null()
            && (prefixes.is_empty() || prefixes.iter().any(|prefix| name.starts_with(prefix)))
    };
    let all: Vec<Value> = resources.secrets.values().filter(is_meant).cloned().collect();
    eventbridge_page(input, "MaxResults", "SecretList", &all)
}

/// Returns the name of the secret that an input names by its name or its ARN.
fn described(resources: &Resources, input: &Value) -> Result<String, ApiError> {
    let id = text(input, "SecretId").unwrap_or_default();
    let found = resources.secrets.iter().find(|(_, secret)| {
        // Secrets Manager also takes the ARN without the six characters.
        let partial = secret["ARN"].as_str().and_then(|arn| arn.rsplit_once('-')).map(|(arn, _)| arn);
        secret["Name"] == id || secret["ARN"] == id || partial == Some(id)
    });
    found.map(|(name, _)| name.clone()).ok_or_else(|| ApiError::new("ResourceNotFoundException", NOT_FOUND))
}
