//! The beginning of a deployment. Owns what a new deployment, its service deployment and its service
//! revision look like; never starts a task.

use serde_json::{Map, Value, json};

use super::super::ids::Ids;
use super::super::model::{Breaker, Deployment, EntryStatus, Revision, Rollout, Service, ServiceDeployment};
use super::super::scenario::{Fate, Script};
use super::super::state::{Millis, Realm, last_part};
use super::hooks::hooks_of;

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
    let fate = fate_for(service, definition, script.fate);
    supersede(service, now);
    let revision = revise(service, realm, ids, definition, now);
    let breaker = breaker_of(service, script);
    let entry = enter(service, realm, ids, &revision, breaker.clone(), now);
    let id = format!("ecs-svc/{}", last_part(&revision));
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
            fate,
            breaker,
            rolls_back_anew: script.new_id,
            config: pinned(service),
            entry,
        },
    );
    definition.clone_into(&mut service.definition);
    service.steady = false;
}

/// Returns the fields of a service that its next revision pins.
pub(super) fn pinned(service: &Service) -> Map<String, Value> {
    let kept = service.config.iter().filter(|(key, _)| REVISION_FIELDS.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Returns the fate of a deployment. Going back to a revision that has been up before is safe: the
/// scenario broke the new one, not the old one.
fn fate_for(service: &Service, definition: &str, fate: Fate) -> Fate {
    let returns = service.definition != definition;
    let revision = |arn: &str| service.revisions.iter().find(|r| r.arn == arn);
    let was_up = service.history.iter().any(|entry| {
        entry.status == EntryStatus::Successful
            && revision(&entry.target).is_some_and(|r| r.definition == definition)
    });
    if fate.is_broken() && returns && was_up { Fate::Good } else { fate }
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

/// Adds a service deployment and returns its ARN.
fn enter(
    service: &mut Service,
    realm: &Realm,
    ids: &mut Ids,
    revision: &str,
    breaker: Breaker,
    now: Millis,
) -> String {
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
        hooks: hooks_of(&service.config, ids),
        stage: 0,
        stage_since: None,
        alarms: Vec::new(),
        config: service.config.get("deploymentConfiguration").cloned().unwrap_or_else(|| json!({})),
    });
    arn
}

/// Returns the circuit breaker that the service (or the scenario) asks for.
fn breaker_of(service: &Service, script: Script) -> Breaker {
    let given = service.config.get("deploymentConfiguration").map(|c| &c["deploymentCircuitBreaker"]);
    let given = given.unwrap_or(&Value::Null);
    let flag = |name: &str| given[name].as_bool();
    let (enabled, rollback) = match script.breaker {
        Some(rollback) => (true, rollback),
        None => (flag("enable").unwrap_or(false), flag("rollback").unwrap_or(false)),
    };
    Breaker {
        enabled,
        rollback,
        threshold: threshold(&given["thresholdConfiguration"], service.desired),
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
