//! Merges the input of a target: the task overrides, an input from the manifest, or the existing input.

use serde_json::{Map, Value};

use crate::document::model::model;
use crate::document::normalize::{normalize_overrides, respell_roles};
use crate::error::Failure;
use crate::plan::types::ResolvedWork;
use crate::render::schedules::DesiredScheduleTarget;

/// The greatest length of an input (API reference, `PutTargets`, `Input`).
const MAX_LENGTH: usize = 8192;
/// The members of an input that the manifest can set.
const MANIFEST_MEMBERS: &[&str] = &["containerOverrides", "cpu", "memory"];
/// What a rule's target may have instead of an input.
const ALTERNATIVES: &[&str] = &["InputPath", "InputTransformer"];

/// Merges the input into a target, and returns a note about it.
///
/// If the manifest has neither overrides nor an input, an input that only contains overrides of the manifest's kind is
/// removed, because it is no longer desired. Any other input is kept.
///
/// # Errors
/// The input is too long.
pub(super) fn merge_input(
    target: &mut Map<String, Value>,
    desired: &DesiredScheduleTarget,
    work: &ResolvedWork,
) -> Result<Option<&'static str>, Failure> {
    let wanted = desired_input(desired, work);
    let existing = target.get("Input").and_then(Value::as_str).map(str::to_owned);
    let Some(wanted) = wanted else {
        if existing
            .as_deref()
            .and_then(parse_overrides)
            .is_some_and(|members| has_only_manifest_members(&members))
        {
            target.shift_remove("Input");
            return Ok(None);
        }
        let kept = existing.is_some() || ALTERNATIVES.iter().any(|name| target.contains_key(*name));
        return Ok(kept.then_some("its input is kept: it contains more than the manifest can override"));
    };
    if wanted.len() > MAX_LENGTH {
        let message = format!("the input has {} bytes, but may have at most {MAX_LENGTH}", wanted.len());
        return Err(Failure::error(message).with_hint(
            "shorten `command` and `environment`, or move them to the task definition".to_owned(),
        ));
    }
    for name in ALTERNATIVES {
        target.shift_remove(*name);
    }
    if existing.is_none_or(|existing| !is_same_input(&existing, &wanted)) {
        target.insert("Input".to_owned(), Value::from(wanted));
    }
    Ok(None)
}

fn desired_input(desired: &DesiredScheduleTarget, work: &ResolvedWork) -> Option<String> {
    desired.input.clone().or_else(|| work.overrides.as_ref().map(Value::to_string))
}

/// Returns whether a target has the input that is desired.
pub(super) fn has_desired_input(
    target: &Value,
    desired: &DesiredScheduleTarget,
    work: &ResolvedWork,
) -> bool {
    match (target["Input"].as_str(), desired_input(desired, work)) {
        (Some(existing), Some(wanted)) => is_same_input(existing, &wanted),
        (existing, wanted) => existing.is_none() && wanted.is_none(),
    }
}

/// Parses an input as task overrides of ECS's model; `None` if it is anything else.
pub fn parse_overrides(text: &str) -> Option<Map<String, Value>> {
    let known = |name: &String| model().member_shape("TaskOverride", name).is_some();
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) if members.keys().all(known) => Some(members),
        _ => None,
    }
}

fn has_only_manifest_members(overrides: &Map<String, Value>) -> bool {
    overrides.keys().all(|name| MANIFEST_MEMBERS.contains(&name.as_str()))
}

/// Returns whether two inputs are equal as JSON, or as overrides of a task.
fn is_same_input(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if let (Some(one), Some(other)) = (parse_overrides(one), parse_overrides(other)) {
        is_same_overrides(one, other)
    } else {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
        parsed(one).is_some_and(|value| Some(value) == parsed(other))
    }
}

fn is_same_overrides(one: Map<String, Value>, other: Map<String, Value>) -> bool {
    let one = normalize_overrides(&Value::Object(one));
    let mut other = normalize_overrides(&Value::Object(other));
    respell_roles(&one, &mut other);
    one == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn overrides_that_mean_the_same_are_the_same() {
        let same = |one: Value, other: Value| is_same_input(&one.to_string(), &other.to_string());
        let role = json!({"taskRoleArn": "arn:aws:iam::1:role/team/app"});
        assert!(same(json!({"taskRoleArn": "app"}), role.clone()));
        assert!(!same(json!({"taskRoleArn": "web"}), role));
        assert!(same(json!({"cpu": "1 vCPU", "memory": "2 GB"}), json!({"cpu": "1024", "memory": "2048"})));
        let environment = |names: [&str; 2]| {
            let pairs = names.map(|name| json!({"name": name, "value": "1"}));
            json!({"containerOverrides": [{"name": "app", "environment": pairs}]})
        };
        assert!(same(environment(["A", "B"]), environment(["B", "A"])));
        let command = |words: [&str; 2]| json!({"containerOverrides": [{"name": "app", "command": words}]});
        assert!(!same(command(["a", "b"]), command(["b", "a"])));
        assert!(!same(json!({"own": "text"}), json!({"own": "other"})));
    }
}
