//! ECS Exec. Owns whether a command can be run in a container, and the agent that would run it; there are no
//! containers here, so the session that it hands out leads nowhere.

use serde_json::{Value, json};

use crate::model::{Container, Phase, Task};
use crate::params::{need, text};
use crate::state::{Env, last_part, seconds};
use crate::wire::{ApiError, invalid_if};

/// Returns the agents of a container of a task for which ECS Exec is enabled; none of another.
pub(super) fn agents(task: &Task, container: &Container) -> Option<Value> {
    if task.fixed.get("enableExecuteCommand") != Some(&Value::Bool(true)) {
        return None;
    }
    let mut agent = json!({ "name": "ExecuteCommandAgent", "lastStatus": status(task, container) });
    if let Some(started) = task.times.started.filter(|_| !container.read_only) {
        agent["lastStartedAt"] = seconds(started);
    }
    Some(json!([agent]))
}

/// Returns how the agent of a container is. It needs to write to the container's file system.
fn status(task: &Task, container: &Container) -> &'static str {
    match task.phase {
        Phase::Provisioning | Phase::Pending | Phase::Activating => "PENDING",
        Phase::Running | Phase::Deactivating if !container.read_only && container.exit_code.is_none() => {
            "RUNNING"
        }
        _ => "STOPPED",
    }
}

pub(super) fn execute(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    need(input, "command")?;
    invalid_if(input["interactive"] != true, "Interactive is the only mode supported currently.")?;
    let id = last_part(need(input, "task")?);
    let task = env.realm.tasks.iter().find(|task| task.id == id && task.cluster == cluster);
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
    let runs = agents(task, container).is_some_and(|agents| agents[0]["lastStatus"] == "RUNNING");
    invalid_if(
        !runs,
        "The execute command failed because execute command was not enabled when the task was run or the execute \
         command agent isn't running. Wait and try again or run a new task with execute command enabled and try \
         again.",
    )?;
    connected(env, task)?;
    let session = format!("ecs-execute-command-0{}", env.ids.hex(16));
    Ok(json!({
        "clusterArn": task.cluster_arn,
        "containerArn": container.arn,
        "containerName": container.name,
        "interactive": true,
        "session": {
            "sessionId": session,
            // A name that nobody can have: no client ever reaches out from here.
            "streamUrl": format!(
                "wss://ssmmessages.{}.sandbox.invalid/v1/data-channel/{session}?role=publish_subscribe",
                env.realm.region
            ),
            "tokenValue": format!("AAEAA{}", env.ids.word(120)),
        },
        "taskArn": task.arn,
    }))
}

/// Refuses where the agent runs and reaches nothing: on Fargate only the task's role lets it.
fn connected(env: &Env<'_>, task: &Task) -> Result<(), ApiError> {
    let of_definition = env.realm.definition(&task.definition).and_then(|d| d.text("taskRoleArn"));
    let role = task.overrides["taskRoleArn"].as_str().or(of_definition);
    let on_fargate = task.fixed.get("launchType").is_some_and(|kind| kind == "FARGATE");
    match role {
        None if on_fargate => Err(ApiError::new(
            "TargetNotConnectedException",
            "The execute command failed due to an internal error. Try again later.",
        )),
        _ => Ok(()),
    }
}
