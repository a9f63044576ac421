//! Checks of the network of services, and of other members that need a complete service.

use super::CheckProblems;
use super::document_view::{ServiceView, has_items, is_absent, is_true, member_integer, member_text};
use super::volumes::launch_volume_names;
use crate::document::tree::Node;

/// From the service quotas and the API reference: `AwsVpcConfiguration`.
const MAX_SUBNETS: usize = 16;
const MAX_SECURITY_GROUPS: usize = 5;

fn awsvpc_configuration<'a>(service: &ServiceView<'a>) -> Option<&'a Node> {
    service.node.get("networkConfiguration")?.get("awsvpcConfiguration")
}

pub(super) fn network_configuration_missing(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(task) = &service.task_definition else { return };
    let whole = service.complete_service_member();
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
    if let Some(list) = vpc.get("subnets").filter(|list| !list.is_undefined() && list.items().is_empty()) {
        let path = "networkConfiguration.awsvpcConfiguration.subnets";
        findings.add(list, path, "`subnets` is empty", "name at least one subnet".to_owned());
    }
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

/// ECS ignores the grace period, or refuses it, where nothing checks the health of tasks from outside.
pub(super) fn grace_period(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let node = service.node;
    let Some(period) = node.get("healthCheckGracePeriodSeconds") else { return };
    let checked = ["loadBalancers", "vpcLatticeConfigurations", "gatewayConnectors"];
    let unchecked = checked.iter().all(|member| is_absent(node, member) || is_empty_list(node, member));
    let waits = member_integer(node, "healthCheckGracePeriodSeconds").is_some_and(|seconds| seconds > 0);
    if waits && unchecked && service.complete_service_member().is_some() {
        let message = "`healthCheckGracePeriodSeconds` has no effect without a load balancer";
        findings.add(
            period,
            "healthCheckGracePeriodSeconds",
            message,
            "remove it, or add a load balancer".to_owned(),
        );
    }
}

/// Returns whether a member is a list without items; an undefined value is not.
fn is_empty_list(node: &Node, member: &str) -> bool {
    node.get(member).is_some_and(|list| !list.is_undefined() && list.items().is_empty())
}

pub(super) fn launch_volume_missing(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(whole) = service.complete_service_member() else { return };
    let Some(names) = service.task_definition.as_ref().and_then(launch_volume_names) else { return };
    let missing = is_absent(service.node, "volumeConfigurations")
        || is_empty_list(service.node, "volumeConfigurations");
    if missing && !names.is_empty() {
        let message = "a volume of the task definition is configured at launch, but the service has no `volumeConfigurations`";
        let hint =
            "add `volumeConfigurations: [ { name: …, managedEBSVolume: { roleArn: …, sizeInGiB: … } } ]`";
        findings.add(whole, "volumeConfigurations", message, hint.to_owned());
    }
}

/// `role` is for load balancers without the service-linked role, which `awsvpc` always uses.
pub(super) fn service_role(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(role) = service.node.get("role").filter(|role| role.text().is_some_and(|text| !text.is_empty()))
    else {
        return;
    };
    let awsvpc = service.task_definition.as_ref().is_some_and(|task| task.network_mode() == Some("awsvpc"));
    let unbalanced = is_absent(service.node, "loadBalancers") || is_empty_list(service.node, "loadBalancers");
    let message = match (awsvpc, unbalanced) {
        (true, _) => "`role` is not allowed with network mode `awsvpc`, which uses the service-linked role",
        (false, true) => "`role` is for services with a load balancer, and this one has none",
        (false, false) => return,
    };
    findings.add(role, "role", message, "remove `role`".to_owned());
}

/// The controllers `CODE_DEPLOY` and EXTERNAL support less than ECS does.
pub(super) fn deployment_controller(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(controller) = service.node.get("deploymentController").and_then(|node| node.get("type")) else {
        return;
    };
    let Some(kind @ ("CODE_DEPLOY" | "EXTERNAL")) = controller.text() else { return };
    let configuration = service.node.get("deploymentConfiguration");
    let block = |name: &str| configuration.and_then(|node| node.get(name));
    for name in ["deploymentCircuitBreaker", "alarms"] {
        let Some(node) = block(name).filter(|node| is_true(node, "enable")) else { continue };
        let message = format!("`{name}` is not allowed with deployment controller `{kind}`");
        findings.add(node, format!("deploymentConfiguration.{name}"), message, "remove it".to_owned());
    }
    if kind == "EXTERNAL" && has_items(service.node, "loadBalancers") {
        let at = service.node.get("loadBalancers").unwrap_or(controller);
        let message =
            "`loadBalancers` is not allowed with deployment controller `EXTERNAL`: its task sets have them";
        findings.add(at, "loadBalancers", message, "remove it".to_owned());
    }
}

pub(super) fn code_deploy_balancer(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(controller) = service.node.get("deploymentController") else { return };
    let code_deploy = member_text(controller, "type") == Some("CODE_DEPLOY");
    let unbalanced = is_absent(service.node, "loadBalancers") || is_empty_list(service.node, "loadBalancers");
    if code_deploy && unbalanced && service.complete_service_member().is_some() {
        let message = "deployment controller `CODE_DEPLOY` needs a load balancer, and this service has none";
        let hint = "add `loadBalancers` with a target group".to_owned();
        findings.add(controller, "loadBalancers", message, hint);
    }
}
