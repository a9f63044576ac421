//! Checks of deployment configurations: whether a deployment can make progress, and what its parts need of each other.

use super::CheckProblems;
use super::document_view::{
    ServiceView, has_items, is_absent, is_absent_or_empty, is_true, member_integer, member_items,
    member_text, quoted_scalar,
};
use crate::document::tree::{Node, NodeKind, Scalar};

/// Numbers of the traffic shift: block, member, lowest and highest value (API reference, `LinearConfiguration` and
/// `CanaryConfiguration`; developer guide, blue/green deployments).
const TRAFFIC_RANGES: &[(&str, &str, f64, f64)] = &[
    ("linearConfiguration", "stepPercent", 3.0, 100.0),
    ("linearConfiguration", "stepBakeTimeInMinutes", 0.0, 1440.0),
    ("canaryConfiguration", "canaryPercent", 0.1, 100.0),
    ("canaryConfiguration", "canaryBakeTimeInMinutes", 0.0, 1440.0),
    ("", "bakeTimeInMinutes", 0.0, 1440.0),
];
/// Stages at which a pause hook cannot be (API reference, DeploymentLifecycleHook.lifecycleStages).
const STAGES_WITHOUT_PAUSE: &[&str] = &["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];

fn configuration<'a>(service: &ServiceView<'a>) -> Option<&'a Node> {
    service.node.get("deploymentConfiguration")
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

/// The bounds of the percentages, for ECS's own deployments (API reference, `DeploymentConfiguration`).
pub(super) fn percent_bounds(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(configuration) = configuration(service) else { return };
    let controller = service.node.get("deploymentController");
    let daemon = member_text(service.node, "schedulingStrategy") == Some("DAEMON");
    if controller.is_some_and(|node| !matches!(member_text(node, "type"), Some("ECS"))) {
        return;
    }
    let mut check = |member: &str, message: &str, wrong: fn(i64) -> bool| {
        let value = member_integer(configuration, member);
        let Some(node) = configuration.get(member).filter(|_| value.is_some_and(wrong)) else { return };
        let hint = "the defaults are 100 and 200; those of a daemon 0 and 100".to_owned();
        findings.add(node, format!("deploymentConfiguration.{member}"), message, hint);
    };
    check("minimumHealthyPercent", "`minimumHealthyPercent` is at most 100", |percent| percent > 100);
    check("maximumPercent", "`maximumPercent` is at least 100", |percent| percent < 100);
    if daemon {
        check("maximumPercent", "`maximumPercent` of a daemon is at most 100", |percent| percent > 100);
    }
}

pub(super) fn daemon(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let node = service.node;
    if member_text(node, "schedulingStrategy") != Some("DAEMON") {
        return;
    }
    let mut refuse = |member: &str, message: &str| {
        if let Some(at) = node.get(member).filter(|at| !at.is_undefined()) {
            findings.add(at, member, message, "remove it, or use the strategy `REPLICA`".to_owned());
        }
    };
    refuse("desiredCount", "a daemon has no `desiredCount`: it runs one task on each instance");
    if has_items(node, "placementStrategy") {
        refuse("placementStrategy", "a daemon has no `placementStrategy`: it runs on every instance");
    }
    if has_items(node, "capacityProviderStrategy") {
        refuse("capacityProviderStrategy", "a daemon cannot use a capacity provider strategy");
    }
    if member_text(node, "availabilityZoneRebalancing") == Some("ENABLED") {
        refuse("availabilityZoneRebalancing", "a daemon cannot be rebalanced between Availability Zones");
    }
    if member_text(node, "launchType") == Some("FARGATE") {
        refuse("launchType", "Fargate does not run daemons");
    }
    let controller = node.get("deploymentController").and_then(|node| member_text(node, "type"));
    if matches!(controller, Some("CODE_DEPLOY" | "EXTERNAL")) {
        refuse("deploymentController", "a daemon needs the deployment controller `ECS`");
    }
}

pub(super) fn traffic_shift(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(configuration) = configuration(service) else { return };
    let strategy = member_text(configuration, "strategy");
    for (block, wanted) in [("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")] {
        let Some(node) = configuration.get(block).filter(|node| !node.is_undefined()) else { continue };
        if let Some(strategy) = strategy.filter(|strategy| *strategy != wanted) {
            let message =
                format!("`{block}` is for the strategy `{wanted}`, but the strategy is `{strategy}`");
            let hint = format!("remove it, or set `strategy: {wanted}`");
            findings.add(node, format!("deploymentConfiguration.{block}"), message, hint);
        }
    }
    for (block, member, low, high) in TRAFFIC_RANGES {
        let owner = if block.is_empty() { Some(configuration) } else { configuration.get(block) };
        let Some(node) = owner.and_then(|owner| owner.get(member)) else { continue };
        let NodeKind::Scalar(Scalar::Number(number, _)) = &node.kind else { continue };
        let value = number.as_f64().unwrap_or_default();
        if (*low..=*high).contains(&value) {
            continue;
        }
        let dot = if block.is_empty() { "" } else { "." };
        let message = format!("`{member}` is {}", quoted_scalar(node));
        let hint = format!("use a value from {low} to {high}");
        findings.add(node, format!("deploymentConfiguration.{block}{dot}{member}"), message, hint);
    }
}

pub(super) fn lifecycle_hooks(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let hooks = configuration(service).map(|node| member_items(node, "lifecycleHooks")).unwrap_or_default();
    for (index, hook) in hooks.iter().enumerate() {
        let path = format!("deploymentConfiguration.lifecycleHooks[{index}]");
        let stages = hook.get("lifecycleStages");
        if is_absent(hook, "lifecycleStages")
            || stages.is_some_and(|list| !list.is_undefined() && list.items().is_empty())
        {
            let hint = "name the stages at which it runs: `lifecycleStages: [POST_SCALE_UP]`".to_owned();
            findings.add(hook, path.clone(), "a lifecycle hook has no `lifecycleStages`", hint);
        }
        let pauses = member_text(hook, "targetType") == Some("PAUSE");
        let calls = is_absent(hook, "targetType") || member_text(hook, "targetType") == Some("AWS_LAMBDA");
        let is_missing = |member: &&str| is_absent_or_empty(hook, member);
        // The role of a hook that runs already is taken from it, by the hook's target.
        let is_from_running = is_absent(hook, "roleArn") && service.complete_service_member().is_none();
        let required: &[&str] =
            if is_from_running { &["hookTargetArn"] } else { &["hookTargetArn", "roleArn"] };
        let missing = required.iter().copied().find(is_missing);
        if let Some(member) = missing.filter(|_| calls) {
            let message = format!("a lifecycle hook that calls a function has no `{member}`");
            let hint = format!("add `{member}`, or set `targetType: PAUSE`");
            findings.add(hook, path.clone(), message, hint);
        }
        for stage in member_items(hook, "lifecycleStages").iter().filter(|_| pauses) {
            if stage.text().is_some_and(|stage| STAGES_WITHOUT_PAUSE.contains(&stage)) {
                let message = format!("a pause hook cannot be at stage {}", quoted_scalar(stage));
                let hint = "use `POST_TEST_TRAFFIC_SHIFT` or `PRE_PRODUCTION_TRAFFIC_SHIFT`".to_owned();
                findings.add(stage, format!("{path}.lifecycleStages"), message, hint);
            }
        }
    }
}

pub(super) fn early_success(service: &ServiceView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(configuration) = configuration(service) else { return };
    let Some(criteria) = configuration.get("earlySuccessCriteria").filter(|node| is_true(node, "enable"))
    else {
        return;
    };
    let path = "deploymentConfiguration.earlySuccessCriteria";
    if let Some(strategy) = member_text(configuration, "strategy").filter(|strategy| *strategy != "ROLLING") {
        let message =
            format!("`earlySuccessCriteria` is for the strategy `ROLLING`, but the strategy is `{strategy}`");
        findings.add(criteria, path, message, "remove it".to_owned());
    }
    for member in ["healthyPercent", "sourceServiceRevisionCleanup"] {
        if is_absent(criteria, member) {
            let message = format!("`earlySuccessCriteria` has no `{member}`");
            findings.add(criteria, path, message, format!("add `{member}`"));
        }
    }
    let healthy = member_integer(criteria, "healthyPercent");
    let least = member_integer(configuration, "minimumHealthyPercent");
    let below = healthy.zip(least).is_some_and(|(healthy, least)| healthy < least);
    if let Some(node) = criteria.get("healthyPercent").filter(|_| below) {
        let message = "`healthyPercent` is lower than `minimumHealthyPercent`";
        findings.add(node, format!("{path}.healthyPercent"), message, "raise it".to_owned());
    }
}
