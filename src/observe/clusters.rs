//! Reads what the creation of missing services depends on: what else is in their clusters, what a new service would get by
//! default, and their target groups.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};

use crate::aws::Aws;
use crate::aws::lookup::in_time;
use crate::aws::types::{ClusterDetails, ObservedService, ServiceRef, ServiceStatus, TargetGroupState};
use crate::render::{DesiredService, DesiredState};

/// The code of the error that a target group does not exist.
const GROUP_NOT_FOUND: &str = "TargetGroupNotFound";

/// Returns the desired services that do not exist or were deleted.
pub(super) fn missing_services<'a>(
    desired: &'a DesiredState,
    services: &BTreeMap<ServiceRef, ObservedService>,
) -> Vec<&'a DesiredService> {
    let is_missing = |service: &&DesiredService| {
        let seen = services.get(&ServiceRef::new(&service.cluster, &service.name));
        seen.is_none_or(|seen| seen.service.status == ServiceStatus::Inactive)
    };
    desired.services.iter().filter(is_missing).collect()
}

/// The clusters of missing services.
#[derive(Debug, Default)]
pub(super) struct ObservedClusters {
    /// By the name in the manifest.
    pub(super) found: BTreeMap<String, ClusterDetails>,
    /// What could not be read, one note each.
    pub(super) notes: Vec<String>,
}

/// Returns the clusters of missing services, and notes about what could not be read: the creation of a service does not
/// depend on it.
pub(super) async fn observe(aws: &Aws, missing: &[&DesiredService]) -> ObservedClusters {
    let clusters: BTreeSet<String> = missing.iter().map(|service| service.cluster.clone()).collect();
    let reading = clusters.into_iter().map(async |cluster| {
        let (names, document) = join(
            in_time("ecs:ListServices", aws.service_names(&cluster)),
            in_time("ecs:DescribeClusters", aws.cluster(&cluster)),
        )
        .await;
        let mut notes = Vec::new();
        if let Err(error) = &names {
            notes.push(format!(
                "could not check whether cluster `{cluster}` has a service with a name similar to a new one: {error}"
            ));
        }
        if let Err(error) = &document {
            notes.push(format!("could not read the capacity providers of cluster `{cluster}`: {error}"));
        }
        let document = document.ok().flatten().unwrap_or_default();
        (cluster, ClusterDetails { services: names.unwrap_or_default(), document }, notes)
    });
    let mut clusters = ObservedClusters::default();
    for (cluster, details, notes) in join_all(reading).await {
        clusters.found.insert(cluster, details);
        clusters.notes.extend(notes);
    }
    clusters
}

/// Returns the state of the target groups of missing services; ECS checks those that may not be read.
pub(super) async fn observe_target_groups(
    aws: &Aws,
    missing: &[&DesiredService],
) -> BTreeMap<String, TargetGroupState> {
    let groups: BTreeSet<String> = missing.iter().flat_map(|service| service.target_groups()).collect();
    // One call for each: a single one that does not exist fails the whole call.
    let reading = groups.into_iter().map(async |group| {
        let call = aws.load_balancers(std::slice::from_ref(&group));
        let state = match in_time("elasticloadbalancing:DescribeTargetGroups", call).await {
            Ok(found) if found.get(&group).is_some_and(Vec::is_empty) => TargetGroupState::Unrouted,
            Ok(_) => TargetGroupState::Routed,
            Err(error) if error.code.as_deref().is_some_and(|code| code.starts_with(GROUP_NOT_FOUND)) => {
                TargetGroupState::Missing
            }
            Err(_) => return None,
        };
        Some((group, state))
    });
    join_all(reading).await.into_iter().flatten().collect()
}
