//! Encrypts and decrypts values with keys of KMS, without an encryption context. Never prints a value.

use aws_smithy_types::base64;
use serde_json::json;

use super::signed_call::{ServiceName, SignedClient};
use super::{ApiError, Aws};
use crate::error::Result;
use crate::retry::Policy;
use crate::secret_store::Ciphertext;

const SERVICE: ServiceName = ServiceName {
    signing: "kms",
    id: "KMS",
    target: "TrentService",
    content_type: "application/x-amz-json-1.1",
};

/// The most bytes that `Encrypt` takes (API reference of KMS).
pub const MOST_BYTES: usize = 4096;

/// Encrypts and decrypts, with connections of its own.
#[derive(Clone, Debug)]
pub struct Kms(SignedClient);

impl Aws {
    /// Returns a client of KMS in a region, or in that of the run. Sends nothing.
    ///
    /// # Errors
    /// A proxy or the certificates cannot be used.
    pub fn kms(&self, region: Option<&str>) -> Result<Kms> {
        let region = region.unwrap_or(&self.region);
        Ok(Kms(self.signed_client_in(SERVICE, region)?.with_attempts(Policy::CALL)))
    }
}

impl Kms {
    /// Returns the ciphertext of a value under a key: its id, its ARN, or an alias with `alias/`.
    ///
    /// # Errors
    /// The call failed.
    pub async fn encrypt(&self, value: &str, key: &str) -> Result<Ciphertext, ApiError> {
        let input = json!({ "KeyId": key, "Plaintext": base64::encode(value) });
        let answer = self.0.call("Encrypt", &input).await.map_err(|error| error.error)?;
        let ciphertext = answer.body["CiphertextBlob"].as_str().map(str::to_owned);
        let ciphertext = ciphertext.ok_or_else(|| ApiError::unreadable(&self.0.action("Encrypt")))?;
        Ok(Ciphertext(ciphertext))
    }

    /// Returns what a ciphertext stands for. The key is in the ciphertext.
    ///
    /// # Errors
    /// The call failed, or the value is no text.
    pub async fn decrypt(&self, ciphertext: &Ciphertext) -> Result<String, ApiError> {
        let action = self.0.action("Decrypt");
        let answer = self.0.call("Decrypt", &json!({ "CiphertextBlob": ciphertext.0 })).await;
        let body = answer.map_err(|error| error.error)?.body;
        let bytes = body["Plaintext"].as_str().and_then(|text| base64::decode(text).ok());
        let bytes = bytes.ok_or_else(|| ApiError::unreadable(&action))?;
        String::from_utf8(bytes).map_err(|_| ApiError::not_understood(&action, &"the value is no UTF-8 text"))
    }
}
