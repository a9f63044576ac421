//! Reads how the last deployments of services ended, and how the tasks of failing services did.
//! What cannot be read is reported once as a note, and does not fail the verb.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::condition::condition;
use super::failures::{task_failures, troubled_id};
use super::look::{ServiceState, StatusReader, has_deployment_in_progress};
use crate::aws::types::{Service, ServiceDeployment};
use crate::commands::services::ServiceIdentity;
use crate::history::past_deployment::{PastDeployment, PastState, join_deployments};

/// The newest service deployments that were read, by what the service listed then.
pub(super) type NewestDeployments = BTreeMap<String, Option<ServiceDeployment>>;

impl StatusReader<'_> {
    /// Sets the last deployment of each service where it ended without success.
    ///
    /// Makes one call for each service whose deployments have changed, and none for one with a deployment in progress.
    pub(super) async fn set_ended(&mut self, seen: &mut [ServiceState]) {
        let ended = |one: &&ServiceState| !has_deployment_in_progress(&one.service);
        let unknown: Vec<(String, ServiceIdentity)> = seen
            .iter()
            .filter(ended)
            .map(|one| (listed(&one.service), one.place.clone()))
            .filter(|(listed, _)| !self.newest.contains_key(listed))
            .collect();
        let lists = join_all(unknown.iter().map(|(listed, place)| self.read_newest(listed, place))).await;
        let lost = "how the last deployments ended is unknown";
        for (listed, read) in lists {
            if let Some(newest) = self.value_or_note(lost, read) {
                self.newest.insert(listed, newest);
            }
        }
        let newest = self.newest.values().flatten();
        let targets = newest.flat_map(|one| {
            let back = one.rollback.as_ref().and_then(|back| back.service_revision_arn.clone());
            [one.target_revision_arn().map(str::to_owned), back].into_iter().flatten()
        });
        let targets = targets.collect();
        self.read_revisions(targets).await;
        for one in seen.iter_mut().filter(|one| !has_deployment_in_progress(&one.service)) {
            let newest = self.newest.get(&listed(&one.service)).and_then(Option::as_ref);
            one.ended = newest.and_then(|newest| self.past_deployment(newest, &one.service));
        }
    }

    /// Reads the newest deployment of a service; `None` where it succeeded.
    async fn read_newest(
        &self,
        listed: &str,
        place: &ServiceIdentity,
    ) -> (String, Result<Option<ServiceDeployment>, crate::aws::ApiError>) {
        let read = async {
            let newest = self.aws.newest_service_deployments(&place.cluster, &place.name, 1).await?;
            let bad = newest.into_iter().find(|one| one.status.as_str() != "SUCCESSFUL");
            let Some(bad) = bad else { return Ok(None) };
            let arn = bad.service_deployment_arn.clone();
            // A description has the reason and the rollback, which a list entry does not have.
            Ok(self.aws.service_deployments(&[arn]).await?.into_iter().next().or(Some(bad)))
        };
        (listed.to_owned(), read.await)
    }

    fn past_deployment(&self, newest: &ServiceDeployment, service: &Service) -> Option<PastDeployment> {
        let revisions: Vec<_> = self.revisions.values().cloned().collect();
        let list = std::slice::from_ref(newest);
        let past = join_deployments(list, service, &revisions, &self.definitions).into_iter().next()?;
        let is_bad = matches!(
            past.state(),
            PastState::RolledBack | PastState::RollbackFailed | PastState::Failed | PastState::Stopped
        );
        is_bad.then_some(past)
    }

    /// Sets how the tasks of services failed that are failing or short of tasks.
    pub(super) async fn set_failures(&mut self, seen: &mut [ServiceState]) {
        let bad = seen
            .iter()
            .filter(|one| condition(one).is_bad() && one.service.deployment_controller.is_ecs())
            .map(|one| one.place.clone());
        let bad: Vec<ServiceIdentity> = bad.collect();
        let reads = join_all(bad.iter().map(|place| self.read_stopped(place))).await;
        let lost = "why tasks failed is unknown";
        for (place, read) in bad.into_iter().zip(reads) {
            if let Some(tasks) = self.value_or_note(lost, read) {
                self.stopped.entry(place).or_default().extend(tasks);
            }
        }
        for one in seen.iter_mut() {
            let stopped = self.stopped.get(&one.place).map(Vec::as_slice).unwrap_or_default();
            one.failures = troubled_id(one).and_then(|troubled| task_failures(stopped, &troubled));
        }
    }

    /// Reads the stopped tasks of a service that were not read yet.
    async fn read_stopped(
        &self,
        place: &ServiceIdentity,
    ) -> Result<Vec<crate::aws::types::Task>, crate::aws::ApiError> {
        let known = self.stopped.get(place).into_iter().flatten();
        let known = known.map(|task| task.task_arn.clone()).collect();
        self.aws.stopped_tasks(&place.cluster, &place.name, &known).await
    }
}

/// Returns what a service lists of its deployments: while it stays, its newest service deployment does.
fn listed(service: &Service) -> String {
    let states = service.deployments.iter().map(|one| {
        let state = one.rollout_state.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(" {} {state}", one.id)
    });
    format!("{}{}", service.service_arn, states.collect::<String>())
}
