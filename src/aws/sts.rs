//! Calls STS.

use std::time::Duration;

use super::types::Caller;
use super::{ApiError, Aws};

const ACTION: &str = "sts:GetCallerIdentity";
/// How long the call may take: nothing that is changed in ECS depends on it. Longer than an address that cannot be reached
/// is tried, so that the reason is reported.
const LIMIT: Duration = Duration::from_secs(6);

impl Aws {
    /// Returns the identity that runs ecsail.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn caller(&self) -> Result<Caller, ApiError> {
        let client = aws_sdk_sts::Client::new(&self.config);
        let call = client.get_caller_identity().send();
        let Ok(answer) = tokio::time::timeout(LIMIT, call).await else {
            return Err(ApiError::not_answered_within(ACTION, LIMIT));
        };
        let answer = answer.map_err(|error| ApiError::from_sdk(ACTION, error))?;
        let (Some(account), Some(arn)) = (answer.account(), answer.arn()) else {
            return Err(ApiError::unreadable(ACTION));
        };
        Ok(Caller { account: account.to_owned(), arn: arn.to_owned() })
    }
}
