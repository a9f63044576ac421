//! The output of a service.

use serde_json::{Value, json};

use crate::model::{Deployment, RolloutState, Service};
use crate::params::{merge_members, set_some};
use crate::state::Resources;
use crate::time::epoch_seconds;

/// Members of an input that a service does not show: only its revisions (and deployments) have them.
const ONLY_IN_REVISIONS: &[&str] =
    &["serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations", "monitoring"];

/// Fields of a revision that its deployment does not show.
const NOT_IN_DEPLOYMENTS: &[&str] = &["loadBalancers", "serviceRegistries", "monitoring"];

/// Returns a service as `DescribeServices` returns it.
pub(super) fn view(resources: &Resources, service: &Service, with_tags: bool) -> Value {
    let own = || resources.tasks.iter().filter(|t| service.has_task(t));
    let revisions: Vec<Value> =
        service.deployments.iter().map(|d| revision(resources, service, &d.revision, Some(d))).collect();
    let mut out = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": service.status,
        "desiredCount": service.desired_count,
        "runningCount": own().filter(|t| t.is_running()).count(),
        "pendingCount": own().filter(|t| t.is_pending()).count(),
        "taskDefinition": service.task_definition,
        "deployments": service.deployments.iter().map(|d| deployment(resources, service, d)).collect::<Vec<_>>(),
        "events": service.events.iter().rev().map(|e| json!({
            "id": e.id, "createdAt": epoch_seconds(e.at), "message": e.message,
        })).collect::<Vec<_>>(),
        "createdAt": epoch_seconds(service.created),
        "createdBy": service.created_by,
        "currentServiceRevisions": revisions,
        "roleArn": format!("\
             arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", resources.account),
    });
    set_some(
        &mut out,
        "currentServiceDeployment",
        service.service_deployments.last().map(|last| last.arn.as_str()),
    );
    merge_members(
        &mut out,
        service.config.iter().filter(|(key, _)| !ONLY_IN_REVISIONS.contains(&key.as_str())),
    );
    // What a scenario adds to a deployment is in effect while that is in progress.
    if let Some(in_progress) = service.service_deployments.last().filter(|last| !last.status.is_final()) {
        out["deploymentConfiguration"] = in_progress.config.clone();
    }
    set_some(&mut out, "tags", Some(&service.tags).filter(|tags| with_tags && !tags.is_empty()).cloned());
    out
}

/// The task counts of a deployment.
#[derive(Default)]
struct DeploymentCounts {
    running: usize,
    pending: usize,
    requested: usize,
}

/// Returns the task counts of a deployment.
fn counts(resources: &Resources, service: &Service, deployment: &Deployment) -> DeploymentCounts {
    let own = || resources.tasks.iter().filter(|t| service.has_task(t) && t.is_part_of(&deployment.id));
    let requested = match (deployment.is_primary, deployment.rollout_state) {
        (true, RolloutState::Failed) => 0,
        (true, _) => service.desired_count,
        (false, _) => own().filter(|t| t.is_live()).count(),
    };
    DeploymentCounts {
        running: own().filter(|t| t.is_running()).count(),
        pending: own().filter(|t| t.is_pending()).count(),
        requested,
    }
}

fn deployment(resources: &Resources, service: &Service, deployment: &Deployment) -> Value {
    let counts = counts(resources, service, deployment);
    let mut out = json!({
        "id": deployment.id,
        "status": if deployment.is_primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": deployment.task_definition,
        "desiredCount": counts.requested,
        "pendingCount": counts.pending,
        "runningCount": counts.running,
        "failedTasks": deployment.failed_tasks,
        "createdAt": epoch_seconds(deployment.created),
        "updatedAt": epoch_seconds(deployment.updated),
        "rolloutState": rollout(deployment.rollout_state),
        "rolloutStateReason": deployment.rollout_state_reason,
    });
    merge_members(
        &mut out,
        deployment.config.iter().filter(|(key, _)| !NOT_IN_DEPLOYMENTS.contains(&key.as_str())),
    );
    if deployment.config.contains_key("platformVersion") {
        out["platformVersion"] = json!("1.4.0");
    }
    out
}

fn rollout(state: RolloutState) -> &'static str {
    match state {
        RolloutState::InProgress => "IN_PROGRESS",
        RolloutState::Completed => "COMPLETED",
        RolloutState::Failed => "FAILED",
    }
}

/// Returns the summary of a service revision, with the task counts of its deployment, if there is one.
pub(super) fn revision(
    resources: &Resources,
    service: &Service,
    arn: &str,
    live: Option<&Deployment>,
) -> Value {
    let counts =
        live.map_or_else(DeploymentCounts::default, |deployment| counts(resources, service, deployment));
    json!({
        "arn": arn,
        "requestedTaskCount": counts.requested,
        "runningTaskCount": counts.running,
        "pendingTaskCount": counts.pending,
    })
}
