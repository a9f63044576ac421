//! Owns what stands against a deploy, each with what to do about it. Nothing has changed yet when it is said.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::aws::observe::images_of;
use crate::aws::types::{Deployment, ImageState, Observed, ObservedService, Service, revision_of};
use crate::error::Failure;
use crate::manifest::image::Reference;
use crate::render::{Desired, DesiredService};

/// Returns a refusal where the credentials are of another account than the manifest's, or of none that is known.
pub fn account(wanted: Option<&str>, observed: &Observed) -> Vec<Failure> {
    let Some(wanted) = wanted else { return Vec::new() };
    let found = observed.caller.as_ref().map(|caller| caller.account.as_str());
    if found == Some(wanted) {
        return Vec::new();
    }
    let hint = "use credentials of that account (`--profile`, `role:`), or choose another stage".to_owned();
    let message = match found {
        Some(found) => format!("the manifest is for account `{wanted}`, these credentials are of `{found}`"),
        None => format!(
            "the manifest is for account `{wanted}`, and whose credentials these are could not be found out"
        ),
    };
    vec![Failure::refused(message).hint(hint)]
}

/// Returns what was seen of a service that can be deployed to.
///
/// # Errors
/// It is not there, is being deleted, or is moved by another controller.
pub fn service<'a>(
    desired: &DesiredService,
    observed: &'a Observed,
) -> Result<&'a ObservedService, Vec<Failure>> {
    let (name, cluster) = (&desired.name, &desired.cluster);
    let seen = observed.services.get(&(cluster.clone(), name.clone()));
    let Some(seen) = seen.filter(|seen| seen.service.status != "INACTIVE") else {
        let hint = format!(
            "create it once: `aws ecs create-service --cluster {cluster} --service-name {name} --task-definition … \
             --desired-count 1`, or correct its name"
        );
        return Err(vec![
            Failure::error(format!("there is no service `{name}` in cluster `{cluster}`")).hint(hint),
        ]);
    };
    match immovable(&seen.service) {
        Some(failure) => Err(vec![failure]),
        None => Ok(seen),
    }
}

/// Returns the refusal of a service that cannot be deployed to: it is being deleted, or another controller moves it.
pub fn immovable(service: &Service) -> Option<Failure> {
    let name = &service.service_name;
    if service.status == "DRAINING" {
        return Some(Failure::refused(format!("service `{name}` is being deleted")));
    }
    let controller = service.deployment_controller.kind.as_str();
    if !matches!(controller, "CODE_DEPLOY" | "EXTERNAL") {
        return None;
    }
    let message = format!("service `{name}` is moved by the `{controller}` controller, not by ECS");
    let hint = "ecsail deploys services whose `deploymentController` is `ECS`".to_owned();
    Some(Failure::refused(message).hint(hint))
}

/// The blockers of a deploy that does not supersede: a refusal for each service with a deployment in progress.
pub fn in_progress(desired: &Desired, observed: &Observed) -> Vec<Failure> {
    let places = desired.services.iter().map(|service| (service.cluster.clone(), service.name.clone()));
    let places: BTreeSet<(String, String)> = places.collect();
    let found = places.iter().filter_map(|place| observed.services.get(place));
    found.filter_map(|seen| moving(&seen.service)).collect()
}

/// Returns the refusal of a service whose deployment is under way.
pub fn moving(service: &Service) -> Option<Failure> {
    let deployment = service.under_way()?;
    let name = &service.service_name;
    let revision = revision_of(&deployment.task_definition);
    let message = format!("a deployment of `{name}` is under way: `{revision}` (`{}`)", deployment.id);
    Some(Failure::refused(message).hint("wait for it, or replace it with `--supersede`".to_owned()))
}

/// Returns a failure for each image of a document that is not where it says, with the newest tags that are there.
pub fn images(document: &Value, observed: &Observed) -> Vec<Failure> {
    let state = |image: &Reference| observed.images.get(&image.to_string());
    images_of(document).iter().filter_map(|image| missing(image, state(image)?)).collect()
}

/// Returns the failure that an image is not where it says; nothing where it is, or where that is not known.
pub fn missing(image: &Reference, state: &ImageState) -> Option<Failure> {
    let repository = image.ecr()?;
    let place = format!("`{}` in account {}, {}", repository.name, repository.account, repository.region);
    let version = image.version().unwrap_or("latest");
    match state {
        ImageState::Missing { newest } => {
            let hint = match newest.as_slice() {
                [] => "the repository has no tags: push the image first".to_owned(),
                tags => format!("newest tags there: {}", tags.join(", ")),
            };
            let what = if version.starts_with("sha256:") { "image" } else { "tag" };
            Some(Failure::error(format!("no {what} `{version}` in repository {place}")).hint(hint))
        }
        ImageState::NoRepository => {
            let hint = "correct the image's repository, or create it and push the image".to_owned();
            Some(Failure::error(format!("there is no repository {place}")).hint(hint))
        }
        ImageState::Found { .. } | ImageState::Unchecked(_) => None,
    }
}

impl Service {
    /// Returns the PRIMARY deployment.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.status == "PRIMARY")
    }

    /// Returns the deployment that is under way, if one is.
    ///
    /// By the rollout state; where there is none (other controllers, old clouds), several deployments mean that one is.
    pub fn under_way(&self) -> Option<&Deployment> {
        let primary = self.primary()?;
        match primary.rollout_state.as_deref() {
            Some("IN_PROGRESS") => Some(primary),
            Some(_) => None,
            None => Some(primary).filter(|_| self.deployments.len() > 1),
        }
    }
}
