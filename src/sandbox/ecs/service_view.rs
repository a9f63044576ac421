//! How a service looks in an answer. Owns the counts that are worked out from its tasks; never
//! changes anything.

use serde_json::{Value, json};

use super::super::model::{Deployment, Rollout, Service, Task};
use super::super::state::{Realm, seconds};

/// Returns a service as DescribeServices gives it.
pub(super) fn view(realm: &Realm, service: &Service, with_tags: bool) -> Value {
    let own = || realm.tasks.iter().filter(|t| t.is_of(service));
    let revisions: Vec<Value> = service.deployments.iter().map(|d| current(realm, service, d)).collect();
    let mut out = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": own().filter(|t| t.is_running()).count(),
        "pendingCount": own().filter(|t| t.is_pending()).count(),
        "taskDefinition": service.definition,
        "deployments": service.deployments.iter().map(|d| deployment(realm, service, d)).collect::<Vec<_>>(),
        "events": service.events.iter().rev().map(|e| json!({
            "id": e.id, "createdAt": seconds(e.at), "message": e.message,
        })).collect::<Vec<_>>(),
        "createdAt": seconds(service.created),
        "createdBy": service.created_by,
        "currentServiceRevisions": revisions,
        "roleArn": format!("\
             arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", realm.account),
    });
    if let Some(last) = service.history.last() {
        out["currentServiceDeployment"] = json!(last.arn);
    }
    for (key, value) in &service.config {
        // These two live in the service revision and its deployment only.
        if !matches!(
            key.as_str(),
            "serviceConnectConfiguration" | "volumeConfigurations" | "vpcLatticeConfigurations"
        ) {
            out[key.as_str()] = value.clone();
        }
    }
    if with_tags && !service.tags.is_empty() {
        out["tags"] = json!(service.tags);
    }
    out
}

/// Running, pending and asked for.
pub(super) struct Counts {
    pub(super) running: usize,
    pub(super) pending: usize,
    pub(super) requested: usize,
}

/// Counts the tasks of one deployment.
pub(super) fn counts(realm: &Realm, service: &Service, deployment: &Deployment) -> Counts {
    let own = || {
        let of_it = |t: &&Task| t.is_of(service) && t.deployment.as_deref() == Some(deployment.id.as_str());
        realm.tasks.iter().filter(of_it)
    };
    let requested = match (deployment.primary, deployment.rollout) {
        (true, Rollout::Failed) => 0,
        (true, _) => service.desired,
        (false, _) => own().filter(|t| t.is_live()).count(),
    };
    Counts {
        running: own().filter(|t| t.is_running()).count(),
        pending: own().filter(|t| t.is_pending()).count(),
        requested,
    }
}

fn deployment(realm: &Realm, service: &Service, deployment: &Deployment) -> Value {
    let counts = counts(realm, service, deployment);
    let mut out = json!({
        "id": deployment.id,
        "status": if deployment.primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": deployment.definition,
        "desiredCount": counts.requested,
        "pendingCount": counts.pending,
        "runningCount": counts.running,
        "failedTasks": deployment.failed,
        "createdAt": seconds(deployment.created),
        "updatedAt": seconds(deployment.updated),
        "rolloutState": rollout(deployment.rollout),
        "rolloutStateReason": deployment.reason,
    });
    for name in [
        "capacityProviderStrategy",
        "launchType",
        "platformVersion",
        "platformFamily",
        "networkConfiguration",
        "serviceConnectConfiguration",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    ] {
        if let Some(value) = deployment.config.get(name) {
            out[name] = if name == "platformVersion" { json!("1.4.0") } else { value.clone() };
        }
    }
    out
}

fn rollout(state: Rollout) -> &'static str {
    match state {
        Rollout::InProgress => "IN_PROGRESS",
        Rollout::Completed => "COMPLETED",
        Rollout::Failed => "FAILED",
    }
}

fn current(realm: &Realm, service: &Service, deployment: &Deployment) -> Value {
    let counts = counts(realm, service, deployment);
    json!({
        "arn": deployment.revision,
        "requestedTaskCount": counts.requested,
        "runningTaskCount": counts.running,
        "pendingTaskCount": counts.pending,
    })
}
