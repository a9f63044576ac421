//! Tasks. Owns finding, starting and stopping them; the simulation moves them on, the view shows them.

use serde_json::{Value, json};

use super::service_rules::{check, usable};
use super::task_view::view;
use crate::model::Task;
use crate::params::{checked_tags, each, includes, list as items, need, overlay, page, some_of, text};
use crate::rollout::{Launch, launch, no_overrides, stop as stop_task};
use crate::state::{Env, Token, last_part};
use crate::wire::{ApiError, invalid_if};

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let service = text(input, "serviceName").map(last_part);
    if let Some(name) = service {
        super::service::found(env.realm, &cluster, name)?;
    }
    let (family, started_by) = (text(input, "family"), text(input, "startedBy"));
    invalid_if(
        service.is_some() && started_by.is_some(),
        "startedBy and serviceName cannot be specified together.",
    )?;
    let stopped = text(input, "desiredStatus") == Some("STOPPED");
    // No task ever has PENDING as its desired status.
    let nothing = text(input, "desiredStatus") == Some("PENDING");
    let launch_type = text(input, "launchType");
    let fits = |task: &&Task| {
        !nothing
            && task.cluster == cluster
            && task.is_live() != stopped
            && service.is_none_or(|name| task.service.as_deref() == Some(name))
            && family.is_none_or(|name| task.family == name)
            && started_by.is_none_or(|by| task.started_by.as_deref() == Some(by))
            && launch_type.is_none_or(|kind| task.fixed.get("launchType").is_some_and(|v| v == kind))
    };
    let arns: Vec<Value> = env.realm.tasks.iter().filter(fits).map(|t| json!(t.arn)).collect();
    page(input, "taskArns", &arns, 100)
}

pub(super) fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let asked = some_of(input, "tasks", 100)?;
    let (realm, tags) = (&*env.realm, includes(input, "TAGS"));
    Ok(each("tasks", &asked, |given| {
        let id = last_part(given);
        let found = realm.tasks.iter().find(|t| t.id == id && t.cluster == cluster);
        found.map(|task| view(task, tags)).ok_or_else(|| realm.arn(&format!("task/{cluster}/{id}")))
    }))
}

pub(super) fn run(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    if let Some(answer) = repeated(env, input)? {
        return Ok(answer);
    }
    let definition = usable(env, need(input, "taskDefinition")?)?;
    check(input, definition)?;
    known_overrides(input, definition.containers())?;
    let (arn, family, images) = (definition.arn.clone(), definition.family.clone(), definition.images());
    let number = input["count"].as_u64().unwrap_or(1);
    invalid_if(!(1..=10).contains(&number), "Count must be between 1 and 10.")?;
    let tags = items(input, "tags");
    checked_tags(&tags)?;
    let mut config = input.as_object().cloned().unwrap_or_default();
    config.entry("launchType").or_insert_with(|| json!("EC2"));
    let script = env.scenarios.of(&family).script(&images);
    let (fate, room) = (script.alone(), u64::try_from(script.room()).unwrap_or(u64::MAX));
    let failures = vec![no_room(env, &cluster); number.saturating_sub(room) as usize];
    let mut ids = Vec::new();
    for _ in 0..number.min(room) {
        let order = Launch {
            cluster: &cluster,
            definition: &arn,
            service: None,
            started_by: text(input, "startedBy"),
            group: text(input, "group").map_or_else(|| format!("family:{family}"), str::to_owned),
            fate,
            target_group: None,
            config: &config,
            overrides: overrides(input),
            tags: tags.clone(),
        };
        ids.extend(launch(env.realm, env.ids, env.now, order));
    }
    if let Some(token) = text(input, "clientToken") {
        let token_of = Token { input: without_token(input), tasks: ids.clone(), failures: failures.clone() };
        env.realm.tokens.insert(token.to_owned(), token_of);
    }
    Ok(started(env, &ids, &failures))
}

/// Returns why a task finds no place, as ECS says it: an instance, and what that has too little of.
fn no_room(env: &Env<'_>, cluster: &str) -> Value {
    let instance = env.realm.arn(&format!("container-instance/{cluster}/0123456789abcdef0123456789abcdef"));
    json!({ "arn": instance, "reason": "RESOURCE:MEMORY" })
}

/// Answers a RunTask whose token has been seen before: with the same tasks, or not at all.
fn repeated(env: &Env<'_>, input: &Value) -> Result<Option<Value>, ApiError> {
    let Some(token) = text(input, "clientToken").and_then(|token| env.realm.tokens.get(token)) else {
        return Ok(None);
    };
    if token.input != without_token(input) {
        return Err(ApiError::new(
            "ConflictException",
            "The client token has been used with other parameters.",
        ));
    }
    Ok(Some(started(env, &token.tasks, &token.failures)))
}

fn without_token(input: &Value) -> Value {
    let mut map = input.as_object().cloned().unwrap_or_default();
    map.shift_remove("clientToken");
    Value::Object(map)
}

fn started(env: &Env<'_>, ids: &[String], failures: &[Value]) -> Value {
    let tasks: Vec<Value> =
        env.realm.tasks.iter().filter(|t| ids.contains(&t.id)).map(|t| view(t, true)).collect();
    json!({ "tasks": tasks, "failures": failures })
}

fn overrides(input: &Value) -> Value {
    let mut out = no_overrides();
    overlay(&mut out, input["overrides"].as_object().into_iter().flatten());
    out
}

fn known_overrides(input: &Value, containers: &[Value]) -> Result<(), ApiError> {
    for given in input["overrides"]["containerOverrides"].as_array().into_iter().flatten() {
        let name = given["name"].as_str().unwrap_or_default();
        invalid_if(
            !containers.iter().any(|c| c["name"] == name),
            format!("Override for container named {name} is not a container in the TaskDefinition."),
        )?;
    }
    Ok(())
}

pub(super) fn stop(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let id = last_part(need(input, "task")?);
    let now = env.now;
    let task = env.realm.tasks.iter_mut().find(|t| t.id == id && t.cluster == cluster);
    let task = task.ok_or_else(|| ApiError::invalid("The referenced task was not found."))?;
    stop_task(task, now, "UserInitiated", text(input, "reason").unwrap_or("Task stopped by user"));
    Ok(json!({ "task": view(task, true) }))
}
