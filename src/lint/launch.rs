//! Checks of where tasks run, for services and one-off tasks alike: launch type, capacity providers, platform, placement,
//! and the volumes that are configured at launch.

use super::CheckProblems;
use super::document_view::{
    ServiceView, has_items, is_absent, is_absent_or_empty, is_set, member_integer, member_items, member_text,
    quoted_scalar,
};
use super::sizes::{UnsupportedSize, unsupported_size};
use super::volumes::launch_volume_names;
use crate::document::tree::Node;

/// From the API reference: CreateService.capacityProviderStrategy, .placementStrategy and .placementConstraints.
const MAX_PROVIDERS: usize = 20;
const MAX_STRATEGIES: usize = 5;
const MAX_CONSTRAINTS: usize = 10;
/// From the developer guide, "Amazon ECS clusters for Fargate workloads".
const FARGATE_PROVIDERS: &[&str] = &["FARGATE", "FARGATE_SPOT"];

/// Returns the launch type, unless it is one of Fargate's.
fn instance_launch_type<'a>(service: &ServiceView<'a>) -> Option<&'a str> {
    member_text(service.node, "launchType").filter(|kind| matches!(*kind, "EC2" | "EXTERNAL"))
}

pub(super) fn launch_type_or_strategy(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(strategy) = service.node.get("capacityProviderStrategy").filter(|list| !list.items().is_empty())
    else {
        return;
    };
    if service.node.get("launchType").is_some_and(is_set) {
        let message = "`launchType` and `capacityProviderStrategy` cannot be used together";
        findings.add(strategy, "capacityProviderStrategy", message, "remove one of the two".to_owned());
    }
}

pub(super) fn capacity_providers(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let items = member_items(service.node, "capacityProviderStrategy");
    let Some(list) = service.node.get("capacityProviderStrategy").filter(|list| !list.has_undefined()) else {
        return;
    };
    let path = "capacityProviderStrategy";
    if items.len() > MAX_PROVIDERS {
        let message = format!("{} capacity providers: ECS allows at most {MAX_PROVIDERS}", items.len());
        findings.add(list, path, message, "remove some of them".to_owned());
    }
    let based = |item: &&Node| member_integer(item, "base").is_some_and(|base| base > 0);
    if let Some(second) = items.iter().filter(based).nth(1) {
        let message = "only one capacity provider can have a `base`";
        findings.add(second.get("base").unwrap_or(second), path, message, "remove the others".to_owned());
    }
    let weightless = |item: &Node| is_absent(item, "weight") || member_integer(item, "weight") == Some(0);
    if !items.is_empty() && items.iter().all(weightless) {
        let message = "no capacity provider has a `weight` above 0, so no task can be placed";
        findings.add(list, path, message, "add `weight: 1`".to_owned());
    }
}

pub(super) fn public_ip(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let vpc = service.node.get("networkConfiguration").and_then(|node| node.get("awsvpcConfiguration"));
    let Some(node) =
        vpc.and_then(|vpc| vpc.get("assignPublicIp")).filter(|node| node.text() == Some("ENABLED"))
    else {
        return;
    };
    if let Some(kind) = instance_launch_type(service) {
        let message = format!("`assignPublicIp` is not supported with launch type `{kind}`");
        let path = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
        findings.add(node, path, message, "remove it, or use `launchType: FARGATE`".to_owned());
    }
}

pub(super) fn platform_version(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(node) = service.node.get("platformVersion").filter(|node| is_set(node)) else { return };
    if let Some(kind) = instance_launch_type(service) {
        let message = format!("`platformVersion` is for Fargate, but the launch type is `{kind}`");
        findings.add(node, "platformVersion", message, "remove it".to_owned());
    }
}

/// Fargate runs only definitions with `awsvpc` and with a size of the task.
pub(super) fn supported_launch_type(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = &service.task_definition else { return };
    let Some(node) = fargate_launch(service) else { return };
    // Where the definition is for Fargate, its own checks report what is missing.
    let kinds = task.node.get("requiresCompatibilities");
    if task.requires_fargate() || kinds.is_some_and(Node::has_undefined) {
        return;
    }
    let sized = !is_absent_or_empty(task.node, "cpu") && !is_absent_or_empty(task.node, "memory");
    let message = match task.network_mode() {
        Some(mode) if mode != "awsvpc" => {
            format!(
                "the task definition does not support Fargate: its network mode is `{mode}`, not `awsvpc`"
            )
        }
        Some(_) if !sized => {
            "the task definition does not support Fargate: it has no `cpu` and `memory`".to_owned()
        }
        _ => {
            if let Some(UnsupportedSize { node, member, message, hint }) = unsupported_size(task) {
                findings.add(node, member, message, hint);
            }
            return;
        }
    };
    let hint =
        "add `requiresCompatibilities: [FARGATE]` to the task definition, and what it then needs".to_owned();
    findings.add(node, "launchType", message, hint);
}

/// Returns what says that tasks run on Fargate: the launch type, or a strategy of Fargate's capacity providers.
fn fargate_launch<'a>(service: &ServiceView<'a>) -> Option<&'a Node> {
    let launch_type = service.node.get("launchType").filter(|node| node.text() == Some("FARGATE"));
    let strategy = service.node.get("capacityProviderStrategy");
    let is_of_fargate = |item: &Node| {
        member_text(item, "capacityProvider").is_some_and(|provider| FARGATE_PROVIDERS.contains(&provider))
    };
    let providers = strategy.filter(|list| list.items().iter().any(is_of_fargate));
    launch_type.or(providers)
}

pub(super) fn placement(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let strategies = member_items(service.node, "placementStrategy");
    let constraints = member_items(service.node, "placementConstraints");
    for (items, member, most) in [
        (strategies, "placementStrategy", MAX_STRATEGIES),
        (constraints, "placementConstraints", MAX_CONSTRAINTS),
    ] {
        let Some(list) = service.node.get(member) else { continue };
        if items.len() > most {
            let message = format!("{} items in `{member}`: ECS allows at most {most}", items.len());
            findings.add(list, member, message, "remove some of them".to_owned());
        }
        if !items.is_empty() && member_text(service.node, "launchType") == Some("FARGATE") {
            let message = format!("Fargate does not support `{member}`");
            findings.add(list, member, message, "remove it".to_owned());
        }
    }
    for strategy in strategies {
        check_strategy(strategy, findings);
    }
    for constraint in constraints {
        check_constraint(constraint, findings);
    }
}

fn check_strategy(strategy: &Node, findings: &mut CheckProblems<'_>) {
    let field = strategy.get("field").filter(|field| is_set(field));
    let name = field.and_then(Node::text).map(str::to_lowercase);
    let path = "placementStrategy";
    match (member_text(strategy, "type"), field) {
        (Some("binpack"), Some(node))
            if name.as_deref().is_some_and(|name| !matches!(name, "cpu" | "memory")) =>
        {
            let message = format!("`binpack` cannot use the field {}", quoted_scalar(node));
            findings.add(node, path, message, "use `cpu` or `memory`".to_owned());
        }
        (Some("random"), Some(node)) => {
            findings.add(node, path, "`random` takes no `field`", "remove `field`".to_owned());
        }
        (Some("binpack"), None) if is_absent_or_empty(strategy, "field") => {
            findings.add(strategy, path, "`binpack` has no `field`", "use `cpu` or `memory`".to_owned());
        }
        _ => {}
    }
}

fn check_constraint(constraint: &Node, findings: &mut CheckProblems<'_>) {
    let expression = constraint.get("expression").filter(|node| is_set(node));
    let path = "placementConstraints";
    match (member_text(constraint, "type"), expression) {
        (Some("distinctInstance"), Some(node)) => {
            let message = "`distinctInstance` takes no `expression`";
            findings.add(node, path, message, "remove `expression`".to_owned());
        }
        (Some("memberOf"), None) if is_absent_or_empty(constraint, "expression") => {
            let message = "`memberOf` has no `expression`";
            let hint = "add one, such as `expression: \"attribute:ecs.instance-type =~ t3.*\"`".to_owned();
            findings.add(constraint, path, message, hint);
        }
        _ => {}
    }
}

/// A volume that is configured at launch gets its configuration by its name.
pub(super) fn launch_volume_configuration(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let names = service.task_definition.as_ref().and_then(launch_volume_names);
    for (index, volume) in member_items(service.node, "volumeConfigurations").iter().enumerate() {
        let path = format!("volumeConfigurations[{index}]");
        let unknown =
            |name: &str| !name.is_empty() && names.as_ref().is_some_and(|names| !names.contains(&name));
        if let Some(name) = volume.get("name").filter(|name| name.text().is_some_and(unknown)) {
            let message = format!(
                "no volume of the task definition named {} is configured at launch",
                quoted_scalar(name)
            );
            let hint = "add `configuredAtLaunch: true` to the volume, or correct the name".to_owned();
            findings.add(name, format!("{path}.name"), message, hint);
        }
        let Some(managed) = volume.get("managedEBSVolume") else { continue };
        check_managed_volume(managed, &format!("{path}.managedEBSVolume"), findings);
    }
}

/// From the API reference: `ServiceManagedEBSVolumeConfiguration`. The default type is gp3.
fn check_managed_volume(volume: &Node, path: &str, findings: &mut CheckProblems<'_>) {
    let kind = if is_absent(volume, "volumeType") { Some("gp3") } else { member_text(volume, "volumeType") };
    if is_absent(volume, "sizeInGiB") && is_absent(volume, "snapshotId") {
        let message = "a managed volume has neither `sizeInGiB` nor `snapshotId`";
        findings.add(volume, path, message, "add `sizeInGiB: 20`".to_owned());
    }
    let Some(kind) = kind else { return };
    let unsupported =
        [("throughput", !matches!(kind, "gp3")), ("iops", !matches!(kind, "gp2" | "gp3" | "io1" | "io2"))];
    for (member, _) in unsupported.iter().filter(|(_, refused)| *refused) {
        if let Some(node) = volume.get(member).filter(|node| is_set(node)) {
            let message = format!("`{member}` is not supported by volume type `{kind}`");
            findings.add(node, format!("{path}.{member}"), message, "remove it, or use `gp3`".to_owned());
        }
    }
    if matches!(kind, "io1" | "io2") && is_absent(volume, "iops") {
        let message = format!("volume type `{kind}` needs `iops`");
        findings.add(volume, path, message, "add `iops: 3000`".to_owned());
    }
    let rate = volume.get("volumeInitializationRate").filter(|rate| is_set(rate));
    if let Some(rate) = rate.filter(|_| is_absent(volume, "snapshotId")) {
        let message = "`volumeInitializationRate` is for volumes from a snapshot";
        findings.add(rate, path, message, "remove it, or add `snapshotId`".to_owned());
    }
}

/// Returns whether a request has items for the volumes that are configured at launch.
pub(super) fn configures_volumes(node: &Node) -> bool {
    has_items(node, "volumeConfigurations")
        || node.get("volumeConfigurations").is_some_and(Node::is_undefined)
}
