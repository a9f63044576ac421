//! How a service looks in an answer. Owns the counts that are worked out from its tasks; never
//! changes anything.

use serde_json::{Value, json};

use super::super::model::{Deployment, Rollout, Service};
use super::super::params::{overlay, set};
use super::super::state::{Realm, seconds};

/// What a service is given and does not show: it is in the service's revisions (and deployments) only.
const ONLY_IN_REVISIONS: &[&str] =
    &["serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations", "monitoring"];

/// What a revision pins and its deployment does not show.
const NOT_IN_DEPLOYMENTS: &[&str] = &["loadBalancers", "serviceRegistries", "monitoring"];

/// Returns a service, as of DescribeServices.
pub(super) fn view(realm: &Realm, service: &Service, with_tags: bool) -> Value {
    let own = || realm.tasks.iter().filter(|t| t.is_of(service));
    let revisions: Vec<Value> =
        service.deployments.iter().map(|d| revision(realm, service, &d.revision, Some(d))).collect();
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
    set(&mut out, "currentServiceDeployment", service.history.last().map(|last| last.arn.as_str()));
    overlay(&mut out, service.config.iter().filter(|(key, _)| !ONLY_IN_REVISIONS.contains(&key.as_str())));
    set(&mut out, "tags", Some(&service.tags).filter(|tags| with_tags && !tags.is_empty()).cloned());
    out
}

/// Running, pending and asked for.
#[derive(Default)]
struct Counts {
    running: usize,
    pending: usize,
    requested: usize,
}

/// Counts the tasks of one deployment.
fn counts(realm: &Realm, service: &Service, deployment: &Deployment) -> Counts {
    let own = || realm.tasks.iter().filter(|t| t.is_of(service) && t.is_in(&deployment.id));
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
    overlay(
        &mut out,
        deployment.config.iter().filter(|(key, _)| !NOT_IN_DEPLOYMENTS.contains(&key.as_str())),
    );
    if deployment.config.contains_key("platformVersion") {
        out["platformVersion"] = json!("1.4.0");
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

/// Returns a revision of a service, with the tasks that its deployment has, where there is one.
pub(super) fn revision(realm: &Realm, service: &Service, arn: &str, live: Option<&Deployment>) -> Value {
    let counts = live.map_or_else(Counts::default, |deployment| counts(realm, service, deployment));
    json!({
        "arn": arn,
        "requestedTaskCount": counts.requested,
        "runningTaskCount": counts.running,
        "pendingTaskCount": counts.pending,
    })
}
