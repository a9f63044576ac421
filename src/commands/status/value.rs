//! Builds the JSON event of a service.

use serde_json::{Map, Value, json};

use super::look::{Seen, running};
use super::page::happened;
use super::standing::standing;
use crate::aws::types::{Deployment, Event, ServiceDeployment, ServiceRevision, TargetHealth, revision_of};
use crate::commands::services::Place;
use crate::diagnose::events::{self, Class};
use crate::history::past::{is_registered_for, record_of};
use crate::image::Reference;

/// Returns the event of a service that does not exist.
pub(super) fn missing(place: &Place) -> Value {
    json!({"event": "status", "service": place.name, "cluster": place.cluster, "status": "MISSING"})
}

/// Returns the event of a service. What is unknown is left out.
pub(super) fn known(seen: &Seen, number: usize) -> Value {
    let service = &seen.service;
    let mut value = json!({
        "event": "status",
        "service": service.service_name,
        "cluster": seen.place.cluster,
        "key": seen.place.key,
        "status": service.status,
        "standing": standing(seen),
        "revision": revision_of(running(service)),
        "desired": service.desired_count,
        "running": service.running_count,
        "pending": service.pending_count,
        "under_way": service.under_way().is_some(),
        "deployments": service.deployments.iter().map(deployment).collect::<Vec<_>>(),
        "events": happened(service, number).into_iter().map(event).collect::<Vec<_>>(),
    });
    let members = [
        ("images", images(seen)),
        ("deployed", deployed(seen)),
        ("rollouts", some(seen.open.iter().map(|open| rollout(seen, open)).collect())),
        ("targets", seen.targets.as_ref().map(|targets| targets.iter().map(target).collect())),
        ("drift", seen.drift.as_ref().map(|drift| json!(drift.paths))),
    ];
    for (name, member) in members {
        if let Some(member) = member {
            value[name] = member;
        }
    }
    value
}

fn some(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then_some(Value::Array(items))
}

fn deployment(deployment: &Deployment) -> Value {
    json!({"id": deployment.id, "status": deployment.status, "revision": revision_of(&deployment.task_definition),
        "desired": deployment.desired_count, "running": deployment.running_count, "pending": deployment.pending_count,
        "failed": deployment.failed_tasks, "rollout_state": deployment.rollout_state,
        "created_at": deployment.created_at})
}

/// Returns a target of a load balancer. What is unknown is left out.
fn target(target: &TargetHealth) -> Value {
    let mut value = json!(target);
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}

fn event(event: &Event) -> Value {
    let class = match events::read(&event.message).class {
        Class::Ok => "ok",
        Class::Info => "info",
        Class::Warn => "warn",
        Class::Fail => "fail",
        Class::Unknown => "unknown",
    };
    json!({"at": event.created_at, "message": event.message, "class": class})
}

/// Returns the images of the revisions that run.
fn images(seen: &Seen) -> Option<Value> {
    let current = &seen.service.current_service_revisions;
    let runs =
        |revision: &&ServiceRevision| current.iter().any(|known| known.arn == revision.service_revision_arn);
    let of = |revision: &ServiceRevision| {
        let name = revision_of(&revision.task_definition).to_owned();
        let images = revision.container_images.iter().map(move |image| {
            json!({"container": image.container_name, "image": image.image, "tag": Reference::parse(&image.image).tag,
                "digest": image.image_digest, "revision": name})
        });
        images.collect::<Vec<_>>()
    };
    some(seen.revisions.iter().filter(runs).flat_map(of).collect())
}

/// Returns the time of the last deploy, and the tags that ecsail recorded on the definition.
fn deployed(seen: &Seen) -> Option<Value> {
    let primary = seen.service.primary()?;
    let at = primary.created_at.0;
    let mut value = Map::from_iter([("at".to_owned(), json!(at))]);
    let Some(definition) = &seen.definition else { return Some(Value::Object(value)) };
    let record = record_of(definition);
    let by = if is_registered_for(definition, at) { "by" } else { "registered_by" };
    for (tag, member) in [("deployed-by", by), ("tag", "tag"), ("git-sha", "git_sha")] {
        value.extend(record.get(tag).map(|text| (member.to_owned(), json!(text))));
    }
    Some(Value::Object(value))
}

/// Returns a deployment in progress.
fn rollout(seen: &Seen, open: &ServiceDeployment) -> Value {
    let revision = |arn: &str| {
        let found = seen.revisions.iter().find(|known| known.service_revision_arn == arn)?;
        Some(revision_of(&found.task_definition).to_owned())
    };
    let back = open.rollback.as_ref();
    json!({
        "service_deployment": open.service_deployment_arn,
        "status": open.status,
        "revision": open.target().and_then(revision),
        "stage": open.lifecycle_stage,
        "hook": open.waiting_hook(),
        "reason": back.and_then(|back| back.reason.as_ref()).or(open.status_reason.as_ref()),
        "rolling_back_to": back.and_then(|back| revision(back.service_revision_arn.as_deref()?)),
    })
}
