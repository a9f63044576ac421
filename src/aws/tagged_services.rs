//! Calls ECS and Application Auto Scaling about the services of a cluster as a whole: their descriptions with tags, and
//! which of them are scaled automatically.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_sdk_ecs::types::ServiceField;
use serde_json::Value;

use super::raw_json::{RawJson, list, text};
use super::{ApiError, Aws};

/// The most services that one `DescribeServices` call takes (API reference, `DescribeServices`, `services`).
const MAX_SERVICES_PER_CALL: usize = 10;

impl Aws {
    /// Returns services with their tags as raw JSON, by name; names that do not exist are left out.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn services_with_tags(
        &self,
        cluster: &str,
        names: &[String],
    ) -> Result<BTreeMap<String, Value>, ApiError> {
        const OPERATION: &str = "ecs:DescribeServices";
        let calls = names.chunks(MAX_SERVICES_PER_CALL).map(|names| async move {
            let raw = RawJson::capture();
            let request = self.ecs.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
            let request = request.include(ServiceField::Tags).customize().interceptor(raw.clone());
            request.send().await.map_err(|error| ApiError::from_sdk(OPERATION, error))?;
            raw.take_response(OPERATION)
        });
        let mut services = BTreeMap::new();
        for answer in futures_util::future::try_join_all(calls).await? {
            for service in list(OPERATION, &answer, "services")? {
                services.insert(text(OPERATION, service, "serviceName")?.to_owned(), service.clone());
            }
        }
        Ok(services)
    }

    /// Returns the resource ids of all services that are scaled automatically, such as `service/main/web`.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn scaled_services(&self) -> Result<BTreeSet<String>, ApiError> {
        let request = self.autoscaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let request = request.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        let mut pages = request.into_paginator().items().send();
        let mut found = BTreeSet::new();
        while let Some(target) = pages.next().await {
            let target = target.map_err(|error| {
                ApiError::from_sdk("application-autoscaling:DescribeScalableTargets", error)
            })?;
            found.insert(target.resource_id().to_owned());
        }
        Ok(found)
    }
}
