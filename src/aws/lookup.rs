//! Limits the calls on which no change depends, so that none of them holds a run for long.

use std::time::Duration;

use super::ApiError;

/// How long such a call may take. Longer than an address that cannot be reached is tried, so that the reason is reported.
///
/// Unit tests hold answers back until another command has ended, however long a loaded machine takes for that.
pub const LOOKUP_LIMIT: Duration = if cfg!(test) { Duration::from_mins(5) } else { Duration::from_secs(6) };

/// Returns the answer to calls of these actions, or the error that there was none in time.
///
/// # Errors
/// A call failed, or the time was up.
pub async fn in_time<T>(
    actions: &str,
    call: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    match tokio::time::timeout(LOOKUP_LIMIT, call).await {
        Ok(answer) => answer,
        Err(_) => Err(ApiError::not_answered_within(actions, LOOKUP_LIMIT)),
    }
}
