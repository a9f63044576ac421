//! Sets the label of a pull request that says whether its plans change something.

use super::{GitHubClient, GitHubError};
use crate::github::label::{add_request, create_request, label_change, list_request, remove_request};

impl GitHubClient {
    /// Sets one of the two labels, and removes the other.
    ///
    /// # Errors
    /// The token may not set labels, or there was no answer.
    pub async fn label_plan(&self, pull: u64, has_changes: bool) -> Result<(), GitHubError> {
        let operation = self.operation();
        let labels = operation.list(&list_request(&self.repository, pull)).await?;
        let change = label_change(has_changes, &labels);
        if let Some(label) = change.added {
            // The repository has the label after the first time.
            unless(422, operation.send(&create_request(&self.repository, label)).await.map(drop))?;
            operation.send(&add_request(&self.repository, pull, label)).await?;
        }
        if let Some(label) = change.removed {
            unless(404, operation.send(&remove_request(&self.repository, pull, label)).await.map(drop))?;
        }
        Ok(())
    }
}

/// Returns a result, where an error with this status is none.
fn unless(status: u16, result: Result<(), GitHubError>) -> Result<(), GitHubError> {
    result.or_else(|error| if error.status == Some(status) { Ok(()) } else { Err(error) })
}
