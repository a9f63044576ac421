//! The beginning of a deployment. Owns what a new deployment, its service deployment and its service
//! revision look like; never starts a task.

use serde_json::{Map, Value, json};

use super::hooks::hooks_of;
use crate::ids::Ids;
use crate::model::{Breaker, Deployment, EntryStatus, Revision, Rollout, Service, ServiceDeployment};
use crate::script::{Script, Trip};
use crate::state::{Millis, Realm, last_part};

/// The fields of a service that a service revision pins.
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

/// Why a deployment begins, and how it is to go.
pub(crate) struct Cause<'a> {
    pub(crate) definition: &'a str,
    pub(crate) script: Script,
    pub(crate) now: Millis,
}

/// Makes a new deployment the service's PRIMARY one; the others become ACTIVE.
pub(crate) fn begin(service: &mut Service, realm: &Realm, ids: &mut Ids, cause: Cause<'_>) {
    let Cause { definition, script, now } = cause;
    let script = script_for(service, definition, script);
    supersede(service, now);
    service.desired = service.desired.max(script.crowd);
    let revision = revise(service, realm, ids, definition, now);
    let config = configuration(service, realm, script);
    let breaker = breaker_of(&config, service.desired);
    let entry = enter(service, realm, ids, &revision, Terms { config, breaker: breaker.clone(), now });
    let id = format!("ecs-svc/{}", last_part(&revision));
    let alternate = takes_turn(service);
    service.deployments.insert(
        0,
        Deployment {
            reason: format!("ECS deployment {id} in progress."),
            id,
            primary: true,
            definition: definition.to_owned(),
            revision,
            rollout: Rollout::InProgress,
            completed: false,
            aborted: false,
            failed: 0,
            launched_ever: 0,
            created: now,
            updated: now,
            launch_at: now,
            script,
            struck: false,
            breaker,
            alternate,
            config: pinned(service),
            entry,
        },
    );
    definition.clone_into(&mut service.definition);
    service.steady = false;
}

/// Returns whether the tasks of the deployment that has just been entered go to the alternate target group:
/// where two sets stand side by side, each has a group of its own.
fn takes_turn(service: &Service) -> bool {
    let before = service.deployments.first();
    let was = before.is_some_and(|deployment| deployment.alternate);
    let shifts = service.history.last().is_some_and(|entry| !entry.is_rolling());
    if shifts && before.is_some() && service.alternate_group().is_some() { !was } else { was }
}

/// Returns the fields of a service that its next revision pins.
pub(super) fn pinned(service: &Service) -> Map<String, Value> {
    let kept = service.config.iter().filter(|(key, _)| REVISION_FIELDS.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Returns the script of a deployment, which spares a revision that has been up before.
fn script_for(service: &Service, definition: &str, script: Script) -> Script {
    let returns = service.definition != definition;
    let revision = |arn: &str| service.revisions.iter().find(|r| r.arn == arn);
    let was_up = service.history.iter().any(|entry| {
        entry.status == EntryStatus::Successful
            && revision(&entry.target).is_some_and(|r| r.definition == definition)
    });
    if returns && was_up { script.for_return() } else { script }
}

/// Returns the deployment configuration of a deployment: the service's, with what the script adds.
fn configuration(service: &Service, realm: &Realm, script: Script) -> Value {
    let mut config = service.config.get("deploymentConfiguration").cloned().unwrap_or_else(|| json!({}));
    let Value::Object(added) = script.manner.configuration() else {
        return config;
    };
    for (name, value) in added {
        config[name] = value;
    }
    match script.breaker {
        Trip::AsConfigured => {}
        Trip::Off => config["deploymentCircuitBreaker"] = json!({ "enable": false, "rollback": false }),
        Trip::On { rollback, threshold } => {
            config["deploymentCircuitBreaker"]["enable"] = json!(true);
            config["deploymentCircuitBreaker"]["rollback"] = json!(rollback);
            if let Some(value) = threshold {
                let given = json!({ "type": "COUNT", "value": value });
                config["deploymentCircuitBreaker"]["thresholdConfiguration"] = given;
            }
        }
    }
    if let Some(plan) = script.hook {
        let mut hooks = config["lifecycleHooks"].as_array().cloned().unwrap_or_default();
        hooks.push(plan.hook(&realm.region, &realm.account));
        config["lifecycleHooks"] = json!(hooks);
    }
    config
}

/// Moves the deployments before aside, and asks the service deployments under way to stop.
fn supersede(service: &mut Service, now: Millis) {
    for deployment in &mut service.deployments {
        deployment.primary = false;
        deployment.updated = now;
    }
    for entry in service.history.iter_mut().filter(|e| !e.status.is_final()) {
        entry.status = EntryStatus::StopRequested;
        entry.reason =
            Some("Service deployment was stopped because a new service deployment was started.".to_owned());
        entry.updated = now;
    }
}

/// Adds a service revision and returns its ARN.
fn revise(service: &mut Service, realm: &Realm, ids: &mut Ids, definition: &str, now: Millis) -> String {
    let arn = realm.arn(&format!("service-revision/{}/{}/{}", service.cluster, service.name, ids.number()));
    let containers = realm.definition(definition).map_or(&[][..], |d| d.containers());
    let images = containers
        .iter()
        .map(|container| {
            let image = container["image"].as_str().unwrap_or_default();
            let mut out = json!({ "containerName": container["name"], "image": image });
            if let Some(digest) = realm.digest(image) {
                out["imageDigest"] = json!(digest);
            }
            out
        })
        .collect();
    let config = pinned(service);
    let definition = definition.to_owned();
    service.revisions.push(Revision { arn: arn.clone(), definition, created: now, config, images });
    arn
}

/// On what terms a service deployment begins.
struct Terms {
    config: Value,
    breaker: Breaker,
    now: Millis,
}

/// Adds a service deployment and returns its ARN.
fn enter(service: &mut Service, realm: &Realm, ids: &mut Ids, revision: &str, terms: Terms) -> String {
    let Terms { config, breaker, now } = terms;
    let arn = realm.arn(&format!("service-deployment/{}/{}/{}", service.cluster, service.name, ids.word(21)));
    service.history.push(ServiceDeployment {
        arn: arn.clone(),
        status: EntryStatus::Pending,
        reason: None,
        created: now,
        started: None,
        finished: None,
        stopped: None,
        updated: now,
        target: revision.to_owned(),
        sources: service.deployments.iter().map(|d| d.revision.clone()).collect(),
        rollback: None,
        breaker,
        triggered: false,
        failures: 0,
        hooks: hooks_of(&config, ids),
        stage: 0,
        stage_since: None,
        alarms: Vec::new(),
        config,
    });
    arn
}

/// Returns the circuit breaker that a deployment configuration asks for.
fn breaker_of(config: &Value, desired: usize) -> Breaker {
    let given = &config["deploymentCircuitBreaker"];
    let flag = |name: &str| given[name].as_bool();
    Breaker {
        enabled: flag("enable").unwrap_or(false),
        rollback: flag("rollback").unwrap_or(false),
        threshold: threshold(&given["thresholdConfiguration"], desired),
        resets: flag("resetOnHealthyTask").unwrap_or(true),
    }
}

/// Returns how many failures in a row trip the breaker.
fn threshold(given: &Value, desired: usize) -> usize {
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
        let plain = |desired| threshold(&Value::Null, desired);
        assert_eq!([plain(0), plain(2), plain(7), plain(25), plain(1000)], [3, 3, 4, 13, 200]);
        assert_eq!(threshold(&json!({ "type": "COUNT", "value": 1 }), 50), 1);
        assert_eq!(threshold(&json!({ "type": "BOUNDED_PERCENT", "value": 10 }), 10), 3);
        assert_eq!(threshold(&json!({ "type": "UNBOUNDED_PERCENT", "value": 10 }), 10), 1);
    }
}
