//! Calls Application Auto Scaling: the range that it keeps a service's desired count in.

use aws_sdk_applicationautoscaling::types::{self as sdk, ScalableDimension, ServiceNamespace};
use serde::Serialize;

use super::{ApiError, Aws};
use crate::service_arn::cluster_name;

/// The range of a service's desired count, and which of its scaling activities are suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScalableTarget {
    pub min: i32,
    pub max: i32,
    #[serde(flatten)]
    pub suspended: SuspendedActivities,
}

/// Which activities of Application Auto Scaling are suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SuspendedActivities {
    #[serde(rename = "scale_in_suspended")]
    pub scale_in: bool,
    #[serde(rename = "scale_out_suspended")]
    pub scale_out: bool,
    #[serde(rename = "scheduled_suspended")]
    pub scheduled: bool,
}

impl SuspendedActivities {
    /// Returns the state in which every activity is suspended, or none is.
    pub fn all(suspended: bool) -> SuspendedActivities {
        SuspendedActivities { scale_in: suspended, scale_out: suspended, scheduled: suspended }
    }
}

/// A change of a scalable target; a member that is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalableTargetChange {
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub suspended: Option<SuspendedActivities>,
}

/// Returns the resource id that Application Auto Scaling uses for a service.
fn resource_id(cluster: &str, service: &str) -> String {
    format!("service/{}/{service}", cluster_name(cluster))
}

impl Aws {
    /// Returns the scalable target of a service, or `None` if its desired count is not scaled automatically.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn scalable_target(
        &self,
        cluster: &str,
        service: &str,
    ) -> Result<Option<ScalableTarget>, ApiError> {
        let request = self.autoscaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let request = request.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        let sent = request.resource_ids(resource_id(cluster, service)).send().await;
        let answer = sent
            .map_err(|error| ApiError::from_sdk("application-autoscaling:DescribeScalableTargets", error))?;
        Ok(answer.scalable_targets().first().map(scalable_target_from))
    }

    /// Changes the scalable target of a service. The call is idempotent.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn register_scalable_target(
        &self,
        cluster: &str,
        service: &str,
        change: &ScalableTargetChange,
    ) -> Result<(), ApiError> {
        let request = self.autoscaling().register_scalable_target().service_namespace(ServiceNamespace::Ecs);
        let request = request.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        let suspended = change.suspended.map(|suspended| {
            sdk::SuspendedState::builder()
                .dynamic_scaling_in_suspended(suspended.scale_in)
                .dynamic_scaling_out_suspended(suspended.scale_out)
                .scheduled_scaling_suspended(suspended.scheduled)
                .build()
        });
        let request = request.resource_id(resource_id(cluster, service)).set_suspended_state(suspended);
        let sent = request.set_min_capacity(change.min).set_max_capacity(change.max).send().await;
        sent.map(drop)
            .map_err(|error| ApiError::from_sdk("application-autoscaling:RegisterScalableTarget", error))
    }
}

fn scalable_target_from(target: &sdk::ScalableTarget) -> ScalableTarget {
    let is = |member: fn(&sdk::SuspendedState) -> Option<bool>| {
        target.suspended_state().and_then(member).unwrap_or_default()
    };
    ScalableTarget {
        min: target.min_capacity(),
        max: target.max_capacity(),
        suspended: SuspendedActivities {
            scale_in: is(sdk::SuspendedState::dynamic_scaling_in_suspended),
            scale_out: is(sdk::SuspendedState::dynamic_scaling_out_suspended),
            scheduled: is(sdk::SuspendedState::scheduled_scaling_suspended),
        },
    }
}
