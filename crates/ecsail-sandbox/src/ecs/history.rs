//! The deployment history: service deployments and service revisions. Owns their operations; the
//! simulation alone moves a service deployment on, but for a stop that is asked for here.

use serde_json::{Value, json};

use super::service::found;
use super::service_view::revision;
use crate::model::{EntryStatus, Hook, HookStatus, Phase, Revision, Rollout, Service, ServiceDeployment};
use crate::params::{each, need, overlay, page, set, text, texts};
use crate::rollout::{ask_back, halt};
use crate::scenario::Scenario;
use crate::state::{Env, Millis, Realm, seconds};
use crate::wire::{ApiError, invalid_if};

pub(super) fn list(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let cluster = env.realm.cluster(text(input, "cluster"))?;
    let service = found(env.realm, &cluster, need(input, "service")?)?;
    permitted(env, &service.name, "ecs:ListServiceDeployments", &service.arn)?;
    let statuses = texts(input, "status");
    let after = input["createdAt"]["after"].as_f64().unwrap_or(f64::MIN);
    let before = input["createdAt"]["before"].as_f64().unwrap_or(f64::MAX);
    let fits = |entry: &&ServiceDeployment| {
        let at = entry.created as f64 / 1000.0;
        (statuses.is_empty() || statuses.contains(&entry.status.name())) && at >= after && at <= before
    };
    let briefs: Vec<Value> = service.history.iter().rev().filter(fits).map(|e| brief(service, e)).collect();
    page(input, "serviceDeployments", &briefs, 100)
}

pub(super) fn describe(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let asked = arns(env, input, "serviceDeploymentArns", "ecs:DescribeServiceDeployments")?;
    let (realm, now) = (&*env.realm, env.now);
    let all = || realm.services.values().flat_map(|s| s.history.iter().map(move |entry| (s, entry)));
    Ok(each("serviceDeployments", &asked, |arn| {
        let found = all().find(|(_, entry)| entry.arn == arn);
        found.map(|(service, entry)| full(realm, service, entry, now)).ok_or_else(|| arn.to_owned())
    }))
}

pub(super) fn describe_revisions(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let asked = arns(env, input, "serviceRevisionArns", "ecs:DescribeServiceRevisions")?;
    let services = &env.realm.services;
    let all = || services.values().flat_map(|s| s.revisions.iter().map(move |revision| (s, revision)));
    Ok(each("serviceRevisions", &asked, |arn| {
        let found = all().find(|(_, revision)| revision.arn == arn);
        found.map(|(service, revision)| revision_view(service, revision)).ok_or_else(|| arn.to_owned())
    }))
}

fn revision_view(service: &Service, revision: &Revision) -> Value {
    let mut out = json!({
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": revision.definition,
        "containerImages": revision.images,
        "guardDutyEnabled": false,
        "createdAt": seconds(revision.created),
    });
    overlay(&mut out, &revision.config);
    out
}

fn not_found() -> ApiError {
    ApiError::new("ServiceDeploymentNotFoundException", "Service deployment not found.")
}

pub(super) fn stop(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let arn = need(input, "serviceDeploymentArn")?;
    let kind = text(input, "stopType").unwrap_or("ROLLBACK");
    permitted(env, service_of(arn), "ecs:StopServiceDeployment", arn)?;
    invalid_if(!matches!(kind, "ROLLBACK" | "ABORT"), "stopType must be one of [ABORT, ROLLBACK].")?;
    let now = env.now;
    let service = env.realm.services.values_mut().find(|s| s.history.iter().any(|e| e.arn == arn));
    let service = service.ok_or_else(not_found)?;
    let status = service.entry(arn).ok_or_else(not_found)?.status;
    if status.is_final() {
        let message =
            format!("The service deployment cannot be stopped because it is in the {} state.", status.name());
        return Err(ApiError::new("ConflictException", message));
    }
    // One that is on its way out already simply goes on.
    if matches!(status, EntryStatus::Pending | EntryStatus::InProgress) {
        match kind {
            "ABORT" => halt(service, arn, EntryStatus::StopRequested, now),
            _ => ask_back(service, arn, now),
        }
    }
    Ok(json!({ "serviceDeploymentArn": arn }))
}

pub(super) fn resume(env: &mut Env<'_>, input: &Value) -> Result<Value, ApiError> {
    let arn = need(input, "serviceDeploymentArn")?;
    let id = need(input, "hookId")?;
    permitted(env, service_of(arn), "ecs:ContinueServiceDeployment", arn)?;
    let entry =
        env.realm.services.values_mut().find_map(|service| service.entry(arn)).ok_or_else(not_found)?;
    let hook =
        entry.hooks.iter_mut().find(|h| h.id == id && h.status == HookStatus::Open && h.kind == "PAUSE");
    let hook = hook.ok_or_else(|| ApiError::invalid("The lifecycle hook is not awaiting an action."))?;
    hook.status = match text(input, "action").unwrap_or("CONTINUE") {
        "CONTINUE" => HookStatus::Succeeded,
        "ROLLBACK" => HookStatus::Failed,
        _ => return Err(ApiError::invalid("action must be one of [CONTINUE, ROLLBACK].")),
    };
    Ok(json!({ "serviceDeploymentArn": arn }))
}

fn hook_view(hook: &Hook) -> Value {
    let status = match hook.status {
        HookStatus::Open if hook.kind == "PAUSE" => "AWAITING_ACTION",
        HookStatus::Waiting | HookStatus::Open => "IN_PROGRESS",
        HookStatus::Succeeded => "SUCCEEDED",
        HookStatus::Failed => "FAILED",
        HookStatus::TimedOut => "TIMED_OUT",
    };
    let mut out = json!({ "hookId": hook.id, "targetType": hook.kind, "status": status });
    set(&mut out, "targetArn", hook.target.clone());
    if let Some(at) = hook.expires {
        out["expiresAt"] = seconds(at);
        out["timeoutAction"] = json!(hook.on_timeout);
    }
    out
}

/// Refuses where the scenario denies the service deployment calls.
fn permitted(env: &Env<'_>, service: &str, action: &str, resource: &str) -> Result<(), ApiError> {
    if env.scenarios.of(service) == Scenario::NoDeploymentsApi {
        return Err(ApiError::denied(&env.caller.arn, action, resource));
    }
    Ok(())
}

/// Returns the 1 to 20 ARNs under `name`, all of which the scenario lets the caller ask for.
fn arns<'a>(env: &Env<'_>, input: &'a Value, name: &str, action: &str) -> Result<Vec<&'a str>, ApiError> {
    let asked = texts(input, name);
    let number = asked.len();
    invalid_if(number == 0 || number > 20, format!("{name} must have between 1 and 20 elements."))?;
    asked.iter().try_for_each(|arn| permitted(env, service_of(arn), action, arn))?;
    Ok(asked)
}

/// Returns the service's name in the ARN of a service deployment or revision.
fn service_of(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or_default()
}

fn brief(service: &Service, entry: &ServiceDeployment) -> Value {
    let mut out = json!({
        "serviceDeploymentArn": entry.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": seconds(entry.created),
        "targetServiceRevisionArn": entry.target,
        "status": entry.status.name(),
    });
    set(&mut out, "startedAt", entry.started.map(seconds));
    set(&mut out, "finishedAt", entry.finished.map(seconds));
    set(&mut out, "statusReason", entry.reason.clone());
    out
}

fn full(realm: &Realm, service: &Service, entry: &ServiceDeployment, now: Millis) -> Value {
    let mut out = brief(service, entry);
    // The brief names its target differently.
    if let Value::Object(map) = &mut out {
        map.shift_remove("targetServiceRevisionArn");
    }
    out["updatedAt"] = seconds(entry.updated);
    out["sourceServiceRevisions"] = entry.sources.iter().map(|arn| summary(realm, service, arn)).collect();
    out["targetServiceRevision"] = summary(realm, service, &entry.target);
    if !entry.is_rolling() {
        weigh(&mut out, entry.traffic(now));
    }
    out["deploymentConfiguration"] = entry.config.clone();
    out["deploymentCircuitBreaker"] = json!({
        "status": breaker_status(entry),
        "failureCount": entry.failures,
        "threshold": entry.breaker.threshold,
    });
    set(&mut out, "stoppedAt", entry.stopped.map(seconds));
    set(&mut out, "lifecycleStage", stage(realm, service, entry));
    let reached = entry.hooks.iter().filter(|h| h.status != HookStatus::Waiting);
    let hooks: Vec<Value> = reached.map(hook_view).collect();
    if !hooks.is_empty() {
        out["lifecycleHookDetails"] = json!(hooks);
    }
    if entry.config["alarms"]["enable"] == true || !entry.alarms.is_empty() {
        out["alarms"] = json!({
            "status": if entry.alarms.is_empty() { "MONITORING" } else { "TRIGGERED" },
            "alarmNames": list_of(&entry.config["alarms"]["alarmNames"]),
            "triggeredAlarmNames": entry.alarms,
        });
    }
    if let Some(note) = &entry.rollback {
        out["rollback"] = json!({
            "reason": note.reason,
            "startedAt": seconds(note.started),
            "serviceRevisionArn": note.revision,
        });
    }
    out
}

/// Adds the traffic weights of a deployment that shifts traffic: what the new revision has not, the old has.
fn weigh(out: &mut Value, (test, production): (f64, f64)) {
    let target = &mut out["targetServiceRevision"];
    target["requestedTestTrafficWeight"] = json!(test);
    target["requestedProductionTrafficWeight"] = json!(production);
    if let Some(source) = out["sourceServiceRevisions"].get_mut(0) {
        source["requestedTestTrafficWeight"] = json!(100.0 - test);
        source["requestedProductionTrafficWeight"] = json!(100.0 - production);
    }
}

fn list_of(value: &Value) -> Value {
    if value.is_array() { value.clone() } else { json!([]) }
}

fn summary(realm: &Realm, service: &Service, arn: &str) -> Value {
    revision(realm, service, arn, service.deployments.iter().find(|d| d.revision == arn))
}

fn breaker_status(entry: &ServiceDeployment) -> &'static str {
    match (entry.breaker.enabled, entry.triggered, entry.status.is_final()) {
        (false, _, _) => "DISABLED",
        (true, true, _) => "TRIGGERED",
        (true, false, true) => "MONITORING_COMPLETE",
        (true, false, false) => "MONITORING",
    }
}

/// Returns the lifecycle stage of a deployment under way.
fn stage(realm: &Realm, service: &Service, entry: &ServiceDeployment) -> Option<&'static str> {
    let primary = service.deployments.first().filter(|d| d.entry == entry.arn)?;
    match entry.status {
        EntryStatus::Pending => Some("RECONCILE_SERVICE"),
        EntryStatus::InProgress => Some(entry.stage_name()),
        EntryStatus::RollbackInProgress => {
            let of_it = realm.tasks.iter().filter(|t| t.is_of(service) && t.is_in(&primary.id));
            let up = of_it.filter(|t| t.healthy && t.phase == Phase::Running).count();
            let done = up >= service.desired && primary.rollout != Rollout::Failed;
            Some(if done { "CLEAN_UP" } else { "SCALE_UP" })
        }
        _ => None,
    }
}
