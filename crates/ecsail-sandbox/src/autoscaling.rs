//! Application Auto Scaling, as far as the range of a service's tasks goes. Owns its operations on scalable
//! targets; it has no policies, so nothing scales by itself.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::params::{text, texts};
use crate::state::{Env, Millis, Realm, seconds, service_key};
use crate::wire::ApiError;

/// The only dimension that a service has.
const DIMENSION: &str = "ecs:service:DesiredCount";
const A_PAGE: usize = 50;

/// A scalable target: the range that a service's desired count is kept in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScalableTarget {
    min: u64,
    max: u64,
    suspended: Suspended,
    created: Millis,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Suspended {
    dynamic_scaling_in_suspended: bool,
    dynamic_scaling_out_suspended: bool,
    scheduled_scaling_suspended: bool,
}

impl Suspended {
    /// Returns the state with the members that an input gives.
    fn with(self, input: &Value) -> Suspended {
        let member = |name: &str, known: bool| input[name].as_bool().unwrap_or(known);
        Suspended {
            dynamic_scaling_in_suspended: member(
                "DynamicScalingInSuspended",
                self.dynamic_scaling_in_suspended,
            ),
            dynamic_scaling_out_suspended: member(
                "DynamicScalingOutSuspended",
                self.dynamic_scaling_out_suspended,
            ),
            scheduled_scaling_suspended: member(
                "ScheduledScalingSuspended",
                self.scheduled_scaling_suspended,
            ),
        }
    }
}

/// Answers an operation of Application Auto Scaling.
pub(crate) fn answer(env: &mut Env<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "DescribeScalableTargets" => describe(env, input),
        "RegisterScalableTarget" => register(env, input),
        "DeregisterScalableTarget" => deregister(env, input),
        _ => Err(ApiError::unknown_operation()),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// Returns a member that must be there.
fn need<'a>(input: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    let lower = name[..1].to_lowercase() + &name[1..];
    text(input, name).ok_or_else(|| {
        invalid(format!(
            "1 validation error detected: Value null at '{lower}' failed to satisfy constraint: Member must not be \
             null"
        ))
    })
}

/// Checks the namespace and the dimension: no other is known here.
fn of_services(input: &Value) -> Result<(), ApiError> {
    let namespace = need(input, "ServiceNamespace")?;
    let dimension = text(input, "ScalableDimension").unwrap_or(DIMENSION);
    if namespace != "ecs" || dimension != DIMENSION {
        return Err(invalid(format!(
            "Unsupported service namespace, resource type or scalable dimension: {namespace}, {dimension}"
        )));
    }
    Ok(())
}

fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    of_services(input)?;
    let asked = texts(input, "ResourceIds");
    let wanted = |id: &&String| asked.is_empty() || asked.contains(&id.as_str());
    let realm = &*env.realm;
    let all: Vec<Value> = realm
        .scalable
        .iter()
        .filter(|(id, _)| wanted(id))
        .map(|(id, target)| view(realm, id, target))
        .collect();
    let most = input["MaxResults"].as_u64().map_or(A_PAGE, |most| (most as usize).clamp(1, A_PAGE));
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

fn view(realm: &Realm, id: &str, target: &ScalableTarget) -> Value {
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.min,
        "MaxCapacity": target.max,
        "RoleARN": format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
             AWSServiceRoleForApplicationAutoScaling_ECSService",
            realm.account
        ),
        "CreationTime": seconds(target.created),
        "SuspendedState": target.suspended,
        "ScalableTargetARN": arn(realm, id),
    })
}

fn arn(realm: &Realm, id: &str) -> String {
    let digits = crate::ids::digest_of(id);
    let digits = digits.get(7..43).unwrap_or_default();
    format!("arn:aws:application-autoscaling:{}:{}:scalable-target/{digits}", realm.region, realm.account)
}

/// Registers a target, or changes the members that are given; the desired count is put into the range at once.
fn register(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    of_services(input)?;
    let id = need(input, "ResourceId")?;
    let key = key_of(id).ok_or_else(|| invalid(format!("Invalid resource id: {id}")))?;
    need(input, "ScalableDimension")?;
    let service = env.realm.services.get_mut(&key).filter(|service| service.status == "ACTIVE");
    let service = service.ok_or_else(|| invalid(format!("ECS service doesn't exist: {id}")))?;
    let known = env.realm.scalable.get(id);
    let capacity = |name: &str, known: Option<u64>| {
        input[name].as_u64().or(known).ok_or_else(|| {
            invalid("Minimum capacity and maximum capacity are required to register a scalable target")
        })
    };
    let min = capacity("MinCapacity", known.map(|target| target.min))?;
    let max = capacity("MaxCapacity", known.map(|target| target.max))?;
    if max < min {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    let suspended = known.map(|target| target.suspended).unwrap_or_default().with(&input["SuspendedState"]);
    let created = known.map_or(env.now, |target| target.created);
    let desired = service.desired.clamp(min as usize, max as usize);
    service.steady &= service.desired == desired;
    service.desired = desired;
    env.realm.scalable.insert(id.to_owned(), ScalableTarget { min, max, suspended, created });
    Ok(json!({ "ScalableTargetARN": arn(env.realm, id) }))
}

fn deregister(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    of_services(input)?;
    let id = need(input, "ResourceId")?;
    need(input, "ScalableDimension")?;
    match env.realm.scalable.remove(id) {
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

/// Returns the key of the service that a resource id such as `service/shop/web` means.
fn key_of(id: &str) -> Option<String> {
    let (cluster, name) = id.strip_prefix("service/")?.split_once('/')?;
    Some(service_key(cluster, name))
}
