//! Turns what AWS describes into the documents that describe it: a task definition as it is registered, a service as it is
//! created. What ECS fills in, and what equals its default, is left out. Pure.

use serde_json::{Map, Value};

use crate::aws::types::ObservedService;
use crate::document::model::{DocumentKind, Shape, model};
use crate::document::normalize::{OWN_TAG_PREFIX, without_defaults};
use crate::document::shape_facts::{PAIR_SHAPES, item_identity};
use crate::plan::desired_document::registrable_document;
use crate::plan::express::{active_configuration, without_added_groups};
use crate::plan::service::complete::known_members;
use crate::plan::service::observed_member;
use crate::plan::service::restore::missing_from_shape;

/// Members of `CreateService` that the manifest says, that only one call has, or that are handled on their own.
const OWN_MEMBERS: &[&str] =
    &["cluster", "serviceName", "taskDefinition", "clientToken", "desiredCount", "tags", "role"];
/// Members that name a document or an item, and so stand first in it.
const NAME_MEMBERS: &[&str] = &["family", "name"];

/// A document, and what is to be said about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AdoptedDocument {
    pub(super) document: Value,
    pub(super) notes: Vec<String>,
}

/// Returns a registered task definition as a document to register, without defaults.
pub(super) fn task_definition(described: &Value) -> Value {
    let written = without_defaults(&registrable_document(described), DocumentKind::TaskDefinition);
    without_empty_tags(sorted(written, DocumentKind::TaskDefinition.input_shape()))
}

/// Returns the paths of the members that the model does not have, as `allow_unknown` takes them.
pub(super) fn unknown_members(document: &Value, root: DocumentKind) -> Vec<String> {
    let (_, mut unknown) = known_members(document, &Value::Null, root.input_shape(), "");
    for path in &mut unknown {
        *path = path.trim_start_matches('.').replace("[]", "");
    }
    unknown.sort();
    unknown.dedup();
    unknown
}

/// Returns a service as a document to create it, without defaults.
pub(super) fn service(seen: &ObservedService) -> AdoptedDocument {
    let root = DocumentKind::Service;
    let mut members = Map::new();
    let mut notes = Vec::new();
    let is_daemon = seen.document["schedulingStrategy"] == "DAEMON";
    if let Some(count) = seen.document.get("desiredCount").filter(|_| !is_daemon) {
        members.insert("desiredCount".to_owned(), count.clone());
    }
    for member in model().member_names(root.input_shape()).filter(|name| !OWN_MEMBERS.contains(name)) {
        let shape = model().member_shape(root.input_shape(), member).unwrap_or_default();
        let (value, unknown) = known_members(&observed_member(member, seen), &Value::Null, shape, member);
        if value.is_null() {
            continue;
        }
        notes.extend(
            unknown.iter().map(|path| format!("`{path}` is newer than this ecsail, and is not written")),
        );
        let missing = missing_from_shape(shape, member, &value);
        if missing.is_empty() {
            members.insert(member.to_owned(), value);
        } else {
            notes.push(format!("`{member}` is not written: ECS does not return `{}`", missing.join("`, `")));
        }
    }
    if members
        .get("capacityProviderStrategy")
        .and_then(Value::as_array)
        .is_some_and(|items| !items.is_empty())
    {
        // ECS accepts only one of the two; the PRIMARY deployment may have the other.
        members.remove("launchType");
    }
    members.extend(own_role(&seen.document).map(|role| ("role".to_owned(), role.into())));
    members.extend(seen.document.get("tags").map(|tags| ("tags".to_owned(), tags.clone())));
    let written = sorted(without_defaults(&Value::Object(members), root), root.input_shape());
    AdoptedDocument { document: without_empty_tags(written), notes }
}

/// Returns an Express service as a document to create it; `None` where its configuration was not read.
pub(super) fn express(seen: &ObservedService) -> Option<Value> {
    let express = seen.express.as_ref()?;
    let root = DocumentKind::Express;
    let active = active_configuration(express);
    let role = express.get("infrastructureRoleArn").filter(|role| role.is_string())?;
    let mut members = Map::from_iter([("infrastructureRoleArn".to_owned(), role.clone())]);
    let has_container = active["primaryContainer"].is_object();
    for member in model().member_names(root.input_shape()) {
        // ECS refuses an own definition beside what makes one.
        let is_made = has_container && member == "taskDefinitionArn";
        let Some(value) = active.get(member).filter(|value| !value.is_null() && !is_made) else { continue };
        let shape = model().member_shape(root.input_shape(), member).unwrap_or_default();
        let value = without_added_groups(member, value, &Value::Null, seen.revision.as_ref());
        members.insert(member.to_owned(), known_members(&value, &Value::Null, shape, member).0);
    }
    members.extend(seen.document.get("tags").map(|tags| ("tags".to_owned(), tags.clone())));
    let written = sorted(without_defaults(&Value::Object(members), root), root.input_shape());
    Some(without_empty_tags(written))
}

/// Returns the role that a service was created with; none where it is the one that ECS brings with it.
fn own_role(service: &Value) -> Option<&str> {
    let role = service["roleArn"].as_str()?;
    (!role.is_empty() && !role.contains(":role/aws-service-role/")).then_some(role)
}

/// Returns whether a document has nothing that a file would say.
pub(super) fn is_empty(document: &Value) -> bool {
    document.as_object().is_none_or(Map::is_empty)
}

fn without_empty_tags(mut document: Value) -> Value {
    if let Some(tags) = document.get_mut("tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| !tag["key"].as_str().unwrap_or_default().starts_with(OWN_TAG_PREFIX));
        if tags.is_empty() {
            document.as_object_mut().map(|members| members.shift_remove("tags"));
        }
    }
    document
}

/// Returns a document in the order in which people read it: names, then single values, then blocks and lists.
fn sorted(value: Value, shape: &str) -> Value {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(_)) => {
            let sort = |(name, value): (String, Value)| {
                let target = model().member_shape(shape, &name).unwrap_or_default();
                (name, sorted(value, target))
            };
            let mut members: Vec<(String, Value)> = members.into_iter().map(sort).collect();
            members.sort_by_key(|(name, value)| rank(name, value));
            Value::Object(members.into_iter().collect())
        }
        (Value::Array(items), Shape::List(item)) => {
            items.into_iter().map(|value| sorted(value, item)).collect()
        }
        (value, _) => value,
    }
}

fn rank(name: &str, value: &Value) -> u8 {
    match value {
        _ if NAME_MEMBERS.contains(&name) => 0,
        _ if name == "image" => 1,
        _ if name == "tags" => 5,
        Value::Object(_) => 4,
        Value::Array(items) if items.iter().any(Value::is_object) => 4,
        Value::Array(_) => 3,
        _ => 2,
    }
}

/// Returns a document in which lists of pairs are mappings, wherever that says the same.
pub(super) fn with_mappings(value: &Value, shape: &str) -> Value {
    match (value, model().shape(shape)) {
        (Value::Object(members), Shape::Structure(_)) => {
            let map = |(name, value): (&String, &Value)| {
                let target = model().member_shape(shape, name).unwrap_or_default();
                (name.clone(), with_mappings(value, target))
            };
            Value::Object(members.iter().map(map).collect())
        }
        (Value::Array(items), Shape::List(item)) => as_mapping(items, item)
            .unwrap_or_else(|| items.iter().map(|value| with_mappings(value, item)).collect()),
        _ => value.clone(),
    }
}

/// Returns a list of pairs as a mapping, or `None` where an item is no pair or two have one name.
fn as_mapping(items: &[Value], item: &str) -> Option<Value> {
    let (_, key, value) = PAIR_SHAPES.iter().find(|(shape, ..)| *shape == item)?;
    item_identity(item)?;
    let mut members = Map::new();
    for pair in items {
        let pair = pair.as_object().filter(|pair| pair.len() == 2)?;
        let (name, value) = (pair.get(*key)?.as_str()?, pair.get(*value)?);
        if name.is_empty() || !value.is_string() || members.insert(name.to_owned(), value.clone()).is_some() {
            return None;
        }
    }
    Some(Value::Object(members)).filter(|_| !items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_is_written_with_what_its_deployment_and_revision_have() {
        let document = json!({"serviceArn": "arn:x", "serviceName": "web", "status": "ACTIVE", "desiredCount": 3,
            "runningCount": 3, "launchType": "FARGATE", "platformVersion": "LATEST", "platformFamily": "Linux",
            "schedulingStrategy": "REPLICA", "propagateTags": "NONE", "healthCheckGracePeriodSeconds": 0,
            "roleArn": "arn:aws:iam::1:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "tags": [{"key": "aws:x", "value": "1"}, {"key": "team", "value": "shop"}],
            "deployments": [{"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": true, "namespace": "n"}}]});
        let revision = json!({"monitoring": {"metricConfigurations": [{"metricNames": ["A"], "resolutionSeconds": 60}]}});
        let seen = ObservedService {
            document,
            revision: revision.as_object().cloned(),
            ..ObservedService::default()
        };
        let adopted = service(&seen);
        assert_eq!(
            adopted.document["serviceConnectConfiguration"],
            json!({"enabled": true, "namespace": "n"})
        );
        assert_eq!(adopted.document["tags"], json!([{"key": "team", "value": "shop"}]));
        let names: Vec<&String> = adopted.document.as_object().expect("a mapping").keys().collect();
        for gone in
            ["serviceArn", "runningCount", "propagateTags", "schedulingStrategy", "role", "platformFamily"]
        {
            assert!(!names.contains(&&gone.to_owned()), "{gone}");
        }
        for kept in ["desiredCount", "launchType", "platformVersion"] {
            assert!(names.contains(&&kept.to_owned()), "{kept}");
        }
    }

    #[test]
    fn a_daemon_has_no_count() {
        let document = json!({"schedulingStrategy": "DAEMON", "desiredCount": 4});
        let seen = ObservedService { document, ..ObservedService::default() };
        assert_eq!(service(&seen).document, json!({"schedulingStrategy": "DAEMON"}));
    }

    #[test]
    fn pairs_are_mappings_where_each_name_occurs_once() {
        let shape = "RegisterTaskDefinitionRequest";
        let document = |environment: Value| json!({"containerDefinitions": [{"name": "app", "environment": environment}]});
        let pair = |name: &str, value: &str| json!({"name": name, "value": value});
        let once = document(json!([pair("A", "1"), pair("B", "")]));
        assert_eq!(with_mappings(&once, shape), document(json!({"A": "1", "B": ""})));
        let twice = document(json!([pair("A", "1"), pair("A", "2")]));
        assert_eq!(with_mappings(&twice, shape), twice);
    }

    #[test]
    fn newer_members_are_named_by_their_path() {
        let document =
            json!({"family": "a", "newer": 1, "containerDefinitions": [{"name": "a", "other": {"x": 1}}]});
        let unknown = unknown_members(&document, DocumentKind::TaskDefinition);
        assert_eq!(unknown, ["containerDefinitions.other", "newer"]);
    }
}
