//! Calls STS.

use super::types::Caller;
use super::{ApiError, Aws};

impl Aws {
    /// Returns the identity that runs ecsail.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn caller(&self) -> Result<Caller, ApiError> {
        let client = aws_sdk_sts::Client::new(&self.config);
        let answer = client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| ApiError::new("sts:GetCallerIdentity", error))?;
        let (Some(account), Some(arn)) = (answer.account(), answer.arn()) else {
            return Err(ApiError::unreadable("sts:GetCallerIdentity"));
        };
        Ok(Caller { account: account.to_owned(), arn: arn.to_owned() })
    }
}
