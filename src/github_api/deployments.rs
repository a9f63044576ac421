//! Creates GitHub deployments and sets their statuses.

use super::{GitHubClient, GitHubError};
use crate::github::deployment::{
    NewDeployment, NewStatus, create_request, find, find_request, status_request,
};

impl GitHubClient {
    /// Creates a deployment, once for a release. Returns its id.
    ///
    /// # Errors
    /// The token may not create deployments, GitHub does not have the commit, or there was no answer.
    pub async fn create_deployment(&self, new: &NewDeployment) -> Result<u64, GitHubError> {
        let operation = self.operation();
        let error = match operation.send(&create_request(&self.repository, new)).await {
            Ok(response) => {
                return response.body["id"].as_u64().ok_or_else(GitHubError::not_understood);
            }
            Err(error) if error.is_uncertain() => error,
            Err(error) => return Err(error),
        };
        // The request may have been executed: a second one would make a second deployment.
        let known = operation.send(&find_request(&self.repository, new).page(1)).await?;
        let known = known.body.as_array().map(Vec::as_slice).unwrap_or_default();
        find(&new.release, known).ok_or(error)
    }

    /// Gives a deployment a status.
    ///
    /// # Errors
    /// The token may not set statuses, or there was no answer.
    pub async fn set_deployment_status(
        &self,
        deployment: u64,
        status: &NewStatus,
    ) -> Result<(), GitHubError> {
        let request = status_request(&self.repository, deployment, status);
        self.operation().send(&request).await.map(drop)
    }
}
