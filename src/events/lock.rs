//! Events about the lock of a stage.

use schemars::JsonSchema;
use serde::Serialize;

/// Reported by `ecsail lock status`, `hold` and `release`: the lock after the command. What is not known is absent.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Lock {
    /// The app and its stage: `shop/production`.
    pub key: String,
    pub table: String,
    pub state: LockState,
    /// The user who holds it, or held it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The ARN of the credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The address of the CI job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The id of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The end of a hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How long the lock of a command lasts without a renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<f64>,
    /// Who released it by force, or took it over from whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The state of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    Free,
    /// A command has it.
    Locked,
    /// A person holds it.
    OnHold,
}

/// Reported by `ecsail lock init`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LockTable {
    pub table: String,
    /// Whether it was created; false where it was there.
    pub created: bool,
    /// The resource for Terraform, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terraform: Option<String>,
    /// The IAM policy for recorded approvals, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}
