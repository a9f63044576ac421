//! How a task looks in an answer. Owns its fields on the wire; never changes anything.

use serde_json::{Value, json};

use crate::model::{Container, Phase, Task};
use crate::params::{overlay, set};
use crate::state::seconds;

/// The fields of a task that the simulation keeps for itself.
const HIDDEN: &[&str] = &["eni", "targetGroup", "executionRole"];

/// Returns a task as DescribeTasks gives it.
pub(super) fn view(task: &Task, with_tags: bool) -> Value {
    let mut out = json!({
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.definition,
        "group": task.group,
        "lastStatus": task.phase.name(),
        "desiredStatus": if task.is_live() { "RUNNING" } else { "STOPPED" },
        "healthStatus": health(task),
        "attributes": [{ "name": "ecs.cpu-architecture", "value": "x86_64" }],
        "attachments": attachments(task),
        "containers": task.containers.iter().map(|c| container(task, c)).collect::<Vec<_>>(),
        "inferenceAccelerators": [],
        "overrides": task.overrides,
        "tags": if with_tags { task.tags.clone() } else { Vec::new() },
        "version": task.phase as u8 + 1,
        "createdAt": seconds(task.times.created),
    });
    overlay(&mut out, task.fixed.iter().filter(|(key, _)| !HIDDEN.contains(&key.as_str())));
    set(&mut out, "startedBy", task.started_by.clone());
    // Tasks connect as they begin to pull their images.
    set(&mut out, "connectivity", task.times.pull_started.map(|_| "CONNECTED"));
    set(&mut out, "connectivityAt", task.times.pull_started.map(seconds));
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
        set(out, name, at.map(seconds));
    }
}

/// Returns the health of a task: that of its worst container with a health check.
fn health(task: &Task) -> &'static str {
    let checked = || task.containers.iter().filter(|c| c.checked);
    if checked().any(|c| c.health == "UNHEALTHY") {
        "UNHEALTHY"
    } else if checked().next().is_some() && checked().all(|c| c.health == "HEALTHY") {
        "HEALTHY"
    } else {
        "UNKNOWN"
    }
}

fn attachments(task: &Task) -> Value {
    let Some(eni) = task.fixed.get("eni") else {
        return json!([]);
    };
    let status = match task.phase {
        Phase::Provisioning => "PRECREATED",
        Phase::Stopped => "DELETED",
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
    set(&mut out, "memory", container.memory.clone());
    if let Some(eni) = task.fixed.get("eni") {
        out["networkInterfaces"] =
            json!([{ "attachmentId": eni["attachment"], "privateIpv4Address": eni["address"] }]);
    }
    if task.times.pull_stopped.is_some() {
        out["runtimeId"] = json!(container.runtime_id);
        set(&mut out, "imageDigest", container.digest.clone());
    }
    set(&mut out, "managedAgents", super::exec::agents(task, container));
    set(&mut out, "exitCode", container.exit_code);
    set(&mut out, "reason", container.reason.clone());
    out
}

fn container_status(task: &Task, container: &Container) -> &'static str {
    match task.phase {
        Phase::Deprovisioning | Phase::Stopped => "STOPPED",
        _ if container.exit_code.is_some() => "STOPPED",
        Phase::Provisioning | Phase::Pending | Phase::Activating => "PENDING",
        _ => "RUNNING",
    }
}
