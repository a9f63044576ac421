//! Resolves the roles that start tasks: turns names into ARNs.

use super::types::ScheduleContext;

/// The role that the console creates for rules that run tasks.
pub(super) const DEFAULT_RULE_ROLE: &str = "ecsEventsRole";

/// Returns the ARN of a role that is given as a name or an ARN.
pub(super) fn role_arn(role: &str, schedule_context: &ScheduleContext) -> String {
    if role.starts_with("arn:") {
        role.to_owned()
    } else {
        format!(
            "arn:{}:iam::{}:role/{}",
            schedule_context.partition,
            schedule_context.account,
            role.trim_start_matches('/')
        )
    }
}
