//! Requests to approve a change that has no plan file: what a rollback, a deletion and the like would change, in words. Pure.
//!
//! A file has two lines, as a plan has. What is approved is the intent alone, which the command computes again.

use serde::{Deserialize, Serialize};

use super::{ApprovalTerms, hash};
use crate::error::{Failure, Result};

/// The format that this version writes, and the only one that it reads.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    ecsail_request: u32,
    sha256: String,
}

/// A change as it is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The command, such as `rollback`.
    pub command: String,
    pub app: Option<String>,
    pub stage: Option<String>,
    pub account: String,
    pub region: String,
    /// What changes, from what it is now: a sentence each.
    pub changes: Vec<String>,
}

impl Intent {
    /// Returns the SHA-256 of the intent, in hexadecimal digits.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn digest(&self) -> Result<String> {
        let text = serde_json::to_string(self).map_err(unwritable)?;
        Ok(hash(text.as_bytes()))
    }
}

/// A request to approve a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    /// The version of ecsail that made it.
    pub version: String,
    /// As RFC 3339.
    pub requested_at: String,
    pub intent: Intent,
    pub terms: ApprovalTerms,
}

impl ChangeRequest {
    /// Reads the text of a file; `None` for one that is no request.
    ///
    /// # Errors
    /// The request is of another format, or was edited.
    pub fn parse(text: &str, name: &str) -> Result<Option<ChangeRequest>> {
        let Some((header, body)) = text.split_once('\n') else { return Ok(None) };
        let Ok(header) = serde_json::from_str::<Header>(header) else { return Ok(None) };
        let refuse = |message: String| {
            Failure::refused(message).with_hint("write it again with `--request-approval FILE`".to_owned())
        };
        if header.ecsail_request != FORMAT {
            return Err(refuse(format!(
                "request `{name}` has format {}, not {FORMAT}",
                header.ecsail_request
            )));
        }
        let body = body.strip_suffix('\n').unwrap_or(body);
        if hash(body.as_bytes()) != header.sha256 {
            return Err(refuse(format!("request `{name}` was edited after it was saved")));
        }
        let read = serde_json::from_str(body);
        read.map(Some)
            .map_err(|error| refuse(format!("`{name}` is not a request")).with_cause(error.to_string()))
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn to_text(&self) -> Result<String> {
        let body = serde_json::to_string(self).map_err(unwritable)?;
        let header = Header { ecsail_request: FORMAT, sha256: hash(body.as_bytes()) };
        let header = serde_json::to_string(&header).map_err(unwritable)?;
        Ok(format!("{header}\n{body}\n"))
    }
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::error("failed to write the request as JSON").with_cause(error.to_string())
}
