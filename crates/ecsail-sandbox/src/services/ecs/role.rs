//! The spelling of roles: ECS takes the short name of a role, and returns its ARN.

/// Returns the ARN of a role that is given as an ARN or by its name.
pub(super) fn role_arn(given: &str, account: &str) -> String {
    if given.is_empty() || given.starts_with("arn:") {
        given.to_owned()
    } else {
        format!("arn:aws:iam::{account}:role/{}", given.trim_start_matches('/'))
    }
}
