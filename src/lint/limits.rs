//! Checks of limits and platforms: restart policies, ulimits, ephemeral storage, proxies, retired members.

use super::CheckProblems;
use super::document_view::{
    TaskDefinitionView, has_items, is_set, member_integer, member_items, member_text, quoted_scalar,
};
use super::health_checks::check_range;
use crate::document::tree::Node;

/// The properties that an App Mesh proxy needs (API reference, ProxyConfiguration.properties).
const PROXY_PROPERTIES: &[&str] = &["ProxyIngressPort", "ProxyEgressPort", "AppPorts"];
/// The maximum number of exit codes of a restart policy (API reference, ContainerRestartPolicy.ignoredExitCodes).
const MAX_EXIT_CODES: usize = 50;

pub(super) fn restart_policy(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        let Some(policy) = container.node.get("restartPolicy") else { continue };
        check_range(policy, container, "restartPolicy", ("restartAttemptPeriod", 60, 1800), findings);
        let codes = member_items(policy, "ignoredExitCodes").len();
        let Some(list) = policy.get("ignoredExitCodes").filter(|_| codes > MAX_EXIT_CODES) else { continue };
        let message = format!("{codes} `ignoredExitCodes`: ECS allows at most {MAX_EXIT_CODES}");
        let path = container.member_path("restartPolicy.ignoredExitCodes");
        findings.add(list, path, message, "remove some of them".to_owned());
    }
}

pub(super) fn ulimits(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for container in &task.containers {
        for limit in member_items(container.node, "ulimits") {
            let soft = member_integer(limit, "softLimit");
            let hard = member_integer(limit, "hardLimit");
            // -1 is no limit.
            let exceeds = |(soft, hard): (i64, i64)| hard != -1 && (soft == -1 || soft > hard);
            let Some(at) = limit.get("softLimit").filter(|_| soft.zip(hard).is_some_and(exceeds)) else {
                continue;
            };
            let message = format!("a `softLimit` of {} is greater than its `hardLimit`", container.label());
            let hint = "lower `softLimit`, or raise `hardLimit`".to_owned();
            findings.add(at, container.member_path("ulimits"), message, hint);
        }
    }
}

pub(super) fn ephemeral_storage(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(storage) = task.node.get("ephemeralStorage").filter(|storage| is_set(storage)) else { return };
    let kinds = member_items(task.node, "requiresCompatibilities");
    let elsewhere = |kind: &Node| matches!(kind.text(), Some("EC2" | "EXTERNAL"));
    if !kinds.is_empty() && kinds.iter().all(elsewhere) {
        let message = "only Fargate supports `ephemeralStorage`";
        findings.add(storage, "ephemeralStorage", message, "remove it, or add a volume".to_owned());
        return;
    }
    let Some(size) = storage.get("sizeInGiB") else { return };
    if member_integer(storage, "sizeInGiB").is_some_and(|size| !(21..=200).contains(&size)) {
        let message = format!("`sizeInGiB` is {}: ECS allows 21 to 200", quoted_scalar(size));
        let hint = "remove `ephemeralStorage` for the default of 20 GiB".to_owned();
        findings.add(size, "ephemeralStorage.sizeInGiB", message, hint);
    }
}

pub(super) fn proxy(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(proxy) = task.node.get("proxyConfiguration").filter(|proxy| is_set(proxy)) else { return };
    if let Some(mode) = task.network_mode().filter(|mode| *mode != "awsvpc") {
        let message = format!("`proxyConfiguration` is not allowed with network mode `{mode}`");
        findings.add(
            proxy,
            "proxyConfiguration",
            message,
            "set `networkMode: awsvpc`, or remove it".to_owned(),
        );
    }
    if let Some(node) = proxy.get("containerName").filter(|_| task.is_complete)
        && let Some(wanted) = node.text().filter(|name| task.container(name).is_none())
    {
        let message =
            format!("the proxy is {}, which is not a container of this task definition", quoted_scalar(node));
        let hint = super::dependencies::similar_container(wanted, node, task);
        let hint = hint.unwrap_or_else(|| "name one of the containers".to_owned());
        findings.add(node, "proxyConfiguration.containerName", message, hint);
    }
    let list = proxy.get("properties");
    if proxy.is_undefined() || list.is_some_and(Node::has_undefined) {
        return;
    }
    let pairs = member_items(proxy, "properties");
    let has = |name: &str| {
        pairs
            .iter()
            .any(|pair| member_text(pair, "name") == Some(name) && member_text(pair, "value") != Some(""))
    };
    if let Some(missing) = PROXY_PROPERTIES.iter().find(|name| !has(name)) {
        let message = format!("the proxy has no property `{missing}`");
        let hint = format!("add it to `properties`: `{{ name: {missing}, value: … }}`");
        findings.add(list.unwrap_or(proxy), "proxyConfiguration.properties", message, hint);
    }
}

pub(super) fn windows_on_arm(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(platform) = task.node.get("runtimePlatform") else { return };
    let Some(node) = platform.get("cpuArchitecture").filter(|node| node.text() == Some("ARM64")) else {
        return;
    };
    if task.runs_windows() == Some(true) {
        let hint = "use `X86_64`".to_owned();
        findings.add(node, "runtimePlatform.cpuArchitecture", "ECS does not run Windows on `ARM64`", hint);
    }
}

pub(super) fn retired_members(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(list) = task.node.get("inferenceAccelerators") else { return };
    if has_items(task.node, "inferenceAccelerators") {
        let message = "ECS no longer supports `inferenceAccelerators`";
        findings.add(
            list,
            "inferenceAccelerators",
            message,
            "remove it: Elastic Inference has ended".to_owned(),
        );
    }
}
