//! The output of a task.

use serde_json::{Value, json};

use crate::model::{Container, Task, TaskStatus};
use crate::params::{merge_members, set_some};
use crate::time::epoch_seconds;

/// Fixed fields that are not part of the output.
const HIDDEN: &[&str] = &["eni", "targetGroup", "executionRole"];

/// Returns a task as `DescribeTasks` returns it.
pub(super) fn view(task: &Task, with_tags: bool) -> Value {
    let mut out = json!({
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.task_definition,
        "group": task.group,
        "lastStatus": task.status.name(),
        "desiredStatus": if task.is_live() { "RUNNING" } else { "STOPPED" },
        "healthStatus": health(task),
        "attributes": [{ "name": "ecs.cpu-architecture", "value": "x86_64" }],
        "attachments": attachments(task),
        "containers": task.containers.iter().map(|c| container(task, c)).collect::<Vec<_>>(),
        "inferenceAccelerators": [],
        "overrides": task.overrides,
        "tags": if with_tags { task.tags.clone() } else { Vec::new() },
        "version": task.status as u8 + 1,
        "createdAt": epoch_seconds(task.times.created),
    });
    merge_members(&mut out, task.fixed_fields.iter().filter(|(key, _)| !HIDDEN.contains(&key.as_str())));
    set_some(&mut out, "startedBy", task.started_by.clone());
    // A task is connected once its image is being pulled.
    set_some(&mut out, "connectivity", task.times.pull_started.map(|_| "CONNECTED"));
    set_some(&mut out, "connectivityAt", task.times.pull_started.map(epoch_seconds));
    times(task, &mut out);
    if let Some(stop) = &task.stop {
        out["stopCode"] = json!(stop.code);
        out["stoppedReason"] = json!(stop.reason);
    }
    out
}

fn times(task: &Task, out: &mut Value) {
    let times = &task.times;
    let named = [
        ("pullStartedAt", times.pull_started),
        ("pullStoppedAt", times.pull_stopped),
        ("startedAt", times.started),
        ("stoppingAt", times.stopping),
        ("executionStoppedAt", times.execution_stopped),
        ("stoppedAt", times.stopped),
    ];
    for (name, at) in named {
        set_some(out, name, at.map(epoch_seconds));
    }
}

/// Returns the health of a task: the worst of its containers with a health check.
fn health(task: &Task) -> &'static str {
    let checked = || task.containers.iter().filter(|c| c.has_health_check);
    if checked().any(|c| c.health == "UNHEALTHY") {
        "UNHEALTHY"
    } else if checked().next().is_some() && checked().all(|c| c.health == "HEALTHY") {
        "HEALTHY"
    } else {
        "UNKNOWN"
    }
}

fn attachments(task: &Task) -> Value {
    let Some(eni) = task.fixed_fields.get("eni") else {
        return json!([]);
    };
    let status = match task.status {
        TaskStatus::Provisioning => "PRECREATED",
        TaskStatus::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    json!([{
        "id": eni["attachment"],
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": [
            { "name": "subnetId", "value": eni["subnet"] },
            { "name": "networkInterfaceId", "value": eni["eni"] },
            { "name": "macAddress", "value": eni["mac"] },
            { "name": "privateIPv4Address", "value": eni["address"] },
        ],
    }])
}

fn container(task: &Task, container: &Container) -> Value {
    let mut out = json!({
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "lastStatus": container_status(task, container),
        "networkBindings": [],
        "networkInterfaces": [],
        "healthStatus": container.health,
        "cpu": container.cpu,
    });
    set_some(&mut out, "memory", container.memory.clone());
    if let Some(eni) = task.fixed_fields.get("eni") {
        out["networkInterfaces"] =
            json!([{ "attachmentId": eni["attachment"], "privateIpv4Address": eni["address"] }]);
    }
    if task.times.pull_stopped.is_some() {
        out["runtimeId"] = json!(container.runtime_id);
        set_some(&mut out, "imageDigest", container.digest.clone());
    }
    set_some(&mut out, "managedAgents", super::exec::managed_agents(task, container));
    set_some(&mut out, "exitCode", container.exit_code);
    set_some(&mut out, "reason", container.reason.clone());
    out
}

fn container_status(task: &Task, container: &Container) -> &'static str {
    match task.status {
        TaskStatus::Deprovisioning | TaskStatus::Stopped => "STOPPED",
        _ if container.exit_code.is_some() => "STOPPED",
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => "PENDING",
        _ => "RUNNING",
    }
}
