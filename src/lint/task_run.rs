//! Checks of what `RunTask` and the targets of schedules would refuse: overrides, network and volumes of a one-off task.
//!
//! The values of overrides are never repeated: an expression may have given them.

use super::CheckProblems;
use super::dependencies::similar_container;
use super::document_view::{
    TaskDefinitionView, is_absent, is_absent_or_empty, member_integer, member_items, member_text,
};
use super::launch::configures_volumes;
use super::sizes::{is_fargate_pair, parse_cpu, parse_memory};
use super::volumes::launch_volume_names;
use crate::document::tree::Node;

/// The maximum number of characters of overrides, with those of their JSON (API reference, RunTask.overrides).
pub const MAX_OVERRIDES: usize = 8192;

/// A one-off task, or what a schedule starts, for the checks.
#[derive(Debug)]
pub struct TaskRunView<'a> {
    /// The members of the `RunTask` request in the manifest.
    pub node: &'a Node,
    /// The overrides, as `RunTask` takes them.
    pub overrides: Option<&'a Node>,
    pub task_definition: Option<TaskDefinitionView<'a>>,
    /// Whether members that are not written are taken from a service.
    pub is_like_service: bool,
}

fn container_overrides<'a>(run: &TaskRunView<'a>) -> &'a [Node] {
    run.overrides.map(|overrides| member_items(overrides, "containerOverrides")).unwrap_or_default()
}

pub(super) fn override_container(run: &TaskRunView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = run.task_definition.as_ref().filter(|task| task.is_complete) else { return };
    for container in container_overrides(run) {
        let Some(name) = container.get("name") else { continue };
        let Some(wanted) = name.text().filter(|name| task.container(name).is_none()) else { continue };
        let message = "the overrides are for a container that the task definition does not have";
        let hint = similar_container(wanted, name, task);
        let hint = hint.unwrap_or_else(|| "name one of its containers".to_owned());
        findings.add(name, "", message, hint);
    }
}

pub(super) fn override_length(run: &TaskRunView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(overrides) = run.overrides else { return };
    let length = overrides.to_value().to_string().chars().count();
    if length > MAX_OVERRIDES {
        let message =
            format!("the overrides have {length} characters as JSON: ECS allows at most {MAX_OVERRIDES}");
        let hint =
            "move `command` and `environment` to the task definition, or long values to Parameter Store";
        findings.add(overrides, "", message, hint.to_owned());
    }
}

pub(super) fn override_values(run: &TaskRunView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(overrides) = run.overrides else { return };
    for (member, parse) in [("cpu", parse_cpu as fn(&str) -> Option<i64>), ("memory", parse_memory)] {
        let text = member_text(overrides, member);
        if text.is_some_and(|text| parse(text).is_none_or(|units| units <= 0)) {
            let message = format!("`{member}` of the overrides is not a valid size");
            let hint = "write `cpu: 512` or `.5 vCPU`, and `memory: 1024` or `1 GB`".to_owned();
            findings.add(overrides, "", message, hint);
            return;
        }
    }
    for container in container_overrides(run) {
        let unnamed = |pair: &&Node| is_absent_or_empty(pair, "name") || is_absent(pair, "value");
        if let Some(pair) = member_items(container, "environment").iter().find(unnamed) {
            let message = "a variable of the overrides has no name or no value";
            findings.add(pair, "", message, "give it both, or remove it".to_owned());
        }
    }
    let Some(task) = &run.task_definition else { return };
    check_size(task, overrides, findings);
    let Some(memory) = size(task, overrides, "memory", parse_memory) else { return };
    let exceeds = |container: &&Node| member_integer(container, "memory").is_some_and(|own| own > memory);
    if let Some(container) = container_overrides(run).iter().find(exceeds) {
        let message = "`memory` of a container in the overrides is more than the task's";
        findings.add(
            container,
            "",
            message,
            "raise `memory` of the overrides, or lower the container's".to_owned(),
        );
    }
}

/// Returns the size of the task: that of the overrides, else that of the definition.
fn size(
    task: &TaskDefinitionView<'_>,
    overrides: &Node,
    member: &str,
    parse: fn(&str) -> Option<i64>,
) -> Option<i64> {
    let node = overrides.get(member).or_else(|| task.node.get(member))?;
    parse(node.text()?)
}

fn check_size(task: &TaskDefinitionView<'_>, overrides: &Node, findings: &mut CheckProblems<'_>) {
    let changed = ["cpu", "memory"].iter().any(|member| overrides.get(member).is_some());
    if !changed || !task.requires_fargate() {
        return;
    }
    let cpu = size(task, overrides, "cpu", parse_cpu);
    let memory = size(task, overrides, "memory", parse_memory);
    if cpu.zip(memory).is_some_and(|(cpu, memory)| !is_fargate_pair(cpu, memory)) {
        let message = "Fargate does not support the `cpu` and `memory` that the overrides give the task";
        let hint =
            "set both, as a pair that Fargate has: 256 with 512 to 2048, 512 with 1024 to 4096, …".to_owned();
        findings.add(overrides, "", message, hint);
    }
}

/// A task with `awsvpc` needs a network. One that is like a service has the service's.
pub(super) fn network_missing(run: &TaskRunView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = run.task_definition.as_ref().filter(|_| !run.is_like_service) else { return };
    if task.network_mode() == Some("awsvpc") && is_absent(run.node, "networkConfiguration") {
        let message = "the task definition uses `awsvpc`, but the task has no `networkConfiguration`";
        let hint = "take it from a service with `like:`, or write `run_task: { networkConfiguration: … }`";
        findings.add(run.node, "networkConfiguration", message, hint.to_owned());
    }
}

/// `RunTask` needs the configuration of a volume that is configured at launch; a task like a service does not take it over.
pub(super) fn volume_missing(run: &TaskRunView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(names) = run.task_definition.as_ref().and_then(launch_volume_names) else { return };
    if !names.is_empty() && !configures_volumes(run.node) {
        let message = "a volume of the task definition is configured at launch, but the task has no configuration for it";
        let hint =
            "write `run_task: { volumeConfigurations: [ … ] }`; schedules cannot run such a definition";
        findings.add(run.node, "volumeConfigurations", message, hint.to_owned());
    }
}
