//! Owns the look at what a service ran before: ECS's own history, and the older revisions of its family where that says
//! nothing.
//!
//! What may not be read is a note, since there is a next best source; only an error that may pass is a failure.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use crate::aws::definitions::Status;
use crate::aws::error::{Meaning, failure};
use crate::aws::types::{Service, ServiceDeployment, number_of};
use crate::aws::{ApiError, Aws};
use crate::error::Failure;
use crate::plan::rollback::Past;

/// Of how many deployments that succeeded it is read what they brought.
const SUCCESSES: usize = 100;
/// Of how many deployments it is read what they were to bring, however they ended.
const NEWEST: usize = 10;
/// Of how many of them the task definition is read at once, and of how many where an image is looked for.
const DEFINITIONS: usize = 5;
const DEFINITIONS_FOR_AN_IMAGE: usize = 50;
/// How many ACTIVE revisions of a family are listed: one page.
const LISTED: usize = 100;
/// How many revisions of a family are read, and how many where an image is looked for.
const REVISIONS: usize = 10;
const REVISIONS_FOR_AN_IMAGE: usize = 100;

/// Returns what ECS's history knows of a service, with the definitions that come into question first.
///
/// # Errors
/// Those of the API that may pass, and a definition that cannot be read.
pub async fn past(aws: &Aws, cluster: &str, service: &Service) -> Result<Past, Failure> {
    let mut past = Past::default();
    let name = &service.service_name;
    match aws.service_deployment_history(cluster, name).await {
        Ok(list) if list.is_empty() => {
            past.notes.push(format!("ECS shows no deployment of `{name}` in its history"))
        }
        Ok(list) => past.deployments = list,
        Err(error) => past.notes.push(unread("the deployment history", error)?),
    }
    let sources = sources(aws, &mut past).await?;
    let arns = wanted_revisions(service, &past, &sources);
    match aws.service_revisions(&arns).await {
        Ok(found) => {
            past.revisions =
                found.into_iter().map(|known| (known.service_revision_arn.clone(), known)).collect();
        }
        Err(error) => {
            past.notes.push(unread("what was deployed", error)?);
            past.deployments.clear();
        }
    }
    if let [source] = sources.as_slice() {
        past.at_first = past.revisions.get(source).cloned();
    }
    let succeeded = past.succeeded().map(|(_, revision)| revision.task_definition.clone());
    let newest: Vec<String> = distinct(succeeded).take(DEFINITIONS).collect();
    let first = past.at_first.iter().map(|revision| revision.task_definition.clone());
    let arns: Vec<String> =
        first.chain([service.task_definition.clone()]).chain(newest).filter(|arn| !arn.is_empty()).collect();
    read_definitions(aws, &mut past, arns).await?;
    Ok(past)
}

/// Returns the service revisions that ran when the oldest known deployment began.
async fn sources(aws: &Aws, past: &mut Past) -> Result<Vec<String>, Failure> {
    let Some(oldest) = past.deployments.last() else { return Ok(Vec::new()) };
    let arn = oldest.service_deployment_arn.clone();
    match aws.service_deployments(std::slice::from_ref(&arn)).await {
        Ok(found) => {
            let found = found.into_iter().next().unwrap_or_default();
            past.from_the_beginning = found.source_service_revisions.is_empty();
            Ok(found.source_service_revisions.into_iter().map(|revision| revision.arn).collect())
        }
        Err(error) if error.may_pass() => Err(failure(error)),
        // It would only have told what ran before the history begins.
        Err(_) => Ok(Vec::new()),
    }
}

/// Reads the definitions that are not known yet; those that are not there any more are left out.
///
/// # Errors
/// The API's.
pub async fn read_definitions(aws: &Aws, past: &mut Past, names: Vec<String>) -> Result<(), Failure> {
    let unknown = distinct(names.into_iter().filter(|name| !past.definitions.contains_key(name)));
    let calls = unknown.map(|name| async move { aws.task_definition(&name).await });
    let found = try_join_all(calls).await.map_err(failure)?;
    past.definitions.extend(found.into_iter().flatten().map(|known| (known.arn.clone(), known)));
    Ok(())
}

/// Reads the newest ACTIVE revisions of a family that are older than one of its revisions.
///
/// # Errors
/// The API's.
pub async fn read_registered(aws: &Aws, past: &mut Past, family: &str, before: u64) -> Result<(), Failure> {
    let arns = aws.revision_arns(family, Status::Active, LISTED).await.map_err(failure)?;
    let older = arns.into_iter().filter(|arn| number_of(arn).is_some_and(|number| number < before));
    let older: Vec<String> = older.take(REVISIONS).collect();
    read_definitions(aws, past, older.clone()).await?;
    past.registered = older.iter().filter_map(|arn| past.definitions.get(arn).cloned()).collect();
    Ok(())
}

/// Reads the definitions in which an image may be found that no known service revision names: those of the deployments
/// that succeeded, and the newest ACTIVE revisions of the family.
///
/// # Errors
/// The API's.
pub async fn read_for_an_image(aws: &Aws, past: &mut Past, family: &str) -> Result<(), Failure> {
    let succeeded = distinct(past.succeeded().map(|(_, revision)| revision.task_definition.clone()));
    let succeeded: Vec<String> = succeeded.take(DEFINITIONS_FOR_AN_IMAGE).collect();
    let arns = aws.revision_arns(family, Status::Active, REVISIONS_FOR_AN_IMAGE).await.map_err(failure)?;
    for arns in [succeeded, arns.clone()].concat().chunks(REVISIONS) {
        read_definitions(aws, past, arns.to_vec()).await?;
    }
    past.registered = arns.iter().filter_map(|arn| past.definitions.get(arn).cloned()).collect();
    Ok(())
}

/// Returns the service revisions to read: those that succeeded, those that the service has now, and where it all began.
fn wanted_revisions(service: &Service, past: &Past, sources: &[String]) -> Vec<String> {
    let succeeded = past.deployments.iter().filter(|known| known.status == "SUCCESSFUL");
    let succeeded = succeeded.filter_map(ServiceDeployment::target).take(SUCCESSES).map(str::to_owned);
    let newest =
        past.deployments.iter().filter_map(ServiceDeployment::target).take(NEWEST).map(str::to_owned);
    let current = service.current_service_revisions.iter().map(|revision| revision.arn.clone());
    distinct(current.chain(newest).chain(succeeded).chain(sources.iter().cloned())).collect()
}

fn distinct(names: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let mut seen = BTreeSet::new();
    names.filter(move |name| seen.insert(name.clone()))
}

/// Returns the note on something that cannot be read.
///
/// # Errors
/// An error that may pass: then the next best source would be a wrong one.
fn unread(what: &str, error: ApiError) -> Result<String, Failure> {
    let ends = matches!(error.meaning, Meaning::Expired | Meaning::NoCredentials);
    if error.may_pass() || ends {
        return Err(failure(error));
    }
    Ok(format!("{what} cannot be read: {error}"))
}
