//! Derives log groups and streams from task definitions and tasks.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::arn::last_segment;
use crate::model::{Container, LogStream, Task, TaskDefinition, TaskStatus};
use crate::rollout::{STOP_TIME, is_expired};
use crate::scenario::TaskBehavior;
use crate::state::{Caller, Resources, SandboxState};
use crate::time::{Millis, simulated_time};

/// The most streams that are kept of expired tasks.
const MAX_KEPT_STREAMS: usize = 400;

/// Returns the log groups in the caller's region, each with the first task definition that names it.
pub(super) fn groups<'a>(world: &'a SandboxState, caller: &Caller) -> BTreeMap<&'a str, &'a TaskDefinition> {
    let mut out: BTreeMap<&str, &TaskDefinition> = BTreeMap::new();
    for resources in world.regions.values().filter(|resources| resources.account == caller.account) {
        for definition in resources.families.values().flatten() {
            for options in definition.containers().iter().filter_map(awslogs_options) {
                let region = options["awslogs-region"].as_str().unwrap_or(&resources.region);
                let name = options["awslogs-group"].as_str().filter(|_| region == caller.region);
                if let Some(name) = name {
                    let known = out.entry(name).or_insert(definition);
                    if registration_time(definition) < registration_time(known) {
                        *known = definition;
                    }
                }
            }
        }
    }
    out
}

/// Returns when a task definition was registered, which is when its log groups were created.
pub(super) fn registration_time(definition: &TaskDefinition) -> Millis {
    definition.document.get("registeredAt").and_then(simulated_time).unwrap_or(0)
}

/// Returns the streams of a group in the caller's region.
pub(super) fn streams(world: &SandboxState, caller: &Caller, group: &str) -> Vec<LogStream> {
    let regions = world.regions.values().filter(|resources| resources.account == caller.account);
    let is_in_group = |stream: &LogStream| stream.group == group && stream.region == caller.region;
    regions
        .flat_map(|resources| {
            let live = resources.tasks.iter().flat_map(|task| streams_of_task(resources, task));
            resources.log_streams.iter().cloned().chain(live).filter(is_in_group).collect::<Vec<_>>()
        })
        .collect()
}

/// Keeps the streams of the tasks that expire now: their lines stay readable.
pub(crate) fn keep_streams_of_expired_tasks(resources: &mut Resources, now: Millis) {
    let expired = resources.tasks.iter().filter(|task| is_expired(task, now));
    let kept: Vec<LogStream> = expired.flat_map(|task| streams_of_task(resources, task)).collect();
    resources.log_streams.extend(kept);
    let surplus = resources.log_streams.len().saturating_sub(MAX_KEPT_STREAMS);
    resources.log_streams.drain(..surplus);
}

/// Returns the streams of a task: one for each container with the driver `awslogs`, once the task has
/// started.
fn streams_of_task(resources: &Resources, task: &Task) -> Vec<LogStream> {
    let (Some(started), Some(definition)) =
        (task.times.started, resources.task_definition(&task.task_definition))
    else {
        return Vec::new();
    };
    let failed = task.containers.iter().position(|c| c.is_essential).unwrap_or(0);
    let stream = |(at, container): (usize, &Container)| {
        let given = definition.containers().iter().find(|c| c["name"] == container.name.as_str())?;
        let options = awslogs_options(given)?;
        let name = match options["awslogs-stream-prefix"].as_str() {
            Some(prefix) => format!("{prefix}/{}/{}", container.name, task.id),
            None => container.runtime_id.clone(),
        };
        let memory = container.memory.as_deref().or_else(|| task.fixed_fields.get("memory")?.as_str());
        Some(LogStream {
            region: options["awslogs-region"].as_str().unwrap_or(&resources.region).to_owned(),
            group: options["awslogs-group"].as_str()?.to_owned(),
            name,
            behavior: if at == failed { task.behavior } else { TaskBehavior::Normal },
            in_service: task.service.is_some(),
            title: format!("{}, {}", container.name, last_segment(&task.task_definition)),
            port: given["portMappings"][0]["containerPort"].as_u64().unwrap_or(8080),
            memory: memory.and_then(|text| text.parse().ok()).filter(|m| *m > 0).unwrap_or(512),
            started,
            stopping_at: sigterm_time(task),
            ended: task.times.execution_stopped,
        })
    };
    task.containers.iter().enumerate().filter_map(stream).collect()
}

/// Returns when the containers of a task received SIGTERM.
fn sigterm_time(task: &Task) -> Option<Millis> {
    let stop = task.stop.as_ref().filter(|stop| stop.code != "EssentialContainerExited")?;
    match (task.status, task.times.execution_stopped) {
        _ if !task.in_target_group => task.times.stopping,
        (TaskStatus::Stopping, _) => Some(task.status_since),
        (_, Some(ended)) if stop.code != "TaskFailedToStart" => Some(ended - STOP_TIME),
        _ => None,
    }
}

/// Returns the log driver options of a container, if the driver is `awslogs`.
fn awslogs_options(container: &Value) -> Option<&Value> {
    let given = &container["logConfiguration"];
    (given["logDriver"] == "awslogs").then(|| &given["options"])
}
