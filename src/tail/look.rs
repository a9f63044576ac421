//! Polls the service whose logs are read: its revisions decide which sources are open.

use std::collections::BTreeSet;

use futures_util::future::try_join;
use serde_json::Value;

use super::Tail;
use super::said::is_fatal;
use super::sources::{Map, containers, needs_tasks, sources};
use crate::aws::ApiError;
use crate::aws::error::{cluster_failure, failure};
use crate::aws::types::{Service, ServiceStatus, Task, answer, revision_of};
use crate::document::problem::did_you_mean;
use crate::error::Failure;

/// After how many polls that do not name a source it is closed: its last lines may be late.
const LOOKS_TO_CLOSE: u32 = 6;

impl Tail<'_> {
    /// Polls the service, and returns whether it still exists. New revisions are read from now on.
    pub(super) async fn look(&mut self) -> crate::error::Result<bool> {
        let name = std::slice::from_ref(&self.reading.name);
        let mut found = match self.aws.services(&self.reading.cluster, name).await {
            Ok(found) => found,
            Err(error) if is_fatal(&error) => {
                return Err(cluster_failure(&self.reading.cluster, error));
            }
            // The log lines do not depend on it.
            Err(error) => {
                let about = "cannot check for new revisions";
                self.say_once(about, &format!("{about}: {error}"));
                return Ok(true);
            }
        };
        let Some(document) = found.remove(&self.reading.name) else { return Ok(true) };
        let service = match answer::<Service>("ecs:DescribeServices", &document) {
            Ok(service) => service,
            Err(error) => {
                let about = "cannot check for new revisions";
                self.say_once(about, &format!("{about}: {error}"));
                return Ok(true);
            }
        };
        if service.status != ServiceStatus::Active && service.status != ServiceStatus::Draining {
            self.say(&format!(
                "service `{}` no longer exists: there will be no more log lines",
                self.reading.key
            ));
            return Ok(false);
        }
        match self.take_in(&service).await {
            Ok(()) => {}
            Err(error) if is_fatal(&error) => return Err(failure(error)),
            Err(error) => {
                let about = "log lines of a new revision may be missing";
                self.say_once(about, &format!("{about}: {error}"));
            }
        }
        self.say_unreadable();
        for arn in with_tasks(&service) {
            if self.revisions.insert(arn.clone()) {
                self.say(&format!(
                    "the first tasks of {} are starting: their log lines follow",
                    revision_of(&arn)
                ));
            }
        }
        Ok(true)
    }

    /// Reads which revisions the service has, and opens their sources.
    pub(super) async fn take_in(&mut self, service: &Service) -> Result<(), ApiError> {
        let arns = revisions(service);
        for arn in &arns {
            if !self.definitions.contains_key(arn) {
                let found = self.aws.task_definition(arn).await?;
                self.definitions.insert(arn.clone(), found.map(|found| found.document).unwrap_or_default());
            }
        }
        let current = |arn: &String| self.definitions.get(arn).map(|definition| (arn.clone(), definition));
        let current: Vec<(String, &Value)> = arns.iter().filter_map(current).collect();
        let tasks = match current.iter().any(|(_, definition)| needs_tasks(definition)) {
            true => self.tasks().await?,
            false => Vec::new(),
        };
        let of =
            |(arn, definition): &(String, &Value)| sources(arn, definition, &tasks, &self.reading.wanted);
        let maps: Vec<Map> = current.iter().map(of).collect();
        self.reopen(maps);
        Ok(())
    }

    /// Returns the tasks of the service that are running or stopped recently.
    async fn tasks(&self) -> Result<Vec<Task>, ApiError> {
        let (cluster, name) = (&self.reading.cluster, &self.reading.name);
        let none = BTreeSet::new();
        let (live, stopped) =
            try_join(self.aws.live_tasks(cluster, name), self.aws.stopped_tasks(cluster, name, &none))
                .await?;
        Ok(live.into_iter().chain(stopped).collect())
    }

    /// Opens the sources that are named, and closes those that have not been named for a while.
    pub(super) fn reopen(&mut self, maps: Vec<Map>) {
        self.open.values_mut().for_each(|reader| reader.unnamed += 1);
        for map in maps {
            for source in map.sources {
                self.open.entry(source).or_default().unnamed = 0;
            }
            for one in map.unreadable {
                if !self.unreadable.contains(&one) {
                    self.unreadable.push(one);
                }
            }
        }
        self.open.retain(|_, reader| reader.unnamed <= LOOKS_TO_CLOSE);
    }

    /// Checks that the requested container is in one of the definitions.
    pub(super) fn check_container(&self) -> Result<(), Failure> {
        let Some(wanted) = &self.reading.wanted.container else { return Ok(()) };
        let known: BTreeSet<&str> = self.definitions.values().flat_map(containers).collect();
        if known.is_empty() || known.contains(wanted.as_str()) {
            return Ok(());
        }
        let names: Vec<&str> = known.into_iter().collect();
        let near = did_you_mean(wanted, names.iter().copied());
        let hint = near.unwrap_or_else(|| format!("its containers are {}", names.join(", ")));
        Err(Failure::usage(format!("no container named `{wanted}` in service `{}`", self.reading.key))
            .hint(hint))
    }
}

/// Returns the task definitions of all deployments and task sets of a service.
fn revisions(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter().map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().map(|set| &set.task_definition);
    let all = deployments.chain(sets).chain([&service.task_definition]);
    all.filter(|arn| !arn.is_empty()).cloned().collect()
}

/// Returns the task definitions that have running or pending tasks.
pub(super) fn with_tasks(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter();
    let deployments = deployments
        .filter(|deployment| deployment.running_count + deployment.pending_count > 0)
        .map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().filter(|set| set.running_count + set.pending_count > 0);
    deployments.chain(sets.map(|set| &set.task_definition)).cloned().collect()
}
