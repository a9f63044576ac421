//! Operations on the targets of rules. A call may fail for some targets and succeed for others.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::bus::{find_bus, find_rule};
use super::rule::NAME_PUNCTUATION;
use crate::api::ApiError;
use crate::model::Rule;
use crate::params::{constraint_violation, eventbridge_page, list as items, required_name, text, texts};
use crate::state::CallContext;

/// The most targets of a rule, the most targets of a call, and the longest input of a target.
const MAX_TARGETS: usize = 5;
const MAX_TARGETS_PER_CALL: usize = 100;
const MAX_INPUT_LENGTH: usize = 8192;

pub(super) fn put(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Rule", 64, NAME_PUNCTUATION)?;
    let given = items(input, "Targets");
    if given.is_empty() || given.len() > MAX_TARGETS_PER_CALL {
        return Err(constraint_violation("Targets", "[…]", "Member must have length between 1 and 100"));
    }
    let region = context.resources.region.clone();
    given.iter().try_for_each(|target| check(target, &region))?;
    check_ids(&given)?;
    let rule = find_rule(find_bus(context, input)?, name)?;
    let failed: Vec<Value> =
        given.iter().filter_map(|target| put_target(rule, with_defaults(target)).err()).collect();
    Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
}

/// Adds a target, or replaces the one with its id. Returns the failed entry where there are too many.
fn put_target(rule: &mut Rule, target: Value) -> Result<(), Value> {
    let known = rule.targets.iter().position(|known| known["Id"] == target["Id"]);
    match known {
        Some(at) => rule.targets[at] = target,
        None if rule.targets.len() < MAX_TARGETS => rule.targets.push(target),
        None => {
            return Err(json!({
                "TargetId": target["Id"],
                "ErrorCode": "LimitExceededException",
                "ErrorMessage": "The requested resource exceeds the maximum number allowed.",
            }));
        }
    }
    Ok(())
}

/// Checks that no id is given twice.
fn check_ids(given: &[Value]) -> Result<(), ApiError> {
    let again = |at: usize| given[..at].iter().any(|known| known["Id"] == given[at]["Id"]);
    match (0..given.len()).find(|at| again(*at)) {
        Some(at) => {
            let id = text(&given[at], "Id").unwrap_or_default();
            Err(ApiError::validation(format!("More than one target with Id '{id}' is provided.")))
        }
        None => Ok(()),
    }
}

/// Checks a target. A target that is not valid makes the whole call fail.
fn check(target: &Value, region: &str) -> Result<(), ApiError> {
    let id = required_name(target, "Id", 64, NAME_PUNCTUATION)?;
    let arn = text(target, "Arn").unwrap_or_default();
    if !arn.starts_with("arn:") {
        return Err(ApiError::validation(format!(
            "Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )));
    }
    let long = text(target, "Input").filter(|input| input.len() > MAX_INPUT_LENGTH);
    if long.is_some() {
        return Err(constraint_violation("Input", "…", "Member must have length less than or equal to 8192"));
    }
    if text(target, "Input").is_some_and(|input| serde_json::from_str::<Value>(input).is_err()) {
        return Err(ApiError::validation(format!("JSON syntax error in input for target {id}")));
    }
    let inputs = ["Input", "InputPath", "InputTransformer"];
    if inputs.iter().filter(|name| !target[**name].is_null()).count() > 1 {
        return Err(ApiError::validation(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    check_retries(&target["RetryPolicy"])?;
    let cluster = arn.split(':').nth(2) == Some("ecs") && arn.contains(":cluster/");
    if cluster {
        return check_task(target, id, arn, region);
    }
    if target["EcsParameters"].is_object() {
        return Err(ApiError::validation(format!(
            "Parameter(s) EcsParameters not supported for target: {id}."
        )));
    }
    Ok(())
}

fn check_retries(policy: &Value) -> Result<(), ApiError> {
    check_range(policy, "MaximumRetryAttempts", 0..=185)?;
    check_range(policy, "MaximumEventAgeInSeconds", 60..=86_400)
}

/// Checks a number; an absent one is valid.
fn check_range(policy: &Value, name: &str, range: RangeInclusive<i64>) -> Result<(), ApiError> {
    match policy[name].as_i64() {
        Some(value) if !range.contains(&value) => {
            let rule = format!("Member must have value between {} and {}", range.start(), range.end());
            Err(constraint_violation(name, &value.to_string(), &rule))
        }
        _ => Ok(()),
    }
}

/// Checks the parameters of a target that runs a task.
fn check_task(target: &Value, id: &str, arn: &str, region: &str) -> Result<(), ApiError> {
    if text(target, "RoleArn").is_none() {
        return Err(ApiError::validation(format!("RoleArn is required for target {arn}.")));
    }
    let task = &target["EcsParameters"];
    // Whether the task definition exists is not checked.
    let Some(definition) = text(task, "TaskDefinitionArn").filter(|arn| arn.contains(":task-definition/"))
    else {
        return Err(ApiError::validation(format!(
            "Parameter(s) EcsParameters must be specified for target: {id}."
        )));
    };
    if definition.split(':').nth(3) != Some(region) {
        return Err(ApiError::validation(format!("Region of {definition} does not match region of {arn}.")));
    }
    if task["TaskCount"].as_i64().is_some_and(|count| count < 1) {
        let count = task["TaskCount"].to_string();
        return Err(constraint_violation(
            "TaskCount",
            &count,
            "Member must have value greater than or equal to 1",
        ));
    }
    let fargate = text(task, "LaunchType") == Some("FARGATE");
    if fargate && !task["NetworkConfiguration"].is_object() {
        return Err(ApiError::validation(format!(
            "Parameter(s) NetworkConfiguration must be specified for FARGATE launch type for target: {id}."
        )));
    }
    Ok(())
}

/// Returns a target with EventBridge's defaults.
fn with_defaults(target: &Value) -> Value {
    let mut target = target.clone();
    if let Some(task) = target["EcsParameters"].as_object_mut() {
        task.entry("TaskCount").or_insert(json!(1));
        task.entry("EnableECSManagedTags").or_insert(json!(false));
        task.entry("EnableExecuteCommand").or_insert(json!(false));
    }
    if target["EcsParameters"].is_null() {
        // `as_object_mut` on a missing member adds it as null.
        target.as_object_mut().map(|members| members.shift_remove("EcsParameters"));
    }
    target
}

pub(super) fn remove(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Rule", 64, NAME_PUNCTUATION)?;
    let ids = texts(input, "Ids");
    if ids.is_empty() || ids.len() > MAX_TARGETS_PER_CALL {
        return Err(constraint_violation("Ids", "[…]", "Member must have length between 1 and 100"));
    }
    let rule = find_rule(find_bus(context, input)?, name)?;
    rule.targets.retain(|target| !target["Id"].as_str().is_some_and(|id| ids.contains(&id)));
    Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
}

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = required_name(input, "Rule", 64, NAME_PUNCTUATION)?;
    let targets = find_rule(find_bus(context, input)?, name)?.targets.clone();
    eventbridge_page(input, "Limit", "Targets", &targets)
}

pub(super) fn rule_names(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let arn = text(input, "TargetArn")
        .ok_or_else(|| ApiError::validation("Parameter TargetArn is not valid."))?
        .to_owned();
    let rules = find_bus(context, input)?.rules.values();
    let named = rules.filter(|rule| rule.targets.iter().any(|target| target["Arn"] == arn));
    let names: Vec<Value> = named.map(|rule| json!(rule.name)).collect();
    eventbridge_page(input, "Limit", "RuleNames", &names)
}
