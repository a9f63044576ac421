//! Plans the attributes of a service that a rollback restores with its definition: those that a service revision has
//! and `UpdateService` takes.
//!
//! Attributes that both revisions have in common are not sent: ECS stores some of them in another form than it was
//! given.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::aws::types::{Service, ServiceRevision};
use crate::document::model::{DocumentKind, model};
use crate::document::normalize::normalize;
use crate::error::Failure;
use crate::plan::diff::{Change, diff};
use crate::plan::service::complete::clearing_value;
use crate::plan::service::restore::{RestoreTerms, UPDATE, restorable};

/// Members of `UpdateService` that are not attributes of a service revision.
const NOT_ATTRIBUTES: &[&str] = &["cluster", "service", "taskDefinition"];
/// Attributes of a service revision, besides its definition, that `UpdateService` does not take.
const IMMUTABLE_ATTRIBUTES: &[&str] = &["launchType"];
const PLATFORM: &str = "platformVersion";

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

/// What the attributes of a service are restored with.
#[derive(Clone, Copy, Debug)]
pub struct RestoreContext<'a> {
    pub running: &'a ServiceRevision,
    pub wanted: &'a ServiceRevision,
    pub service: &'a Service,
    /// The service as `DescribeServices` returns it.
    pub document: &'a Value,
}

/// Returns the differences between the running attributes and those to restore.
///
/// # Errors
/// An attribute differs, and ECS does not return it whole, so that it cannot be sent back.
pub fn restore_attributes(context: &RestoreContext<'_>) -> Result<RestoredAttributes, Failure> {
    let (now, then) = (&context.running.attributes, &context.wanted.attributes);
    let (normal_now, mut normal_then) = (normal_attributes(now), normal_attributes(then));
    let mut found = RestoredAttributes::default();
    // A service revision has the version that `LATEST` meant at that time. Sending it would pin the service to it.
    let follows_latest = context.service.platform_version.as_deref() == Some("LATEST");
    if follows_latest && normal_now.get(PLATFORM) != normal_then.get(PLATFORM) {
        found
            .notes
            .push(format!("`{PLATFORM}` differs, but the service follows `LATEST`: it is left as it is"));
        normal_then.remove(PLATFORM);
        normal_then.extend(normal_now.get(PLATFORM).map(|version| (PLATFORM.to_owned(), version.clone())));
    }
    let members: BTreeSet<&String> = normal_now.keys().chain(normal_then.keys()).collect();
    for member in members.into_iter().filter(|member| normal_now.get(*member) != normal_then.get(*member)) {
        let Some(value) = value_or_clearing(member, then) else {
            found.notes.push(format!("`{member}` was not set then and cannot be unset: it is left as it is"));
            continue;
        };
        let sent = context.restorable(member, &value).map_err(|missing| unrestorable(member, &missing))?;
        found.changes.extend(diff(
            &single_member(member, normal_now.get(member)),
            &single_member(member, normal_then.get(member)),
            DocumentKind::Service.input_shape(),
        ));
        found.members.insert(member.clone(), sent);
        // A rollback that fails is rolled back by ECS first; only an update needs these.
        let before =
            value_or_clearing(member, now).and_then(|before| context.restorable(member, &before).ok());
        found.before.extend(before.map(|before| (member.clone(), before)));
    }
    for member in IMMUTABLE_ATTRIBUTES.iter().filter(|member| now.get(**member) != then.get(**member)) {
        // A capacity provider strategy that is restored also restores the launch type.
        if !found.members.contains_key("capacityProviderStrategy") {
            found
                .notes
                .push(format!("`{member}` differs, but cannot be changed after the service is created"));
        }
    }
    Ok(found)
}

impl RestoreContext<'_> {
    /// Returns an attribute in the form to send back. What a service revision leaves out is taken from the running
    /// revision, the PRIMARY deployment and the service.
    fn restorable(&self, member: &str, value: &Value) -> Result<Value, Vec<String>> {
        let deployments = self.document["deployments"].as_array();
        let primary = deployments.into_iter().flatten().find(|known| known["status"] == "PRIMARY");
        let nothing = Value::Null;
        let sources = [
            self.running.attributes.get(member).unwrap_or(&nothing),
            primary.map_or(&nothing, |primary| &primary[member]),
            &self.document[member],
        ];
        let strategy = &self.document["deploymentConfiguration"]["strategy"];
        let shifts_traffic = strategy.is_string() && strategy != "ROLLING";
        restorable(member, value, &RestoreTerms { sources: &sources, shifts_traffic })
    }
}

fn unrestorable(member: &str, missing: &[String]) -> Failure {
    let message = format!("`{member}` cannot be restored: ECS does not return `{}`", missing.join("`, `"));
    let hint = format!("set `{member}` under `service:` in the manifest, and deploy the earlier tag");
    Failure::error(message).with_hint(hint)
}

/// Returns a document with one member, or an empty one.
fn single_member(member: &str, value: Option<&Value>) -> Value {
    match value {
        Some(value) => Value::Object(Map::from_iter([(member.to_owned(), value.clone())])),
        None => json!({}),
    }
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

/// Returns an attribute, or the value that clears it if it is not set; `None` if it cannot be cleared.
fn value_or_clearing(member: &str, attributes: &Map<String, Value>) -> Option<Value> {
    let value = attributes.get(member).filter(|value| !value.is_null());
    value.cloned().or_else(|| clearing_value(UPDATE, member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::types::parse_view;

    fn restored(
        running: &ServiceRevision,
        wanted: &ServiceRevision,
        service: &Service,
        document: Value,
    ) -> Result<RestoredAttributes, Failure> {
        restore_attributes(&RestoreContext { running, wanted, service, document: &document })
    }

    fn between(running: Value, wanted: Value) -> RestoredAttributes {
        let revision = |members: Value| -> ServiceRevision { parse_view(&members).expect("a revision") };
        restored(&revision(running), &revision(wanted), &Service::default(), json!({})).expect("restorable")
    }

    #[test]
    fn a_platform_version_goes_back_unless_the_service_follows_the_latest() {
        let version = |version: &str| -> ServiceRevision {
            parse_view(&json!({"platformVersion": version})).expect("a revision")
        };
        let between = |own: &str| {
            let service = Service { platform_version: Some(own.to_owned()), ..Service::default() };
            restored(&version("1.4.0"), &version("1.3.0"), &service, json!({})).expect("restorable")
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

    #[test]
    fn what_a_revision_leaves_out_is_taken_from_the_deployment_or_refused() {
        let volumes =
            |members: Value| json!({"volumeConfigurations": [{"name": "data", "managedEBSVolume": members}]});
        let revision = |size: u32| -> ServiceRevision {
            parse_view(&volumes(json!({"sizeInGiB": size}))).expect("a revision")
        };
        let mut primary = volumes(json!({"sizeInGiB": 20, "roleArn": "r"}));
        primary["status"] = json!("PRIMARY");
        let document = json!({ "deployments": [primary] });
        let found =
            restored(&revision(20), &revision(10), &Service::default(), document).expect("restorable");
        assert_eq!(Value::Object(found.members), volumes(json!({"sizeInGiB": 10, "roleArn": "r"})));
        let failure =
            restored(&revision(20), &revision(10), &Service::default(), json!({})).expect_err("no role");
        assert!(failure.message.contains("`volumeConfigurations[].managedEBSVolume.roleArn`"), "{failure:?}");
    }

    #[test]
    fn members_that_update_service_does_not_take_are_not_sent() {
        let shown =
            json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"], "shownOnly": 1}}});
        let found = between(json!({"networkConfiguration": network(&["b"])}), shown);
        let expected = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}});
        assert_eq!(Value::Object(found.members), expected);
    }
}
