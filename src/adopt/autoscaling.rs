//! Turns the autoscaling of a service into an entry of `autoscaling:`. Pure.

use serde_json::{Map, Value, json};

use crate::aws::autoscaling::ObservedAutoscaling;
use crate::document::model::DocumentKind;
use crate::document::normalize::{normalize, without_defaults};
use crate::plan::service::complete::known_members;
use crate::render::autoscaling::{CPU_POLICY, MEMORY_POLICY, tracking_policy};

/// The members that name the scalable target, which the manifest names.
const TARGET_MEMBERS: &[&str] = &["ServiceNamespace", "ResourceId", "ScalableDimension"];
/// The policies with a short form: its key, their names, and their metrics.
const SHORT_FORMS: &[(&str, &str, &str)] = &[
    ("cpu", CPU_POLICY, "ECSServiceAverageCPUUtilization"),
    ("memory", MEMORY_POLICY, "ECSServiceAverageMemoryUtilization"),
];

/// Returns the entry of a service that is scaled automatically; `None` if it is not.
pub(super) fn entry(observed: &ObservedAutoscaling) -> Option<Value> {
    let target = observed.target?;
    let mut entry =
        Map::from_iter([("min".to_owned(), json!(target.min)), ("max".to_owned(), json!(target.max))]);
    let mut policies: Vec<Value> = Vec::new();
    for described in &observed.policies {
        let policy = document(described, DocumentKind::ScalingPolicy);
        match short_form(&policy) {
            Some((key, value)) => drop(entry.insert(key.to_owned(), value)),
            None => policies.push(policy),
        }
    }
    let actions = observed.scheduled_actions.iter();
    let actions: Vec<Value> = actions.map(|action| document(action, DocumentKind::ScheduledAction)).collect();
    for (key, documents) in [("policies", policies), ("scheduled_actions", actions)] {
        if !documents.is_empty() {
            entry.insert(key.to_owned(), documents.into());
        }
    }
    Some(Value::Object(entry))
}

/// Returns a policy or an action as the input that puts it, without the scalable target and without defaults.
fn document(described: &Value, root: DocumentKind) -> Value {
    let mut written = without_defaults(described, root);
    if let Value::Object(members) = &mut written {
        members.retain(|name, _| !TARGET_MEMBERS.contains(&name.as_str()));
    }
    known_members(&written, &Value::Null, root.input_shape(), "").0
}

/// Returns the key and the value of a policy that has a short form.
fn short_form(policy: &Value) -> Option<(&'static str, Value)> {
    let (key, name, metric) = SHORT_FORMS.iter().find(|(_, name, _)| policy["PolicyName"] == *name)?;
    let value = policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"].as_f64()?;
    let short = tracking_policy(name, json!({ "PredefinedMetricType": metric }), value).document;
    let normal = |document: &Value| normalize(document, DocumentKind::ScalingPolicy);
    let whole = value as i64;
    let value = if whole as f64 == value { json!(whole) } else { json!(value) };
    (normal(&short) == normal(policy)).then_some((*key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::autoscaling::ScalableTarget;

    fn policy(name: &str, members: Value) -> Value {
        let mut configuration = json!({"TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}});
        for (member, value) in members.as_object().into_iter().flatten() {
            configuration[member.as_str()] = value.clone();
        }
        json!({"PolicyARN": "arn:x", "PolicyName": name, "ServiceNamespace": "ecs", "ResourceId": "service/main/web",
            "ScalableDimension": "ecs:service:DesiredCount", "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": configuration, "Alarms": [], "CreationTime": 1.0})
    }

    fn entry_of(policies: Vec<Value>) -> Value {
        let target = Some(ScalableTarget { min: 1, max: 4, ..ScalableTarget::default() });
        entry(&ObservedAutoscaling { target, policies, scheduled_actions: Vec::new() }).expect("it is scaled")
    }

    #[test]
    fn a_policy_in_short_form_is_written_in_short_form() {
        assert_eq!(entry_of(vec![policy("ecsail-cpu", json!({}))]), json!({"min": 1, "max": 4, "cpu": 60}));
    }

    #[test]
    fn another_policy_is_written_as_it_is_put() {
        let found =
            entry_of(vec![policy("ecsail-cpu", json!({"ScaleInCooldown": 30})), policy("mine", json!({}))]);
        let names: Vec<&Value> = found["policies"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|policy| &policy["PolicyName"])
            .collect();
        assert_eq!(names, [&json!("ecsail-cpu"), &json!("mine")]);
        assert!(
            found["policies"][1].get("PolicyARN").is_none()
                && found["policies"][1].get("ResourceId").is_none()
        );
    }
}
