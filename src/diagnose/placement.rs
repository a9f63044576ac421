//! Explains why a one-off task was not started: the reasons that `RunTask` returns in `failures`.

use super::causes::{Retry, match_text};

/// The cause of a refusal, and its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacementFailure {
    pub cause: &'static str,
    pub remedy: &'static str,
    pub retry_helps: Retry,
}

/// The reasons that are one word, from the developer guide's page on API failures.
const ROWS: &[(&str, &str, &str, Retry)] = &[
    (
        "AGENT",
        "the ECS agent of the container instance is not connected",
        "check the instance and its agent, or place the task on another one",
        Retry::Sometimes,
    ),
    (
        "ATTRIBUTE",
        "no container instance has an attribute that the task definition requires",
        "update the agent, or place the task on instances that have it",
        Retry::No,
    ),
    (
        "LOCATION",
        "the container instance is in another availability zone than the subnets",
        "choose subnets in the zones that have instances",
        Retry::No,
    ),
    (
        "EMPTY CAPACITY PROVIDER",
        "the capacity provider has no container instance",
        "add instances to its Auto Scaling group, or let it scale",
        Retry::Sometimes,
    ),
    (
        "NO ACTIVE INSTANCES",
        "no container instance of the capacity provider is active",
        "activate or add instances",
        Retry::Sometimes,
    ),
    (
        "INACTIVE",
        "the container instance is not active",
        "add instances to the cluster, or run the task on Fargate",
        Retry::No,
    ),
    (
        "MISSING",
        "a resource of the call does not exist",
        "check the cluster, its container instances and the account",
        Retry::No,
    ),
];

/// Returns the cause for which a task was not started; `None` where no row matches the reason.
pub fn explain_failure(reason: &str, detail: Option<&str>) -> Option<PlacementFailure> {
    let word = reason.trim().to_uppercase();
    if let Some((_, cause, remedy, retry_helps)) = ROWS.iter().find(|row| row.0 == word) {
        return Some(PlacementFailure { cause, remedy, retry_helps: *retry_helps });
    }
    let text = format!("{reason}; {}", detail.unwrap_or_default());
    let row = match_text(&text).first()?.row;
    Some(PlacementFailure { cause: row.cause, remedy: row.remedy, retry_helps: row.retry_helps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_reason_has_a_cause_and_a_remedy() {
        for (reason, cause) in [
            ("RESOURCE:MEMORY", "no container instance has room for the task"),
            ("RESOURCE:CPU", "no container instance has room for the task"),
            ("RESOURCE:ENI", "no container instance has room for the task"),
            ("AGENT", "the ECS agent of the container instance is not connected"),
            ("LOCATION", "the container instance is in another availability zone than the subnets"),
            ("EMPTY CAPACITY PROVIDER", "the capacity provider has no container instance"),
            (
                "Capacity is unavailable at this time. Please try again later or in a different availability zone",
                "Fargate has no capacity at the moment",
            ),
        ] {
            assert_eq!(explain_failure(reason, None).map(|known| known.cause), Some(cause), "{reason}");
        }
    }

    #[test]
    fn detail_is_matched_too_and_unknown_reason_has_no_cause() {
        let known = explain_failure("OTHER", Some("Capacity is unavailable at this time."));
        assert_eq!(known.map(|known| known.retry_helps), Some(Retry::Yes));
        assert_eq!(explain_failure("OTHER", Some("for reasons of its own")), None);
        assert_eq!(explain_failure("the AGENT of change", None), None);
    }
}
