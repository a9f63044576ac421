//! Finds, lists and writes secrets. Reads the value of one only for the names of its keys, and never returns it.

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
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedSecret {
    /// The ARN with the six characters at its end.
    pub arn: String,
    /// Whether it will be deleted, and cannot be read any more.
    pub is_deleted: bool,
    /// Whether Secrets Manager replaces its value by itself.
    pub is_rotated: bool,
    pub name: String,
    /// When its value changed last, in seconds since 1970.
    pub changed_at: Option<f64>,
    /// The ids of its versions that have a label.
    pub versions: Vec<String>,
}

/// What a secret is written with.
#[derive(Clone, Copy)]
pub struct NewSecretValue<'a> {
    pub value: &'a str,
    /// The id of the new version: AWS takes two calls with the same one for one.
    pub token: &'a str,
    /// The key of a new secret; `None` for that of the account.
    pub kms_key: Option<&'a str>,
}

/// Writes secrets, with connections of its own.
#[derive(Clone, Debug)]
pub struct SecretWriter(SignedClient);

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

    /// Returns a writer of secrets. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn secret_writer(&self) -> Result<SecretWriter> {
        Ok(SecretWriter(self.signed_client(SERVICE)?.with_attempts(Policy::CALL)))
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
        described(&body).ok_or_else(|| ApiError::unreadable(&self.0.action("DescribeSecret")))
    }

    /// Returns the secrets whose names begin with a text, without those that will be deleted.
    ///
    /// # Errors
    /// A call failed.
    pub async fn list(&self, prefix: &str) -> Result<Vec<DescribedSecret>, ApiError> {
        let mut input = json!({ "MaxResults": 100 });
        if !prefix.is_empty() {
            input["Filters"] = json!([{ "Key": "name", "Values": [prefix] }]);
        }
        let mut found = Vec::new();
        loop {
            let answer = self.0.call("ListSecrets", &input).await.map_err(|error| error.error)?.body;
            found.extend(answer["SecretList"].as_array().into_iter().flatten().filter_map(described));
            if answer["NextToken"].is_null() {
                // The filter of AWS does not tell capitals from small letters.
                found.retain(|secret| secret.name.starts_with(prefix));
                return Ok(found);
            }
            input["NextToken"] = answer["NextToken"].clone();
        }
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

impl SecretWriter {
    /// Creates a secret, and returns its ARN. A call without an answer is repeated, which has no further effect.
    ///
    /// # Errors
    /// There is one of its name, or the call failed.
    pub async fn create_secret(&self, name: &str, new: NewSecretValue<'_>) -> Result<String, ApiError> {
        let mut input = json!({ "Name": name, "SecretString": new.value, "ClientRequestToken": new.token });
        if let Some(key) = new.kms_key {
            input["KmsKeyId"] = json!(key);
        }
        self.write("CreateSecret", &input).await
    }

    /// Replaces the value of a secret, and returns its ARN. A call without an answer is repeated, which has no further effect.
    ///
    /// # Errors
    /// The call failed.
    pub async fn put_secret_value(&self, id: &str, new: NewSecretValue<'_>) -> Result<String, ApiError> {
        let input = json!({ "SecretId": id, "SecretString": new.value, "ClientRequestToken": new.token });
        self.write("PutSecretValue", &input).await
    }

    async fn write(&self, operation: &str, input: &Value) -> Result<String, ApiError> {
        let answer = self.0.call(operation, input).await.map_err(|error| error.error)?;
        let arn = answer.body["ARN"].as_str().map(str::to_owned);
        arn.ok_or_else(|| ApiError::unreadable(&self.0.action(operation)))
    }
}

fn described(body: &Value) -> Option<DescribedSecret> {
    let versions = body["VersionIdsToStages"].as_object().into_iter().flatten();
    Some(DescribedSecret {
        arn: body["ARN"].as_str()?.to_owned(),
        is_deleted: !body["DeletedDate"].is_null(),
        is_rotated: body["RotationEnabled"] == true,
        name: body["Name"].as_str().unwrap_or_default().to_owned(),
        changed_at: body["LastChangedDate"].as_f64(),
        versions: versions.map(|(version, _)| version.clone()).collect(),
    })
}
