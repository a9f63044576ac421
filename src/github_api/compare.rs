//! Reads the commits between two others.

use super::{GitHubClient, GitHubError};
use crate::github::compare::{CommitRange, commit_range, compare_request};

impl GitHubClient {
    /// Returns the commits that `head` has and `base` has not.
    ///
    /// # Errors
    /// GitHub does not have one of the commits, the token may not read them, or there was no answer.
    pub async fn commits_between(&self, base: &str, head: &str) -> Result<CommitRange, GitHubError> {
        let response = self.operation().send(&compare_request(&self.repository, base, head)).await?;
        commit_range(base, head, &response.body).ok_or_else(GitHubError::not_understood)
    }
}
