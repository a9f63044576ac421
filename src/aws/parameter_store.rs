//! Describes and writes parameters of Systems Manager. Never reads the value of one but to see whether a write took effect.

use serde_json::{Value, json};

use super::signed_call::SignedClient;
use super::ssm::SERVICE;
use super::{ApiError, Aws};
use crate::error::Result;
use crate::retry::{Backoff, Policy};

/// The most parameters of a page (API reference of Systems Manager, `DescribeParameters`).
const PAGE: usize = 50;
/// A write is sent once: another attempt would make another version.
const ONCE: Policy = Policy { attempts: 1, backoff: Backoff::Constant(std::time::Duration::ZERO) };

/// Describes and writes parameters, with connections of its own.
#[derive(Clone, Debug)]
pub struct ParameterStore(SignedClient);

/// A parameter without its value.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedParameter {
    pub name: String,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    pub version: u64,
    /// The key of a `SecureString`, as it was given.
    pub kms_key: Option<String>,
    pub is_advanced: bool,
    /// When it changed last, in seconds since 1970.
    pub changed_at: Option<f64>,
}

/// What a parameter is written with. Its type is `SecureString`.
#[derive(Clone, Copy)]
pub struct NewParameter<'a> {
    pub name: &'a str,
    pub value: &'a str,
    /// `None` for the key of the account.
    pub kms_key: Option<&'a str>,
    pub is_advanced: bool,
    /// Whether there is a version before. A call with the wrong one is refused.
    pub replaces: bool,
}

impl Aws {
    /// Returns a client for the parameters of a region. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn parameter_store_in(&self, region: &str) -> Result<ParameterStore> {
        Ok(ParameterStore(self.signed_client_in(SERVICE, region)?.with_attempts(Policy::CALL)))
    }
}

impl ParameterStore {
    /// Returns those of the parameters that exist.
    ///
    /// # Errors
    /// A call failed.
    pub async fn describe(&self, names: &[String]) -> Result<Vec<DescribedParameter>, ApiError> {
        let mut found = Vec::new();
        for names in names.chunks(PAGE) {
            found.extend(
                self.filtered(&json!([{ "Key": "Name", "Option": "Equals", "Values": names }])).await?,
            );
        }
        Ok(found)
    }

    /// Returns the `SecureString` parameters whose names begin with a text.
    ///
    /// # Errors
    /// A call failed.
    pub async fn list_secure(&self, prefix: &str) -> Result<Vec<DescribedParameter>, ApiError> {
        let mut filters = json!([{ "Key": "Type", "Option": "Equals", "Values": ["SecureString"] }]);
        if let (Some(filters), false) = (filters.as_array_mut(), prefix.is_empty()) {
            filters.push(json!({ "Key": "Name", "Option": "BeginsWith", "Values": [prefix] }));
        }
        let mut found = self.filtered(&filters).await?;
        found.retain(|parameter| parameter.name.starts_with(prefix));
        Ok(found)
    }

    async fn filtered(&self, filters: &Value) -> Result<Vec<DescribedParameter>, ApiError> {
        let mut input = json!({ "ParameterFilters": filters, "MaxResults": PAGE });
        let mut found = Vec::new();
        loop {
            let answer = self.0.call("DescribeParameters", &input).await.map_err(|error| error.error)?.body;
            found.extend(answer["Parameters"].as_array().into_iter().flatten().map(described));
            if answer["NextToken"].is_null() {
                return Ok(found);
            }
            input["NextToken"] = answer["NextToken"].clone();
        }
    }

    /// Writes a parameter once, and returns its version.
    ///
    /// # Errors
    /// The call was refused, or its answer was lost, so that it may have taken effect.
    pub async fn put_parameter(&self, new: NewParameter<'_>) -> Result<u64, ApiError> {
        let mut input = json!({
            "Name": new.name,
            "Value": new.value,
            "Type": "SecureString",
            "Overwrite": new.replaces,
            "Tier": if new.is_advanced { "Advanced" } else { "Standard" },
        });
        if let Some(key) = new.kms_key {
            input["KeyId"] = json!(key);
        }
        let answer = self.0.clone().with_attempts(ONCE).call("PutParameter", &input).await;
        let body = answer.map_err(|error| error.error)?.body;
        body["Version"].as_u64().ok_or_else(|| ApiError::unreadable(&self.0.action("PutParameter")))
    }

    /// Returns whether a version of a parameter has a value; `false` also where there is no such version.
    ///
    /// # Errors
    /// The call failed.
    pub async fn has_value(&self, name: &str, version: u64, value: &str) -> Result<bool, ApiError> {
        let input = json!({ "Name": format!("{name}:{version}"), "WithDecryption": true });
        match self.0.call("GetParameter", &input).await {
            Ok(answer) => Ok(answer.body["Parameter"]["Value"] == value),
            Err(error) if is_missing(&error.error) => Ok(false),
            Err(error) => Err(error.error),
        }
    }
}

fn is_missing(error: &ApiError) -> bool {
    matches!(error.code.as_deref(), Some("ParameterNotFound" | "ParameterVersionNotFound"))
}

fn described(body: &Value) -> DescribedParameter {
    let text = |member: &str| body[member].as_str().map(str::to_owned);
    DescribedParameter {
        name: text("Name").unwrap_or_default(),
        kind: text("Type").unwrap_or_default(),
        version: body["Version"].as_u64().unwrap_or_default(),
        kms_key: text("KeyId"),
        is_advanced: body["Tier"] == "Advanced",
        changed_at: body["LastModifiedDate"].as_f64(),
    }
}
