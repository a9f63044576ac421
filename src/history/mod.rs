//! Reads the past deployments of a service: its service deployments, joined with the revision that each deployed and
//! the record that a deploy left on it.
//!
//! Reads in as few calls as the output needs; [`past`] is the pure join. Never changes anything.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::aws::types::{Service, ServiceDeployment, ServiceRevision, TaskDefinition};
use crate::aws::{ApiError, Aws};
use past_deployment::{PastDeployment, join_deployments, listed_deployments};

pub mod past_deployment;

/// The past deployments of a service, and what could not be read.
#[derive(Clone, Debug, Default)]
pub struct ServiceHistory {
    /// Newest first.
    pub deployments: Vec<PastDeployment>,
    pub notes: Vec<String>,
}

/// The task definitions that were read, by ARN: services of one release share them.
pub type TaskDefinitions = BTreeMap<String, TaskDefinition>;

impl ServiceHistory {
    /// Returns the newest deployments of a service.
    ///
    /// If service deployments cannot be read, or there are none, they are those that the service itself lists.
    ///
    /// # Errors
    /// An API call failed for another reason than a missing permission.
    pub async fn read(
        aws: &Aws,
        cluster: &str,
        service: &Service,
        number: usize,
        definitions: &mut TaskDefinitions,
    ) -> Result<ServiceHistory, ApiError> {
        let mut past = ServiceHistory::default();
        let list = past.service_deployments(aws, cluster, service, number).await?;
        let revisions = past.revisions(aws, service, &list).await?;
        let of_service = service.deployments.iter().map(|deployment| &deployment.task_definition);
        let named: BTreeSet<String> = if list.is_empty() {
            of_service.cloned().collect()
        } else {
            deployed_definitions(&list, &revisions)
        };
        past.read_definitions(aws, named, definitions).await?;
        past.deployments = if list.is_empty() {
            listed_deployments(service, &revisions, definitions)
        } else {
            join_deployments(&list, service, &revisions, definitions)
        };
        past.deployments.truncate(number);
        Ok(past)
    }

    /// Returns the newest service deployments, with their descriptions if these can be read.
    async fn service_deployments(
        &mut self,
        aws: &Aws,
        cluster: &str,
        service: &Service,
        number: usize,
    ) -> Result<Vec<ServiceDeployment>, ApiError> {
        let name = &service.service_name;
        let only = "only the deployments that the service lists itself are shown";
        let list =
            match self.value_or_note(aws.newest_service_deployments(cluster, name, number).await, only)? {
                Some(list) if list.is_empty() => {
                    self.notes.push(format!("`{name}` has no service deployments: {only}"));
                    return Ok(list);
                }
                Some(list) => list,
                None => return Ok(Vec::new()),
            };
        let arns: Vec<String> = list.iter().map(|known| known.service_deployment_arn.clone()).collect();
        let lost = "the reasons and revisions of rollbacks are unknown";
        let described = self.value_or_note(aws.service_deployments(&arns).await, lost)?.unwrap_or_default();
        // A description has more members than a list entry, which is all there is if it was not described.
        let whole = |brief: ServiceDeployment| {
            let arn = &brief.service_deployment_arn;
            described.iter().find(|known| &known.service_deployment_arn == arn).cloned().unwrap_or(brief)
        };
        Ok(list.into_iter().map(whole).collect())
    }

    /// Returns the service revisions that these deployments deployed or rolled back to.
    async fn revisions(
        &mut self,
        aws: &Aws,
        service: &Service,
        list: &[ServiceDeployment],
    ) -> Result<Vec<ServiceRevision>, ApiError> {
        let back = |known: &ServiceDeployment| known.rollback.as_ref()?.service_revision_arn.clone();
        let target = |known: &ServiceDeployment| known.target_revision_arn().map(str::to_owned);
        let mut arns: BTreeSet<String> =
            list.iter().flat_map(|known| [target(known), back(known)]).flatten().collect();
        if list.is_empty() {
            arns.extend(service.current_service_revisions.iter().map(|revision| revision.arn.clone()));
        }
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let arns: Vec<String> = arns.into_iter().collect();
        let lost = "revisions, images and digests are unknown";
        Ok(self.value_or_note(aws.service_revisions(&arns).await, lost)?.unwrap_or_default())
    }

    /// Reads the task definitions that were not read yet, each once.
    async fn read_definitions(
        &mut self,
        aws: &Aws,
        named: BTreeSet<String>,
        definitions: &mut TaskDefinitions,
    ) -> Result<(), ApiError> {
        let unknown = named.iter().filter(|arn| !arn.is_empty() && !definitions.contains_key(*arn));
        let found = join_all(unknown.map(|arn| aws.task_definition(arn))).await;
        for found in found {
            let lost = "tags, commits and deployers are unknown";
            if let Some(Some(definition)) = self.value_or_note(found, lost)? {
                definitions.insert(definition.arn.clone(), definition);
            }
        }
        Ok(())
    }

    /// Returns what was read, or `None` after adding a note if it must not be read.
    fn value_or_note<T>(&mut self, read: Result<T, ApiError>, lost: &str) -> Result<Option<T>, ApiError> {
        match read {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_retryable() => Err(error),
            Err(error) => {
                let note = format!("{lost}: {error}");
                // The request id differs between calls, so what is unknown is noted only once.
                if !self.notes.iter().any(|known| known.starts_with(lost)) {
                    self.notes.push(note);
                }
                Ok(None)
            }
        }
    }
}

/// Returns the task definitions that service deployments deployed.
fn deployed_definitions(list: &[ServiceDeployment], revisions: &[ServiceRevision]) -> BTreeSet<String> {
    let of = |deployment: &ServiceDeployment| {
        let target = deployment.target_revision_arn()?;
        let found = revisions.iter().find(|known| known.service_revision_arn == target)?;
        Some(found.task_definition.clone())
    };
    list.iter().filter_map(of).collect()
}
