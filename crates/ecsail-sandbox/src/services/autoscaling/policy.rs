//! Operations on scaling policies. They scale nothing; a target tracking policy has the alarms that AWS creates for it.

use serde_json::{Map, Value, json};

use super::policy_rules::check_policy;
use super::resource::{
    DIMENSION, check_namespace, is_wanted, page, required_name, required_resource, required_text,
};
use super::target::not_registered;
use crate::api::ApiError;
use crate::ids::digest_of;
use crate::model::{ScalableTarget, ScalingPolicy};
use crate::params::{merge_members, text, texts};
use crate::state::{CallContext, Resources};
use crate::time::epoch_seconds;

/// The page size of `DescribeScalingPolicies` (API reference).
const PAGE_SIZE: usize = 10;
/// Quota "Scaling policies per scalable target".
const MAX_POLICIES: usize = 50;
const SETTINGS: [&str; 4] = [
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
];

/// Creates or updates a policy: settings that are not given stay as they are.
pub(super) fn put(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let id = required_resource(input)?;
    let name = required_name(input, "PolicyName", r"\p{Print}+")?;
    let Some(target) = context.resources.scalable_targets.get(id) else {
        return Err(not_registered(id));
    };
    let known = target.policies.get(name);
    let mut settings = known.map(|policy| policy.settings.clone()).unwrap_or_default();
    for member in SETTINGS.into_iter().filter(|member| !input[*member].is_null()) {
        settings.insert(member.to_owned(), with_decimal_numbers(&input[member]));
    }
    let others = target.policies.iter().filter(|(other, _)| *other != name).map(|(_, policy)| policy);
    check_policy(&settings, others, context.resources, id)?;
    if known.is_none() && target.policies.len() >= MAX_POLICIES {
        let message =
            format!("Maximum number of scaling policies per scalable target exceeded: {MAX_POLICIES}");
        return Err(ApiError::new("LimitExceededException", message));
    }
    let created = known.map_or(context.now, |policy| policy.created);
    let policy = ScalingPolicy { settings, created };
    let answer = json!({
        "PolicyARN": arn(context.resources, id, name),
        "Alarms": alarms(context.resources, id, name, &policy.settings),
    });
    let target = context.resources.scalable_targets.get_mut(id).ok_or_else(|| not_registered(id))?;
    target.policies.insert(name.to_owned(), policy);
    Ok(answer)
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    check_namespace(input)?;
    let asked = texts(input, "PolicyNames");
    let resources = &*context.resources;
    let all: Vec<Value> = targets(resources, text(input, "ResourceId"))
        .flat_map(|(id, target)| target.policies.iter().map(move |(name, policy)| (id, name, policy)))
        .filter(|(_, name, _)| is_wanted(name, &asked))
        .map(|(id, name, policy)| view(resources, id, name, policy))
        .collect();
    page(input, "ScalingPolicies", &all, PAGE_SIZE)
}

/// Deletes a policy, with its alarms.
pub(super) fn delete(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let id = required_resource(input)?;
    let name = required_text(input, "PolicyName")?;
    let target = context.resources.scalable_targets.get_mut(id);
    match target.and_then(|target| target.policies.remove(name)) {
        Some(_) => Ok(json!({})),
        // The message of moto's `delete_scaling_policy`, with the code of the API reference.
        None => Err(ApiError::new(
            "ObjectNotFoundException",
            format!(
                "No scaling policy found for service namespace: ecs, resource ID: {id}, scalable dimension: \
                 {DIMENSION}, policy name: {name}"
            ),
        )),
    }
}

/// Returns the scalable targets, or the one of a resource id.
pub(super) fn targets<'a>(
    resources: &'a Resources,
    id: Option<&'a str>,
) -> impl Iterator<Item = (&'a str, &'a ScalableTarget)> {
    let all = resources.scalable_targets.iter().map(|(id, target)| (id.as_str(), target));
    all.filter(move |(known, _)| id.is_none_or(|id| id == *known))
}

fn view(resources: &Resources, id: &str, name: &str, policy: &ScalingPolicy) -> Value {
    let mut out = json!({
        "PolicyARN": arn(resources, id, name),
        "PolicyName": name,
        "ServiceNamespace": "ecs",
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "Alarms": alarms(resources, id, name, &policy.settings),
        "CreationTime": epoch_seconds(policy.created),
    });
    merge_members(&mut out, &policy.settings);
    out
}

fn arn(resources: &Resources, id: &str, name: &str) -> String {
    let uuid = uuid(&format!("{id}/{name}"));
    resources.service_arn("autoscaling", &format!("scalingPolicy:{uuid}:resource/ecs/{id}:policyName/{name}"))
}

/// Returns the alarms of a target tracking policy: one to scale out, and one to scale in unless that is disabled.
fn alarms(resources: &Resources, id: &str, name: &str, settings: &Map<String, Value>) -> Vec<Value> {
    let Some(tracking) = settings.get("TargetTrackingScalingPolicyConfiguration") else { return Vec::new() };
    let directions: &[&str] =
        if tracking["DisableScaleIn"] == true { &["AlarmHigh"] } else { &["AlarmHigh", "AlarmLow"] };
    let alarm = |direction: &&str| {
        let alarm = format!("TargetTracking-{id}-{direction}-{}", uuid(&format!("{id}/{name}/{direction}")));
        json!({ "AlarmARN": resources.service_arn("cloudwatch", &format!("alarm:{alarm}")), "AlarmName": alarm })
    };
    directions.iter().map(alarm).collect()
}

/// Returns an id in the form of a UUID that is the same for the same text.
pub(super) fn uuid(text: &str) -> String {
    let digest = digest_of(text);
    let digits: String = digest.chars().filter(char::is_ascii_hexdigit).skip(7).take(32).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap_or_default());
    parts.join("-")
}

/// The members that AWS returns as decimal numbers, whatever they were sent as.
const DECIMALS: [&str; 3] = ["TargetValue", "MetricIntervalLowerBound", "MetricIntervalUpperBound"];

/// Returns settings as AWS returns them: the numbers of type double with a decimal point.
fn with_decimal_numbers(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let decimal = value.as_f64().filter(|_| DECIMALS.contains(&name.as_str()));
                (name.clone(), decimal.map_or_else(|| with_decimal_numbers(value), Value::from))
            };
            Value::Object(members.iter().filter(|(_, value)| !value.is_null()).map(member).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(with_decimal_numbers).collect()),
        other => other.clone(),
    }
}
