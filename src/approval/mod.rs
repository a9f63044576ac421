//! Approvals of changes to a protected stage: who approved, whether they are other people, and how many are missing. Pure: the
//! proofs are checked by `aws`, and the time is passed in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub mod identity;
pub mod record;
pub mod review;
pub mod tally;
pub mod token;

pub use identity::Identity;
pub use record::ApprovalRecord;
pub use tally::{ExcludedApprovers, Tally, tally};
pub use token::ApprovalToken;

/// How long AWS STS takes a signature, whatever else it says (aws-iam-authenticator, pkg/token/token.go).
pub const TOKEN_VALIDITY: Duration = Duration::from_mins(15);
/// How long an approval counts that was recorded in the table of the lock: as long as a plan by default.
pub const RECORD_VALIDITY: Duration = Duration::from_hours(24);

/// What a protected stage asks for before it is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// How many people must approve.
    pub approvals: u32,
    /// The ARNs of those whose approval counts; empty for everybody of the account.
    pub approvers: Vec<String>,
    /// The GitHub environment whose reviewers count as one approval.
    pub github: Option<String>,
}

impl Default for Protection {
    fn default() -> Protection {
        Protection { approvals: 1, approvers: Vec::new(), github: None }
    }
}

/// Returns what a signature covers for the digest of a plan or request, in hexadecimal digits.
pub fn binding(digest: &str) -> String {
    format!("sha256:{digest}")
}
