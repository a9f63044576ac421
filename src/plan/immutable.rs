//! What to do about a member of a service that `UpdateService` does not take. Pure.

use serde_json::Value;

use crate::shell::quote;

/// Returns the hints for a member that differs and cannot be sent: the other way that ECS has, and the steps that create the
/// service again. `running` is the service as `DescribeServices` has it; `deploy` is the command that deploys it.
pub(super) fn hints(member: &str, written: &Value, running: &Value, key: &str, deploy: &str) -> Vec<String> {
    let steps = format!(
        "or create the service again, which stops its tasks: first `ecsail delete {}`, then `{deploy}`",
        quote(key)
    );
    let other_way = other_way(member, written, running).unwrap_or("revert the change in the manifest");
    vec![other_way.to_owned(), steps]
}

/// Returns how ECS changes a member by another one.
///
/// A launch type is changed by a capacity provider strategy, and an empty strategy returns to the launch type (API
/// reference, `UpdateService`, `capacityProviderStrategy`).
fn other_way(member: &str, written: &Value, running: &Value) -> Option<&'static str> {
    if member != "launchType" {
        return None;
    }
    let has_strategy = running["capacityProviderStrategy"].as_array().is_some_and(|list| !list.is_empty());
    if has_strategy {
        return Some(
            "write `capacityProviderStrategy: []`, which returns the service to its launch type, or remove `launchType`",
        );
    }
    match written.as_str()? {
        "FARGATE" => Some(
            "write `capacityProviderStrategy: [ { capacityProvider: FARGATE, weight: 1 } ]` instead of `launchType`",
        ),
        "EC2" => Some(
            "write `capacityProviderStrategy` with a capacity provider of the cluster instead of `launchType`",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn first_hint(member: &str, written: &str, running: &Value) -> String {
        hints(member, &json!(written), running, "web", "ecsail deploy web").remove(0)
    }

    #[test]
    fn a_launch_type_is_changed_by_a_capacity_provider_strategy() {
        let spot = json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]});
        assert!(
            first_hint("launchType", "FARGATE", &spot).starts_with("write `capacityProviderStrategy: []`")
        );
        let ec2 = json!({"launchType": "EC2"});
        assert!(first_hint("launchType", "FARGATE", &ec2).contains("capacityProvider: FARGATE, weight: 1"));
        let fargate = json!({"launchType": "FARGATE"});
        assert!(first_hint("launchType", "EC2", &fargate).contains("a capacity provider of the cluster"));
    }

    #[test]
    fn what_has_no_other_way_needs_another_service() {
        let found = hints("schedulingStrategy", &json!("DAEMON"), &json!({}), "my web", "ecsail deploy");
        assert_eq!(found[0], "revert the change in the manifest");
        assert!(found[1].ends_with("first `ecsail delete 'my web'`, then `ecsail deploy`"), "{found:?}");
    }
}
