//! Calls the operations of ECS on Express services. Documents are sent and kept as raw JSON; see [`super::raw_json`].

use serde_json::{Value, json};

use super::ecs::without_retries;
use super::raw_json::RawJson;
use super::services::service_of;
use super::{ApiError, Aws};

impl Aws {
    /// Returns an Express service as raw JSON, by its ARN.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn express_service(&self, arn: &str) -> Result<Value, ApiError> {
        let raw = RawJson::capture();
        let request = self.ecs.describe_express_gateway_service().service_arn(arn);
        let sent = request.customize().interceptor(raw.clone()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:DescribeExpressGatewayService", error))?;
        service_of("ecs:DescribeExpressGatewayService", &raw)
    }

    /// Creates an Express service with a `CreateExpressGatewayService` document and returns it as raw JSON. Sent once: the
    /// call has no idempotency token.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn create_express_service(&self, document: &Value) -> Result<Value, ApiError> {
        let raw = RawJson::with_body(document);
        let request = self.ecs.create_express_gateway_service().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:CreateExpressGatewayService", error))?;
        service_of("ecs:CreateExpressGatewayService", &raw)
    }

    /// Updates an Express service with an `UpdateExpressGatewayService` document and returns it as raw JSON. Sent once.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn update_express_service(&self, document: &Value) -> Result<Value, ApiError> {
        let raw = RawJson::with_body(document);
        let request = self.ecs.update_express_gateway_service().customize().interceptor(raw.clone());
        let sent = request.config_override(without_retries()).send().await;
        sent.map_err(|error| ApiError::from_sdk("ecs:UpdateExpressGatewayService", error))?;
        service_of("ecs:UpdateExpressGatewayService", &raw)
    }

    /// Begins the deletion of an Express service, with its load balancer and its scaling.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn delete_express_service(&self, arn: &str) -> Result<(), ApiError> {
        let raw = RawJson::with_body(&json!({ "serviceArn": arn }));
        let sent = self.ecs.delete_express_gateway_service().customize().interceptor(raw).send().await;
        sent.map(drop).map_err(|error| ApiError::from_sdk("ecs:DeleteExpressGatewayService", error))
    }
}
