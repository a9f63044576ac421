//! AWS Secrets Manager: which secrets there are. The value of one is made up: JSON with the keys that were declared.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::ids::digest_of;
use crate::params::{eventbridge_page, text};
use crate::state::{CallContext, Resources};

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "CreateSecret" => {
            let name = text(input, "Name").unwrap_or_default();
            let secret = put(context.resources, name);
            Ok(json!({ "ARN": secret["ARN"], "Name": name }))
        }
        "GetSecretValue" => get_value(context.resources, text(input, "SecretId").unwrap_or_default()),
        "DescribeSecret" => describe(context.resources, text(input, "SecretId").unwrap_or_default()),
        "ListSecrets" => {
            let all: Vec<Value> = context.resources.secrets.values().cloned().collect();
            eventbridge_page(input, "MaxResults", "SecretList", &all)
        }
        _ => Err(ApiError::unknown_operation()),
    }
}

fn get_value(resources: &Resources, id: &str) -> Result<Value, ApiError> {
    let secret = describe(resources, id)?;
    let name = secret["Name"].as_str().unwrap_or_default();
    let keys = resources.inventory.get("secret_keys", name).and_then(Value::as_array);
    let text = match keys {
        Some(keys) => {
            let keys = keys.iter().filter_map(Value::as_str);
            keys.map(|key| (key.to_owned(), json!(format!("value-of-{key}")))).collect::<Value>().to_string()
        }
        None => format!("value-of-{name}"),
    };
    Ok(json!({ "ARN": secret["ARN"], "Name": name, "SecretString": text, "VersionStages": ["AWSCURRENT"] }))
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

fn describe(resources: &Resources, id: &str) -> Result<Value, ApiError> {
    let found = resources.secrets.values().find(|secret| {
        // Secrets Manager also takes the ARN without the six characters.
        let partial = secret["ARN"].as_str().and_then(|arn| arn.rsplit_once('-')).map(|(arn, _)| arn);
        secret["Name"] == id || secret["ARN"] == id || partial == Some(id)
    });
    found.cloned().ok_or_else(|| {
        // The words of the API reference and of the service.
        ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    })
}
