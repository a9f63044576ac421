//! Starts deployments: adds the service revision, the service deployment and the deployment. Never starts a
//! task.

use serde_json::{Map, Value, json};

use super::hooks::lifecycle_hooks;
use crate::arn::last_segment;
use crate::ids::Ids;
use crate::model::{
    CircuitBreaker, Deployment, RolloutState, Service, ServiceDeployment, ServiceDeploymentStatus,
    ServiceRevision,
};
use crate::scenario::{BreakerOverride, ScenarioEffects};
use crate::state::Resources;
use crate::time::Millis;

/// The fields of a service that a service revision contains.
pub(crate) const REVISION_FIELDS: &[&str] = &[
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "monitoring",
];

/// The task definition and the effects of a new deployment, and its start.
pub(crate) struct NewDeployment<'a> {
    pub(crate) task_definition: &'a str,
    pub(crate) effects: ScenarioEffects,
    pub(crate) now: Millis,
}

/// Adds a new PRIMARY deployment; the others become ACTIVE.
pub(crate) fn start_deployment(
    service: &mut Service,
    resources: &Resources,
    ids: &mut Ids,
    new: NewDeployment<'_>,
) {
    let NewDeployment { task_definition: definition, effects, now } = new;
    let effects = effects_for(service, definition, effects);
    supersede_deployments(service, now);
    service.desired_count = service.desired_count.max(effects.minimum_tasks);
    let revision = add_revision(service, resources, ids, definition, now);
    let config = deployment_configuration(service, resources, effects);
    let breaker = circuit_breaker(&config, service.desired_count);
    let service_deployment_arn = add_service_deployment(
        service,
        resources,
        ids,
        &revision,
        ServiceDeploymentSettings { config, breaker: breaker.clone(), now },
    );
    let id = format!("ecs-svc/{}", last_segment(&revision));
    let in_alternate_group = uses_alternate_group(service);
    service.deployments.insert(
        0,
        Deployment {
            rollout_state_reason: format!("ECS deployment {id} in progress."),
            id,
            is_primary: true,
            task_definition: definition.to_owned(),
            revision,
            rollout_state: RolloutState::InProgress,
            was_completed: false,
            launches_stopped: false,
            failed_tasks: 0,
            launched_tasks: 0,
            created: now,
            updated: now,
            next_launch_at: now,
            effects,
            incident_happened: false,
            breaker,
            in_alternate_group,
            config: revision_fields(service),
            service_deployment_arn,
        },
    );
    definition.clone_into(&mut service.task_definition);
    service.is_steady = false;
}

/// Returns whether the tasks of the new deployment are registered with the alternate target group. Where two
/// full sets of tasks run side by side, the target groups alternate.
fn uses_alternate_group(service: &Service) -> bool {
    let previous = service.deployments.first();
    let was_alternate = previous.is_some_and(|deployment| deployment.in_alternate_group);
    let shifts_traffic =
        service.service_deployments.last().is_some_and(|service_deployment| !service_deployment.is_rolling());
    if shifts_traffic && previous.is_some() && service.alternate_target_group().is_some() {
        !was_alternate
    } else {
        was_alternate
    }
}

/// Returns the fields of a service that its next revision contains.
pub(super) fn revision_fields(service: &Service) -> Map<String, Value> {
    let kept = service.config.iter().filter(|(key, _)| REVISION_FIELDS.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Returns the effects on a deployment, which do not concern a revision that succeeded before.
fn effects_for(service: &Service, definition: &str, effects: ScenarioEffects) -> ScenarioEffects {
    let is_other_definition = service.task_definition != definition;
    let revision = |arn: &str| service.revisions.iter().find(|r| r.arn == arn);
    let has_succeeded = service.service_deployments.iter().any(|service_deployment| {
        service_deployment.status == ServiceDeploymentStatus::Successful
            && revision(&service_deployment.target_revision).is_some_and(|r| r.task_definition == definition)
    });
    if is_other_definition && has_succeeded { effects.for_rollback() } else { effects }
}

/// Returns the deployment configuration: the service's, with what the scenario adds.
fn deployment_configuration(service: &Service, resources: &Resources, effects: ScenarioEffects) -> Value {
    let mut config = service.config.get("deploymentConfiguration").cloned().unwrap_or_else(|| json!({}));
    let Value::Object(added) = effects.strategy.configuration() else {
        return config;
    };
    for (name, value) in added {
        config[name] = value;
    }
    match effects.breaker {
        BreakerOverride::AsConfigured => {}
        BreakerOverride::Off => {
            config["deploymentCircuitBreaker"] = json!({ "enable": false, "rollback": false });
        }
        BreakerOverride::On { rollback, threshold } => {
            config["deploymentCircuitBreaker"]["enable"] = json!(true);
            config["deploymentCircuitBreaker"]["rollback"] = json!(rollback);
            if let Some(value) = threshold {
                let given = json!({ "type": "COUNT", "value": value });
                config["deploymentCircuitBreaker"]["thresholdConfiguration"] = given;
            }
        }
    }
    if let Some(hook) = effects.hook {
        let mut hooks = config["lifecycleHooks"].as_array().cloned().unwrap_or_default();
        hooks.push(hook.definition(&resources.region, &resources.account));
        config["lifecycleHooks"] = json!(hooks);
    }
    config
}

/// Makes the existing deployments ACTIVE, and stops the service deployments in progress.
fn supersede_deployments(service: &mut Service, now: Millis) {
    for deployment in &mut service.deployments {
        deployment.is_primary = false;
        deployment.updated = now;
    }
    for service_deployment in service.service_deployments.iter_mut().filter(|e| !e.status.is_final()) {
        service_deployment.status = ServiceDeploymentStatus::StopRequested;
        service_deployment.reason =
            Some("Service deployment was stopped because a new service deployment was started.".to_owned());
        service_deployment.updated = now;
    }
}

/// Adds a service revision and returns its ARN.
fn add_revision(
    service: &mut Service,
    resources: &Resources,
    ids: &mut Ids,
    definition: &str,
    now: Millis,
) -> String {
    let arn =
        resources.ecs_arn(&format!("service-revision/{}/{}/{}", service.cluster, service.name, ids.number()));
    let containers = resources.task_definition(definition).map_or(&[][..], |d| d.containers());
    let images = containers
        .iter()
        .map(|container| {
            let image = container["image"].as_str().unwrap_or_default();
            let mut out = json!({ "containerName": container["name"], "image": image });
            if let Some(digest) = resources.image_digest(image) {
                out["imageDigest"] = json!(digest);
            }
            out
        })
        .collect();
    let config = revision_fields(service);
    let definition = definition.to_owned();
    service.revisions.push(ServiceRevision {
        arn: arn.clone(),
        task_definition: definition,
        created: now,
        config,
        images,
    });
    arn
}

/// The configuration of a new service deployment, and its start.
struct ServiceDeploymentSettings {
    config: Value,
    breaker: CircuitBreaker,
    now: Millis,
}

/// Adds a service deployment and returns its ARN.
fn add_service_deployment(
    service: &mut Service,
    resources: &Resources,
    ids: &mut Ids,
    revision: &str,
    settings: ServiceDeploymentSettings,
) -> String {
    let ServiceDeploymentSettings { config, breaker, now } = settings;
    let arn = resources.ecs_arn(&format!(
        "service-deployment/{}/{}/{}",
        service.cluster,
        service.name,
        ids.word(21)
    ));
    service.service_deployments.push(ServiceDeployment {
        arn: arn.clone(),
        status: ServiceDeploymentStatus::Pending,
        reason: None,
        created: now,
        started: None,
        finished: None,
        stopped: None,
        updated: now,
        target_revision: revision.to_owned(),
        source_revisions: service.deployments.iter().map(|d| d.revision.clone()).collect(),
        rollback: None,
        breaker,
        breaker_triggered: false,
        failure_count: 0,
        hooks: lifecycle_hooks(&config, ids),
        stage: 0,
        stage_since: None,
        alarms: Vec::new(),
        config,
    });
    arn
}

/// Returns the circuit breaker of a deployment configuration.
fn circuit_breaker(config: &Value, desired: usize) -> CircuitBreaker {
    let given = &config["deploymentCircuitBreaker"];
    CircuitBreaker {
        enabled: given["enable"].as_bool().unwrap_or(false),
        rollback: given["rollback"].as_bool().unwrap_or(false),
        threshold: failure_threshold(&given["thresholdConfiguration"], desired),
        resets_on_healthy_task: given["resetOnHealthyTask"].as_bool().unwrap_or(true),
    }
}

/// Returns the number of consecutive failures that trips the circuit breaker.
fn failure_threshold(given: &Value, desired: usize) -> usize {
    let value = given["value"].as_u64().unwrap_or(50) as usize;
    let percent = (value * desired).div_ceil(100);
    match given["type"].as_str() {
        Some("COUNT") => value.max(1),
        Some("UNBOUNDED_PERCENT") => percent.max(1),
        _ => percent.clamp(3, 200),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_half_of_the_tasks_within_its_bounds() {
        let plain = |desired| failure_threshold(&Value::Null, desired);
        assert_eq!([plain(0), plain(2), plain(7), plain(25), plain(1000)], [3, 3, 4, 13, 200]);
        assert_eq!(failure_threshold(&json!({ "type": "COUNT", "value": 1 }), 50), 1);
        assert_eq!(failure_threshold(&json!({ "type": "BOUNDED_PERCENT", "value": 10 }), 10), 3);
        assert_eq!(failure_threshold(&json!({ "type": "UNBOUNDED_PERCENT", "value": 10 }), 10), 1);
    }
}
