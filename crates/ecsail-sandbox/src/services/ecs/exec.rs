//! ECS Exec: whether a command can run in a container. There are no containers here: nothing can connect to
//! the session.

use serde_json::{Value, json};

use crate::api::{ApiError, invalid_if};
use crate::arn::last_segment;
use crate::model::{Container, Task, TaskStatus};
use crate::params::{required_text, text};
use crate::state::CallContext;
use crate::time::epoch_seconds;

/// Returns the managed agents of a container, if ECS Exec is enabled for its task.
pub(super) fn managed_agents(task: &Task, container: &Container) -> Option<Value> {
    if task.fixed_fields.get("enableExecuteCommand") != Some(&Value::Bool(true)) {
        return None;
    }
    let mut agent = json!({ "name": "ExecuteCommandAgent", "lastStatus": agent_status(task, container) });
    if let Some(started) = task.times.started.filter(|_| !container.has_read_only_root) {
        agent["lastStartedAt"] = epoch_seconds(started);
    }
    Some(json!([agent]))
}

/// Returns the status of the agent of a container. The agent needs to write to the container's file system.
fn agent_status(task: &Task, container: &Container) -> &'static str {
    match task.status {
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => "PENDING",
        TaskStatus::Running | TaskStatus::Deactivating
            if !container.has_read_only_root && container.exit_code.is_none() =>
        {
            "RUNNING"
        }
        _ => "STOPPED",
    }
}

pub(super) fn execute(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    required_text(input, "command")?;
    invalid_if(input["interactive"] != true, "Interactive is the only mode supported currently.")?;
    let id = last_segment(required_text(input, "task")?);
    let task = context.resources.tasks.iter().find(|task| task.id == id && task.cluster == cluster);
    let task = task.ok_or_else(|| ApiError::invalid("The referenced task was not found."))?;
    invalid_if(!task.is_live(), "The specified task is stopped. Specify a running task and try again.")?;
    let container = match (text(input, "container"), task.containers.as_slice()) {
        (Some(name), containers) => containers.iter().find(|container| container.name == name),
        (None, [only]) => Some(only),
        (None, _) => {
            return Err(ApiError::invalid("Container name is required for tasks with multiple containers."));
        }
    };
    let container = container.ok_or_else(|| {
        ApiError::invalid("The specified container was not found in the specified task definition.")
    })?;
    let runs = managed_agents(task, container).is_some_and(|agents| agents[0]["lastStatus"] == "RUNNING");
    invalid_if(
        !runs,
        "The execute command failed because execute command was not enabled when the task was run or the execute \
         command agent isn't running. Wait and try again or run a new task with execute command enabled and try \
         again.",
    )?;
    check_connection(context, task)?;
    let session = format!("ecs-execute-command-0{}", context.ids.hex(16));
    Ok(json!({
        "clusterArn": task.cluster_arn,
        "containerArn": container.arn,
        "containerName": container.name,
        "interactive": true,
        "session": {
            "sessionId": session,
            // The top-level domain `invalid` never resolves: no client can connect.
            "streamUrl": format!(
                "wss://ssmmessages.{}.sandbox.invalid/v1/data-channel/{session}?role=publish_subscribe",
                context.resources.region
            ),
            "tokenValue": format!("AAEAA{}", context.ids.word(120)),
        },
        "taskArn": task.arn,
    }))
}

/// Checks that the agent can connect: on Fargate it needs a task role.
fn check_connection(context: &CallContext<'_>, task: &Task) -> Result<(), ApiError> {
    let of_definition =
        context.resources.task_definition(&task.task_definition).and_then(|d| d.text_field("taskRoleArn"));
    let role = task.overrides["taskRoleArn"].as_str().or(of_definition);
    let on_fargate = task.fixed_fields.get("launchType").is_some_and(|kind| kind == "FARGATE");
    match role {
        None if on_fargate => Err(ApiError::new(
            "TargetNotConnectedException",
            "The execute command failed due to an internal error. Try again later.",
        )),
        _ => Ok(()),
    }
}
