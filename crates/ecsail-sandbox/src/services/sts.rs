//! AWS STS: the caller's identity, and roles. There are no trust policies, but roles whose name ends in `-mfa` can only be
//! assumed with a code of an MFA device; every device accepts `123456`.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::ApiError;
use crate::arn::last_segment;
use crate::clock::wall_now;
use crate::state::{CallContext, Principal};

const HOUR: i64 = 3600;
/// The end of the names of the roles that ask for MFA, and the code that each device accepts.
const MFA_SUFFIX: &str = "-mfa";
const MFA_CODE: &str = "123456";

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
        "AssumeRoleWithWebIdentity" => assume_role_with_web_identity(context, input),
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
    check_mfa(&context.caller.arn, role, input)?;
    open_session(context, role, input)
}

/// Returns a session for the role. The token itself is not checked; an expired one has the text `expired`.
fn assume_role_with_web_identity(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let role = input["RoleArn"].as_str().ok_or_else(|| missing_member("roleArn"))?;
    let token = input["WebIdentityToken"].as_str().ok_or_else(|| missing_member("webIdentityToken"))?;
    if token.trim() == "expired" {
        let message = "Token expired: current date/time must be before the expiration date/time";
        return Err(ApiError::new("ExpiredTokenException", message));
    }
    open_session(context, role, input)
}

/// Refuses a call without the code of an MFA device for a role that asks for one.
fn check_mfa(caller: &str, role: &str, input: &Value) -> Result<(), ApiError> {
    let denied = |message: String| ApiError { status: 403, ..ApiError::new("AccessDenied", message) };
    match (input["SerialNumber"].as_str(), input["TokenCode"].as_str()) {
        (Some(_), Some(MFA_CODE)) => Ok(()),
        (Some(_), Some(_)) => {
            Err(denied("MultiFactorAuthentication failed with invalid MFA one time pass code. ".to_owned()))
        }
        _ if role.ends_with(MFA_SUFFIX) => Err(denied(format!(
            "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}"
        ))),
        _ => Ok(()),
    }
}

fn open_session(context: &mut CallContext<'_>, role: &str, input: &Value) -> Result<Value, ApiError> {
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
    let (secret, token) = (context.ids.word(40), context.ids.word(120));
    let principal = Principal {
        account: account.to_owned(),
        arn: arn.clone(),
        user_id: user_id.clone(),
        secret: Some(secret.clone()),
        session_token: Some(token.clone()),
    };
    context.principals.insert(key.clone(), principal);
    let lasts = input["DurationSeconds"].as_str().and_then(|s| s.parse().ok()).unwrap_or(HOUR);
    // Wall time, not simulated time: clients compare it with their own clock.
    let expires = Timestamp::from_millisecond(wall_now() + lasts * 1000).unwrap_or(Timestamp::MAX);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": { "AssumedRoleId": user_id, "Arn": arn },
        "PackedPolicySize": 0,
    }))
}
