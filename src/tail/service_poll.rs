//! Polls the service whose logs are read: its revisions decide which sources are open.

use std::collections::BTreeSet;

use futures_util::future::try_join;
use serde_json::Value;

use super::LogTail;
use super::notes::is_fatal;
use super::sources::{DefinitionSources, container_names, find_sources, has_streams_named_by_task};
use crate::aws::ApiError;
use crate::aws::error::{cluster_failure, failure};
use crate::aws::types::{Service, ServiceStatus, Task, answer, revision_name};
use crate::document::problem::did_you_mean;
use crate::error::Failure;

/// After how many polls that do not name a source it is closed: its last lines may be late.
const POLLS_UNTIL_CLOSED: u32 = 6;

impl LogTail<'_> {
    /// Polls the service, and returns whether it still exists. New revisions are read from now on.
    pub(super) async fn poll_service(&mut self) -> crate::error::Result<bool> {
        let name = std::slice::from_ref(&self.request.name);
        let mut found = match self.aws.services(&self.request.cluster, name).await {
            Ok(found) => found,
            Err(error) if is_fatal(&error) => {
                return Err(cluster_failure(&self.request.cluster, error));
            }
            // The log lines do not depend on it.
            Err(error) => {
                let about = "cannot check for new revisions";
                self.note_once(about, &format!("{about}: {error}"));
                return Ok(true);
            }
        };
        let Some(document) = found.remove(&self.request.name) else { return Ok(true) };
        let service = match answer::<Service>("ecs:DescribeServices", &document) {
            Ok(service) => service,
            Err(error) => {
                let about = "cannot check for new revisions";
                self.note_once(about, &format!("{about}: {error}"));
                return Ok(true);
            }
        };
        if service.status != ServiceStatus::Active && service.status != ServiceStatus::Draining {
            self.note(&format!(
                "service `{}` was deleted: there will be no more log lines",
                self.request.key
            ));
            return Ok(false);
        }
        match self.open_revisions(&service).await {
            Ok(()) => {}
            Err(error) if is_fatal(&error) => return Err(failure(error)),
            Err(error) => {
                let about = "log lines of a new revision may be missing";
                self.note_once(about, &format!("{about}: {error}"));
            }
        }
        self.note_unreadable();
        for arn in definitions_with_tasks(&service) {
            if self.revisions_with_tasks.insert(arn.clone()) {
                self.note(&format!(
                    "the first tasks of {} are starting: their log lines follow",
                    revision_name(&arn)
                ));
            }
        }
        Ok(true)
    }

    /// Reads which revisions the service has, and opens their sources.
    pub(super) async fn open_revisions(&mut self, service: &Service) -> Result<(), ApiError> {
        let arns = all_definitions(service);
        for arn in &arns {
            if !self.definitions.contains_key(arn) {
                let found = self.aws.task_definition(arn).await?;
                self.definitions.insert(arn.clone(), found.map(|found| found.document).unwrap_or_default());
            }
        }
        let current = |arn: &String| self.definitions.get(arn).map(|definition| (arn.clone(), definition));
        let current: Vec<(String, &Value)> = arns.iter().filter_map(current).collect();
        let tasks = if current.iter().any(|(_, definition)| has_streams_named_by_task(definition)) {
            self.recent_tasks().await?
        } else {
            Vec::new()
        };
        let of = |(arn, definition): &(String, &Value)| {
            find_sources(arn, definition, &tasks, &self.request.filter)
        };
        let maps: Vec<DefinitionSources> = current.iter().map(of).collect();
        self.update_sources(maps);
        Ok(())
    }

    /// Returns the tasks of the service that are running or stopped recently.
    async fn recent_tasks(&self) -> Result<Vec<Task>, ApiError> {
        let (cluster, name) = (&self.request.cluster, &self.request.name);
        let none = BTreeSet::new();
        let (live, stopped) =
            try_join(self.aws.running_tasks(cluster, name), self.aws.stopped_tasks(cluster, name, &none))
                .await?;
        Ok(live.into_iter().chain(stopped).collect())
    }

    /// Opens the sources that are named, and closes those that have not been named for a while.
    pub(super) fn update_sources(&mut self, maps: Vec<DefinitionSources>) {
        self.readers.values_mut().for_each(|reader| reader.polls_unnamed += 1);
        for map in maps {
            for source in map.sources {
                self.readers.entry(source).or_default().polls_unnamed = 0;
            }
            for one in map.unreadable {
                if !self.unreadable.contains(&one) {
                    self.unreadable.push(one);
                }
            }
        }
        self.readers.retain(|_, reader| reader.polls_unnamed <= POLLS_UNTIL_CLOSED);
    }

    /// Checks that the requested container is in one of the definitions.
    pub(super) fn check_container(&self) -> Result<(), Failure> {
        let Some(wanted) = &self.request.filter.container else { return Ok(()) };
        let known: BTreeSet<&str> = self.definitions.values().flat_map(container_names).collect();
        if known.is_empty() || known.contains(wanted.as_str()) {
            return Ok(());
        }
        let names: Vec<&str> = known.into_iter().collect();
        let near = did_you_mean(wanted, names.iter().copied());
        let hint = near.unwrap_or_else(|| format!("its containers are {}", names.join(", ")));
        Err(Failure::usage(format!("no container named `{wanted}` in service `{}`", self.request.key))
            .with_hint(hint))
    }
}

/// Returns the task definitions of all deployments and task sets of a service.
fn all_definitions(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter().map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().map(|set| &set.task_definition);
    let all = deployments.chain(sets).chain([&service.task_definition]);
    all.filter(|arn| !arn.is_empty()).cloned().collect()
}

/// Returns the task definitions that have running or pending tasks.
pub(super) fn definitions_with_tasks(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter();
    let deployments = deployments
        .filter(|deployment| deployment.running_count + deployment.pending_count > 0)
        .map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().filter(|set| set.running_count + set.pending_count > 0);
    deployments.chain(sets.map(|set| &set.task_definition)).cloned().collect()
}
