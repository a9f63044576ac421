//! The blockers of a deploy, each with what to do about it. Checked before anything is changed.

use super::types::Plan;
use crate::aws::types::{
    ControllerType, Deployment, DeploymentStatus, ObservedService, ObservedState, RolloutState, Service,
    ServiceRef, ServiceStatus, revision_name,
};
use crate::error::{ErrorKind, Failure};
use crate::render::DesiredService;
use crate::shell;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the blocker if the credentials belong to another account than the manifest's, or the account is unknown.
pub fn account_blocker(wanted: Option<&str>, observed: &ObservedState) -> Vec<Failure> {
    let Some(wanted) = wanted else { return Vec::new() };
    let found = observed.caller.as_ref().map(|caller| caller.account.as_str());
    if found == Some(wanted) {
        return Vec::new();
    }
    let hint = "use credentials of that account (`--profile`, `role:`), or choose another stage".to_owned();
    let message = match found {
        Some(found) => {
            format!("this is for account `{wanted}`, but the credentials belong to account `{found}`")
        }
        None => format!("failed to identify the caller: this is for account `{wanted}`"),
    };
    vec![because_of_caller(Failure::refused(message), observed).with_hint(hint)]
}

/// Adds to a failure why the caller is not known.
pub fn because_of_caller(failure: Failure, observed: &ObservedState) -> Failure {
    match &observed.caller_error {
        Some(error) => failure.with_cause(error.clone()),
        None => failure,
    }
}

/// Returns the observed state of a service that can be deployed to, or `None` if there is none of its name.
///
/// # Errors
/// It is being deleted, or has another deployment controller.
pub fn deployable_service<'a>(
    desired: &DesiredService,
    observed: &'a ObservedState,
) -> Result<Option<&'a ObservedService>, Vec<Failure>> {
    let seen = observed.services.get(&ServiceRef::new(&desired.cluster, &desired.name));
    let Some(seen) = seen.filter(|seen| seen.service.status != ServiceStatus::Inactive) else {
        return Ok(None);
    };
    match undeployable_blocker(&seen.service) {
        Some(failure) => Err(vec![failure]),
        None => Ok(Some(seen)),
    }
}

/// Returns the observed state of a service that exists. Its deployment controller may be another than ECS.
///
/// # Errors
/// It does not exist, or was deleted.
pub fn existing_service<'a>(
    name: &str,
    cluster: &str,
    observed: &'a ObservedState,
    manifest_services: &BTreeSet<String>,
) -> Result<&'a ObservedService, Failure> {
    match observed.services.get(&ServiceRef::new(cluster, name)) {
        Some(seen) if seen.service.status == ServiceStatus::Inactive => Err(deleted_failure(name, cluster)),
        Some(seen) => Ok(seen),
        None => {
            let hint = "correct the name, or create the service by a deploy of it".to_owned();
            Err(not_found(name, cluster, manifest_services).with_hint(hint))
        }
    }
}

/// Returns the failure that a cluster has no such service. A service of the manifest may not be created yet; any other name was
/// given on the command line.
pub(super) fn not_found(name: &str, cluster: &str, manifest_services: &BTreeSet<String>) -> Failure {
    let kind = if manifest_services.contains(name) { ErrorKind::Error } else { ErrorKind::Usage };
    Failure::new(kind, format!("no service named `{name}` in cluster `{cluster}`"))
}

/// Returns the failure that a service was deleted: ECS still describes it, as INACTIVE.
pub fn deleted_failure(name: &str, cluster: &str) -> Failure {
    let hint = "a deploy creates it again, where the manifest describes it".to_owned();
    Failure::error(format!("service `{name}` in cluster `{cluster}` was deleted")).with_hint(hint)
}

/// Returns the blocker of a service that cannot be deployed to: it is being deleted, or has another deployment
/// controller.
pub fn undeployable_blocker(service: &Service) -> Option<Failure> {
    let name = &service.service_name;
    if service.status == ServiceStatus::Draining {
        let message = format!("service `{name}` is being deleted");
        let hint = format!(
            "its name is free once its tasks have stopped: wait for that with `ecsail delete {}`",
            shell::quote(name)
        );
        return Some(Failure::refused(message).with_hint(hint));
    }
    let controller = &service.deployment_controller.kind;
    matches!(controller, ControllerType::CodeDeploy | ControllerType::External)
        .then(|| other_controller_failure(name, controller))
}

/// Returns the blocker of a service with another deployment controller than ECS.
pub(super) fn other_controller_failure(name: &str, controller: &ControllerType) -> Failure {
    let message = format!("service `{name}` has the deployment controller `{controller}`, not `ECS`");
    let hint = "use a service whose `deploymentController` is `ECS`".to_owned();
    Failure::refused(message).with_hint(hint)
}

/// The blockers of a deploy that does not supersede: a refusal for each service with a deployment in progress, unless the
/// deploy attaches to it.
pub fn in_progress(plan: &Plan, observed: &ObservedState) -> Vec<Failure> {
    let blocked = plan.services.iter().filter(|service| service.attached.is_none());
    let places: BTreeMap<ServiceRef, &str> = blocked
        .map(|service| (ServiceRef::new(&service.cluster, &service.name), service.key.as_str()))
        .collect();
    let found = places.iter().filter_map(|(place, key)| Some((key, observed.services.get(place)?)));
    found.filter_map(|(key, seen)| in_progress_blocker(key, &seen.service)).collect()
}

/// Returns the blocker of a service with a deployment in progress. `key` is its name in commands.
pub fn in_progress_blocker(key: &str, service: &Service) -> Option<Failure> {
    let deployment = service.deployment_in_progress()?;
    let name = &service.service_name;
    let revision = revision_name(&deployment.task_definition);
    let message = format!("a deployment of `{name}` is in progress: `{revision}` (`{}`)", deployment.id);
    let key = shell::quote(key);
    let hint = format!(
        "stop it with `ecsail cancel {key}` or `ecsail rollback {key}`, wait for it with `ecsail wait {key}`, or replace \
         it with `--supersede`"
    );
    Some(Failure::refused(message).with_hint(hint))
}

impl Service {
    /// Returns the PRIMARY deployment.
    pub fn primary_deployment(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.status == DeploymentStatus::Primary)
    }

    /// Returns the deployment in progress, if there is one.
    ///
    /// Decided by the rollout state. Without one (other deployment controllers, other implementations of the API),
    /// several deployments mean that one is in progress.
    pub fn deployment_in_progress(&self) -> Option<&Deployment> {
        let primary = self.primary_deployment()?;
        match primary.rollout_state {
            Some(RolloutState::InProgress) => Some(primary),
            Some(_) => None,
            None => Some(primary).filter(|_| self.deployments.len() > 1),
        }
    }
}
