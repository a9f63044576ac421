//! Application Auto Scaling: scalable targets of ECS services. There are no policies: nothing is scaled.

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::arn::service_key;
use crate::ids::digest_of;
use crate::model::ScalableTarget;
use crate::params::{text, texts};
use crate::state::{CallContext, Resources};
use crate::time::epoch_seconds;

/// The scalable dimension of a service.
const DIMENSION: &str = "ecs:service:DesiredCount";
const PAGE_SIZE: usize = 50;

/// Answers a call.
pub(crate) fn answer(
    context: &mut CallContext<'_>,
    operation: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match operation {
        "DescribeScalableTargets" => describe(context, input),
        "RegisterScalableTarget" => register(context, input),
        "DeregisterScalableTarget" => deregister(context, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// Returns a text member that must be present.
fn required_text<'a>(input: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    let lower = name[..1].to_lowercase() + &name[1..];
    text(input, name).ok_or_else(|| {
        ApiError::validation(format!(
            "1 validation error detected: Value null at '{lower}' failed to satisfy constraint: Member must not be \
             null"
        ))
    })
}

/// Checks namespace and dimension. Only those of ECS services exist here.
fn check_namespace(input: &Value) -> Result<(), ApiError> {
    let namespace = required_text(input, "ServiceNamespace")?;
    let dimension = text(input, "ScalableDimension").unwrap_or(DIMENSION);
    if namespace != "ecs" || dimension != DIMENSION {
        return Err(ApiError::validation(format!(
            "Unsupported service namespace, resource type or scalable dimension: {namespace}, {dimension}"
        )));
    }
    Ok(())
}

fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    check_namespace(input)?;
    let asked = texts(input, "ResourceIds");
    let wanted = |id: &&String| asked.is_empty() || asked.contains(&id.as_str());
    let resources = &*context.resources;
    let all: Vec<Value> = resources
        .scalable_targets
        .iter()
        .filter(|(id, _)| wanted(id))
        .map(|(id, target)| view(resources, id, target))
        .collect();
    let most = input["MaxResults"].as_u64().map_or(PAGE_SIZE, |most| (most as usize).clamp(1, PAGE_SIZE));
    let start = match text(input, "NextToken") {
        Some(token) => token
            .parse::<usize>()
            .map_err(|_| ApiError::new("InvalidNextTokenException", "The next token is invalid."))?,
        None => 0,
    };
    let end = (start + most).min(all.len());
    let mut out = json!({ "ScalableTargets": all.get(start..end).unwrap_or_default() });
    if end < all.len() {
        out["NextToken"] = json!(end.to_string());
    }
    Ok(out)
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
fn register(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    check_namespace(input)?;
    let id = required_text(input, "ResourceId")?;
    let key = service_key_of(id).ok_or_else(|| ApiError::validation(format!("Invalid resource id: {id}")))?;
    required_text(input, "ScalableDimension")?;
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
    let created = known.map_or(context.now, |target| target.created);
    let desired = service.desired_count.clamp(min as usize, max as usize);
    service.is_steady &= service.desired_count == desired;
    service.desired_count = desired;
    context.resources.scalable_targets.insert(id.to_owned(), ScalableTarget { min, max, suspended, created });
    Ok(json!({ "ScalableTargetARN": arn(context.resources, id) }))
}

fn deregister(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    check_namespace(input)?;
    let id = required_text(input, "ResourceId")?;
    required_text(input, "ScalableDimension")?;
    match context.resources.scalable_targets.remove(id) {
        Some(_) => Ok(json!({})),
        None => Err(ApiError::new(
            "ObjectNotFoundException",
            format!(
                "No scalable target registered for service namespace: ecs, resource ID: {id}, scalable dimension: \
                 {DIMENSION}"
            ),
        )),
    }
}

/// Returns the key of the service that a resource id such as `service/shop/web` names.
fn service_key_of(id: &str) -> Option<String> {
    let (cluster, name) = id.strip_prefix("service/")?.split_once('/')?;
    Some(service_key(cluster, name))
}
