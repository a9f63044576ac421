//! Calls STS.

use super::lookup::in_time;
use super::types::Caller;
use super::{ApiError, Aws};

const ACTION: &str = "sts:GetCallerIdentity";

impl Aws {
    /// Returns the identity that runs ecsail.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn caller(&self) -> Result<Caller, ApiError> {
        let client = aws_sdk_sts::Client::new(&self.config);
        let answer = in_time(ACTION, async {
            let sent = client.get_caller_identity().send().await;
            sent.map_err(|error| ApiError::from_sdk(ACTION, error))
        });
        let answer = answer.await?;
        let (Some(account), Some(arn)) = (answer.account(), answer.arn()) else {
            return Err(ApiError::unreadable(ACTION));
        };
        let user_id = answer.user_id().unwrap_or_default().to_owned();
        Ok(Caller { account: account.to_owned(), arn: arn.to_owned(), user_id })
    }
}
