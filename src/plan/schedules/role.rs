//! Resolves the roles that start tasks: turns names into ARNs.

use super::types::Ground;

/// The role that the console creates for rules that run tasks.
pub(super) const DEFAULT_RULE_ROLE: &str = "ecsEventsRole";

/// Returns the ARN of a role that is given as a name or an ARN.
pub(super) fn role_arn(role: &str, ground: &Ground) -> String {
    if role.starts_with("arn:") {
        role.to_owned()
    } else {
        format!("arn:{}:iam::{}:role/{}", ground.partition, ground.account, role.trim_start_matches('/'))
    }
}
