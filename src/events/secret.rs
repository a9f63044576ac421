//! Events about secrets. None of them has a value.

use schemars::JsonSchema;
use serde::Serialize;

/// Where a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreName {
    ParameterStore,
    SecretsManager,
}

/// Reported by `ecsail secret put` and `from-kms`: a secret was written.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SecretWritten {
    pub name: String,
    pub store: StoreName,
    pub region: String,
    pub action: SecretAction,
    /// The version of a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The ARN of a secret in Secrets Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The entry of `secrets` to write.
    pub entry: WrittenEntry,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretAction {
    Created,
    /// It has a new value.
    Replaced,
}

/// An entry of `secrets` of a container.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WrittenEntry {
    pub name: String,
    #[serde(rename = "valueFrom")]
    pub value_from: String,
}

/// Reported by `ecsail secret list` for each secret.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Secret {
    pub name: String,
    pub store: StoreName,
    /// When it changed last, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<f64>,
}

/// Reported by `ecsail secret diff` for each secret to which the documents refer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SecretReference {
    /// The `valueFrom` of the documents.
    pub value_from: String,
    pub state: ReferenceState,
    /// Why it is not known whether it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The documents and their variables: `web: DB_PASSWORD`.
    pub used_by: Vec<String>,
}

/// Whether a secret exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceState {
    Found,
    Missing,
    /// It is scheduled for deletion, and cannot be read.
    Deleted,
    Unknown,
}

/// Reported by `ecsail secret encrypt`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Encrypted {
    /// The ciphertext as a value of a definition: `${BASE64}`.
    pub value: String,
}
