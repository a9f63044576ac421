//! Reads the autoscaling of services before a plan is made, and again right before it is changed: scalable targets,
//! policies and scheduled actions, and the load balancers that a policy names.
//!
//! Scalable targets are read fifty at a time; policies and actions take a call each for every service.

use std::collections::BTreeMap;

use futures_util::future::try_join3;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::aws::autoscaling::ObservedAutoscaling;
use crate::aws::types::{ObservedState, ServiceRef};
use crate::aws::{ApiError, Aws, MAX_CONCURRENT_CALLS};
use crate::plan::autoscaling::requests::target_groups_of;
use crate::render::DesiredService;

/// Returns the autoscaling of the services whose manifest has some.
///
/// # Errors
/// An API call failed.
pub async fn observe(
    aws: &Aws,
    services: &[DesiredService],
) -> Result<BTreeMap<ServiceRef, ObservedAutoscaling>, ApiError> {
    let scaled = services.iter().filter(|service| service.autoscaling.is_some());
    let scaled: Vec<ServiceRef> =
        scaled.map(|service| ServiceRef::new(&service.cluster, &service.name)).collect();
    if scaled.is_empty() {
        return Ok(BTreeMap::new());
    }
    observe_services(aws, &scaled).await
}

/// Returns the autoscaling of one service.
///
/// # Errors
/// An API call failed.
pub async fn observe_service(aws: &Aws, service: &ServiceRef) -> Result<ObservedAutoscaling, ApiError> {
    let found = observe_services(aws, std::slice::from_ref(service)).await?;
    Ok(found.into_values().next().unwrap_or_default())
}

/// Returns the autoscaling of several services.
///
/// # Errors
/// An API call failed.
pub async fn observe_services(
    aws: &Aws,
    services: &[ServiceRef],
) -> Result<BTreeMap<ServiceRef, ObservedAutoscaling>, ApiError> {
    let policies = services.iter().map(|service| aws.scaling_policies(service));
    let actions = services.iter().map(|service| aws.scheduled_actions(service));
    let (mut targets, policies, actions) = try_join3(
        aws.scalable_targets(services),
        stream::iter(policies).buffered(MAX_CONCURRENT_CALLS).try_collect::<Vec<_>>(),
        stream::iter(actions).buffered(MAX_CONCURRENT_CALLS).try_collect::<Vec<_>>(),
    )
    .await?;
    let read = services.iter().zip(policies).zip(actions);
    let observed = read.map(|((service, policies), scheduled_actions)| {
        let target = targets.remove(service);
        (service.clone(), ObservedAutoscaling { target, policies, scheduled_actions })
    });
    Ok(observed.collect())
}

/// Returns the target groups whose load balancer a policy names.
pub fn target_groups(services: &[DesiredService], observed: &ObservedState) -> Vec<String> {
    let requested = services.iter().filter(|service| {
        service.autoscaling.as_ref().is_some_and(|scaling| scaling.requests_per_target.is_some())
    });
    let mut groups: Vec<String> = requested.flat_map(|service| target_groups_of(service, observed)).collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Returns the load balancers of target groups.
///
/// # Errors
/// The API call failed, or one of the target groups does not exist.
pub async fn observe_load_balancers(
    aws: &Aws,
    groups: &[String],
) -> Result<BTreeMap<String, Vec<String>>, ApiError> {
    if groups.is_empty() {
        return Ok(BTreeMap::new());
    }
    aws.load_balancers(groups).await
}
