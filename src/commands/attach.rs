//! Finds the deployment of a service to watch: the named one, or its newest. Never changes anything in AWS.

use super::services::{Chosen, Found, Place};
use crate::aws::Aws;
use crate::aws::observe::failure;
use crate::aws::types::{Service, ServiceDeployment};
use crate::error::Failure;
use crate::manifest::OnFailure;
use crate::plan::WayBack;
use crate::watch::snapshot::{Followed, Policy};
use newest::{Newest, named, newest};

mod newest;

/// How many of a service's newest deployments are looked through for the one to wait for.
const WAITED_FOR: usize = 100;

/// Returns the deployment of a service to follow: its newest.
pub(super) async fn attach(found: &Found, chosen: &Chosen) -> Result<Followed, Failure> {
    attach_noted(found, chosen, None).await.map(|(followed, _)| followed)
}

/// Returns the deployment of a service to follow, the one that was named, else its newest; and what is not known of it.
pub(super) async fn attach_noted(
    found: &Found,
    chosen: &Chosen,
    id: Option<&str>,
) -> Result<(Followed, Option<String>), Failure> {
    let (aws, Place { cluster, name, key }) = (&chosen.aws, &found.place);
    let seen = &found.service;
    if matches!(seen.deployment_controller.kind.as_str(), "CODE_DEPLOY" | "EXTERNAL") {
        let mover = seen.deployment_controller.kind.as_str();
        let message = format!("the deployments of service `{name}` are made by {mover}: follow them there");
        return Err(Failure::refused(message));
    }
    let list = match aws.newest_service_deployments(cluster, name, WAITED_FOR).await {
        Ok(list) => list,
        // Without them the deployment list and the events have to do.
        Err(error) if error.may_pass() => return Err(failure(error)),
        Err(_) => Vec::new(),
    };
    let (target, note) = target(id, name, seen, &list)?;
    let revision = match target.revision.as_str() {
        "" => revision_of_target(&target, &list, aws).await,
        known => known.to_owned(),
    };
    let own = chosen.manifest.services.iter().find(|service| &service.key == key);
    let timeout = own.and_then(|service| service.timeout).or(chosen.manifest.timeout);
    let followed = Followed {
        revision,
        key: key.clone(),
        name: name.clone(),
        cluster: cluster.clone(),
        way_back: WayBack::of(seen).filter(|way| Some(&way.deployment) != target.deployment.as_ref()),
        policy: Policy {
            timeout: timeout.unwrap_or(Policy::default().timeout),
            // To wait is to look on: nothing is taken back unless that is asked for.
            on_failure: Some(OnFailure::Leave),
            on_timeout: OnFailure::Leave,
        },
        ..target
    };
    Ok((followed, note))
}

/// Returns which deployment to follow, and what is not known of it.
///
/// # Errors
/// There is none, or nothing tells which it was.
fn target(
    id: Option<&str>,
    name: &str,
    service: &Service,
    list: &[ServiceDeployment],
) -> Result<(Followed, Option<String>), Failure> {
    if let Some(id) = id {
        let none = || Failure::error(format!("service `{name}` has no deployment `{id}`"));
        return named(id, service, list).map(|found| (found, None)).ok_or_else(none);
    }
    match newest(service, list) {
        Some(Newest::Known(found)) => Ok((found, None)),
        Some(Newest::Perhaps(found)) => {
            let unknown = "whether the last deployment was rolled back is not known without";
            let note = format!("`{name}`: {unknown} ecs:ListServiceDeployments");
            Ok((found, list.is_empty().then_some(note)))
        }
        Some(Newest::RolledBackTo(revision)) => {
            let message = format!(
                "the last deployment of service `{name}` was rolled back to {revision}; ECS no longer tells which it was"
            );
            Err(Failure::error(message))
        }
        None => Err(Failure::error(format!("service `{name}` has no deployment"))),
    }
}

/// Returns the revision of a deployment that has left the service's list: its service revision names it.
async fn revision_of_target(target: &Followed, list: &[ServiceDeployment], aws: &Aws) -> String {
    let known = |known: &&ServiceDeployment| {
        Some(&known.service_deployment_arn) == target.service_deployment.as_ref()
    };
    let Some(arn) = list.iter().find(known).and_then(ServiceDeployment::target) else { return String::new() };
    let found = aws.service_revisions(&[arn.to_owned()]).await.unwrap_or_default();
    found.into_iter().next().map(|revision| revision.task_definition).unwrap_or_default()
}
