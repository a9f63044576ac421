//! Sets the marks of `after` tasks on revisions. Never decides which marks to set.

use futures_util::future::join_all;

use crate::aws::{ApiError, Aws};
use crate::plan::after_marks::RevisionTags;

/// Sets tags on revisions, and returns the first error.
///
/// # Errors
/// A call failed; the other revisions have their tags.
pub async fn set_marks(tags: &RevisionTags, aws: &Aws) -> Result<(), ApiError> {
    let calls = tags.iter().map(|(arn, tags)| aws.tag_resource(arn, tags));
    join_all(calls).await.into_iter().collect()
}
