//! Finds the ARNs of secrets. Never reads the value of one.

use serde_json::json;

use super::signed_call::{ServiceName, SignedClient};
use super::{ApiError, Aws};
use crate::error::Result;
use crate::retry::Policy;

const SERVICE: ServiceName = ServiceName {
    signing: "secretsmanager",
    id: "Secrets Manager",
    target: "secretsmanager",
    content_type: "application/x-amz-json-1.1",
};

/// Finds secrets, with connections of its own.
#[derive(Clone, Debug)]
pub struct SecretFinder(SignedClient);

/// A secret that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedSecret {
    /// The ARN with the six characters at its end.
    pub arn: String,
    /// Whether it will be deleted, and cannot be read any more.
    pub is_deleted: bool,
}

impl Aws {
    /// Returns a finder of secrets. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn secret_finder(&self) -> Result<SecretFinder> {
        Ok(SecretFinder(self.signed_client(SERVICE)?.with_attempts(Policy::CALL)))
    }
}

impl SecretFinder {
    /// Returns a secret by its name or its ARN.
    ///
    /// # Errors
    /// There is none, or the call failed.
    pub async fn describe(&self, id: &str) -> Result<DescribedSecret, ApiError> {
        let answer = self.0.call("DescribeSecret", &json!({ "SecretId": id })).await;
        let body = answer.map_err(|error| error.error)?.body;
        let Some(arn) = body["ARN"].as_str().map(str::to_owned) else {
            return Err(ApiError::unreadable(&self.0.action("DescribeSecret")));
        };
        Ok(DescribedSecret { arn, is_deleted: !body["DeletedDate"].is_null() })
    }
}
