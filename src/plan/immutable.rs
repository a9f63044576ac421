//! What to do about a member of a service that `UpdateService` does not take. Pure.

use serde_json::Value;

const RECREATE: &str = "delete and recreate the service, or revert the change";

/// Returns the hint for a member that differs and cannot be sent. `running` is the service as `DescribeServices` has it.
///
/// A launch type is changed by a capacity provider strategy, and an empty strategy returns to the launch type (API
/// reference, `UpdateService`, `capacityProviderStrategy`).
pub(super) fn hint(member: &str, written: &Value, running: &Value) -> String {
    if member != "launchType" {
        return RECREATE.to_owned();
    }
    let has_strategy = running["capacityProviderStrategy"].as_array().is_some_and(|list| !list.is_empty());
    if has_strategy {
        return "write `capacityProviderStrategy: []`, which returns the service to its launch type, or remove `launchType`"
            .to_owned();
    }
    match written.as_str() {
        Some("FARGATE") => {
            "write `capacityProviderStrategy: [ { capacityProvider: FARGATE, weight: 1 } ]` instead of `launchType`".to_owned()
        }
        Some("EC2") => {
            "write `capacityProviderStrategy` with a capacity provider of the cluster instead of `launchType`".to_owned()
        }
        _ => RECREATE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_launch_type_is_changed_by_a_capacity_provider_strategy() {
        let spot = json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]});
        assert!(
            hint("launchType", &json!("FARGATE"), &spot).starts_with("write `capacityProviderStrategy: []`")
        );
        let ec2 = json!({"launchType": "EC2"});
        assert!(hint("launchType", &json!("FARGATE"), &ec2).contains("capacityProvider: FARGATE, weight: 1"));
        let fargate = json!({"launchType": "FARGATE"});
        assert!(hint("launchType", &json!("EC2"), &fargate).contains("a capacity provider of the cluster"));
    }

    #[test]
    fn only_what_has_no_other_way_needs_another_service() {
        let hint = hint("schedulingStrategy", &json!("DAEMON"), &json!({}));
        assert_eq!(hint, "delete and recreate the service, or revert the change");
    }
}
