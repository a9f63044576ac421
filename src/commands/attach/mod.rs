//! Finds the deployment of a service to watch: the named one, or its newest. Never changes anything in AWS.

use super::services::{FoundService, SelectedServices, ServiceIdentity};
use crate::aws::error::failure;
use crate::aws::lookup::in_time;
use crate::aws::types::{ControllerType, Service, ServiceDeployment, ServiceDeploymentStatus, ServiceStatus};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::manifest::{FailureAction, Patience};
use crate::plan::RollbackPoint;
use crate::watch::snapshot::{WatchPolicy, WatchedRollout};
use newest::{NewestDeployment, deployment_id, find_deployment, newest_deployment};

mod newest;
pub mod planned;

/// The number of a service's newest deployments among which the one to watch is searched.
const WAITED_FOR: usize = 100;

/// A deployment to watch, and what is unknown of it.
pub(super) struct Attached {
    pub(super) rollout: WatchedRollout,
    /// Why it is not certain which deployment was the last.
    pub(super) doubt: Option<String>,
    /// Why its revision could not be read.
    pub(super) unread: Option<String>,
}

/// Returns the named or the newest deployment of a service, to watch it.
pub(super) async fn attach(
    found: &FoundService,
    chosen: &SelectedServices,
    id: Option<&str>,
) -> Result<Attached, Failure> {
    let (aws, ServiceIdentity { cluster, name, key }) = (&chosen.aws, &found.identity);
    let seen = &found.service;
    let mover = &seen.deployment_controller.kind;
    if matches!(mover, ControllerType::CodeDeploy | ControllerType::External) {
        let message =
            format!("the deployments of service `{name}` are made by {mover}, which ecsail cannot watch");
        return Err(Failure::refused(message));
    }
    let list = match aws.newest_service_deployments(cluster, name, WAITED_FOR).await {
        Ok(list) => list,
        // Without service deployments, the `deployments` of the service and its events are used.
        Err(error) if error.is_retryable() => return Err(failure(error)),
        Err(_) => Vec::new(),
    };
    let (target, doubt) = target(id, name, seen, &list)?;
    let (revision, unread) = match target.revision.as_str() {
        "" => match revision_of_target(&target, &list, aws).await {
            Ok(revision) => (revision, None),
            Err(error) => (
                String::new(),
                Some(format!("the revision of the deployment of `{name}` is unknown: {error}")),
            ),
        },
        known => (known.to_owned(), None),
    };
    let own = chosen.manifest.services.iter().find(|service| &service.key == key);
    let timeout = own.and_then(|service| service.timeout).or(chosen.manifest.timeout);
    let patience = own.and_then(|service| service.patience).or(chosen.manifest.patience);
    let on_failure = own.and_then(|service| service.on_failure).or(chosen.manifest.on_failure);
    let standard = (on_failure != Some(FailureAction::Leave)).then_some(Patience::Standard);
    let rollout = WatchedRollout {
        revision,
        key: key.clone(),
        name: name.clone(),
        cluster: cluster.clone(),
        way_back: RollbackPoint::from_service(seen)
            .filter(|way| Some(&way.deployment) != target.deployment.as_ref()),
        policy: WatchPolicy {
            timeout: timeout.unwrap_or(WatchPolicy::default().timeout),
            // `wait` rolls nothing back unless an argument asks for it.
            on_failure: Some(FailureAction::Leave),
            on_timeout: FailureAction::Leave,
            patience: patience.or(standard),
        },
        ..target
    };
    Ok(Attached { rollout, doubt, unread })
}

/// Returns the id of the deployment before the newest, if it ended without success.
pub(super) async fn failed_before_newest(found: &FoundService, chosen: &SelectedServices) -> Option<String> {
    let ServiceIdentity { cluster, name, .. } = &found.identity;
    // What cannot be read is left out: the newest deployment is known.
    let list = chosen.aws.newest_service_deployments(cluster, name, 2).await.unwrap_or_default();
    let before = list.get(1)?;
    let failed = before.status.has_ended() && before.status != ServiceDeploymentStatus::Successful;
    failed.then(|| deployment_id(before)).flatten()
}

/// Returns the deployment to watch, and a note on what is unknown of it.
///
/// # Errors
/// The service has no such deployment, or ECS no longer shows which one was the newest.
fn target(
    id: Option<&str>,
    name: &str,
    service: &Service,
    list: &[ServiceDeployment],
) -> Result<(WatchedRollout, Option<String>), Failure> {
    if let Some(id) = id {
        let none = || Failure::error(format!("no deployment `{id}` in service `{name}`"));
        return find_deployment(id, service, list).map(|found| (found, None)).ok_or_else(none);
    }
    match newest_deployment(service, list) {
        Some(NewestDeployment::Known(found)) => Ok((found, None)),
        Some(NewestDeployment::Uncertain(found)) => {
            let unknown = "it is unknown whether the last deployment was rolled back; allow";
            let note = format!("`{name}`: {unknown} `ecs:ListServiceDeployments`");
            Ok((found, list.is_empty().then_some(note)))
        }
        Some(NewestDeployment::RolledBackTo(revision)) => {
            let message = format!(
                "the last deployment of service `{name}` was rolled back to {revision}; ECS no longer shows which one it was"
            );
            Err(Failure::error(message))
        }
        None if service.status == ServiceStatus::Draining => {
            Err(Failure::refused(format!("service `{name}` is being deleted")))
        }
        None => Err(Failure::error(format!("service `{name}` has no deployment"))),
    }
}

/// Returns the revision of a deployment that is no longer among the service's `deployments`, from its service revision.
///
/// # Errors
/// It could not be read in time.
async fn revision_of_target(
    target: &WatchedRollout,
    list: &[ServiceDeployment],
    aws: &Aws,
) -> Result<String, ApiError> {
    let known = |known: &&ServiceDeployment| {
        Some(&known.service_deployment_arn) == target.service_deployment.as_ref()
    };
    let Some(arn) = list.iter().find(known).and_then(ServiceDeployment::target_revision_arn) else {
        return Ok(String::new());
    };
    let arns = [arn.to_owned()];
    let found = in_time("ecs:DescribeServiceRevisions", aws.service_revisions(&arns)).await?;
    Ok(found.into_iter().next().map(|revision| revision.task_definition).unwrap_or_default())
}
