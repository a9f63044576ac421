//! Reads what a service ran before: from ECS's deployment history, or from older revisions of its family where the
//! history is not available.
//!
//! Something that must not be read is a note, because there is a next best source; only a transient error is a failure.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use super::ecs::views;
use super::observe::failure;
use super::raw::RawJson;
use super::types::{Service, ServiceDeployment, ServiceRevision, TaskDefinition, revision_of};
use super::{ApiError, Aws};
use crate::error::Failure;

/// The most pages of 100 deployments that are read: twenty deployments a day for the 90 days that ECS keeps.
const PAGES: usize = 20;
/// The number of succeeded deployments whose service revisions are read.
const SUCCESSES: usize = 100;
/// The number of newest deployments, of any status, whose service revisions are read.
const NEWEST: usize = 10;
/// The number of task definitions of succeeded deployments that are read, normally and in the search for an image.
const DEFINITIONS: usize = 5;
const DEFINITIONS_FOR_AN_IMAGE: usize = 50;
/// The number of revisions of a family that are read, normally and in the search for an image.
const REVISIONS: usize = 10;
const REVISIONS_FOR_AN_IMAGE: usize = 100;

/// What is known of the past deployments of a service.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The service deployments of the last 90 days, newest first; empty if they cannot be read.
    pub deployments: Vec<ServiceDeployment>,
    /// The service revisions of the succeeded and the newest deployments and the current ones, by ARN.
    pub revisions: BTreeMap<String, ServiceRevision>,
    /// The service revision that ran when the oldest known deployment began.
    pub at_first: Option<ServiceRevision>,
    /// Whether the oldest known deployment was the service's first.
    pub from_the_beginning: bool,
    /// Task definitions by ARN: the running one, and earlier ones as far as they were read.
    pub definitions: BTreeMap<String, TaskDefinition>,
    /// ACTIVE revisions of the family, newest first; empty if they were not read.
    pub registered: Vec<TaskDefinition>,
    /// What could not be read, and why.
    pub notes: Vec<String>,
}

impl Aws {
    /// Returns the deployment history of a service, with the definitions that are the first candidates for a rollback.
    ///
    /// # Errors
    /// An API call failed with a transient error, or a definition cannot be read.
    pub async fn past(&self, cluster: &str, service: &Service) -> Result<Past, Failure> {
        let mut past = Past::default();
        let name = &service.service_name;
        match self.service_deployment_history(cluster, name).await {
            Ok(list) if list.is_empty() => {
                past.notes.push(format!("ECS has no deployment history for `{name}`"))
            }
            Ok(list) => past.deployments = list,
            Err(error) => past.notes.push(unread("the deployment history", error)?),
        }
        let sources = self.sources(&mut past).await?;
        let arns = wanted_revisions(service, &past, &sources);
        match self.service_revisions(&arns).await {
            Ok(found) => {
                past.revisions =
                    found.into_iter().map(|known| (known.service_revision_arn.clone(), known)).collect();
            }
            Err(error) => {
                past.notes.push(unread("the deployed service revisions", error)?);
                past.deployments.clear();
            }
        }
        if let [source] = sources.as_slice() {
            past.at_first = past.revisions.get(source).cloned();
        }
        let succeeded = past.succeeded().map(|(_, revision)| revision.task_definition.clone());
        let newest: Vec<String> = distinct(succeeded).take(DEFINITIONS).collect();
        let first = past.at_first.iter().map(|revision| revision.task_definition.clone());
        let arns: Vec<String> = first
            .chain([service.task_definition.clone()])
            .chain(newest)
            .filter(|arn| !arn.is_empty())
            .collect();
        self.read_definitions(&mut past, arns).await?;
        Ok(past)
    }

    /// Returns the service revisions that ran when the oldest known deployment began.
    async fn sources(&self, past: &mut Past) -> Result<Vec<String>, Failure> {
        let Some(oldest) = past.deployments.last() else { return Ok(Vec::new()) };
        let arn = oldest.service_deployment_arn.clone();
        match self.service_deployments(std::slice::from_ref(&arn)).await {
            Ok(found) => {
                let found = found.into_iter().next().unwrap_or_default();
                past.from_the_beginning = found.source_service_revisions.is_empty();
                Ok(found.source_service_revisions.into_iter().map(|revision| revision.arn).collect())
            }
            Err(error) if error.may_pass() => Err(failure(error)),
            // Only what ran before the beginning of the history stays unknown.
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Returns all service deployments that ECS keeps of a service, newest first.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn service_deployment_history(
        &self,
        cluster: &str,
        service: &str,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        let mut list: Vec<ServiceDeployment> = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let raw = RawJson::keep();
            let request = self.ecs.list_service_deployments().cluster(cluster).service(service);
            let request = request.max_results(100).set_next_token(next);
            let listed = request.customize().interceptor(raw.clone()).send().await;
            let listed = listed.map_err(|error| ApiError::new("ecs:ListServiceDeployments", error))?;
            list.extend(views(&raw.answer(), "serviceDeployments"));
            next = listed.next_token().map(str::to_owned).filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        list.sort_by(|a, b| b.created_at.0.total_cmp(&a.created_at.0));
        Ok(list)
    }

    /// Reads the definitions that have not been read yet; those that no longer exist are left out.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn read_definitions(&self, past: &mut Past, names: Vec<String>) -> Result<(), Failure> {
        let unknown = distinct(names.into_iter().filter(|name| !past.definitions.contains_key(name)));
        let calls = unknown.map(|name| async move { self.task_definition(&name).await });
        let found = try_join_all(calls).await.map_err(failure)?;
        past.definitions.extend(found.into_iter().flatten().map(|known| (known.arn.clone(), known)));
        Ok(())
    }

    /// Reads the newest ACTIVE revisions of a family that are older than one of its revisions.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn read_registered(&self, past: &mut Past, family: &str, before: u64) -> Result<(), Failure> {
        let arns = self.active_revisions(family).await.map_err(failure)?;
        let older = arns.into_iter().filter(|arn| number_of(arn).is_some_and(|number| number < before));
        let older: Vec<String> = older.take(REVISIONS).collect();
        self.read_definitions(past, older.clone()).await?;
        past.registered = older.iter().filter_map(|arn| past.definitions.get(arn).cloned()).collect();
        Ok(())
    }

    /// Reads the definitions in which to find an image that no known service revision names: those of succeeded
    /// deployments, and the newest ACTIVE revisions of the family.
    ///
    /// # Errors
    /// The API call failed.
    pub async fn read_for_an_image(&self, past: &mut Past, family: &str) -> Result<(), Failure> {
        let succeeded = distinct(past.succeeded().map(|(_, revision)| revision.task_definition.clone()));
        let succeeded: Vec<String> = succeeded.take(DEFINITIONS_FOR_AN_IMAGE).collect();
        let arns = self.active_revisions(family).await.map_err(failure)?;
        let arns: Vec<String> = arns.into_iter().take(REVISIONS_FOR_AN_IMAGE).collect();
        for arns in [succeeded, arns.clone()].concat().chunks(REVISIONS) {
            self.read_definitions(past, arns.to_vec()).await?;
        }
        past.registered = arns.iter().filter_map(|arn| past.definitions.get(arn).cloned()).collect();
        Ok(())
    }

    /// Returns the ARNs of the ACTIVE revisions of a family, newest first.
    async fn active_revisions(&self, family: &str) -> Result<Vec<String>, ApiError> {
        use aws_sdk_ecs::types::{SortOrder, TaskDefinitionStatus};
        let request = self.ecs.list_task_definitions().family_prefix(family);
        let request = request.status(TaskDefinitionStatus::Active).sort(SortOrder::Desc).max_results(100);
        let listed = request.send().await;
        let listed = listed.map_err(|error| ApiError::new("ecs:ListTaskDefinitions", error))?;
        Ok(listed.task_definition_arns().to_vec())
    }
}

impl Past {
    /// Returns the succeeded deployments whose service revisions are known, with these, newest first.
    pub fn succeeded(&self) -> impl DoubleEndedIterator<Item = (&ServiceDeployment, &ServiceRevision)> {
        self.deployments.iter().filter(|known| known.status == "SUCCESSFUL").filter_map(|known| {
            let revision = self.revisions.get(known.target()?)?;
            Some((known, revision))
        })
    }
}

/// Returns the revision number of a task definition ARN.
pub fn number_of(arn: &str) -> Option<u64> {
    revision_of(arn).rsplit_once(':')?.1.parse().ok()
}

/// Returns the family of a task definition ARN.
pub fn family_of(arn: &str) -> &str {
    revision_of(arn).rsplit_once(':').map_or(revision_of(arn), |(family, _)| family)
}

/// Returns the service revisions to read: of succeeded and newest deployments, the current ones, and `sources`.
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

/// Returns the note about something that cannot be read.
///
/// # Errors
/// A transient error or unusable credentials: the next best source would then be the wrong one.
fn unread(what: &str, error: ApiError) -> Result<String, Failure> {
    use super::error::Meaning;
    let ends = matches!(error.meaning, Meaning::Expired | Meaning::NoCredentials);
    if error.may_pass() || ends {
        return Err(failure(error));
    }
    Ok(format!("failed to read {what}: {error}"))
}
