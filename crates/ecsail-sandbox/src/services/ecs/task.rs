//! Operations on tasks.

use serde_json::{Value, json};

use super::role::role_arn;
use super::service_rules::{active_definition, check_run};
use super::task_view::view;
use crate::api::{ApiError, invalid_if};
use crate::arn::last_segment;
use crate::params::{
    checked_tags, describe_each, includes, list as items, merge_members, page, required_text, required_texts,
    text,
};
use crate::rollout::{TaskLaunch, launch, no_overrides, stop as stop_task};
use crate::state::{CallContext, RunTaskToken};

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let service = text(input, "serviceName").map(last_segment);
    if let Some(name) = service {
        super::service::find_service(context.resources, &cluster, name)?;
    }
    let family = text(input, "family");
    let started_by = text(input, "startedBy");
    invalid_if(
        service.is_some() && started_by.is_some(),
        "startedBy and serviceName cannot be specified together.",
    )?;
    let is_stopped = text(input, "desiredStatus") == Some("STOPPED");
    // No task has the desired status PENDING.
    let is_pending = text(input, "desiredStatus") == Some("PENDING");
    let launch_type = text(input, "launchType");
    let listed = context.resources.tasks.iter().filter(|task| {
        !is_pending
            && task.cluster == cluster
            && task.is_live() != is_stopped
            && service.is_none_or(|name| task.service.as_deref() == Some(name))
            && family.is_none_or(|name| task.family == name)
            && started_by.is_none_or(|by| task.started_by.as_deref() == Some(by))
            && launch_type.is_none_or(|kind| task.fixed_fields.get("launchType").is_some_and(|v| v == kind))
    });
    let arns: Vec<Value> = listed.map(|task| json!(task.arn)).collect();
    page(input, "taskArns", &arns, 100)
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let asked = required_texts(input, "tasks", 100)?;
    let resources = &*context.resources;
    let tags = includes(input, "TAGS");
    Ok(describe_each("tasks", &asked, |given| {
        let id = last_segment(given);
        let found = resources.tasks.iter().find(|t| t.id == id && t.cluster == cluster);
        found.map(|task| view(task, tags)).ok_or_else(|| resources.ecs_arn(&format!("task/{cluster}/{id}")))
    }))
}

pub(super) fn run(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    if let Some(answer) = repeated_run(context, input)? {
        return Ok(answer);
    }
    let definition = active_definition(context, required_text(input, "taskDefinition")?)?;
    check_run(input, definition)?;
    let arn = definition.arn.clone();
    let family = definition.family.clone();
    let images = definition.images();
    let number = input["count"].as_u64().unwrap_or(1);
    invalid_if(!(1..=10).contains(&number), "Count must be between 1 and 10.")?;
    let tags = items(input, "tags");
    checked_tags(&tags)?;
    let mut config = input.as_object().cloned().unwrap_or_default();
    config.entry("launchType").or_insert_with(|| json!("EC2"));
    let effects = context.scenarios.for_name(&family).effects(&images);
    let behavior = effects.standalone_behavior();
    let room = u64::try_from(effects.standalone_placement_limit()).unwrap_or(u64::MAX);
    let failures = vec![placement_failure(context, &cluster); number.saturating_sub(room) as usize];
    let mut ids = Vec::new();
    for _ in 0..number.min(room) {
        let order = TaskLaunch {
            cluster: &cluster,
            task_definition: &arn,
            service: None,
            started_by: text(input, "startedBy"),
            group: text(input, "group").map_or_else(|| format!("family:{family}"), str::to_owned),
            behavior,
            target_group: None,
            config: &config,
            overrides: overrides(input, &context.resources.account),
            tags: tags.clone(),
        };
        ids.extend(launch(context.resources, context.ids, context.now, order));
    }
    if let Some(token) = text(input, "clientToken") {
        let token_of =
            RunTaskToken { input: without_token(input), tasks: ids.clone(), failures: failures.clone() };
        context.resources.run_task_tokens.insert(token.to_owned(), token_of);
    }
    Ok(run_task_output(context, &ids, &failures))
}

/// Returns the failure of a task that cannot be placed: a container instance, and the resource that it
/// lacks.
fn placement_failure(context: &CallContext<'_>, cluster: &str) -> Value {
    let instance =
        context.resources.ecs_arn(&format!("container-instance/{cluster}/0123456789abcdef0123456789abcdef"));
    json!({ "arn": instance, "reason": "RESOURCE:MEMORY" })
}

/// Returns the output of an earlier `RunTask` call with the same client token.
fn repeated_run(context: &CallContext<'_>, input: &Value) -> Result<Option<Value>, ApiError> {
    let Some(token) =
        text(input, "clientToken").and_then(|token| context.resources.run_task_tokens.get(token))
    else {
        return Ok(None);
    };
    if token.input != without_token(input) {
        return Err(ApiError::new(
            "ConflictException",
            "The client token has been used with other parameters.",
        ));
    }
    Ok(Some(run_task_output(context, &token.tasks, &token.failures)))
}

fn without_token(input: &Value) -> Value {
    let mut map = input.as_object().cloned().unwrap_or_default();
    map.shift_remove("clientToken");
    Value::Object(map)
}

fn run_task_output(context: &CallContext<'_>, ids: &[String], failures: &[Value]) -> Value {
    let tasks: Vec<Value> =
        context.resources.tasks.iter().filter(|t| ids.contains(&t.id)).map(|t| view(t, true)).collect();
    json!({ "tasks": tasks, "failures": failures })
}

/// Returns the overrides as `DescribeTasks` returns them: a role that is given by its name with its ARN.
fn overrides(input: &Value, account: &str) -> Value {
    let mut out = no_overrides();
    merge_members(&mut out, input["overrides"].as_object().into_iter().flatten());
    for name in ["taskRoleArn", "executionRoleArn"] {
        if let Some(role) = out[name].as_str().map(str::to_owned) {
            out[name] = json!(role_arn(&role, account));
        }
    }
    out
}

pub(super) fn stop(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let id = last_segment(required_text(input, "task")?);
    let now = context.now;
    let task = context.resources.tasks.iter_mut().find(|t| t.id == id && t.cluster == cluster);
    let task = task.ok_or_else(|| ApiError::invalid("The referenced task was not found."))?;
    stop_task(task, now, "UserInitiated", text(input, "reason").unwrap_or("Task stopped by user"));
    Ok(json!({ "task": view(task, true) }))
}
