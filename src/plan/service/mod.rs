//! Compares a service's own attributes. Only attributes that the manifest contains are compared and sent; of a block
//! that `UpdateService` replaces, what is not written is taken from what runs.

use serde_json::{Map, Value};

use super::diff::{Change, diff};
use super::immutable;
use crate::aws::types::{AutoscalingState, ObservedService};
use crate::document::model::{DocumentKind, model};
use crate::document::normalize::normalize;
use crate::error::Failure;
use crate::render::DesiredService;

pub mod blocks;
pub mod complete;
pub mod restore;
pub mod tags;

use complete::{Extent, completed, known_members};

/// Members that `DescribeServices` does not return in a form that can be compared.
const UNCOMPARED_MEMBERS: &[&str] = &["role", "clientToken"];

/// The changes of a service's attributes.
#[derive(Clone, Debug, Default)]
pub struct ServiceChanges {
    pub changes: Vec<Change>,
    /// The members to send, complete.
    pub members: Map<String, Value>,
    pub notes: Vec<String>,
}

/// Returns how the attributes in the manifest differ from those of the service. `deploy` is the command that deploys it.
///
/// # Errors
/// A member differs that `UpdateService` does not take, or lacks something that neither the manifest nor the service has.
pub fn compare_attributes(
    service: &DesiredService,
    seen: &ObservedService,
    deploy: &str,
) -> Result<ServiceChanges, Vec<Failure>> {
    let Some(Value::Object(written)) = &service.service else { return Ok(ServiceChanges::default()) };
    let mut attributes = ServiceChanges::default();
    let mut failures = Vec::new();
    for (member, value) in written.iter().filter(|(member, _)| *member != "tags") {
        if member == "desiredCount" && !is_count_in_step(service, seen) {
            attributes.notes.extend(count_note(service, seen, value));
            continue;
        }
        if UNCOMPARED_MEMBERS.contains(&member.as_str()) {
            attributes.notes.push(format!(
                "`{member}` of service `{}` only applies when the service is created, and is not compared",
                service.key
            ));
            continue;
        }
        if is_unreadable(member, seen) {
            attributes.notes.push(format!(
                "`{member}` of service `{}` is not compared: only the service revision has it, which could not be read",
                service.key
            ));
            continue;
        }
        match compare_member(member, value, seen, service, deploy) {
            Ok(Some(found)) => {
                attributes.changes.extend(found.changes);
                attributes.notes.extend(found.notes);
                attributes.members.insert(member.clone(), found.sent);
            }
            Ok(None) => {}
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(attributes) } else { Err(failures) }
}

/// Returns whether a deploy keeps the number of tasks as the manifest has it.
fn is_count_in_step(service: &DesiredService, seen: &ObservedService) -> bool {
    service.enforce_desired_count && seen.autoscaling == AutoscalingState::Absent
}

/// Returns the note that a number of tasks in the manifest is not sent, where another number runs.
fn count_note(service: &DesiredService, seen: &ObservedService, written: &Value) -> Option<String> {
    let observed = &seen.document["desiredCount"];
    if observed == written || seen.document["schedulingStrategy"] == "DAEMON" {
        return None;
    }
    let key = &service.key;
    let why = match (&seen.autoscaling, service.enforce_desired_count) {
        (_, false) => {
            "it applies when the service is created; `enforce_desired_count: true` keeps it in step, unless the service is scaled automatically"
                .to_owned()
        }
        (AutoscalingState::Unreadable(error), true) => {
            format!("whether the service is scaled automatically could not be read: {error}")
        }
        (_, true) => "the service is scaled automatically".to_owned(),
    };
    Some(format!(
        "`{key}` has `desiredCount` {written} in the manifest, and {observed} in ECS, which stays: {why}"
    ))
}

/// A member that differs.
struct ChangedMember {
    changes: Vec<Change>,
    sent: Value,
    notes: Vec<String>,
}

/// Returns how a member differs from what runs, and what is sent for it; `None` if it is the same.
///
/// # Errors
/// `UpdateService` does not take the member, or requires something that neither side has.
fn compare_member(
    member: &str,
    written: &Value,
    seen: &ObservedService,
    service: &DesiredService,
    deploy: &str,
) -> Result<Option<ChangedMember>, Failure> {
    let root = DocumentKind::Service;
    let shape = model().member_shape(root.input_shape(), member).unwrap_or_default();
    let (mut running, unknown) = known_members(&observed_member(member, seen), written, shape, member);
    if let Some(namespace) = seen.namespace.as_ref().filter(|_| running["namespace"].is_string()) {
        running["namespace"] = namespace.clone().into();
    }
    let resulting = completed(written, &running, shape, Extent::Resulting);
    let changes =
        diff(&normal_member(member, &running), &normal_member(member, &resulting), root.input_shape());
    if changes.is_empty() {
        return Ok(None);
    }
    if model().member_shape(restore::UPDATE, member).is_none() {
        let message = format!(
            "`{member}` of service `{}` cannot be changed after the service is created",
            service.name
        );
        let hints = immutable::hints(member, written, &seen.document, &service.key, deploy);
        return Err(hints.into_iter().fold(Failure::error(message), Failure::with_hint));
    }
    let sent = completed(written, &running, shape, Extent::Sent);
    let missing = restore::missing_from(member, &sent);
    if !missing.is_empty() {
        let message = format!("`{}` of service `{}` is not set", missing.join("`, `"), service.name);
        let hint =
            "set it under `service:` in the manifest: the running service has no value to keep".to_owned();
        return Err(Failure::error(message).with_hint(hint));
    }
    let is_lost = |path: &String| {
        format!(
            "`{path}` of service `{}` is newer than this ecsail and is not sent: ECS may reset it",
            service.key
        )
    };
    Ok(Some(ChangedMember { changes, sent, notes: unknown.iter().map(is_lost).collect() }))
}

/// Returns a document with one member, in normal form.
fn normal_member(member: &str, value: &Value) -> Value {
    let document = Map::from_iter([(member.to_owned(), value.clone())]);
    normalize(&Value::Object(document), DocumentKind::Service)
}

/// Returns whether ECS returns a member only with the service revision, and that was not read.
fn is_unreadable(member: &str, seen: &ObservedService) -> bool {
    let is_described =
        ["Service", "Deployment"].iter().any(|shape| model().member_shape(shape, member).is_some());
    !is_described && model().member_shape(restore::UPDATE, member).is_some() && seen.revision.is_none()
}

/// Returns a member of the service, of its PRIMARY deployment or of its service revision: ECS keeps some members only
/// with these.
pub fn observed_member(member: &str, seen: &ObservedService) -> Value {
    let deployments = seen.document["deployments"].as_array();
    let primary = deployments.into_iter().flatten().find(|deployment| deployment["status"] == "PRIMARY");
    let revision = seen.revision.as_ref().and_then(|revision| revision.get(member));
    let places = [Some(&seen.document[member]), primary.map(|primary| &primary[member]), revision];
    places.into_iter().flatten().find(|value| !value.is_null()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::definition_edits::DefinitionEdits;
    use crate::render::{DefinitionSource, ImageReplacements};
    use serde_json::json;

    fn planned(written: Value, observed: Value) -> Result<ServiceChanges, Vec<Failure>> {
        let service = DesiredService {
            key: "web".into(),
            name: "web".into(),
            cluster: "main".into(),
            definition: DefinitionSource::RunningWithTags(ImageReplacements::default()),
            edits: DefinitionEdits::default(),
            before: Vec::new(),
            after: Vec::new(),
            needs: Vec::new(),
            autoscaling: None,
            service: Some(written),
            enforce_desired_count: false,
            ignore_tags: Vec::new(),
            timeout: None,
            on_failure: None,
            on_timeout: None,
            patience: None,
        };
        let observed = ObservedService { document: observed, ..ObservedService::default() };
        compare_attributes(&service, &observed, "ecsail deploy web")
    }

    #[test]
    fn only_what_is_written_is_compared_and_sent() {
        let observed = json!({"desiredCount": 7, "propagateTags": "NONE",
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING"},
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["b", "a"], "assignPublicIp": "DISABLED"}}});
        let written = json!({"deploymentConfiguration": {"maximumPercent": 150},
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a", "b"]}}});
        let found = planned(written, observed).expect("can be changed");
        assert_eq!(found.members.keys().collect::<Vec<_>>(), ["deploymentConfiguration"]);
        assert_eq!(found.changes[0].path, "deploymentConfiguration.maximumPercent");
    }

    #[test]
    fn the_order_in_which_ecs_gives_load_balancers_is_no_change() {
        let group = |arn: &str| json!({"targetGroupArn": arn, "containerName": "web", "containerPort": 80});
        let (mut first, second) = (group("a"), group("b"));
        first["advancedConfiguration"] = json!({"roleArn": "r"});
        let mut filled_in = second.clone();
        filled_in["advancedConfiguration"] = json!({"roleArn": "x"});
        let observed = json!({"loadBalancers": [filled_in, first]});
        let found = planned(json!({"loadBalancers": [first, second]}), observed).expect("can be changed");
        assert_eq!(found.changes, []);
    }

    #[test]
    fn what_update_service_does_not_take_is_refused_only_when_it_differs() {
        assert!(planned(json!({"launchType": "FARGATE"}), json!({"launchType": "FARGATE"})).is_ok());
        let failures =
            planned(json!({"launchType": "EC2"}), json!({"launchType": "FARGATE"})).expect_err("differs");
        assert!(failures[0].message.contains("`launchType`"), "{failures:?}");
    }

    #[test]
    fn what_is_not_written_of_a_replaced_block_is_sent_as_it_runs() {
        let network = |members: Value| json!({"networkConfiguration": {"awsvpcConfiguration": members}});
        let observed =
            network(json!({"subnets": ["a"], "securityGroups": ["g"], "assignPublicIp": "ENABLED"}));
        let found = planned(network(json!({"subnets": ["b"]})), observed).expect("can be changed");
        let expected =
            network(json!({"subnets": ["b"], "securityGroups": ["g"], "assignPublicIp": "ENABLED"}));
        assert_eq!(Value::Object(found.members), expected);
        let paths: Vec<_> = found.changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["networkConfiguration.awsvpcConfiguration.subnets"]);
    }

    #[test]
    fn a_required_member_that_neither_side_has_is_named() {
        let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}}});
        let failures = planned(network, json!({})).expect_err("no subnets");
        assert!(
            failures[0].message.contains("`networkConfiguration.awsvpcConfiguration.subnets`"),
            "{failures:?}"
        );
    }

    #[test]
    fn a_member_that_only_a_revision_has_is_not_compared_without_it() {
        let monitoring = json!({"monitoring": {"metricConfigurations": []}});
        let found = planned(monitoring, json!({})).expect("a note");
        assert!(found.members.is_empty() && found.notes[0].contains("`monitoring`"), "{found:?}");
    }

    #[test]
    fn service_connect_is_found_with_the_deployment() {
        let observed =
            json!({"deployments": [{"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": true}}]});
        let found =
            planned(json!({"serviceConnectConfiguration": {"enabled": true}}), observed).expect("same");
        assert!(found.members.is_empty(), "{found:?}");
    }
}
