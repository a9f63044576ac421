//! Reads parameters of Systems Manager. Never writes one, and never prints a value.

use serde_json::json;

use super::Aws;
use super::signed_call::{ServiceName, SignedClient};
use crate::error::Result;

const SERVICE: ServiceName = ServiceName {
    signing: "ssm",
    id: "SSM",
    target: "AmazonSSM",
    content_type: "application/x-amz-json-1.1",
};

/// Reads parameters, with connections of its own.
#[derive(Clone, Debug)]
pub struct ParameterReader(SignedClient);

impl Aws {
    /// Returns a reader of parameters. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn parameter_reader(&self) -> Result<ParameterReader> {
        Ok(ParameterReader(self.signed_client(SERVICE)?))
    }
}

impl ParameterReader {
    /// Returns the value of a parameter, decrypted.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn read(&self, name: &str) -> Result<String, String> {
        let input = json!({ "Name": name, "WithDecryption": true });
        let answer = self.0.call("GetParameter", &input).await.map_err(|error| error.error.to_string())?;
        let value = answer.body["Parameter"]["Value"].as_str().map(str::to_owned);
        value.ok_or_else(|| "the answer has no value".to_owned())
    }
}
