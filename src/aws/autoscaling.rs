//! Calls Application Auto Scaling: the range that it keeps a service's desired count in, its scaling policies and its
//! scheduled actions. Policies and actions are sent and kept as raw JSON; see [`super::raw_json`].
//!
//! Every change sets absolute values under a name and is idempotent, so that the SDK may send it again.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{self as sdk, ScalableDimension, ServiceNamespace};
use serde::Serialize;
use serde_json::{Value, json};

use super::raw_json::{RawJson, list};
use super::types::{ServiceRef, without_nulls};
use super::{ApiError, Aws};
use crate::service_arn::cluster_name;

/// The most resource ids in one call of `DescribeScalableTargets` (API reference).
const MAX_TARGETS_PER_CALL: usize = 50;
/// The code of the error that a scalable target, a policy or a scheduled action does not exist.
pub const NOT_FOUND: &str = "ObjectNotFoundException";
/// The code of the error that another change of the same scalable target is in progress.
pub const CONCURRENT_UPDATE: &str = "ConcurrentUpdateException";
const NAMESPACE: &str = "ecs";
const DIMENSION: &str = "ecs:service:DesiredCount";

/// The observed autoscaling of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedAutoscaling {
    /// `None` if the desired count is not scaled automatically.
    pub target: Option<ScalableTarget>,
    /// The policies as `DescribeScalingPolicies` returns them.
    pub policies: Vec<Value>,
    /// The scheduled actions as `DescribeScheduledActions` returns them.
    pub scheduled_actions: Vec<Value>,
}

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

impl Aws {
    /// Returns the scalable targets of services, without those that have none.
    ///
    /// # Errors
    /// An API call failed.
    pub async fn scalable_targets(
        &self,
        services: &[ServiceRef],
    ) -> Result<BTreeMap<ServiceRef, ScalableTarget>, ApiError> {
        let ids: BTreeMap<String, &ServiceRef> =
            services.iter().map(|service| (resource_id(&service.cluster, &service.name), service)).collect();
        let mut found = BTreeMap::new();
        for batch in ids.keys().cloned().collect::<Vec<_>>().chunks(MAX_TARGETS_PER_CALL) {
            let request =
                self.autoscaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
            let request = request.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
            let sent = request.set_resource_ids(Some(batch.to_vec())).send().await;
            let answer = sent.map_err(|error| {
                ApiError::from_sdk("application-autoscaling:DescribeScalableTargets", error)
            })?;
            for target in answer.scalable_targets() {
                let Some(service) = ids.get(target.resource_id()) else { continue };
                found.insert((*service).clone(), scalable_target_from(target));
            }
        }
        Ok(found)
    }

    /// Returns the scaling policies of a service.
    ///
    /// # Errors
    /// An API call failed.
    pub async fn scaling_policies(&self, service: &ServiceRef) -> Result<Vec<Value>, ApiError> {
        let operation = "application-autoscaling:DescribeScalingPolicies";
        let (mut policies, mut next) = (Vec::new(), None);
        loop {
            let raw = RawJson::capture();
            let request =
                self.autoscaling().describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
            let request = request
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .resource_id(resource_id(&service.cluster, &service.name))
                .set_next_token(next);
            let sent = request.customize().interceptor(raw.clone()).send().await;
            let answer = sent.map_err(|error| ApiError::from_sdk(operation, error))?;
            let page = raw.take_response(operation)?;
            policies.extend(list(operation, &page, "ScalingPolicies")?.iter().map(without_nulls));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(policies);
            }
        }
    }

    /// Returns the scheduled actions of a service.
    ///
    /// # Errors
    /// An API call failed.
    pub async fn scheduled_actions(&self, service: &ServiceRef) -> Result<Vec<Value>, ApiError> {
        let operation = "application-autoscaling:DescribeScheduledActions";
        let (mut actions, mut next) = (Vec::new(), None);
        loop {
            let raw = RawJson::capture();
            let request =
                self.autoscaling().describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
            let request = request
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .resource_id(resource_id(&service.cluster, &service.name))
                .set_next_token(next);
            let sent = request.customize().interceptor(raw.clone()).send().await;
            let answer = sent.map_err(|error| ApiError::from_sdk(operation, error))?;
            let page = raw.take_response(operation)?;
            actions.extend(list(operation, &page, "ScheduledActions")?.iter().map(without_nulls));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(actions);
            }
        }
    }

    /// Creates or updates a scaling policy of a service with a `PutScalingPolicy` document.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn put_scaling_policy(&self, service: &ServiceRef, document: &Value) -> Result<(), ApiError> {
        let raw = RawJson::with_body(&of_service(service, document));
        let sent = self.autoscaling().put_scaling_policy().customize().interceptor(raw).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("application-autoscaling:PutScalingPolicy", error))
    }

    /// Deletes a scaling policy of a service.
    ///
    /// # Errors
    /// The API call failed, with [`NOT_FOUND`] if there is no such policy.
    pub async fn delete_scaling_policy(&self, service: &ServiceRef, name: &str) -> Result<(), ApiError> {
        let raw = RawJson::with_body(&of_service(service, &json!({ "PolicyName": name })));
        let sent = self.autoscaling().delete_scaling_policy().customize().interceptor(raw).send().await;
        sent.map(drop)
            .map_err(|error| ApiError::from_sdk("application-autoscaling:DeleteScalingPolicy", error))
    }

    /// Creates or updates a scheduled action of a service with a `PutScheduledAction` document.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn put_scheduled_action(&self, service: &ServiceRef, document: &Value) -> Result<(), ApiError> {
        let raw = RawJson::with_body(&of_service(service, document));
        let sent = self.autoscaling().put_scheduled_action().customize().interceptor(raw).send().await;
        sent.map(drop)
            .map_err(|error| ApiError::from_sdk("application-autoscaling:PutScheduledAction", error))
    }

    /// Deletes a scheduled action of a service.
    ///
    /// # Errors
    /// The API call failed, with [`NOT_FOUND`] if there is no such action.
    pub async fn delete_scheduled_action(&self, service: &ServiceRef, name: &str) -> Result<(), ApiError> {
        let raw = RawJson::with_body(&of_service(service, &json!({ "ScheduledActionName": name })));
        let sent = self.autoscaling().delete_scheduled_action().customize().interceptor(raw).send().await;
        sent.map(drop)
            .map_err(|error| ApiError::from_sdk("application-autoscaling:DeleteScheduledAction", error))
    }

    /// Deregisters the scalable target of a service, which deletes its policies and scheduled actions.
    ///
    /// # Errors
    /// The API call failed, with [`NOT_FOUND`] if there is no scalable target.
    pub async fn deregister_scalable_target(&self, service: &ServiceRef) -> Result<(), ApiError> {
        let raw = RawJson::with_body(&of_service(service, &json!({})));
        let sent = self.autoscaling().deregister_scalable_target().customize().interceptor(raw).send().await;
        sent.map(drop)
            .map_err(|error| ApiError::from_sdk("application-autoscaling:DeregisterScalableTarget", error))
    }
}

/// Returns a document with the members that name the scalable target of a service.
fn of_service(service: &ServiceRef, document: &Value) -> Value {
    let mut whole = document.clone();
    whole["ServiceNamespace"] = NAMESPACE.into();
    whole["ResourceId"] = resource_id(&service.cluster, &service.name).into();
    whole["ScalableDimension"] = DIMENSION.into();
    whole
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
