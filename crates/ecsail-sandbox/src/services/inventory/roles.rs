//! IAM: roles and the services that they trust.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::params::text;
use crate::state::{Caller, SandboxState};

/// Answers a call.
pub(super) fn answer(
    state: &SandboxState,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    if operation != "GetRole" {
        let message = format!("Could not find operation {operation} for version 2010-05-08");
        return Err(ApiError::new("InvalidAction", message));
    }
    let name = text(input, "RoleName").unwrap_or_default();
    let mut regions = state.regions.values().filter(|resources| resources.account == caller.account);
    let Some(trusted) = regions.find_map(|resources| resources.inventory.get("roles", name)) else {
        // Error "NoSuchEntity" of `GetRole` (API reference of IAM), in the words of the service.
        let message = format!("The role with name {name} cannot be found.");
        return Err(ApiError { status: 404, ..ApiError::new("NoSuchEntity", message) });
    };
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": trusted }, "Action": "sts:AssumeRole" }],
    });
    Ok(json!({ "Role": {
        "Path": "/",
        "RoleName": name,
        "RoleId": "AROASANDBOXSANDBOX000",
        "Arn": format!("arn:aws:iam::{}:role/{name}", caller.account),
        "CreateDate": "2026-01-01T00:00:00Z",
        // "Policies returned by this operation are URL-encoded compliant with RFC 3986" (API reference of IAM).
        "AssumeRolePolicyDocument": percent_encoded(&policy.to_string()),
        "MaxSessionDuration": 3600,
    } }))
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
