//! AWS STS: the caller's identity, and roles. Trust policies are not checked.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::ApiError;
use crate::arn::last_segment;
use crate::clock::wall_now;
use crate::state::{CallContext, Principal};

const HOUR: i64 = 3600;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "GetCallerIdentity" => Ok(json!({
            "Arn": context.caller.arn,
            "UserId": context.caller.user_id,
            "Account": context.caller.account,
        })),
        "AssumeRole" => assume_role(context, input),
        _ => Err(ApiError::new(
            "InvalidAction",
            format!("Could not find operation {operation} for version 2011-06-15"),
        )),
    }
}

fn missing_member(name: &str) -> ApiError {
    ApiError::new(
        "ValidationError",
        format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be \
             null"
        ),
    )
}

fn assume_role(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let role = input["RoleArn"].as_str().ok_or_else(|| missing_member("roleArn"))?;
    let session = input["RoleSessionName"].as_str().ok_or_else(|| missing_member("roleSessionName"))?;
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let [_, _, "iam", _, account, resource] = parts[..] else {
        return Err(ApiError::new("ValidationError", format!("{role} is invalid")));
    };
    let name = last_segment(resource);
    let key = format!("ASIA{}", context.ids.hex(16).to_ascii_uppercase());
    let role_id = format!("AROA{}", context.ids.hex(16).to_ascii_uppercase());
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let user_id = format!("{role_id}:{session}");
    let principal = Principal { account: account.to_owned(), arn: arn.clone(), user_id: user_id.clone() };
    context.principals.insert(key.clone(), principal);
    let lasts = input["DurationSeconds"].as_str().and_then(|s| s.parse().ok()).unwrap_or(HOUR);
    // Wall time, not simulated time: clients compare it with their own clock.
    let expires = Timestamp::from_millisecond(wall_now() + lasts * 1000).unwrap_or(Timestamp::MAX);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": context.ids.word(40),
            "SessionToken": context.ids.word(120),
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": { "AssumedRoleId": user_id, "Arn": arn },
        "PackedPolicySize": 0,
    }))
}
