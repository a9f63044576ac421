//! Operations on service deployments and service revisions.

use serde_json::{Value, json};

use super::express::managed_resources;
use super::service::find_service;
use super::service_view::revision;
use crate::api::{ApiError, invalid_if};
use crate::model::{
    HookStatus, LifecycleHook, RolloutState, Service, ServiceDeployment, ServiceDeploymentStatus,
    ServiceRevision, TaskStatus,
};
use crate::params::{describe_each, merge_members, page, required_text, set_some, text, texts};
use crate::protocol::errors;
use crate::rollout::{request_rollback, stop_launches};
use crate::scenario::Scenario;
use crate::state::{CallContext, Resources};
use crate::time::{Millis, epoch_seconds};

pub(super) fn list(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = context.resources.cluster_name(text(input, "cluster"))?;
    let service = find_service(context.resources, &cluster, required_text(input, "service")?)?;
    check_permission(context, &service.name, "ecs:ListServiceDeployments", &service.arn)?;
    let statuses = texts(input, "status");
    let after = input["createdAt"]["after"].as_f64().unwrap_or(f64::MIN);
    let before = input["createdAt"]["before"].as_f64().unwrap_or(f64::MAX);
    let fits = |service_deployment: &&ServiceDeployment| {
        let at = service_deployment.created as f64 / 1000.0;
        (statuses.is_empty() || statuses.contains(&service_deployment.status.name()))
            && at >= after
            && at <= before
    };
    let briefs: Vec<Value> =
        service.service_deployments.iter().rev().filter(fits).map(|e| summary_view(service, e)).collect();
    page(input, "serviceDeployments", &briefs, 100)
}

pub(super) fn describe(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let asked = requested_arns(context, input, "serviceDeploymentArns", "ecs:DescribeServiceDeployments")?;
    let resources = &*context.resources;
    let now = context.now;
    let all = || {
        resources
            .services
            .values()
            .flat_map(|s| s.service_deployments.iter().map(move |service_deployment| (s, service_deployment)))
    };
    Ok(describe_each("serviceDeployments", &asked, |arn| {
        let found = all().find(|(_, service_deployment)| service_deployment.arn == arn);
        found
            .map(|(service, service_deployment)| view(resources, service, service_deployment, now))
            .ok_or_else(|| arn.to_owned())
    }))
}

pub(super) fn describe_revisions(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let asked = requested_arns(context, input, "serviceRevisionArns", "ecs:DescribeServiceRevisions")?;
    let resources = &*context.resources;
    let services = &resources.services;
    let all = || services.values().flat_map(|s| s.revisions.iter().map(move |revision| (s, revision)));
    Ok(describe_each("serviceRevisions", &asked, |arn| {
        let found = all().find(|(_, revision)| revision.arn == arn);
        found
            .map(|(service, revision)| revision_view(resources, service, revision))
            .ok_or_else(|| arn.to_owned())
    }))
}

fn revision_view(resources: &Resources, service: &Service, revision: &ServiceRevision) -> Value {
    let mut out = json!({
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": revision.task_definition,
        "containerImages": revision.images,
        "guardDutyEnabled": false,
        "createdAt": epoch_seconds(revision.created),
    });
    merge_members(&mut out, &revision.config);
    if service.express.is_some() {
        out["ecsManagedResources"] = managed_resources(resources, service, revision.created);
    }
    out
}

fn not_found() -> ApiError {
    ApiError::new("ServiceDeploymentNotFoundException", "Service deployment not found.")
}

pub(super) fn stop(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let arn = required_text(input, "serviceDeploymentArn")?;
    let kind = text(input, "stopType").unwrap_or("ROLLBACK");
    check_permission(context, service_name(arn), "ecs:StopServiceDeployment", arn)?;
    invalid_if(!matches!(kind, "ROLLBACK" | "ABORT"), "stopType must be one of [ABORT, ROLLBACK].")?;
    let now = context.now;
    let service =
        context.resources.services.values_mut().find(|s| s.service_deployments.iter().any(|e| e.arn == arn));
    let service = service.ok_or_else(not_found)?;
    let status = service.service_deployment_mut(arn).ok_or_else(not_found)?.status;
    if status.is_final() {
        let message =
            format!("The service deployment cannot be stopped because it is in the {} state.", status.name());
        return Err(ApiError::new("ConflictException", message));
    }
    // A service deployment that is stopping already is left unchanged.
    if matches!(status, ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress) {
        match kind {
            "ABORT" => stop_launches(service, arn, ServiceDeploymentStatus::StopRequested, now),
            _ => request_rollback(service, arn, now),
        }
    }
    Ok(json!({ "serviceDeploymentArn": arn }))
}

pub(super) fn resume(context: &mut CallContext<'_>, input: &Value) -> Result<Value, ApiError> {
    let arn = required_text(input, "serviceDeploymentArn")?;
    let id = required_text(input, "hookId")?;
    check_permission(context, service_name(arn), "ecs:ContinueServiceDeployment", arn)?;
    let service_deployment = context
        .resources
        .services
        .values_mut()
        .find_map(|service| service.service_deployment_mut(arn))
        .ok_or_else(not_found)?;
    let hook = service_deployment
        .hooks
        .iter_mut()
        .find(|h| h.id == id && h.status == HookStatus::InProgress && h.target_type == "PAUSE");
    let hook = hook.ok_or_else(|| ApiError::invalid("The lifecycle hook is not awaiting an action."))?;
    hook.status = match text(input, "action").unwrap_or("CONTINUE") {
        "CONTINUE" => HookStatus::Succeeded,
        "ROLLBACK" => HookStatus::Failed,
        _ => return Err(ApiError::invalid("action must be one of [CONTINUE, ROLLBACK].")),
    };
    Ok(json!({ "serviceDeploymentArn": arn }))
}

fn hook_view(hook: &LifecycleHook) -> Value {
    let status = match hook.status {
        HookStatus::InProgress if hook.target_type == "PAUSE" => "AWAITING_ACTION",
        HookStatus::NotReached | HookStatus::InProgress => "IN_PROGRESS",
        HookStatus::Succeeded => "SUCCEEDED",
        HookStatus::Failed => "FAILED",
        HookStatus::TimedOut => "TIMED_OUT",
    };
    let mut out = json!({ "hookId": hook.id, "targetType": hook.target_type, "status": status });
    set_some(&mut out, "targetArn", hook.target_arn.clone());
    if let Some(at) = hook.expires_at {
        out["expiresAt"] = epoch_seconds(at);
        out["timeoutAction"] = json!(hook.timeout_action);
    }
    out
}

/// Checks that the scenario lets the service deployment API answer.
fn check_permission(
    context: &CallContext<'_>,
    service: &str,
    action: &str,
    resource: &str,
) -> Result<(), ApiError> {
    let are_details = action == "ecs:DescribeServiceDeployments";
    match context.scenarios.for_name(service) {
        Scenario::NoDeploymentsApi => Err(ApiError::denied(&context.caller.arn, action, resource)),
        Scenario::ThrottledDetails if are_details => Err(errors::throttled("ecs")),
        Scenario::CanaryUnreadable if are_details => {
            let message = "Service Unavailable. Please try again later.".to_owned();
            Err(ApiError { status: 500, ..ApiError::new("ServerException", message) })
        }
        _ => Ok(()),
    }
}

/// Returns the 1 to 20 ARNs of a list member, if the scenario does not deny the call.
fn requested_arns<'a>(
    context: &CallContext<'_>,
    input: &'a Value,
    name: &str,
    action: &str,
) -> Result<Vec<&'a str>, ApiError> {
    let asked = texts(input, name);
    let number = asked.len();
    invalid_if(number == 0 || number > 20, format!("{name} must have between 1 and 20 elements."))?;
    asked.iter().try_for_each(|arn| check_permission(context, service_name(arn), action, arn))?;
    Ok(asked)
}

/// Returns the service's name from the ARN of a service deployment or revision.
fn service_name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or_default()
}

fn summary_view(service: &Service, service_deployment: &ServiceDeployment) -> Value {
    let mut out = json!({
        "serviceDeploymentArn": service_deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": epoch_seconds(service_deployment.created),
        "targetServiceRevisionArn": service_deployment.target_revision,
        "status": service_deployment.status.name(),
    });
    set_some(&mut out, "startedAt", service_deployment.started.map(epoch_seconds));
    set_some(&mut out, "finishedAt", service_deployment.finished.map(epoch_seconds));
    set_some(&mut out, "statusReason", service_deployment.reason.clone());
    out
}

fn view(
    resources: &Resources,
    service: &Service,
    service_deployment: &ServiceDeployment,
    now: Millis,
) -> Value {
    let mut out = summary_view(service, service_deployment);
    // DescribeServiceDeployments has `targetServiceRevision` in its place.
    if let Value::Object(map) = &mut out {
        map.shift_remove("targetServiceRevisionArn");
    }
    out["updatedAt"] = epoch_seconds(service_deployment.updated);
    out["sourceServiceRevisions"] = service_deployment
        .source_revisions
        .iter()
        .map(|arn| revision_summary(resources, service, arn))
        .collect();
    out["targetServiceRevision"] = revision_summary(resources, service, &service_deployment.target_revision);
    if !service_deployment.is_rolling() {
        add_traffic_weights(&mut out, service_deployment.traffic(now));
    }
    out["deploymentConfiguration"] = service_deployment.config.clone();
    out["deploymentCircuitBreaker"] = json!({
        "status": breaker_status(service_deployment),
        "failureCount": service_deployment.failure_count,
        "threshold": service_deployment.breaker.threshold,
    });
    set_some(&mut out, "stoppedAt", service_deployment.stopped.map(epoch_seconds));
    set_some(&mut out, "lifecycleStage", lifecycle_stage(resources, service, service_deployment));
    let reached = service_deployment.hooks.iter().filter(|h| h.status != HookStatus::NotReached);
    let hooks: Vec<Value> = reached.map(hook_view).collect();
    if !hooks.is_empty() {
        out["lifecycleHookDetails"] = json!(hooks);
    }
    if service_deployment.config["alarms"]["enable"] == true || !service_deployment.alarms.is_empty() {
        out["alarms"] = json!({
            "status": if service_deployment.alarms.is_empty() { "MONITORING" } else { "TRIGGERED" },
            "alarmNames": array_or_empty(&service_deployment.config["alarms"]["alarmNames"]),
            "triggeredAlarmNames": service_deployment.alarms,
        });
    }
    if let Some(note) = &service_deployment.rollback {
        out["rollback"] = json!({
            "reason": note.reason,
            "startedAt": epoch_seconds(note.started),
            "serviceRevisionArn": note.revision,
        });
    }
    out
}

/// Adds the traffic weights of a deployment that shifts traffic: the previous revision has the rest.
fn add_traffic_weights(out: &mut Value, (test, production): (f64, f64)) {
    let target = &mut out["targetServiceRevision"];
    target["requestedTestTrafficWeight"] = json!(test);
    target["requestedProductionTrafficWeight"] = json!(production);
    if let Some(source) = out["sourceServiceRevisions"].get_mut(0) {
        source["requestedTestTrafficWeight"] = json!(100.0 - test);
        source["requestedProductionTrafficWeight"] = json!(100.0 - production);
    }
}

fn array_or_empty(value: &Value) -> Value {
    if value.is_array() { value.clone() } else { json!([]) }
}

fn revision_summary(resources: &Resources, service: &Service, arn: &str) -> Value {
    revision(resources, service, arn, service.deployments.iter().find(|d| d.revision == arn))
}

fn breaker_status(service_deployment: &ServiceDeployment) -> &'static str {
    match (
        service_deployment.breaker.enabled,
        service_deployment.breaker_triggered,
        service_deployment.status.is_final(),
    ) {
        (false, _, _) => "DISABLED",
        (true, true, _) => "TRIGGERED",
        (true, false, true) => "MONITORING_COMPLETE",
        (true, false, false) => "MONITORING",
    }
}

/// Returns the lifecycle stage of a service deployment in progress.
fn lifecycle_stage(
    resources: &Resources,
    service: &Service,
    service_deployment: &ServiceDeployment,
) -> Option<&'static str> {
    let primary =
        service.deployments.first().filter(|d| d.service_deployment_arn == service_deployment.arn)?;
    match service_deployment.status {
        ServiceDeploymentStatus::Pending => Some("RECONCILE_SERVICE"),
        ServiceDeploymentStatus::InProgress => Some(service_deployment.stage_name()),
        ServiceDeploymentStatus::RollbackInProgress => {
            let of_it = resources.tasks.iter().filter(|t| service.has_task(t) && t.is_part_of(&primary.id));
            let up = of_it.filter(|t| t.is_healthy && t.status == TaskStatus::Running).count();
            let done = up >= service.desired_count && primary.rollout_state != RolloutState::Failed;
            Some(if done { "CLEAN_UP" } else { "SCALE_UP" })
        }
        _ => None,
    }
}
