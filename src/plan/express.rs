//! Plans services of Express Mode, of which ECS makes the task definition, the load balancer and the scaling. Only members
//! that the manifest has are compared, with what ECS shows of the service: no default is assumed. Pure.

use serde_json::{Map, Value};

use super::creation::{NewService, new_service_plan, similar_name_blocker};
use super::diff::{additions, diff};
use super::immutable;
use super::plan_revision::Revision;
use super::service::ServiceChanges;
use super::service::complete::{Extent, completed, known_members};
use super::service::tags::with_key_record;
use super::types::{Options, Plan, ServicePlan};
use crate::aws::types::{Epoch, ObservedService, ObservedState, revision_name};
use crate::document::model::{DocumentKind, Shape, model};
use crate::document::normalize::{is_same_role, normalize};
use crate::error::Failure;
use crate::render::DesiredService;

const UPDATE: &str = "UpdateExpressGatewayServiceRequest";

/// The block that the manifest describes whole.
const WHOLE: &str = "ExpressGatewayContainer";

/// The change of an Express service by its own operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpressChange {
    /// The ARN of the service; empty where it is created.
    pub service_arn: String,
    /// The ARNs of the service revisions that were active before.
    pub revisions_before: Vec<String>,
}

/// Returns the plan that creates an Express service.
///
/// # Errors
/// The cluster has a service of a similar name.
pub(super) fn plan_express_creation(
    service: &DesiredService,
    written: &Value,
    observed: &ObservedState,
    options: &Options,
    plan: &Plan,
) -> Result<ServicePlan, Vec<Failure>> {
    let cluster = observed.clusters.get(&service.cluster);
    if let Some(failure) = similar_name_blocker(service, cluster, options) {
        return Err(vec![failure]);
    }
    let mut members = written.as_object().cloned().unwrap_or_default();
    let service_changes = additions(written, DocumentKind::Express.input_shape());
    members.entry("tags").and_modify(|tags| *tags = with_key_record(tags));
    let new = NewService {
        after: Revision::Same,
        definition_changes: Vec::new(),
        service_changes,
        members,
        express: Some(ExpressChange::default()),
    };
    Ok(new_service_plan(service, new, options, plan))
}

/// Returns the failure that a service is none of Express Mode; `None` where it is one, or where ECS does not say.
pub(super) fn other_kind_failure(service: &DesiredService, seen: &ObservedService) -> Option<Failure> {
    let kind = seen.document["resourceManagementType"].as_str()?;
    if kind == "ECS" {
        return None;
    }
    let message = format!("service `{}` exists, and is not of Express Mode", service.name);
    let hint = "describe it with `task_definition` and `service:` instead, or delete it first: ECS cannot convert it";
    Some(Failure::refused(message).with_hint(hint.to_owned()))
}

/// Returns how the members in the manifest differ from those of the service.
///
/// # Errors
/// A member differs that only the creation takes.
pub(super) fn compare_express(
    service: &DesiredService,
    written: &Value,
    seen: &ObservedService,
    deploy: &str,
) -> Result<ServiceChanges, Vec<Failure>> {
    let Some(express) = &seen.express else { return Ok(ServiceChanges::default()) };
    if let Some(failure) = other_role_failure(service, written, express, deploy) {
        return Err(vec![failure]);
    }
    let active = active_configuration(express);
    let mut changes = ServiceChanges::default();
    for (member, value) in written.as_object().into_iter().flatten() {
        let Some(shape) = model().member_shape(UPDATE, member) else { continue };
        let running = observed_member(member, value, active, seen);
        let (running, _) = known_members(&running, value, shape, member);
        let resulting = with_whole_lists(completed(value, &running, shape, Extent::Resulting), value, shape);
        let (before, after) = (normal_member(member, &running), normal_member(member, &resulting));
        let found = diff(&before, &after, DocumentKind::Express.input_shape());
        if !found.is_empty() {
            changes.changes.extend(found);
            changes.members.insert(member.clone(), resulting);
        }
    }
    Ok(changes)
}

/// Returns the change of a service whose members differ; `None` where none does.
pub(super) fn express_change(changes: &ServiceChanges, seen: &ObservedService) -> Option<ExpressChange> {
    let express = seen.express.as_ref().filter(|_| !changes.members.is_empty())?;
    let configurations = express["activeConfigurations"].as_array().into_iter().flatten();
    let revisions = configurations.filter_map(|known| known["serviceRevisionArn"].as_str());
    Some(ExpressChange {
        service_arn: seen.service.service_arn.clone(),
        revisions_before: revisions.map(str::to_owned).collect(),
    })
}

fn other_role_failure(
    service: &DesiredService,
    written: &Value,
    express: &Value,
    deploy: &str,
) -> Option<Failure> {
    let member = "infrastructureRoleArn";
    let (written_role, role) = (written[member].as_str()?, express[member].as_str()?);
    if is_same_role(written_role, role) {
        return None;
    }
    let message =
        format!("`{member}` of service `{}` cannot be changed after the service is created", service.name);
    let hints = immutable::hints(member, &written[member], express, &service.key, deploy);
    Some(hints.into_iter().fold(Failure::error(message), Failure::with_hint))
}

/// Returns the newest active configuration of an Express service: that of the deployment that began last.
pub fn active_configuration(express: &Value) -> &Value {
    let configurations = express["activeConfigurations"].as_array().map_or(&[][..], Vec::as_slice);
    let mut newest = configurations.first().unwrap_or(&Value::Null);
    for known in configurations {
        if created_at(known) > created_at(newest) {
            newest = known;
        }
    }
    newest
}

fn created_at(configuration: &Value) -> f64 {
    let time: Option<Epoch> = serde_json::from_value(configuration["createdAt"].clone()).ok();
    time.unwrap_or_default().0
}

/// Returns the URL of a configuration; `None` where ECS shows none yet.
pub fn endpoint(configuration: &Value) -> Option<String> {
    let endpoint = configuration["ingressPaths"][0]["endpoint"].as_str().filter(|text| !text.is_empty())?;
    // ECS has given it with and without the scheme (terraform-provider-aws#47944).
    if endpoint.contains("://") { Some(endpoint.to_owned()) } else { Some(format!("https://{endpoint}")) }
}

/// Returns whether a configuration has all that is sent: it is the result of the call.
pub fn is_result(sent: &Map<String, Value>, configuration: &Value) -> bool {
    let has = |(member, value): (&String, &Value)| {
        let Some(shape) = model().member_shape(UPDATE, member) else { return true };
        let running = without_added_groups(member, &configuration[member.as_str()], value, None);
        let resulting = with_whole_lists(completed(value, &running, shape, Extent::Resulting), value, shape);
        normal_member(member, &running) == normal_member(member, &resulting)
    };
    sent.iter().all(has)
}

/// Returns a member as it runs, in the spelling of the manifest.
fn observed_member(member: &str, written: &Value, active: &Value, seen: &ObservedService) -> Value {
    let running = &active[member];
    let is_same_definition = member == "taskDefinitionArn"
        && written.as_str().map(revision_name) == running.as_str().map(revision_name);
    if is_same_definition {
        return written.clone();
    }
    without_added_groups(member, running, written, seen.revision.as_ref())
}

/// Returns the network without the security groups that ECS has added: those that the service revision lists, or, where
/// it was not read, those that the manifest does not have.
pub fn without_added_groups(
    member: &str,
    running: &Value,
    written: &Value,
    revision: Option<&Map<String, Value>>,
) -> Value {
    let mut running = running.clone();
    if member != "networkConfiguration" {
        return running;
    }
    let managed = revision.and_then(|revision| revision.get("ecsManagedResources"));
    let managed = managed.and_then(|managed| managed["serviceSecurityGroups"].as_array());
    let written = written["securityGroups"].as_array().cloned().unwrap_or_default();
    let is_foreign = |group: &Value| match managed {
        Some(managed) => managed.iter().any(|known| names_group(known, group)),
        None => !written.contains(group),
    };
    if let Some(groups) = running["securityGroups"].as_array_mut() {
        groups.retain(|group| written.contains(group) || !is_foreign(group));
    }
    running
}

fn names_group(managed: &Value, group: &Value) -> bool {
    let arn = managed["arn"].as_str().unwrap_or_default();
    group.as_str().is_some_and(|group| arn.ends_with(&format!("/{group}")) || arn == group)
}

/// Empties the lists of a block that the manifest leaves out: `primaryContainer` describes the container whole, and AWS
/// does not say whether a list that is left out is kept.
fn with_whole_lists(mut resulting: Value, written: &Value, shape: &str) -> Value {
    let Value::Object(members) = &mut resulting else { return resulting };
    if shape != WHOLE {
        return resulting;
    }
    for (name, value) in members.iter_mut() {
        let target = model().member_shape(shape, name).unwrap_or_default();
        let is_list = matches!(model().shape(target), Shape::List(_));
        if is_list && written[name.as_str()].is_null() {
            *value = Value::Array(Vec::new());
        }
    }
    resulting
}

/// Returns a document with one member, in normal form.
fn normal_member(member: &str, value: &Value) -> Value {
    let document = Map::from_iter([(member.to_owned(), value.clone())]);
    normalize(&Value::Object(document), DocumentKind::Express)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result(sent: Value, configuration: &Value) -> bool {
        is_result(sent.as_object().expect("a mapping"), configuration)
    }

    #[test]
    fn a_configuration_with_more_than_was_sent_is_the_result() {
        let configuration = json!({"cpu": "256",
            "primaryContainer": {"image": "a:1", "containerPort": 80,
                "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]},
            "networkConfiguration": {"subnets": ["b", "a"], "securityGroups": ["own", "given"]}});
        let environment = json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]);
        let container = json!({"image": "a:1", "environment": environment});
        assert!(result(json!({"primaryContainer": container}), &configuration));
        assert!(result(json!({"networkConfiguration": {"securityGroups": ["given"]}}), &configuration));
        assert!(!result(json!({"cpu": "512"}), &configuration));
        assert!(!result(json!({"primaryContainer": {"image": "a:1"}}), &configuration), "it has variables");
    }

    #[test]
    fn the_newest_configuration_is_the_active_one() {
        let express = json!({"activeConfigurations": [
            {"createdAt": 1, "cpu": "256"}, {"createdAt": 2, "cpu": "512"}]});
        assert_eq!(active_configuration(&express)["cpu"], "512");
        assert_eq!(active_configuration(&json!({})), &Value::Null);
    }

    #[test]
    fn an_endpoint_is_a_url_however_ecs_spells_it() {
        let of = |given: &str| endpoint(&json!({"ingressPaths": [{"endpoint": given}]}));
        assert_eq!(of("web.ecs.eu-west-1.on.aws").as_deref(), Some("https://web.ecs.eu-west-1.on.aws"));
        assert_eq!(of("https://web.on.aws/").as_deref(), Some("https://web.on.aws/"));
        assert_eq!(of(""), None);
    }
}
