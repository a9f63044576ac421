//! Operations on scalable targets: the range of a service's desired count.

use serde_json::{Value, json};

use super::resource::{DIMENSION, check_namespace, is_wanted, page, required_resource};
use crate::api::ApiError;
use crate::arn::service_key;
use crate::ids::digest_of;
use crate::model::ScalableTarget;
use crate::params::texts;
use crate::state::{CallContext, Resources};
use crate::time::epoch_seconds;

const PAGE_SIZE: usize = 50;

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    check_namespace(input)?;
    let asked = texts(input, "ResourceIds");
    let resources = &*context.resources;
    let all: Vec<Value> = resources
        .scalable_targets
        .iter()
        .filter(|(id, _)| is_wanted(id, &asked))
        .map(|(id, target)| view(resources, id, target))
        .collect();
    page(input, "ScalableTargets", &all, PAGE_SIZE)
}

fn view(resources: &Resources, id: &str, target: &ScalableTarget) -> Value {
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.min,
        "MaxCapacity": target.max,
        "RoleARN": format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
             AWSServiceRoleForApplicationAutoScaling_ECSService",
            resources.account
        ),
        "CreationTime": epoch_seconds(target.created),
        "SuspendedState": target.suspended,
        "ScalableTargetARN": arn(resources, id),
    })
}

fn arn(resources: &Resources, id: &str) -> String {
    let digits = digest_of(id);
    let digits = digits.get(7..43).unwrap_or_default();
    format!(
        "arn:aws:application-autoscaling:{}:{}:scalable-target/{digits}",
        resources.region, resources.account
    )
}

/// Registers a scalable target, or changes the given members. The desired count is moved into the range at
/// once.
pub(super) fn register(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let id = required_resource(input)?;
    let key = service_key_of(id).ok_or_else(|| ApiError::validation(format!("Invalid resource id: {id}")))?;
    let service = context.resources.services.get_mut(&key).filter(|service| service.status == "ACTIVE");
    let service = service.ok_or_else(|| ApiError::validation(format!("ECS service doesn't exist: {id}")))?;
    let known = context.resources.scalable_targets.get(id);
    let capacity = |name: &str, known: Option<u64>| {
        input[name].as_u64().or(known).ok_or_else(|| {
            ApiError::validation(
                "Minimum capacity and maximum capacity are required to register a scalable target",
            )
        })
    };
    let min = capacity("MinCapacity", known.map(|target| target.min))?;
    let max = capacity("MaxCapacity", known.map(|target| target.max))?;
    if max < min {
        return Err(ApiError::validation("Maximum capacity cannot be less than minimum capacity"));
    }
    let suspended = known.map(|target| target.suspended).unwrap_or_default().with(&input["SuspendedState"]);
    let mut target = known.cloned().unwrap_or_else(|| ScalableTarget::new(context.now));
    let desired = service.desired_count.clamp(min as usize, max as usize);
    service.is_steady &= service.desired_count == desired;
    service.desired_count = desired;
    (target.min, target.max, target.suspended) = (min, max, suspended);
    context.resources.scalable_targets.insert(id.to_owned(), target);
    Ok(json!({ "ScalableTargetARN": arn(context.resources, id) }))
}

/// Deregisters a scalable target, which deletes its policies and scheduled actions.
pub(super) fn deregister(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let id = required_resource(input)?;
    match context.resources.scalable_targets.remove(id) {
        Some(_) => Ok(json!({})),
        None => Err(not_registered(id)),
    }
}

/// Returns the error for a resource that is no scalable target (ansible/ansible#40237).
pub(super) fn not_registered(id: &str) -> ApiError {
    let message = format!(
        "No scalable target registered for service namespace: ecs, resource ID: {id}, scalable dimension: {DIMENSION}"
    );
    ApiError::new("ObjectNotFoundException", message)
}

/// Returns the key of the service that a resource id such as `service/shop/web` names.
fn service_key_of(id: &str) -> Option<String> {
    let (cluster, name) = id.strip_prefix("service/")?.split_once('/')?;
    Some(service_key(cluster, name))
}
