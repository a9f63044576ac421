//! The policy that everybody has in the sandbox: approvals may be written only under a key of one's own.
//!
//! It is the policy that `ecsail lock init --print approval-policy` prints: `dynamodb:LeadingKeys` must begin with
//! `approval/KIND/${aws:userid}/` (developer guide, "Using IAM policy conditions for fine-grained access control").

use crate::api::ApiError;
use crate::state::Caller;

const APPROVALS: &str = "approval/";
/// What the roles of Identity Center are called.
const IDENTITY_CENTER: &str = ":assumed-role/AWSReservedSSO_";

/// Refuses a write under the key of another principal.
///
/// # Errors
/// As IAM words an explicit deny.
pub(super) fn ensure_own_key(
    operation: &str,
    key: &str,
    table: &str,
    caller: &Caller,
) -> Result<(), ApiError> {
    if !key.starts_with(APPROVALS) || key.starts_with(&own_prefix(caller)) {
        return Ok(());
    }
    let message = format!(
        "User: {} is not authorized to perform: dynamodb:{operation} on resource: {table} with an explicit deny in \
         an identity-based policy",
        caller.arn
    );
    Err(ApiError::new("AccessDeniedException", message))
}

fn own_prefix(caller: &Caller) -> String {
    let Caller { arn, user_id, .. } = caller;
    if let Some((_, user)) = arn.split_once(":user/") {
        let name = user.rsplit('/').next().unwrap_or_default();
        return format!("{APPROVALS}user/{user_id}/{name}/");
    }
    let kind = if arn.contains(IDENTITY_CENTER) { "sso" } else { "role" };
    format!("{APPROVALS}{kind}/{user_id}/")
}
