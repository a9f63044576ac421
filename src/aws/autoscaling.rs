//! Owns calls to Application Auto Scaling: the range that a service's number of tasks is kept in.

use aws_sdk_applicationautoscaling::types::{self as sdk, ScalableDimension, ServiceNamespace};
use serde::Serialize;

use super::{ApiError, Aws};

/// Holds the range of a service's number of tasks, and what of its scaling is suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScalableTarget {
    pub min: i32,
    pub max: i32,
    #[serde(flatten)]
    pub suspended: Suspended,
}

/// Holds which activities of Application Auto Scaling are suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Suspended {
    #[serde(rename = "scale_in_suspended")]
    pub scale_in: bool,
    #[serde(rename = "scale_out_suspended")]
    pub scale_out: bool,
    #[serde(rename = "scheduled_suspended")]
    pub scheduled: bool,
}

impl Suspended {
    /// Returns the state in which everything is suspended, or nothing.
    pub fn all(suspended: bool) -> Suspended {
        Suspended { scale_in: suspended, scale_out: suspended, scheduled: suspended }
    }
}

/// Holds what is to be changed about a scalable target; what is none stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetChange {
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub suspended: Option<Suspended>,
}

/// Returns the name of a service among the resources of Application Auto Scaling.
fn resource(cluster: &str, service: &str) -> String {
    // A cluster may be named by its ARN; the resource's name has the short one.
    format!("service/{}/{service}", cluster.rsplit('/').next().unwrap_or(cluster))
}

impl Aws {
    /// Returns the scalable target of a service; nothing where its number of tasks is not scaled automatically.
    ///
    /// # Errors
    /// The API's.
    pub async fn scalable_target(
        &self,
        cluster: &str,
        service: &str,
    ) -> Result<Option<ScalableTarget>, ApiError> {
        let request = self.autoscaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let request = request.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        let sent = request.resource_ids(resource(cluster, service)).send().await;
        let answer =
            sent.map_err(|error| ApiError::new("application-autoscaling:DescribeScalableTargets", error))?;
        Ok(answer.scalable_targets().first().map(target))
    }

    /// Changes the scalable target of a service; made twice, it changes nothing more.
    ///
    /// # Errors
    /// The API's.
    pub async fn register_scalable_target(
        &self,
        cluster: &str,
        service: &str,
        change: &TargetChange,
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
        let request = request.resource_id(resource(cluster, service)).set_suspended_state(suspended);
        let sent = request.set_min_capacity(change.min).set_max_capacity(change.max).send().await;
        sent.map(drop).map_err(|error| ApiError::new("application-autoscaling:RegisterScalableTarget", error))
    }
}

fn target(target: &sdk::ScalableTarget) -> ScalableTarget {
    let is = |member: fn(&sdk::SuspendedState) -> Option<bool>| {
        target.suspended_state().and_then(member).unwrap_or_default()
    };
    ScalableTarget {
        min: target.min_capacity(),
        max: target.max_capacity(),
        suspended: Suspended {
            scale_in: is(sdk::SuspendedState::dynamic_scaling_in_suspended),
            scale_out: is(sdk::SuspendedState::dynamic_scaling_out_suspended),
            scheduled: is(sdk::SuspendedState::scheduled_scaling_suspended),
        },
    }
}
