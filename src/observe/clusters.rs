//! Reads the clusters in which services are missing: what else is there, and what a new service would get by default.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};

use crate::aws::Aws;
use crate::aws::lookup::in_time;
use crate::aws::types::{ObservedCluster, ObservedService, ServiceRef, ServiceStatus};
use crate::render::DesiredState;

/// Returns the clusters in which a desired service does not exist or was deleted. What may not be read is left out: the
/// creation of a service does not depend on it.
pub(super) async fn observe(
    aws: &Aws,
    desired: &DesiredState,
    services: &BTreeMap<ServiceRef, ObservedService>,
) -> BTreeMap<String, ObservedCluster> {
    let is_missing = |place: &ServiceRef| {
        services.get(place).is_none_or(|seen| seen.service.status == ServiceStatus::Inactive)
    };
    let places = desired.services.iter().map(|service| ServiceRef::new(&service.cluster, &service.name));
    let clusters: BTreeSet<String> = places.filter(is_missing).map(|place| place.cluster).collect();
    let reading = clusters.into_iter().map(async |cluster| {
        let (names, document) = join(
            in_time("ecs:ListServices", aws.service_names(&cluster)),
            in_time("ecs:DescribeClusters", aws.cluster(&cluster)),
        )
        .await;
        let document = document.ok().flatten().unwrap_or_default();
        (cluster, ObservedCluster { services: names.ok(), document })
    });
    join_all(reading).await.into_iter().collect()
}
