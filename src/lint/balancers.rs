//! Checks of load balancers, service registries, Service Connect and VPC Lattice against the task definition.

use std::collections::BTreeSet;

use super::CheckProblems;
use super::dependencies::similar_container;
use super::document_view::{
    ContainerView, ServiceView, TaskDefinitionView, is_absent, is_absent_or_empty, is_set, is_true,
    member_integer, member_items, member_text, quoted_scalar,
};
use crate::document::tree::Node;

/// From the service quotas: target groups per service.
const MAX_TARGET_GROUPS: usize = 5;
/// The maximum length of names of Service Connect (API reference, ServiceConnectClientAlias.dnsName and
/// ServiceConnectService.discoveryName).
const MAX_DNS_NAME: usize = 127;
const MAX_DISCOVERY_NAME: usize = 64;

/// Returns the load balancers of a service with their paths.
fn balancers<'a>(service: &ServiceView<'a>) -> impl Iterator<Item = (&'a Node, String)> + use<'a> {
    let items = member_items(service.node, "loadBalancers").iter().enumerate();
    items.map(|(index, node)| (node, format!("loadBalancers[{index}]")))
}

pub(super) fn target_groups(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let balancers = member_items(service.node, "loadBalancers");
    let count = balancers.iter().filter(|balancer| balancer.get("targetGroupArn").is_some()).count();
    if let Some(list) = service.node.get("loadBalancers").filter(|_| count > MAX_TARGET_GROUPS) {
        let message = format!("{count} target groups: ECS allows at most {MAX_TARGET_GROUPS}");
        findings.add(list, "loadBalancers", message, "split the service, or share a target group".to_owned());
    }
}

pub(super) fn balancer_kind(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let awsvpc = service.task_definition.as_ref().is_some_and(|task| task.network_mode() == Some("awsvpc"));
    for (balancer, path) in balancers(service) {
        let Some(classic) =
            balancer.get("loadBalancerName").filter(|node| node.text().is_some_and(|text| !text.is_empty()))
        else {
            continue;
        };
        let path = format!("{path}.loadBalancerName");
        if balancer.get("targetGroupArn").is_some_and(is_set) {
            let message = "a load balancer has a target group and a name, but it can have only one of them";
            findings.add(
                classic,
                path,
                message,
                "remove `loadBalancerName`: it is for Classic Load Balancers".to_owned(),
            );
        } else if awsvpc {
            let message = "network mode `awsvpc` does not support Classic Load Balancers";
            findings.add(classic, path, message, "use a target group: `targetGroupArn`".to_owned());
        }
    }
}

pub(super) fn load_balancer_target(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    for (balancer, path) in balancers(service) {
        if is_absent_or_empty(balancer, "containerName") {
            let message = "a load balancer has no `containerName`";
            findings.add(balancer, path, message, "name the container that receives its traffic".to_owned());
            continue;
        }
        let Some(task) = service.task_definition.as_ref().filter(|task| task.is_complete) else { continue };
        let Some(name) = balancer.get("containerName") else { continue };
        let Some(wanted) = name.text() else { continue };
        let Some(container) = task.container(wanted) else {
            let message = format!("no container named {} in the task definition", quoted_scalar(name));
            let hint = similar_container(wanted, name, task);
            findings.add(name, format!("{path}.containerName"), message, hint);
            continue;
        };
        check_port(balancer, container, task.network_mode() == Some("bridge"), &path, findings);
    }
}

fn check_port(
    balancer: &Node,
    container: &ContainerView<'_>,
    is_bridge: bool,
    path: &str,
    findings: &mut CheckProblems<'_>,
) {
    let Some((port, wanted)) = balancer.get("containerPort").zip(member_integer(balancer, "containerPort"))
    else {
        return;
    };
    let path = format!("{path}.containerPort");
    if maps_port(container, wanted) == Some(false) {
        let message = format!("{} does not map port {}", container.label(), quoted_scalar(port));
        let hint = format!("add it: `portMappings: [{{ containerPort: {} }}]`", literal_port(port));
        findings.add(port, path, message, hint);
        return;
    }
    let mappings = member_items(container.node, "portMappings").iter();
    let mapping = mappings.clone().find(|mapping| member_integer(mapping, "containerPort") == Some(wanted));
    let dynamic = mapping.is_some_and(|mapping| {
        is_absent(mapping, "hostPort") || member_integer(mapping, "hostPort") == Some(0)
    });
    let classic =
        balancer.get("loadBalancerName").is_some_and(is_set) && is_absent(balancer, "targetGroupArn");
    if dynamic && classic && is_bridge {
        let message = format!("a Classic Load Balancer needs a `hostPort` for port {}", quoted_scalar(port));
        findings.add(
            port,
            path,
            message,
            "set `hostPort` in the port mapping, or use a target group".to_owned(),
        );
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

/// Blue/green, linear and canary deployments shift traffic between two target groups.
pub(super) fn advanced_configuration(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(list) = service.node.get("loadBalancers").filter(|list| !list.has_undefined()) else { return };
    let advanced = |node: &&Node| node.get("advancedConfiguration").is_some_and(is_set);
    let count = list.items().iter().filter(advanced).count();
    let strategy = service.node.get("deploymentConfiguration").and_then(|node| member_text(node, "strategy"));
    let shifted = strategy.filter(|strategy| *strategy != "ROLLING" && !list.items().is_empty());
    if (1..list.items().len()).contains(&count) {
        let message = "some load balancers have an `advancedConfiguration`, and others have none";
        findings.add(list, "loadBalancers", message, "add it to all of them, or to none".to_owned());
    } else if let Some(strategy) = shifted.filter(|_| count == 0) {
        let message =
            format!("the strategy `{strategy}` needs an `advancedConfiguration` in each load balancer");
        let hint =
            "add `advancedConfiguration` with the alternate target group, the listener rules and the role";
        findings.add(list, "loadBalancers", message, hint.to_owned());
    }
    let mut groups: Vec<&str> = Vec::new();
    for balancer in list.items().iter().filter(advanced) {
        let alternate =
            balancer.get("advancedConfiguration").and_then(|node| node.get("alternateTargetGroupArn"));
        for node in [balancer.get("targetGroupArn"), alternate].into_iter().flatten() {
            let Some(group) = node.text().filter(|text| !text.is_empty()) else { continue };
            if groups.contains(&group) {
                let message = format!("the target group {} is used twice", quoted_scalar(node));
                findings.add(
                    node,
                    "loadBalancers",
                    message,
                    "use two target groups for each load balancer".to_owned(),
                );
            }
            groups.push(group);
        }
    }
}

pub(super) fn service_registries(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let registries = member_items(service.node, "serviceRegistries");
    if let Some(second) = registries.get(1) {
        let message = "a service can have only one service registry";
        findings.add(second, "serviceRegistries", message, "remove the others".to_owned());
    }
    for (index, registry) in registries.iter().enumerate() {
        let path = format!("serviceRegistries[{index}]");
        let both = registry.get("containerPort").is_some_and(is_set).then(|| registry.get("port")).flatten();
        if let Some(port) = both.filter(|port| is_set(port)) {
            let message =
                "a service registry has a `port` and a `containerPort`, but it can have only one of them";
            findings.add(port, path.clone(), message, "remove one of the two".to_owned());
        }
        let Some(task) = service.task_definition.as_ref().filter(|task| task.is_complete) else { continue };
        let Some(name) = registry.get("containerName") else { continue };
        let Some(wanted) = name.text().filter(|name| !name.is_empty() && task.container(name).is_none())
        else {
            continue;
        };
        let message = format!("no container named {} in the task definition", quoted_scalar(name));
        let hint =
            similar_container(wanted, name, task).unwrap_or_else(|| "name one of the containers".to_owned());
        findings.add(name, format!("{path}.containerName"), message, hint);
    }
}

/// With A records, which `awsvpc` allows, the port has no place; with SRV records it is needed.
pub(super) fn registry_port(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    if service.task_definition.as_ref().is_none_or(|task| task.network_mode() != Some("awsvpc")) {
        return;
    }
    for registry in member_items(service.node, "serviceRegistries") {
        let Some(port) = registry.get("containerPort").filter(|port| is_set(port)) else { continue };
        let message = "with `awsvpc`, a registry of A records takes no `containerPort`";
        let hint =
            "remove `containerName` and `containerPort`, unless the registry has SRV records".to_owned();
        findings.add(port, "serviceRegistries", message, hint);
    }
}

/// Service Connect, VPC Lattice and gateways name port mappings of the task definition.
pub(super) fn named_ports(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = service.task_definition.as_ref().filter(|task| task.is_complete) else { return };
    let Some(names) = port_names(task) else { return };
    let connect =
        service.node.get("serviceConnectConfiguration").filter(|connect| is_true(connect, "enabled"));
    let connected = connect.map(|connect| member_items(connect, "services")).unwrap_or_default();
    let lists = [
        ("serviceConnectConfiguration.services", connected),
        ("vpcLatticeConfigurations", member_items(service.node, "vpcLatticeConfigurations")),
        ("gatewayConnectors", member_items(service.node, "gatewayConnectors")),
    ];
    for (path, entries) in lists {
        for (index, entry) in entries.iter().enumerate() {
            let Some(node) = entry.get("portName") else { continue };
            if node.text().is_some_and(|name| !name.is_empty() && !names.contains(name)) {
                let message = format!("no port mapping named {} in the task definition", quoted_scalar(node));
                let hint = "name the port: `portMappings: [{ name: …, containerPort: … }]`".to_owned();
                findings.add(node, format!("{path}[{index}].portName"), message, hint);
            }
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

pub(super) fn service_connect(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(connect) = service.node.get("serviceConnectConfiguration") else { return };
    for (index, entry) in member_items(connect, "services").iter().enumerate() {
        let path = format!("serviceConnectConfiguration.services[{index}]");
        let aliases = member_items(entry, "clientAliases");
        if let Some(second) = aliases.get(1) {
            let message = "a Service Connect service can have only one client alias";
            findings.add(second, format!("{path}.clientAliases"), message, "remove the others".to_owned());
        }
        for alias in aliases {
            check_connect_name(alias, "dnsName", MAX_DNS_NAME, true, &path, findings);
        }
        check_connect_name(entry, "discoveryName", MAX_DISCOVERY_NAME, false, &path, findings);
    }
}

fn check_connect_name(
    node: &Node,
    member: &str,
    most: usize,
    dots: bool,
    path: &str,
    findings: &mut CheckProblems<'_>,
) {
    let Some(at) = node.get(member) else { return };
    let Some(name) = at.text().filter(|name| !name.is_empty()) else { return };
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'_' | b'-')
            || dots && byte == b'.'
    };
    if name.len() <= most && !name.starts_with('-') && name.bytes().all(allowed) {
        return;
    }
    let dot = if dots { ", `.`" } else { "" };
    let message = format!("{} is not a valid `{member}`", quoted_scalar(at));
    let hint =
        format!("use up to {most} lowercase letters, digits{dot}, `_` and `-`, not beginning with `-`");
    findings.add(at, format!("{path}.{member}"), message, hint);
}
