//! AWS Secrets Manager: which secrets there are. Never has a value of one.

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
        "DescribeSecret" => describe(context.resources, text(input, "SecretId").unwrap_or_default()),
        "ListSecrets" => {
            let all: Vec<Value> = context.resources.secrets.values().cloned().collect();
            eventbridge_page(input, "MaxResults", "SecretList", &all)
        }
        _ => Err(ApiError::unknown_operation()),
    }
}

/// Creates a secret, unless there is one of its name, and returns it. Its ARN ends in six characters, as those of AWS do.
pub(crate) fn put(resources: &mut Resources, name: &str) -> Value {
    let digest = digest_of(name);
    let suffix: String = digest.trim_start_matches("sha256:").chars().take(6).collect();
    let arn = resources.service_arn("secretsmanager", &format!("secret:{name}-{suffix}"));
    let secret = resources.secrets.entry(name.to_owned());
    secret.or_insert_with(|| json!({ "ARN": arn, "Name": name })).clone()
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
