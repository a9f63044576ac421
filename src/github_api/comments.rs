//! Writes the comment of a plan: one on each pull request for each app and stage, also where two runs write at once.

use super::{GitHubClient, GitHubError, Operation};
use crate::github::comment::{
    PostedComment, choose, create_request, delete_request, has_any_changes, list_request, update_request,
};

impl GitHubClient {
    /// Writes a plan's comment on a pull request, in the place of the earlier one with its mark. Returns whether a plan of the pull
    /// request changes something, this one or that of another stage.
    ///
    /// # Errors
    /// The token may not write comments, or there was no answer.
    pub async fn put_plan_comment(&self, pull: u64, text: &str) -> Result<bool, GitHubError> {
        let operation = self.operation();
        let writer = CommentWriter { operation: &operation, pull, text };
        let before = writer.list().await?;
        let found = choose(text, &before, None);
        if let Some(kept) = found.kept
            && writer.replace(kept).await?
        {
            writer.delete(&found.deleted).await?;
            return Ok(writer.has_any_changes(before, None));
        }
        let author = writer.create().await?;
        // Another run may have written its comment at the same time: both keep the older one.
        let after = writer.list().await?;
        let all = choose(text, &after, author);
        if let Some(kept) = all.kept
            && !all.deleted.is_empty()
        {
            writer.replace(kept).await?;
            writer.delete(&all.deleted).await?;
        }
        Ok(writer.has_any_changes(after, author))
    }
}

struct CommentWriter<'a> {
    operation: &'a Operation<'a>,
    pull: u64,
    text: &'a str,
}

impl CommentWriter<'_> {
    async fn list(&self) -> Result<Vec<PostedComment>, GitHubError> {
        let request = list_request(&self.operation.client.repository, self.pull);
        let items = self.operation.list(&request).await?;
        Ok(items.iter().filter_map(PostedComment::from_json).collect())
    }

    /// Writes a new comment. Returns its author, where that is known.
    async fn create(&self) -> Result<Option<u64>, GitHubError> {
        let request = create_request(&self.operation.client.repository, self.pull, self.text);
        let error = match self.operation.send(&request).await {
            Ok(response) => return Ok(PostedComment::from_json(&response.body).map(|written| written.author)),
            Err(error) if error.is_uncertain() => error,
            Err(error) => return Err(error),
        };
        match choose(self.text, &self.list().await?, None).kept {
            Some(_) => Ok(None),
            None => Err(error),
        }
    }

    /// Replaces the text of a comment. Returns whether it still exists.
    async fn replace(&self, comment: u64) -> Result<bool, GitHubError> {
        let request = update_request(&self.operation.client.repository, comment, self.text);
        exists(self.operation.send(&request).await.map(drop))
    }

    async fn delete(&self, comments: &[u64]) -> Result<(), GitHubError> {
        for comment in comments {
            let request = delete_request(&self.operation.client.repository, *comment);
            exists(self.operation.send(&request).await.map(drop))?;
        }
        Ok(())
    }

    /// Returns whether a plan of the pull request changes something, by its other comments and this text.
    fn has_any_changes(&self, others: Vec<PostedComment>, author: Option<u64>) -> bool {
        let own = choose(self.text, &others, author);
        let is_own = |id: u64| own.kept == Some(id) || own.deleted.contains(&id);
        let others: Vec<PostedComment> = others.into_iter().filter(|comment| !is_own(comment.id)).collect();
        let written = PostedComment { id: 0, author: 0, is_by_actions: true, body: self.text.to_owned() };
        has_any_changes(&others, author) || written.has_changes() == Some(true)
    }
}

/// Returns whether a comment still exists, by the result of a request about it.
fn exists(result: Result<(), GitHubError>) -> Result<bool, GitHubError> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.status == Some(404) => Ok(false),
        Err(error) => Err(error),
    }
}
