//! Finds the ARNs of secrets. Reads the value of one only for the names of its keys, and never returns it.

use serde_json::{Value, json};

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
        self.secret_finder_in(&self.region)
    }

    /// Returns a finder of the secrets of another region. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn secret_finder_in(&self, region: &str) -> Result<SecretFinder> {
        Ok(SecretFinder(self.signed_client_in(SERVICE, region)?.with_attempts(Policy::CALL)))
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

    /// Returns the keys of the value of a secret; `None` where it is no JSON object. The value is dropped here.
    ///
    /// # Errors
    /// There is no such secret, or the call failed.
    pub async fn keys(&self, id: &str) -> Result<Option<Vec<String>>, ApiError> {
        let answer = self.0.call("GetSecretValue", &json!({ "SecretId": id })).await;
        let body = answer.map_err(|error| error.error)?.body;
        let text = body["SecretString"].as_str().unwrap_or_default();
        let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else { return Ok(None) };
        Ok(Some(members.into_iter().map(|(key, _)| key).collect()))
    }
}
