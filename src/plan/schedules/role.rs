//! Resolves the roles that start tasks: turns names into ARNs.

use super::types::Ground;

/// The role that the console creates for rules that run tasks.
pub(super) const EVENTS_ROLE: &str = "ecsEventsRole";

/// Returns the ARN of a role that is given as a name or an ARN.
pub(super) fn arn(role: &str, ground: &Ground) -> String {
    match role.starts_with("arn:") {
        true => role.to_owned(),
        false => {
            format!("arn:{}:iam::{}:role/{}", ground.partition, ground.account, role.trim_start_matches('/'))
        }
    }
}
