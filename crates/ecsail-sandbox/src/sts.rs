//! AWS STS: who the caller is, and other roles. Owns the access keys that it hands out; checks no
//! trust policy.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::wall_now;
use crate::state::{Env, Principal, last_part};
use crate::wire::ApiError;

const HOUR: i64 = 3600;

/// Answers an STS operation.
pub(crate) fn answer(env: &mut Env<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "GetCallerIdentity" => Ok(json!({
            "Arn": env.caller.arn,
            "UserId": env.caller.user_id,
            "Account": env.caller.account,
        })),
        "AssumeRole" => assume(env, input),
        _ => Err(ApiError::new(
            "InvalidAction",
            format!("Could not find operation {operation} for version 2011-06-15"),
        )),
    }
}

fn assume(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let missing = |name: &str| {
        ApiError::new(
            "ValidationError",
            format!(
                "1 validation error detected: Value null at '{name}' failed to satisfy \
                     constraint: Member must not be null"
            ),
        )
    };
    let role = input["RoleArn"].as_str().ok_or_else(|| missing("roleArn"))?;
    let session = input["RoleSessionName"].as_str().ok_or_else(|| missing("roleSessionName"))?;
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let [_, _, "iam", _, account, resource] = parts[..] else {
        return Err(ApiError::new("ValidationError", format!("{role} is invalid")));
    };
    let name = last_part(resource);
    let key = format!("ASIA{}", env.ids.hex(16).to_ascii_uppercase());
    let role_id = format!("AROA{}", env.ids.hex(16).to_ascii_uppercase());
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let user_id = format!("{role_id}:{session}");
    let principal = Principal { account: account.to_owned(), arn: arn.clone(), user_id: user_id.clone() };
    env.principals.insert(key.clone(), principal);
    let lasts = input["DurationSeconds"].as_str().and_then(|s| s.parse().ok()).unwrap_or(HOUR);
    // Wall time, whatever the simulation's clock says: the client's credential cache lives by the wall.
    let expires = Timestamp::from_millisecond(wall_now() + lasts * 1000).unwrap_or(Timestamp::MAX);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": env.ids.word(40),
            "SessionToken": env.ids.word(120),
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": { "AssumedRoleId": user_id, "Arn": arn },
        "PackedPolicySize": 0,
    }))
}
