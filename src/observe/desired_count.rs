//! Reads whether services are scaled automatically, where the manifest keeps their number of tasks in step.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::aws::Aws;
use crate::aws::lookup::in_time;
use crate::aws::types::{AutoscalingState, ServiceRef};
use crate::render::DesiredState;

/// Returns whether each service with `enforce_desired_count` is scaled automatically.
pub(super) async fn observe(aws: &Aws, desired: &DesiredState) -> BTreeMap<ServiceRef, AutoscalingState> {
    let enforced = desired.services.iter().filter(|service| service.enforce_desired_count);
    let reading = enforced.map(async |service| {
        let call = aws.scalable_target(&service.cluster, &service.name);
        let state = match in_time("application-autoscaling:DescribeScalableTargets", call).await {
            Ok(Some(_)) => AutoscalingState::Present,
            Ok(None) => AutoscalingState::Absent,
            Err(error) => AutoscalingState::Unreadable(error.to_string()),
        };
        (ServiceRef::new(&service.cluster, &service.name), state)
    });
    join_all(reading).await.into_iter().collect()
}
