//! Events about approvals of a protected stage.

use schemars::JsonSchema;
use serde::Serialize;

/// Reported by `ecsail approve`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Approved {
    /// The app and its stage: `shop/production`.
    pub stage: String,
    /// The SHA-256 of what was approved: a plan, or a requested change.
    pub sha256: String,
    /// The user or session who approved.
    pub approver: String,
    /// The ARN of the credentials.
    pub principal: String,
    /// The approval to hand on; absent where it was recorded or written to a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the approval expires; absent where it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// Reported where `--emergency` lets a command change a stage without approval.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Emergency {
    /// The command, such as `deploy`.
    pub command: String,
    pub reason: String,
    /// Null where there are no stages.
    pub stage: Option<String>,
    /// Whether the stage asks for approvals.
    pub is_protected: bool,
}
