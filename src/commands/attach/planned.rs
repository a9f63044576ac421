//! Finds the rollouts that a deploy attaches to: deployments in progress that already make the change it would make.
//! Never changes anything in AWS.

use std::collections::BTreeMap;

use super::newest::{NewestDeployment, newest_deployment};
use crate::apply::watch_policy;
use crate::aws::Aws;
use crate::aws::types::{ObservedState, Service, ServiceDeployment, ServiceRef};
use crate::error::Failure;
use crate::plan::{Plan, ServicePlan, blockers};
use crate::watch::snapshot::WatchedRollout;

/// The number of a service's newest deployments that are read.
const READ: usize = 10;

/// The rollouts to attach to, by the key of the service.
pub type AttachedRollouts = BTreeMap<String, WatchedRollout>;

/// Returns the rollouts that a plan attaches to, and a blocker for each deployment in progress that ends elsewhere.
pub async fn attach_to_planned(
    plan: &Plan,
    observed: &ObservedState,
    aws: &Aws,
) -> (AttachedRollouts, Vec<Failure>) {
    let mut rollouts = AttachedRollouts::new();
    let mut failures = Vec::new();
    for planned in plan.services.iter().filter(|service| service.attached.is_some()) {
        let place = ServiceRef::new(&planned.cluster, &planned.name);
        let Some(seen) = observed.services.get(&place) else { continue };
        // Without service deployments, the `deployments` of the service decide.
        let list = aws.newest_service_deployments(&planned.cluster, &planned.name, READ).await;
        match attached_rollout(planned, &seen.service, &list.unwrap_or_default()) {
            Some(rollout) => drop(rollouts.insert(planned.key.clone(), rollout)),
            None => failures.extend(blockers::in_progress_blocker(&planned.key, &seen.service)),
        }
    }
    (rollouts, failures)
}

/// Returns the rollout of a service that the plan attaches to; `None` if it is being rolled back.
fn attached_rollout(
    planned: &ServicePlan,
    service: &Service,
    list: &[ServiceDeployment],
) -> Option<WatchedRollout> {
    let (NewestDeployment::Known(found) | NewestDeployment::Uncertain(found)) =
        newest_deployment(service, list)?
    else {
        return None;
    };
    let known =
        list.iter().find(|known| Some(&known.service_deployment_arn) == found.service_deployment.as_ref());
    let goes_back = known.is_some_and(|known| known.rollback.is_some() || known.status.is_rollback());
    if goes_back || found.deployment != planned.attached {
        return None;
    }
    Some(WatchedRollout {
        key: planned.key.clone(),
        name: planned.name.clone(),
        cluster: planned.cluster.clone(),
        revision: planned.before.clone(),
        way_back: planned.way_back.clone(),
        policy: watch_policy(planned),
        ..found
    })
}
