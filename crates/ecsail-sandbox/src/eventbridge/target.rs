//! The targets of rules. Owns their operations: a call may fail for some targets and succeed for others.

use serde_json::{Value, json};

use super::rule::NAME_MARKS;
use super::{Rule, bus_of, invalid};
use crate::params::{capital_page, list as items, need_name, text, texts, unsatisfied};
use crate::state::Env;
use crate::wire::ApiError;

/// How many targets a rule may have, how many a call may name, and how long an input may be.
const MOST: usize = 5;
const MOST_A_CALL: usize = 100;
const LONGEST_INPUT: usize = 8192;

pub(super) fn put(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Rule", 64, NAME_MARKS)?;
    let given = items(input, "Targets");
    if given.is_empty() || given.len() > MOST_A_CALL {
        return Err(unsatisfied("Targets", "[…]", "Member must have length between 1 and 100"));
    }
    given.iter().try_for_each(check)?;
    let rule = bus_of(env, input)?.rule(name)?;
    let failed: Vec<Value> = given.iter().filter_map(|target| place(rule, filled(target)).err()).collect();
    Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
}

/// Puts a target in place of the one with its id, or beside the others; says why not otherwise.
fn place(rule: &mut Rule, target: Value) -> Result<(), Value> {
    let known = rule.targets.iter().position(|known| known["Id"] == target["Id"]);
    match known {
        Some(at) => rule.targets[at] = target,
        None if rule.targets.len() < MOST => rule.targets.push(target),
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

/// Refuses a target that would make the whole call fail.
fn check(target: &Value) -> Result<(), ApiError> {
    let id = need_name(target, "Id", 64, NAME_MARKS)?;
    let arn = text(target, "Arn").unwrap_or_default();
    if !arn.starts_with("arn:") {
        return Err(invalid(format!(
            "Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )));
    }
    let long = text(target, "Input").filter(|input| input.len() > LONGEST_INPUT);
    if long.is_some() {
        return Err(unsatisfied("Input", "…", "Member must have length less than or equal to 8192"));
    }
    if text(target, "Input").is_some_and(|input| serde_json::from_str::<Value>(input).is_err()) {
        return Err(invalid(format!("JSON syntax error in input for target {id}")));
    }
    check_retries(&target["RetryPolicy"])?;
    let cluster = arn.split(':').nth(2) == Some("ecs") && arn.contains(":cluster/");
    if cluster { check_task(target, id, arn) } else { Ok(()) }
}

fn check_retries(policy: &Value) -> Result<(), ApiError> {
    let outside = |name: &str, range: std::ops::RangeInclusive<i64>| {
        policy[name].as_i64().filter(|value| !range.contains(value)).map(|value| {
            let rule = format!("Member must have value between {} and {}", range.start(), range.end());
            unsatisfied(name, &value.to_string(), &rule)
        })
    };
    let wrong = outside("MaximumRetryAttempts", 0..=185).or(outside("MaximumEventAgeInSeconds", 60..=86_400));
    wrong.map_or(Ok(()), Err)
}

/// Checks the parameters of a target that runs a task.
fn check_task(target: &Value, id: &str, arn: &str) -> Result<(), ApiError> {
    if text(target, "RoleArn").is_none() {
        return Err(invalid(format!("RoleArn is required for target {arn}.")));
    }
    let task = &target["EcsParameters"];
    if text(task, "TaskDefinitionArn").is_none_or(|arn| !arn.contains(":task-definition/")) {
        return Err(invalid(format!("Parameter(s) EcsParameters must be specified for target: {id}.")));
    }
    if task["TaskCount"].as_i64().is_some_and(|count| count < 1) {
        let count = task["TaskCount"].to_string();
        return Err(unsatisfied("TaskCount", &count, "Member must have value greater than or equal to 1"));
    }
    let fargate = text(task, "LaunchType") == Some("FARGATE");
    if fargate && !task["NetworkConfiguration"].is_object() {
        return Err(invalid(format!(
            "Parameter(s) NetworkConfiguration must be specified for FARGATE launch type for target: {id}."
        )));
    }
    Ok(())
}

/// Returns a target with what EventBridge fills in.
fn filled(target: &Value) -> Value {
    let mut target = target.clone();
    if let Some(task) = target["EcsParameters"].as_object_mut() {
        task.entry("TaskCount").or_insert(json!(1));
        task.entry("EnableECSManagedTags").or_insert(json!(false));
        task.entry("EnableExecuteCommand").or_insert(json!(false));
    }
    if target["EcsParameters"].is_null() {
        // Looking at a member must not leave a null behind.
        target.as_object_mut().map(|members| members.shift_remove("EcsParameters"));
    }
    target
}

pub(super) fn remove(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Rule", 64, NAME_MARKS)?;
    let ids = texts(input, "Ids");
    if ids.is_empty() || ids.len() > MOST_A_CALL {
        return Err(unsatisfied("Ids", "[…]", "Member must have length between 1 and 100"));
    }
    let rule = bus_of(env, input)?.rule(name)?;
    rule.targets.retain(|target| !target["Id"].as_str().is_some_and(|id| ids.contains(&id)));
    Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
}

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let name = need_name(input, "Rule", 64, NAME_MARKS)?;
    let targets = bus_of(env, input)?.rule(name)?.targets.clone();
    capital_page(input, "Limit", "Targets", &targets)
}

pub(super) fn rule_names(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let arn =
        text(input, "TargetArn").ok_or_else(|| invalid("Parameter TargetArn is not valid."))?.to_owned();
    let rules = bus_of(env, input)?.rules.values();
    let named = rules.filter(|rule| rule.targets.iter().any(|target| target["Arn"] == arn));
    let names: Vec<Value> = named.map(|rule| json!(rule.name)).collect();
    capital_page(input, "Limit", "RuleNames", &names)
}
