//! Collects the displayed changes of the autoscaling of a service, in the manifest's words.

use serde_json::{Value, json};

use super::document::{ScalingKind, normal_form};
use crate::plan::diff::{Change, diff};
use crate::render::autoscaling::{CPU_POLICY, MEMORY_POLICY, REQUESTS_POLICY};

/// The policies in short form, with their keys in the manifest.
const SHORT_FORMS: &[(&str, &str)] =
    &[(CPU_POLICY, "cpu"), (MEMORY_POLICY, "memory"), (REQUESTS_POLICY, "requests_per_target")];
const CONFIGURATION: &str = "TargetTrackingScalingPolicyConfiguration";

/// Returns the change of a bound, if there is one.
pub(super) fn bound_change(name: &str, before: Option<i32>, after: Option<i32>) -> Option<Change> {
    let changed = after.is_some() && before != after;
    changed.then(|| Change {
        path: name.to_owned(),
        before: before.map(Value::from),
        after: after.map(Value::from),
    })
}

/// Returns the changes of a policy or a scheduled action; one side is absent where it is created or removed.
pub(super) fn document_changes(
    name: &str,
    kind: ScalingKind,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Vec<Change> {
    let normal = |document: Option<&Value>| document.map(|document| normal_form(document, kind));
    let (before, after) = (normal(before), normal(after));
    let short = SHORT_FORMS.iter().find(|(policy, _)| *policy == name && kind == ScalingKind::Policy);
    if let Some((_, key)) = short
        && let Some(change) = value_change(key, before.as_ref(), after.as_ref())
    {
        return vec![change];
    }
    let prefix = format!("{}[{name}].", kind.list());
    let none = json!({});
    let shape = kind.document().input_shape();
    let changes = diff(before.as_ref().unwrap_or(&none), after.as_ref().unwrap_or(&none), shape);
    changes.into_iter().map(|change| Change { path: format!("{prefix}{}", change.path), ..change }).collect()
}

/// Returns the change of the target value of a policy in short form, or `None` if something else about it changes too.
fn value_change(key: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Change> {
    let rest = |policy: &Value| {
        let mut rest = policy.clone();
        rest[CONFIGURATION]["TargetValue"] = Value::Null;
        rest
    };
    if let (Some(before), Some(after)) = (before, after)
        && rest(before) != rest(after)
    {
        return None;
    }
    let value = |policy: Option<&Value>| policy.map(|policy| policy[CONFIGURATION]["TargetValue"].clone());
    Some(Change { path: key.to_owned(), before: value(before), after: value(after) })
}
