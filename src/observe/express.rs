//! Reads the Express services of the manifest that exist: what they are compared with.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde_json::Value;

use crate::aws::types::{ObservedService, ServiceRef, ServiceStatus};
use crate::aws::{ApiError, Aws};
use crate::render::{DefinitionSource, DesiredState};

/// Returns the Express services that the manifest describes and that are not deleted, as raw JSON.
///
/// # Errors
/// An API call failed: without the configuration nothing can be compared.
pub(super) async fn observe(
    aws: &Aws,
    desired: &DesiredState,
    services: &BTreeMap<ServiceRef, ObservedService>,
) -> Result<BTreeMap<ServiceRef, Value>, ApiError> {
    let described =
        desired.services.iter().filter(|service| matches!(service.definition, DefinitionSource::Express(_)));
    let places = described.map(|service| ServiceRef::new(&service.cluster, &service.name));
    let existing = places.filter_map(|place| Some((services.get(&place)?, place)));
    let reading = existing.filter(|(seen, _)| can_be_express(seen)).map(async |(seen, place)| {
        let express = aws.express_service(&seen.service.service_arn).await?;
        Ok::<_, ApiError>((place, express))
    });
    Ok(try_join_all(reading).await?.into_iter().collect())
}

/// Returns whether a service may be an Express service: ECS marks it, and other implementations of the API do not.
fn can_be_express(seen: &ObservedService) -> bool {
    let kind = &seen.document["resourceManagementType"];
    seen.service.status == ServiceStatus::Active && (kind.is_null() || kind == "ECS")
}
