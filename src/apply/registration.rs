//! Registers task definitions, each exactly once. `RegisterTaskDefinition` takes no idempotency token: if its answer was
//! lost, the module looks for the revision before it sends the call again. Never decides what to register.
//!
//! An equal revision that another run has registered since the plan is used as well, where the module comes to see it.

use serde_json::Value;

use super::lost_answer::{Trace, look_repeatedly};
use super::reporter::ApplyReporter;
use super::{is_concurrent, is_retryable, unknown_effect};
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{TaskDefinition, number_of};
use crate::aws::{ApiError, Aws};
use crate::document::model::DocumentKind;
use crate::document::normalize::{OWN_TAG_PREFIX, is_same};
use crate::error::Failure;
use crate::plan::Registration;
use crate::plan::record::{DIGEST_KEY_PREFIX, RELEASE_KEY};
use crate::retry::{Attempts, Policy, retry};

/// The most revisions since the plan among which an equal one is searched.
const MAX_REVISIONS_SINCE: usize = 20;

/// Registers one document exactly once: after a lost response, it checks for the revision before it retries.
pub(super) async fn register_once(
    registration: &Registration,
    aws: &Aws,
    report: &dyn ApplyReporter,
) -> Result<TaskDefinition, Failure> {
    let mut document = registration.document.clone();
    let mut attempts = Attempts::new(Policy::CALL);
    loop {
        let error = match aws.register_task_definition(&document).await {
            Ok(registered) => {
                report.registered(registered.revision_name());
                return Ok(registered);
            }
            Err(error) => error,
        };
        if error.kind == ApiErrorKind::Denied && drop_own_tags(&mut document) {
            report.note(&format!("registering without `{OWN_TAG_PREFIX}` tags: {error}"));
            continue;
        }
        let found = find_after(&error, registration, &document, aws).await;
        let attempted = format!("failed to register task definition `{}`", registration.family);
        if let Some(found) = found.map_err(|lookup| unknown_effect(&attempted, &error, lookup))? {
            report_found(&found, &document, report);
            return Ok(found);
        }
        if !is_retryable(&error) || !attempts.wait().await {
            return Err(Failure::error(attempted).with_hint(error.hint()).with_cause(error));
        }
    }
}

/// Reports a revision that was found: as registered, or as one that another run registered at the same time.
fn report_found(found: &TaskDefinition, document: &Value, report: &dyn ApplyReporter) {
    let release = tag_of(document, RELEASE_KEY);
    if release.is_some() && release != found.tag(RELEASE_KEY) {
        let revision = found.revision_name();
        report.note(&format!("{revision} was registered by another run at the same time, and is used"));
    } else {
        report.registered(found.revision_name());
    }
}

/// Returns the revision that a failed call registered, or that another run has registered meanwhile.
///
/// # Errors
/// The check failed, so the call must not be retried.
async fn find_after(
    error: &ApiError,
    registration: &Registration,
    document: &Value,
    aws: &Aws,
) -> Result<Option<TaskDefinition>, ApiError> {
    let look = async || {
        let found = find_registered(registration, document, aws).await?;
        Ok(found.map_or(Trace::AsBefore, Trace::Ours))
    };
    let trace = if error.is_ambiguous() {
        look_repeatedly(aws, look).await?
    } else if is_concurrent(error) {
        look().await?
    } else {
        return Ok(None);
    };
    Ok(if let Trace::Ours(found) = trace { Some(found) } else { None })
}

/// Returns the newest equal revision among those that were registered since the plan.
///
/// # Errors
/// An API call failed.
async fn find_registered(
    registration: &Registration,
    document: &Value,
    aws: &Aws,
) -> Result<Option<TaskDefinition>, ApiError> {
    let read = async |name: &str| {
        retry(Policy::CALL, ApiError::is_retryable, async || aws.task_definition(name).await).await
    };
    let before = registration.latest.as_deref().and_then(number_of);
    let mut next = read(&registration.family).await?;
    for _ in 0..MAX_REVISIONS_SINCE {
        let Some(found) = next else { return Ok(None) };
        let number = number_of(&found.arn).unwrap_or_default();
        if before.is_some_and(|before| number <= before) {
            return Ok(None);
        }
        if is_equal(&found, document) {
            return Ok(Some(found));
        }
        if number <= 1 {
            return Ok(None);
        }
        next = read(&format!("{}:{}", registration.family, number - 1)).await?;
    }
    Ok(None)
}

/// Returns whether a revision is the one that a document describes, with images of the same digests.
fn is_equal(found: &TaskDefinition, document: &Value) -> bool {
    let digests = document["tags"].as_array().into_iter().flatten();
    let mut digests = digests
        .filter(|tag| tag["key"].as_str().is_some_and(|key| key.starts_with(DIGEST_KEY_PREFIX)))
        .filter_map(|tag| Some((tag["key"].as_str()?, tag["value"].as_str()?)));
    found.document["status"] == "ACTIVE"
        && is_same(&found.document, document, DocumentKind::TaskDefinition)
        && digests.all(|(key, digest)| found.tag(key).is_none_or(|recorded| recorded == digest))
}

/// Returns the value of a tag of a document.
fn tag_of<'a>(document: &'a Value, key: &str) -> Option<&'a str> {
    let tags = document["tags"].as_array()?;
    tags.iter().find(|tag| tag["key"] == key)?["value"].as_str()
}

/// Removes ecsail's own tags from a document, and returns whether there were any.
fn drop_own_tags(document: &mut Value) -> bool {
    let Some(tags) = document["tags"].as_array_mut() else { return false };
    let before = tags.len();
    tags.retain(|tag| !tag["key"].as_str().unwrap_or_default().starts_with(OWN_TAG_PREFIX));
    let dropped = tags.len() < before;
    if tags.is_empty() {
        // RegisterTaskDefinition refuses an empty list.
        document.as_object_mut().map(|members| members.remove("tags"));
    }
    dropped
}
