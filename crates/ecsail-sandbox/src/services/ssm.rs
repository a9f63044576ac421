//! AWS Systems Manager: puts and reads parameters. Never decrypts: the value of a `SecureString` is kept as it is given.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::state::CallContext;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let name = input["Name"].as_str().unwrap_or_default();
    match operation {
        "PutParameter" => {
            let parameter =
                json!({ "Name": name, "Type": input["Type"], "Value": input["Value"], "Version": 1 });
            context.resources.parameters.insert(name.to_owned(), parameter);
            Ok(json!({ "Version": 1, "Tier": "Standard" }))
        }
        "GetParameter" => match context.resources.parameters.get(name) {
            Some(parameter) => Ok(json!({ "Parameter": parameter })),
            None => Err(ApiError::new("ParameterNotFound", "")),
        },
        _ => Err(ApiError::unknown_operation()),
    }
}
