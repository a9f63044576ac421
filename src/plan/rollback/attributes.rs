//! Plans the attributes of a service that a rollback restores with its definition: those that a service revision has
//! and `UpdateService` takes.
//!
//! Attributes that both revisions have in common are not sent: ECS stores some of them in another form than it was
//! given.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::aws::types::{Service, ServiceRevision};
use crate::document::model::{DocumentKind, Shape, model};
use crate::document::normalize::normalize;
use crate::plan::diff::{Change, diff};

/// Members of `UpdateService` that are not attributes of a service revision.
const NOT_ATTRIBUTES: &[&str] = &["cluster", "service", "taskDefinition"];
/// Attributes of a service revision, besides its definition, that `UpdateService` does not take.
const IMMUTABLE_ATTRIBUTES: &[&str] = &["launchType"];

/// The attributes that a rollback restores.
#[derive(Clone, Debug, Default)]
pub struct RestoredAttributes {
    pub changes: Vec<Change>,
    /// The members to send.
    pub members: Map<String, Value>,
    /// The current values of the same members, in case the rollback itself is rolled back.
    pub before: Map<String, Value>,
    /// What differs but is left as it is.
    pub notes: Vec<String>,
}

/// Returns the differences between the running attributes and those to restore.
pub fn restore_attributes(
    running: &ServiceRevision,
    wanted: &ServiceRevision,
    service: &Service,
) -> RestoredAttributes {
    const PLATFORM: &str = "platformVersion";
    let (now, then) = (&running.attributes, &wanted.attributes);
    let (normal_now, mut normal_then) = (normal_attributes(now), normal_attributes(then));
    let mut found = RestoredAttributes::default();
    // A service revision has the version that `LATEST` meant at that time. Sending it would pin the service to it.
    let follows_latest = service.platform_version.as_deref() == Some("LATEST");
    if follows_latest && normal_now.get(PLATFORM) != normal_then.get(PLATFORM) {
        found
            .notes
            .push(format!("`{PLATFORM}` differs, but the service follows `LATEST`: it is left as it is"));
        normal_then.remove(PLATFORM);
        normal_then.extend(normal_now.get(PLATFORM).map(|version| (PLATFORM.to_owned(), version.clone())));
    }
    let members: BTreeSet<&String> = normal_now.keys().chain(normal_then.keys()).collect();
    for member in members.into_iter().filter(|member| normal_now.get(*member) != normal_then.get(*member)) {
        let (Some(sent), Some(before)) =
            (member_to_send(member, then), member_to_send(member, now).or(Some(Value::Null)))
        else {
            found.notes.push(format!("`{member}` was not set then and cannot be unset: it is left as it is"));
            continue;
        };
        let single = |value: Option<&Value>| match value {
            Some(value) => Value::Object(Map::from_iter([(member.clone(), value.clone())])),
            None => json!({}),
        };
        found.changes.extend(diff(
            &single(normal_now.get(member)),
            &single(normal_then.get(member)),
            DocumentKind::Service.input_shape(),
        ));
        found.members.insert(member.clone(), sent);
        if !before.is_null() {
            found.before.insert(member.clone(), before);
        }
    }
    for member in IMMUTABLE_ATTRIBUTES.iter().filter(|member| now.get(**member) != then.get(**member)) {
        // A capacity provider strategy that is restored also restores the launch type.
        if !found.members.contains_key("capacityProviderStrategy") {
            found
                .notes
                .push(format!("`{member}` differs, but cannot be changed after the service is created"));
        }
    }
    found
}

/// Returns the attributes that `UpdateService` takes, in normal form.
pub fn normal_attributes(attributes: &Map<String, Value>) -> Map<String, Value> {
    let taken = attributes.iter().filter(|(member, _)| is_updatable(member));
    let taken: Map<String, Value> = taken.map(|(member, value)| (member.clone(), value.clone())).collect();
    match normalize(&Value::Object(taken), DocumentKind::Service) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn is_updatable(member: &str) -> bool {
    !NOT_ATTRIBUTES.contains(&member) && model().member_shape("UpdateServiceRequest", member).is_some()
}

/// Returns a member in the form of `UpdateService`, or `None` if it is not set and cannot be unset.
fn member_to_send(member: &str, attributes: &Map<String, Value>) -> Option<Value> {
    if let Some(value) = attributes.get(member).filter(|value| !value.is_null()) {
        return Some(value.clone());
    }
    let shape = model().member_shape("UpdateServiceRequest", member).unwrap_or_default();
    match model().shape(shape) {
        Shape::List(_) => Some(json!([])),
        // The documented way to disable Service Connect.
        _ if member == "serviceConnectConfiguration" => Some(json!({"enabled": false})),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;

    fn between(running: Value, wanted: Value) -> RestoredAttributes {
        let revision = |members: Value| -> ServiceRevision { parse_view(&members).expect("a revision") };
        restore_attributes(&revision(running), &revision(wanted), &Service::default())
    }

    #[test]
    fn a_platform_version_goes_back_unless_the_service_follows_the_latest() {
        let version = |version: &str| -> ServiceRevision {
            parse_view(&json!({"platformVersion": version})).expect("a revision")
        };
        let between = |own: &str| {
            let service = Service { platform_version: Some(own.to_owned()), ..Service::default() };
            restore_attributes(&version("1.4.0"), &version("1.3.0"), &service)
        };
        assert_eq!(Value::Object(between("1.4.0").members), json!({"platformVersion": "1.3.0"}));
        let latest = between("LATEST");
        assert!(latest.members.is_empty() && latest.notes[0].contains("`LATEST`"), "{latest:?}");
    }

    fn network(subnets: &[&str]) -> Value {
        json!({"awsvpcConfiguration": {"subnets": subnets, "assignPublicIp": "DISABLED"}})
    }

    #[test]
    fn what_differs_goes_back_whole_and_what_is_alike_is_not_sent() {
        let running = json!({"networkConfiguration": network(&["b"]), "platformVersion": "1.4.0", "platformFamily": "Linux",
            "taskDefinition": "web:2", "guardDutyEnabled": false});
        let wanted = json!({"networkConfiguration": network(&["a"]), "platformVersion": "1.4.0", "taskDefinition": "web:1"});
        let found = between(running, wanted);
        assert_eq!(Value::Object(found.members), json!({"networkConfiguration": network(&["a"])}));
        assert_eq!(Value::Object(found.before), json!({"networkConfiguration": network(&["b"])}));
        assert_eq!(found.changes[0].path, "networkConfiguration.awsvpcConfiguration.subnets");
        assert!(found.notes.is_empty(), "{:?}", found.notes);
    }

    #[test]
    fn the_order_of_subnets_is_no_difference() {
        let found = between(
            json!({"networkConfiguration": network(&["a", "b"])}),
            json!({"networkConfiguration": network(&["b", "a"])}),
        );
        assert!(found.members.is_empty() && found.changes.is_empty(), "{found:?}");
    }

    #[test]
    fn a_list_that_was_not_there_is_emptied_and_service_connect_left() {
        let group = json!([{"targetGroupArn": "a", "containerName": "app", "containerPort": 80}]);
        let found = between(
            json!({"loadBalancers": group, "serviceConnectConfiguration": {"enabled": true, "namespace": "n"}}),
            json!({}),
        );
        let expected = json!({"loadBalancers": [], "serviceConnectConfiguration": {"enabled": false}});
        assert_eq!(Value::Object(found.members), expected);
    }

    #[test]
    fn what_cannot_be_unset_stays_and_is_said() {
        let found = between(json!({"networkConfiguration": network(&["a"])}), json!({}));
        assert!(found.members.is_empty());
        assert!(found.notes[0].contains("`networkConfiguration`"), "{:?}", found.notes);
    }

    #[test]
    fn a_launch_type_comes_back_with_the_strategy_and_is_only_noted_alone() {
        let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
        let found = between(json!({"capacityProviderStrategy": strategy}), json!({"launchType": "FARGATE"}));
        assert_eq!(Value::Object(found.members), json!({"capacityProviderStrategy": []}));
        assert!(found.notes.is_empty());
        let found = between(json!({"launchType": "EC2"}), json!({"launchType": "FARGATE"}));
        assert!(found.notes[0].contains("`launchType` differs"), "{:?}", found.notes);
    }
}
