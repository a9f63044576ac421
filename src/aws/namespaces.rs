//! The services of a Service Connect namespace.

use super::{ApiError, Aws};

const OPERATION: &str = "ecs:ListServicesByNamespace";

impl Aws {
    /// Returns whether a service is in a namespace, which is given by its name or its ARN.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn is_in_namespace(&self, namespace: &str, service_arn: &str) -> Result<bool, ApiError> {
        let request = self.ecs.list_services_by_namespace().namespace(namespace).max_results(100);
        let mut pages = request.into_paginator().items().send();
        while let Some(arn) = pages.next().await {
            match arn.map_err(|error| ApiError::from_sdk(OPERATION, error)) {
                Ok(arn) if arn == service_arn => return Ok(true),
                Ok(_) => {}
                // A namespace that does not exist has no services.
                Err(error) if error.code.as_deref() == Some("NamespaceNotFoundException") => {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
