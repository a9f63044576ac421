//! Reads what a service ran before: from ECS's deployment history, or from older revisions of its family where the
//! history is not available.
//!
//! Something that must not be read is a note, because there is a next best source; only a transient error is a failure.

use crate::aws::types::ServiceDeploymentStatus;
use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use crate::aws::definitions::RevisionStatus;
use crate::aws::error::ApiErrorKind;
use crate::aws::types::{Service, ServiceDeployment, number_of};
use crate::aws::{ApiError, Aws};
use crate::error::Result;
use crate::plan::rollback::DeploymentHistory;

/// The number of succeeded deployments whose service revisions are read.
const MAX_SUCCEEDED: usize = 100;
/// The number of newest deployments, of any status, whose service revisions are read.
const MAX_NEWEST: usize = 10;
/// The number of task definitions of succeeded deployments that are read, normally and in the search for an image.
const MAX_DEFINITIONS: usize = 5;
const MAX_DEFINITIONS_FOR_IMAGE: usize = 50;
/// How many ACTIVE revisions of a family are listed: one page.
const LISTED: usize = 100;
/// The number of revisions of a family that are read, normally and in the search for an image.
const MAX_REVISIONS: usize = 10;
const MAX_REVISIONS_FOR_IMAGE: usize = 100;

/// Returns the deployment history of a service, with the definitions that are the first candidates for a rollback.
///
/// # Errors
/// An API call failed with a transient error, or a definition cannot be read.
pub async fn deployment_history(
    aws: &Aws,
    cluster: &str,
    service: &Service,
) -> Result<DeploymentHistory, ApiError> {
    let mut past = DeploymentHistory::default();
    let name = &service.service_name;
    match aws.service_deployment_history(cluster, name).await {
        Ok(list) if list.is_empty() => past.notes.push(format!("ECS has no deployment history for `{name}`")),
        Ok(list) => past.deployments = list,
        Err(error) => past.notes.push(unread_note("the deployment history", error)?),
    }
    let sources = initial_revisions(aws, &mut past).await?;
    let arns = service_revisions_to_read(service, &past, &sources);
    match aws.service_revisions(&arns).await {
        Ok(found) => {
            past.revisions =
                found.into_iter().map(|known| (known.service_revision_arn.clone(), known)).collect();
        }
        Err(error) => {
            past.notes.push(unread_note("the deployed service revisions", error)?);
            past.deployments.clear();
        }
    }
    if let [source] = sources.as_slice() {
        past.initial_revision = past.revisions.get(source).cloned();
    }
    let succeeded = past.succeeded().map(|(_, revision)| revision.task_definition.clone());
    let newest: Vec<String> = distinct(succeeded).take(MAX_DEFINITIONS).collect();
    let first = past.initial_revision.iter().map(|revision| revision.task_definition.clone());
    let arns: Vec<String> =
        first.chain([service.task_definition.clone()]).chain(newest).filter(|arn| !arn.is_empty()).collect();
    read_definitions(aws, &mut past, arns).await?;
    Ok(past)
}

/// Returns the service revisions that ran when the oldest known deployment began.
async fn initial_revisions(aws: &Aws, past: &mut DeploymentHistory) -> Result<Vec<String>, ApiError> {
    let Some(oldest) = past.deployments.last() else { return Ok(Vec::new()) };
    let arn = oldest.service_deployment_arn.clone();
    match aws.service_deployments(std::slice::from_ref(&arn)).await {
        Ok(found) => {
            let Some(found) = found.into_iter().next() else { return Ok(Vec::new()) };
            past.is_complete = found.source_service_revisions.is_empty();
            Ok(found.source_service_revisions.into_iter().map(|revision| revision.arn).collect())
        }
        Err(error) if error.is_retryable() => Err(error),
        Err(error) => {
            past.notes.push(unread_note("what ran before the oldest known deployment", error)?);
            Ok(Vec::new())
        }
    }
}

/// Reads the definitions that have not been read yet; those that no longer exist are left out.
///
/// # Errors
/// The API call failed.
pub async fn read_definitions(
    aws: &Aws,
    past: &mut DeploymentHistory,
    names: Vec<String>,
) -> Result<(), ApiError> {
    let unknown = distinct(names.into_iter().filter(|name| !past.definitions.contains_key(name)));
    let calls = unknown.map(|name| async move { aws.task_definition(&name).await });
    let found = try_join_all(calls).await?;
    past.definitions.extend(found.into_iter().flatten().map(|known| (known.arn.clone(), known)));
    Ok(())
}

/// Reads the newest ACTIVE revisions of a family that are older than one of its revisions.
///
/// # Errors
/// The API call failed.
pub async fn read_older_revisions(
    aws: &Aws,
    past: &mut DeploymentHistory,
    family: &str,
    before: u64,
) -> Result<(), ApiError> {
    let arns = aws.revision_arns(family, RevisionStatus::Active, LISTED).await?;
    let older = arns.into_iter().filter(|arn| number_of(arn).is_some_and(|number| number < before));
    let older: Vec<String> = older.take(MAX_REVISIONS).collect();
    read_definitions(aws, past, older.clone()).await?;
    past.registered_revisions = older.iter().filter_map(|arn| past.definitions.get(arn).cloned()).collect();
    Ok(())
}

/// Reads the definitions in which to find an image that no known service revision names: those of succeeded
/// deployments, and the newest ACTIVE revisions of the family.
///
/// # Errors
/// The API call failed.
pub async fn read_definitions_for_image(
    aws: &Aws,
    past: &mut DeploymentHistory,
    family: &str,
) -> Result<(), ApiError> {
    let succeeded = distinct(past.succeeded().map(|(_, revision)| revision.task_definition.clone()));
    let succeeded: Vec<String> = succeeded.take(MAX_DEFINITIONS_FOR_IMAGE).collect();
    let arns = aws.revision_arns(family, RevisionStatus::Active, MAX_REVISIONS_FOR_IMAGE).await?;
    for arns in [succeeded, arns.clone()].concat().chunks(MAX_REVISIONS) {
        read_definitions(aws, past, arns.to_vec()).await?;
    }
    past.registered_revisions = arns.iter().filter_map(|arn| past.definitions.get(arn).cloned()).collect();
    Ok(())
}

/// Returns the service revisions to read: of succeeded and newest deployments, the current ones, and `sources`.
fn service_revisions_to_read(service: &Service, past: &DeploymentHistory, sources: &[String]) -> Vec<String> {
    let succeeded =
        past.deployments.iter().filter(|known| known.status == ServiceDeploymentStatus::Successful);
    let succeeded =
        succeeded.filter_map(ServiceDeployment::target_revision_arn).take(MAX_SUCCEEDED).map(str::to_owned);
    let newest = past
        .deployments
        .iter()
        .filter_map(ServiceDeployment::target_revision_arn)
        .take(MAX_NEWEST)
        .map(str::to_owned);
    let current = service.current_service_revisions.iter().map(|revision| revision.arn.clone());
    distinct(current.chain(newest).chain(succeeded).chain(sources.iter().cloned())).collect()
}

fn distinct(names: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let mut seen = BTreeSet::new();
    names.filter(move |name| seen.insert(name.clone()))
}

/// Returns the note about something that cannot be read.
///
/// # Errors
/// A transient error or unusable credentials: the next best source would then be the wrong one.
fn unread_note(what: &str, error: ApiError) -> Result<String, ApiError> {
    let ends = matches!(error.kind, ApiErrorKind::Expired | ApiErrorKind::NoCredentials);
    if error.is_retryable() || ends {
        return Err(error);
    }
    Ok(format!("failed to read {what}: {error}"))
}
