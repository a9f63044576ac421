//! Lambda: which functions there are.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::text;
use crate::state::Resources;

/// Answers a call.
pub(super) fn answer(resources: &Resources, operation: &str, input: &Value) -> Result<Value, ApiError> {
    if operation != "GetFunctionConfiguration" {
        return Err(ApiError::unknown_operation());
    }
    let given = text(input, "FunctionName").unwrap_or_default();
    let name = given.split_once(":function:").map_or(given, |(_, name)| name);
    let name = name.split(':').next().unwrap_or(name);
    let arn = resources.service_arn("lambda", &format!("function:{name}"));
    if resources.inventory.get("functions", name).is_none() {
        let message = format!("Function not found: {arn}");
        return Err(ApiError { status: 404, ..ApiError::new("ResourceNotFoundException", message) });
    }
    Ok(json!({
        "FunctionName": name, "FunctionArn": arn, "State": "Active", "Version": "$LATEST",
        "LastUpdateStatus": "Successful", "PackageType": "Image",
    }))
}
