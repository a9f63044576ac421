//! Checks of services: their network, their load balancers, and whether a deployment can make progress.

use std::collections::BTreeSet;

use super::CheckProblems;
use super::dependencies::similar_container;
use super::document_view::{
    ContainerView, ServiceView, TaskDefinitionView, is_absent, member_integer, member_items, member_text,
    quoted_scalar,
};
use crate::document::tree::{Node, NodeKind, Scalar};

/// From the service quotas and the API reference: `AwsVpcConfiguration`, and target groups per service.
const MAX_SUBNETS: usize = 16;
const MAX_SECURITY_GROUPS: usize = 5;
const MAX_TARGET_GROUPS: usize = 5;
/// Members that only `CreateService` takes: a document that has one is a complete service.
const CREATE_ONLY_MEMBERS: &[&str] = &["launchType", "schedulingStrategy"];

fn awsvpc_configuration<'a>(service: &ServiceView<'a>) -> Option<&'a Node> {
    service.node.get("networkConfiguration")?.get("awsvpcConfiguration")
}

pub(super) fn network_configuration_missing(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = &service.task_definition else { return };
    let whole = CREATE_ONLY_MEMBERS.iter().find_map(|member| service.node.get(member));
    let configured = service.node.get("networkConfiguration");
    let missing = configured.map_or_else(|| true, |node| is_absent(node, "awsvpcConfiguration"));
    if let Some(at) = whole.filter(|_| missing && task.network_mode() == Some("awsvpc")) {
        let message = "the task definition uses `awsvpc`, but the service has no `networkConfiguration`";
        let hint =
            "add `networkConfiguration: { awsvpcConfiguration: { subnets: […], securityGroups: […] } }`";
        findings.add(configured.unwrap_or(at), "networkConfiguration", message, hint.to_owned());
    }
}

pub(super) fn network_configuration_unused(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let (Some(task), Some(at)) = (&service.task_definition, awsvpc_configuration(service)) else { return };
    let Some(mode) = task.network_mode().filter(|mode| *mode != "awsvpc" && !at.is_undefined()) else {
        return;
    };
    let message =
        format!("`networkConfiguration` is not allowed with network mode `{mode}` of the task definition");
    let hint = "remove it, or set `networkMode: awsvpc` in the task definition".to_owned();
    findings.add(at, "networkConfiguration", message, hint);
}

pub(super) fn network_limits(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(vpc) = awsvpc_configuration(service) else { return };
    for (member, most) in [("subnets", MAX_SUBNETS), ("securityGroups", MAX_SECURITY_GROUPS)] {
        let Some(list) = vpc.get(member) else { continue };
        let count = list.items().len();
        let path = format!("networkConfiguration.awsvpcConfiguration.{member}");
        if count > most {
            findings.add(
                list,
                path,
                format!("{count} `{member}`: ECS allows at most {most}"),
                "remove some of them".to_owned(),
            );
        }
    }
}

pub(super) fn target_groups(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let balancers = member_items(service.node, "loadBalancers");
    let count = balancers.iter().filter(|balancer| balancer.get("targetGroupArn").is_some()).count();
    if let Some(list) = service.node.get("loadBalancers").filter(|_| count > MAX_TARGET_GROUPS) {
        let message = format!("{count} target groups: ECS allows at most {MAX_TARGET_GROUPS}");
        findings.add(list, "loadBalancers", message, "split the service, or share a target group".to_owned());
    }
}

/// From the API reference, `DeploymentConfiguration`: the lower bound is rounded up, the upper one down.
pub(super) fn deployment_percents(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(configuration) = service.node.get("deploymentConfiguration") else { return };
    let least = member_integer(configuration, "minimumHealthyPercent");
    let most = configuration.get("maximumPercent").zip(member_integer(configuration, "maximumPercent"));
    let (Some(least), Some((at, most)), true) = (least, most, is_rolling(service.node, configuration)) else {
        return;
    };
    let stuck = match service.node.get("desiredCount") {
        // The count may change by autoscaling: report only what is true for any count.
        None => least >= 100 && most <= 100,
        Some(_) => {
            member_integer(service.node, "desiredCount").is_some_and(|desired| is_stuck(desired, least, most))
        }
    };
    if stuck {
        let message = "a deployment can never make progress: no task may stop and none may start";
        let hint = "lower `minimumHealthyPercent`, or raise `maximumPercent`: 100 and 200 are the defaults"
            .to_owned();
        findings.add(at, "deploymentConfiguration", message, hint);
    }
}

fn is_stuck(desired: i64, least: i64, most: i64) -> bool {
    let (least, most) = (desired.saturating_mul(least), desired.saturating_mul(most));
    let kept = least / 100 + i64::from(least % 100 > 0);
    desired > 0 && kept >= desired && most / 100 <= desired
}

/// Returns whether this is a rolling deployment of replicas by ECS: only then the percentages apply.
fn is_rolling(service: &Node, configuration: &Node) -> bool {
    let is = |node: &Node, member: &str, value: &str| {
        is_absent(node, member) || member_text(node, member) == Some(value)
    };
    let controller =
        service.get("deploymentController").is_none_or(|controller| is(controller, "type", "ECS"));
    controller && is(configuration, "strategy", "ROLLING") && is(service, "schedulingStrategy", "REPLICA")
}

pub(super) fn load_balancer_target(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = service.task_definition.as_ref().filter(|task| task.is_complete) else { return };
    for (index, balancer) in member_items(service.node, "loadBalancers").iter().enumerate() {
        let path = format!("loadBalancers[{index}]");
        let Some(name) = balancer.get("containerName") else { continue };
        let Some(wanted) = name.text() else { continue };
        let Some(container) = task.container(wanted) else {
            let message = format!("no container named {} in the task definition", quoted_scalar(name));
            findings.add(
                name,
                format!("{path}.containerName"),
                message,
                similar_container(wanted, name, task),
            );
            continue;
        };
        let Some((port, wanted)) =
            balancer.get("containerPort").zip(member_integer(balancer, "containerPort"))
        else {
            continue;
        };
        if maps_port(container, wanted) == Some(false) {
            let message = format!("{} does not map port {}", container.label(), quoted_scalar(port));
            let hint = format!("add it: `portMappings: [{{ containerPort: {} }}]`", literal_port(port));
            findings.add(port, format!("{path}.containerPort"), message, hint);
        }
    }
}

fn literal_port(port: &Node) -> &str {
    port.text().filter(|_| !port.span.from_expression).unwrap_or("…")
}

/// Returns whether a container maps a port, or `None` if expressions are undefined.
fn maps_port(container: &ContainerView<'_>, port: i64) -> Option<bool> {
    let list = container.node.get("portMappings");
    if list.is_some_and(Node::is_undefined) {
        return None;
    }
    let mut unknown = false;
    for mapping in list.map(Node::items).unwrap_or_default() {
        let range = member_text(mapping, "containerPortRange").and_then(|range| range.split_once('-'));
        let range = range.and_then(|(low, high)| Some((low.trim().parse().ok()?, high.trim().parse().ok()?)));
        if member_integer(mapping, "containerPort") == Some(port)
            || range.is_some_and(|(low, high): (i64, i64)| (low..=high).contains(&port))
        {
            return Some(true);
        }
        unknown |= mapping.has_undefined();
    }
    (!unknown).then_some(false)
}

pub(super) fn service_connect_port(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = service.task_definition.as_ref().filter(|task| task.is_complete) else { return };
    let Some(connect) = service.node.get("serviceConnectConfiguration") else { return };
    let on = matches!(
        connect.get("enabled").map(|node| &node.kind),
        Some(NodeKind::Scalar(Scalar::Bool(true, _)))
    );
    let Some(names) = port_names(task).filter(|_| on) else { return };
    for (index, entry) in member_items(connect, "services").iter().enumerate() {
        let Some(node) = entry.get("portName") else { continue };
        if node.text().is_some_and(|name| !names.contains(name)) {
            let message = format!("no port mapping named {} in the task definition", quoted_scalar(node));
            let path = format!("serviceConnectConfiguration.services[{index}].portName");
            findings.add(
                node,
                path,
                message,
                "name the port: `portMappings: [{ name: …, containerPort: … }]`".to_owned(),
            );
        }
    }
}

/// Returns the names of all port mappings, or `None` if expressions are undefined.
fn port_names<'a>(task: &TaskDefinitionView<'a>) -> Option<BTreeSet<&'a str>> {
    let lists = task.containers.iter().filter_map(|container| container.node.get("portMappings"));
    let mut names = BTreeSet::new();
    for list in lists {
        if list.has_undefined() {
            return None;
        }
        names.extend(list.items().iter().filter_map(|mapping| member_text(mapping, "name")));
    }
    Some(names)
}
