//! Calls ECS about services with their tags.

use std::collections::BTreeMap;

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
}
