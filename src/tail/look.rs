//! Owns the look at the service: which revisions it has, and so which sources are open.

use std::collections::BTreeSet;

use futures_util::future::try_join;
use serde_json::Value;

use super::Tail;
use super::said::is_fatal;
use super::sources::{Map, containers, needs_tasks, sources};
use crate::aws::ApiError;
use crate::aws::observe::{cluster_failure, failure};
use crate::aws::types::{Service, ServiceStatus, Task, answer, revision_of};
use crate::document::problem::did_you_mean;
use crate::error::Failure;

/// After how many looks that no longer name a source it is closed: its last lines may be late.
const LOOKS_TO_CLOSE: u32 = 6;

impl Tail<'_> {
    /// Looks at the service again, and returns whether it is still there. New revisions are read from now on.
    pub(super) async fn look(&mut self) -> crate::error::Result<bool> {
        let name = std::slice::from_ref(&self.reading.name);
        let mut found = match self.aws.services(&self.reading.cluster, name).await {
            Ok(found) => found,
            Err(error) if is_fatal(&error) => {
                return Err(cluster_failure(&self.reading.cluster, error));
            }
            // The lines go on without it.
            Err(error) => {
                let about = "whether a new revision comes is not known";
                self.say_once(about, &format!("{about}: {error}"));
                return Ok(true);
            }
        };
        let Some(document) = found.remove(&self.reading.name) else { return Ok(true) };
        let service = match answer::<Service>("ecs:DescribeServices", &document) {
            Ok(service) => service,
            Err(error) => {
                let about = "whether a new revision comes is not known";
                self.say_once(about, &format!("{about}: {error}"));
                return Ok(true);
            }
        };
        if service.status != ServiceStatus::Active && service.status != ServiceStatus::Draining {
            self.say(&format!("service `{}` is no longer there: no more lines will come", self.reading.key));
            return Ok(false);
        }
        match self.take_in(&service).await {
            Ok(()) => {}
            Err(error) if is_fatal(&error) => return Err(failure(error)),
            Err(error) => {
                let about = "the lines of a new revision may be missing";
                self.say_once(about, &format!("{about}: {error}"));
            }
        }
        self.say_unreadable();
        for arn in with_tasks(&service) {
            if self.revisions.insert(arn.clone()) {
                self.say(&format!("the first tasks of {} start: their lines follow", revision_of(&arn)));
            }
        }
        Ok(true)
    }

    /// Takes in which revisions the service has, and opens what they name.
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

    /// Returns the tasks of the service that run or have stopped lately.
    async fn tasks(&self) -> Result<Vec<Task>, ApiError> {
        let (cluster, name) = (&self.reading.cluster, &self.reading.name);
        let none = BTreeSet::new();
        let (live, stopped) =
            try_join(self.aws.live_tasks(cluster, name), self.aws.stopped_tasks(cluster, name, &none))
                .await?;
        Ok(live.into_iter().chain(stopped).collect())
    }

    /// Opens what is named and was not open, and closes what has not been named for a while.
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

    /// Checks that the container that is asked for is one of a definition.
    pub(super) fn check_container(&self) -> Result<(), Failure> {
        let Some(wanted) = &self.reading.wanted.container else { return Ok(()) };
        let known: BTreeSet<&str> = self.definitions.values().flat_map(containers).collect();
        if known.is_empty() || known.contains(wanted.as_str()) {
            return Ok(());
        }
        let names: Vec<&str> = known.into_iter().collect();
        let near = did_you_mean(wanted, names.iter().copied());
        let hint = near.unwrap_or_else(|| format!("its containers: {}", names.join(", ")));
        Err(Failure::usage(format!("service `{}` has no container `{wanted}`", self.reading.key)).hint(hint))
    }
}

/// Returns the task definitions that a service runs, or is to run: those of all its deployments.
fn revisions(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter().map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().map(|set| &set.task_definition);
    let all = deployments.chain(sets).chain([&service.task_definition]);
    all.filter(|arn| !arn.is_empty()).cloned().collect()
}

/// Returns the task definitions of which tasks run, or start.
pub(super) fn with_tasks(service: &Service) -> BTreeSet<String> {
    let deployments = service.deployments.iter();
    let deployments = deployments
        .filter(|deployment| deployment.running_count + deployment.pending_count > 0)
        .map(|deployment| &deployment.task_definition);
    let sets = service.task_sets.iter().filter(|set| set.running_count + set.pending_count > 0);
    deployments.chain(sets.map(|set| &set.task_definition)).cloned().collect()
}
