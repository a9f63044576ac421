//! Calls ECS to create and delete services, and reads the clusters that they are created in. Documents are sent and kept
//! as raw JSON; see [`super::raw_json`].

use serde_json::Value;

use super::ecs::without_retries;
use super::raw_json::RawJson;
use super::{ApiError, Aws};

impl Aws {
    /// Creates a service with a `CreateService` document and returns the service as raw JSON. Sent once.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn create_service(&self, document: &Value) -> Result<Value, ApiError> {
        let raw = RawJson::with_body(document);
        let request = self.ecs.create_service().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:CreateService", error))?;
        service_of("ecs:CreateService", &raw)
    }

    /// Deletes a service and returns it as raw JSON; with `force`, also one that is scaled above 0.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn delete_service(&self, cluster: &str, name: &str, force: bool) -> Result<Value, ApiError> {
        let raw = RawJson::capture();
        let request = self.ecs.delete_service().cluster(cluster).service(name).force(force);
        let sent = request.customize().interceptor(raw.clone()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:DeleteService", error))?;
        service_of("ecs:DeleteService", &raw)
    }

    /// Returns a cluster as raw JSON, or `None` if it does not exist.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn cluster(&self, name: &str) -> Result<Option<Value>, ApiError> {
        let raw = RawJson::capture();
        let request = self.ecs.describe_clusters().clusters(name);
        let sent = request.customize().interceptor(raw.clone()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:DescribeClusters", error))?;
        let mut answer = raw.take_response("ecs:DescribeClusters")?;
        Ok(answer["clusters"].as_array_mut().and_then(Vec::pop))
    }

    /// Removes tags from a resource.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn untag_resource(&self, arn: &str, keys: &[String]) -> Result<(), ApiError> {
        let request = self.ecs.untag_resource().resource_arn(arn).set_tag_keys(Some(keys.to_vec()));
        let sent = request.send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("ecs:UntagResource", error))
    }
}

/// Returns the service in the answer of an operation.
pub(super) fn service_of(operation: &'static str, raw: &RawJson) -> Result<Value, ApiError> {
    match raw.take_response(operation)?["service"].take() {
        Value::Null => Err(ApiError::unreadable(operation)),
        service => Ok(service),
    }
}
