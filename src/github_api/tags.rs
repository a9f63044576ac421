//! Sets git tags.

use super::{GitHubClient, GitHubError};
use crate::github::git_tag::{NewTag, TagStep, create_request, find_request, move_request, tag_step};

impl GitHubClient {
    /// Sets a tag, if that is not done already. Returns the object on which a tag of this name is and stays, where it is another.
    ///
    /// # Errors
    /// The token or a ruleset does not allow it, GitHub does not have the commit, or there was no answer.
    pub async fn put_tag(&self, tag: &NewTag) -> Result<Option<String>, GitHubError> {
        let operation = self.operation();
        let existing = match operation.send(&find_request(&self.repository, tag)).await {
            Ok(response) => Some(response.body),
            Err(error) if error.status == Some(404) => None,
            Err(error) => return Err(error),
        };
        let request = match tag_step(tag, existing.as_ref()) {
            TagStep::Keep => return Ok(None),
            TagStep::Refuse(object) => return Ok(Some(object)),
            TagStep::Create => create_request(&self.repository, tag),
            TagStep::Move => move_request(&self.repository, tag),
        };
        let Err(error) = operation.send(&request).await else { return Ok(None) };
        // An earlier attempt or another run may have created the tag.
        if error.status != Some(422) {
            return Err(error);
        }
        match operation.send(&find_request(&self.repository, tag)).await {
            Ok(response) => match tag_step(tag, Some(&response.body)) {
                TagStep::Keep => Ok(None),
                TagStep::Refuse(object) => Ok(Some(object)),
                TagStep::Create | TagStep::Move => Err(error),
            },
            Err(_) => Err(error),
        }
    }
}
